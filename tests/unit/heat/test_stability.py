import numpy as np
import pytest

from ablsim.grid import Grid
from ablsim.heat.medium import Medium
from ablsim.heat.stability import SAFETY, longest_dry_step, longest_euler_step

ROW = [3.8e6, 4.4e5, 1.75e9, 0.5, 0.2, 0.6, 28.0, 1.0 / 27.0, 6e4, 1.0]


def medium(held=False):
    grid = Grid((5, 5, 5), 1e-3, (0.0, 0.0, 0.0))
    rows = np.array([ROW, [*ROW[:1], 1e4, *ROW[2:]]])
    still = np.arange(2, dtype=np.uint8)
    return Medium(grid, np.zeros(grid.shape, np.uint8), rows, np.array([False, held]), still, 63.0)


def test_dried_tissue_shortens_the_step_by_its_small_heat_capacity():
    assert longest_dry_step(medium(held=True)) == pytest.approx(1e-6 * 4.4e5 / (6 * 0.2))
    assert longest_dry_step(medium(held=False)) == pytest.approx(1e-6 * 1e4 / (6 * 0.2))


def test_wet_tissue_is_bounded_by_its_largest_conductivity_and_perfusion():
    shape = (7, 7, 7)
    k, w = np.full(shape, 0.5), np.full(shape, 6e4)
    step = longest_euler_step(medium(), k, w, 1.6)
    assert step == pytest.approx(3.8e6 / (6 * 0.5 * 1.6 / 1e-6 + 1.6 * 6e4))
    assert SAFETY < 1.0
