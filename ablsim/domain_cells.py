"""Which cells of a grid lie in a body."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.grid import Grid
from ablsim.shapes import Body

Slices = tuple[slice, slice, slice]

_LATTICE = 64  # most cells along an axis that a quick look at a body takes


def box_of(grid: Grid, low: ArrayLike, high: ArrayLike) -> Slices:
    """Return the slices ``(z, y, x)`` of all cells that reach between two corners [m].

    Corners may lie outside the grid or at infinity.
    """
    ends = grid.origin, np.add(grid.origin, grid.size)
    start = np.clip(np.floor(grid.index(np.clip(low, *ends))), 0, grid.shape).astype(int)
    stop = np.clip(np.ceil(grid.index(np.clip(high, *ends))) + 1.0, 0, grid.shape).astype(int)
    z, y, x = (slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    return z, y, x


def centres_of(grid: Grid, box: Slices) -> NDArray[np.float64]:
    """Return the cell centres of a box, LPS, shape ``(nz, ny, nx, 3)`` [m]."""
    x, y, z = grid.axes()
    zyx = np.meshgrid(z[box[0]], y[box[1]], x[box[2]], indexing="ij")
    return np.stack(zyx[::-1], axis=-1)


def cells_in(grid: Grid, body: Body) -> tuple[Slices, NDArray[np.bool_]]:
    """Return a box of cells, and which of them have their centres in a body."""
    box = box_of(grid, *body.bounds())
    return box, body.contains(centres_of(grid, box))


def holds_a_cell(grid: Grid, body: Body) -> bool:
    """Say whether the centre of any cell lies in a body.

    On grids too fine to look at every cell, a body that comes close to one counts as holding it.
    """
    box = box_of(grid, *body.bounds())
    stride = max(1, *(-(-(s.stop - s.start) // _LATTICE) for s in box))
    z, y, x = (slice(s.start, s.stop, stride) for s in box)
    points = centres_of(grid, (z, y, x))
    if stride == 1:
        return bool(body.contains(points).any())
    gap = np.sqrt(3.0) * stride * grid.spacing
    return points.size > 0 and float(body.distance(points).min()) <= gap
