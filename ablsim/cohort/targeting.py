"""Where fibres end up: every insertion misses its aim."""

from collections.abc import Callable, Sequence
from itertools import combinations
from math import dist

import numpy as np

from ablsim.cohort.chance import normal
from ablsim.cohort.study_tables import PlacementTable
from ablsim.errors import CaseError
from ablsim.geometry import perpendiculars
from ablsim.grid import Point

TRIES = 1000
"""How often an insertion is tried before a study is refused."""

Chance = Callable[..., float]


def miss(
    aims: Sequence[Point], direction: Point, errors: PlacementTable, seed: int, *words: object
) -> tuple[Point, ...]:
    """Return where the tips of one placement end up [m].

    Parameters
    ----------
    aims : sequence of Point
        Where they were to go [m].
    direction : Point
        From the hand to the tips.
    errors : PlacementTable
        How far they miss.
    seed : int
        Of the study.
    *words
        What the placement is: the same words miss in the same way.

    Raises
    ------
    CaseError
        If fibres hardly ever keep the distance that they are to keep.

    Notes
    -----
    All fibres share one shift, normally distributed along each axis of the patient; each adds its
    own error across its direction and along it. Where two tips come closer than ``closest`` all are
    inserted anew, as an operator does who sees them on the screen.
    """
    if errors.is_exact:
        return tuple(aims)
    across = np.array([*perpendiculars(direction), direction])
    spread = np.array([errors.lateral, errors.lateral, errors.depth])
    for number in range(TRIES):
        shift = [errors.shift * normal(seed, *words, number, "shift", axis) for axis in "xyz"]
        own = [
            [normal(seed, *words, number, "fibre", fibre, axis) for axis in range(3)]
            for fibre in range(len(aims))
        ]
        tips = np.asarray(aims) + shift + (np.array(own) * spread) @ across
        found = [(x, y, z) for x, y, z in tips.round(6).tolist()]  # micrometres
        if all(dist(a, b) >= errors.closest for a, b in combinations(found, 2)):
            return tuple(found)
    msg = (
        f"uncertainty.placement.closest: in {TRIES} tries fibres never kept "
        f"{1e3 * errors.closest:g} mm between them; allowed is less than the spacing of the policy "
        "by a few standard deviations; give a smaller one"
    )
    raise CaseError(msg)
