"""The arrays of one step, as the laws that follow it need them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ablsim.heat.active import Box

Floats = NDArray[np.floating]


class Step(NamedTuple):
    """State before and after a step, with one layer of ghost cells; laws write into it.

    ``before`` and ``theta`` are rises [K], ``water`` the share left, ``inv_c`` the reciprocal heat
    capacity [m^3 K/J], ``code`` each cell's row in ``table``, ``hot`` and ``dried`` mark rows of
    cells (z, y), hot are those with a cell above ``skip`` [K], ``box`` is the active region.
    """

    before: Floats
    theta: Floats
    water: Floats
    inv_c: Floats
    code: NDArray[np.uint8]
    table: Floats
    hot: NDArray[np.uint8]
    dried: NDArray[np.uint8]
    box: Box
    skip: float
