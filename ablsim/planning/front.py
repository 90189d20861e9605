"""The front: what a higher probability costs."""

from dataclasses import dataclass

import numpy as np

from ablsim.planning.candidates import Candidate
from ablsim.planning.judgement import Found
from ablsim.planning.planner import Planner

MOST = 12
"""Plans of a front that are kept."""

_STEP = 0.01  # of the probability, below which a dearer plan is no other choice


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """One plan than which none is both cheaper and likelier to be complete.

    Parameters
    ----------
    candidate : Candidate
        The plan.
    probability : float
        That it is complete.
    basis : {"draws", "few draws", "reserve"}
        What that is from: many draws of the plan itself, its few worst, or those of the chosen plan
        moved to this one's reserve.
    is_chosen : bool
        Whether it is the plan that was chosen.
    """

    candidate: Candidate
    probability: float
    basis: str
    is_chosen: bool = False


def find_front(found: Found, planner: Planner) -> tuple[FrontPoint, ...]:
    """Return the front of burden against probability, least burden first.

    Parameters
    ----------
    found : Found
        The plan, with its draws.
    planner : Planner
        Knows all that was run, tried and judged.
    """
    beside = found.sample.reserves() - found.best.reserve + found.finer.reserve
    # what no fine cells have seen says too much
    judged = {one.best.plan: one for one in planner.judge.judged if one.is_checked}
    points = []
    for one in planner.bench.candidates:
        if not one.is_allowed:
            continue
        if one.plan in judged:
            chance, basis = judged[one.plan].probability.complete.value, "draws"
        elif one.plan in planner.trials.known:
            trial = planner.trials.known[one.plan]
            chance, basis = trial.chance(-planner.extra(one.plan)), "few draws"
        else:
            chance = float(found.sample.chances(beside + one.reserve).mean())
            basis = "reserve"
        points.append(FrontPoint(one, chance, basis, one.plan == found.best.plan))
    points = _without_promises(points)
    front: list[FrontPoint] = []
    for point in sorted(points, key=lambda p: (p.candidate.burden, -p.probability)):
        best = front[-1].probability if front else -1.0
        if point.is_chosen or point.probability >= best + _STEP:
            front.append(point)
    return _thinned(front)


def _without_promises(points: list[FrontPoint]) -> list[FrontPoint]:
    """Return the points without those that an estimate alone puts above the chosen plan.

    Cheaper plans were tried and judged beside it; what was only estimated may not say more.
    """
    chosen = next((one for one in points if one.is_chosen), None)
    if chosen is None:
        return points
    return [
        one
        for one in points
        if one.is_chosen
        or one.basis == "draws"
        or one.candidate.burden > chosen.candidate.burden
        or one.probability < chosen.probability
    ]


def _thinned(front: list[FrontPoint]) -> tuple[FrontPoint, ...]:
    """Return about `MOST` points of a front, spread over the probability, all judged among them."""
    if len(front) <= MOST:
        return tuple(front)
    wanted = np.linspace(front[0].probability, front[-1].probability, MOST - 1)
    kept = {min(range(len(front)), key=lambda i: abs(front[i].probability - p)) for p in wanted}
    kept |= {i for i, point in enumerate(front) if point.is_chosen or point.basis == "draws"}
    return tuple(front[i] for i in sorted(kept))
