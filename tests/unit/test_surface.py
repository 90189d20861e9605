"""Triangulated surfaces: area, calipers, distances."""

import numpy as np
import pytest

from ablsim.surface import (
    caliper_lengths,
    distance_to_surface,
    mean_width,
    principal_calipers,
    surface_area,
)

CORNERS = np.array([[x, y, z] for x in (0, 3) for y in (0, 2) for z in (0, 1)], dtype=float)


def square(height=0.0, n=8):
    """A unit square of small triangles in the plane z = height."""
    edges = np.linspace(0.0, 1.0, n + 1)
    low, high = edges[:-1], edges[1:]
    triangles = [
        [(a, c, height), (b, c, height), (b, d, height)]
        for a, b in zip(low, high, strict=True)
        for c, d in zip(low, high, strict=True)
    ] + [
        [(a, c, height), (b, d, height), (a, d, height)]
        for a, b in zip(low, high, strict=True)
        for c, d in zip(low, high, strict=True)
    ]
    return np.array(triangles)


def test_the_area_of_a_square_is_the_sum_of_its_triangles():
    assert surface_area(square()) == pytest.approx(1.0)
    assert surface_area(np.empty((0, 3, 3))) == 0.0


def test_a_caliper_reads_the_edges_and_diagonals_of_a_box():
    directions = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.6, 0.8, 0)]
    np.testing.assert_allclose(caliper_lengths(CORNERS, directions), [3, 2, 1, 1.8 + 1.6])
    assert principal_calipers(CORNERS, np.diag([9.0, 4.0, 1.0])) == pytest.approx((3.0, 2.0, 1.0))


def test_the_mean_width_of_a_box_is_its_girth_over_pi():
    assert mean_width(CORNERS, (0.0, 0.0, 1.0)) == pytest.approx(10.0 / np.pi, rel=1e-3)
    assert mean_width(CORNERS, (1.0, 0.0, 0.0)) == pytest.approx(6.0 / np.pi, rel=1e-3)


def test_axes_of_equal_moment_lie_where_the_caliper_reads_most():
    cube = CORNERS / [3.0, 2.0, 1.0]
    moments = np.diag([1.0, 1.0, 4.0])
    a, b, c = principal_calipers(cube * [1.0, 1.0, 2.0], moments)
    assert (a, b, c) == pytest.approx((2.0, np.sqrt(2), np.sqrt(2)), rel=1e-3)
    a, _, _ = principal_calipers(cube, np.eye(3))
    assert a == pytest.approx(np.sqrt(3), rel=5e-3)


def test_the_distance_to_a_square_is_that_to_its_face_edge_or_corner():
    points = np.array([(0.5, 0.4, 0.7), (0.3, 0.3, -0.001), (1.3, 0.5, 0.4), (2.0, 3.0, 2.0)])
    expected = [0.7, 0.001, 0.5, 3.0]
    np.testing.assert_allclose(distance_to_surface(points, square()), expected, atol=1e-12)


def test_a_point_on_the_surface_is_at_no_distance_from_it():
    points = np.random.default_rng(6).uniform(0.0, 1.0, (200, 3)) * [1.0, 1.0, 0.0]
    np.testing.assert_allclose(distance_to_surface(points, square()), 0.0, atol=1e-12)


def _to_segment(point, start, end):
    along = end - start
    length = along @ along
    share = np.clip((point - start) @ along / length, 0.0, 1.0) if length > 0.0 else 0.0
    return np.linalg.norm(point - start - share * along)


def _to_triangle(point, triangle):
    """Height over the triangle if the foot's barycentric coordinates are positive, else edges."""
    a, b, c = triangle
    edges = min(_to_segment(point, *ends) for ends in ((a, b), (b, c), (c, a)))
    sides = np.column_stack((b - a, c - a))
    if np.linalg.matrix_rank(sides, tol=1e-9) < 2:
        return edges
    (u, v), *_ = np.linalg.lstsq(sides, point - a, rcond=None)
    if u < 0.0 or v < 0.0 or u + v > 1.0:
        return edges
    return np.linalg.norm(a + sides @ (u, v) - point)


def test_distances_are_exact_even_to_triangles_that_have_no_area():
    random = np.random.default_rng(8)
    triangles = random.normal(size=(12, 3, 3))
    triangles[0, 2] = triangles[0, 1]
    triangles[1, 2] = 2.0 * triangles[1, 1] - triangles[1, 0]
    triangles[2, 1:] = triangles[2, 0]
    points = 2.0 * random.normal(size=(300, 3))
    expected = [min(_to_triangle(point, one) for one in triangles) for point in points]
    np.testing.assert_allclose(distance_to_surface(points, triangles), expected, rtol=1e-9)
