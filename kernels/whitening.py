"""Whether tissue has whitened and charred enough since the light was solved for to need new light.

Arrays are ``(z, y, x)``. One thread: most cells are passed by, and the sum may end early.
"""

import math

from numba import njit


@njit(cache=True, error_model="numpy")
def has_changed(whitening, char, coagulation_then, char_then, weight, rates, limit):
    """Say whether the change of the tissue, times ``weight``, exceeds a limit.

    The change of a cell is that of its coagulated share, the mean of 1 - exp(-r Omega) over the
    ``rates`` r, and that of its charred share. Tissue never pales: what has no damage has not
    changed, and what was white throughout stays so.
    """
    nz, ny, nx = whitening.shape
    total = 0.0
    for z in range(nz):
        for y in range(ny):
            omega, white_then, worth = whitening[z, y], coagulation_then[z, y], weight[z, y]
            black, black_then = char[z, y], char_then[z, y]
            for x in range(nx):
                if worth[x] == 0.0:  # no photon came here
                    continue
                if black[x] != black_then[x]:
                    total += abs(float(black[x]) - float(black_then[x])) * float(worth[x])
                if omega[x] > 0.0 and white_then[x] < 1.0:
                    left = 0.0
                    for rate in rates:
                        left += math.exp(-rate * float(omega[x]))
                    white = 1.0 - left / rates.size
                    total += abs(white - float(white_then[x])) * float(worth[x])
        if total > limit:
            return True
    return False
