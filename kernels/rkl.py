"""Stages of a Runge-Kutta-Legendre super-step of the Pennes bioheat equation.

Arrays as in ``pennes.py``: one layer of ghost cells, float32 or float64 alike, the same ``box`` and
``opened`` sides. All coefficients stay as they are during the super-step. With

    L(y) = inv_c (sum_f k_f (y_f - y) inv_h2 - w y + q)

the stages are (Meyer, Balsara and Aslam 2014), written for what each adds to y_0, so that a
temperature that does not change is kept to the last bit:

    y_1 = y_0 + mt_1 L(y_0)
    y_j = y_0 + mu_j (y_{j-1} - y_0) + nu_j (y_{j-2} - y_0) + mt_j L(y_{j-1}) + gt_j L(y_0)

where mt and gt carry the step's length [s]. Nothing is checked here.
"""

import numpy as np
from numba import njit, prange


@njit(cache=True, error_model="numpy")
def _face(a, b):
    """Harmonic mean: the conductivity that keeps the flux equal on both sides."""
    ab = a * b
    return (ab + ab) / (a + b)


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _dot(a, b):
    """Sum of products of one row; re-ordered for speed, but always in the same order."""
    total = a.dtype.type(0.0)
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@njit(cache=True, error_model="numpy", fastmath={"nnan", "nsz"})
def _largest(a):
    """Largest value of a row."""
    most = a.dtype.type(0.0)
    for i in range(a.size):
        most = max(most, a[i])
    return most


@njit(cache=True, error_model="numpy")
def _faces_row(k, z, y, x0, x1, opened_x, ks, kn, kb, kt, face):
    """Write the six face conductivities of a row: ``face`` (6, n) as -x, +x, -y, +y, -z, +z."""
    n = x1 - x0
    k_row = k[z, y, x0 - 1 : x1 + 1]
    low, high, south = face[0], face[1], face[2]
    north, below, above = face[3], face[4], face[5]
    for i in range(n):
        k_c = k_row[i + 1]
        low[i] = _face(k_row[i], k_c)
        high[i] = _face(k_c, k_row[i + 2])
        south[i] = _face(k_c, ks[i])
        north[i] = _face(k_c, kn[i])
        below[i] = _face(k_c, kb[i])
        above[i] = _face(k_c, kt[i])
    if not opened_x[0]:
        low[0] = k.dtype.type(0.0)
    if not opened_x[1]:
        high[n - 1] = k.dtype.type(0.0)


@njit(cache=True, error_model="numpy")
def _rate_row(t, ts, tn, tb, tt, face, inv_c, w, q, inv_h2, out):
    """Write L of one row; ``t`` carries a neighbour at each end."""
    low, high, south = face[0], face[1], face[2]
    north, below, above = face[3], face[4], face[5]
    for i in range(out.size):
        t_c = t[i + 1]
        flux = (
            low[i] * (t[i] - t_c)
            + high[i] * (t[i + 2] - t_c)
            + south[i] * (ts[i] - t_c)
            + north[i] * (tn[i] - t_c)
            + below[i] * (tb[i] - t_c)
            + above[i] * (tt[i] - t_c)
        )
        out[i] = inv_c[i] * (flux * inv_h2 - w[i] * t_c + q[i])


@njit(cache=True, error_model="numpy")
def _weight_row(face, inv_c, w, inv_h2, out):
    """Write how fast each cell of a row forgets its temperature [1/s]."""
    low, high, south = face[0], face[1], face[2]
    north, below, above = face[3], face[4], face[5]
    for i in range(out.size):
        total = low[i] + high[i] + south[i] + north[i] + below[i] + above[i]
        out[i] = inv_c[i] * (total * inv_h2 + w[i])


@njit(cache=True, parallel=True, error_model="numpy")
def first_rate(theta, k, inv_c, w, q, box, opened, inv_h2, rate, perfused, fastest):
    """Write ``rate`` = L(theta) [K/s] into the box.

    ``perfused[z]`` (float64) receives the sum of ``w * theta`` over the plane [W/m^3], and
    ``fastest[z]`` the largest sum of a cell's couplings, inv_c (sum_f k_f inv_h2 + w) [1/s].
    """
    z0, z1, y0, y1, x0, x1 = box
    n = x1 - x0
    for z in prange(z0, z1):
        closed = np.zeros(n, theta.dtype)
        face = np.empty((6, n), theta.dtype)
        weight = np.empty(n, theta.dtype)
        taken = 0.0
        most = theta.dtype.type(0.0)
        for y in range(y0, y1):
            ks = k[z, y - 1, x0:x1] if y > y0 or opened[2] else closed
            kn = k[z, y + 1, x0:x1] if y < y1 - 1 or opened[3] else closed
            kb = k[z - 1, y, x0:x1] if z > z0 or opened[0] else closed
            kt = k[z + 1, y, x0:x1] if z < z1 - 1 or opened[1] else closed
            _faces_row(k, z, y, x0, x1, opened[4:], ks, kn, kb, kt, face)
            _weight_row(face, inv_c[z, y, x0:x1], w[z, y, x0:x1], inv_h2, weight)
            most = max(most, _largest(weight))
            _rate_row(
                theta[z, y, x0 - 1 : x1 + 1],
                theta[z, y - 1, x0:x1],
                theta[z, y + 1, x0:x1],
                theta[z - 1, y, x0:x1],
                theta[z + 1, y, x0:x1],
                face,
                inv_c[z, y, x0:x1],
                w[z, y, x0:x1],
                q[z, y, x0:x1],
                inv_h2,
                rate[z, y, x0:x1],
            )
            taken += _dot(w[z, y, x0:x1], theta[z, y, x0:x1])
        perfused[z] = taken
        fastest[z] = most


@njit(cache=True, parallel=True, error_model="numpy")
def first_stage(theta, rate, box, mt, t_boil, first, before, boils):
    """Write y_1 into ``first``, y_0 into ``before``; ``boils`` as for `stage`."""
    z0, z1, y0, y1, x0, x1 = box
    for z in prange(z0, z1):
        for y in range(y0, y1):
            t, r = theta[z, y, x0:x1], rate[z, y, x0:x1]
            one, zero = first[z, y, x0:x1], before[z, y, x0:x1]
            n_over = 0
            for i in range(t.size):
                t_new = t[i] + mt * r[i]
                one[i] = t_new
                zero[i] = t[i]
                n_over += t_new > t_boil
            boils[z, y] = n_over > 0


@njit(cache=True, error_model="numpy")
def _stage_row(t, last, rate, rate_last, mu, nu, mt, gt, t_boil, y):
    """Replace y_{j-2} in ``y`` by y_j; count the cells above the boiling point."""
    n_over = 0
    for i in range(y.size):
        y_new = t[i] + (
            mu * (last[i] - t[i]) + nu * (y[i] - t[i]) + mt * rate_last[i] + gt * rate[i]
        )
        y[i] = y_new
        n_over += y_new > t_boil
    return n_over


@njit(cache=True, parallel=True, error_model="numpy")
def stage(
    theta, rate, last, k, inv_c, w, q, box, opened, inv_h2, coefficients, t_boil, y, perfused, boils
):
    """Replace y_{j-2} in ``y`` by y_j; ``last`` is y_{j-1}, ``rate`` L(y_0), ``theta`` y_0.

    ``coefficients`` are mu_j, nu_j [1], mt_j, gt_j [s], in the arrays' type. ``perfused[z]``
    (float64) receives the sum of ``w * last`` over the plane [W/m^3]. ``boils[z, y]`` (uint8) says
    which rows of y_j hold a cell above ``t_boil`` [K].
    """
    z0, z1, y0, y1, x0, x1 = box
    n = x1 - x0
    mu, nu, mt, gt = coefficients
    for z in prange(z0, z1):
        closed = np.zeros(n, theta.dtype)
        face = np.empty((6, n), theta.dtype)
        rate_last = np.empty(n, theta.dtype)
        taken = 0.0
        for y_ in range(y0, y1):
            ks = k[z, y_ - 1, x0:x1] if y_ > y0 or opened[2] else closed
            kn = k[z, y_ + 1, x0:x1] if y_ < y1 - 1 or opened[3] else closed
            kb = k[z - 1, y_, x0:x1] if z > z0 or opened[0] else closed
            kt = k[z + 1, y_, x0:x1] if z < z1 - 1 or opened[1] else closed
            _faces_row(k, z, y_, x0, x1, opened[4:], ks, kn, kb, kt, face)
            _rate_row(
                last[z, y_, x0 - 1 : x1 + 1],
                last[z, y_ - 1, x0:x1],
                last[z, y_ + 1, x0:x1],
                last[z - 1, y_, x0:x1],
                last[z + 1, y_, x0:x1],
                face,
                inv_c[z, y_, x0:x1],
                w[z, y_, x0:x1],
                q[z, y_, x0:x1],
                inv_h2,
                rate_last,
            )
            n_over = _stage_row(
                theta[z, y_, x0:x1],
                last[z, y_, x0:x1],
                rate[z, y_, x0:x1],
                rate_last,
                mu,
                nu,
                mt,
                gt,
                t_boil,
                y[z, y_, x0:x1],
            )
            boils[z, y_] = n_over > 0
            taken += _dot(w[z, y_, x0:x1], last[z, y_, x0:x1])
        perfused[z] = taken


@njit(cache=True, error_model="numpy")
def _excess(y, water, room, t_boil, t_cap):
    """By how much y is above the temperature that its heat content stands for.

    Water keeps the cell at the boiling point until ``room`` = latent heat of what is left over
    heat capacity [K] is used up; above the cap heat is as good as gone.
    """
    t = y
    if water > 0.0:
        t = max(t_boil, y - room)
    return y - min(t, t_cap)


@njit(cache=True, error_model="numpy")
def withdraw_excess(
    y, k, inv_c, w, water, code, tissue, box, opened, inv_h2, t_boil, t_cap, boils, factor, out
):
    """Correct ``factor * L(y)`` in ``out`` to ``factor * L(T(y))`` around the cells that boil.

    T(y) is the temperature that the heat content y stands for (`_excess`): heat that boils water
    must not flow on as if it made the tissue hotter. Only rows marked in ``boils`` are searched.
    Columns 2 of ``tissue[code]``: latent heat of all water [J/m^3]. Returns the corrections of the
    power taken by perfusion, by ghost cells and by held cells [W/m^3].
    """
    z0, z1, y0, y1, x0, x1 = box
    nz, ny, nx = y.shape
    closed = np.zeros(6, np.bool_)
    offsets = ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1))
    perfused, ghosts, held = 0.0, 0.0, 0.0
    for z in range(z0, z1):
        for y_ in range(y0, y1):
            if boils[z, y_] == 0:
                continue
            for x in range(x0, x1):
                t, c = y[z, y_, x], inv_c[z, y_, x]
                if t <= t_boil or c == 0.0:
                    continue
                room = tissue[code[z, y_, x], 2] * water[z, y_, x] * c
                excess = _excess(t, water[z, y_, x], room, t_boil, t_cap)
                if excess <= 0.0:
                    continue
                closed[0] = z == z0 and not opened[0]
                closed[1] = z == z1 - 1 and not opened[1]
                closed[2] = y_ == y0 and not opened[2]
                closed[3] = y_ == y1 - 1 and not opened[3]
                closed[4] = x == x0 and not opened[4]
                closed[5] = x == x1 - 1 and not opened[5]
                kept = w[z, y_, x] * excess
                perfused -= kept
                for side in range(6):
                    if closed[side]:
                        continue
                    dz, dy, dx = offsets[side]
                    i, j, m = z + dz, y_ + dy, x + dx
                    heat = _face(k[z, y_, x], k[i, j, m]) * inv_h2 * excess
                    kept += heat
                    if i == 0 or i == nz - 1 or j == 0 or j == ny - 1 or m == 0 or m == nx - 1:
                        ghosts -= heat
                    elif inv_c[i, j, m] == 0.0:
                        held -= heat
                    else:
                        out[i, j, m] -= factor * inv_c[i, j, m] * heat
                out[z, y_, x] += factor * c * kept
    return perfused, ghosts, held


@njit(cache=True, parallel=True, error_model="numpy")
def mark_hot(theta, theta_new, box, skip, hot):
    """Say in ``hot[z, y]`` (uint8) which rows hold a cell above ``skip`` [K] before or after."""
    z0, z1, y0, y1, x0, x1 = box
    for z in prange(z0, z1):
        for y in range(y0, y1):
            before, after = theta[z, y, x0:x1], theta_new[z, y, x0:x1]
            n_hot = 0
            for i in range(before.size):
                n_hot += (before[i] > skip) | (after[i] > skip)
            hot[z, y] = n_hot > 0
