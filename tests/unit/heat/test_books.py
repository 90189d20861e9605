import numba
import numpy as np
import pytest

from ablsim.heat.books import lost_water, sensible_heat

SHAPE = (7, 9, 11)


@pytest.fixture
def cells():
    rng = np.random.default_rng(11)
    theta = rng.uniform(0.0, 60.0, SHAPE).astype(np.float32)
    inv_c = rng.choice(np.array([0.0, 1 / 4e5, 1 / 3.8e6], np.float32), SHAPE)
    water = rng.choice(np.array([0.0, 0.3, 1.0], np.float32), SHAPE)
    return theta, inv_c, water, rng.integers(0, 3, SHAPE).astype(np.uint8)


def test_heat_is_that_of_all_cells_but_held_ones_and_ghosts(cells):
    theta, inv_c, _, _ = cells
    inner = (slice(1, -1),) * 3
    free = inv_c[inner] > 0.0
    expected = (theta[inner][free].astype(float) / inv_c[inner][free].astype(float)).sum() * 1e-9
    assert sensible_heat(theta, inv_c, 1e-9) == pytest.approx(expected, rel=1e-13)


def test_water_lost_is_counted_for_each_code_without_ghosts(cells):
    _, _, water, code = cells
    inner = (slice(1, -1),) * 3
    lost = 1.0 - water[inner].astype(float)
    expected = [lost[code[inner] == one].sum() for one in range(3)]
    assert lost_water(water, code, 3) == pytest.approx(expected, rel=1e-13)


def test_books_are_the_same_for_any_number_of_threads(cells):
    theta, inv_c, water, code = cells
    before = numba.get_num_threads()
    found = []
    for threads in (1, before):
        numba.set_num_threads(threads)
        found.append((sensible_heat(theta, inv_c, 1e-9), *lost_water(water, code, 3)))
    numba.set_num_threads(before)
    assert found[0] == found[1]
