"""Triangulated surfaces: area, caliper lengths and distances.

A surface is an array of triangles ``(n, 3, 3)``: corners as LPS positions in metres, in no order.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from ablsim.geometry import perpendiculars, unit_directions

FloatArray = NDArray[np.float64]

_SAME_LENGTH = 0.02  # difference of second moments up to which two axes count as equal
_TURNS = 60  # directions in half a turn
_DIRECTIONS = 800  # on the sphere, for a shape without any long axis
_NEIGHBOURS = 16  # triangles among which the nearest one is sought
_BATCH = 2048  # points at a time, so that they stay in the cache


def surface_area(triangles: FloatArray) -> float:
    """Return the area of a surface [m^2]."""
    a, b, c = np.moveaxis(triangles, 1, 0)
    return 0.5 * float(np.linalg.norm(np.cross(b - a, c - a), axis=-1).sum())


def caliper_lengths(points: FloatArray, directions: ArrayLike) -> FloatArray:
    """Return the lengths [m] that a caliper reads on points ``(n, 3)`` along unit directions."""
    along = np.asarray(directions, dtype=np.float64).reshape(-1, 3)
    columns = np.ascontiguousarray(points.T)
    high = np.full(len(along), -np.inf)
    low = -high
    for start in range(0, len(points), _BATCH):
        reading = along @ columns[:, start : start + _BATCH]
        np.maximum(high, reading.max(axis=1), out=high)
        np.minimum(low, reading.min(axis=1), out=low)
    return np.asarray(high - low)


def mean_width(points: FloatArray, direction: ArrayLike) -> float:
    """Return the mean caliper length [m] of points over the directions across ``direction``."""
    first, second = perpendiculars(direction)
    return float(caliper_lengths(points, _fan(first, second)).mean())


def principal_calipers(points: FloatArray, moments: FloatArray) -> tuple[float, float, float]:
    """Return the caliper lengths [m] of points along their principal axes, longest first.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 3)
        Corners of the surface [m].
    moments : ndarray of float64, shape (3, 3)
        Second moments of the volume inside.

    Notes
    -----
    Second moments alone leave the axes of a round or square section open. Where two of them agree
    to 2 % (1 % in length) the axis is laid, as one would measure, where the caliper reads most,
    and the next one square to it.
    """
    sizes, vectors = np.linalg.eigh(moments)
    small, middle, large = vectors.T
    if sizes[2] <= (1.0 + _SAME_LENGTH) * sizes[0]:
        sphere = unit_directions(2 * _DIRECTIONS)
        large = _longest(points, sphere[sphere[:, 2] > 0.0])
        middle = _longest(points, _fan(*perpendiculars(large)))
        small = np.cross(large, middle)
    elif sizes[2] <= (1.0 + _SAME_LENGTH) * sizes[1]:
        large = _longest(points, _fan(middle, large))
        middle = np.cross(small, large)
    elif sizes[1] <= (1.0 + _SAME_LENGTH) * sizes[0]:
        middle = _longest(points, _fan(small, middle))
        small = np.cross(large, middle)
    c, b, a = np.sort(caliper_lengths(points, [large, middle, small])).tolist()
    return a, b, c


def distance_to_surface(points: FloatArray, triangles: FloatArray) -> FloatArray:
    """Return the unsigned distance [m] of points ``(n, 3)`` to a surface.

    The distance to a triangle is exact; it is taken over the triangles whose centres are nearest.
    """
    points = np.ascontiguousarray(points, dtype=np.float64)
    triangles = np.ascontiguousarray(triangles, dtype=np.float64)
    a, b, c = np.moveaxis(triangles, 1, 0)
    # here, for who only asks for areas must not load compiled loops before its workers start
    from ablsim.kernels.distance import nearest_of

    # A query leaves branches out by the planes that cut the tree. Boxes shrunk to their triangles
    # are cut along the surface, hardly ever between it and a point: queries take several times as
    # long.
    tree = cKDTree((a + b + c) / 3.0, leafsize=64, compact_nodes=False, balanced_tree=False)
    _, candidates = tree.query(points, k=range(1, min(_NEIGHBOURS, len(triangles)) + 1))
    distances = np.empty(len(points))
    nearest_of(points, triangles, candidates, distances)
    return distances


def _fan(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the directions of half a turn in the plane of two square unit vectors."""
    angle = np.pi * (np.arange(_TURNS) + 0.5) / _TURNS
    return np.asarray(np.outer(np.cos(angle), first) + np.outer(np.sin(angle), second))


def _longest(points: FloatArray, directions: FloatArray) -> FloatArray:
    """Return the direction along which a caliper reads most."""
    return np.asarray(directions[int(np.argmax(caliper_lengths(points, directions)))])
