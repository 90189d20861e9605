"""The active region: the box of cells that have noticed the laser yet.

It grows with the heat, and a new session, in which all is cold, begins with a new one. Its border
is insulated, so no energy is lost; cells outside only absorb light. Both leave an error of the
order of the tolerance.
"""

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Block
from ablsim.kernels import region

Box = tuple[int, int, int, int, int, int]
"""(z0, z1, y0, y1, x0, x1), half-open, in indices that count one ghost layer."""

Opened = tuple[bool, bool, bool, bool, bool, bool]
"""Which of the six sides of a box lie on the wall of the domain, in the order of `Box`."""

MARGIN = 2
"""Cells between the heat and the border at which the region grows ..."""
GROWTH = 6
"""... and the cells that are then left between them."""


def reach(steps: float) -> int:
    """Return the margin [cells] that a step needs which is ``steps`` times the longest Euler step.

    Heat spreads by sqrt(2 alpha dt) meanwhile, and an Euler step is at most h^2/(6 alpha). The
    factor 1.2 is that of the Euler steps, of which 8 are made at `MARGIN`.
    """
    return max(MARGIN, ceil(1.2 * sqrt(steps / 3.0)))


def whole(shape: Sequence[int]) -> Box:
    """Return the box of all inner cells of arrays of the padded ``shape``."""
    nz, ny, nx = shape
    return (1, nz - 1, 1, ny - 1, 1, nx - 1)


def padded(block: Block) -> Box:
    """Return a block of cells as a box, in indices that count the ghosts."""
    z, y, x = block
    return (z.start + 1, z.stop + 1, y.start + 1, y.stop + 1, x.start + 1, x.stop + 1)


def cells(box: Box) -> Block:
    """Return a box as slices of the arrays whose indices it counts in."""
    z0, z1, y0, y1, x0, x1 = box
    return (slice(z0, z1), slice(y0, y1), slice(x0, x1))


def opened(box: Box, shape: Sequence[int]) -> Opened:
    """Say which sides of the box lie on the wall of the domain."""
    full = whole(shape)
    z0, z1, y0, y1, x0, x1 = (a == b for a, b in zip(box, full, strict=True))
    return (z0, z1, y0, y1, x0, x1)


class Region:
    """The active region: its box in a domain.

    Parameters
    ----------
    shape : tuple of int
        Shape of the domain's arrays, with their ghosts.

    Attributes
    ----------
    box : tuple of int or None
        The box; None before anything has been heated.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self.box: Box | None = None

    @property
    def opened(self) -> Opened:
        """Which of its sides lie on the wall of the domain."""
        return opened(self.box, self._shape) if self.box else (False,) * 6

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole domain."""
        return self.box == whole(self._shape)

    @property
    def n_cells(self) -> int:
        """Number of cells in it."""
        if self.box is None:
            return 0
        z0, z1, y0, y1, x0, x1 = self.box
        return (z1 - z0) * (y1 - y0) * (x1 - x0)

    @property
    def slices(self) -> Block:
        """The region as slices ``(z, y, x)`` of arrays without ghosts."""
        if self.box is None:
            return (slice(0), slice(0), slice(0))
        z0, z1, y0, y1, x0, x1 = self.box
        return (slice(z0 - 1, z1 - 1), slice(y0 - 1, y1 - 1), slice(x0 - 1, x1 - 1))


def find_heated(theta: NDArray[np.floating], tolerance: float, box: Box) -> Box | None:
    """Return the bounding box of the cells within ``box`` whose rise exceeds ``tolerance`` [K]."""
    nz = theta.shape[0]
    low = np.ones((nz, 2), dtype=np.int64)
    high = np.zeros((nz, 2), dtype=np.int64)
    region.extent(theta, theta.dtype.type(tolerance), box, low, high)
    planes = np.flatnonzero(high[:, 0] >= low[:, 0])
    planes = planes[(planes >= box[0]) & (planes < box[1])]
    if planes.size == 0:
        return None
    y0, x0 = low[planes].min(axis=0)
    y1, x1 = high[planes].max(axis=0)
    return (int(planes[0]), int(planes[-1]) + 1, int(y0), int(y1) + 1, int(x0), int(x1) + 1)


def grown(
    box: Box | None, heated: Box | None, shape: Sequence[int], margin: int = MARGIN
) -> Box | None:
    """Return ``box`` grown so that ``heated`` stays clear of its border by ``margin`` cells."""
    if heated is None:
        return box
    growth = margin + GROWTH - MARGIN
    full = whole(shape)
    sides = list(box) if box is not None else list(heated)
    for side, (edge, limit) in enumerate(zip(heated, full, strict=True)):
        if side % 2 == 0:
            if box is None or edge - sides[side] < margin:
                sides[side] = max(limit, min(sides[side], edge - growth))
        elif box is None or sides[side] - edge < margin:
            sides[side] = min(limit, max(sides[side], edge + growth))
    z0, z1, y0, y1, x0, x1 = sides
    return (z0, z1, y0, y1, x0, x1)
