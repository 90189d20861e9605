"""The border of the active region: what crosses it, what happens outside, where it must grow.

Arrays, ``box`` and ``opened`` as in ``pennes.py``. Nothing is checked here.
"""

from numba import njit


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"})
def ghost_flux(theta, faces, box, opened, inv_h2):
    """Return the heat that leaves through the opened sides, as a power density sum [W/m^3].

    The sum is re-ordered for speed, but always in the same order.
    """
    z0, z1, y0, y1, x0, x1 = box
    total = 0.0
    for side in range(2):
        if opened[side]:
            z, g = (z0, z0 - 1) if side == 0 else (z1 - 1, z1)
            for y in range(y0, y1):
                for x in range(x0, x1):
                    total += faces[0, min(z, g), y, x] * (theta[z, y, x] - theta[g, y, x])
        if opened[2 + side]:
            y, g = (y0, y0 - 1) if side == 0 else (y1 - 1, y1)
            for z in range(z0, z1):
                for x in range(x0, x1):
                    total += faces[1, z, min(y, g), x] * (theta[z, y, x] - theta[z, g, x])
        if opened[4 + side]:
            x, g = (x0, x0 - 1) if side == 0 else (x1 - 1, x1)
            for z in range(z0, z1):
                for y in range(y0, y1):
                    total += faces[2, z, y, min(x, g)] * (theta[z, y, x] - theta[z, y, g])
    return total * inv_h2


@njit(cache=True, error_model="numpy")
def held_flux(theta, faces, inside, outside, inv_h2):
    """Return the heat that enters held cells, as a power density sum [W/m^3].

    ``inside`` and ``outside`` (int64, flat) are the two cells of each face of the held region.
    """
    t_, f_ = theta.reshape(-1), faces.reshape(3, -1)
    total = 0.0
    for i in range(inside.size):
        a, b = outside[i], inside[i]
        axis = 2 if abs(a - b) == 1 else 1 if abs(a - b) == theta.shape[2] else 0
        total += f_[axis, min(a, b)] * (t_[a] - t_[b])
    return total * inv_h2


@njit(cache=True, error_model="numpy")
def mirror(theta, box, opened):
    """Give the cells beyond the sides along x that are not opened the rise of those within."""
    z0, z1, y0, y1, x0, x1 = box
    for z in range(z0, z1):
        for y in range(y0, y1):
            if not opened[4]:
                theta[z, y, x0 - 1] = theta[z, y, x0]
            if not opened[5]:
                theta[z, y, x1] = theta[z, y, x1 - 1]


@njit(cache=True, error_model="numpy")
def absorb_outside(theta, theta_new, q, inv_c, box, lit, duration):
    """Heat the ``lit`` cells outside the active region by absorption alone, in both states."""
    z0, z1, y0, y1, x0, x1 = box
    for z in range(lit[0], lit[1]):
        for y in range(lit[2], lit[3]):
            outside = z < z0 or z >= z1 or y < y0 or y >= y1
            for x in range(lit[4], lit[5]):
                if outside or x < x0 or x >= x1:
                    t = theta[z, y, x] + duration * inv_c[z, y, x] * q[z, y, x]
                    theta[z, y, x] = t
                    theta_new[z, y, x] = t


@njit(cache=True, error_model="numpy", fastmath={"nnan", "nsz"})
def _largest(a):
    """Largest absolute value of a row."""
    most = a.dtype.type(0.0)
    for i in range(a.size):
        most = max(most, abs(a[i]))
    return most


@njit(cache=True, error_model="numpy")
def warmest_outside(theta, box):
    """Return the largest |theta| of the inner cells outside the active region."""
    z0, z1, y0, y1, x0, x1 = box
    nz, ny, nx = theta.shape
    most = theta.dtype.type(0.0)
    for z in range(1, nz - 1):
        for y in range(1, ny - 1):
            row = theta[z, y]
            if z0 <= z < z1 and y0 <= y < y1:
                most = max(most, _largest(row[1:x0]), _largest(row[x1 : nx - 1]))
            else:
                most = max(most, _largest(row[1 : nx - 1]))
    return most


@njit(cache=True, error_model="numpy")
def has_reached(theta, tolerance, box, opened, margin):
    """Say whether |theta| > tolerance within ``margin`` cells of a side that is not opened."""
    z0, z1, y0, y1, x0, x1 = box
    for z in range(z0, z1):
        beside_z = (z < z0 + margin and not opened[0]) or (z >= z1 - margin and not opened[1])
        for y in range(y0, y1):
            beside_y = (y < y0 + margin and not opened[2]) or (y >= y1 - margin and not opened[3])
            row = theta[z, y, x0:x1]
            if beside_z or beside_y:
                if _largest(row) > tolerance:
                    return True
            elif (not opened[4] and _largest(row[:margin]) > tolerance) or (
                not opened[5] and _largest(row[-margin:]) > tolerance
            ):
                return True
    return False


@njit(cache=True, error_model="numpy")
def extent(theta, tolerance, box, low, high):
    """Find, for each plane of ``box``, the rows and columns with |theta| > tolerance.

    ``low[z]`` and ``high[z]`` (int64, shape (nz + 2, 2)) receive the first and last (y, x); an
    empty plane has low > high.
    """
    z0, z1, y0, y1, x0, x1 = box
    for z in range(z0, z1):
        first_y, last_y, first_x, last_x = y1, -1, x1, -1
        for y in range(y0, y1):
            row = theta[z, y, x0:x1]
            if _largest(row) <= tolerance:
                continue
            first_y = min(first_y, y)
            last_y = y
            x = 0
            while abs(row[x]) <= tolerance:
                x += 1
            first_x = min(first_x, x0 + x)
            x = x1 - x0 - 1
            while abs(row[x]) <= tolerance:
                x -= 1
            last_x = max(last_x, x0 + x)
        low[z, 0], low[z, 1] = first_y, first_x
        high[z, 0], high[z, 1] = last_y, last_x
