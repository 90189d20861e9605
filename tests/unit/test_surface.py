"""Triangulated surfaces: area, calipers, distances."""

from itertools import combinations

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


def distance_by_faces(point, corners):
    """The least distance to a mixture of one, two or three corners that lies straight below."""
    distances = []
    for count in (1, 2, 3):
        for first, *rest in combinations(corners, count):
            sides = np.reshape(rest, (-1, 3)) - first
            shares = np.linalg.lstsq(sides.T, point - first)[0]
            if np.all(shares >= 0.0) and shares.sum() <= 1.0:
                distances.append(np.linalg.norm(point - first - shares @ sides))
    return min(distances)


@pytest.mark.parametrize("kind", ["any", "needle", "exact needle", "edge", "point"])
def test_the_distance_to_a_triangle_is_that_to_its_nearest_mixture_of_corners(kind):
    rng = np.random.default_rng(8)
    for corners in rng.normal(size=(30, 3, 3)):
        a, b, _ = corners
        if kind == "needle":  # its area is not quite nought
            corners[2] = a + 0.7 * (b - a)
        elif kind == "exact needle":
            corners[:] = np.round(8.0 * a) + np.array([[0.0], [3.0], [-1.0]]) * np.round(8.0 * b)
        elif kind == "edge":
            corners[2] = b
        elif kind == "point":
            corners[1:] = a
        points = corners.mean(axis=0) + 2.0 * rng.normal(size=(20, 3))
        expected = [distance_by_faces(point, corners) for point in points]
        found = distance_to_surface(points, corners[None])
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


def test_among_many_triangles_the_nearest_one_counts():
    rng = np.random.default_rng(9)
    surface = square(n=5)
    surface[..., 2] = surface[..., 0] * surface[..., 1]
    points = rng.uniform(-0.5, 1.5, (30, 3))
    expected = [min(distance_by_faces(p, triangle) for triangle in surface) for p in points]
    np.testing.assert_allclose(distance_to_surface(points, surface), expected, rtol=1e-12)


def test_no_points_have_no_distances():
    assert distance_to_surface(np.empty((0, 3)), square()).shape == (0,)
