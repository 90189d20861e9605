"""A plane through the body: fields sampled on it, contours in it."""

from dataclasses import dataclass

import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from ablsim.grid import Grid

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plane:
    """A rectangle in space with a lattice of points on it.

    Parameters
    ----------
    centre : ndarray of float64, shape (3,)
        LPS position of its middle [m].
    right, up : ndarray of float64, shape (3,)
        Unit directions of the rectangle's edges.
    low, high : tuple of float
        Corners ``(right, up)`` relative to ``centre`` [m].
    spacing : float
        Distance of the lattice points [m].
    """

    centre: FloatArray
    right: FloatArray
    up: FloatArray
    low: tuple[float, float]
    high: tuple[float, float]
    spacing: float = 0.25e-3

    @property
    def normal(self) -> FloatArray:
        """Unit vector towards a viewer who sees ``right`` on the right and ``up`` above."""
        return np.cross(self.right, self.up)

    def axes(self) -> tuple[FloatArray, FloatArray]:
        """Return the lattice coordinates along ``right`` and ``up`` [m]."""
        along, above = (
            np.linspace(low, high, max(2, round((high - low) / self.spacing) + 1))
            for low, high in zip(self.low, self.high, strict=True)
        )
        return along, above

    def points(self) -> FloatArray:
        """Return the LPS positions of the lattice [m], shape (n_up, n_right, 3)."""
        along, above = self.axes()
        return self.embed(np.stack(np.meshgrid(along, above), axis=-1))

    def embed(self, flat: ArrayLike) -> FloatArray:
        """Return LPS positions (..., 3) of points (..., 2) given in the plane."""
        flat = np.asarray(flat, dtype=np.float64)
        offset = flat[..., :1] * self.right + flat[..., 1:] * self.up
        return np.asarray(self.centre + offset)

    def flatten(self, points: ArrayLike) -> FloatArray:
        """Return in-plane coordinates (..., 2) of the feet of points (..., 3)."""
        offset = np.asarray(points, dtype=np.float64) - self.centre
        return np.stack([offset @ self.right, offset @ self.up], axis=-1)

    def height(self, points: ArrayLike) -> FloatArray:
        """Return the distance [m] of points (..., 3) on the viewer's side of the plane."""
        return np.asarray((np.asarray(points, dtype=np.float64) - self.centre) @ self.normal)

    def sample(self, grid: Grid, values: NDArray[np.float32], outside: float) -> FloatArray:
        """Return a field on the lattice, trilinear between cell centres."""
        points = self.points()
        found = sample(grid, values, points)
        return np.where(grid.contains(points), found, outside)

    def contours(self, values: FloatArray, level: float) -> list[FloatArray]:
        """Return the lines in the plane, (n, 2) [m], where lattice values cross ``level``."""
        along, above = self.axes()
        found = contour_generator(along, above, values, line_type=LineType.Separate).lines(level)
        return [np.asarray(line, dtype=np.float64) for line in found]


def sample(grid: Grid, values: NDArray[np.float32], points: ArrayLike) -> FloatArray:
    """Return a field at LPS points (..., 3) [m], trilinear between cell centres."""
    index = np.moveaxis(grid.index(points), -1, 0)
    return np.asarray(map_coordinates(values, index, np.float64, order=1, mode="nearest"))


def unit(vector: ArrayLike) -> FloatArray:
    """Return a vector's direction."""
    vector = np.asarray(vector, dtype=np.float64)
    return np.asarray(vector / np.linalg.norm(vector))
