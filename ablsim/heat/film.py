"""The char film on a bare tip: the share of the light that leaves the fibre as heat."""

import numpy as np
from numpy.typing import NDArray

from ablsim.deposition import deposit
from ablsim.grid import Grid
from ablsim.light.fibre import Fibre

FILM_REACH = 1e-3
"""The heat is released along the fibre's axis this far [m] to each side of the tip."""
N_POINTS = 16


def film_points(fibre: Fibre) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the film of ``fibre`` releases its heat, (16, 3) [m], and the shares (16,)."""
    offsets = (np.arange(N_POINTS) + 0.5) / N_POINTS * 2.0 * FILM_REACH - FILM_REACH
    points = np.asarray(fibre.tip) + offsets[:, None] * np.asarray(fibre.direction)
    return points, np.full(N_POINTS, 1.0 / N_POINTS)


def film_heat(grid: Grid, fibre: Fibre) -> NDArray[np.float64]:
    """Return the power density of 1 W released by the film of ``fibre`` [1/m^3].

    Carbonised blood and tissue on the cut face and the last millimetre of the sheath absorb light
    in a layer of some 10 micrometres; on the scale of a cell that is a short line of heat.
    """
    points, shares = film_points(fibre)
    return deposit(grid, points, shares) / grid.cell_volume
