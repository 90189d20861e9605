"""The energy that can be read off the thermal state: heat, and what turned into steam."""

import numpy as np
from numpy.typing import NDArray

from ablsim.heat.medium import Medium


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
    free = inv_c > 0.0
    return float(np.sum(theta[free].astype(np.float64) / inv_c[free])) * cell_volume


def steam_heat(water: NDArray[np.floating], medium: Medium) -> tuple[float, float]:
    """Return latent and sensible heat that steam has carried away [J].

    ``water`` is the share of the water left in each cell.
    """
    lost = 1.0 - water.astype(np.float64)
    by_code = np.bincount(medium.code.ravel(), weights=lost.ravel(), minlength=len(medium.table))
    heat_wet, heat_dry, latent = medium.table[:, :3].T
    boiling = medium.boiling_rise if np.isfinite(medium.boiling_rise) else 0.0
    volume = medium.grid.cell_volume
    sensible = float(by_code @ (heat_wet - heat_dry)) * boiling * volume
    return float(by_code @ latent) * volume, sensible
