"""The front of a damage process: a field that is positive where Omega > 1, fit for contouring.

Omega changes by orders of magnitude from cell to cell, its logarithm nearly linearly. Below the
temperature where damage begins Omega is exactly zero, and so it is in vessels, where nothing is
damaged; there the logarithm is continued from the tissue beside, so that the contour lies where
the damage itself says and does not depend on where the first zero happens to be.
"""

import numpy as np
from numpy.typing import NDArray

from ablsim.contour import without_bias

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LIMIT = 4.0
"""The front field lies between -LIMIT and LIMIT: further from the contour it carries nothing."""

REACH = 8
"""At most how many cells around a cell its front value depends on."""

_LAYERS = 2  # of cells without damage that are filled from the damaged side


def damage_front(omega: NDArray[np.floating], lumen: BoolArray | None = None) -> FloatArray:
    """Return ln Omega, continued over cells without damage, for contours at Omega = 1.

    Parameters
    ----------
    omega : ndarray of float, shape (nz, ny, nx)
        Damage integral [1], zero where there is no damage.
    lumen : ndarray of bool, same shape, optional
        Cells inside vessels. A value continued into them may be positive (the zone goes up to the
        wall, wherever that lies between the cells); one in tissue may not, as Omega is 0 there.

    Returns
    -------
    ndarray of float64, same shape
        The front field [1], positive inside the zone, clipped to +-LIMIT.

    Notes
    -----
    Cells are filled in two layers from the damaged side by the parabola through three cells on
    each axis, or the line through two, averaged over the directions that offer one with the squared
    slope as weight. Where tissue would come out positive, the damage ends between the two cells
    sooner than it lets expect: the contour is put just before the outer cell if the continued
    value is nearly zero there, and midway if the damage does not fall off at all. Cells that
    nothing can be continued into get -LIMIT.
    """
    known = np.pad(omega > 0.0, 3)
    level = np.full(known.shape, -LIMIT)
    np.log(np.pad(omega, 3), out=level, where=known, dtype=np.float64)
    in_lumen = np.zeros_like(known) if lumen is None else np.pad(lumen, 3)
    wanted = np.pad(np.ones(omega.shape, dtype=bool), 3)
    for _ in range(_LAYERS):
        _continue_outwards(level, known, wanted, in_lumen)
    core = (slice(3, -3),) * 3
    return np.clip(without_bias(np.maximum(level[core], -30.0)), -LIMIT, LIMIT)


def _continue_outwards(
    level: FloatArray, known: BoolArray, wanted: BoolArray, in_lumen: BoolArray
) -> None:
    """Fill the cells next to known ones, in place."""
    at = _unknown_beside_known(known, wanted)
    flat, flat_known = level.ravel(), known.ravel()
    total, nearest, weight = np.zeros(at.size), np.zeros(at.size), np.zeros(at.size)
    for axis in range(3):
        for side in (-1, 1):
            stride = side * level.strides[axis] // level.itemsize
            first, second, third = (flat[at + n * stride] for n in (1, 2, 3))
            usable = flat_known[at + stride] & flat_known[at + 2 * stride]
            slope = first - second
            curved = flat_known[at + 3 * stride] & (third < LIMIT)
            bend = np.where(curved, slope - (second - third), 0.0)
            limit = 0.5 * np.abs(slope)
            steepness = np.where(usable, slope**2 + 1e-12, 0.0)
            total += steepness * (first + slope + np.clip(bend, -limit, limit))
            nearest += steepness * first
            weight += steepness
    filled = weight > 0.0
    at = at[filled]
    value, inner = total[filled] / weight[filled], nearest[filled] / weight[filled]
    abrupt = (value >= 0.0) & ~in_lumen.ravel()[at]
    inner = np.maximum(np.abs(inner), 1e-6)
    place = 1.0 - 0.5 * np.clip(value / inner, 0.0, 1.0)
    flat[at] = np.where(abrupt, -inner * (1.0 - place) / place - 1e-6, value)
    flat_known[at] = True


def _unknown_beside_known(known: BoolArray, wanted: BoolArray) -> NDArray[np.intp]:
    """Return the flat indices of the wanted cells that have a known neighbour on an axis."""
    beside = np.zeros_like(known)
    for axis in range(3):
        a, b = np.moveaxis(beside, axis, 0), np.moveaxis(known, axis, 0)
        a[1:] |= b[:-1]
        a[:-1] |= b[1:]
    return np.flatnonzero(beside & ~known & wanted)
