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


@pytest.mark.parametrize("fastest_lies", ["inside", "beside another tissue", "at a wall"])
def test_step_is_that_of_the_fastest_cell_wherever_it_lies(fastest_lies):
    """Rows of one tissue are passed over at a look: against all cells looked at one by one."""
    still = np.arange(4, dtype=np.uint8)
    quick = [*ROW[:3], 2.0, 0.2, 0.0, *ROW[6:]]  # conducts four times as well, from the start
    rows = np.array([ROW, [*ROW[:8], 9e4, 1.0], quick, [*ROW[:3], 0.9, *ROW[4:]]])
    grid = Grid((7, 8, 9), 1e-3, (0.0, 0.0, 0.0))
    code = np.zeros(grid.shape, np.uint8)
    code[4:] = 1
    if fastest_lies == "beside another tissue":
        code[3, 4, 5] = 2
    if fastest_lies == "at a wall":
        code[2:5, 2:6, 8] = 2
    cells = Medium(grid, code, rows, np.zeros(4, bool), still, 63.0)
    k, w = np.zeros((9, 10, 11)), np.zeros((9, 10, 11))
    k[1:-1, 1:-1, 1:-1] = rows[code, 3]
    w[1:-1, 1:-1, 1:-1] = rows[code, 8]
    most = np.pad(cells.conductivity_max[code], 1)
    at_wall = np.ones(grid.shape, bool)
    at_wall[1:-1, 1:-1, 1:-1] = False
    total = np.zeros(grid.shape)
    for axis in range(3):
        for by in (-1, 1):
            for is_wall, of in ((True, k), (False, most)):
                beside = np.roll(of, by, axis)[1:-1, 1:-1, 1:-1]
                own = of[1:-1, 1:-1, 1:-1]
                face = 2.0 * own * beside / (own + beside)
                total += np.where(at_wall == is_wall, face, 0.0)
    slowest = 3.8e6 / (total / 1e-6 + 1.6 * rows[code, 8])
    assert longest_euler_step(cells, k, w, 1.6) == pytest.approx(slowest.min(), rel=1e-14)
