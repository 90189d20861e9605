"""Explicit steps of the Pennes bioheat equation in conservative form.

Every array has one layer of ghost cells around the domain, shape ``(nz + 2, ny + 2, nx + 2)``,
C order, float32 or float64 (all alike). ``theta`` is the rise above the blood temperature [K],
``faces`` holds the conductivities of the faces [W/(m K)] as ``faces.py`` keeps them, ``inv_c`` is
the reciprocal volumetric heat capacity [m^3 K/J] (0 in a cell whose temperature is held), ``w`` the
perfusion coefficient [W/(m^3 K)], ``q`` the absorbed power density [W/m^3], ``inv_h2`` one over the
spacing squared [1/m^2], ``dt`` the step [s].

A boundary condition is the conductivity and temperature of its ghost cell: 0 insulates, a very
large value holds the face at the ghost's temperature, ``h_c * spacing / 2`` is convection with the
coefficient ``h_c``. ``box`` is the active region ``(z0, z1, y0, y1, x0, x1)`` in padded indices; a
side that is not ``opened`` to the ghosts of the domain is insulated, so the region loses no energy.

Nothing is checked here: the caller owns shapes, limits and stability.
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


@njit(error_model="numpy", inline="always")
def _conduct_row(
    row, theta, faces, inv_c, w, q, first, n, strides, sides, dt, inv_h2, skip, theta_new
):
    """Advance the ``n`` cells from the flat index ``first``; say whether one is or was hot.

    ``row`` are their temperatures with a neighbour at each end. Flat arrays and unsigned indices
    keep the compiler from looking out for negative ones, which would cost more than the step.
    """
    sz, sy, to_y, to_x = strides
    below, above, south, north = sides
    is_hot = np.int32(0)
    for i in range(n):
        c = first + i
        t = row[i + _ONE]
        flux = (
            faces[to_x + c - _ONE] * (row[i] - t)
            + faces[to_x + c] * (row[i + _ONE + _ONE] - t)
            + south * faces[to_y + c - sy] * (theta[c - sy] - t)
            + north * faces[to_y + c] * (theta[c + sy] - t)
            + below * faces[c - sz] * (theta[c - sz] - t)
            + above * faces[c] * (theta[c + sz] - t)
        )
        t_new = t + dt * inv_c[c] * (flux * inv_h2 - w[c] * t + q[c])
        theta_new[c] = t_new
        is_hot = np.int32(is_hot | np.int32((t > skip) | (t_new > skip)))  # not 64 bits wide
    return is_hot


@njit(error_model="numpy", inline="always")
def _conduct_plain_row(row, theta, q, cell, first, n, strides, sides, dt, inv_h2, skip, theta_new):
    """Advance a row whose coefficients are one number each: conductivity, inv_c and w of ``cell``.

    The same arithmetic in the same order as `_conduct_row`, so the same bits.
    """
    sz, sy = strides[0], strides[1]
    k, c_inverse, w = cell
    below, above, south, north = sides[0] * k, sides[1] * k, sides[2] * k, sides[3] * k
    is_hot = np.int32(0)
    for i in range(n):
        c = first + i
        t = row[i + _ONE]
        flux = (
            k * (row[i] - t)
            + k * (row[i + _ONE + _ONE] - t)
            + south * (theta[c - sy] - t)
            + north * (theta[c + sy] - t)
            + below * (theta[c - sz] - t)
            + above * (theta[c + sz] - t)
        )
        t_new = t + dt * c_inverse * (flux * inv_h2 - w * t + q[c])
        theta_new[c] = t_new
        is_hot = np.int32(is_hot | np.int32((t > skip) | (t_new > skip)))
    return is_hot


@njit(error_model="numpy", inline="always")
def _conduct_cell(
    before, t, after, theta, faces, inv_c, w, q, c, strides, sides, dt, inv_h2, skip, theta_new
):
    """Advance the cell at the flat index ``c``, as `_conduct_row` does; say whether it is hot.

    ``before``, ``t`` and ``after`` are the temperatures of it and its neighbours along x.
    """
    sz, sy, to_y, to_x = strides
    below, above, south, north = sides
    flux = (
        faces[to_x + c - _ONE] * (before - t)
        + faces[to_x + c] * (after - t)
        + south * faces[to_y + c - sy] * (theta[c - sy] - t)
        + north * faces[to_y + c] * (theta[c + sy] - t)
        + below * faces[c - sz] * (theta[c - sz] - t)
        + above * faces[c] * (theta[c + sz] - t)
    )
    t_new = t + dt * inv_c[c] * (flux * inv_h2 - w[c] * t + q[c])
    theta_new[c] = t_new
    return np.int32((t > skip) | (t_new > skip))


@njit(error_model="numpy", inline="always")
def _is_hot_row(theta, theta_new, first, n, skip):
    """Say whether one of the ``n`` cells from the flat index ``first`` is or was hot."""
    is_hot = np.int32(0)
    for i in range(n):
        c = first + i
        is_hot = np.int32(is_hot | np.int32((theta[c] > skip) | (theta_new[c] > skip)))
    return is_hot


@njit(cache=True, parallel=True, error_model="numpy")
def conduct(
    theta, faces, inv_c, w, q, plain, until, joined, box, opened, dt, inv_h2, skip, theta_new, hot,
    perfused,
):  # fmt: skip
    """Write one explicit step of conduction, perfusion and absorption into ``theta_new``.

    ``plain[z, y]`` (uint8) says which rows have the same coefficients throughout, ``until[z, y]``
    (int32) before which row those end that are done in one go with this one, and ``joined``
    whether there are such (`ablsim.kernels.plain_rows`).
    ``hot[z, y]`` (uint8) says which rows hold a cell above ``skip`` [K] before or after the step;
    ``perfused[z]`` (float64) is the sum of ``w * theta`` over the plane before the step [W/m^3].
    Pennes 1948.
    """
    z0, z1, y0, y1, x0, x1 = box
    n = x1 - x0
    ny, nx = theta.shape[1], theta.shape[2]
    size = theta.size
    strides = (np.uint64(ny * nx), np.uint64(nx), np.uint64(size), np.uint64(2 * size))
    t_, f_, c_ = theta.reshape(-1), faces.reshape(-1), inv_c.reshape(-1)
    w_, q_, out = w.reshape(-1), q.reshape(-1), theta_new.reshape(-1)
    one, zero = theta.dtype.type(1.0), theta.dtype.type(0.0)
    length, pitch = np.uint64(n), np.uint64(nx)
    for plane in prange(z0, z1):
        z = np.int64(plane)
        row = np.empty(n + 2, theta.dtype)
        w_row = np.zeros(n, theta.dtype)
        taken = 0.0
        if joined:  # ghosts between the rows have no perfusion
            first, end = (z * ny + y0) * nx + x0, (z * ny + y1 - 1) * nx + x1
            taken = _dot(w_[first:end], t_[first:end])
        y = y0
        while y < y1:
            stop = until[z, y]
            first = (z * ny + y) * nx + x0
            start, count = np.uint64(first), np.uint64((stop - 1 - y) * nx + n)
            sides = (
                one if z > z0 or opened[0] else zero,
                one if z < z1 - 1 or opened[1] else zero,
                one if y > y0 or opened[2] else zero,
                one if stop < y1 or opened[3] else zero,
            )
            if joined:
                line = t_[start - _ONE : start + count + _ONE]
            else:
                line = row
                for i in range(count + _ONE + _ONE):  # faster than a slice for short rows
                    row[i] = t_[start - _ONE + i]
                if not opened[4]:  # no heat flows where both sides are equally hot
                    row[0] = row[1]
                if not opened[5]:
                    row[n + 1] = row[n]
            if plain[z, y]:
                cell = (f_[strides[3] + start], c_[start], w_[start])
                is_hot = _conduct_plain_row(
                    line, t_, q_, cell, start, count, strides, sides, dt, inv_h2, skip, out
                )
                for y_ in range(y, stop):
                    if plain[z, y_] == 2:  # the cells at its ends have another face
                        before = np.uint64(y_ - y) * pitch
                        for x in (before, before + length - _ONE):
                            is_hot |= _conduct_cell(
                                line[x], line[x + _ONE], line[x + _ONE + _ONE], t_, f_, c_, w_, q_,
                                start + x, strides, sides, dt, inv_h2, skip, out,
                            )  # fmt: skip
                if not joined:
                    if w_row[0] != cell[2]:
                        w_row[:] = cell[2]
                    taken += _dot(w_row, t_[first : first + n])
            else:
                is_hot = _conduct_row(
                    line, t_, f_, c_, w_, q_, start, count, strides, sides, dt, inv_h2, skip, out
                )
                if not joined:
                    taken += _dot(w_[first : first + n], t_[first : first + n])
            for y_ in range(y, stop):
                hot[z, y_] = is_hot
                if joined:
                    here = start + np.uint64(y_ - y) * pitch
                    before, after = here - _ONE, here + length
                    out[before] = t_[before] if opened[4] else out[here]
                    out[after] = t_[after] if opened[5] else out[after - _ONE]
                    if is_hot:
                        hot[z, y_] = _is_hot_row(t_, out, here, length, skip)
            y = stop
        perfused[z] = taken
