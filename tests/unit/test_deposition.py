"""Spreading point amounts onto cells: conservation, moments, independence of the cells."""

import numpy as np
import pytest

from ablsim.deposition import SOURCE_WIDTH, deposit, spread
from ablsim.errors import CaseError
from ablsim.grid import Grid

MM = 1e-3


def box(spacing, size=20 * MM):
    return Grid.centred((0.0, 0.0, 0.0), (size, size, size), spacing)


def moments(grid, amount):
    """Centroid (x, y, z) and variance along each axis."""
    centroid, variance = [], []
    for axis, others in zip(grid.axes(), ((0, 1), (0, 2), (1, 2)), strict=True):
        profile = amount.sum(axis=others) / amount.sum()
        mean = (profile * axis).sum()
        centroid.append(mean)
        variance.append((profile * (axis - mean) ** 2).sum())
    return np.array(centroid), np.array(variance)


@pytest.mark.parametrize("spacing", [0.25 * MM, 0.7 * MM, 1.0 * MM, 3.0 * MM])
def test_what_is_deposited_is_what_was_given(spacing):
    rng = np.random.default_rng(1)
    grid = box(spacing)
    half = 0.5 * np.array(grid.size)
    points = rng.uniform(-half, half, (50, 3))
    amounts = rng.uniform(0.0, 2.0, 50)
    field = deposit(grid, points, amounts)
    assert field.shape == grid.shape
    assert field.min() >= 0.0
    assert field.sum() == pytest.approx(amounts.sum(), rel=1e-13)


def test_a_source_on_the_wall_or_in_a_corner_stays_in_the_box():
    grid = box(1 * MM)
    field = deposit(grid, [(-10 * MM, 0.0, 0.0), (10 * MM, 10 * MM, 10 * MM)], [1.0, 2.0])
    assert field.sum() == pytest.approx(3.0, rel=1e-13)
    assert field[:, :, 0].sum() > 0.5
    assert field[-3:, -3:, -3:].sum() == pytest.approx(2.0, rel=1e-2)


@pytest.mark.parametrize("spacing", [0.3 * MM, 0.5 * MM, 1.0 * MM])
def test_centre_and_width_do_not_depend_on_where_in_its_cell_a_source_lies(spacing):
    grid = box(spacing)
    for part in np.linspace(0.0, 1.0, 7):
        point = np.array((1.1, 0.4, -0.3)) * MM + part * spacing * np.array((1.0, 0.5, 0.25))
        centroid, variance = moments(grid, deposit(grid, [point], [1.0]))
        assert centroid == pytest.approx(point, abs=0.004 * spacing)
        expected = SOURCE_WIDTH**2 + spacing**2 / 12
        assert variance == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("spacing", [1.5 * MM, 2.5 * MM])
def test_a_source_keeps_its_place_on_cells_wider_than_itself(spacing):
    grid = box(spacing)
    for part in np.linspace(0.0, 1.0, 7):
        point = np.array((1.1, 0.4, -0.3)) * MM + part * spacing
        centroid, variance = moments(grid, deposit(grid, [point], [1.0]))
        assert centroid == pytest.approx(point, abs=0.004 * spacing)
        assert variance == pytest.approx(spacing**2 * (1 / 4 + 1 / 12), rel=0.03)


def test_fine_cells_summed_over_coarse_ones_are_the_coarse_deposit():
    point = [(0.37 * MM, -1.21 * MM, 2.05 * MM)]
    coarse = deposit(box(1.0 * MM), point, [1.0])
    fine = deposit(box(0.5 * MM), point, [1.0])
    nz, ny, nx = coarse.shape
    summed = fine.reshape(nz, 2, ny, 2, nx, 2).sum(axis=(1, 3, 5))
    assert summed == pytest.approx(coarse, abs=1e-13)


def test_axes_are_not_mixed_up():
    grid = Grid((4, 6, 8), 1 * MM, (0.0, 0.0, 0.0))
    field = deposit(grid, [(7.5 * MM, 4.5 * MM, 1.5 * MM)], [1.0], width=0.05 * MM)
    assert field[1, 4, 7] == pytest.approx(1.0, rel=1e-12)


def test_deposits_add_up_in_an_array_that_is_there_already():
    grid = box(1 * MM)
    point = [(0.0, 0.0, 0.0)]
    out = deposit(grid, point, [1.0])
    again = deposit(grid, point, [1.0], out=out)
    assert again is out
    assert out.sum() == pytest.approx(2.0, rel=1e-13)


def test_mirrored_sources_deposit_mirrored_amounts():
    grid = box(0.7 * MM)
    points = np.array([(1.3, 0.2, -2.0), (0.1, 3.0, 0.4)]) * MM
    left = deposit(grid, points, [1.0, 2.0])
    right = deposit(grid, points * (-1, 1, 1), [1.0, 2.0])
    assert right[:, :, ::-1] == pytest.approx(left, abs=1e-14)


def test_the_block_of_a_spread_is_what_deposit_fills():
    grid = box(0.5 * MM)
    points = np.array([(1.3, 0.2, -2.0), (0.1, 3.0, 0.4)]) * MM
    where, amount = spread(grid, points, [1.0, 2.0])
    field = deposit(grid, points, [1.0, 2.0])
    assert np.array_equal(field[where], amount)
    assert field.sum() == pytest.approx(amount.sum(), rel=1e-14)
    assert amount.size < 0.2 * field.size


def test_several_amounts_at_the_same_points_are_as_many_spreads():
    grid = box(0.5 * MM)
    points = np.array([(1.3, 0.2, -2.0), (0.1, 3.0, 0.4)]) * MM
    amounts = np.array([(1.0, 2.0), (0.5, 0.0), (0.0, 4.0)])
    where, together = spread(grid, points, amounts)
    for one, block in zip(amounts, together, strict=True):
        alone_where, alone = spread(grid, points, one)
        assert alone_where == where
        assert np.array_equal(alone, block)


def test_no_points_deposit_nothing():
    field = deposit(box(1 * MM), np.zeros((0, 3)), [])
    assert not field.any()


def test_a_source_outside_the_box_is_refused():
    with pytest.raises(CaseError, match=r"10\.1, 0, 0\) mm lies outside"):
        deposit(box(1 * MM), [(0.0, 0.0, 0.0), (10.1 * MM, 0.0, 0.0)], [1.0, 1.0])
