"""What ``ablsim run`` does between reading the case and printing the summary."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ablsim.errors import CaseError, ResultError

if TYPE_CHECKING:
    from ablsim.case import Case
    from ablsim.checkpoint import Checkpoint
    from ablsim.reproduction import Reproduction
    from ablsim.result import Result
    from ablsim.simulation import OnProgress
    from ablsim.zone import Zones

MISPLACED_MAX = 1000
"""Most sets of errors of placement that an explanation draws."""


def check_target(path: Path, *, force: bool) -> None:
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


def is_finished(question: "Case", path: Path) -> bool:
    """Say whether the result is there already; refuse one of another case."""
    if not path.is_file():
        return False
    from ablsim.storage import load, remove_checkpoint

    if load(path).case != question:
        msg = (
            f"--resume: {path} is the result of another case; choose another name with -o, or "
            "replace it with --force in place of --resume"
        )
        raise CaseError(msg)
    remove_checkpoint(path)  # a run killed at the very last moment leaves one
    return True


def find_checkpoint(
    question: "Case", path: Path, *, resume: bool, force: bool
) -> "Checkpoint | None":
    """Return the checkpoint to go on from, or say why the run starts from the beginning."""
    from ablsim.storage import checkpoint_path, load_checkpoint

    place = checkpoint_path(path)
    if not resume:
        if place.exists():
            note = f"an unfinished run left {place}; --resume would have gone on from there"
            print(note, file=sys.stderr)
        return None
    if force:
        msg = "--resume goes on with a run and --force starts it anew; give one of the two"
        raise CaseError(msg)
    checkpoint = load_checkpoint(path)
    if checkpoint is None:
        print(f"there is no {place}; starting from the beginning", file=sys.stderr)
    elif checkpoint.case != question:
        msg = (
            f"--resume: {place} is the checkpoint of another case ({checkpoint.case.title}); "
            "resume with that case, or remove the file to start from the beginning"
        )
        raise CaseError(msg)
    else:
        print(f"resuming at {checkpoint.time:.0f} s", file=sys.stderr)
    return checkpoint


def simulate_into(
    question: "Case",
    path: Path,
    checkpoint: "Checkpoint | None",
    *,
    quiet: bool,
    tell: "OnProgress | None" = None,
) -> tuple["Result", "Zones", dict[str, Any]]:
    """Simulate, storing as it goes; return result, what was measured of it, and summary.

    ``tell`` hears the simulated time and the whole duration [s] too.
    """
    from ablsim.interruption import Interruption
    from ablsim.progress import RunProgress

    with Interruption() as interruption, RunProgress(quiet=quiet) as progress:
        from ablsim.domain import make_domain
        from ablsim.simulation import simulate
        from ablsim.storage import Recorder, checkpoint_path
        from ablsim.summary import summarise
        from ablsim.zone import measure_zones

        def follow(time: float, duration: float) -> None:
            progress.update(time, duration)
            if tell is not None:
                tell(time, duration)
            interruption.check()

        domain = make_domain(question)
        with Recorder(
            path,
            question,
            domain.grid,
            domain.labels,
            domain.materials,
            question.tissue.body_temperature,
            resume=checkpoint is not None,
        ) as recorder:
            try:
                result = simulate(
                    question,
                    domain=domain,
                    on_snapshot=recorder.snapshot,
                    on_progress=follow,
                    on_checkpoint=recorder.checkpoint,
                    resume_from=checkpoint,
                )
            except KeyboardInterrupt:
                kept = f"kept is {checkpoint_path(path)}; run again with --resume to go on"
                raise KeyboardInterrupt(kept) from None
            progress.stage("measuring")
            zones = measure_zones(result)
            result = replace(result, notes=(*result.notes, *zones.notes))
            summary = summarise(result, zones)
            recorder.finish(result, summary)
        interruption.check(f"the result {path} is complete")
    return result, zones, summary


def draw_beside(path: Path, *, quiet: bool) -> str:
    """Draw a stored result into a picture beside it; return a remark about that."""
    from ablsim.interruption import Interruption
    from ablsim.progress import RunProgress

    with Interruption() as interruption, RunProgress(quiet=quiet) as progress:
        from ablsim.view.pictures import draw

        progress.stage("drawing")
        try:
            remark = draw(path, path.with_suffix(".png"))
        except ResultError as error:  # the result itself is safe by now
            remark = f"no picture could be made: {error}"
        interruption.check(f"the result {path} is complete")
    return remark


def add_band(
    result: "Result",
    path: Path,
    summary: dict[str, Any],
    *,
    uncertainty: Literal["posterior", "prior"],
    quiet: bool,
) -> dict[str, Any]:
    """Estimate the band of a stored result and store it with its summary; return that."""
    from ablsim.interruption import Interruption
    from ablsim.progress import RunProgress

    with Interruption() as interruption, RunProgress(quiet=quiet) as progress:
        from ablsim.band import summarise_band
        from ablsim.storage import replace_summary
        from ablsim.uncertainty import estimate_band

        def follow(number: int, total: int) -> None:
            progress.count("band", number, total)

        def check(time: float, duration: float) -> None:
            interruption.check(
                f"the result {path} is complete, but has no band; --resume --band adds it"
            )

        found = estimate_band(
            result.case, result, uncertainty=uncertainty, on_run=follow, on_progress=check
        )
        error = {**summary["error"], "band": summarise_band(found)}
        summary = {**summary, "error": error}
        replace_summary(path, summary)
    return summary


def run_again(path: Path, *, quiet: bool) -> "Reproduction":
    """Run the case of a stored result again and compare; nothing beside it changes."""
    from ablsim.interruption import Interruption
    from ablsim.progress import RunProgress

    with Interruption() as interruption, RunProgress(quiet=quiet) as progress:
        from ablsim.reproduction import reproduce

        def follow(time: float, duration: float) -> None:
            progress.update(time, duration)
            interruption.check(f"{path} is as it was")

        return reproduce(path, on_progress=follow)


def explain_case(
    question: "Case",
    picture: Path,
    spacing: str | None,
    reported: float,
    *,
    misplaced: int = 0,
    seed: int = 1,
    quiet: bool,
) -> tuple[dict[str, Any], str]:
    """Explain what is left of a tumour and draw it; return the summary and a remark.

    ``misplaced`` is how many sets of errors of placement are drawn.
    """
    from ablsim.interruption import Interruption
    from ablsim.progress import RunProgress

    if not 0.0 < reported <= 1.0:
        msg = f"--reported: {reported:g} is no share; give a number above 0 and at most 1, as 0.6"
        raise CaseError(msg)
    if not 0 <= misplaced <= MISPLACED_MAX:
        msg = (
            f"--misplaced {misplaced}: allowed are 0 to {MISPLACED_MAX} sets of errors; write for "
            "example --misplaced 8, or 0 to leave them out"
        )
        raise CaseError(msg)
    if not picture.parent.is_dir():
        msg = f"output {picture}: there is no folder {picture.parent}; create it first"
        raise CaseError(msg)
    if spacing is not None:
        question = question.replace({"numerics.spacing": spacing})
    with Interruption() as interruption, RunProgress(quiet=quiet) as progress:
        from ablsim.explanation import explain, misplace
        from ablsim.explanation.report import summarise
        from ablsim.view.explained import draw_explanation

        def follow(name: str, number: int, total: int) -> None:
            progress.count(name, number, total)

        def check(time: float, duration: float) -> None:
            interruption.check("nothing was written")

        errors = [misplace(question, draw, seed=seed) for draw in range(misplaced)]
        found = explain(question, misplaced=errors, on_run=follow, on_progress=check)
        progress.stage("drawing")
        remark = draw_explanation(found, picture)
    return summarise(found, reported), remark
