"""Trials: plans under a few draws, always the same, before the many draws of the last one.

A run with nothing varied does not see what nearly fails: the middle between fibres that stays just
hot enough, a row of zones that just meet. Draws do, and of some draws the worst decide, which are
the worst for one plan as for another, since fibres miss alike. So a trial is the worst few of the
first draws of a pilot; the others are taken to lie beside them as they did in the pilot. What that
lacks of many draws is learned from many, and asked for on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ablsim.planning.candidates import Bench, Candidate
from ablsim.planning.draws import Draws
from ablsim.planning.evaluation import read_evaluation
from ablsim.planning.evaluator import Evaluator, Task
from ablsim.planning.prescription import Prescription
from ablsim.planning.probability import Sample, chances_of, shift_for
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject

FloatArray = NDArray[np.float64]

FEW = 32
"""Most draws of the pilot, of which a trial runs the worst."""


_HOPELESS = -20e-3  # m, reserve of a draw that gave no result


@dataclass(frozen=True, slots=True)
class Trial:
    """A plan under a few draws.

    Parameters
    ----------
    candidate : Candidate
        The plan and its run with nothing varied.
    spare : float
        How much further in the zone could lie in every draw before the probability that was asked
        for is lost [m]; negative where it is not reached.
    reserves, sigma : ndarray of float64, shape (n,)
        Reserve in each draw of the pilot [m], measured or inferred, and the error of the model.
    radius : float
        Of the zone of a placement [m].
    """

    candidate: Candidate
    spare: float
    reserves: FloatArray
    sigma: FloatArray
    radius: float

    def chance(self, shift: float = 0.0) -> float:
        """Return how likely it is to be complete, with so much more reserve on finer cells [m]."""
        radius = np.full_like(self.reserves, self.radius)
        return float(chances_of(self.reserves + shift, radius, self.sigma).mean())


class Trials:
    """Makes trials and draws of one subject's plans.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        What is asked.
    bench : Bench
        Runs plans with nothing varied.
    evaluator : Evaluator
        Runs draws.
    """

    def __init__(
        self, subject: Subject, request: Request, bench: Bench, evaluator: Evaluator
    ) -> None:
        self._subject = subject
        self._request = request
        self._bench = bench
        self._evaluator = evaluator
        self.known: dict[Prescription, Trial] = {}
        self.few = FEW
        self.worst: tuple[int, ...] = tuple(range(FEW))
        self._pilot = np.zeros(FEW)
        self._known_draws: dict[int, Draws] = {}

    def begin(self, pilot: Sample) -> None:
        """Learn from the draws of a plan which are worst: half as many again as may fail."""
        self.few = min(FEW, len(pilot.outcomes))
        self.known.clear()
        fail = (1.0 - self._request.probability) * self.few
        count = min(self.few, 1 + ceil(1.5 * fail))
        self._pilot = np.array(
            [
                _HOPELESS if one is None else one.reserve(self._request.complete_from)
                for one in pilot.outcomes[: self.few]
            ]
        )
        self.worst = tuple(sorted(np.argsort(self._pilot)[:count].tolist()))

    def run(self, plans: Sequence[Prescription]) -> list[Trial]:
        """Return the trials of plans that are cases and pass no limit, in any order."""
        limits = self._request.limits
        asked = [one for one in plans if one not in self.known and not limits.broken_by(one)]
        # all at once, so that no worker waits for a run with nothing varied
        self._evaluator.run(
            [*map(self._bench.task, asked), *self._tasks(asked, self.few, self.worst)]
        )
        allowed = [one for one in self._bench.run(plans) if one is not None and one.is_allowed]
        new = [one for one in allowed if one.plan not in self.known]
        samples = self._draw([one.plan for one in new], self.few, self.worst)
        for one, sample in zip(new, samples, strict=True):
            if sample.known:
                self.known[one.plan] = self._judge(one, sample)
        return [self.known[one.plan] for one in allowed if one.plan in self.known]

    def _judge(self, candidate: Candidate, sample: Sample) -> Trial:
        """Return a trial: by the plan's worst draws and the pilot's others."""
        worst = np.array(
            [
                _HOPELESS if one is None else one.reserve(self._request.complete_from)
                for one in sample.outcomes
            ]
        )
        at = list(self.worst)
        reserves = self._pilot + np.median(worst - self._pilot[at])
        reserves[at] = worst
        radius = float(np.mean(sample.radii()))
        sigma = self._draws(self.few).model_error
        around = np.full(self.few, radius)
        spare = -shift_for(
            self._request.probability, lambda shift: chances_of(reserves + shift, around, sigma)
        )
        return Trial(candidate, spare, reserves, sigma, radius)

    def draw(self, plans: Sequence[Prescription], count: int) -> list[Sample]:
        """Return the draws of plans: the same draws for each."""
        return self._draw(plans, count, range(count))

    def _draw(
        self, plans: Sequence[Prescription], count: int, which: Sequence[int]
    ) -> list[Sample]:
        """Return some of ``count`` draws of plans."""
        draws, n = self._draws(count), len(which)
        records = self._evaluator.run(self._tasks(plans, count, which))
        outcomes = [None if record is None else read_evaluation(record) for record in records]
        return [
            Sample(
                plan,
                tuple(outcomes[number * n : (number + 1) * n]),
                draws.model_error[list(which)],
                self._request.complete_from,
            )
            for number, plan in enumerate(plans)
        ]

    def _tasks(self, plans: Sequence[Prescription], count: int, which: Sequence[int]) -> list[Task]:
        draws, spacing = self._draws(count), self._bench.spacing
        return [Task(draws.text(plan, i, spacing)) for plan in plans for i in which]

    def _draws(self, count: int) -> Draws:
        if count not in self._known_draws:
            self._known_draws[count] = Draws(self._subject, self._request, count)
        return self._known_draws[count]

    @property
    def trials(self) -> list[Trial]:
        """Everything that was tried, least burden first."""
        return sorted(self.known.values(), key=lambda one: (one.candidate.burden, -one.spare))


def cheapest_trial(trials: Sequence[Trial], required: float) -> Trial | None:
    """Return the cheapest trial with so much to spare [m], else the one that comes nearest."""
    enough = [one for one in trials if one.spare >= required]
    if enough:
        return min(enough, key=lambda one: one.candidate.burden)
    return max(trials, key=lambda one: one.spare, default=None)
