"""The commands of ablsim. Everything heavy is imported inside the command that needs it."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from ablsim import __version__
from ablsim.errors import AblsimError, CaseError, ResultError, UnfinishedError

if TYPE_CHECKING:
    from ablsim.case import Case

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
Several = Parameter(consume_multiple=True, negative="")
Json = Annotated[bool, Parameter(name="--json", negative="", show_default=False)]

DIFFERENT, WRONG_INPUT, UNFINISHED, INTERRUPTED = 1, 2, 3, 130

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
    json_: Json = False,
    force: Flag = False,
    resume: Flag = False,
    band: Flag = False,
    uncertainty: Literal["posterior", "prior"] = "posterior",
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
    resume
        Go on from the checkpoint of an unfinished run of the same case. A finished result is not
        computed again.
    band
        Say how far each number may be off, and what it hangs on: 13 coarser runs more. With
        --resume, also for a result that is finished.
    uncertainty
        What the band draws: parameters as published lesions left them, or with the spreads of the
        library alone.
    """
    from ablsim.case import Case
    from ablsim.running import add_band, check_target, find_checkpoint, is_finished, simulate_into

    question = Case.from_toml(case)
    if band:
        from ablsim.uncertainty import plan_runs

        plan_runs(question)  # refuse what cannot be varied before anything is computed
    path = output if output is not None else case.with_suffix(".vtkhdf")
    if resume and not force and is_finished(question, path):
        from ablsim.storage import load, load_summary

        print(f"{path} is finished; it is not computed again", file=sys.stderr)
        result, summary, remark = load(path), load_summary(path), ""
        band = band and summary["error"]["band"] is None
    else:
        check_target(path, force=force)
        checkpoint = find_checkpoint(question, path, resume=resume, force=force)
        result, summary, remark = simulate_into(question, path, checkpoint, quiet=json_)
    if band:
        summary = add_band(result, path, summary, uncertainty=uncertainty, quiet=json_)
    if json_:
        print(json.dumps(summary, indent=2))
        return
    from ablsim.summary_text import render

    print(render(summary, notes=result.notes))
    print(f"\nResult   {path}\nPicture  {path.with_suffix('.png')}")
    if remark:
        print(f"Note     {remark}")


@app.command
def show(
    result: Path,
    /,
    *,
    json_: Json = False,
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
    from ablsim.summary_text import render

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
def explain(
    case: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    json_: Json = False,
    spacing: str | None = None,
    reported: float = 1.0,
) -> None:
    """Say what keeps a treatment from ablating the whole tumour, taking limit after limit away.

    Parameters
    ----------
    case
        The case file (TOML), with a tumour.
    output
        Where the picture goes; by default the case's name with .explained.png.
    json_
        Print one JSON object and nothing else.
    spacing
        Edge length of a cell, such as "2 mm"; by default the case's own.
    reported
        An ablated share that somebody reports, from 0 to 1: what would have to be so for it?
    """
    from ablsim.case import Case
    from ablsim.running import explain_case

    question = Case.from_toml(case)
    picture = output if output is not None else case.with_suffix(".explained.png")
    summary, remark = explain_case(question, picture, spacing, reported, quiet=json_)
    if json_:
        print(json.dumps(summary, indent=2))
        return
    from ablsim.explanation.report import render

    print(render(summary))
    print(f"\nPicture  {picture}")
    if remark:
        print(f"Note     {remark}")


@app.command
def reproduce(result: Path, /, *, json_: Json = False) -> None:
    """Run the case of a stored result again and compare bit by bit; exit status 1 if it differs.

    Parameters
    ----------
    result
        A result (.vtkhdf).
    json_
        Print what came of it as one JSON object and nothing else.
    """
    from ablsim.running import run_again

    found = run_again(result, quiet=json_)
    from ablsim.reproduction import describe, summarise

    print(json.dumps(summarise(found), indent=2) if json_ else describe(found, result.name))
    if not found.is_same:
        sys.exit(DIFFERENT)


@app.command
def validate(
    *,
    output: Annotated[Path, Parameter(alias="-o")] = Path("validation"),
    json_: Json = False,
    only: Annotated[list[str] | None, Parameter(consume_multiple=True, negative="")] = None,
    set_: Annotated[
        list[str] | None, Parameter(name="--set", consume_multiple=True, negative="")
    ] = None,
    spacing: str = "1 mm",
    no_band: Flag = False,
    workers: int | None = None,
    cohorts: Flag = False,
) -> None:
    """Predict published lesions with one set of defaults, and say how far off each is.

    Parameters
    ----------
    output
        Folder for report (validation.md), picture (.png), table (.csv) and finished runs, which a
        second call finds again.
    json_
        Print the table as one JSON object and nothing else.
    only
        These rows alone, by name.
    set_
        Change a key of every case alike: --set "physics.stasis=cem43_60". Said in the report.
    spacing
        Edge length of a cell.
    no_band
        Leave out how sure each prediction is, which is most of the work.
    workers
        How many processes compute; by default as many as there are processors.
    cohorts
        Also the outcomes of many patients.
    """
    from ablsim.validating import check_options, validate_into

    options = check_options(
        only=only, changes=set_, spacing=spacing, workers=workers, cohorts=cohorts
    )
    text, summary = validate_into(output, options, with_band=not no_band, quiet=json_)
    print(json.dumps(summary, indent=2, allow_nan=False) if json_ else text)


@app.command
def calibrate(
    *,
    output: Annotated[Path, Parameter(alias="-o")] = Path("calibration"),
    rows: Annotated[list[str] | None, Several] = None,
    without: Annotated[list[str] | None, Several] = None,
    runs: int = 64,
    seed: int = 1,
    workers: int | None = None,
    posterior: Path | None = None,
    json_: Json = False,
) -> None:
    """Infer from published lesions what their model's parameters may be, and how well they predict.

    Takes hours of one core the first time; interrupted, the same command goes on. Defaults of cases
    do not change, only what bands draw from.

    Parameters
    ----------
    output
        The folder for finished runs, the record (calibration.json) and its picture.
    rows
        Only these published rows.
    without
        All but these.
    runs
        Designed runs of each row, on cells of 2 mm.
    seed
        Of the design and of all random numbers.
    workers
        Processes at the same time; by default one for each core.
    posterior
        Also write the joint draws that bands can use to this file.
    json_
        Print the record as one JSON object and nothing else.
    """
    from ablsim.calibrating import PICTURE, RECORD, check_request, run_calibration

    check_request(runs=runs, seed=seed, workers=workers, posterior=posterior)
    record = run_calibration(
        output,
        rows=rows,
        without=without or (),
        runs=runs,
        seed=seed,
        workers=workers,
        posterior=posterior,
        quiet=json_,
    )
    if json_:
        print(json.dumps(record, indent=2))
        return
    from ablsim.calibration.text import render_calibration

    print(render_calibration(record))
    print(f"\nRecord   {output / RECORD}\nPicture  {output / PICTURE}")
    if posterior is not None:
        print(f"Draws    {posterior}")


@app.command
def cite(source: Path, /, *, bibtex: Flag = False) -> None:
    """List the publications behind a case or a result, and what each is used for.

    Parameters
    ----------
    source
        A case file (TOML) or a result (.vtkhdf).
    bibtex
        Print BibTeX entries instead.
    """
    from ablsim.bibliography import cite as format_references
    from ablsim.bibliography import list_numbers

    case = _read_case(source)
    if bibtex:
        print(format_references(case, form="bibtex"))
        return
    print("Numbers in use\n")
    for use in list_numbers(case):
        print(f"  {use}")
    print(f"\nReferences\n\n{format_references(case)}")


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
        print(f"\nablsim: interrupted; {str(stop) or 'no result was written'}", file=sys.stderr)
        sys.exit(INTERRUPTED)
