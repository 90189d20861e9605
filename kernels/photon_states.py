"""Optical states of cells, and how strongly light can be attenuated about them."""

import numpy as np
from numba import njit, prange


@njit(cache=True, parallel=True, error_model="numpy")
def bound_blocks(states, attenuation, shape, shift, own, bounds):
    """Find the strongest attenuation in every block of cells and in those around it.

    Parameters
    ----------
    states : ndarray of uint16, shape (cells,)
        State of each cell, (z, y, x) in C order.
    attenuation : ndarray of float32, shape (m, n)
        Of each state, in each of m media [1/cell].
    shape : tuple of int
        Cells along z, y and x.
    shift : int
        Binary logarithm of the edge of a block [cells].
    own : ndarray of float32, shape (m, bz, by, bx)
        Receives what each block holds itself.
    bounds : ndarray of float32, shape (m, bz, by, bx)
        Receives what it holds together with its neighbours.
    """
    nz, ny, nx = shape
    edge = 1 << shift
    media, bz, by, bx = own.shape
    for plane in prange(bz):
        k = np.int64(plane)  # prange counts without a sign, which mixes with no signed number
        for j in range(by):
            for i in range(bx):
                for part in range(media):
                    own[part, k, j, i] = 0.0
                last = -1
                for z in range(k * edge, min(nz, (k + 1) * edge)):
                    for y in range(j * edge, min(ny, (j + 1) * edge)):
                        row = (z * ny + y) * nx
                        for x in range(i * edge, min(nx, (i + 1) * edge)):
                            state = states[row + x]
                            if state == last:  # neighbours are mostly alike
                                continue
                            last = state
                            for part in range(media):
                                most = max(own[part, k, j, i], attenuation[part, state])
                                own[part, k, j, i] = most
    for plane in prange(bz):
        k = np.int64(plane)
        for j in range(by):
            for i in range(bx):
                for part in range(media):
                    most = np.float32(0.0)
                    for z in range(max(0, k - 1), min(bz, k + 2)):
                        for y in range(max(0, j - 1), min(by, j + 2)):
                            for x in range(max(0, i - 1), min(bx, i + 2)):
                                most = max(most, own[part, z, y, x])
                    bounds[part, k, j, i] = most
