"""Trials: what plans have to spare in a few draws, always the same, and their many draws.

A run with nothing varied does not see what nearly fails: the middle between fibres that stays just
hot enough, a row of zones that just meet. Draws do, and of some draws the worst decide, which are
the worst for one plan as for another, since fibres miss alike. So once the draws of a plan are
known, the trial of another is the worst few of them; the others are taken to lie beside these as
they did there, or beside the plan itself. Of several placements the worst are cast; plans before
any draws are known are cast in the first few, under many shifts. What trials lack of many whole
draws is learned from these, and asked for on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ablsim.planning.candidates import Bench, Candidate
from ablsim.planning.casts import Casts
from ablsim.planning.draws import Draws
from ablsim.planning.evaluation import RADIUS_OF_ONE, Evaluation
from ablsim.planning.evaluator import Evaluator, Task
from ablsim.planning.prescription import Prescription
from ablsim.planning.probability import Sample, chances_of, shift_for
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject

FloatArray = NDArray[np.float64]

DRAWS = 64
"""Draws of which trials take some of the first."""

PILOT = 32
"""Most draws of a pilot, of which a trial takes the worst."""

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
        Reserve in each draw under each shift [m], and the error of the model.
    radius : float
        Of the zone of a placement [m].
    """

    candidate: Candidate
    spare: float
    reserves: FloatArray
    sigma: FloatArray
    radius: float

    @property
    def required(self) -> float:
        """What reserve the probability takes of the run with nothing varied [m]."""
        return self.candidate.reserve - self.spare

    def chance(self, shift: float = 0.0) -> float:
        """Return how likely it is to be complete, with so much more reserve [m]."""
        radius = np.full_like(self.reserves, self.radius)
        return float(chances_of(self.reserves + shift, radius, self.sigma).mean())


@dataclass(frozen=True)
class _Known:
    """Draws of a plan that was judged, beside which the trials of others lie.

    Parameters
    ----------
    reserve : float
        Of the plan with nothing varied [m].
    reserves : ndarray of float64, shape (n,)
        Of its draws [m].
    tissue : ndarray of int, shape (n,)
        Which draw of the tissue each has: those of several placements come again.
    worst : list of int
        Those of the tissue that are tried.
    """

    reserve: float
    reserves: FloatArray
    tissue: NDArray[np.intp]
    worst: list[int]


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
        self,
        subject: Subject,
        request: Request,
        bench: Bench,
        evaluator: Evaluator,
    ) -> None:
        self._request = request
        self._bench = bench
        self._evaluator = evaluator
        self.draws = Draws(subject, request, max(DRAWS, request.draws))
        self.casts = Casts(subject, self.draws, evaluator, bench.spacing, request.complete_from)
        self.known: dict[Prescription, Trial] = {}
        self._single: _Known | None = None
        self._several: _Known | None = None

    def begin(self, pilot: Candidate, sample: Sample) -> None:
        """Learn from the draws of a plan which are worst: more than may fail.

        Of several placements, whose draws take minutes, those of the first one that is judged will
        do for all.
        """
        if len(pilot.plan.placements) == 1:
            self._single = self._learn(pilot, sample, PILOT)
        elif self._several is None:
            self._several = self._learn(pilot, sample, DRAWS)
        else:
            return
        is_single = len(pilot.plan.placements) == 1
        again = [plan for plan in self.known if (len(plan.placements) == 1) == is_single]
        for plan in again:
            del self.known[plan]

    def _learn(self, pilot: Candidate, sample: Sample, most: int) -> _Known:
        reserves = self._reserves(sample.outcomes[:most])
        tissue = np.arange(len(reserves)) % (sample.clusters or len(reserves))
        means = np.array([reserves[tissue == one].mean() for one in range(tissue.max() + 1)])
        fail = (1.0 - self._request.probability) * len(means)
        count = min(len(means), 1 + ceil(1.5 * fail))
        worst = sorted(np.argsort(means)[:count].tolist())
        return _Known(pilot.reserve, reserves, tissue, worst)

    def run(self, plans: Sequence[Prescription]) -> list[Trial]:
        """Return the trials of plans that are cases and pass no limit, in any order."""
        limits = self._request.limits
        asked = [one for one in plans if one not in self.known and not limits.broken_by(one)]
        # all at once, so that no worker waits for a run with nothing varied
        draws = [task for one in asked for task in self._tasks(one)]
        self._evaluator.run([*self._bench.tasks(asked), *draws])
        allowed = [one for one in self._bench.run(plans) if one is not None and one.is_allowed]
        for one in allowed:
            if one.plan not in self.known:
                trial = self._judge(one)
                if trial is not None:
                    self.known[one.plan] = trial
        return [self.known[one.plan] for one in allowed if one.plan in self.known]

    def _tasks(self, plan: Prescription) -> list[Task]:
        """Return the runs of a plan's trial."""
        if len(plan.placements) > 1:
            return self.casts.tasks(plan, self._several.worst if self._several else None)
        return self.tasks(plan, self._single.worst) if self._single else self.casts.tasks(plan)

    def _judge(self, candidate: Candidate) -> Trial | None:
        """Return the trial of a plan; None if none of its draws is a case."""
        plan = candidate.plan
        if len(plan.placements) > 1 and self._several:
            reserves, sigma = self._by_casts_of_the_worst(candidate, self._several)
        elif len(plan.placements) == 1 and self._single:
            reserves, sigma = self._by_the_worst(plan, self._single)
        else:
            reserves, sigma = self._by_casts(candidate)
        if len(reserves) == 0:
            return None
        volume = max(candidate.outcome.volume, 1e-9) / len(plan.placements)
        radius = float(RADIUS_OF_ONE * np.cbrt(volume))
        around = np.full_like(reserves, radius)
        spare = -shift_for(
            self._request.probability, lambda shift: chances_of(reserves + shift, around, sigma)
        )
        return Trial(candidate, spare, reserves, sigma, radius)

    def _by_the_worst(self, plan: Prescription, pilot: _Known) -> tuple[FloatArray, FloatArray]:
        """Return reserves and errors of the model of a pilot's draws: the worst as they are run."""
        worst = self._reserves(self._read(plan, pilot.worst))
        reserves = pilot.reserves + np.median(worst - pilot.reserves[pilot.worst])
        reserves[pilot.worst] = worst
        return reserves, self.draws.model_error[: len(reserves)]

    def _by_casts_of_the_worst(
        self, candidate: Candidate, pilot: _Known
    ) -> tuple[FloatArray, FloatArray]:
        """Return the same of several placements: the worst as they are cast.

        The others lie beside the plan itself as they did beside the pilot: what some layouts lose
        in the worst, where zones part, others do not.
        """
        plan = candidate.plan
        reserves = pilot.reserves + candidate.reserve - pilot.reserve
        for one in pilot.worst:
            same = np.flatnonzero(pilot.tissue == one)
            numbers = range(len(plan.placements))
            shifts = np.array([[self.draws.shift(int(i), n) for n in numbers] for i in same])
            table, cast = self.casts.reserves(plan, candidate.reserve, [one], shifts)
            reserves[same] = table[0] if len(cast) else _HOPELESS
        return reserves, self.draws.model_error[pilot.tissue]

    def _by_casts(self, candidate: Candidate) -> tuple[FloatArray, FloatArray]:
        """Return reserves and errors of the model of a few draws under many shifts."""
        plan = candidate.plan
        table, draws = self.casts.reserves(
            plan, candidate.reserve, range(self.casts.count(plan)),
            self.casts.shifts(len(plan.placements)),
        )  # fmt: skip
        return table.ravel(), np.repeat(self.draws.model_error[draws], table.shape[1])

    def _reserves(self, outcomes: Sequence[Evaluation | None]) -> FloatArray:
        complete_from = self._request.complete_from
        return np.array(
            [_HOPELESS if one is None else one.reserve(complete_from) for one in outcomes]
        )

    def draw(self, plans: Sequence[Prescription], count: int) -> list[Sample]:
        """Return whole runs of the first draws of plans: the same draws for each."""
        self._evaluator.run([task for one in plans for task in self.tasks(one, range(count))])
        return [
            Sample(
                plan,
                tuple(self._read(plan, range(count))),
                self.draws.model_error[:count],
                self._request.complete_from,
            )
            for plan in plans
        ]

    def _read(self, plan: Prescription, which: Sequence[int]) -> list[Evaluation | None]:
        """Return the outcomes of some draws of a plan; None where one failed."""
        records = self._evaluator.run(self.tasks(plan, which))
        return [None if record is None else self._bench.read(plan, record) for record in records]

    def tasks(self, plan: Prescription, which: Sequence[int]) -> list[Task]:
        """Return the whole runs of some draws of a plan."""
        return [Task(self.draws.text(plan, i, self._bench.spacing)) for i in which]

    @property
    def trials(self) -> list[Trial]:
        """Everything that was tried, least burden first."""
        return sorted(self.known.values(), key=lambda one: (one.candidate.burden, -one.spare))
