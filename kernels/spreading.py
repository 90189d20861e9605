"""Point amounts onto the cells around them.

Arrays are ``(z, y, x)`` in C order, float64. One thread: blocks are small, sums keep their order.
"""

import math

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def weigh(position, width, cut, n_cells):
    """Return the first cell and the cells' shares of a Gaussian at each ``position``, on one axis.

    ``position`` and ``width`` are in cells. The Gaussian ends ``cut`` widths from its middle and
    at the outer walls, and its shares add up to one.
    """
    end = cut * width
    reach = min(2 * math.ceil(end) + 1, n_cells)
    start = np.empty(position.size, np.int64)
    share = np.empty((position.size, reach))
    for n in range(position.size):
        at = position[n]
        start[n] = min(max(math.floor(at) - reach // 2, 0), n_cells - reach)
        total = 0.0
        below = math.erf(min(max(start[n] - at, -end), end) / (math.sqrt(2.0) * width))
        for k in range(reach):
            edge = min(max(start[n] + k + 1 - at, -end), end)
            above = math.erf(edge / (math.sqrt(2.0) * width))
            share[n, k] = above - below
            total += above - below
            below = above
        for k in range(reach):
            share[n, k] /= total
    return start, share


@njit(cache=True, error_model="numpy")
def add_separable(block, first, z0, y0, x0, wz, wy, wx, amounts):
    """Add the products of three rows of weights, times each row of amounts, to blocks of cells.

    ``block[m, z0 + k, y0 + j, x0 + i] += wz[k] (wy[j] (wx[i] amounts[m]))`` for every point in
    turn, cells counted from the whole grid's first; ``first`` is where the blocks begin in it.
    """
    for m in range(amounts.shape[0]):
        for n in range(amounts.shape[1]):
            k0, j0, i0 = z0[n] - first[0], y0[n] - first[1], x0[n] - first[2]
            for k in range(wz.shape[1]):
                for j in range(wy.shape[1]):
                    for i in range(wx.shape[1]):
                        plane = wy[n, j] * (wx[n, i] * amounts[m, n])
                        block[m, k0 + k, j0 + j, i0 + i] += wz[n, k] * plane
