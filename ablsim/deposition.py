"""Point amounts spread onto cells, conserved, hardly showing where in its cell a point lies.

Light sources and the heat of a char film are smaller than a cell. Each is spread with a Gaussian
of fixed physical width, integrated exactly over every cell, so that halving the spacing or
shifting a fibre by half a cell leaves the deposited field the same. Cells too coarse to resolve
that width get a Gaussian of half a cell: a narrower one would pull the source to the cell's centre.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf

from ablsim.errors import CaseError
from ablsim.grid import Grid
from ablsim.kernels.spreading import add_separable

SOURCE_WIDTH = 0.5e-3
"""Standard deviation [m] of the Gaussian that every source is spread with, on cells up to 1 mm."""

_CUT = 4.0

Array64 = NDArray[np.float64]


def deposit(
    grid: Grid,
    points: ArrayLike,
    amounts: ArrayLike,
    *,
    width: float | None = None,
    out: Array64 | None = None,
) -> Array64:
    """Spread point amounts onto the cells around them.

    Parameters
    ----------
    grid : Grid
        The cells.
    points : array_like of float, shape (n, 3)
        LPS positions ``(x, y, z)`` inside the grid [m].
    amounts : array_like of float, shape (n,)
        What each point deposits, in any unit.
    width : float, optional
        Standard deviation of the Gaussian [m]; by default `SOURCE_WIDTH`, at least half a cell.
    out : ndarray of float64, shape (nz, ny, nx), optional
        Where to add the result; by default a new array of zeros.

    Returns
    -------
    ndarray of float64, shape (nz, ny, nx)
        Amount per cell (not per volume); what was added sums to ``amounts.sum()``.

    Raises
    ------
    CaseError
        When a point lies outside the grid.

    Notes
    -----
    The Gaussian is the product of three, each cut at four standard deviations and at the outer
    wall, and scaled back to one: a source close to the wall stays inside, a little off its place.
    """
    where, amount = spread(grid, points, amounts, width=width)
    if out is None:
        out = np.zeros(grid.shape)
    out[where] += amount
    return out


def spread(
    grid: Grid, points: ArrayLike, amounts: ArrayLike, *, width: float | None = None
) -> tuple[tuple[slice, slice, slice], Array64]:
    """Return the block of cells that `deposit` would touch, and the amounts in it.

    Several sets of amounts, shape ``(sets, n)``, give as many blocks, ``(sets, nz, ny, nx)``.
    """
    if width is None:
        width = max(SOURCE_WIDTH, 0.5 * grid.spacing)
    positions = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    values = np.asarray(amounts, dtype=np.float64)
    if not np.all(grid.contains(positions)):
        outside = positions[~grid.contains(positions)][0] * 1e3
        msg = (
            f"a source at ({outside[0]:.4g}, {outside[1]:.4g}, {outside[2]:.4g}) mm lies outside "
            "the computed box: make domain.size larger or move the source"
        )
        raise CaseError(msg)
    if values.size == 0:
        return (slice(0, 0), slice(0, 0), slice(0, 0)), np.zeros((*values.shape[:-1], 0, 0, 0))
    # z, y, x like the arrays
    axes = [
        _weights((positions[:, d] - grid.origin[d]) / grid.spacing, width / grid.spacing, n)
        for d, n in zip((2, 1, 0), grid.shape, strict=True)
    ]
    first = [int(start.min()) for start, _ in axes]
    last = [int(start.max()) + weight.shape[1] for start, weight in axes]
    sets = values.reshape(-1, len(positions))
    blocks = np.zeros([len(sets), *(b - a for a, b in zip(first, last, strict=True))])
    (z0, wz), (y0, wy), (x0, wx) = axes
    for block, one in zip(blocks, sets, strict=True):
        add_separable(block, np.asarray(first), z0, y0, x0, wz, wy, wx, one)
    z, y, x = (slice(a, b) for a, b in zip(first, last, strict=True))
    return (z, y, x), blocks if values.ndim == 2 else blocks[0]


def _weights(position: Array64, width: float, n_cells: int) -> tuple[NDArray[np.intp], Array64]:
    """Return first cells and shares of the Gaussians at ``position`` (in cells) along one axis."""
    reach = min(2 * int(np.ceil(_CUT * width)) + 1, n_cells)
    start = np.floor(position).astype(np.intp) - reach // 2
    start = np.clip(start, 0, n_cells - reach)
    edges = start[:, None] + np.arange(reach + 1) - position[:, None]
    edges = np.clip(edges, -_CUT * width, _CUT * width)
    share = np.diff(erf(edges / (np.sqrt(2.0) * width)), axis=1)
    return start, share / share.sum(axis=1, keepdims=True)
