"""Judgement: the probability of a plan from many draws, and the plan on the cells of the treatment.

Of one placement every draw is a whole run. Of several, whole runs of some say how far the others,
zones laid side by side, are off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ablsim.planning.candidates import Bench, Candidate
from ablsim.planning.evaluator import Evaluator, Record, Task
from ablsim.planning.laid import CAST_DRAWS, infer, is_inferable, whole_runs
from ablsim.planning.prescription import Prescription
from ablsim.planning.probability import Probability, Sample
from ablsim.planning.request import Request
from ablsim.planning.trials import DRAWS, PILOT, Trial, Trials

TOLERANCE = 0.005
"""How far below the demand an estimated probability may be and count as reached."""

FAR = 0.02
"""How far short of the demand a probability must be for the rest of its draws to be pointless."""

FINE_DRAWS, FINE_DRAWS_OF_SEVERAL = 3, 1
"""Draws that are run on fine cells as well as the plan."""

CELLS_SCATTER = 0.9e-3
"""Standard deviation of what fine cells change of the reserve, from run to run of a plan [m].

Measured on 8 draws: of four placements at 30 mm 1.2 mm (0.3 mm in seven, one by itself 3.2 mm off),
of one at 20 mm 0.2 mm, with light by diffusion 0.9 and 1.0 mm.
"""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Finer:
    """What fine cells change of a plan and of some of its draws.

    Parameters
    ----------
    reserve, margin : float
        Mean of how much larger reserve and smallest margin are on them [m].
    runs : int
        How many were run on both.
    """

    reserve: float = 0.0
    margin: float = 0.0
    runs: int = 0

    @property
    def error(self) -> float:
        """Standard deviation of that of the reserve [m]."""
        return CELLS_SCATTER / np.sqrt(self.runs) if self.runs else 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a planner found for one demand.

    Parameters
    ----------
    best : Candidate
        The plan, on the cells of the search.
    fine : Candidate
        The same on the cells of the treatment.
    sample : Sample
        Its draws.
    probability : Probability
        What they say, carried over to the finer cells.
    finer : Finer
        What fine cells change.
    required : float
        Reserve that the demand takes on the cells of the search [m].
    is_reached : bool
        Whether the probability is the one asked for, within all limits.
    is_checked : bool
        Whether it was run on the cells of the treatment.
    """

    best: Candidate
    fine: Candidate
    sample: Sample
    probability: Probability
    finer: Finer
    required: float
    is_reached: bool
    is_checked: bool

    @property
    def is_allowed(self) -> bool:
        """Whether it passes no limit, neither here nor on the cells of the treatment."""
        return self.best.is_allowed and self.fine.is_allowed

    @property
    def is_feasible(self) -> bool:
        """Whether the demand is met within all limits."""
        return self.is_reached and self.is_checked

    @property
    def shift_of_margin(self) -> float:
        """By how much the smallest margin of the plan itself is larger on these [m]."""
        return self.fine.outcome.margin_min - self.best.outcome.margin_min


class Judge:
    """Judges plans of one subject.

    Parameters
    ----------
    request : Request
        What is asked.
    evaluator : Evaluator
        Runs everything.
    fine_bench : Bench
        Runs plans on the cells of the treatment.
    trials : Trials
        Draws plans.
    say : callable
        Told in a few words what is done.
    """

    def __init__(
        self,
        request: Request,
        evaluator: Evaluator,
        fine_bench: Bench,
        trials: Trials,
        say: Say,
    ) -> None:
        self._request = request
        self._evaluator = evaluator
        self._fine_bench = fine_bench
        self._trials = trials
        self._say = say
        self.judged: list[Found] = []

    def assess(self, trial: Trial, reserve: float, *, is_pilot: bool = False) -> Found:
        """Return a plan with its probability, and how it does on fine cells.

        Parameters
        ----------
        trial : Trial
            The plan. Where its first draws say that it falls far short, more are not made.
        reserve : float
            What was searched for [m].
        is_pilot : bool
            Whether to see only what trials lack: with fewer draws, of several placements with
            fewer whole runs and not on fine cells, which makes it no answer.
        """
        best = trial.candidate
        self._say("probability, and the plan on fine cells")
        is_single = len(best.plan.placements) == 1
        count = self._count(best.plan)
        if is_pilot and not is_inferable(self._trials.casts, best.plan):
            count = min(count, PILOT)
        is_checked = not is_pilot or is_single
        for number in sorted({min(PILOT, count), count}):
            draws = self._draw_tasks(best.plan, number, is_pilot=is_pilot)
            fine_runs = self._fine_tasks(best.plan) if is_checked else []
            # no worker waits; runs on fine cells of several placements share all threads
            for tasks in ([*draws, *fine_runs],) if is_single else (draws, fine_runs):
                self._evaluator.run(tasks)
            sample = self._draw(best, number, is_pilot=is_pilot)
            checked = self._fine_bench.run([best.plan])[0] if is_checked else None
            finer = Finer() if checked is None else self._compare(best, checked, sample)
            sample = replace(sample, bias=float(np.hypot(sample.bias, finer.error)))
            probability = sample.assess(finer.reserve, finer.margin)
            if probability.complete.value < self._request.probability - FAR:
                break
        self._say(
            f"{best.plan.describe()}: complete with {100 * probability.complete.value:.0f} %, "
            f"{best.burden:.0f} min"
        )
        reached = probability.complete.value >= self._request.probability - TOLERANCE
        found = Found(
            best=best,
            fine=checked or best,
            sample=sample,
            probability=probability,
            finer=finer,
            required=reserve,
            is_reached=reached and best.is_allowed and (checked or best).is_allowed,
            is_checked=checked is not None,
        )
        self.judged.append(found)
        return found

    def _fine_tasks(self, plan: Prescription) -> list[Task]:
        """Return the runs of a plan and of some of its draws on fine cells."""
        spacing, draws = self._fine_bench.spacing, self._trials.draws
        few = FINE_DRAWS if len(plan.placements) == 1 else FINE_DRAWS_OF_SEVERAL
        texts = [draws.text(plan, draw, spacing) for draw in range(few)]
        # errors that bring fibres together may have taken these to cells as fine already
        return [self._fine_bench.task(plan), *(Task(text) for text in texts)]

    def _compare(self, best: Candidate, fine: Candidate, sample: Sample) -> Finer:
        """Return what fine cells change of a plan and of its first draws."""
        records: Sequence[Record | None] = self._evaluator.run(self._fine_tasks(best.plan)[1:])
        pairs = [(best.outcome, fine.outcome)]
        for coarse, record in zip(sample.outcomes, records, strict=False):
            if coarse is not None and record is not None:
                pairs.append((coarse, self._fine_bench.read(best.plan, record)))
        share = self._request.complete_from
        reserves = [after.reserve(share) - before.reserve(share) for before, after in pairs]
        margins = [after.margin_min - before.margin_min for before, after in pairs]
        return Finer(float(np.mean(reserves)), float(np.mean(margins)), len(pairs))

    def spare(self, found: Found) -> float:
        """Return how far a judged plan is beyond the demand [m]; negative short of it."""
        return found.sample.spare(self._request.probability) + found.finer.reserve

    def has_judged(self, candidate: Candidate) -> bool:
        """Say whether a plan was judged before."""
        return any(one.best.plan == candidate.plan for one in self.judged)

    def _draw(self, planned: Candidate, count: int, *, is_pilot: bool = False) -> Sample:
        """Return draws of a plan: whole runs, or of several placements also what these say."""
        casts, plan = self._trials.casts, planned.plan
        if not is_inferable(casts, plan):
            return self._trials.draw([plan], count)[0]
        whole, distinct = self._shares(plan, count, is_pilot=is_pilot)
        return infer(casts, planned, self._trials.draw([plan], whole)[0], count, distinct)

    def _draw_tasks(self, plan: Prescription, count: int, *, is_pilot: bool) -> list[Task]:
        """Return all runs that drawing a plan takes."""
        casts = self._trials.casts
        if not is_inferable(casts, plan):
            return self._trials.tasks(plan, range(count))
        whole, distinct = self._shares(plan, count, is_pilot=is_pilot)
        return [*self._trials.tasks(plan, range(whole)), *casts.tasks(plan, range(distinct))]

    def _shares(self, plan: Prescription, count: int, *, is_pilot: bool) -> tuple[int, int]:
        """Return of how many draws of several placements the whole is run, and how many cast."""
        whole = min(count, whole_runs(plan, is_pilot=is_pilot))
        return whole, min(count, CAST_DRAWS)

    def _count(self, plan: Prescription) -> int:
        """Return how many draws a plan gets: fewer where each takes long."""
        if self._request.draws:
            return self._request.draws
        if is_inferable(self._trials.casts, plan) or plan.illuminations <= 10:
            return DRAWS
        return 32 if plan.illuminations <= 30 else 16


def is_better(one: Found, other: Found) -> bool:
    """Say whether one plan answers a demand better than another."""
    if one.is_feasible and other.is_feasible:
        return one.best.burden < other.best.burden
    if one.is_feasible != other.is_feasible:
        return one.is_feasible
    if one.is_allowed != other.is_allowed:
        return one.is_allowed
    return one.probability.complete.value > other.probability.complete.value
