"""Heat along the needle's track: what hot gas and soot carry back from a bare tip."""

import math

import numpy as np
from numpy.typing import NDArray

from ablsim.deposition import SOURCE_WIDTH, deposit
from ablsim.grid import Grid
from ablsim.light.fibre import Fibre

PIECE = 0.25 * SOURCE_WIDTH
"""Longest piece of the track that is one point of heat [m]."""


def track_heat(grid: Grid, fibre: Fibre, length: float) -> NDArray[np.float64]:
    """Return the power density of 1 W released evenly along a fibre's track [1/m^3].

    Parameters
    ----------
    grid : Grid
        The cells.
    fibre : Fibre
        Its track begins at the tip and runs back towards the hand.
    length : float
        Of the part that is heated [m].

    Raises
    ------
    CaseError
        When the track leaves the grid.

    Notes
    -----
    Zones of bare tips are longer than wide, up to 1.6 times, which light and conduction do not
    explain. Steam that escapes along the track, and char that creeps back on the sheath, would.
    """
    pieces = max(1, math.ceil(length / PIECE))
    behind = length * (np.arange(pieces) + 0.5) / pieces
    points = np.asarray(fibre.tip) - behind[:, None] * np.asarray(fibre.direction)
    return deposit(grid, points, np.full(pieces, 1.0 / pieces)) / grid.cell_volume
