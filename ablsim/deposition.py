"""Point amounts spread onto cells, conserved, hardly showing where in its cell a point lies.

Light sources and the heat of a char film are smaller than a cell. Each is spread with a Gaussian
of fixed physical width, integrated exactly over every cell, so that halving the spacing or
shifting a fibre by half a cell leaves the deposited field the same. Cells too coarse to resolve
that width get a Gaussian of half a cell: a narrower one would pull the source to the cell's centre.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.errors import CaseError
from ablsim.grid import Block, Grid
from ablsim.kernels.spreading import add_separable, weigh

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
) -> tuple[Block, Array64]:
    """Return the block of cells that `deposit` would touch, and the amounts in it.

    ``amounts`` of shape (..., n) are as many blocks, (..., nz, ny, nx): the weights are the same.
    """
    if width is None:
        width = max(SOURCE_WIDTH, 0.5 * grid.spacing)
    positions = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    values = np.asarray(amounts, dtype=np.float64)
    inside = grid.contains(positions)
    if not inside.all():
        x, y, z = positions[~inside][0] * 1e3
        msg = (
            f"a source at ({x:.4g}, {y:.4g}, {z:.4g}) mm lies outside "
            "the computed box: make domain.size larger or move the source"
        )
        raise CaseError(msg)
    sets = values.shape[:-1]
    if len(positions) == 0:
        return (slice(0, 0), slice(0, 0), slice(0, 0)), np.zeros((*sets, 0, 0, 0))
    cells = (positions - grid.origin) / grid.spacing
    # z, y, x like the arrays
    axes = [
        weigh(cells[:, d], width / grid.spacing, _CUT, n)
        for d, n in zip((2, 1, 0), grid.shape, strict=True)
    ]
    first = [int(start.min()) for start, _ in axes]
    last = [int(start.max()) + weight.shape[1] for start, weight in axes]
    block = np.zeros((*sets, *(b - a for a, b in zip(first, last, strict=True))))
    (z0, wz), (y0, wy), (x0, wx) = axes
    each = block.reshape(-1, *block.shape[-3:])
    rows = values.reshape(len(each), -1)
    add_separable(each, np.asarray(first), z0, y0, x0, wz, wy, wx, rows)
    z, y, x = (slice(a, b) for a, b in zip(first, last, strict=True))
    return (z, y, x), block
