"""Footprints of single illuminations: how deep each place around the fibres lies in their zone.

They serve to guess what a layout reaches by laying them side by side, which knows nothing of the
heat that neighbours give each other, of vessels nearby or of what is dead already. The guess says
what is worth a run; a run says what is so.
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
    """What one footprint is of: so many fibres, so far apart [m], so much from each [J]."""

    pattern: Pattern
    spacing: float
    energy: float


def take_footprints(
    subject: Subject, wanted: Sequence[Illumination], power: float, evaluator: Evaluator
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
    """
    tasks = [Task(_text(subject, one, power), "footprint") for one in wanted]
    return {
        one: read_footprint(record)
        for one, record in zip(wanted, evaluator.run(tasks), strict=True)
        if record is not None
    }


def _text(subject: Subject, one: Illumination, power: float) -> str:
    tumour = subject.case.tumour
    diameter = min(TUMOUR_MOST, max(subject.tumour.axes))
    changes: dict[str, object] = {"vessel": None, "organ": None, "probe": None, "domain": None}
    if tumour is not None:
        changes["tumour"] = {
            "tissue": tumour.tissue,
            "perfusion": tumour.perfusion,
            "shape": "sphere",
            "diameter": LENGTH.write(diameter),
        }
    placement = place_pattern(
        arrange(one.pattern, one.spacing, _DOWN),
        HOME,
        _DOWN,
        energy=one.energy,
        illuminations=1,
        pull_back=0.0,
        session=0,
    )
    alone = Subject(subject.case.replace(changes))
    return alone.text(Prescription(_DOWN, power, (placement,)), SPACING)


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
    local = (offsets @ frame.T - footprint.low) / FOOTPRINT_STEP
    return np.asarray(
        ndimage.map_coordinates(footprint.depth, np.moveaxis(local, -1, 0), order=1, mode="nearest")
    )
