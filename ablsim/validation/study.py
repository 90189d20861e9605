"""A validation from end to end: which cases, what is computed anew, what is put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ablsim.case import Case
from ablsim.errors import CaseError
from ablsim.uncertainty import plan_runs
from ablsim.validation.answer import Answer, RelativeBand
from ablsim.validation.comparisons import list_comparisons
from ablsim.validation.kept import Task, read_kept
from ablsim.validation.published import PublishedRow
from ablsim.validation.rules import list_assumptions, make_case

SPACING = "1 mm"
"""Edge length of the cells, where nothing else is asked for."""


@dataclass(frozen=True)
class RowPlan:
    """What has to be computed for one row.

    Parameters
    ----------
    row : PublishedRow
        The row.
    run : Task or None
        The run of its case; None where the row is not simulated.
    band : Task or None
        The band of it, where a size is measured and a band is asked for.
    others : mapping of str to Task
        For the name of each comparison that needs one, the run of the other case.
    reason : str
        Why it is not simulated.
    assumed : tuple of str
        What was not read and had to be assumed.
    """

    row: PublishedRow
    run: Task | None = None
    band: Task | None = None
    others: Mapping[str, Task] = field(default_factory=dict)
    reason: str = ""
    assumed: tuple[str, ...] = ()

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Everything to compute for this row."""
        return tuple(task for task in (self.run, self.band, *self.others.values()) if task)


@dataclass(frozen=True)
class Study:
    """What is asked: rows, changes that all of them have alike, and how finely.

    Parameters
    ----------
    plans : tuple of RowPlan
        One for each row, in the order of the table.
    changes : mapping
        What every case has different from the defaults, by key.
    spacing : str
        Edge length of the cells.
    with_band : bool
        Whether bands are asked for.
    """

    plans: tuple[RowPlan, ...]
    changes: Mapping[str, Any]
    spacing: str
    with_band: bool

    def tasks(self) -> tuple[Task, ...]:
        """Return everything to compute, each thing once."""
        every: dict[str, Task] = {}
        for plan in self.plans:
            for task in plan.tasks:
                every.setdefault(task.key, task)
        return tuple(every.values())


@dataclass(frozen=True, slots=True)
class RowAnswers:
    """What was computed for one row; ``reason`` says why something is missing."""

    run: Answer | None = None
    band: RelativeBand | None = None
    others: Mapping[str, Answer] = field(default_factory=dict)
    reason: str = ""


def plan_study(
    rows: Sequence[PublishedRow],
    *,
    changes: Mapping[str, Any] | None = None,
    spacing: str = SPACING,
    with_band: bool = True,
) -> Study:
    """Return what has to be computed for some rows.

    Parameters
    ----------
    rows : sequence of PublishedRow
        Rows of the table.
    changes : mapping, optional
        Keys of a case and values that every case has alike, as `Case.replace` takes them.
    spacing : str
        Edge length of the cells.
    with_band : bool
        With the bands of the predictions.

    Raises
    ------
    CaseError
        If no row at all can be simulated with these changes and cells. A row that alone cannot
        (a key of arrays, on a single fibre) is not simulated and says so.
    """
    asked = dict(changes or {})
    plans, refused = [], []
    for row in rows:
        try:
            plans.append(_plan(row, asked, spacing, with_band))
        except CaseError as error:
            refused.append(error)
            plans.append(RowPlan(row, reason=" ".join(str(error).split())))
    if refused and not any(plan.run for plan in plans):
        raise refused[0]
    return Study(tuple(plans), asked, spacing, with_band)


def collect(
    study: Study, folder: Path, failed: Mapping[str, str]
) -> tuple[tuple[RowPlan, RowAnswers], ...]:
    """Return every row with what a folder holds for it.

    ``failed`` gives the reason of tasks that could not be finished, by key. A row whose band alone
    failed still has its prediction.
    """
    return tuple((plan, _answers(plan, folder, failed)) for plan in study.plans)


def _plan(row: PublishedRow, changes: Mapping[str, Any], spacing: str, with_band: bool) -> RowPlan:
    if not row.is_simulated:
        return RowPlan(row, reason=row.reason)
    case = _changed(make_case(row, spacing=spacing), changes, row)
    band = None
    if with_band and any(one.unit in {"mm", "mL"} for one in row.quantities):
        band = Task(f"band of {row.id}", "band", plan_runs(case)[0])
    others = {
        one.name: Task(f"{row.id}, to compare with", "run", _changed(case, one.other, row))
        for one in list_comparisons(row)
        if one.other
    }
    return RowPlan(row, Task(row.id, "run", case), band, others, assumed=list_assumptions(row))


def _changed(case: Case, changes: Mapping[str, Any], row: PublishedRow) -> Case:
    try:
        return case.replace(changes) if changes else case
    except CaseError as error:
        msg = str(error).replace("the changed case", row.id, 1)
        raise CaseError(msg) from None


def _answers(plan: RowPlan, folder: Path, failed: Mapping[str, str]) -> RowAnswers:
    if plan.run is None:
        return RowAnswers(reason=plan.reason)
    missing = "it was not computed"
    run = read_kept(plan.run.path(folder))
    if run is None:
        return RowAnswers(reason=failed.get(plan.run.key, missing))
    reason, band, others = "", None, {}
    if plan.band is not None:
        kept = read_kept(plan.band.path(folder))
        band = None if kept is None else RelativeBand.from_json(kept)
        if kept is None:
            reason = f"no band: {failed.get(plan.band.key, missing)}"
    for name, task in plan.others.items():
        kept = read_kept(task.path(folder))
        if kept is None:
            reason = f"{task.label}: {failed.get(task.key, missing)}"
        else:
            others[name] = Answer.from_json(kept)
    return RowAnswers(Answer.from_json(run), band, others, reason)
