"""Boiling where the water left is a function of temperature, and steam that condenses again.

Arrays as in ``reaction.py``: one layer of ghost cells, ``theta`` the rise above the base
temperature [K], ``code`` each cell's row in ``tissue``, whose first three columns are volumetric
heat capacity wet and dry [J/(m^3 K)] and latent heat of all its water [J/m^3]. ``water`` is the
share of the water left, ``inv_c`` the reciprocal heat capacity (0 in a held cell).
"""

import math

import numpy as np
from numba import njit, prange


@njit(cache=True, error_model="numpy")
def _follow(t, heat, heat_wet, heat_dry, latent, curve):
    """Return temperature and water of a cell on the curve at ``t`` that receives ``heat`` [J/m^3].

    On each piece of the curve the capacity C(w) - latent dw/dT is linear in T, so the heat is a
    quadratic: exact, however much of the curve one step crosses, in either direction.
    """
    last = curve.shape[0] - 1
    piece = np.searchsorted(curve[:, 0], t) - 1
    while True:
        inside = 0 <= piece < last
        water, slope = 1.0, 0.0
        if inside:
            slope = (curve[piece + 1, 1] - curve[piece, 1]) / (
                curve[piece + 1, 0] - curve[piece, 0]
            )
            water = curve[piece, 1] + slope * (t - curve[piece, 0])
        elif piece == last:
            water = curve[last, 1]
        capacity = heat_dry + (heat_wet - heat_dry) * water - latent * slope
        bend = (heat_wet - heat_dry) * slope
        upwards = heat > 0.0
        if piece < last if upwards else piece >= 0:
            end = curve[piece + 1 if upwards else piece, 0]
            needed = (end - t) * (capacity + 0.5 * bend * (end - t))
            if (heat >= needed) if upwards else (heat < needed):
                t = end
                heat -= needed
                piece += 1 if upwards else -1
                continue
        step = 2.0 * heat / (capacity + math.sqrt(capacity * capacity + 2.0 * bend * heat))
        return t + step, water + slope * step


@njit(cache=True, parallel=True, error_model="numpy")
def evaporate(theta_old, theta, water, inv_c, code, tissue, curve, hot, dried, box):
    """Let temperature and water follow ``curve``, keeping the heat that each cell received.

    ``curve`` (float64, shape (n, 2)) holds rise [K] and water left, the rise increasing, the water
    falling from 1. ``theta`` is what the step gave at the sensible heat capacity 1 / ``inv_c``
    alone; it becomes the temperature at which C(w) dT - latent dw has taken up that heat.
    ``dried[z, y]`` is set where a cell of the row lacks water.
    """
    z0, z1, y0, y1, x0, x1 = box
    first = curve[0, 0]
    for z in prange(z0, z1):
        for y in range(y0, y1):
            if hot[z, y] == 0:
                continue
            n_dry = 0
            for x in range(x0, x1):
                old = float(theta_old[z, y, x])
                new = float(theta[z, y, x])
                if inv_c[z, y, x] == 0.0 or (old <= first and new <= first):
                    continue
                wet, dry = float(tissue[code[z, y, x], 0]), float(tissue[code[z, y, x], 1])
                latent = float(tissue[code[z, y, x], 2])
                heat = (new - old) / float(inv_c[z, y, x])
                t, left = _follow(old, heat, wet, dry, latent, curve)
                theta[z, y, x] = t
                water[z, y, x] = left
                inv_c[z, y, x] = 1.0 / (dry + (wet - dry) * left)
                n_dry += left < 1.0
            dried[z, y] = n_dry > 0


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
def _collect(water, seen, code, tissue, t_boil, tips, rows, box, pool, mark, corner):
    """Add the heat of the steam since ``seen`` [J/m^3] to the pool of the nearest tip.

    Cells that it comes from are marked 2.
    """
    z0, z1, y0, y1, x0, x1 = box
    nz, ny, nx = mark.shape
    share = pool.copy()
    for z in range(z0, z1):
        for y in range(y0, y1):
            if rows[z, y] == 0:
                continue
            for x in range(x0, x1):
                lost = float(seen[z, y, x]) - float(water[z, y, x])
                if lost <= 0.0:
                    continue
                seen[z, y, x] = water[z, y, x]
                row = tissue[code[z, y, x]]
                heat = lost * (float(row[2]) + (float(row[0]) - float(row[1])) * t_boil)
                _nearest(z, y, x, tips, share)
                for j in range(pool.size):
                    pool[j] += share[j] * heat
                k, j, i = z - corner[0], y - corner[1], x - corner[2]
                if 0 <= k < nz and 0 <= j < ny and 0 <= i < nx:
                    mark[k, j, i] = 2


@njit(cache=True, error_model="numpy")
def _hull(theta, inv_c, t_front, box):
    """Return the smallest box of the cells at or above ``t_front``; empty if there are none."""
    z0, z1, y0, y1, x0, x1 = box
    lz, hz, ly, hy, lx, hx = z1, z0, y1, y0, x1, x0
    for z in range(z0, z1):
        for y in range(y0, y1):
            for x in range(x0, x1):
                if theta[z, y, x] >= t_front and inv_c[z, y, x] > 0.0:
                    lz, hz = min(lz, z), max(hz, z + 1)
                    ly, hy = min(ly, y), max(hy, y + 1)
                    lx, hx = min(lx, x), max(hx, x + 1)
    return lz, hz, ly, hy, lx, hx


@njit(cache=True, error_model="numpy")
def _grow(hull, by, box):
    """Return a box that is larger by some cells all around, within another."""
    return (
        max(hull[0] - by, box[0]), min(hull[1] + by, box[1]),
        max(hull[2] - by, box[2]), min(hull[3] + by, box[3]),
        max(hull[4] - by, box[4]), min(hull[5] + by, box[5]),
    )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _mark_hot(theta, inv_c, t_front, hull, mark, corner):
    """Mark the cells at or above ``t_front`` with 1."""
    for z in range(hull[0], hull[1]):
        for y in range(hull[2], hull[3]):
            for x in range(hull[4], hull[5]):
                if theta[z, y, x] >= t_front and inv_c[z, y, x] > 0.0:
                    mark[z - corner[0], y - corner[1], x - corner[2]] = 1


@njit(cache=True, error_model="numpy")
def _spread(mark):
    """Turn what is 1 and touches 2, over faces, edges or corners, into 2, as far as that goes."""
    nz, ny, nx = mark.shape
    open_cells = np.empty((mark.size, 3), dtype=np.int32)
    n = 0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if mark[z, y, x] == 2:
                    open_cells[n, 0], open_cells[n, 1], open_cells[n, 2] = z, y, x
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


@njit(cache=True, error_model="numpy")
def _touches(mark, z, y, x):
    """Say whether a neighbour across a face is marked 2."""
    nz, ny, nx = mark.shape
    return (
        (z > 0 and mark[z - 1, y, x] == 2)
        or (z + 1 < nz and mark[z + 1, y, x] == 2)
        or (y > 0 and mark[z, y - 1, x] == 2)
        or (y + 1 < ny and mark[z, y + 1, x] == 2)
        or (x > 0 and mark[z, y, x - 1] == 2)
        or (x + 1 < nx and mark[z, y, x + 1] == 2)
    )


@njit(cache=True, error_model="numpy")
def _warm_front(theta, inv_c, t_front, tips, hull, cells, pool, mark, corner):
    """Give the pools to the front, every cell the same share of its way to ``t_front``."""
    z0, z1, y0, y1, x0, x1 = hull
    n_rows, n_columns = theta.shape[1], theta.shape[2]
    share = pool.copy()
    room = pool * 0.0
    n = 0
    for z in range(z0, z1):
        for y in range(y0, y1):
            for x in range(x0, x1):
                if inv_c[z, y, x] == 0.0 or theta[z, y, x] >= t_front:
                    continue
                if _touches(mark, z - corner[0], y - corner[1], x - corner[2]):
                    cells[n] = (z * n_rows + y) * n_columns + x
                    n += 1
                    _nearest(z, y, x, tips, share)
                    missing = (t_front - float(theta[z, y, x])) / float(inv_c[z, y, x])
                    for j in range(pool.size):
                        room[j] += share[j] * missing
    for i in range(n):
        z, rest = divmod(cells[i], n_rows * n_columns)
        y, x = divmod(rest, n_columns)
        _nearest(z, y, x, tips, share)
        filled = 0.0
        for j in range(pool.size):
            if room[j] > 0.0:
                filled += share[j] * min(1.0, pool[j] / room[j])
        if filled >= 1.0:
            theta[z, y, x] = t_front
            mark[z - corner[0], y - corner[1], x - corner[2]] = 2
        else:
            theta[z, y, x] += filled * (t_front - float(theta[z, y, x]))
    given = 0.0
    for j in range(pool.size):
        part = min(pool[j], room[j])
        pool[j] -= part
        given += part
    return given


@njit(cache=True, error_model="numpy")
def condense(
    theta, water, seen, inv_c, code, tissue, tips, rows, box, cells, t_boil, t_front, fraction
):
    """Give ``fraction`` of the heat of the new steam to the tissue beside the boiling front.

    New is what ``water`` has lost since ``seen``, which is brought up to date; only ``rows`` that
    hold dried cells can have lost any. It goes to the cells below ``t_front`` that touch hot ones,
    at or above it, which hang together with those that it comes from, and that are nearest to the
    same of the ``tips`` ((z, y, x) in padded indices, at least one); once they are all at
    ``t_front`` it goes on to the next layer. Steam that finds eight layers full escapes. The
    condensed water is not added to the cells. Returns the heat given back [J/m^3].
    """
    layers = 8
    hull = _hull(theta, inv_c, t_front, box)
    near = _grow(hull, layers, box)
    corner = (near[0], near[2], near[4])
    size = (max(near[1] - near[0], 0), max(near[3] - near[2], 0), max(near[5] - near[4], 0))
    mark = np.zeros(size, dtype=np.uint8)
    _mark_hot(theta, inv_c, t_front, hull, mark, corner)
    pool = tips[:, 0] * 0.0
    _collect(water, seen, code, tissue, t_boil, tips, rows, box, pool, mark, corner)
    pool *= fraction
    if pool.sum() <= 0.0:
        return 0.0
    _spread(mark)
    given = 0.0
    for layer in range(layers):
        if pool.sum() <= 0.0:
            break
        front = _grow(hull, layer + 1, box)
        given += _warm_front(theta, inv_c, t_front, tips, front, cells, pool, mark, corner)
    return given
