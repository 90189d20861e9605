import numpy as np
import pytest

from ablsim.grid import Grid
from ablsim.heat.vessels import find_wall_faces, lumen_conductivity
from ablsim.tissue.constants import VESSEL_FILM_COEFFICIENT


def test_flat_wall_has_half_a_cell_of_tissue_in_series_with_the_film():
    grid = Grid((4, 4, 8), 1e-3, (0.0, 0.0, 0.0))
    lumen = np.zeros(grid.shape, bool)
    lumen[:, :, :3] = True
    k_lumen = lumen_conductivity(lumen, 16e-6, grid)
    k = 0.5
    conductance = 2 * k * k_lumen / (k + k_lumen) / grid.spacing
    film = VESSEL_FILM_COEFFICIENT.si
    assert conductance == pytest.approx(1 / (0.5 * grid.spacing / k + 1 / film), rel=1e-12)


def test_staircase_does_not_enlarge_a_round_wall():
    grid = Grid((1, 80, 80), 0.1e-3, (-4e-3, -4e-3, 0.0))
    x, y, _ = grid.axes()
    lumen = (np.hypot(y[:, None], x) < 3e-3)[None]
    true_area = 2 * np.pi * 3e-3 * grid.spacing
    ratio = lumen_conductivity(lumen, true_area, grid) / (
        0.5 * VESSEL_FILM_COEFFICIENT.si * grid.spacing
    )
    assert ratio == pytest.approx(np.pi / 4, rel=0.02)


def test_wall_faces_pair_held_with_free_cells():
    held = np.zeros((3, 3, 4), bool)
    held[1, 1, 1:3] = True
    inside, outside = find_wall_faces(held)
    assert len(inside) == 10
    assert held.ravel()[inside].all()
    assert not held.ravel()[outside].any()
