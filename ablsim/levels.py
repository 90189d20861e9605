"""The fields whose zero levels bound what is measured: a zone's front, vessel walls, surfaces."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ablsim.contour import Window, without_bias
from ablsim.front import LIMIT, REACH, damage_front
from ablsim.geometry import Rows, distance_to_tube
from ablsim.result import Array32

FloatArray = NDArray[np.float64]

Tube = tuple[Rows, float]
"""Centre line and radius of a vessel [m]."""

_ON_SURFACE = 1e-9  # m, as in the domain: a centre this close to a vessel's wall is in its lumen


def front_and_lumen(
    window: Window, omega: Array32, tubes: Sequence[Tube]
) -> tuple[FloatArray, FloatArray | None]:
    """Return the front and the distance to the nearest lumen [m] on the window's nodes.

    The second is None where no vessel is near.
    """
    wide = Window.around(window.grid, np.array(window.start), np.array(window.stop) - 1.0, REACH)
    wide = wide or window
    core = tuple(
        slice(a - b, c - b) for a, b, c in zip(window.start, wide.start, window.stop, strict=True)
    )
    in_lumen = lumen = None
    if tubes:
        distance = _distance_to_tubes(wide.points(), tubes)
        in_lumen = distance[wide.inner] <= _ON_SURFACE
        distance = _distance_to_tubes(window.points(), tubes)
        if distance.min() < 2.0 * window.grid.spacing:
            lumen = smoothed(window, distance)
    front = damage_front(omega[wide.box], in_lumen)[core]
    return window.to_nodes(front, -LIMIT), lumen


def _distance_to_tubes(points: FloatArray, tubes: Sequence[Tube]) -> FloatArray:
    """Return the signed distance to the nearest of several tubes [m]."""
    return np.asarray(
        np.minimum.reduce([distance_to_tube(points, line, radius) for line, radius in tubes])
    )


def smoothed(window: Window, field: FloatArray) -> FloatArray:
    """Return a field on the nodes without the bias of linear interpolation at its contour."""
    out = field.copy()
    out[window.inner] = without_bias(field[window.inner])
    return out
