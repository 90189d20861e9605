"""The fastest cell of a domain: what bounds the explicit step.

``k`` [W/(m K)] has one layer of ghost cells, shape ``(nz + 2, ny + 2, nx + 2)``; ``code`` has none,
and is each cell's place in the tables: ``least`` and ``most`` [W/(m K)] bound the conductivity that
it starts with and the one that it can reach, ``inv_c`` [m^3 K/J] is the reciprocal heat capacity.
Everything is computed in float64.
"""

import numpy as np
from numba import njit, prange


@njit(cache=True, error_model="numpy")
def _face(a, b):
    """Harmonic mean; 0 between cells that do not conduct."""
    return 2.0 * a * b / (a + b) if a + b > 0.0 else 0.0


@njit(cache=True, error_model="numpy")
def _conductivity(k, code, least, most, z, y, x):
    """Return the conductivity of a cell at its start and at its largest; ghosts have but one."""
    own = np.float64(k[z, y, x])
    nz, ny, nx = k.shape
    if z == 0 or y == 0 or x == 0 or z == nz - 1 or y == ny - 1 or x == nx - 1:
        return own, own
    tissue = code[z - 1, y - 1, x - 1]
    return max(own, least[tissue]), most[tissue]


@njit(cache=True, parallel=True, error_model="numpy")
def fastest(k, code, least, most, inv_c, w, flow_max, spacing, found):
    """Write the largest (sum of face conductivities / h^2 + w) / c of each plane [1/s].

    Cells at the wall of the domain count with the conductivities that they start with.
    """
    nz, ny, nx = k.shape
    for plane in prange(1, nz - 1):
        z = np.int64(plane)
        highest = 0.0
        for y in range(1, ny - 1):
            for x in range(1, nx - 1):
                at_wall = z == 1 or y == 1 or x == 1 or z == nz - 2 or y == ny - 2 or x == nx - 2
                native, largest = _conductivity(k, code, least, most, z, y, x)
                total = 0.0
                for dz, dy, dx in (
                    (-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)
                ):  # fmt: skip
                    cold, hot = _conductivity(k, code, least, most, z + dz, y + dy, x + dx)
                    total += _face(native, cold) if at_wall else _face(largest, hot)
                weight = total / spacing**2 + flow_max * np.float64(w[z, y, x])
                highest = max(highest, weight * inv_c[code[z - 1, y - 1, x - 1]])
        found[z - 1] = highest
