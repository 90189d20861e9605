"""Rows of cells that are all alike, with all that is beside them: coefficients are one number each.

Most of the tissue around a zone never gets hot enough to change, so most rows stay *plain*: one
heat capacity, one perfusion, one conductivity of all faces. A step then reads a third of what it
reads otherwise, and does the same arithmetic. Where rows are short and reach from wall to wall,
those that follow one another are *joined* and done in one go, with the ghosts between them, for a
row costs time by itself. Arrays are those of ``pennes.py``.
"""

import numpy as np
from numba import njit, prange


@njit(cache=True, error_model="numpy")
def _others(row, value):
    """Return how many cells of a row differ from a value."""
    n = np.int32(0)
    for i in range(row.size):
        n = np.int32(n + np.int32(row[i] != value))  # not 64 bits wide
    return n


@njit(cache=True, parallel=True, error_model="numpy")
def find(faces, inv_c, w, box, opened, plain):
    """Say in ``plain[z, y]`` (uint8) which rows of ``box`` are plain.

    1 is a row that is plain throughout, 2 one that is so but for the faces at its ends, which
    matter only where the box is ``opened`` there.
    """
    z0, z1, y0, y1, x0, x1 = box
    for plane in prange(z0, z1):
        z = np.int64(plane)
        for y in range(y0, y1):
            k = faces[2, z, y, x0]
            n = _others(faces[2, z, y, x0 : x1 - 1], k)
            if x1 - x0 < 3:
                n = 1  # nothing but ends
            if n == 0:
                n += _others(inv_c[z, y, x0:x1], inv_c[z, y, x0])
                n += _others(w[z, y, x0:x1], w[z, y, x0])
                n += _others(faces[0, z - 1, y, x0:x1], k) + _others(faces[0, z, y, x0:x1], k)
                n += _others(faces[1, z, y - 1, x0:x1], k) + _others(faces[1, z, y, x0:x1], k)
            plain[z, y] = n == 0
            before, after = faces[2, z, y, x0 - 1] != k, faces[2, z, y, x1 - 1] != k
            if n == 0 and ((opened[4] and before) or (opened[5] and after)):
                plain[z, y] = 2


@njit(cache=True, error_model="numpy")
def leave(changed, box, plain, stale):
    """Rows that are marked in ``changed`` and those beside them are no longer plain.

    Planes in which one was are marked in ``stale[z]`` (uint8).
    """
    z0, z1, y0, y1, _, _ = box
    for z in range(z0, z1):
        for y in range(y0, y1):
            if changed[z, y]:
                for i, j in ((z, y), (z - 1, y), (z + 1, y), (z, y - 1), (z, y + 1)):
                    if plain[i, j] > 0:
                        plain[i, j] = 0
                        stale[i] = 1


@njit(cache=True, error_model="numpy")
def join(plain, inv_c, w, box, opened, joined, stale, until):
    """Say in ``until[z, y]`` (int32) before which row the joined rows end that begin with row y.

    Only ``stale`` planes are looked at, and are no longer stale then.

    Joined are rows that are not plain, and plain rows with the same coefficients. A row that is
    insulated along y stays alone; so does every row if not ``joined``.
    """
    z0, z1, y0, y1, x0, _ = box
    for z in range(z0, z1):
        if not stale[z]:
            continue
        stale[z] = 0
        until[z, y1 - 1] = y1
        for y in range(y1 - 2, y0 - 1, -1):
            alike = joined and (plain[z, y] > 0) == (plain[z, y + 1] > 0)
            if alike and plain[z, y]:
                alike = inv_c[z, y, x0] == inv_c[z, y + 1, x0] and w[z, y, x0] == w[z, y + 1, x0]
            if (y == y0 and not opened[2]) or (y + 2 == y1 and not opened[3]):
                alike = False
            until[z, y] = until[z, y + 1] if alike else y + 1
