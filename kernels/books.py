"""What the books ask of all cells: the heat stored in them, and the water that has left them.

Arrays have one layer of ghost cells, which do not count. Sums are float64 and those of planes, so
they are the same for any number of threads.
"""

import numpy as np
from numba import njit, prange


@njit(cache=True, parallel=True, error_model="numpy")
def stored(theta, inv_c, planes):
    """Write the heat above the base temperature of each plane, summed over cells [J/m^3].

    ``inv_c`` [m^3 K/J] is the reciprocal heat capacity; held cells, where it is 0, store nothing.
    """
    nz, ny, nx = theta.shape
    for plane in prange(1, nz - 1):
        z = np.int64(plane)
        total = 0.0
        for y in range(1, ny - 1):
            row = 0.0
            for x in range(1, nx - 1):
                if inv_c[z, y, x] > 0.0:
                    row += np.float64(theta[z, y, x]) / np.float64(inv_c[z, y, x])
            total += row
        planes[z - 1] = total


@njit(cache=True, parallel=True, error_model="numpy")
def lost_water(water, code, planes):
    """Write into ``planes[z, c]`` how many cells' water, of those of code c, has left plane z."""
    nz, ny, nx = water.shape
    for plane in prange(1, nz - 1):
        z = np.int64(plane)
        for y in range(1, ny - 1):
            for x in range(1, nx - 1):
                left = water[z, y, x]
                if left != 1.0:
                    planes[z - 1, code[z, y, x]] += 1.0 - np.float64(left)
