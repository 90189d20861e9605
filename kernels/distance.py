"""Distances of points to triangles.

Positions are ``(x, y, z)`` [m], float64. One thread: each point is on its own, and there are few.
"""

import math

from numba import njit


@njit(cache=True, error_model="numpy")
def _minus(one, other):
    """Return the difference of two vectors."""
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]


@njit(cache=True, error_model="numpy")
def _dot(one, other):
    """Return the inner product of two vectors."""
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


@njit(cache=True, error_model="numpy")
def _cross(one, other):
    """Return the cross product of two vectors."""
    (a, b, c), (d, e, f) = one, other
    return b * f - c * e, c * d - a * f, a * e - b * d


@njit(cache=True, error_model="numpy")
def _row(array, i):
    """Return a row of three as a vector."""
    return float(array[i, 0]), float(array[i, 1]), float(array[i, 2])


@njit(cache=True, error_model="numpy")
def _square_to_edge(offset, along):
    """Return the squared distance to an edge ``along``, from whose start a point lies ``offset``.

    An edge without length is a point.
    """
    length = _dot(along, along)
    share = min(max(_dot(offset, along) / length, 0.0), 1.0) if length > 0.0 else 0.0
    x, y, z = along
    away = _minus(offset, (share * x, share * y, share * z))
    return _dot(away, away)


@njit(cache=True, error_model="numpy")
def _square_to_triangle(point, a, b, c):
    """Return the squared distance of a point to a triangle.

    It is that to the plane for a point over the triangle, else that to the nearest edge. A triangle
    without area has no plane, only its edges.
    """
    ab, bc, ca = _minus(b, a), _minus(c, b), _minus(a, c)
    from_a, from_b, from_c = _minus(point, a), _minus(point, b), _minus(point, c)
    normal = _cross(ab, _minus(c, a))
    size = _dot(normal, normal)
    if (
        size > 0.0
        and _dot(_cross(ab, from_a), normal) >= 0.0
        and _dot(_cross(bc, from_b), normal) >= 0.0
        and _dot(_cross(ca, from_c), normal) >= 0.0
    ):
        height = _dot(from_a, normal)
        return height * height / size
    edges = _square_to_edge(from_a, ab), _square_to_edge(from_b, bc), _square_to_edge(from_c, ca)
    return min(edges)


@njit(cache=True, error_model="numpy")
def nearest_of(points, triangles, candidates, distances):
    """Write the distance of each point to the nearest of its own candidates.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 3)
        Positions [m].
    triangles : ndarray of float64, shape (m, 3, 3)
        Corners [m].
    candidates : ndarray of int, shape (n, k)
        Which triangles are looked at for each point.
    distances : ndarray of float64, shape (n,)
        The result [m].
    """
    for i in range(candidates.shape[0]):
        point, least = _row(points, i), math.inf
        for n in candidates[i]:
            corners = triangles[n]
            a, b, c = _row(corners, 0), _row(corners, 1), _row(corners, 2)
            least = min(least, _square_to_triangle(point, a, b, c))
        distances[i] = math.sqrt(least)
