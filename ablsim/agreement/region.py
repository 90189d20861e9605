"""A region of the patient, however it is known: a zone, a mask, a tumour of a case."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from ablsim.case_tables import TumourTable
from ablsim.contour import Window, contour, cube_volumes
from ablsim.errors import CaseError
from ablsim.front import LIMIT
from ablsim.grid import Grid
from ablsim.imaging.masks import Mask
from ablsim.levels import front_and_lumen
from ablsim.result import Result

FloatArray = NDArray[np.float64]

_PADDING = 3  # cells around a region, so that none reaches its grid's wall
_TUMOUR_CELLS = 60  # along the longest axis of a tumour


@dataclass(frozen=True, eq=False)
class Region:
    """A region of the patient.

    Parameters
    ----------
    grid : Grid
        Cells that hold all of it and some around.
    field : ndarray of float64, shape (nz, ny, nx)
        Positive inside, at the cells' centres.
    counted : float, optional
        Its volume where that is known better than by its contour [m^3].
    """

    grid: Grid
    field: FloatArray
    counted: float | None = None

    @cached_property
    def surface(self) -> FloatArray:
        """Triangles ``(n, 3, 3)`` of its surface, LPS [m]."""
        return contour(self._window, self._nodes)

    @cached_property
    def volume(self) -> float:
        """Its volume [m^3]."""
        if self.counted is not None:
            return self.counted
        return float(cube_volumes(self._window, [self._nodes]).sum())

    def level(self, points: ArrayLike) -> FloatArray:
        """Return its field at points ``(..., 3)``, interpolated linearly; positive inside."""
        index = np.moveaxis(self.grid.index(points), -1, 0)
        return np.asarray(ndimage.map_coordinates(self.field, index, order=1, mode="nearest"))

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Say which points ``(..., 3)`` lie inside."""
        return np.asarray(self.level(points) > 0.0)

    @property
    def _window(self) -> Window:
        return Window(self.grid, (0, 0, 0), self.grid.shape)

    @property
    def _nodes(self) -> FloatArray:
        return self._window.to_nodes(self.field, float(self.field.min()))


def region_of_zone(result: Result, zone: str | None = None) -> Region:
    """Return the zone of a result as a region; the one that its case reports, if none is named.

    Raises
    ------
    CaseError
        If there is no such zone.
    """
    name = zone or result.case.physics.reported_zone
    omega = getattr(result.fields, name)
    inside = np.argwhere(omega >= 1.0)
    if not len(inside):
        msg = f"the result: has no zone of {name}; there is nothing to compare with a mask"
        raise CaseError(msg)
    low, high = inside.min(axis=0), inside.max(axis=0)
    window = Window.around(result.grid, low, high, _PADDING)
    if window is None:
        raise AssertionError(low, high)  # cells of a grid lie in it
    tubes = [(vessel.points, 0.5 * vessel.diameter) for vessel in result.case.vessels]
    front, lumen = front_and_lumen(window, omega, tubes)
    field = front if lumen is None else np.minimum(front, lumen / result.grid.spacing)
    padded = np.pad(field[window.inner], _PADDING, constant_values=-LIMIT)
    z, y, x = (start - _PADDING for start in window.start)
    corner = np.asarray(result.grid.origin) + result.grid.spacing * np.array([x, y, z])
    nz, ny, nx = padded.shape
    ox, oy, oz = corner.tolist()
    return Region(Grid((nz, ny, nx), result.grid.spacing, (ox, oy, oz)), padded)


def region_of_mask(mask: Mask) -> Region:
    """Return what was marked in an image as a region."""
    return Region(mask.grid, mask.distance, mask.volume)


def region_of_tumour(tumour: TumourTable) -> Region:
    """Return the tumour of a case as a region."""
    body = tumour.body
    spacing = max(tumour.axes) / _TUMOUR_CELLS
    low, high = body.bounds()
    x, y, z = (0.5 * (low + high)).tolist()
    dx, dy, dz = (high - low + 2 * _PADDING * spacing).tolist()
    grid = Grid.centred((x, y, z), (dx, dy, dz), spacing)
    points = np.stack(np.meshgrid(*grid.axes()[::-1], indexing="ij")[::-1], axis=-1)
    return Region(grid, -body.distance(points))
