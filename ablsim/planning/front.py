"""The front: what a higher probability costs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ablsim.planning.candidates import Candidate
from ablsim.planning.planner import Found

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
        That it is complete: the draws of the chosen plan, moved to this one's reserve.
    is_chosen : bool
        Whether it is the plan that was chosen, whose probability is that of its own draws.
    """

    candidate: Candidate
    probability: float
    is_chosen: bool


def find_front(found: Found, candidates: Sequence[Candidate]) -> tuple[FrontPoint, ...]:
    """Return the front of burden against probability, least burden first.

    Parameters
    ----------
    found : Found
        The plan, with its draws.
    candidates : sequence of Candidate
        All that were run.
    """
    beside = found.sample.reserves() - found.best.reserve + found.shift

    def chance(one: Candidate) -> float:
        return float(found.sample.chances(beside + one.reserve).mean())

    chosen = found.probability.complete.value
    points = [
        FrontPoint(one, chance(one), is_chosen=False)
        for one in candidates
        if one.is_allowed and one.plan != found.best.plan
    ]
    points.append(FrontPoint(found.best, chosen, is_chosen=True))
    front: list[FrontPoint] = []
    for point in sorted(points, key=lambda p: (p.candidate.burden, -p.probability)):
        best = front[-1].probability if front else -1.0
        if point.is_chosen or point.probability >= best + _STEP:
            front.append(point)
    return _thinned(front)


def _thinned(front: list[FrontPoint]) -> tuple[FrontPoint, ...]:
    """Return at most `MOST` points of a front, spread over the probability, the chosen among it."""
    if len(front) <= MOST:
        return tuple(front)
    wanted = np.linspace(front[0].probability, front[-1].probability, MOST - 1)
    kept = {min(range(len(front)), key=lambda i: abs(front[i].probability - p)) for p in wanted}
    kept |= {i for i, point in enumerate(front) if point.is_chosen}
    return tuple(front[i] for i in sorted(kept))
