import numpy as np
import pytest

from ablsim.grid import Grid
from ablsim.heat.film import FILM_REACH, film_heat
from ablsim.light.fibre import Fibre


@pytest.mark.parametrize("tip", [(0.0, 0.0, 0.0), (0.37e-3, -0.21e-3, 0.45e-3)])
@pytest.mark.parametrize("spacing", [0.5e-3, 1e-3, 2e-3])
def test_film_releases_all_its_power_around_the_tip(tip, spacing):
    direction = tuple(np.array([1.0, 2.0, -2.0]) / 3.0)
    fibre = Fibre("F1", "bare", tip, direction)
    grid = Grid.centred((0.0, 0.0, 0.0), (20e-3, 20e-3, 20e-3), spacing)
    density = film_heat(grid, fibre)
    assert density.sum() * grid.cell_volume == pytest.approx(1.0, rel=1e-9)
    x, y, z = grid.axes()
    share = density * grid.cell_volume
    centre = [
        np.sum(share * x), np.sum(share * y[:, None]), np.sum(share * z[:, None, None])
    ]  # fmt: skip
    assert centre == pytest.approx(tip, abs=2e-5)
    far = np.sqrt((x - tip[0]) ** 2 + (y[:, None] - tip[1]) ** 2 + (z[:, None, None] - tip[2]) ** 2)
    assert share[far > FILM_REACH + 8 * max(0.5e-3, spacing)].sum() == 0.0
