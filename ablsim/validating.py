"""What ``ablsim validate`` does between reading its options and printing the table."""

import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablsim.errors import CaseError

if TYPE_CHECKING:
    from ablsim.validation.kept import Task
    from ablsim.validation.outcomes import OutcomeLine
    from ablsim.validation.published import PublishedRow
    from ablsim.validation.study import Study

REPORT = "validation"
"""Name of the report's files, without their endings."""

OUTCOMES = "outcomes"
"""Name of the files of predicted rates."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the command, checked.

    Parameters
    ----------
    rows : tuple of PublishedRow
        The rows asked for.
    changes : mapping
        Keys of a case and their values, for all rows alike.
    spacing : str
        Edge length of a cell.
    workers : int
        How many processes compute.
    outcomes : tuple of str, optional
        Published rates that virtual cohorts predict; None where none are asked for.
    """

    rows: tuple["PublishedRow", ...]
    changes: Mapping[str, Any]
    spacing: str
    workers: int
    outcomes: tuple[str, ...] | None = None


def check_options(
    *,
    only: Sequence[str] | None,
    changes: Sequence[str] | None,
    spacing: str,
    workers: int | None,
    cohorts: bool,
) -> Options:
    """Return the options of the command, or say what is wrong with them.

    Raises
    ------
    CaseError
        If there is no such row, if a change is not KEY=VALUE, if the spacing is no length, if
        there would be no process, or if cohorts are asked for.
    """
    from ablsim.quantities import LENGTH
    from ablsim.validation.published import read_rows

    if cohorts and changes:
        msg = (
            "--set: changes the cases of lesions alone, and --cohorts asks for others too; run "
            "them one after the other"
        )
        raise CaseError(msg)
    if workers is not None and not 1 <= workers <= 1024:
        msg = f"--workers {workers}: is not between 1 and 1024; write for example --workers 2"
        raise CaseError(msg)
    try:
        LENGTH.within("0.01 mm", "4 mm", example="1 mm").read(spacing)
    except CaseError as error:
        msg = f"--spacing: {error}"
        raise CaseError(msg) from None
    rows = {row.id: row for row in read_rows()}
    if only is not None:
        unknown = [name for name in only if name not in rows]
        if unknown or not only:
            raise CaseError(_unknown_row(unknown, list(rows)))
        rows = {name: row for name, row in rows.items() if name in only}
    return Options(
        rows=tuple(rows.values()),
        changes=dict(_read_change(change) for change in changes or ()),
        spacing=spacing,
        workers=workers or _processors(),
        outcomes=_outcomes(list(rows)) if cohorts else None,
    )


def validate_into(
    folder: Path, options: Options, *, with_band: bool, quiet: bool
) -> tuple[str, dict[str, Any]]:
    """Compute what a folder does not hold yet and write the report there.

    Parameters
    ----------
    folder : Path
        Where report and finished runs go.
    options : Options
        What is asked.
    with_band : bool
        With the bands of the predictions.
    quiet : bool
        Show no progress.

    Returns
    -------
    tuple of str and dict
        The text for a terminal, and the JSON object.
    """
    from ablsim.validation.kept import prepare_folder, write_text
    from ablsim.validation.published import COHORTS
    from ablsim.validation.report import make_lines
    from ablsim.validation.report_csv import to_csv
    from ablsim.validation.report_json import summarise_validation
    from ablsim.validation.report_markdown import to_markdown
    from ablsim.validation.report_text import render_validation
    from ablsim.validation.study import collect, plan_study
    from ablsim.validation.totals import sum_up
    from ablsim.validation.wording import say_settings

    study = plan_study(
        options.rows, changes=options.changes, spacing=options.spacing, with_band=with_band
    )
    prepare_folder(folder)
    failed = _compute(study, folder, workers=options.workers, quiet=quiet)
    lines = make_lines(collect(study, folder, failed))
    rates = _predict_outcomes(folder, options, quiet=quiet)
    if rates is not None:
        lines = tuple(line for line in lines if line.reason != COHORTS)
    totals = sum_up(lines)
    files = {name: folder / f"{REPORT}.{name}" for name in ("md", "csv", "png")}
    try:
        write_text(files["csv"], to_csv(lines))
        figure = _draw(lines, files["png"], say_settings(study))
        figures = [files["png"]] * (figure is not None) + _keep_outcomes(folder, rates)
        write_text(files["md"], to_markdown(study, lines, totals, figure=figure, rates=rates))
    except OSError as error:
        msg = f"output {folder}: the report cannot be written: {error.strerror or error}"
        raise CaseError(msg) from None
    kept = [f"Report   {files['md']}", *(f"Picture  {path}" for path in figures)]
    text = render_validation(study, lines, totals, rates) + "\n\n" + "\n".join(kept)
    return text, summarise_validation(study, lines, totals, rates)


def _outcomes(asked: Sequence[str]) -> tuple[str, ...]:
    """Return those of the rows asked for that virtual cohorts predict."""
    from ablsim.validation.outcomes import read_outcomes, rows_of

    predicted = [row for study in read_outcomes().values() for row in rows_of(study)]
    return tuple(row for row in dict.fromkeys(predicted) if row in asked)


def _predict_outcomes(
    folder: Path, options: Options, *, quiet: bool
) -> tuple["OutcomeLine", ...] | None:
    """Predict the rates that were asked for; None where none were."""
    if options.outcomes is None:
        return None
    from ablsim.cohort.run import Progress
    from ablsim.interruption import Interruption
    from ablsim.progress import StudyProgress
    from ablsim.validation.outcomes import predict_outcomes

    with Interruption() as interruption, StudyProgress(quiet=quiet) as progress:

        def follow(series: str, state: Progress) -> None:
            progress.update(state, series)
            interruption.check(
                f"what is finished is kept in {folder}; the same command goes on from there"
            )

        return predict_outcomes(
            folder, names=options.outcomes, workers=options.workers, on_progress=follow
        )


def _keep_outcomes(folder: Path, rates: Sequence["OutcomeLine"] | None) -> list[Path]:
    """Write table and picture of rates; return the picture."""
    if not rates:
        return []
    from ablsim.validation.kept import write_text
    from ablsim.validation.outcomes_text import to_csv
    from ablsim.view.outcomes import draw_outcomes

    write_text(folder / f"{OUTCOMES}.csv", to_csv(rates))
    picture = folder / f"{OUTCOMES}.png"
    part = picture.with_name(f".{picture.name}.{os.getpid()}.part")
    try:
        draw_outcomes(rates, part)
        part.replace(picture)
    finally:
        part.unlink(missing_ok=True)
    return [picture]


def _compute(study: "Study", folder: Path, *, workers: int, quiet: bool) -> dict[str, str]:
    """Compute what the folder does not hold; return the reasons of what failed, by key."""
    from ablsim.interruption import Interruption
    from ablsim.progress import WorkProgress
    from ablsim.validation.kept import read_kept
    from ablsim.validation.workers import compute

    every = study.tasks()
    tasks = [task for task in every if read_kept(task.path(folder)) is None]
    if not quiet and len(tasks) < len(every):
        found = len(every) - len(tasks)
        print(f"{found} of {len(every)} runs and bands are there already", file=sys.stderr)
    if not tasks:
        return {}
    efforts = {task.key: task.effort for task in tasks}
    with (
        Interruption() as interruption,
        WorkProgress(
            list(efforts.values()), heading=_say_work(tasks, workers), quiet=quiet
        ) as progress,
    ):

        def note(task: "Task", reason: str) -> None:
            progress.done(task.label, efforts[task.key], reason)

        def check() -> None:
            interruption.check(
                f"what is finished is kept in {folder}; the same command goes on from there"
            )

        return compute(tasks, folder, workers=workers, on_done=note, check=check)


def _say_work(tasks: Sequence["Task"], workers: int) -> str:
    """Say what is to be computed."""
    bands = sum(task.work == "band" for task in tasks)
    parts = [_count(len(tasks) - bands, "run")] if bands < len(tasks) else []
    parts += [f"{_count(bands, 'band')} of 13 coarser runs each"] if bands else []
    return f"to compute: {' and '.join(parts)}, in {_count(min(workers, len(tasks)), 'process')}"


def _count(number: int, word: str) -> str:
    plural = f"{word}es" if word.endswith("s") else f"{word}s"
    return f"{number} {word if number == 1 else plural}"


def _draw(lines: Sequence[Any], path: Path, settings: str) -> str | None:
    """Draw the picture, whole or not at all; return its name, None if there is nothing to draw."""
    from ablsim.view.measured import draw_measured

    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if not draw_measured(lines, part, settings=settings):
            return None
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path.name


def _unknown_row(unknown: Sequence[str], names: Sequence[str]) -> str:
    if not unknown:
        return f"--only: needs the name of a row, such as {names[0]}"
    near = get_close_matches(unknown[0], names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
    return f"--only: there is no published row {unknown[0]!r}; {hint}"


def _read_change(text: str) -> tuple[str, Any]:
    """Return key and value of ``KEY=VALUE``; the value as a case file has it, or as bare text."""
    key, equals, value = (part.strip() for part in text.partition("="))
    if not (key and equals and value):
        msg = (
            f"--set {text!r}: is not KEY=VALUE; write for example "
            '--set "physics.stasis=cem43_60" or --set "tissue.start_temperature=37 degC"'
        )
        raise CaseError(msg)
    if key == "numerics.spacing":
        msg = f"--set {text!r}: the size of cells has an option of its own, --spacing {value!r}"
        raise CaseError(msg)
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
