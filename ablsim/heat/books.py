"""The heat that can be read off the thermal state."""

import numpy as np
from numpy.typing import NDArray


def sensible_heat(
    theta: NDArray[np.floating], inv_c: NDArray[np.floating], cell_volume: float
) -> float:
    """Return the heat stored above the base temperature [J]; held cells (``inv_c`` 0) have none.

    Parameters
    ----------
    theta : ndarray
        Rise of each cell [K].
    inv_c : ndarray, same shape
        Reciprocal volumetric heat capacity [m^3 K/J].
    cell_volume : float
        Volume of a cell [m^3].
    """
    total = 0.0
    for rise, per_heat in zip(theta, inv_c, strict=True):  # by planes, for the memory
        free = per_heat > 0.0
        total += float(np.sum(rise[free].astype(np.float64) / per_heat[free]))
    return total * cell_volume
