"""What ``ablsim cohort`` does between reading the study and printing the summary."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablsim.errors import CaseError, ResultError

if TYPE_CHECKING:
    from ablsim.cohort.study import Study

WORKERS_MAX = 1024


def conduct(
    question: "Study",
    folder: Path,
    *,
    workers: int | None,
    scheduler: str | None,
    shard: str | None,
    quiet: bool,
) -> tuple[dict[str, Any], str]:
    """Compute, sum up and draw a study; return its summary and a remark about the picture."""
    from ablsim.interruption import Interruption
    from ablsim.progress import StudyProgress

    if workers is not None and not 0 <= workers <= WORKERS_MAX:
        msg = f"--workers {workers}: allowed are 0 to {WORKERS_MAX}; 0 computes without workers"
        raise CaseError(msg)
    if workers is not None and scheduler is not None:
        msg = "--workers starts workers here and --scheduler uses others; give one of the two"
        raise CaseError(msg)
    with Interruption() as interruption, StudyProgress(quiet=quiet) as progress:
        from ablsim.cohort import run_cohort
        from ablsim.cohort.run import Progress, Shard

        part = None if shard is None else Shard.parse(shard)

        def follow(state: Progress) -> None:
            progress.update(state)
            interruption.check(f"what was computed is kept in {folder}; run again to go on")

        summary = run_cohort(
            question,
            folder,
            workers=workers,
            scheduler=scheduler,
            shard=part,
            on_progress=follow,
        )
        if summary["missing"]:
            return summary, ""
        progress.stage("drawing")
        return summary, _draw(summary, folder)


def describe_missing(summary: dict[str, Any], folder: Path) -> str:
    """Say that the cases of other shards are not there yet."""
    there = summary["done"] + summary["failed"]
    return (
        f"{there} of {summary['cases']} cases are in {folder}; there is no summary before the "
        "other parts have run: then run this command without --shard, which computes nothing twice"
    )


def _draw(summary: dict[str, Any], folder: Path) -> str:
    from ablsim.view.cohort import draw_cohort

    try:
        draw_cohort(summary, folder / "cohort.png")
    except ResultError as error:  # the numbers are safe by now
        return f"no picture could be made: {error}"
    return ""
