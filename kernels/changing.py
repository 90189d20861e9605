"""Which cells' optics may have changed since the light was solved for."""

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def gather(whitening, coagulation, char, char_before, absorbed):
    """Return damage, coagulated share and light of the cells whose coagulation may have changed.

    All arrays have the same shape ``(nz, ny, nx)``: the damage integral of whitening [1] and char
    [1] now, coagulated and charred share for which the light was solved, absorbed power density.
    Cells without damage, and those that were coagulated altogether, have not changed. Also returned
    is what char has changed, weighted with the light.
    """
    nz, ny, nx = absorbed.shape
    omega = np.empty(absorbed.size, whitening.dtype)
    before = np.empty(absorbed.size, coagulation.dtype)
    light = np.empty(absorbed.size, absorbed.dtype)
    n = 0
    burnt = 0.0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if whitening[z, y, x] > 0.0 and coagulation[z, y, x] < 1.0:
                    omega[n] = whitening[z, y, x]
                    before[n] = coagulation[z, y, x]
                    light[n] = absorbed[z, y, x]
                    n += 1
                if char[z, y, x] != char_before[z, y, x]:
                    burnt += absorbed[z, y, x] * abs(char[z, y, x] - char_before[z, y, x])
    return omega[:n], before[:n], light[:n], burnt
