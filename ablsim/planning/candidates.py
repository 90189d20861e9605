"""Candidates: treatments that were run, on one size of cells, with everything at its middle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ablsim.planning.burden import burden_of
from ablsim.planning.evaluation import Evaluation, read_evaluation
from ablsim.planning.evaluator import Evaluator, Kind, Record, Task
from ablsim.planning.fine_cells import FineCells
from ablsim.planning.prescription import Prescription
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject


@dataclass(frozen=True, slots=True)
class Candidate:
    """A treatment and what its run came to.

    Parameters
    ----------
    plan : Prescription
        The treatment.
    outcome : Evaluation
        What its run came to; of several placements, on cells like those of the treatment.
    reserve : float
        How far the zone may recede before the ablation is incomplete [m].
    burden : float
        What it costs [min].
    broken : tuple of str
        Limits that it passes; empty for none.
    """

    plan: Prescription
    outcome: Evaluation
    reserve: float
    burden: float
    broken: tuple[str, ...] = ()

    @property
    def is_allowed(self) -> bool:
        """Whether it passes no limit."""
        return not self.broken


class Bench:
    """Runs treatments of one subject as they are planned, nothing varied.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        What is asked.
    evaluator : Evaluator
        Runs them.
    spacing : float
        Edge of a cell [m].
    kind : {"evaluation", "plan"}
        What is asked of each run.
    fine_cells : FineCells, optional
        How several placements differ on the cells of the treatment.

    Attributes
    ----------
    needles_are_in : bool
        Whether fibres lie where they lie, so that it no longer matters whether a needle gets there.
    """

    def __init__(
        self,
        subject: Subject,
        request: Request,
        evaluator: Evaluator,
        spacing: float,
        kind: Kind = "evaluation",
        fine_cells: FineCells | None = None,
    ) -> None:
        self._subject = subject
        self._request = request
        self._evaluator = evaluator
        self._kind: Kind = kind
        self.spacing = spacing
        self.fine_cells = fine_cells
        self.needles_are_in = False
        self.known: dict[Prescription, Candidate | None] = {}
        self._too_hot: dict[str, float] = {}

    def task(self, plan: Prescription) -> Task:
        """Return the run of a treatment."""
        return Task(self._subject.text(plan, self.spacing), self._kind)

    def tasks(self, plans: Sequence[Prescription]) -> list[Task]:
        """Return all runs that looking at treatments takes."""
        cells = self.fine_cells
        return [
            task
            for plan in plans
            for task in (*(cells.tasks(plan) if cells else ()), self.task(plan))
        ]

    def read(self, plan: Prescription, record: Record) -> Evaluation:
        """Return the outcome of a run of a treatment, as planned or in a draw, on fine cells."""
        outcome, cells = read_evaluation(record), self.fine_cells
        return outcome.deeper(cells.deeper(plan)) if cells and cells.is_compared(plan) else outcome

    def run(self, plans: Sequence[Prescription]) -> list[Candidate | None]:
        """Return what treatments come to; None for those that are no case."""
        new = [plan for plan in dict.fromkeys(plans) if plan not in self.known]
        self._evaluator.run(self.tasks(new))  # all at once: no worker waits
        records = self._evaluator.run([self.task(plan) for plan in new])
        for plan, record in zip(new, records, strict=True):
            self.known[plan] = None if record is None else self._look_at(plan, record)
        return [self.known[plan] for plan in plans]

    def learn_limits(self, here: Candidate, finer: Candidate) -> bool:
        """Note how hot organs were here whose limits a plan passes on finer cells alone.

        From then on whatever makes them as hot passes these limits here too. Damage would not do:
        below some temperature there is none at all.

        Returns
        -------
        bool
            Whether there was anything to note.
        """
        before = dict(self._too_hot)
        for organ, other in zip(here.outcome.organs, finer.outcome.organs, strict=True):
            if organ["within_limits"] and not other["within_limits"]:
                name, peak = str(organ["name"]), float(organ["peak_degc"])
                self._too_hot[name] = min(peak, self._too_hot.get(name, np.inf))
        if self._too_hot == before:
            return False
        self.known = {
            plan: one and replace(one, broken=self._broken(plan, one.outcome))
            for plan, one in self.known.items()
        }
        return True

    def _broken(self, plan: Prescription, outcome: Evaluation) -> tuple[str, ...]:
        """Return the limits that a treatment passes."""
        broken = self._request.limits.broken_by(plan)
        broken += [
            str(organ["name"])
            for organ in outcome.organs
            if organ["within_limits"] is False
            or organ["peak_degc"] >= self._too_hot.get(organ["name"], np.inf)
        ]
        tips = np.array([tip for placement in plan.placements for tip in placement.tips])
        if not self.needles_are_in and not self._subject.is_reachable(tips, plan.direction).all():
            broken.append("needle's way")
        return tuple(broken)

    def _look_at(self, plan: Prescription, record: Record) -> Candidate:
        request = self._request
        outcome = self.read(plan, record)
        return Candidate(
            plan=plan,
            outcome=outcome,
            reserve=outcome.reserve(request.complete_from),
            burden=burden_of(plan, outcome.healthy, request.weights),
            broken=self._broken(plan, outcome),
        )

    @property
    def candidates(self) -> list[Candidate]:
        """Everything that was run and is a case, least burden first."""
        found = [one for one in self.known.values() if one is not None]
        return sorted(found, key=lambda one: (one.burden, -one.reserve))


def cheapest(candidates: list[Candidate], required: float) -> Candidate | None:
    """Return the plan of least burden that has a reserve [m], else the one that comes nearest."""
    enough = [one for one in candidates if one.reserve >= required]
    if enough:
        return min(enough, key=lambda one: one.burden)
    return max(candidates, key=lambda one: one.reserve, default=None)
