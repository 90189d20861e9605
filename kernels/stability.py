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


@njit(cache=True, error_model="numpy")
def _weight(k, code, least, most, w, flow_max, spacing, z, y, x):
    """Return the sum of the face conductivities / h^2 + w of a cell [W/(m^3 K)]."""
    nz, ny, nx = k.shape
    at_wall = z == 1 or y == 1 or x == 1 or z == nz - 2 or y == ny - 2 or x == nx - 2
    native, largest = _conductivity(k, code, least, most, z, y, x)
    total = 0.0
    for dz, dy, dx in ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)):
        cold, hot = _conductivity(k, code, least, most, z + dz, y + dy, x + dx)
        total += _face(native, cold) if at_wall else _face(largest, hot)
    return total / spacing**2 + flow_max * np.float64(w[z, y, x])


@njit(cache=True, error_model="numpy")
def _is_even(code, z, y):
    """Say whether all cells of a row and of the four beside it are of one code."""
    own = code[z, y, 0]
    others = 0
    for row in (code[z, y], code[z - 1, y], code[z + 1, y], code[z, y - 1], code[z, y + 1]):
        for x in range(row.size):
            others += row[x] != own
    return others == 0


@njit(cache=True, error_model="numpy", fastmath={"nnan", "nsz"})
def _largest(row):
    most = row[0]
    for x in range(row.size):
        most = max(most, row[x])
    return most


@njit(cache=True, parallel=True, error_model="numpy")
def fastest(k, code, least, most, inv_c, w, flow_max, spacing, found):
    """Write the largest (sum of face conductivities / h^2 + w) / c of each plane [1/s].

    Cells at the wall of the domain count with the conductivities that they start with. In rows of
    one code that lie among their like, as most do, the fastest is the best perfused.
    """
    nz, ny, nx = k.shape
    even = np.empty(most.size)
    for i in range(most.size):
        face = _face(most[i], most[i])
        even[i] = (face + face + face + face + face + face) / spacing**2
    for plane in prange(1, nz - 1):
        z = np.int64(plane)
        highest = 0.0
        for y in range(1, ny - 1):
            inside = 1 < z < nz - 2 and 1 < y < ny - 2 and nx > 4
            stride = 1
            if inside and _is_even(code, z - 1, y - 1):
                own = code[z - 1, y - 1, 0]
                weight = even[own] + flow_max * np.float64(_largest(w[z, y, 2 : nx - 2]))
                highest = max(highest, weight * inv_c[own])
                stride = nx - 3  # what is left of it lies at the walls
            for x in range(1, nx - 1, stride):
                weight = _weight(k, code, least, most, w, flow_max, spacing, z, y, x)
                highest = max(highest, weight * inv_c[code[z - 1, y - 1, x - 1]])
        found[z - 1] = highest
