"""Heat along the needle's track."""

import numpy as np
import pytest

from ablsim.errors import CaseError
from ablsim.grid import Grid
from ablsim.heat.track import track_heat
from ablsim.light.fibre import Fibre

GRID = Grid.centred((0.0, 0.0, 0.0), (40e-3,) * 3, 1e-3)


@pytest.mark.parametrize("length", [0.05e-3, 10e-3, 12e-3])
@pytest.mark.parametrize("tip", [(0.0, 0.0, 0.0), (0.37e-3, -0.21e-3, 0.45e-3)])
def test_the_track_releases_all_its_power_behind_the_tip(length, tip):
    direction = np.array([1.0, 2.0, -2.0]) / 3.0
    share = track_heat(GRID, Fibre("F1", "bare", tip, tuple(direction)), length) * GRID.cell_volume
    assert share.sum() == pytest.approx(1.0, rel=1e-9)
    x, y, z = GRID.axes()
    along = (x - tip[0]) * direction[0]
    along = along + (y[:, None] - tip[1]) * direction[1]
    along = along + (z[:, None, None] - tip[2]) * direction[2]
    assert np.sum(share * along) == pytest.approx(-0.5 * length, abs=3e-5)
    spread = np.sum(share * (along + 0.5 * length) ** 2)
    assert spread == pytest.approx(length**2 / 12.0 + 0.5e-3**2, rel=0.02, abs=1e-7)
    assert share[along > 2.5e-3].sum() < 1e-4
    assert share[along < -length - 2.5e-3].sum() < 1e-4


def test_equal_parts_of_the_track_get_equal_heat():
    fibre = Fibre("F1", "bare", (0.0, 0.0, -6e-3), (0.0, 0.0, -1.0))
    layers = track_heat(GRID, fibre, 12e-3).sum(axis=(1, 2)) * GRID.cell_volume
    z = GRID.axes()[2]
    inside = (z > -3.5e-3) & (z < 3.5e-3)
    assert layers[inside] == pytest.approx(np.full(inside.sum(), 1.0 / 12.0), rel=1e-3)


def test_a_track_out_of_the_grid_is_refused():
    with pytest.raises(CaseError, match="outside the computed box"):
        track_heat(GRID, Fibre("F1", "bare", (0.0, 0.0, 15e-3), (0.0, 0.0, -1.0)), 10e-3)
