"""What photons left in the tallies, as absorbed power and its noise."""

import numpy as np
from numba import njit, prange


@njit(cache=True, parallel=True, error_model="numpy")
def settle(tallies, scale, density, absorbed, unrest):
    """Turn the tallies of two halves of the photons into power, and make them zero.

    One pass over all cells, most of which few photons come to.

    Parameters
    ----------
    tallies : ndarray of int64, shape (2, threads, nz, n)
        Absorbed weight of each half, as its threads booked it; zero afterwards.
    scale : float
        Power density of a weight of one.
    density : ndarray of float32, shape (nz, n)
        Receives the absorbed power density of both halves.
    absorbed : ndarray of int64, shape (nz,)
        Receives the absorbed weight of each plane.
    unrest : ndarray of float64, shape (nz,)
        Receives the squared difference of the halves over their sum, summed over each plane.
    """
    threads = tallies.shape[1]
    for plane in prange(density.shape[0]):
        total = np.int64(0)
        squares = 0.0
        for cell in range(density.shape[1]):
            first = np.int64(0)
            second = np.int64(0)
            for thread in range(threads):
                first += tallies[0, thread, plane, cell]
                second += tallies[1, thread, plane, cell]
            both = first + second
            density[plane, cell] = np.float32(both * scale)
            if both == 0:
                continue
            total += both
            squares += np.float64(first - second) ** 2 / both
            for thread in range(threads):
                tallies[0, thread, plane, cell] = 0
                tallies[1, thread, plane, cell] = 0
        absorbed[plane] = total
        unrest[plane] = squares
