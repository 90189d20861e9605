"""Loops of the light diffusion solver: finite-volume stencil, multigrid pieces, vector updates.

The equation per cell, divided by the spacing h, is

    sum over faces T_f (phi_i - phi_j) + c_i phi_i = s_i / h,    T_f = harmonic mean of D [m]

Every array of a level has the same padded shape (nz+2, ny+2, nx+2): cells are 1..n, the halo is
zero and stays zero. ``tz[i, j, m]`` couples cell i with i-1, ``ty`` and ``tx`` likewise; couplings
through the outer wall are zero. ``diag`` is c plus the six couplings. Work arrays are float32 or
float64 (one type per call), sums are float64 and come back plane by plane, so that the caller
adds them in a fixed order: the bits do not depend on the number of threads.

Rows along x are the unit of work: their loops have unit stride and few arrays each, which lets
the compiler use vector instructions. Functions without ``_serial`` share planes among threads.
"""

import numpy as np
from numba import njit, prange


@njit(cache=True, error_model="numpy")
def _discretise_plane(i, mu_a, mu_s, h, diag, tz, ty, tx, c):
    """Couplings, c and diagonal of plane i; T = 2 / (3 (a + a')) with a = mu_a + mu_s'."""
    nz, ny, nx = mu_a.shape
    number = diag.dtype.type
    two, three = number(2.0), number(3.0)
    film = number(1.5) * h
    for j in range(1, ny + 1):
        for m in range(1, nx + 1):
            a = mu_a[i - 1, j - 1, m - 1] + mu_s[i - 1, j - 1, m - 1]
            wall = h / (two + film * a)
            extra = mu_a[i - 1, j - 1, m - 1] * h * h
            total = number(0.0)
            if i > 1:
                t = two / (three * (a + mu_a[i - 2, j - 1, m - 1] + mu_s[i - 2, j - 1, m - 1]))
                tz[i, j, m] = t
                total += t
            else:
                extra += wall
            if i < nz:
                total += two / (three * (a + mu_a[i, j - 1, m - 1] + mu_s[i, j - 1, m - 1]))
            else:
                extra += wall
            if j > 1:
                t = two / (three * (a + mu_a[i - 1, j - 2, m - 1] + mu_s[i - 1, j - 2, m - 1]))
                ty[i, j, m] = t
                total += t
            else:
                extra += wall
            if j < ny:
                total += two / (three * (a + mu_a[i - 1, j, m - 1] + mu_s[i - 1, j, m - 1]))
            else:
                extra += wall
            if m > 1:
                t = two / (three * (a + mu_a[i - 1, j - 1, m - 2] + mu_s[i - 1, j - 1, m - 2]))
                tx[i, j, m] = t
                total += t
            else:
                extra += wall
            if m < nx:
                total += two / (three * (a + mu_a[i - 1, j - 1, m] + mu_s[i - 1, j - 1, m]))
            else:
                extra += wall
            c[i, j, m] = extra
            diag[i, j, m] = extra + total


@njit(cache=True, error_model="numpy", parallel=True)
def discretise(mu_a, mu_s, h, diag, tz, ty, tx, c):
    """Fill the finest level from mu_a, mu_s' [1/m] of shape (nz, ny, nx) and the spacing h [m].

    The outer wall is the Marshak condition D dphi/dn = -phi/2 behind half a cell.
    """
    for i in prange(1, mu_a.shape[0] + 1):
        _discretise_plane(i, mu_a, mu_s, h, diag, tz, ty, tx, c)


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
    """Galerkin coarsening by factors fz, fy, fx (1 or 2) with couplings scaled by wz, wy, wx.

    ``w[k]`` is the distance between the centres of cells k-1 and k on the fine level over that on
    the coarse one: 1/2 except where an odd number of cells leaves a thin last coarse cell.
    """
    for k in prange(1, c_c.shape[0] - 1):
        _coarsen_plane(k, fz, fy, fx, wz, wy, wx, tz, ty, tx, c, diag_c, tz_c, ty_c, tx_c, c_c)


@njit(cache=True, error_model="numpy")
def coarsen_serial(fz, fy, fx, wz, wy, wx, tz, ty, tx, c, diag_c, tz_c, ty_c, tx_c, c_c):
    """Do what `coarsen` does with one thread."""
    for k in range(1, c_c.shape[0] - 1):
        _coarsen_plane(k, fz, fy, fx, wz, wy, wx, tz, ty, tx, c, diag_c, tz_c, ty_c, tx_c, c_c)


@njit(cache=True, error_model="numpy")
def _across(row, base, i, j, z, tz, ty):
    """Row = base + couplings to the four neighbouring rows of row (i, j)."""
    t0, t1, z0, z1 = tz[i, j], tz[i + 1, j], z[i - 1, j], z[i + 1, j]
    for m in range(1, row.size - 1):
        row[m] = base[m] + t0[m] * z0[m] + t1[m] * z1[m]
    t0, t1, z0, z1 = ty[i, j], ty[i, j + 1], z[i, j - 1], z[i, j + 1]
    for m in range(1, row.size - 1):
        row[m] += t0[m] * z0[m] + t1[m] * z1[m]


@njit(cache=True, error_model="numpy")
def _start_plane(i, z, b, diag, tz, ty):
    """Rows of plane i from z = 0, ascending: own row and the rows above see nothing yet."""
    n = z.shape[2]
    even = i % 2 == 0
    row = np.empty(n, z.dtype)
    for j in range(1, z.shape[1] - 1):
        out, d, base = z[i, j], diag[i, j], b[i, j]
        t0, z0 = ty[i, j], z[i, j - 1]
        for m in range(1, n - 1):
            row[m] = base[m] + t0[m] * z0[m]
        if even:
            t0, t1, z0, z1 = tz[i, j], tz[i + 1, j], z[i - 1, j], z[i + 1, j]
            for m in range(1, n - 1):
                row[m] += t0[m] * z0[m] + t1[m] * z1[m]
        for m in range(1, n - 1):
            out[m] = row[m] / d[m]


@njit(cache=True, error_model="numpy", parallel=True)
def start(z, b, diag, tz, ty):
    """Pre-smoothing sweep from z = 0: odd planes, then even ones, rows ascending."""
    n = z.shape[0] - 2
    for half in prange((n + 1) // 2):
        _start_plane(2 * half + 1, z, b, diag, tz, ty)
    for half in prange(n // 2):
        _start_plane(2 * half + 2, z, b, diag, tz, ty)


@njit(cache=True, error_model="numpy")
def start_serial(z, b, diag, tz, ty):
    """Do what `start` does with one thread."""
    n = z.shape[0] - 2
    for half in range((n + 1) // 2):
        _start_plane(2 * half + 1, z, b, diag, tz, ty)
    for half in range(n // 2):
        _start_plane(2 * half + 2, z, b, diag, tz, ty)


@njit(cache=True, error_model="numpy")
def _relax_plane(i, z, b, diag, tz, ty, tx):
    """Rows of plane i, descending: neighbouring rows as they are, the own row by Jacobi."""
    n = z.shape[2]
    row = np.empty(n, z.dtype)
    for j in range(z.shape[1] - 2, 0, -1):
        out, d, t = z[i, j], diag[i, j], tx[i, j]
        _across(row, b[i, j], i, j, z, tz, ty)
        for m in range(1, n - 1):
            row[m] = (row[m] + t[m] * out[m - 1] + t[m + 1] * out[m + 1]) / d[m]
        for m in range(1, n - 1):
            out[m] = row[m]


@njit(cache=True, error_model="numpy", parallel=True)
def relax(z, b, diag, tz, ty, tx):
    """Post-smoothing sweep, the mirror image of `start`: even planes, odd ones, descending."""
    n = z.shape[0] - 2
    for half in prange(n // 2):
        _relax_plane(2 * half + 2, z, b, diag, tz, ty, tx)
    for half in prange((n + 1) // 2):
        _relax_plane(2 * half + 1, z, b, diag, tz, ty, tx)


@njit(cache=True, error_model="numpy")
def relax_serial(z, b, diag, tz, ty, tx):
    """Do what `relax` does with one thread."""
    n = z.shape[0] - 2
    for half in range(n // 2):
        _relax_plane(2 * half + 2, z, b, diag, tz, ty, tx)
    for half in range((n + 1) // 2):
        _relax_plane(2 * half + 1, z, b, diag, tz, ty, tx)


@njit(cache=True, error_model="numpy")
def _residual_row(row, base, i, j, z, diag, tz, ty, tx):
    """Row = base - A z."""
    _across(row, base, i, j, z, tz, ty)
    own, d, t = z[i, j], diag[i, j], tx[i, j]
    for m in range(1, row.size - 1):
        row[m] += t[m] * own[m - 1] + t[m + 1] * own[m + 1] - d[m] * own[m]


@njit(cache=True, error_model="numpy")
def _restrict_plane(k, fz, fy, fx, z, b, diag, tz, ty, tx, b_c):
    """Sum the residual of the fine cells into plane k of the coarse right-hand side."""
    nz, ny, n = z.shape[0] - 2, z.shape[1] - 2, z.shape[2]
    n_c = b_c.shape[2]
    row = np.empty(n, z.dtype)
    total = np.empty(n, z.dtype)
    zero = z.dtype.type(0.0)
    i0 = fz * (k - 1) + 1
    for jc in range(1, b_c.shape[1] - 1):
        j0 = fy * (jc - 1) + 1
        total[:] = zero
        for i in range(i0, min(i0 + fz, nz + 1)):
            for j in range(j0, min(j0 + fy, ny + 1)):
                _residual_row(row, b[i, j], i, j, z, diag, tz, ty, tx)
                for m in range(1, n - 1):
                    total[m] += row[m]
        total[n - 1] = zero
        out = b_c[k, jc]
        if fx == 2:
            for m in range(1, n_c - 1):
                out[m] = total[2 * m - 1] + total[2 * m]
        else:
            for m in range(1, n_c - 1):
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


@njit(cache=True, error_model="numpy")
def _apply_plane(i, p, c, tz, ty, tx, out):
    """Plane i of A p from differences across faces; returns its share of p . A p.

    Differences, not the diagonal: in float32 c vanishes beside the couplings it is added to.
    """
    n = p.shape[2]
    row = np.empty(n, p.dtype)
    products = np.zeros(n, np.float64)
    for j in range(1, p.shape[1] - 1):
        own, image, extra = p[i, j], out[i, j], c[i, j]
        t0, t1, p0, p1 = tz[i, j], tz[i + 1, j], p[i - 1, j], p[i + 1, j]
        for m in range(1, n - 1):
            row[m] = extra[m] * own[m] + t0[m] * (own[m] - p0[m]) + t1[m] * (own[m] - p1[m])
        t0, t1, p0, p1 = ty[i, j], ty[i, j + 1], p[i, j - 1], p[i, j + 1]
        for m in range(1, n - 1):
            row[m] += t0[m] * (own[m] - p0[m]) + t1[m] * (own[m] - p1[m])
        t0 = tx[i, j]
        for m in range(1, n - 1):
            row[m] += t0[m] * (own[m] - own[m - 1]) + t0[m + 1] * (own[m] - own[m + 1])
        for m in range(1, n - 1):
            image[m] = row[m]
            products[m] += np.float64(row[m]) * np.float64(own[m])
    return products.sum()


@njit(cache=True, error_model="numpy", parallel=True)
def apply(p, c, tz, ty, tx, out, dots):
    """Out = A p; ``dots[i]`` is plane i's share of p . A p."""
    for i in prange(1, p.shape[0] - 1):
        dots[i] = _apply_plane(i, p, c, tz, ty, tx, out)


@njit(cache=True, error_model="numpy")
def _advance_plane(i, x, r, p, image, alpha, squares, sums):
    """X += alpha p, r -= alpha A p in plane i, with the sums of r^2 and of r."""
    n = x.shape[2]
    square = np.zeros(n, np.float64)
    total = np.zeros(n, np.float64)
    for j in range(1, x.shape[1] - 1):
        x_row, p_row, r_row, a_row = x[i, j], p[i, j], r[i, j], image[i, j]
        for m in range(1, n - 1):
            x_row[m] += alpha * p_row[m]
        for m in range(1, n - 1):
            r_row[m] -= alpha * a_row[m]
        for m in range(1, n - 1):
            value = np.float64(r_row[m])
            square[m] += value * value
            total[m] += value
    squares[i] = square.sum()
    sums[i] = total.sum()


@njit(cache=True, error_model="numpy", parallel=True)
def advance(x, r, p, image, alpha, squares, sums):
    """One conjugate-gradient step; plane by plane the sums of r^2 and of r after it."""
    for i in prange(1, x.shape[0] - 1):
        _advance_plane(i, x, r, p, image, alpha, squares, sums)


@njit(cache=True, error_model="numpy")
def _dot_plane(i, a, b):
    n = a.shape[2]
    products = np.zeros(n, np.float64)
    for j in range(1, a.shape[1] - 1):
        a_row, b_row = a[i, j], b[i, j]
        for m in range(1, n - 1):
            products[m] += np.float64(a_row[m]) * np.float64(b_row[m])
    return products.sum()


@njit(cache=True, error_model="numpy", parallel=True)
def dot(a, b, dots):
    """``dots[i]`` is plane i's share of a . b."""
    for i in prange(1, a.shape[0] - 1):
        dots[i] = _dot_plane(i, a, b)


@njit(cache=True, error_model="numpy", parallel=True)
def combine(p, z, beta):
    """P = z + beta p."""
    for i in prange(1, p.shape[0] - 1):
        for j in range(1, p.shape[1] - 1):
            p_row, z_row = p[i, j], z[i, j]
            for m in range(1, p.shape[2] - 1):
                p_row[m] = z_row[m] + beta * p_row[m]
