"""The commands of ablsim. Everything heavy is imported inside the command that needs it."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from ablsim import __version__
from ablsim.errors import AblsimError, CaseError, ResultError, UnfinishedError

if TYPE_CHECKING:
    from ablsim.case import Case
    from ablsim.result import Result
    from ablsim.tissue.sources import Use

WRONG_INPUT, UNFINISHED, INTERRUPTED = 2, 3, 130

app = App(
    name="ablsim",
    help="Simulate laser ablation of liver tumours: light, heat, damage, necrosis zone.\n\n"
    "Research software. Not for clinical decisions.",
    version=__version__,
    suppress_keyboard_interrupt=False,
)


@app.command
def run(
    case: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
    force: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Simulate a case, store the result, draw it and sum it up.

    Parameters
    ----------
    case
        The case file (TOML).
    output
        Where the result goes; by default the case's name with .vtkhdf. The picture is put
        beside it (.png).
    json_
        Print the summary as one JSON object and nothing else.
    force
        Replace an existing result.
    """
    from ablsim.case import Case

    question = Case.from_toml(case)
    path = output if output is not None else case.with_suffix(".vtkhdf")
    _check_target(path, force=force)
    result, summary, remark = _simulate_into(question, path, quiet=json_)
    if json_:
        print(json.dumps(summary, indent=2))
        return
    from ablsim.summary import render

    print(render(summary, notes=result.notes))
    print(f"\nResult   {path}\nPicture  {path.with_suffix('.png')}")
    if remark:
        print(f"Note     {remark}")


@app.command
def show(
    result: Path, /, *, json_: Annotated[bool, Parameter(name="--json", negative="")] = False
) -> None:
    """Print the summary of a stored result; nothing is computed.

    Parameters
    ----------
    result
        A result (.vtkhdf).
    json_
        Print it as one JSON object and nothing else.
    """
    from ablsim.storage import load, load_summary

    summary = load_summary(result)
    if json_:
        print(json.dumps(summary, indent=2))
        return
    from ablsim.summary import render

    print(render(summary, notes=load(result).notes))


@app.command
def view(result: Path, /, *, png: Path | None = None) -> None:
    """Draw a stored result: the scene in 3-D, three slices and the course of the treatment.

    Parameters
    ----------
    result
        A result (.vtkhdf).
    png
        Where the picture goes; by default beside the result.
    """
    from ablsim.view.pictures import draw

    target = png if png is not None else result.with_suffix(".png")
    remark = draw(result, target)
    print(target)
    if remark:
        print(remark, file=sys.stderr)


@app.command
def cite(source: Path, /, *, bibtex: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List the publications behind a case or a result, and what each is used for.

    Parameters
    ----------
    source
        A case file (TOML) or a result (.vtkhdf).
    bibtex
        Print BibTeX entries instead.
    """
    from ablsim.citations import cite as format_references
    from ablsim.tissue.sources import list_sources

    uses = _list_uses(_read_case(source))
    keys = list_sources(uses)
    if bibtex:
        print(format_references(keys, form="bibtex"))
        return
    print("Numbers in use\n")
    for use in uses:
        print(f"  {use}")
    print(f"\nReferences\n\n{format_references(keys)}")


@app.command
def schema() -> None:
    """Print the JSON Schema of case files, for completion in an editor."""
    from ablsim.case import Case

    print(json.dumps(Case.json_schema(), indent=2))


@app.command
def doctor() -> None:
    """Say what works on this machine, and what to install for what does not."""
    from ablsim.doctor import examine

    report, healthy = examine()
    print(report)
    if not healthy:
        sys.exit(UNFINISHED)


def _check_target(path: Path, *, force: bool) -> None:
    """Refuse a result that could not be written, or that would replace another unasked."""
    if path.suffix not in {".vtkhdf", ".hdf"}:
        msg = (
            f"output {path}: a result's name ends in .vtkhdf, or ParaView takes it for something "
            f"else; write {path.with_suffix('.vtkhdf').name}"
        )
        raise CaseError(msg)
    if path.is_dir() or (path.exists() and not force):
        msg = f"output {path} exists already; choose another name with -o, or add --force"
        raise CaseError(msg)
    if not path.parent.is_dir():
        msg = f"output {path}: there is no folder {path.parent}; create it first"
        raise CaseError(msg)


def _simulate_into(
    question: "Case", path: Path, *, quiet: bool
) -> tuple["Result", dict[str, object], str]:
    """Simulate, storing as it goes; return result, summary and a remark about the picture."""
    from ablsim.interruption import Interruption
    from ablsim.progress import RunProgress

    with Interruption() as interruption, RunProgress(quiet=quiet) as progress:
        from ablsim.domain import make_domain
        from ablsim.simulation import simulate
        from ablsim.storage import Recorder
        from ablsim.summary import summarise
        from ablsim.view.pictures import draw
        from ablsim.zone import measure_zones

        def follow(time: float, duration: float) -> None:
            progress.update(time, duration)
            interruption.check()

        domain = make_domain(question)
        with Recorder(
            path,
            question,
            domain.grid,
            domain.labels,
            domain.materials,
            question.tissue.body_temperature,
        ) as recorder:
            result = simulate(
                question,
                domain=domain,
                on_snapshot=recorder.snapshot,
                on_progress=follow,
            )
            progress.stage("measuring")
            zones = measure_zones(result)
            result = replace(result, notes=(*result.notes, *zones.notes))
            summary = summarise(result, zones)
            recorder.finish(result, summary)
        progress.stage("drawing")
        try:
            remark = draw(path, path.with_suffix(".png"))
        except ResultError as error:  # the result itself is safe by now
            remark = f"no picture could be made: {error}"
        interruption.check(f"the result {path} is complete")
    return result, summary, remark


def _list_uses(question: "Case") -> "tuple[Use, ...]":
    """Return the sourced numbers that a case uses."""
    from ablsim.domain import make_domain
    from ablsim.tissue.boiling import BOILING_NUMBERS
    from ablsim.tissue.constants import CONSTANTS, PERFUSION_STRATA
    from ablsim.tissue.library import get_kinetics
    from ablsim.tissue.sources import list_uses

    domain = make_domain(question)
    tissues = [*domain.tissues, question.tissue.find("blood")]
    label, tumour = domain.tumour_label, question.tumour
    if label is not None and tumour is not None and tumour.perfusion in PERFUSION_STRATA:
        stratum = PERFUSION_STRATA[tumour.perfusion]
        tissues[label] = replace(tissues[label], perfusion_rate=stratum)
    physics = question.physics
    kinetics = (physics.stasis, physics.whitening, physics.death)
    constants = {**CONSTANTS, **BOILING_NUMBERS.get(physics.boiling, {})}
    return list_uses(tissues, map(get_kinetics, dict.fromkeys(kinetics)), constants)


def _read_case(source: Path) -> "Case":
    """Return the case of a case file or of a stored result."""
    if source.suffix == ".toml":
        from ablsim.case import Case

        return Case.from_toml(source)
    from ablsim.storage import load

    return load(source).case


def main() -> None:
    """Run the command line; every error on purpose becomes a sentence and an exit status."""
    try:
        app()
    except (CaseError, ResultError) as error:
        print(f"ablsim: {error}", file=sys.stderr)
        sys.exit(WRONG_INPUT)
    except (UnfinishedError, AblsimError, MemoryError) as error:
        print(f"ablsim: {error or 'not enough memory'}", file=sys.stderr)
        sys.exit(UNFINISHED)
    except BrokenPipeError:  # whoever read our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt as stop:
        print(f"\nablsim: interrupted; {stop or 'no result was written'}", file=sys.stderr)
        sys.exit(INTERRUPTED)
