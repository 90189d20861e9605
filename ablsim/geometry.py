"""Shapes in the patient frame: signed distances, points on a surface, wall area of a tube.

Points are LPS ``(x, y, z)`` in metres, last axis of length three. A signed distance is negative
inside the shape and is the true Euclidean distance to its surface, not an algebraic stand-in.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.grid import Grid, Point

FloatArray = NDArray[np.float64]
Rows = Sequence[Sequence[float]] | FloatArray

UPRIGHT: Rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
"""Orientation of an ellipsoid whose axes lie along x, y and z."""

_NEWTON_STEPS = 100
_GENERATORS = 144
_STATIONS = 400


def distance_to_sphere(points: ArrayLike, centre: Point, radius: float) -> FloatArray:
    """Return the signed distance [m] of points ``(..., 3)`` to a sphere.

    Examples
    --------
    >>> float(distance_to_sphere((3.0, 0.0, 4.0), (0.0, 0.0, 0.0), 2.0))
    3.0
    """
    offset = np.asarray(points, dtype=np.float64) - centre
    return np.asarray(np.linalg.norm(offset, axis=-1) - radius)


def distance_to_ellipsoid(
    points: ArrayLike, centre: Point, axes: Point, orientation: Rows = UPRIGHT
) -> FloatArray:
    """Return the signed distance [m] of points ``(..., 3)`` to an ellipsoid.

    Parameters
    ----------
    points : array_like of float, shape (..., 3)
        LPS positions [m].
    centre : tuple of float
        Centre of the ellipsoid [m].
    axes : tuple of float
        Full lengths of its three axes [m].
    orientation : sequence of three rows, optional
        Unit directions of the three axes.

    Returns
    -------
    ndarray of float64, shape (...)
        Distance to the surface [m], negative inside.

    Notes
    -----
    The foot of the perpendicular from ``y`` is ``x_i = e_i^2 y_i / (t + e_i^2)``, where ``t`` is
    the largest root of ``sum (e_i y_i / (t + e_i^2))^2 = 1``. Left of that root the function is
    convex and falling, so Newton's method started there climbs to the root without overshooting.
    Points on a plane of symmetry are moved off it by 1e-9 of the semi-axis, which keeps the root
    regular everywhere, at the centre too.
    """
    semi = 0.5 * np.asarray(axes, dtype=np.float64)
    offset = np.asarray(points, dtype=np.float64) - centre
    local = np.abs(offset @ np.asarray(orientation, dtype=np.float64).T)
    shape = local.shape[:-1]
    scaled = np.maximum(local.reshape(-1, 3) / semi, 1e-9)
    ratio = (semi / semi.min()) ** 2
    weight = ratio * scaled
    root = np.max(weight - (ratio - 1.0), axis=-1)  # t / e_min^2 + 1: exact near its pole, 0
    open_points = np.arange(root.size)
    for _ in range(_NEWTON_STEPS):
        s = root[open_points, None] + (ratio - 1.0)
        term = (weight[open_points] / s) ** 2
        step = (term.sum(axis=-1) - 1.0) / (2.0 * (term / s).sum(axis=-1))
        root[open_points] += step
        open_points = open_points[step > 1e-12 * root[open_points]]
        if open_points.size == 0:
            break
    foot = semi * weight / (root[:, None] + (ratio - 1.0))
    distance = np.linalg.norm(foot - semi * scaled, axis=-1)
    inside = np.sum(scaled**2, axis=-1) < 1.0
    return np.asarray(np.where(inside, -distance, distance).reshape(shape))


def distance_to_tube(points: ArrayLike, vertices: Rows, radius: float) -> FloatArray:
    """Return the signed distance [m] of points ``(..., 3)`` to a tube around a polyline.

    The tube is the union of capsules along the pieces of the polyline, so it ends in half spheres;
    a single vertex is a sphere. Inside, where capsules overlap, the value is that of the deepest.
    """
    positions = np.asarray(points, dtype=np.float64)
    line = np.asarray(vertices, dtype=np.float64).reshape(-1, 3)
    nearest = np.full(positions.shape[:-1], np.inf)
    starts, ends = (line[:-1], line[1:]) if len(line) > 1 else (line, line)
    for start, end in zip(starts, ends, strict=True):
        np.minimum(nearest, _distance_to_segment(positions, start, end), out=nearest)
    return np.asarray(nearest - radius)


def ellipsoid_extent(axes: Point, orientation: Rows = UPRIGHT) -> FloatArray:
    """Return half the lengths ``(x, y, z)`` [m] of the box that just holds an ellipsoid."""
    rows = np.asarray(orientation, dtype=np.float64) * (0.5 * np.asarray(axes))[:, None]
    return np.asarray(np.linalg.norm(rows, axis=0))


def ellipsoid_surface(
    centre: Point, axes: Point, orientation: Rows = UPRIGHT, *, n_points: int = 4000
) -> tuple[FloatArray, FloatArray]:
    """Return points spread over an ellipsoid's surface and the area that each stands for.

    Parameters
    ----------
    centre, axes, orientation
        As for :func:`distance_to_ellipsoid`; a sphere has three equal axes.
    n_points : int, optional
        How many points, rounded up to a multiple of eight.

    Returns
    -------
    points : ndarray of float64, shape (n, 3)
        LPS positions [m].
    areas : ndarray of float64, shape (n,)
        Area weights [m^2]; their sum is the surface.

    Notes
    -----
    A golden-ratio lattice on one octant, mirrored into the other seven, so that a mirrored case
    is measured at mirrored points. Each point of the unit sphere stands for the same solid angle;
    the weight is the area that the map onto the ellipsoid makes of it.
    """
    semi = 0.5 * np.asarray(axes, dtype=np.float64)
    unit = unit_directions(n_points)
    stretch = np.prod(semi) * np.linalg.norm(unit / semi, axis=-1)
    points = (unit * semi) @ np.asarray(orientation, dtype=np.float64) + centre
    return points, 4.0 * np.pi / len(unit) * stretch


def unit_directions(n_points: int) -> FloatArray:
    """Return about ``n_points`` directions ``(n, 3)``, equal in solid angle, mirror symmetric."""
    n_octant = max(1, -(-n_points // 8))
    k = np.arange(n_octant) + 0.5
    height = k / n_octant
    angle = 0.5 * np.pi * np.mod(k * 0.5 * (np.sqrt(5.0) - 1.0), 1.0)
    ring = np.sqrt(1.0 - height**2)
    octant = np.stack([ring * np.cos(angle), ring * np.sin(angle), height], axis=-1)
    signs = np.array([(i, j, m) for i in (1, -1) for j in (1, -1) for m in (1, -1)], dtype=float)
    return np.asarray((octant * signs[:, None, :]).reshape(-1, 3))


def perpendiculars(direction: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return two unit vectors square to a unit direction and to each other."""
    axis = np.asarray(direction, dtype=np.float64)
    first = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    first /= np.linalg.norm(first)
    return first, np.cross(axis, first)


def tube_wall_area(grid: Grid, tubes: Sequence[tuple[Rows, float]], index: int) -> float:
    """Return the wall area [m^2] that tube ``index`` has inside the grid.

    Parameters
    ----------
    grid : Grid
        The block that counts.
    tubes : sequence of (vertices, radius)
        All tubes [m]; wall that lies inside another tube is no wall.
    index : int
        Which of them.

    Notes
    -----
    Every straight piece is cut into generators; the stretch of a generator inside the grid is
    exact, and the share of it that other pieces or tubes cover is sampled. Rounded bends and ends
    are sampled on spheres.
    """
    vertices, radius = tubes[index]
    line = np.asarray(vertices, dtype=np.float64).reshape(-1, 3)
    line = line[np.r_[True, np.any(np.diff(line, axis=0) != 0.0, axis=-1)]]
    others = [tube for i, tube in enumerate(tubes) if i != index]
    pieces: list[tuple[Rows, float]] = [(line[i : i + 2], radius) for i in range(len(line) - 1)]
    area = 0.0
    for i in range(len(pieces)):
        points, weights = _cylinder_points(grid, line[i : i + 2], radius)
        covers = [*others, *pieces[:i], *pieces[i + 1 :]]
        area += float(weights[_is_free(points, covers)].sum())
    for i, vertex in enumerate(line):
        unit = unit_directions(4000)
        for neighbour in [*line[max(i - 1, 0) : i], *line[i + 1 : i + 2]]:
            unit = unit[unit @ (neighbour - vertex) < 0.0]
        points = vertex + radius * unit
        covers = [*others, *pieces[: max(i - 1, 0)], *pieces[i + 1 :]]
        free = grid.contains(points) & _is_free(points, covers)
        area += 4.0 * np.pi * radius**2 * float(np.count_nonzero(free)) / 4000.0
    return area


def _distance_to_segment(points: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """Return the distance [m] of points to one straight piece."""
    along = end - start
    length_squared = float(along @ along)
    offset = points - start
    if length_squared > 0.0:
        share = np.clip(offset @ along / length_squared, 0.0, 1.0)
        offset = offset - share[..., None] * along
    return np.asarray(np.linalg.norm(offset, axis=-1))


def _is_free(points: FloatArray, tubes: Sequence[tuple[Rows, float]]) -> NDArray[np.bool_]:
    """Say which points lie in none of the tubes."""
    free = np.ones(len(points), dtype=bool)
    for vertices, radius in tubes:
        free &= distance_to_tube(points, vertices, radius) > -1e-12
    return free


def _cylinder_points(grid: Grid, piece: FloatArray, radius: float) -> tuple[FloatArray, FloatArray]:
    """Return points on the side of a cylinder inside the grid, and the area of each [m^2]."""
    start, end = piece
    length = float(np.linalg.norm(end - start))
    axis = (end - start) / length
    first, second = perpendiculars(axis)
    angle = 2.0 * np.pi * (np.arange(_GENERATORS) + 0.5) / _GENERATORS
    foot = start + radius * (np.outer(np.cos(angle), first) + np.outer(np.sin(angle), second))
    lower, upper = np.zeros(_GENERATORS), np.full(_GENERATORS, length)
    for x, slope, low, size in zip(foot.T, axis, grid.origin, grid.size, strict=True):
        if abs(slope) < 1e-12:
            outside = (x < low) | (x > low + size)
            upper = np.where(outside, lower, upper)
        else:
            bounds = np.sort([(low - x) / slope, (low + size - x) / slope], axis=0)
            lower, upper = np.maximum(lower, bounds[0]), np.minimum(upper, bounds[1])
    stretch = np.maximum(upper - lower, 0.0)
    share = (np.arange(_STATIONS) + 0.5) / _STATIONS
    station = lower[:, None] + stretch[:, None] * share
    points = foot[:, None, :] + station[..., None] * axis
    weights = np.repeat(stretch * radius * 2.0 * np.pi / (_GENERATORS * _STATIONS), _STATIONS)
    return points.reshape(-1, 3), weights
