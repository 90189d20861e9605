"""Trials: what plans have to spare in a few draws, and their many draws.

A run with nothing varied does not see what nearly fails: the middle between fibres that stays just
hot enough, a row of zones that just meet. Draws do, and of some draws the worst decide. Once the
draws of a plan are known, a pilot, the trial of another is the few that should be worst for it:
its zone as planned is moved as the draw's fibres are, and what the pilot's draws came to beside
its own zone moved likewise is added. The others are taken to be off this guess as these are.
Several placements, and plans before any draws are known, are tried by casts, under many shifts.
What trials lack of many whole draws is learned from these, and asked for on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ablsim.planning.candidates import Bench, Candidate
from ablsim.planning.casts import Casts
from ablsim.planning.draws import Draws
from ablsim.planning.evaluation import RADIUS_OF_ONE, Evaluation, read_evaluation
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

_SAME_SPACING = 2e-3  # m, within which plans are off alike on coarse cells
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


class Trials:
    """Makes trials and draws of one subject's plans.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        What is asked.
    bench, fine_bench : Bench
        Run plans with nothing varied, on the cells of the search and on those of the treatment.
    evaluator : Evaluator
        Runs draws.
    """

    def __init__(
        self,
        subject: Subject,
        request: Request,
        bench: Bench,
        fine_bench: Bench,
        evaluator: Evaluator,
    ) -> None:
        self._request = request
        self._bench = bench
        self._evaluator = evaluator
        self._fine_bench = fine_bench
        self._finer: dict[tuple[object, ...], Prescription] = {}
        self.draws = Draws(subject, request, max(DRAWS, request.draws))
        self.casts = Casts(subject, self.draws, evaluator, bench.spacing, request.complete_from)
        self.known: dict[Prescription, Trial] = {}
        self._beside: FloatArray | None = None

    def begin(self, pilot: Sample) -> None:
        """Learn from the whole draws of one placement what moving a zone does not say."""
        if len(pilot.plan.placements) > 1:
            return
        self.known.clear()
        reserves = self._reserves(pilot.outcomes[:PILOT])
        self._beside = None
        guess = self._guess(pilot.plan, len(reserves))
        if guess is not None:
            self._beside = reserves - guess

    def _guess(self, plan: Prescription, count: int) -> FloatArray | None:
        """Return the reserve of one placement's zone as planned, moved as its fibres are [m]."""
        missed = [self.draws.misplace(plan, draw).placements[0] for draw in range(count)]
        planned = np.mean(plan.placements[0].tips, axis=0)
        moves = np.array([np.mean(one.tips, axis=0) - planned for one in missed])
        return self.casts.moved_reserves(plan, moves)

    def _worst(self, plan: Prescription) -> tuple[FloatArray, list[int]]:
        """Return guessed reserves of a pilot's draws [m], and the worst: more than may fail."""
        if self._beside is None:
            msg = "no draws are known"
            raise ValueError(msg)
        count = len(self._beside)
        guess = self._guess(plan, count)
        expected = self._beside if guess is None else guess + self._beside
        fail = (1.0 - self._request.probability) * count
        few = min(count, 1 + ceil(1.5 * fail))
        return expected, sorted(np.argsort(expected)[:few].tolist())

    def run(self, plans: Sequence[Prescription]) -> list[Trial]:
        """Return the trials of plans that are cases and pass no limit, in any order."""
        limits = self._request.limits
        asked = [one for one in plans if one not in self.known and not limits.broken_by(one)]
        # all at once, so that no worker waits for a run with nothing varied
        finer = [task for one in asked for task in self._finer_tasks(one)]
        cast = [task for one in asked for task in self._cast_tasks(one)]
        self._evaluator.run([*finer, *map(self._bench.task, asked), *cast])
        whole = [one for one in asked if self._is_whole(one)]
        draws = [task for one in whole for task in self.tasks(one, self._worst(one)[1])]
        self._evaluator.run(draws)
        allowed = [one for one in self._bench.run(plans) if one is not None and one.is_allowed]
        for one in allowed:
            if one.plan not in self.known:
                trial = self._judge(one)
                if trial is not None:
                    self.known[one.plan] = trial
        return [self.known[one.plan] for one in allowed if one.plan in self.known]

    def _is_whole(self, plan: Prescription) -> bool:
        """Whether a plan is tried by whole runs of the worst draws."""
        return self._beside is not None and len(plan.placements) == 1

    def _cast_tasks(self, plan: Prescription) -> list[Task]:
        """Return the casts that a plan's trial takes."""
        return [self.casts.planned_task(plan)] if self._is_whole(plan) else self.casts.tasks(plan)

    def _judge(self, candidate: Candidate) -> Trial | None:
        """Return the trial of a plan; None if none of its draws is a case."""
        plan = candidate.plan
        reserves, sigma = (
            self._by_the_worst(plan) if self._is_whole(plan) else self._by_casts(candidate)
        )
        if len(reserves) == 0:
            return None
        reserves = reserves + self.finer(plan)
        volume = max(candidate.outcome.volume, 1e-9) / len(plan.placements)
        radius = float(RADIUS_OF_ONE * np.cbrt(volume))
        around = np.full_like(reserves, radius)
        spare = -shift_for(
            self._request.probability, lambda shift: chances_of(reserves + shift, around, sigma)
        )
        return Trial(candidate, spare, reserves, sigma, radius)

    def _by_the_worst(self, plan: Prescription) -> tuple[FloatArray, FloatArray]:
        """Return reserves and errors of the model of a pilot's draws: the worst as they are run."""
        expected, worst = self._worst(plan)
        records = self._evaluator.run(self.tasks(plan, worst))
        found = self._reserves(
            [None if record is None else read_evaluation(record) for record in records]
        )
        reserves = expected + np.median(found - expected[worst])
        reserves[worst] = found
        return reserves, self.draws.model_error[: len(reserves)]

    def _by_casts(self, candidate: Candidate) -> tuple[FloatArray, FloatArray]:
        """Return reserves and errors of the model of a few draws under many shifts."""
        table, draws = self.casts.reserves(candidate.plan, candidate.reserve)
        return table.ravel(), np.repeat(self.draws.model_error[draws], table.shape[1])

    def finer(self, plan: Prescription) -> float:
        """Return the guess of how much larger a reserve is on the cells of the treatment [m].

        Coarse cells blur the gaps between fibres and the necks between pull-backs. Plans that
        differ in energy or in where placements go are off alike, and share a run.
        """
        alike = self._alike(plan)
        if len(plan.placements) > 1:
            return self.casts.finer(alike, self._fine_bench.spacing)
        if not self._is_whole(plan):
            return 0.0  # before any draws are known, this is not what is missing most
        coarse, fine = (bench.run([alike])[0] for bench in (self._bench, self._fine_bench))
        return 0.0 if coarse is None or fine is None else fine.reserve - coarse.reserve

    def _finer_tasks(self, plan: Prescription) -> list[Task]:
        """Return the runs that this takes on the cells of the treatment."""
        alike = self._alike(plan)
        if len(plan.placements) > 1:
            return [self.casts.finer_task(alike, self._fine_bench.spacing)]
        return [self._fine_bench.task(alike)] if self._is_whole(plan) else []

    def _alike(self, plan: Prescription) -> Prescription:
        """Return the first plan of this kind that was met: fibres as far apart, as many pulls."""
        first = plan.placements[0]
        kind = (
            plan.pattern, round(plan.spacing / _SAME_SPACING), first.illuminations,
            round(first.pull_back / _SAME_SPACING), plan.direction, len(plan.placements) > 1,
        )  # fmt: skip
        return self._finer.setdefault(kind, plan)

    def _reserves(self, outcomes: Sequence[Evaluation | None]) -> FloatArray:
        complete_from = self._request.complete_from
        return np.array(
            [_HOPELESS if one is None else one.reserve(complete_from) for one in outcomes]
        )

    def draw(self, plans: Sequence[Prescription], count: int) -> list[Sample]:
        """Return whole runs of the first draws of plans: the same draws for each."""
        tasks = [task for one in plans for task in self.tasks(one, range(count))]
        records = self._evaluator.run(tasks)
        outcomes = [None if record is None else read_evaluation(record) for record in records]
        return [
            Sample(
                plan,
                tuple(outcomes[number * count : (number + 1) * count]),
                self.draws.model_error[:count],
                self._request.complete_from,
            )
            for number, plan in enumerate(plans)
        ]

    def tasks(self, plan: Prescription, which: Sequence[int]) -> list[Task]:
        """Return the whole runs of some draws of a plan."""
        return [Task(self.draws.text(plan, i, self._bench.spacing)) for i in which]

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
