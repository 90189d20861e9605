"""Solid bodies in the patient frame that say how far away they are and where they reach to.

Positions are LPS ``(x, y, z)`` in metres, last axis of length three. All bodies answer the same
three questions, so whoever paints, measures or draws one need not know its kind.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.geometry import (
    UPRIGHT,
    Rows,
    distance_to_ellipsoid,
    distance_to_tube,
    ellipsoid_extent,
    ellipsoid_surface,
)
from ablsim.grid import Point

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_ON_SURFACE = 1e-9  # m; a point this close to a surface counts as inside, on either side alike


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """An ellipsoid, or a sphere, which has three equal axes.

    Parameters
    ----------
    centre : tuple of float
        Its middle [m].
    axes : tuple of float
        Full lengths of its three axes [m].
    orientation : sequence of three rows, optional
        Unit directions of the axes; by default x, y and z.
    """

    centre: Point
    axes: Point
    orientation: Rows = UPRIGHT

    def distance(self, points: ArrayLike) -> FloatArray:
        """Return the signed distance [m] of points ``(..., 3)`` to the surface, negative inside."""
        return distance_to_ellipsoid(points, self.centre, self.axes, self.orientation)

    def contains(self, points: ArrayLike) -> BoolArray:
        """Say which points ``(..., 3)`` lie inside; needs no distance, so it is quick."""
        offset = np.asarray(points, dtype=np.float64) - self.centre
        semi = 0.5 * np.asarray(self.axes) + _ON_SURFACE
        local = offset @ np.asarray(self.orientation, dtype=np.float64).T / semi
        return np.asarray(np.sum(local**2, axis=-1) <= 1.0)

    def surface(self, n_points: int) -> tuple[FloatArray, FloatArray]:
        """Return points all over the surface [m] and the area that each stands for [m^2]."""
        return ellipsoid_surface(self.centre, self.axes, self.orientation, n_points=n_points)

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Return the lowest and the highest corner [m] of the box that just holds it."""
        half = ellipsoid_extent(self.axes, self.orientation)
        return np.asarray(self.centre - half), np.asarray(self.centre + half)


@dataclass(frozen=True, slots=True)
class Tube:
    """A tube with round ends around a line of points; a capsule if there are two.

    Parameters
    ----------
    points : tuple of tuple of float
        Its centre line [m].
    radius : float
        Half its diameter [m].
    """

    points: tuple[Point, ...]
    radius: float

    def distance(self, points: ArrayLike) -> FloatArray:
        """Return the signed distance [m] of points ``(..., 3)`` to the surface, negative inside."""
        return distance_to_tube(points, self.points, self.radius)

    def contains(self, points: ArrayLike) -> BoolArray:
        """Say which points ``(..., 3)`` lie inside."""
        return np.asarray(self.distance(points) <= _ON_SURFACE)

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Return the lowest and the highest corner [m] of the box that just holds it."""
        line = np.asarray(self.points, dtype=np.float64)
        return line.min(axis=0) - self.radius, line.max(axis=0) + self.radius


@dataclass(frozen=True, slots=True)
class HalfSpace:
    """Everything on one side of a plane.

    Parameters
    ----------
    point : tuple of float
        A point of the plane [m].
    normal : tuple of float
        Unit vector square to the plane, pointing into the body.
    """

    point: Point
    normal: Point

    def distance(self, points: ArrayLike) -> FloatArray:
        """Return the signed distance [m] of points ``(..., 3)`` to the plane, negative inside."""
        offset = np.asarray(points, dtype=np.float64) - self.point
        return np.asarray(-(offset @ np.asarray(self.normal)))

    def contains(self, points: ArrayLike) -> BoolArray:
        """Say which points ``(..., 3)`` lie inside."""
        return np.asarray(self.distance(points) <= _ON_SURFACE)

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Return corners at infinity: a half-space has no box of its own."""
        return np.full(3, -np.inf), np.full(3, np.inf)


class Surfaced(Protocol):
    """A body whose surface can be covered with points."""

    def surface(self, n_points: int) -> tuple[FloatArray, FloatArray]:
        """Return points all over the surface [m] and the area that each stands for [m^2]."""
        ...


class Body(Protocol):
    """Any solid body, these and those that were marked in images (`ablsim.voxels`)."""

    def distance(self, points: ArrayLike) -> FloatArray:
        """Return the signed distance [m] of points ``(..., 3)`` to the surface, negative inside."""
        ...

    def contains(self, points: ArrayLike) -> BoolArray:
        """Say which points ``(..., 3)`` lie inside."""
        ...

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Return the lowest and the highest corner [m] of a box that holds it."""
        ...
