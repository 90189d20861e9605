"""Candidates: treatments that were run, on one size of cells, with everything at its middle."""

from collections.abc import Sequence
from dataclasses import dataclass

from ablsim.planning.burden import burden_of
from ablsim.planning.evaluation import Evaluation, read_evaluation
from ablsim.planning.evaluator import Evaluator, Kind, Task
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
        What its run came to.
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
    """

    def __init__(
        self,
        subject: Subject,
        request: Request,
        evaluator: Evaluator,
        spacing: float,
        kind: Kind = "evaluation",
    ) -> None:
        self._subject = subject
        self._request = request
        self._evaluator = evaluator
        self._kind: Kind = kind
        self.spacing = spacing
        self.known: dict[Prescription, Candidate | None] = {}

    def task(self, plan: Prescription) -> Task:
        """Return the run of a treatment."""
        return Task(self._subject.text(plan, self.spacing), self._kind)

    def run(self, plans: Sequence[Prescription]) -> list[Candidate | None]:
        """Return what treatments come to; None for those that are no case."""
        new = [plan for plan in dict.fromkeys(plans) if plan not in self.known]
        tasks = [self.task(plan) for plan in new]
        for plan, record in zip(new, self._evaluator.run(tasks), strict=True):
            self.known[plan] = None if record is None else self._look_at(plan, record)
        return [self.known[plan] for plan in plans]

    def _look_at(self, plan: Prescription, record: dict[str, object]) -> Candidate:
        request = self._request
        outcome = read_evaluation(record)
        broken = request.limits.broken_by(plan)
        broken += [
            str(organ["name"]) for organ in outcome.organs if organ["within_limits"] is False
        ]
        return Candidate(
            plan=plan,
            outcome=outcome,
            reserve=outcome.reserve(request.complete_from),
            burden=burden_of(plan, outcome.healthy, request.weights),
            broken=tuple(broken),
        )

    @property
    def candidates(self) -> list[Candidate]:
        """Everything that was run and is a case, least burden first."""
        found = [one for one in self.known.values() if one is not None]
        return sorted(found, key=lambda one: (one.burden, -one.reserve))
