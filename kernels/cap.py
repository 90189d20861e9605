"""The cap on temperature: what is above it is moved to the walls of the vapour cavity.

Arrays as in ``reaction.py``. One thread: few cells are that hot. Nothing is checked here.
"""

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def _boil(t, water, heat_wet, heat_dry, latent, t_boil):
    """Turn the heat above the boiling point into steam; return temperature and water left."""
    if t <= t_boil or water <= 0.0:
        return t, water
    surplus = (heat_dry + (heat_wet - heat_dry) * water) * (t - t_boil)
    boiled = surplus / latent
    if boiled < water:
        return t_boil, water - boiled
    return t_boil + (surplus - latent * water) / heat_dry, water - water


@njit(cache=True, error_model="numpy")
def _nearest(z, y, x, tips, share):
    """Write into ``share`` to which tips the cell belongs: the nearest one, or equal parts."""
    best = 1e30
    for j in range(tips.shape[0]):
        d = (z - tips[j, 0]) ** 2 + (y - tips[j, 1]) ** 2 + (x - tips[j, 2]) ** 2
        share[j] = d
        best = min(best, d)
    n = 0
    for j in range(tips.shape[0]):
        near = share[j] <= best + 1e-6 * (best + 1.0)
        share[j] = 1.0 if near else 0.0
        n += near
    for j in range(tips.shape[0]):
        share[j] /= n


@njit(cache=True, error_model="numpy")
def _spread(mark, cells):
    """Turn what is 1 and touches 2, over faces, edges or corners, into 2, as far as that goes.

    ``cells`` (int32, (n, 3)) are all those that are marked.
    """
    nz, ny, nx = mark.shape
    open_cells = np.empty_like(cells)
    n = 0
    for i in range(cells.shape[0]):
        if mark[cells[i, 0], cells[i, 1], cells[i, 2]] == 2:
            open_cells[n] = cells[i]
            n += 1
    while n > 0:
        n -= 1
        z, y, x = open_cells[n, 0], open_cells[n, 1], open_cells[n, 2]
        for k in range(max(z - 1, 0), min(z + 2, nz)):
            for j in range(max(y - 1, 0), min(y + 2, ny)):
                for i in range(max(x - 1, 0), min(x + 2, nx)):
                    if mark[k, j, i] == 1:
                        mark[k, j, i] = 2
                        open_cells[n, 0], open_cells[n, 1], open_cells[n, 2] = k, j, i
                        n += 1


@njit(cache=True, error_model="numpy", fastmath={"nnan", "nsz"})
def _warmest(t):
    """Return the largest value of a row."""
    most = t[0]
    for i in range(t.size):
        most = max(most, t[i])
    return most


@njit(cache=True, error_model="numpy")
def _mark_hot(theta, inv_c, t_hot, t_cap, rows, box):
    """Find the cells from ``t_hot`` on.

    Returns their places, (n, 3), the corner from which these count, and a box of marks: 2 above
    the cap, else 1. There are none if nothing is above the cap.
    """
    z0, z1, y0, y1, x0, x1 = box
    lz, hz, ly, hy, lx, hx = z1, z0, y1, y0, x1, x0
    hottest, n = t_hot, 0
    for z in range(z0, z1):
        for y in range(y0, y1):
            if rows[z, y] and _warmest(theta[z, y, x0:x1]) >= t_hot:
                for x in range(x0, x1):
                    if theta[z, y, x] >= t_hot and inv_c[z, y, x] > 0.0:
                        hottest = max(hottest, theta[z, y, x])
                        n += 1
                        lz, hz = min(lz, z), max(hz, z + 1)
                        ly, hy = min(ly, y), max(hy, y + 1)
                        lx, hx = min(lx, x), max(hx, x + 1)
    if n == 0 or hottest <= t_cap:
        n = lz = hz = ly = hy = lx = hx = 0
    cells = np.empty((n, 3), dtype=np.int32)
    mark = np.zeros((hz - lz, hy - ly, hx - lx), dtype=np.uint8)
    n = 0
    for z in range(lz, hz):
        for y in range(ly, hy):
            if rows[z, y]:
                for x in range(lx, hx):
                    if theta[z, y, x] >= t_hot and inv_c[z, y, x] > 0.0:
                        cells[n, 0], cells[n, 1], cells[n, 2] = z - lz, y - ly, x - lx
                        n += 1
                        mark[z - lz, y - ly, x - lx] = 2 if theta[z, y, x] > t_cap else 1
    return cells, (lz, ly, lx), mark


@njit(cache=True, error_model="numpy")
def move_above(theta, water, inv_c, code, tissue, t_boil, t_hot, t_cap, tips, rows, box):
    """Move the heat above ``t_cap`` to the hot zone around it; return how much [J/m^3].

    A cell whose temperature passed the cap would stand for a vapour cavity that shares its heat
    with its walls: the surplus goes to the cells at or above ``t_hot`` that hang together with it
    and are nearest to the same tip (``tips``: (z, y, x) in padded indices, float64), in proportion
    to how far they are below the cap. What is hot elsewhere, as where a fibre lay before, gets
    nothing. Nothing is deleted. Only ``rows`` that hold dried and hot cells are searched.
    """
    cells, (lz, ly, lx), mark = _mark_hot(theta, inv_c, t_hot, t_cap, rows, box)
    if cells.shape[0] == 0:
        return 0.0
    _spread(mark, cells)
    n_tips = tips.shape[0]
    share = np.zeros((cells.shape[0], n_tips))
    surplus = np.zeros(n_tips)
    room = np.zeros(n_tips)
    for i in range(cells.shape[0]):
        if mark[cells[i, 0], cells[i, 1], cells[i, 2]] == 2:
            z, y, x = cells[i, 0] + lz, cells[i, 1] + ly, cells[i, 2] + lx
            t = theta[z, y, x]
            _nearest(z, y, x, tips, share[i])
            for j in range(n_tips):
                if t > t_cap:
                    surplus[j] += share[i, j] * (t - t_cap) / inv_c[z, y, x]
                else:
                    room[j] += share[i, j] * (t_cap - t)

    one = theta.dtype.type(1.0)
    for i in range(cells.shape[0]):
        if mark[cells[i, 0], cells[i, 1], cells[i, 2]] != 2:
            continue
        z, y, x = cells[i, 0] + lz, cells[i, 1] + ly, cells[i, 2] + lx
        t = theta[z, y, x]
        heat = 0.0
        for j in range(n_tips):
            if room[j] > 0.0:
                if t > t_cap:
                    heat -= share[i, j] * (t - t_cap) / inv_c[z, y, x]
                else:
                    heat += share[i, j] * surplus[j] * (t_cap - t) / room[j]
        if heat == 0.0:
            continue
        row = tissue[code[z, y, x]]
        t_new, water[z, y, x] = _boil(
            theta.dtype.type(t + heat * inv_c[z, y, x]), water[z, y, x], row[0], row[1], row[2],
            t_boil,
        )  # fmt: skip
        theta[z, y, x] = t_new
        inv_c[z, y, x] = one / (row[1] + (row[0] - row[1]) * water[z, y, x])

    moved = 0.0
    for j in range(n_tips):
        if room[j] > 0.0:
            moved += surplus[j]
    return moved
