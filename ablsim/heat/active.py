"""The active region: the box of cells that have noticed the laser yet.

It grows with the heat and never shrinks. Its border is insulated, so no energy is lost; cells
outside only absorb light. Both leave an error of the order of the tolerance.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ablsim.kernels import pennes

Box = tuple[int, int, int, int, int, int]
"""(z0, z1, y0, y1, x0, x1), half-open, in indices that count one ghost layer."""

MARGIN = 2
"""Cells between the heat and the border at which the region grows ..."""
GROWTH = 6
"""... and the cells that are then left between them."""


def whole(shape: Sequence[int]) -> Box:
    """Return the box of all inner cells of arrays of the padded ``shape``."""
    nz, ny, nx = shape
    return (1, nz - 1, 1, ny - 1, 1, nx - 1)


def opened(box: Box, shape: Sequence[int]) -> tuple[bool, bool, bool, bool, bool, bool]:
    """Say which sides of the box lie on the wall of the domain."""
    full = whole(shape)
    z0, z1, y0, y1, x0, x1 = (a == b for a, b in zip(box, full, strict=True))
    return (z0, z1, y0, y1, x0, x1)


def find_heated(theta: NDArray[np.floating], tolerance: float, box: Box) -> Box | None:
    """Return the bounding box of the cells within ``box`` whose rise exceeds ``tolerance`` [K]."""
    nz = theta.shape[0]
    low = np.ones((nz, 2), dtype=np.int64)
    high = np.zeros((nz, 2), dtype=np.int64)
    pennes.extent(theta, theta.dtype.type(tolerance), box, low, high)
    planes = np.flatnonzero(high[:, 0] >= low[:, 0])
    planes = planes[(planes >= box[0]) & (planes < box[1])]
    if planes.size == 0:
        return None
    y0, x0 = low[planes].min(axis=0)
    y1, x1 = high[planes].max(axis=0)
    return (int(planes[0]), int(planes[-1]) + 1, int(y0), int(y1) + 1, int(x0), int(x1) + 1)


def grown(box: Box | None, heated: Box | None, shape: Sequence[int]) -> Box | None:
    """Return ``box`` grown so that ``heated`` stays clear of its border."""
    if heated is None:
        return box
    full = whole(shape)
    sides = list(box) if box is not None else list(heated)
    for side, (edge, limit) in enumerate(zip(heated, full, strict=True)):
        if side % 2 == 0:
            if box is None or edge - sides[side] < MARGIN:
                sides[side] = max(limit, min(sides[side], edge - GROWTH))
        elif box is None or sides[side] - edge < MARGIN:
            sides[side] = min(limit, max(sides[side], edge + GROWTH))
    z0, z1, y0, y1, x0, x1 = sides
    return (z0, z1, y0, y1, x0, x1)
