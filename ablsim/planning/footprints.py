"""Footprints: how deep each place around the fibres of one placement lies in their zone.

Those of single illuminations serve to guess what a layout reaches by laying them side by side,
which knows nothing of the heat that neighbours give each other, of vessels nearby or of what is
dead already. Placements of a session of their own give each other little, so whole placements side
by side come near to a run of them all. The guess says what is worth a run; a run says what is so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ablsim.grid import Point
from ablsim.light.fibre import Pattern
from ablsim.planning.evaluation import FOOTPRINT_STEP, Footprint, read_footprint
from ablsim.planning.evaluator import Evaluator, Task
from ablsim.planning.prescription import Prescription, arrange, place_pattern
from ablsim.planning.subject import Subject
from ablsim.position import HOME
from ablsim.quantities import LENGTH

SPACING = 3e-3
"""Edge of a cell of these runs [m]."""

TUMOUR_MOST = 44e-3
"""Diameter of the tumour that stands for larger ones [m]: it holds any one zone."""

_DOWN: Point = (0.0, 0.0, -1.0)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Illumination:
    """What one footprint is of: so many fibres, so far apart [m], so much from each [J].

    Of a whole placement there are several, so far from each other [m]; its fibres fire together or
    one by one.
    """

    pattern: Pattern
    spacing: float
    energy: float
    count: int = 1
    pull_back: float = 0.0
    together: bool = True


def take_footprints(
    subject: Subject,
    wanted: Sequence[Illumination],
    power: float,
    evaluator: Evaluator,
    spacing: float = SPACING,
) -> dict[Illumination, Footprint]:
    """Return footprints in a tumour like the subject's, alone in its liver.

    Parameters
    ----------
    subject : Subject
        Whose tissues they are in.
    wanted : sequence of Illumination
        What is fired.
    power : float
        Of each fibre [W].
    evaluator : Evaluator
        Runs them; those that fail are left out.
    spacing : float
        Edge of a cell [m].
    """
    tasks = [footprint_task(subject, one, power, spacing) for one in wanted]
    return {
        one: read_footprint(record)
        for one, record in zip(wanted, evaluator.run(tasks), strict=True)
        if record is not None
    }


def footprint_task(subject: Subject, one: Illumination, power: float, spacing: float) -> Task:
    """Return the run of a footprint; parameters are those of `take_footprints`."""
    placement = place_pattern(
        arrange(one.pattern, one.spacing, _DOWN),
        HOME,
        _DOWN,
        energy=one.energy,
        illuminations=one.count,
        pull_back=one.pull_back,
        session=0,
    )
    plan = Prescription(_DOWN, power, (placement,), one.together)
    return Task(alone(subject).text(plan, spacing), "footprint")


def alone(subject: Subject) -> Subject:
    """Return a spherical tumour like a subject's at the origin, with nothing but liver around."""
    tumour = subject.tumour
    changes: dict[str, object] = {
        **dict.fromkeys(("vessel", "organ", "probe", "domain")),
        "tumour": {
            "tissue": tumour.tissue,
            "perfusion": tumour.perfusion,
            "shape": "sphere",
            "diameter": LENGTH.write(min(TUMOUR_MOST, max(tumour.axes))),
        },
    }
    return Subject(subject.case.replace(changes))


def repeat(footprint: Footprint, illuminations: int, pull_back: float) -> Footprint:
    """Return the footprint of a placement: of illuminations pulled back about its middle."""
    if illuminations == 1:
        return footprint
    length = (illuminations - 1) * pull_back
    more = int(np.ceil(0.5 * length / FOOTPRINT_STEP))
    depth = np.pad(
        footprint.depth, ((0, 0), (0, 0), (more, more)), mode="reflect", reflect_type="odd"
    )
    whole = np.full_like(depth, -np.inf)
    for number in range(illuminations):
        along = (number * pull_back - 0.5 * length) / FOOTPRINT_STEP
        moved = ndimage.shift(depth, (0.0, 0.0, along), order=1, mode="nearest")
        whole = np.maximum(whole, moved)
    low = footprint.low - np.array([0.0, 0.0, more * FOOTPRINT_STEP])
    return Footprint(whole, low, footprint.volume * illuminations)


def depth_at(
    footprint: Footprint, offsets: FloatArray, direction: Point, rotation: float
) -> FloatArray:
    """Return how deep points lie in the zone of a placement.

    Parameters
    ----------
    footprint : Footprint
        Of the placement.
    offsets : ndarray of float64, shape (..., 3)
        Points, from the middle of its tips and pull-backs, LPS [m].
    direction : Point
        From the hand to its tips.
    rotation : float
        Of its pattern about that [rad].
    """
    first, second = (np.asarray(tip) for tip in arrange("line", 1.0, direction, rotation))
    side = (second - first) / np.linalg.norm(second - first)
    axis = np.asarray(direction)
    frame = np.array([side, -np.cross(axis, side), -axis])  # of fibres that point down
    return depth_of(footprint, offsets @ frame.T)


def depth_of(footprint: Footprint, points: FloatArray) -> FloatArray:
    """Return how deep points, shape (..., 3), lie in the zone of a footprint, in its frame [m]."""
    at = np.moveaxis((points - footprint.low) / FOOTPRINT_STEP, -1, 0)
    return np.asarray(ndimage.map_coordinates(footprint.depth, at, order=1, mode="nearest"))
