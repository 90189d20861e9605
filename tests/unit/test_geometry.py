"""Shapes: true distances, points on surfaces, wall areas."""

import numpy as np
import pytest

from ablsim.geometry import (
    distance_to_ellipsoid,
    distance_to_sphere,
    distance_to_tube,
    ellipsoid_extent,
    ellipsoid_surface,
    tube_wall_area,
)
from ablsim.grid import Grid

AXES = (40e-3, 30e-3, 25e-3)
TURNED = ((0.6, 0.8, 0.0), (-0.8, 0.6, 0.0), (0.0, 0.0, 1.0))


def normal_to_ellipsoid(points, centre, axes, orientation):
    rows = np.asarray(orientation)
    local = (points - centre) @ rows.T
    normal = (local / np.square(axes)) @ rows
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def test_distance_to_a_sphere_is_negative_inside():
    points = [(0.0, 0.0, 0.0), (3.0, 0.0, 4.0), (0.0, 1.0, 0.0)]
    np.testing.assert_allclose(distance_to_sphere(points, (0, 0, 0), 2.0), [-2.0, 3.0, -1.0])


@pytest.mark.parametrize("depth", [-8e-3, -3e-3, 0.0, 1e-6, 5e-3, 80e-3])
def test_walking_along_the_normal_of_an_ellipsoid_changes_its_distance_by_the_walk(depth):
    # The shortest radius of curvature is 12.5^2/20 = 7.8 mm, so -8 mm holds away from the tip only.
    centre = (3e-3, -2e-3, 7e-3)
    points, _ = ellipsoid_surface(centre, AXES, TURNED, n_points=800)
    normal = normal_to_ellipsoid(points, centre, AXES, TURNED)
    if depth < -7e-3:
        flat = np.abs((points - centre) @ np.asarray(TURNED[0])) < 10e-3
        points, normal = points[flat], normal[flat]
    distance = distance_to_ellipsoid(points + depth * normal, centre, AXES, TURNED)
    np.testing.assert_allclose(distance, depth, rtol=0.0, atol=1e-10)


def test_the_centre_of_an_ellipsoid_is_its_shortest_semi_axis_deep():
    assert distance_to_ellipsoid((1.0, 2.0, 3.0), (1.0, 2.0, 3.0), (4.0, 3.0, 2.0)) == (
        pytest.approx(-1.0, abs=1e-8)
    )


@pytest.mark.parametrize("axes", [(4.0, 3.0, 2.0), (2.0, 4.0, 2.0), (4.0, 4.0, 2.0), (3.0,) * 3])
def test_distance_to_an_ellipsoid_holds_on_its_axes_and_planes(axes):
    rng = np.random.default_rng(1)
    points = rng.uniform(-3.0, 3.0, (60, 3)) * rng.integers(0, 2, (60, 3))
    surface, _ = ellipsoid_surface((0, 0, 0), axes, n_points=200_000)
    brute = np.array([np.linalg.norm(surface - p, axis=1).min() for p in points])
    distance = distance_to_ellipsoid(points, (0, 0, 0), axes)
    np.testing.assert_allclose(np.abs(distance), brute, atol=4e-3)
    np.testing.assert_array_equal(distance < 0.0, np.sum((2 * points / axes) ** 2, axis=1) < 1.0)


def test_an_ellipsoid_with_equal_axes_is_a_sphere():
    points = np.random.default_rng(2).normal(scale=0.01, size=(3, 50, 3))
    ball = distance_to_sphere(points, (1e-3, 0, 0), 8e-3)
    np.testing.assert_allclose(
        distance_to_ellipsoid(points, (1e-3, 0, 0), (16e-3,) * 3, TURNED), ball, atol=1e-11
    )


def test_a_flat_ellipsoid_far_from_round_still_has_true_distances():
    axes = (2.0, 0.2, 0.02)
    points, _ = ellipsoid_surface((0, 0, 0), axes, n_points=400)
    normal = normal_to_ellipsoid(points, (0, 0, 0), axes, np.eye(3))
    distance = distance_to_ellipsoid(points + 0.3 * normal, (0, 0, 0), axes)
    np.testing.assert_allclose(distance, 0.3, atol=1e-9)


def test_distance_to_a_tube_follows_the_bends_of_its_line():
    line = [(0, 0, 0), (10, 0, 0), (10, 10, 0)]
    points = [(5, 3, 0), (-3, 0, 4), (13, 5, 0), (10, 0, 0), (12, -2, 0)]
    np.testing.assert_allclose(
        distance_to_tube(points, line, 1.0), [2.0, 4.0, 2.0, -1.0, np.sqrt(8) - 1]
    )


def test_a_tube_of_one_point_is_a_sphere():
    assert distance_to_tube((0, 0, 3.0), [(0, 0, 0)], 1.0) == pytest.approx(2.0)


def test_points_on_an_ellipsoid_carry_its_whole_area_and_mirror_themselves():
    points, areas = ellipsoid_surface((0, 0, 0), (6.0, 4.0, 4.0), n_points=4000)
    eccentricity = np.sqrt(1 - (2 / 3) ** 2)
    exact = 2 * np.pi * 4 * (1 + 1.5 / eccentricity * np.arcsin(eccentricity))
    assert areas.sum() == pytest.approx(exact, rel=3e-4)
    np.testing.assert_allclose(distance_to_ellipsoid(points, (0, 0, 0), (6, 4, 4)), 0.0, atol=1e-9)
    order = np.lexsort(points.T)
    for axis in range(3):
        mirrored = points * np.where(np.arange(3) == axis, -1.0, 1.0)
        np.testing.assert_array_equal(mirrored[np.lexsort(mirrored.T)], points[order])


def test_points_on_an_ellipsoid_leave_no_large_gap():
    points, _ = ellipsoid_surface((0, 0, 0), (30e-3,) * 3, n_points=4000)
    probe, _ = ellipsoid_surface((0, 0, 0), (30e-3,) * 3, n_points=997)
    gaps = [np.linalg.norm(points - p, axis=1).min() for p in probe]
    assert max(gaps) < 1.0e-3


def test_the_box_of_a_turned_ellipsoid_touches_it():
    extent = ellipsoid_extent(AXES, TURNED)
    points, _ = ellipsoid_surface((0, 0, 0), AXES, TURNED, n_points=200_000)
    np.testing.assert_allclose(np.abs(points).max(axis=0), extent, rtol=1e-3)
    assert np.all(np.abs(points).max(axis=0) <= extent * (1 + 1e-12))


def test_only_the_wall_inside_the_grid_counts():
    grid = Grid.centred((0, 0, 0), (40e-3, 40e-3, 40e-3), 1e-3)
    through = [((5e-3, -80e-3, 0), (5e-3, 80e-3, 0)), 3e-3]
    assert tube_wall_area(grid, [through], 0) == pytest.approx(2 * np.pi * 3e-3 * 40e-3, rel=1e-9)
    outside = [((50e-3, -80e-3, 0), (50e-3, 80e-3, 0)), 3e-3]
    assert tube_wall_area(grid, [outside], 0) == 0.0
    halved = [((20e-3, -80e-3, 0), (20e-3, 80e-3, 0)), 3e-3]
    assert tube_wall_area(grid, [halved], 0) == pytest.approx(np.pi * 3e-3 * 40e-3, rel=0.01)


def test_the_wall_of_a_vessel_that_ends_in_the_tissue_includes_its_rounded_end():
    grid = Grid.centred((0, 0, 0), (40e-3, 40e-3, 40e-3), 1e-3)
    line = ((0.0, 0.0, -80e-3), (0.0, 0.0, -5e-3), (0.0, 0.0, 0.0))
    expected = 2 * np.pi * 2e-3 * (20e-3 + 2e-3)
    assert tube_wall_area(grid, [(line, 2e-3)], 0) == pytest.approx(expected, rel=1e-3)


def test_wall_inside_a_bend_or_another_vessel_is_no_wall():
    grid = Grid.centred((0, 0, 0), (80e-3,) * 3, 1e-3)
    r, length = 3e-3, 20e-3
    bend = ((-length, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, length, 0.0))
    # Two cylinders that meet at a right angle: each loses int 2 r^2 cos over half a turn,
    # the quarter-sphere on the outside has pi r^2, and the two round ends 2 pi r^2 each.
    expected = 2 * (2 * np.pi * r * length - 2 * r * r) + np.pi * r * r + 4 * np.pi * r * r
    assert tube_wall_area(grid, [(bend, r)], 0) == pytest.approx(expected, rel=5e-3)
    wide = ((0.0, 0.0, -80e-3), (0.0, 0.0, 80e-3)), 6e-3
    thin = ((-80e-3, 0.0, 0.0), (0.0, 0.0, 0.0)), 1e-3
    lost = 1e-3 * 2 * np.pi * (40e-3 - 6e-3)
    assert tube_wall_area(grid, [thin, wide], 0) == pytest.approx(lost, rel=5e-3)
