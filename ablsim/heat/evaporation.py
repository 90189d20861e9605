r"""Boiling beside the standard law: water that follows temperature, steam that condenses.

Laws of boiling under which the water left is a function of temperature are there for comparison
with published models. Heat goes into :math:`C(w)\,dT - L\,dw`, where
w(T) is the law's curve, C the sensible heat capacity and L the latent heat of all the water, and
the same heat comes out again as the tissue cools: the water is back then, as the published models
have it. So what the books call *latent* and *vapour* is, for these laws, the heat that steam holds
at present, and it can fall. Char, once there, stays.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.heat.books import lost_water
from ablsim.heat.medium import Medium
from ablsim.heat.step import Floats, Step
from ablsim.kernels import evaporation

CONDENSING = 1.0
"""How far below the boiling point [K] tissue must be for steam to condense in it."""


def steam_heat(curve: NDArray[np.float64], rise: ArrayLike) -> NDArray[np.float64]:
    r"""Return the sensible heat that the steam took along, per heat capacity of all the water [K].

    Parameters
    ----------
    curve : ndarray of float64, shape (n, 2)
        Rise above the base temperature [K] and share of the water left.
    rise : array_like of float
        Rise of the tissue [K].

    Returns
    -------
    ndarray of float64, shape of ``rise``
        :math:`\int \theta\,(-dw)` up to the rise: every part of the water leaves at the
        temperature at which the curve gives it up.
    """
    at, left = curve.T
    pieces = 0.5 * (at[1:] + at[:-1]) * (left[:-1] - left[1:])
    total = np.concatenate([[0.0], np.cumsum(pieces)])
    t = np.clip(np.asarray(rise, dtype=np.float64), at[0], at[-1])
    node = np.clip(np.searchsorted(at, t, side="right") - 1, 0, len(at) - 2)
    lost = left[node] - np.interp(t, at, left)
    return np.asarray(total[node] + 0.5 * (at[node] + t) * lost)


def follow_curve(curve: NDArray[np.float64] | None, step: Step) -> None:
    """Let temperature and water follow ``curve``, for the heat received in the step; None: keep."""
    if curve is None:
        return
    evaporation.evaporate(
        step.before,
        step.theta,
        step.water,
        step.inv_c,
        step.code,
        step.table,
        curve,
        step.hot,
        step.dried,
        step.box,
    )


def condense_steam(
    share: float,
    boiling_rise: float,
    step: Step,
    seen: Floats,
    tips: NDArray[np.float64],
    cells: NDArray[np.int64],
) -> float:
    """Give a share of the heat of the new steam to the tissue beside the boiling front.

    Parameters
    ----------
    share : float
        Share of the steam that condenses [1].
    boiling_rise : float
        Rise of the boiling point [K].
    step : Step
        State after the step; temperatures change.
    seen : ndarray of float
        The water for which this was done last; brought up to date.
    tips : ndarray of float64, shape (n, 3)
        Emitting tips, padded indices (z, y, x): each has a pool of steam of its own.
    cells : ndarray of int64
        Work space for the indices of all cells.

    Returns
    -------
    float
        Heat given back [J/m^3], summed over cells.
    """
    return float(
        evaporation.condense(
            step.theta,
            step.water,
            seen,
            step.inv_c,
            step.code,
            step.table,
            tips if len(tips) else np.zeros((1, 3)),
            step.dried,
            step.box,
            cells,
            boiling_rise,
            seen.dtype.type(boiling_rise - CONDENSING),
            share,
        )
    )


def steam_books(
    medium: Medium, code: NDArray[np.uint8], water: Floats, theta: Floats
) -> tuple[float, float]:
    """Return the latent and the sensible heat of the water that has turned into steam [J].

    Parameters
    ----------
    medium : Medium
        Heat properties of the cells.
    code : ndarray of uint8, shape (nz + 2, ny + 2, nx + 2)
        Row of the medium's table for each cell; that of the ghosts does not count, here and below.
    water, theta : ndarray of float, same shape
        Share of the water left [1], and rise [K].
    """
    heat_wet, heat_dry, latent = medium.table[:, :3].T
    curve, volume = medium.water_curve, medium.grid.cell_volume
    lost = lost_water(water, code, len(latent))
    if curve is None:
        boiling = medium.boiling_rise if np.isfinite(medium.boiling_rise) else 0.0
        carried = lost * boiling
    else:
        carried = np.zeros_like(lost)
        for of, warm in zip(code[1:-1, 1:-1, 1:-1], theta[1:-1, 1:-1, 1:-1], strict=True):
            heat = steam_heat(curve, warm)  # by planes, for the memory
            carried += np.bincount(of.ravel(), weights=heat.ravel(), minlength=len(lost))
    return float(lost @ latent) * volume, float(carried @ (heat_wet - heat_dry)) * volume
