"""What the stored states of a result add to its end: the hottest moment, peaks, volumes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.contour import Window, cube_volumes
from ablsim.front import LIMIT
from ablsim.geometry import distance_to_tube
from ablsim.result import Array32, Fields, Result, Snapshot
from ablsim.units import to_ml
from ablsim.view.style import ZONE_NAMES
from ablsim.view.subject import make_fronts

_VOLUME_TIMES = 12


@dataclass(frozen=True, slots=True)
class Course:
    """What pictures need of the time before the end.

    Parameters
    ----------
    hottest : Snapshot
        The state with the most heat in the tissue.
    highest : ndarray of float32, shape (nz, ny, nx)
        Highest temperature that each cell had in a stored state [K].
    times : tuple of float
        When the volumes were measured [s].
    volumes : mapping of str to tuple of float
        Volume of every zone at these times [mL].
    """

    hottest: Snapshot
    highest: Array32
    times: tuple[float, ...]
    volumes: Mapping[str, tuple[float, ...]]


def follow(result: Result, states: Iterable[Snapshot]) -> Course:
    """Go once through the stored states of a result, which end with its own."""
    every = max(1, -(-len(result.history) // _VOLUME_TIMES))
    end = Snapshot(_end(result), result.fields, result.ledger)
    hottest = end
    rise = result.fields.rise.copy()
    found: dict[float, dict[str, float]] = {}
    for number, state in enumerate(states):
        np.maximum(rise, state.fields.rise, out=rise)
        if state.ledger.stored > hottest.ledger.stored:
            hottest = state
        if number % every == 0 and state.time < end.time:
            found[state.time] = _zone_volumes(result, state.fields)
    found[end.time] = _zone_volumes(result, end.fields)
    return Course(
        hottest,
        np.asarray(rise + np.float32(result.base_temperature)),
        tuple(found),
        {name: tuple(volumes[name] for volumes in found.values()) for name in ZONE_NAMES},
    )


def _end(result: Result) -> float:
    return result.history[-1].time if result.history else result.case.protocol.duration


def _zone_volumes(result: Result, fields: Fields) -> dict[str, float]:
    """Return the volume [mL] of every zone, vessels left out."""
    fronts = make_fronts(result, fields)
    return {name: to_ml(_volume(result, front)) for name, front in fronts.items()}


def _volume(result: Result, front: NDArray[np.float32]) -> float:
    inside = np.argwhere(front > 0.0)
    if len(inside) == 0:
        return 0.0
    window = Window.around(result.grid, inside.min(axis=0), inside.max(axis=0), 1)
    if window is None:
        return 0.0
    field = window.to_nodes(front[window.box].astype(np.float64), -LIMIT)
    for vessel in result.case.vessels:
        distance = distance_to_tube(window.points(), vessel.points, 0.5 * vessel.diameter)
        np.minimum(field, distance / result.grid.spacing, out=field)
    return float(cube_volumes(window, [field]).sum())
