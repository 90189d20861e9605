"""The voxel grid: where each cell lies in the patient frame.

Arrays are ``(z, y, x)``, C order, cell-centred. Positions are LPS, in metres, written ``(x, y, z)``
with x to the patient's left, y to the back (posterior) and z to the head (superior).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.notebook import make_card
from ablsim.units import to_mm

Point = tuple[float, float, float]

Block = tuple[slice, slice, slice]
"""Neighbouring cells as slices ``(z, y, x)``."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A block of cubic cells along the LPS axes.

    Parameters
    ----------
    shape : tuple of int
        Number of cells ``(nz, ny, nx)``.
    spacing : float
        Edge length of a cell [m].
    origin : tuple of float
        LPS position ``(x, y, z)`` of the outer corner of cell ``(0, 0, 0)`` [m].
        VTK's origin is this corner; an ITK image's origin is the centre, half a cell further.

    Examples
    --------
    >>> grid = Grid.centred((0.0, 0.0, 0.0), (4e-3, 4e-3, 6e-3), 1e-3)
    >>> grid.shape, grid.origin
    ((6, 4, 4), (-0.002, -0.002, -0.003))
    """

    shape: tuple[int, int, int]
    spacing: float
    origin: Point

    @classmethod
    def centred(cls, centre: Point, size: Point, spacing: float) -> "Grid":
        """Return the smallest grid around ``centre`` [m] that covers ``size`` (x, y, z) [m]."""
        nx, ny, nz = (max(1, int(np.ceil(length / spacing - 1e-9))) for length in size)
        x, y, z = (c - 0.5 * n * spacing for c, n in zip(centre, (nx, ny, nz), strict=True))
        return cls((nz, ny, nx), float(spacing), (float(x), float(y), float(z)))

    @property
    def whole(self) -> Block:
        """All cells."""
        nz, ny, nx = self.shape
        return (slice(0, nz), slice(0, ny), slice(0, nx))

    def part(self, block: Block) -> "Grid":
        """Return the grid of a ``block`` of the cells."""
        nz, ny, nx = (part.stop - part.start for part in block)
        x, y, z = (
            o + part.start * self.spacing
            for o, part in zip(self.origin, reversed(block), strict=True)
        )
        return Grid((nz, ny, nx), self.spacing, (x, y, z))

    @property
    def size(self) -> Point:
        """Edge lengths ``(x, y, z)`` [m]."""
        nz, ny, nx = self.shape
        return (nx * self.spacing, ny * self.spacing, nz * self.spacing)

    @property
    def centre(self) -> Point:
        """LPS position of the middle [m]."""
        x, y, z = (o + 0.5 * s for o, s in zip(self.origin, self.size, strict=True))
        return (x, y, z)

    @property
    def text(self) -> str:
        """Number and size of the cells in words."""
        nz, ny, nx = self.shape
        return f"{nx} x {ny} x {nz} cells of {to_mm(self.spacing):g} mm"

    def _repr_html_(self) -> str:
        rows = [
            (axis, f"{n} cells", f"{to_mm(low):g} to {to_mm(low + size):g} mm")
            for axis, n, low, size in zip(
                ("x (left)", "y (back)", "z (head)"),
                self.shape[::-1],
                self.origin,
                self.size,
                strict=True,
            )
        ]
        return make_card(f"Grid, {to_mm(self.spacing):g} mm", rows)

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        nz, ny, nx = self.shape
        return nz * ny * nx

    @property
    def cell_volume(self) -> float:
        """Volume of one cell [m^3]."""
        return self.spacing**3

    def axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the cell-centre coordinates along x, y and z [m], each one-dimensional."""
        nz, ny, nx = self.shape
        x, y, z = (
            np.asarray(o + (np.arange(n) + 0.5) * self.spacing, dtype=np.float64)
            for o, n in zip(self.origin, (nx, ny, nz), strict=True)
        )
        return x, y, z

    def index(self, points: ArrayLike) -> NDArray[np.float64]:
        """Return fractional array indices ``(z, y, x)`` of LPS points ``(..., 3)`` [m].

        A cell's centre has integer indices.
        """
        xyz = (np.asarray(points, dtype=np.float64) - self.origin) / self.spacing - 0.5
        return np.asarray(xyz[..., ::-1])

    def position(self, index: ArrayLike) -> NDArray[np.float64]:
        """Return LPS positions ``(x, y, z)`` [m] of fractional array indices ``(..., 3)``."""
        zyx = (np.asarray(index, dtype=np.float64) + 0.5) * self.spacing
        return np.asarray(zyx[..., ::-1] + self.origin)

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Say which LPS points ``(..., 3)`` [m] lie inside."""
        offset = np.asarray(points, dtype=np.float64) - self.origin
        return np.asarray(np.all((offset >= 0.0) & (offset <= self.size), axis=-1))
