"""Which run of an explanation is the first to reach a point of the tumour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from ablsim.case import Case
from ablsim.front import REACH, damage_front
from ablsim.geometry import distance_to_tube
from ablsim.grid import Grid
from ablsim.result import Array32

OUTSIDE = 255
"""Label of what is not tumour."""


@dataclass(frozen=True, slots=True)
class Shells:
    """The parts of a tumour by the first run whose zone holds them.

    Parameters
    ----------
    case : Case
        The first case: where its tumour and vessels are.
    grid : Grid
        The cells of all runs.
    box : tuple of slice
        The part of the grid (z, y, x) around the tumour.
    fronts : tuple of ndarray of float32
        For each run a field on that box, positive inside its zone.
    """

    case: Case
    grid: Grid
    box: tuple[slice, slice, slice]
    fronts: tuple[Array32, ...]

    def labels(self, points: ArrayLike) -> NDArray[np.uint8]:
        """Return for LPS points (..., 3) [m] the number of the first run that reaches them.

        Runs count from 0; their number stands for what none reaches, 255 for what is no tumour.
        """
        at = np.asarray(points, dtype=np.float64)
        tumour = self.case.tumour
        found = np.full(at.shape[:-1], OUTSIDE, dtype=np.uint8)
        if tumour is None:
            return found
        inside = tumour.body.distance(at) <= 0.0
        for vessel in self.case.vessels:
            inside &= distance_to_tube(at, vessel.points, 0.5 * vessel.diameter) > 0.0
        first = [part.start for part in self.box]
        index = (self.grid.index(at[inside]) - first).T
        label = np.full(index.shape[1], len(self.fronts), dtype=np.uint8)
        for number, front in reversed(list(enumerate(self.fronts))):
            reached = map_coordinates(front, index, order=1, mode="nearest") > 0.0
            label[reached] = number
        found[inside] = label
        return found


def find_box(case: Case, grid: Grid) -> tuple[slice, slice, slice]:
    """Return the part of a grid that holds a tumour."""
    if case.tumour is None:
        return (slice(0, 0), slice(0, 0), slice(0, 0))
    reach = np.asarray(case.tumour.half_extent)
    centre = np.asarray(case.tumour.centre)
    low, high = np.sort(grid.index([centre - reach, centre + reach]), axis=0)
    first = np.clip(np.floor(low).astype(int) - 1, 0, None)
    last = np.minimum(np.ceil(high).astype(int) + 2, grid.shape)
    z, y, x = (slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    return z, y, x


def front_in(box: Sequence[slice], omega: Array32) -> Array32:
    """Return the front of a damage integral on a box, which knows what lies around it."""
    wide = tuple(
        slice(max(0, part.start - REACH), min(n, part.stop + REACH))
        for part, n in zip(box, omega.shape, strict=True)
    )
    inner = tuple(
        slice(part.start - around.start, part.stop - around.start)
        for part, around in zip(box, wide, strict=True)
    )
    return np.asarray(damage_front(omega[wide])[inner], dtype=np.float32)
