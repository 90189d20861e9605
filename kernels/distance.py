"""Distances of points to the triangles of a surface: float64, lengths in metres."""

import numpy as np
from numba import njit, prange


@njit(cache=True, error_model="numpy")
def _minus(a, b):
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@njit(cache=True, error_model="numpy")
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True, error_model="numpy")
def _cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@njit(cache=True, error_model="numpy")
def _squared(point, triangle):
    """Return the squared distance to a triangle, which may have shrunk to a line or a point."""
    normal = _cross(_minus(triangle[1], triangle[0]), _minus(triangle[2], triangle[0]))
    size = _dot(normal, normal)
    over = size > 0.0
    nearest = np.inf
    for corner in range(3):
        start = triangle[corner]
        along = _minus(triangle[(corner + 1) % 3], start)
        offset = _minus(point, start)
        over &= _dot(_cross(along, offset), normal) >= 0.0
        length = _dot(along, along)
        share = _dot(offset, along) / length if length > 0.0 else 0.0
        share = min(max(share, 0.0), 1.0)
        beside = (
            offset[0] - share * along[0],
            offset[1] - share * along[1],
            offset[2] - share * along[2],
        )
        nearest = min(nearest, _dot(beside, beside))
    if over:
        return _dot(_minus(point, triangle[0]), normal) ** 2 / size
    return nearest


@njit(cache=True, parallel=True, error_model="numpy")
def to_nearest(points, triangles, candidates, distance):
    """Write the distance of each point to the nearest of its candidates into ``distance``.

    ``points`` (n, 3), ``triangles`` (m, 3, 3), ``candidates`` (n, count) int64, rows of triangles.
    """
    for number in prange(points.shape[0]):
        least = np.inf
        for candidate in candidates[number]:
            least = min(least, _squared(points[number], triangles[candidate]))
        distance[number] = np.sqrt(least)
