"""Conditions at the domain's outer faces, as ghost cells.

The flux between two cells is harmonic-mean conductivity times temperature difference over the
spacing. A ghost cell outside the face therefore stands for any linear condition: conductivity 0
insulates; a very large one puts the ghost's temperature on the face itself; ``h_c * spacing / 2``
is half a cell of tissue in series with a film of coefficient ``h_c``.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Boundary

FIXED = 1e6
"""Conductivity [W/(m K)] of a ghost that fixes the temperature of its face (to 1 part in 10^6)."""

_SIDES = {
    "z_min": (0, 0),
    "z_max": (0, -1),
    "y_min": (1, 0),
    "y_max": (1, -1),
    "x_min": (2, 0),
    "x_max": (2, -1),
}


def ghost_of(boundary: Boundary, spacing: float, base_temperature: float) -> tuple[float, float]:
    """Return the ghost cell's conductivity [W/(m K)] and rise [K] for one face's condition."""
    if boundary.kind == "insulated":
        return 0.0, 0.0
    if boundary.kind == "convective":
        return 0.5 * boundary.coefficient * spacing, boundary.ambient - base_temperature
    return FIXED, 0.0


def set_ghosts(
    theta: NDArray[np.floating],
    k: NDArray[np.floating],
    boundary: Mapping[str, Boundary],
    *,
    spacing: float,
    base_temperature: float,
) -> bool:
    """Write all six ghost layers of padded ``theta`` [K] and ``k`` [W/(m K)].

    Returns whether any face drives heat by itself (a ghost that is not at base temperature).
    """
    drives = False
    for name, (axis, end) in _SIDES.items():
        conductivity, rise = ghost_of(boundary[name], spacing, base_temperature)
        np.moveaxis(k, axis, 0)[end] = conductivity
        np.moveaxis(theta, axis, 0)[end] = rise
        drives = drives or (conductivity > 0.0 and rise != 0.0)
    return drives
