"""Sub-cell contours: parts add up, linear fields are exact, bias is gone."""

import numpy as np
import pytest

from ablsim.contour import Window, clip, contour, cube_volumes, without_bias
from ablsim.geometry import distance_to_sphere
from ablsim.grid import Grid
from ablsim.surface import surface_area

GRID = Grid.centred((0.0, 0.0, 0.0), (12.0, 10.0, 8.0), 1.0)
WHOLE = Window(GRID, (0, 0, 0), GRID.shape)


def test_a_plane_cuts_a_block_into_exact_volumes_and_an_exact_area():
    # 0.6 x + 0.8 z = 1.234 meets the roof z = 4 at x = -3.277 and the side x = 6 at z = -2.958.
    field = WHOLE.points() @ np.array([0.6, 0.0, 0.8]) - 1.234
    above, below = cube_volumes(WHOLE, [field]), cube_volumes(WHOLE, [-field])
    x, z = (1.234 - 0.8 * 4.0) / 0.6, (1.234 - 0.6 * 6.0) / 0.8
    assert above.sum() == pytest.approx(10.0 * 0.5 * (6.0 - x) * (4.0 - z), rel=1e-12)
    np.testing.assert_allclose((above + below).sum(), 960.0, rtol=1e-12)
    area = surface_area(contour(WHOLE, field))
    assert area == pytest.approx(10.0 * np.hypot(6.0 - x, 4.0 - z), rel=1e-9)


def test_a_region_described_by_two_fields_and_its_rest_add_up():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, *WHOLE.points().shape[:-1]))
    whole = cube_volumes(WHOLE, [a])
    parts = cube_volumes(WHOLE, [a, b]) + cube_volumes(WHOLE, [a, -b])
    np.testing.assert_allclose(parts, whole, atol=1e-12)
    np.testing.assert_allclose(cube_volumes(WHOLE, [a, a]), whole, atol=1e-12)
    swapped = cube_volumes(WHOLE, [b, a])
    np.testing.assert_allclose(swapped, cube_volumes(WHOLE, [a, b]), atol=1e-12)


def test_clipped_tetrahedra_keep_their_shares():
    rng = np.random.default_rng(4)
    tets = rng.normal(size=(500, 4, 4))
    volume = np.abs(np.linalg.det(tets[:, 1:, 1:] - tets[:, :1, 1:]))
    parts, share, parent = clip(tets, np.ones(500), 0)
    true = np.abs(np.linalg.det(parts[:, 1:, 1:] - parts[:, :1, 1:])) / volume[parent]
    np.testing.assert_allclose(share, true, rtol=1e-6, atol=1e-9)
    assert np.all(parts[..., 0] > -1e-12)


def test_a_contour_is_the_mirror_image_of_the_mirrored_field():
    field = np.random.default_rng(5).normal(size=WHOLE.points().shape[:-1])
    volume, area = cube_volumes(WHOLE, [field]), surface_area(contour(WHOLE, field))
    for axis in range(3):
        mirrored = np.flip(field, axis)
        np.testing.assert_allclose(
            cube_volumes(WHOLE, [mirrored]), np.flip(volume, axis), atol=1e-12
        )
        assert surface_area(contour(WHOLE, mirrored)) == pytest.approx(area, rel=1e-9)


def test_the_bias_of_linear_interpolation_is_taken_off():
    volume = 4 / 3 * np.pi * 8.0**3
    grid = Grid.centred((0, 0, 0), (22.0,) * 3, 1.0)
    window = Window(grid, (0, 0, 0), grid.shape)
    depth = -distance_to_sphere(window.points()[window.inner], (0.2, -0.4, 0.1), 8.0)
    plain = cube_volumes(window, [window.to_nodes(depth, -4.0)]).sum()
    better = cube_volumes(window, [window.to_nodes(without_bias(depth), -4.0)]).sum()
    assert plain / volume - 1.0 == pytest.approx(-0.0078, abs=2e-4)
    assert abs(better / volume - 1.0) < 1e-4


def test_a_kink_is_left_alone():
    field = np.abs(np.arange(9.0) - 4.0)[:, None, None] - 0.5 + np.zeros((9, 3, 3))
    np.testing.assert_array_equal(without_bias(field), field)


def test_a_window_ends_on_the_walls_of_the_grid():
    window = Window.around(GRID, np.array([2.0, 0.0, 5.0]), np.array([3.0, 9.0, 11.0]), margin=1)
    assert window is not None
    z, y, x = window.axes()
    np.testing.assert_allclose(z, [-2.5, -1.5, -0.5, 0.5])
    assert (y[0], y[1], y[2], y[-1]) == (-5.0, -5.0, -4.5, 5.0)
    assert (x[0], x[-2], x[-1]) == (-1.5, 6.0, 6.0)
    field = window.points()[window.inner] @ np.array([1.0, 2.0, 3.0])
    nodes = window.to_nodes(field, -9.0)
    assert nodes.shape == (4, 14, 10)
    exact = window.points() @ np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(nodes[:, 1:-1, :-1], exact[:, 1:-1, :-1], atol=1e-12)
    assert np.all(nodes[:, [0, -1]] == -9.0)
    assert Window.around(GRID, np.full(3, 40.0), np.full(3, 50.0), margin=1) is None
