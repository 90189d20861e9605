"""Explicit steps of the Pennes bioheat equation in tissue that is everywhere the same and stays so.

With constant properties a step is

    theta_new = kept theta + moved (sum of the six neighbours) + gained

where ``moved`` = k dt / (rho c h^2), ``kept`` = 1 - 6 moved - omega_b c_b rho_b dt / (rho c) and
``gained`` = q dt / (rho c) [K]. Arrays have one layer of ghost cells, whose temperature is held,
shape ``(nz + 2, ny + 2, nx + 2)`` or with longer rows, whose ends are left alone, C order, float32
or float64 alike. Where the first inner cell of each row begins a line of the cache, five of seven
loads of a vector and the store touch one line instead of two.

Several steps are made in one pass over the memory. The domain is cut along y into tiles that make
``depth`` steps by themselves, each step one row shorter at both ends; then the wedges left between
two tiles are filled, each step two rows longer. Within both a wave runs along z, one plane behind
for each step, so that what a step needs is still in the cache. Two arrays are enough: a step writes
over the one before the last, which nothing needs any more. Every cell is computed as it would be
step by step, so the bits are the same for any depth, width and number of threads.

Nothing is checked here: the caller owns shapes, limits and stability.
"""

import numpy as np
from numba import get_num_threads, njit, prange

_ONE = np.uint64(1)


@njit(error_model="numpy", fastmath={"contract"}, inline="always")
def _row(t, first, n, sz, sy, kept, moved, out):
    """Advance the ``n`` cells from the flat index ``first`` without a source."""
    for i in range(n):
        c = first + i
        around = (t[c - _ONE] + t[c + _ONE]) + (t[c - sy] + t[c + sy]) + (t[c - sz] + t[c + sz])
        out[c] = kept * t[c] + moved * around


@njit(error_model="numpy", fastmath={"contract"}, inline="always")
def _heated_row(t, first, n, sz, sy, kept, moved, gained, out):
    """Advance the ``n`` cells from the flat index ``first`` with a source."""
    for i in range(n):
        c = first + i
        around = (t[c - _ONE] + t[c + _ONE]) + (t[c - sy] + t[c + sy]) + (t[c - sz] + t[c + sz])
        out[c] = kept * t[c] + moved * around + gained[c]


@njit(error_model="numpy", inline="always")
def _rows(even, odd, level, z, y0, y1, shape, nx, kept, moved, gained, is_heated):
    """Make step ``level`` in the rows from y0 to y1 of a plane."""
    _, ny, row = shape
    sz, sy, n = np.uint64(ny * row), np.uint64(row), np.uint64(nx)
    for y in range(y0, y1):
        first = np.uint64((z * ny + y) * row + 1)
        if level % 2:
            if is_heated:
                _heated_row(even, first, n, sz, sy, kept, moved, gained, odd)
            else:
                _row(even, first, n, sz, sy, kept, moved, odd)
        elif is_heated:
            _heated_row(odd, first, n, sz, sy, kept, moved, gained, even)
        else:
            _row(odd, first, n, sz, sy, kept, moved, even)


@njit(cache=True, error_model="numpy")
def _tile(even, odd, y0, y1, depth, shape, nx, kept, moved, gained, is_heated):
    """Make ``depth`` steps in a tile, each one row shorter where another tile lies beside it."""
    nz, ny, _ = shape
    for front in range(1, nz - 1 + depth - 1):
        for level in range(1, depth + 1):
            z = front - (level - 1)
            if 1 <= z < nz - 1:
                begin = y0 + (level - 1 if y0 > 1 else 0)
                end = y1 - (level - 1 if y1 < ny - 1 else 0)
                _rows(even, odd, level, z, begin, end, shape, nx, kept, moved, gained, is_heated)


@njit(cache=True, error_model="numpy")
def _wedge(even, odd, y, depth, shape, nx, kept, moved, gained, is_heated):
    """Make the steps that two tiles have left out on both sides of ``y``."""
    nz = shape[0]
    for front in range(1, nz - 1 + depth - 1):
        for level in range(2, depth + 1):
            z = front - (level - 1)
            if 1 <= z < nz - 1:
                reach = level - 1
                _rows(
                    even, odd, level, z, y - reach, y + reach, shape, nx, kept, moved, gained,
                    is_heated,
                )  # fmt: skip


@njit(cache=True, parallel=True, error_model="numpy")
def advance(theta, other, gained, nx, kept, moved, is_heated, n_steps, depth, cuts):
    """Make ``n_steps`` steps, up to ``depth`` in a pass; the last is left in ``theta``.

    ``other`` has the ghosts of ``theta`` and is written over. ``nx`` cells of a row are inner ones.
    ``cuts`` (int64) are where tiles begin along y and where the last ends, each at least twice
    ``depth`` rows wide. ``gained`` may be of any shape where not ``is_heated``.
    """
    shape = theta.shape
    even, odd, gain = theta.reshape(-1), other.reshape(-1), gained.reshape(-1)
    n_tiles = cuts.size - 1
    done = 0
    while done < n_steps:
        steps = min(depth, n_steps - done)
        for i in prange(n_tiles):
            _tile(even, odd, cuts[i], cuts[i + 1], steps, shape, nx, kept, moved, gain, is_heated)
        for i in prange(1, n_tiles):
            _wedge(even, odd, cuts[i], steps, shape, nx, kept, moved, gain, is_heated)
        if steps % 2:
            even, odd = odd, even
        done += steps
    if n_steps > 0 and even.ctypes.data != theta.ctypes.data:
        theta[...] = other


def count_threads() -> int:
    """Return how many threads `advance` has."""
    return int(get_num_threads())
