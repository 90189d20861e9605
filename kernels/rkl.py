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

_ONE = np.uint64(1)


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


@njit(error_model="numpy", inline="always")
def _rate_row(row, y, faces, inv_c, w, q, first, n, strides, sides, inv_h2, out):
    """Write L of the ``n`` cells from the flat index ``first``.

    ``row`` are their temperatures with a neighbour at each end.
    """
    sz, sy, to_y, to_x = strides
    below, above, south, north = sides
    for i in range(n):
        c = first + i
        t = row[i + _ONE]
        flux = (
            faces[to_x + c - _ONE] * (row[i] - t)
            + faces[to_x + c] * (row[i + _ONE + _ONE] - t)
            + south * faces[to_y + c - sy] * (y[c - sy] - t)
            + north * faces[to_y + c] * (y[c + sy] - t)
            + below * faces[c - sz] * (y[c - sz] - t)
            + above * faces[c] * (y[c + sz] - t)
        )
        out[i] = inv_c[c] * (flux * inv_h2 - w[c] * t + q[c])


@njit(error_model="numpy", inline="always")
def _rate_plain_row(row, y, q, cell, first, n, strides, sides, inv_h2, out):
    """Write L of a row whose coefficients are one number each: conductivity, inv_c and w.

    The same arithmetic in the same order as `_rate_row`, so the same bits.
    """
    sz, sy = strides[0], strides[1]
    k, c_inverse, w = cell
    below, above, south, north = sides[0] * k, sides[1] * k, sides[2] * k, sides[3] * k
    for i in range(n):
        c = first + i
        t = row[i + _ONE]
        flux = (
            k * (row[i] - t)
            + k * (row[i + _ONE + _ONE] - t)
            + south * (y[c - sy] - t)
            + north * (y[c + sy] - t)
            + below * (y[c - sz] - t)
            + above * (y[c + sz] - t)
        )
        out[i] = c_inverse * (flux * inv_h2 - w * t + q[c])


@njit(error_model="numpy", inline="always")
def _rate_cell(before, t, after, y, faces, inv_c, w, q, c, strides, sides, inv_h2):
    """Return L of the cell at the flat index ``c``, as `_rate_row` does.

    ``before``, ``t`` and ``after`` are the temperatures of it and its neighbours along x.
    """
    sz, sy, to_y, to_x = strides
    below, above, south, north = sides
    flux = (
        faces[to_x + c - _ONE] * (before - t)
        + faces[to_x + c] * (after - t)
        + south * faces[to_y + c - sy] * (y[c - sy] - t)
        + north * faces[to_y + c] * (y[c + sy] - t)
        + below * faces[c - sz] * (y[c - sz] - t)
        + above * faces[c] * (y[c + sz] - t)
    )
    return inv_c[c] * (flux * inv_h2 - w[c] * t + q[c])


@njit(error_model="numpy", inline="always")
def _weight_row(faces, inv_c, w, first, n, strides, inv_h2, out):
    """Write how fast each cell of a row forgets its temperature, all its sides open [1/s]."""
    sz, sy, to_y, to_x = strides
    for i in range(n):
        c = first + i
        around = (
            faces[to_x + c - _ONE]
            + faces[to_x + c]
            + faces[to_y + c - sy]
            + faces[to_y + c]
            + faces[c - sz]
            + faces[c]
        )
        out[i] = inv_c[c] * (around * inv_h2 + w[c])


@njit(error_model="numpy", inline="always")
def _insulated(row, values, first, n, opened):
    """Copy a row with a neighbour at each end: equally hot where no heat may flow."""
    for i in range(n + _ONE + _ONE):  # faster than a slice for short rows
        row[i] = values[first - _ONE + i]
    if not opened[4]:
        row[0] = row[1]
    if not opened[5]:
        row[n + _ONE] = row[n]


@njit(error_model="numpy", inline="always")
def _sides(z, y, stop, box, opened, one, zero):
    """Return 1 for the open sides of rows y to ``stop``, 0 for the others: -z, +z, -y, +y."""
    return (
        one if z > box[0] or opened[0] else zero,
        one if z < box[1] - 1 or opened[1] else zero,
        one if y > box[2] or opened[2] else zero,
        one if stop < box[3] or opened[3] else zero,
    )


@njit(cache=True, parallel=True, error_model="numpy")
def first_rate(theta, faces, inv_c, w, q, box, opened, inv_h2, rate, perfused, fastest):
    """Write ``rate`` = L(theta) [K/s] into the box.

    ``perfused[z]`` (float64) receives the sum of ``w * theta`` over the plane [W/m^3], and
    ``fastest[z]`` the largest sum of a cell's couplings, inv_c (sum_f k_f inv_h2 + w) [1/s].
    """
    z0, z1, y0, y1, x0, x1 = box
    n = x1 - x0
    ny, nx = theta.shape[1], theta.shape[2]
    size = theta.size
    strides = (np.uint64(ny * nx), np.uint64(nx), np.uint64(size), np.uint64(2 * size))
    t_, f_, c_ = theta.reshape(-1), faces.reshape(-1), inv_c.reshape(-1)
    w_, q_ = w.reshape(-1), q.reshape(-1)
    one, zero = theta.dtype.type(1.0), theta.dtype.type(0.0)
    count = np.uint64(n)
    for plane in prange(z0, z1):
        z = np.int64(plane)
        row = np.empty(n + 2, theta.dtype)
        weight = np.empty(n, theta.dtype)
        taken = 0.0
        most = zero
        for y in range(y0, y1):
            first = (z * ny + y) * nx + x0
            start = np.uint64(first)
            sides = _sides(z, y, y + 1, box, opened, one, zero)
            _weight_row(f_, c_, w_, start, count, strides, inv_h2, weight)
            most = max(most, _largest(weight))
            _insulated(row, t_, start, count, opened)
            out = rate[z, y, x0:x1]
            _rate_row(row, t_, f_, c_, w_, q_, start, count, strides, sides, inv_h2, out)
            taken += _dot(w_[first : first + n], t_[first : first + n])
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
            over = np.int32(0)
            for i in range(t.size):
                t_new = t[i] + mt * r[i]
                one[i] = t_new
                zero[i] = t[i]
                over = np.int32(over | np.int32(t_new > t_boil))  # not 64 bits wide
            boils[z, y] = over


@njit(error_model="numpy", inline="always")
def _stage_row(t, last, rate, rate_last, first, n, mu, nu, mt, gt, t_boil, y):
    """Replace y_{j-2} in ``y`` by y_j; say whether a cell is above the boiling point.

    ``rate_last`` begins at the first of the ``n`` cells, the others are flat arrays.
    """
    over = np.int32(0)
    for i in range(n):
        c = first + i
        y_new = t[c] + (
            mu * (last[c] - t[c]) + nu * (y[c] - t[c]) + mt * rate_last[i] + gt * rate[c]
        )
        y[c] = y_new
        over = np.int32(over | np.int32(y_new > t_boil))
    return over


@njit(error_model="numpy", inline="always")
def _is_over(y, first, n, t_boil):
    """Say whether one of the ``n`` cells from the flat index ``first`` is above ``t_boil``."""
    over = np.int32(0)
    for i in range(n):
        over = np.int32(over | np.int32(y[first + i] > t_boil))
    return over


@njit(cache=True, parallel=True, error_model="numpy")
def stage(
    theta,
    rate,
    last,
    faces,
    inv_c,
    w,
    q,
    plain,
    until,
    joined,
    box,
    opened,
    inv_h2,
    coefficients,
    t_boil,
    y,
    perfused,
    boils,
):
    """Replace y_{j-2} in ``y`` by y_j; ``last`` is y_{j-1}, ``rate`` L(y_0), ``theta`` y_0.

    ``plain[z, y]`` (uint8) says which rows have the same coefficients throughout, ``until[z, y]``
    (int32) before which row those end that are done in one go with this one, and ``joined``
    whether there are such (`ablsim.kernels.plain_rows`).
    ``coefficients`` are mu_j, nu_j [1], mt_j, gt_j [s], in the arrays' type. ``perfused[z]``
    (float64) receives the sum of ``w * last`` over the plane [W/m^3]. ``boils[z, y]`` (uint8) says
    which rows of y_j hold a cell above ``t_boil`` [K].
    """
    z0, z1, y0, y1, x0, x1 = box
    n = x1 - x0
    ny, nx = theta.shape[1], theta.shape[2]
    size = theta.size
    strides = (np.uint64(ny * nx), np.uint64(nx), np.uint64(size), np.uint64(2 * size))
    l_, f_, c_ = last.reshape(-1), faces.reshape(-1), inv_c.reshape(-1)
    w_, q_ = w.reshape(-1), q.reshape(-1)
    t_, r_, out = theta.reshape(-1), rate.reshape(-1), y.reshape(-1)
    one, zero = theta.dtype.type(1.0), theta.dtype.type(0.0)
    mu, nu, mt, gt = coefficients
    length, pitch = np.uint64(n), np.uint64(nx)
    for plane in prange(z0, z1):
        z = np.int64(plane)
        row = np.empty(n + 2, theta.dtype)
        rate_last = np.empty((y1 - y0) * nx if joined else n, theta.dtype)
        w_row = np.zeros(n, theta.dtype)
        taken = 0.0
        if joined:  # ghosts between the rows have no perfusion
            first, end = (z * ny + y0) * nx + x0, (z * ny + y1 - 1) * nx + x1
            taken = _dot(w_[first:end], l_[first:end])
        y_ = y0
        while y_ < y1:
            stop = until[z, y_]
            first = (z * ny + y_) * nx + x0
            start, count = np.uint64(first), np.uint64((stop - 1 - y_) * nx + n)
            sides = _sides(z, y_, stop, box, opened, one, zero)
            if joined:
                line = l_[start - _ONE : start + count + _ONE]
            else:
                line = row
                _insulated(row, l_, start, count, opened)
            if plain[z, y_]:
                cell = (f_[strides[3] + start], c_[start], w_[start])
                _rate_plain_row(line, l_, q_, cell, start, count, strides, sides, inv_h2, rate_last)
                for other in range(y_, stop):
                    if plain[z, other] == 2:  # the cells at its ends have another face
                        before = np.uint64(other - y_) * pitch
                        for x in (before, before + length - _ONE):
                            rate_last[x] = _rate_cell(
                                line[x], line[x + _ONE], line[x + _ONE + _ONE], l_, f_, c_, w_, q_,
                                start + x, strides, sides, inv_h2,
                            )  # fmt: skip
                if not joined:
                    if w_row[0] != cell[2]:
                        w_row[:] = cell[2]
                    taken += _dot(w_row, l_[first : first + n])
            else:
                _rate_row(line, l_, f_, c_, w_, q_, start, count, strides, sides, inv_h2, rate_last)
                if not joined:
                    taken += _dot(w_[first : first + n], l_[first : first + n])
            over = _stage_row(t_, l_, r_, rate_last, start, count, mu, nu, mt, gt, t_boil, out)
            for other in range(y_, stop):
                boils[z, other] = over
                if joined:
                    here = start + np.uint64(other - y_) * pitch
                    before, after = here - _ONE, here + length
                    out[before] = t_[before] if opened[4] else out[here]
                    out[after] = t_[after] if opened[5] else out[after - _ONE]
                    if over:
                        boils[z, other] = _is_over(out, here, length, t_boil)
            y_ = stop
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
    y, faces, inv_c, w, water, code, tissue, box, opened, inv_h2, t_boil, t_cap, boils, factor, out
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
                    conductivity = faces[side // 2, min(z, i), min(y_, j), min(x, m)]
                    heat = conductivity * inv_h2 * excess
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
            is_hot = np.int32(0)
            for i in range(before.size):
                is_hot = np.int32(is_hot | np.int32((before[i] > skip) | (after[i] > skip)))
            hot[z, y] = is_hot
