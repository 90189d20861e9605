"""Point amounts onto the cells around them.

Arrays are ``(z, y, x)`` in C order, float64. One thread: blocks are small, sums keep their order.
"""

from numba import njit


@njit(cache=True, error_model="numpy")
def add_separable(block, first, z0, y0, x0, wz, wy, wx, amounts):
    """Add the products of three rows of weights, times an amount, to a block of cells.

    ``block[z0 + k, y0 + j, x0 + i] += wz[k] (wy[j] (wx[i] amount))`` for every point in turn, cells
    counted from the whole grid's first; ``first`` is where the block begins in it.
    """
    for n in range(amounts.size):
        k0, j0, i0 = z0[n] - first[0], y0[n] - first[1], x0[n] - first[2]
        for k in range(wz.shape[1]):
            for j in range(wy.shape[1]):
                for i in range(wx.shape[1]):
                    plane = wy[n, j] * (wx[n, i] * amounts[n])
                    block[k0 + k, j0 + j, i0 + i] += wz[n, k] * plane
