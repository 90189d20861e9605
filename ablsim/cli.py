"""The commands of ablsim. Everything heavy is imported inside the command that needs it."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from ablsim import __version__, cli_app, cli_exchange, cli_laboratory, cli_planning
from ablsim.errors import AblsimError, CaseError, ResultError, UnfinishedError

if TYPE_CHECKING:
    from ablsim.case import Case

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
Json = Annotated[bool, Parameter(name="--json", negative="", show_default=False)]

WRONG_INPUT, UNFINISHED, INTERRUPTED = 2, 3, 130

app = App(
    name="ablsim",
    help="Simulate laser ablation of liver tumours: light, heat, damage, necrosis zone.\n\n"
    "Research software. Not for clinical decisions.",
    version=__version__,
    suppress_keyboard_interrupt=False,
)
for commands in (cli_planning, cli_laboratory, cli_exchange, cli_app):
    for command in commands.COMMANDS:
        app.command(command)


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
    certify: Flag = False,
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
    certify
        Say how far each number is from what ever finer cells would give: two coarser runs more.
        With --resume, also for a result that is finished.
    uncertainty
        What the band draws: parameters as published lesions left them, or with the spreads of the
        library alone.
    """
    from ablsim.case import Case
    from ablsim.refining import add_certificate, is_settled, refine_into
    from ablsim.running import (
        add_band,
        check_target,
        draw_beside,
        find_checkpoint,
        is_finished,
        simulate_into,
    )

    question = Case.from_toml(case)
    is_open = question.numerics.spacing is None
    if band:
        from ablsim.uncertainty import plan_runs

        plan_runs(question)  # refuse what cannot be varied before anything is computed
    if certify and not is_open:
        from ablsim.certificate import coarser_cases

        coarser_cases(question)
    path = output if output is not None else case.with_suffix(".vtkhdf")
    is_there = is_settled if is_open else is_finished
    if resume and not force and is_there(question, path):
        from ablsim.storage import load, load_summary

        print(f"{path} is finished; it is not computed again", file=sys.stderr)
        result, summary, remark = load(path), load_summary(path), ""
        band = band and summary["error"]["band"] is None
        certify = certify and summary["error"]["grid"] is None
    else:
        check_target(path, force=force or (resume and is_open))
        if is_open:
            result, summary = refine_into(question, path, resume=resume, quiet=json_)
        else:
            checkpoint = find_checkpoint(question, path, resume=resume, force=force)
            result, _, summary = simulate_into(question, path, checkpoint, quiet=json_)
        remark = draw_beside(path, quiet=json_)
    if certify and not is_open:
        summary = add_certificate(result, path, summary, quiet=json_)
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
def view(
    result: Path,
    /,
    *,
    png: Path | None = None,
    html: Path | None = None,
    gif: Path | None = None,
    mp4: Path | None = None,
    ultrasound: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
) -> None:
    """Draw a stored result: the scene in 3-D, three slices and the course of the treatment.

    Parameters
    ----------
    result
        A result (.vtkhdf).
    png
        Where the picture goes; by default beside the result, unless something else is asked for.
    html
        Where a report goes: one page with the scene that can be turned, slices, tables, sources
        and the limits of the model, which opens in any browser without a network.
    gif, mp4
        Where a movie goes: a frame for each stored state.
    ultrasound
        Where a probe is held, such as "0 mm, -70 mm, 0 mm; 0, 1, 0; 1, 0, 0": the middle of its
        face, the direction of its beam, and of the right of its picture. What it cuts goes into
        --png, by default the result's name with .ultrasound.png.
    """
    if ultrasound is not None:
        _view_ultrasound(result, ultrasound, png)
        return
    made = []
    for movie in (gif, mp4):
        if movie is not None:
            from ablsim.view.movie import make_movie

            made.append((movie, make_movie(result, movie)))
    if html is not None:
        from ablsim.report.result_page import write_report

        made.append((html, write_report(result, html)))
    if png is not None or not made:
        from ablsim.view.pictures import draw

        target = png if png is not None else result.with_suffix(".png")
        made.append((target, draw(result, target)))
    for target, _ in made:
        print(target)
    for remark in dict.fromkeys(remark for _, remark in made if remark):
        print(remark, file=sys.stderr)


def _view_ultrasound(result: Path, pose: str, png: Path | None) -> None:
    """Draw the plane of a probe and say what it shows."""
    from ablsim.ultrasound.pose import read_pose

    where = read_pose(pose)
    from ablsim.ultrasound.picture import draw_ultrasound

    target = png if png is not None else result.with_suffix(".ultrasound.png")
    sights, said = draw_ultrasound(result, target, where)
    for sight in sights:
        place = "in the plane" if sight.is_seen else "not in the plane"
        print(
            f"{sight.name:<8}{abs(sight.angle):>5.1f} degrees to the plane, tip "
            f"{sight.offset:+.1f} mm from it: {place}"
        )
    for sentence in said:
        print(f"Warning  {sentence}")
    print(f"Picture  {target}")


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
def schema(*, study: Flag = False) -> None:
    """Print the JSON Schema of case files, for completion in an editor.

    Parameters
    ----------
    study
        That of study files instead.
    """
    if study:
        from ablsim.cohort.study import Study

        print(json.dumps(Study.json_schema(), indent=2))
        return
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
