"""A collimated beam on its way through tissue: what each piece of the axis takes out of it.

Arrays are ``(z, y, x)`` in C order; the way is walked through in float64 whatever they are.
"""

import math

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def _between(field, z, y, x):
    """Return the linear interpolation between cell centres; outside the outermost theirs."""
    z = min(max(z, 0.0), field.shape[0] - 1.0)
    y = min(max(y, 0.0), field.shape[1] - 1.0)
    x = min(max(x, 0.0), field.shape[2] - 1.0)
    k, j, i = int(z), int(y), int(x)
    z, y, x = z - k, y - j, x - i
    total = 0.0
    for plane, wz in ((k, 1.0 - z), (min(k + 1, field.shape[0] - 1), z)):
        for row, wy in ((j, 1.0 - y), (min(j + 1, field.shape[1] - 1), y)):
            for cell, wx in ((i, 1.0 - x), (min(i + 1, field.shape[2] - 1), x)):
                total += wz * wy * wx * float(field[plane, row, cell])
    return total


@njit(cache=True, error_model="numpy")
def _centroid(depth):
    """Return where in a piece of optical ``depth`` its loss is centred, 0 to 1."""
    if depth < 1e-4:
        return 0.5 - depth / 12.0
    return 1.0 / depth - 1.0 / math.expm1(depth)


@njit(cache=True, error_model="numpy")
def lose(mu_a, mu_s, tip, step, ds, pieces, faint):
    """Follow a beam through ``pieces`` of length ``ds`` [m], or until its share is ``faint``.

    ``tip`` is the array index of its start, ``step`` the way of one piece in cells, both z, y, x.
    Returns the distances from the tip [m] at which the pieces' losses are centred, the shares
    scattered and absorbed there, and the share left. The last piece of a faint beam takes the rest.
    """
    distance, scattered, absorbed = np.empty(pieces), np.empty(pieces), np.empty(pieces)
    total, left = 0.0, 1.0
    used = 0
    while used < pieces and left > 0.0:
        way = used + 0.5
        z, y, x = tip[0] + way * step[0], tip[1] + way * step[1], tip[2] + way * step[2]
        absorption = _between(mu_a, z, y, x)
        attenuation = absorption + _between(mu_s, z, y, x)
        depth = attenuation * ds
        lost = -left * math.expm1(-depth)
        total += depth
        left = math.exp(-total)
        if left < faint:
            lost += left
            left = 0.0
        albedo = 1.0 - absorption / attenuation
        distance[used] = ds * (used + _centroid(depth))
        scattered[used] = lost * albedo
        absorbed[used] = lost * (1.0 - albedo)
        used += 1
    return distance[:used], scattered[:used], absorbed[:used], left
