"""Loops of the light diffusion equation: its finite volumes and its conjugate-gradient steps.

The equation of a cell, divided by the spacing h, is

    sum over faces T (phi - phi') + c phi = s / h,    T = harmonic mean of D [m]

Arrays of the work type (float32 or float64, one per call) are padded by one cell on every side,
shape (nz+2, ny+2, nx+2): cells are 1..n, the halo is zero and stays zero. ``tz[i, j, m]`` couples
cell i with i-1, ``ty`` and ``tx`` likewise; couplings through the outer wall are zero. ``diag`` is
c plus the six couplings. Sums are float64 and come back plane by plane, so that the caller adds
them in a fixed order: the bits do not depend on the number of threads.

Rows along x are the unit of work: loops with unit stride over few arrays each become vector
instructions. Functions ending in ``_serial`` are for small boxes, where waiting for threads costs
more than they do.
"""

import numpy as np
from numba import njit, prange


@njit(cache=True, error_model="numpy")
def _couple_plane(i, mu_a, mu_s, h, tz, ty, tx, c):
    """Couplings downwards and c of plane i; T = 2 / (3 (a + a')) with a = mu_a + mu_s'."""
    nz, ny, nx = mu_a.shape
    number = c.dtype.type
    two, three, film = number(2.0), number(3.0), number(1.5) * h
    for j in range(1, ny + 1):
        own_a, own_s, extra = mu_a[i - 1, j - 1], mu_s[i - 1, j - 1], c[i, j]
        for m in range(nx):
            extra[m + 1] = own_a[m] * h * h
        walls = number(int(i == 1) + int(i == nz) + int(j == 1) + int(j == ny))
        if walls > 0:
            for m in range(nx):
                extra[m + 1] += walls * h / (two + film * (own_a[m] + own_s[m]))
        for m in (0, nx - 1):
            extra[m + 1] += h / (two + film * (own_a[m] + own_s[m]))
        if i > 1:
            t, next_a, next_s = tz[i, j], mu_a[i - 2, j - 1], mu_s[i - 2, j - 1]
            for m in range(nx):
                t[m + 1] = two / (three * (own_a[m] + own_s[m] + next_a[m] + next_s[m]))
        if j > 1:
            t, next_a, next_s = ty[i, j], mu_a[i - 1, j - 2], mu_s[i - 1, j - 2]
            for m in range(nx):
                t[m + 1] = two / (three * (own_a[m] + own_s[m] + next_a[m] + next_s[m]))
        t = tx[i, j]
        for m in range(1, nx):
            t[m + 1] = two / (three * (own_a[m] + own_s[m] + own_a[m - 1] + own_s[m - 1]))


@njit(cache=True, error_model="numpy")
def _add_plane(i, tz, ty, tx, c, diag):
    """Diagonal of plane i."""
    for j in range(1, diag.shape[1] - 1):
        d, extra = diag[i, j], c[i, j]
        z0, z1, y0, y1, x = tz[i, j], tz[i + 1, j], ty[i, j], ty[i, j + 1], tx[i, j]
        for m in range(1, d.size - 1):
            d[m] = extra[m] + x[m] + x[m + 1] + z0[m] + z1[m] + y0[m] + y1[m]


@njit(cache=True, error_model="numpy", parallel=True)
def discretise(mu_a, mu_s, h, diag, tz, ty, tx, c):
    """Fill the finest level from mu_a, mu_s' [1/m] of shape (nz, ny, nx) and the spacing h [m].

    The outer wall is the Marshak condition -D dphi/dn = phi/2 behind half a cell.
    """
    n = mu_a.shape[0]
    for i in prange(1, n + 1):
        _couple_plane(i, mu_a, mu_s, h, tz, ty, tx, c)
    for i in prange(1, n + 1):
        _add_plane(i, tz, ty, tx, c, diag)


@njit(cache=True, error_model="numpy")
def discretise_serial(mu_a, mu_s, h, diag, tz, ty, tx, c):
    """Do what `discretise` does with one thread."""
    n = mu_a.shape[0]
    for i in range(1, n + 1):
        _couple_plane(i, mu_a, mu_s, h, tz, ty, tx, c)
    for i in range(1, n + 1):
        _add_plane(i, tz, ty, tx, c, diag)


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
def apply_serial(p, c, tz, ty, tx, out, dots):
    """Do what `apply` does with one thread."""
    for i in range(1, p.shape[0] - 1):
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
def advance_serial(x, r, p, image, alpha, squares, sums):
    """Do what `advance` does with one thread."""
    for i in range(1, x.shape[0] - 1):
        _advance_plane(i, x, r, p, image, alpha, squares, sums)


@njit(cache=True, error_model="numpy")
def _dot_plane(i, a, b):
    """Plane i's share of a . b."""
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


@njit(cache=True, error_model="numpy")
def dot_serial(a, b, dots):
    """Do what `dot` does with one thread."""
    for i in range(1, a.shape[0] - 1):
        dots[i] = _dot_plane(i, a, b)


@njit(cache=True, error_model="numpy")
def _combine_plane(i, p, z, beta):
    """P = z + beta p in plane i."""
    for j in range(1, p.shape[1] - 1):
        p_row, z_row = p[i, j], z[i, j]
        for m in range(1, p.shape[2] - 1):
            p_row[m] = z_row[m] + beta * p_row[m]


@njit(cache=True, error_model="numpy", parallel=True)
def combine(p, z, beta):
    """P = z + beta p."""
    for i in prange(1, p.shape[0] - 1):
        _combine_plane(i, p, z, beta)


@njit(cache=True, error_model="numpy")
def combine_serial(p, z, beta):
    """Do what `combine` does with one thread."""
    for i in range(1, p.shape[0] - 1):
        _combine_plane(i, p, z, beta)
