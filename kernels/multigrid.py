"""Loops of a multigrid cycle for the matrix of `ablsim.kernels.diffusion`.

Arrays, padding and couplings are those of that file, one set per level. Every coarse cell is a
block of up to 2 x 2 x 2 fine ones: its right-hand side is their sum, its correction is added to
each of them. Planes of cells are coloured by parity and relaxed in turn; within a plane the
relaxation is Jacobi's, so that memory is walked through once, upwards, in both sweeps: going back
down costs up to four times as much. The sweep after the coarse correction is the adjoint of the
one before it, which makes the cycle symmetric and positive definite, as conjugate gradients need.
"""

import numpy as np
from numba import njit, prange


@njit(cache=True, error_model="numpy")
def _coarsen_plane(k, fz, fy, fx, wz, wy, wx, tz, ty, tx, c, diag_c, tz_c, ty_c, tx_c, c_c):
    """Sum the fine cells' c and the fine faces' T into plane k of the coarse level."""
    nz, ny, nx = c.shape[0] - 2, c.shape[1] - 2, c.shape[2] - 2
    i0 = fz * (k - 1) + 1
    i1 = min(i0 + fz, nz + 1)
    zero = c.dtype.type(0.0)
    for jc in range(1, c_c.shape[1] - 1):
        j0 = fy * (jc - 1) + 1
        j1 = min(j0 + fy, ny + 1)
        for mc in range(1, c_c.shape[2] - 1):
            m0 = fx * (mc - 1) + 1
            m1 = min(m0 + fx, nx + 1)
            extra, low_z, low_y, low_x = zero, zero, zero, zero
            high_z, high_y, high_x = zero, zero, zero
            for i in range(i0, i1):
                for j in range(j0, j1):
                    low_x += tx[i, j, m0]
                    high_x += tx[i, j, m1]
                    for m in range(m0, m1):
                        extra += c[i, j, m]
            for i in range(i0, i1):
                for m in range(m0, m1):
                    low_y += ty[i, j0, m]
                    high_y += ty[i, j1, m]
            for j in range(j0, j1):
                for m in range(m0, m1):
                    low_z += tz[i0, j, m]
                    high_z += tz[i1, j, m]
            low_z, high_z = low_z * wz[k], high_z * wz[k + 1]
            low_y, high_y = low_y * wy[jc], high_y * wy[jc + 1]
            low_x, high_x = low_x * wx[mc], high_x * wx[mc + 1]
            tz_c[k, jc, mc] = low_z
            ty_c[k, jc, mc] = low_y
            tx_c[k, jc, mc] = low_x
            c_c[k, jc, mc] = extra
            diag_c[k, jc, mc] = extra + low_z + high_z + low_y + high_y + low_x + high_x


@njit(cache=True, error_model="numpy", parallel=True)
def coarsen(fz, fy, fx, wz, wy, wx, tz, ty, tx, c, diag_c, tz_c, ty_c, tx_c, c_c):
    """Galerkin coarsening by factors fz, fy, fx (1 or 2), couplings multiplied by wz, wy, wx.

    ``w[k]`` belongs to the face between coarse cells k-1 and k; a half makes the coupling that of
    cells twice as far apart.
    """
    for k in prange(1, c_c.shape[0] - 1):
        _coarsen_plane(k, fz, fy, fx, wz, wy, wx, tz, ty, tx, c, diag_c, tz_c, ty_c, tx_c, c_c)


@njit(cache=True, error_model="numpy")
def coarsen_serial(fz, fy, fx, wz, wy, wx, tz, ty, tx, c, diag_c, tz_c, ty_c, tx_c, c_c):
    """Do what `coarsen` does with one thread."""
    for k in range(1, c_c.shape[0] - 1):
        _coarsen_plane(k, fz, fy, fx, wz, wy, wx, tz, ty, tx, c, diag_c, tz_c, ty_c, tx_c, c_c)


@njit(cache=True, error_model="numpy")
def _start_plane(i, z, b, diag, tz, damping):
    """Plane i from z = 0: odd planes see nothing yet, even planes the odd ones beside them."""
    n = z.shape[2]
    row = np.empty(n, z.dtype)
    for j in range(1, z.shape[1] - 1):
        out, base, d = z[i, j], b[i, j], diag[i, j]
        if i % 2 == 1:
            for m in range(1, n - 1):
                out[m] = damping * base[m] / d[m]
        else:
            t0, t1, z0, z1 = tz[i, j], tz[i + 1, j], z[i - 1, j], z[i + 1, j]
            for m in range(1, n - 1):
                row[m] = base[m] + t0[m] * z0[m] + t1[m] * z1[m]
            for m in range(1, n - 1):
                out[m] = damping * row[m] / d[m]


@njit(cache=True, error_model="numpy", parallel=True)
def start(z, b, diag, tz, damping):
    """Pre-smoothing sweep from z = 0: odd planes before even ones."""
    n = z.shape[0] - 2
    for half in prange((n + 1) // 2):
        _start_plane(2 * half + 1, z, b, diag, tz, damping)
    for half in prange(n // 2):
        _start_plane(2 * half + 2, z, b, diag, tz, damping)


@njit(cache=True, error_model="numpy")
def start_serial(z, b, diag, tz, damping):
    """Do what `start` does with one thread."""
    n = z.shape[0] - 2
    for half in range((n + 1) // 2):
        _start_plane(2 * half + 1, z, b, diag, tz, damping)
    for half in range(n // 2):
        _start_plane(2 * half + 2, z, b, diag, tz, damping)


@njit(cache=True, error_model="numpy")
def _residual_row(row, base, i, j, z, diag, tz, ty, tx):
    """Row = base - A z in row (i, j)."""
    n = row.size
    t0, t1, z0, z1 = tz[i, j], tz[i + 1, j], z[i - 1, j], z[i + 1, j]
    for m in range(1, n - 1):
        row[m] = base[m] + t0[m] * z0[m] + t1[m] * z1[m]
    t0, t1, z0, z1 = ty[i, j], ty[i, j + 1], z[i, j - 1], z[i, j + 1]
    for m in range(1, n - 1):
        row[m] += t0[m] * z0[m] + t1[m] * z1[m]
    t0, own, d = tx[i, j], z[i, j], diag[i, j]
    for m in range(1, n - 1):
        row[m] += t0[m] * own[m - 1] + t0[m + 1] * own[m + 1] - d[m] * own[m]


@njit(cache=True, error_model="numpy")
def _relax_plane(i, z, b, diag, tz, ty, tx, damping):
    """Jacobi within plane i; a row is written once the next one no longer needs its old values."""
    n, last = z.shape[2], z.shape[1] - 2
    row = np.empty(n, z.dtype)
    held = np.zeros(n, z.dtype)
    for j in range(1, last + 1):
        d, above = diag[i, j], z[i, j - 1]
        _residual_row(row, b[i, j], i, j, z, diag, tz, ty, tx)
        for m in range(1, n - 1):
            above[m] += held[m]
        for m in range(1, n - 1):
            held[m] = damping * row[m] / d[m]
    above = z[i, last]
    for m in range(1, n - 1):
        above[m] += held[m]


@njit(cache=True, error_model="numpy", parallel=True)
def relax(z, b, diag, tz, ty, tx, damping, first):
    """One sweep: odd planes before even ones (``first`` = 1), or its adjoint (``first`` = 0)."""
    n = z.shape[0] - 2
    for half in prange((n + first) // 2):
        _relax_plane(2 * half + 2 - first, z, b, diag, tz, ty, tx, damping)
    for half in prange((n + 1 - first) // 2):
        _relax_plane(2 * half + 1 + first, z, b, diag, tz, ty, tx, damping)


@njit(cache=True, error_model="numpy")
def relax_serial(z, b, diag, tz, ty, tx, damping, first):
    """Do what `relax` does with one thread."""
    n = z.shape[0] - 2
    for half in range((n + first) // 2):
        _relax_plane(2 * half + 2 - first, z, b, diag, tz, ty, tx, damping)
    for half in range((n + 1 - first) // 2):
        _relax_plane(2 * half + 1 + first, z, b, diag, tz, ty, tx, damping)


@njit(cache=True, error_model="numpy")
def _restrict_plane(k, fz, fy, fx, z, b, diag, tz, ty, tx, b_c):
    """Sum the residual of the fine cells into plane k of the coarse right-hand side."""
    nz, ny, n = z.shape[0] - 2, z.shape[1] - 2, z.shape[2]
    row = np.empty(n, z.dtype)
    sums = np.zeros((b_c.shape[1], n + 1), z.dtype)
    first = fz * (k - 1) + 1
    for i in range(first, min(first + fz, nz + 1)):
        for j in range(1, ny + 1):
            _residual_row(row, b[i, j], i, j, z, diag, tz, ty, tx)
            total = sums[(j - 1) // fy + 1]
            for m in range(1, n - 1):
                total[m] += row[m]
    for j in range(1, b_c.shape[1] - 1):
        out, total = b_c[k, j], sums[j]
        if fx == 2:
            for m in range(1, out.size - 1):
                out[m] = total[2 * m - 1] + total[2 * m]
        else:
            for m in range(1, out.size - 1):
                out[m] = total[m]


@njit(cache=True, error_model="numpy", parallel=True)
def restrict(fz, fy, fx, z, b, diag, tz, ty, tx, b_c):
    """b_c = sum over each coarse cell's children of b - A z."""
    for k in prange(1, b_c.shape[0] - 1):
        _restrict_plane(k, fz, fy, fx, z, b, diag, tz, ty, tx, b_c)


@njit(cache=True, error_model="numpy")
def restrict_serial(fz, fy, fx, z, b, diag, tz, ty, tx, b_c):
    """Do what `restrict` does with one thread."""
    for k in range(1, b_c.shape[0] - 1):
        _restrict_plane(k, fz, fy, fx, z, b, diag, tz, ty, tx, b_c)


@njit(cache=True, error_model="numpy")
def _prolong_plane(i, fz, fy, fx, z, z_c):
    """Add each parent's correction to its children in plane i."""
    n = z.shape[2]
    row = np.empty(n + 1, z.dtype)
    for j in range(1, z.shape[1] - 1):
        out, parent = z[i, j], z_c[(i - 1) // fz + 1, (j - 1) // fy + 1]
        if fx == 2:
            for m in range(1, parent.size - 1):
                row[2 * m - 1] = parent[m]
                row[2 * m] = parent[m]
            for m in range(1, n - 1):
                out[m] += row[m]
        else:
            for m in range(1, n - 1):
                out[m] += parent[m]


@njit(cache=True, error_model="numpy", parallel=True)
def prolong(fz, fy, fx, z, z_c):
    """Z += injected coarse correction z_c."""
    for i in prange(1, z.shape[0] - 1):
        _prolong_plane(i, fz, fy, fx, z, z_c)


@njit(cache=True, error_model="numpy")
def prolong_serial(fz, fy, fx, z, z_c):
    """Do what `prolong` does with one thread."""
    for i in range(1, z.shape[0] - 1):
        _prolong_plane(i, fz, fy, fx, z, z_c)


START, FORTH, BACK, RESTRICT, PROLONG = range(5)
"""Operations on a level: `start`, `relax` and its adjoint, and the ways to the coarser and back."""


@njit(cache=True, error_model="numpy")
def _arrays_of(level, store, layout):
    """Return diag, tz, ty, tx, b and z of a level."""
    first, nz, ny, nx = layout[level, 0], layout[level, 1], layout[level, 2], layout[level, 3]
    arrays = store[first : first + 6 * nz * ny * nx].reshape(6, nz, ny, nx)
    return arrays[0], arrays[1], arrays[2], arrays[3], arrays[4], arrays[5]


@njit(cache=True, error_model="numpy")
def perform_serial(steps, store, layout, damping):
    """Perform ``steps`` of a cycle, pairs of operation and level, with one thread.

    One call, for small levels are done sooner than they are called. ``layout[level]`` says where
    the level's six arrays begin in ``store`` and their padded shape.
    """
    for n in range(steps.shape[0]):
        operation, level = steps[n, 0], steps[n, 1]
        diag, tz, ty, tx, b, z = _arrays_of(level, store, layout)
        if operation == START:
            start_serial(z, b, diag, tz, damping[level])
        elif operation in (FORTH, BACK):
            relax_serial(z, b, diag, tz, ty, tx, damping[level], int(operation == FORTH))
        else:
            _, _, _, _, b_c, z_c = _arrays_of(level + 1, store, layout)
            fz, fy, fx = min(2, z.shape[0] - 2), min(2, z.shape[1] - 2), min(2, z.shape[2] - 2)
            if operation == RESTRICT:
                restrict_serial(fz, fy, fx, z, b, diag, tz, ty, tx, b_c)
            else:
                prolong_serial(fz, fy, fx, z, z_c)
