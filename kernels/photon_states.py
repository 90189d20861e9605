"""Optical states of cells, and how strongly light can be attenuated about them."""

import numpy as np
from numba import njit, prange


@njit(cache=True, error_model="numpy")
def _bound_plane(states, attenuation, shape, edge, k, own):
    """Find what each block of plane ``k`` of blocks holds itself."""
    nz, ny, nx = shape
    media, bx = own.shape[0], own.shape[3]
    for part in range(media):
        own[part, k] = np.float32(0.0)
    for z in range(k * edge, min(nz, (k + 1) * edge)):
        for y in range(ny):
            j = y // edge
            row = (z * ny + y) * nx
            for i in range(bx):
                last = -1
                for x in range(i * edge, min(nx, (i + 1) * edge)):
                    state = states[row + x]
                    if state == last:  # neighbours are mostly alike
                        continue
                    last = state
                    for part in range(media):
                        most = max(own[part, k, j, i], attenuation[part, state])
                        own[part, k, j, i] = most


@njit(cache=True, error_model="numpy")
def _spread_in_plane(own, part, k, row, across):
    """Find what each block of a plane holds together with its neighbours in the plane."""
    by, bx = own.shape[2:]
    for j in range(by):
        before, after = max(0, j - 1), min(by - 1, j + 1)
        for i in range(bx):
            row[i + 1] = max(own[part, k, before, i], own[part, k, j, i], own[part, k, after, i])
        for i in range(bx):
            across[part, k, j, i] = max(row[i], row[i + 1], row[i + 2])


@njit(cache=True, parallel=True, error_model="numpy")
def bound_blocks(states, attenuation, shape, shift, own, across, bounds):
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
    own, across : ndarray of float32, shape (m, bz, by, bx)
        Receive what each block holds itself, and together with its neighbours in its plane.
    bounds : ndarray of float32, shape (m, bz, by, bx)
        Receives what it holds together with all its neighbours.
    """
    media, bz, by, bx = own.shape
    for plane in prange(bz):
        k = np.int64(plane)  # prange counts without a sign, which mixes with no signed number
        _bound_plane(states, attenuation, shape, 1 << shift, k, own)
        row = np.zeros(bx + 2, np.float32)  # nothing attenuates outside
        for part in range(media):
            _spread_in_plane(own, part, k, row, across)
    for plane in prange(bz):
        k = np.int64(plane)
        below, above = max(0, k - 1), min(bz - 1, k + 1)
        for part in range(media):
            for j in range(by):
                for i in range(bx):
                    bounds[part, k, j, i] = max(
                        across[part, below, j, i], across[part, k, j, i], across[part, above, j, i]
                    )
