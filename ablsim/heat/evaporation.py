r"""Laws of boiling under which the water left is a function of temperature.

They are there for comparison with published models. Heat goes into :math:`C(w)\,dT - L\,dw`, where
w(T) is the law's curve, C the sensible heat capacity and L the latent heat of all the water, and
the same heat comes out again as the tissue cools: the water is back then, as the published models
have it. So what the books call *latent* and *vapour* is, for these laws, the heat that steam holds
at present, and it can fall. Char, once there, stays.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
