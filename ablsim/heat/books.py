"""The heat that can be read off the thermal state."""

import numpy as np
from numpy.typing import NDArray

from ablsim.kernels import books


def sensible_heat(
    theta: NDArray[np.floating], inv_c: NDArray[np.floating], cell_volume: float
) -> float:
    """Return the heat stored above the base temperature [J]; held cells (``inv_c`` 0) have none.

    Parameters
    ----------
    theta : ndarray, shape (nz + 2, ny + 2, nx + 2)
        Rise of each cell [K]; that of the ghosts does not count.
    inv_c : ndarray, same shape
        Reciprocal volumetric heat capacity [m^3 K/J].
    cell_volume : float
        Volume of a cell [m^3].
    """
    planes = np.zeros(theta.shape[0] - 2)
    books.stored(theta, inv_c, planes)
    return float(planes.sum()) * cell_volume


def lost_water(
    water: NDArray[np.floating], code: NDArray[np.uint8], n_codes: int
) -> NDArray[np.float64]:
    """Return how many cells' water has left the cells of each code [1].

    Parameters
    ----------
    water : ndarray, shape (nz + 2, ny + 2, nx + 2)
        Share of each cell's water left [1]; that of the ghosts does not count.
    code : ndarray of uint8, same shape
        Code of each cell, below ``n_codes``.
    """
    planes = np.zeros((water.shape[0] - 2, n_codes))
    books.lost_water(water, code, planes)
    return np.asarray(planes.sum(axis=0))
