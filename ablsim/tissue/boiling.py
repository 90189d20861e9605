"""The laws of boiling by name: what is left of the water at which temperature."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ablsim.tissue.properties import ASSUMED, Sourced
from ablsim.tissue.sets import yang2007
from ablsim.units import to_kelvin

BAND_START = Sourced(
    99.0,
    "degC",
    "Abraham2007",
    low=95.0,
    high=99.5,
    how="remembered",
    spread_kind="range",
    note="where the band of temperature begins over which the latent heat is spread",
)
BAND_END = Sourced(
    101.0,
    "degC",
    ASSUMED,
    low=100.0,
    high=105.0,
    how="assumed",
    spread_kind="range",
    note="where it ends; the source has 99 to 100 degC, public codes take 99 to 101",
)

_CURVE_END = to_kelvin(300.0)  # of Yang's water 0.2 % is left there, and counts as gone

BOILING_NUMBERS: Mapping[str, Mapping[str, Sourced]] = MappingProxyType(
    {
        "apparent_enthalpy_99_101": {
            "boiling_band_start": BAND_START,
            "boiling_band_end": BAND_END,
        },
        "effective_c_yang2007": yang2007.NUMBERS,
    }
)
"""The numbers that only one law of boiling uses, by the law's name."""


def water_curve(law: str) -> NDArray[np.float64] | None:
    """Return the water left against temperature, or None for a law that has no such curve.

    Parameters
    ----------
    law : str
        Name of the law as in case files.

    Returns
    -------
    ndarray of float64, shape (n, 2), or None
        Absolute temperature [K], rising, and share of the water left [1], falling from 1 to 0; a
        straight line between.

    Notes
    -----
    Yang's curve is sampled every quarter of a kelvin up to 110 degC and every 2 K above: the
    lines are within 3e-4 of it. Its last 0.2 % end at 300 degC.
    """
    if law == "apparent_enthalpy_99_101":
        return np.array([(BAND_START.si, 1.0), (BAND_END.si, 0.0)])
    if law != "effective_c_yang2007":
        return None
    start = yang2007.START.si
    fine = np.arange(start, start + 40.0, 0.25)
    coarse = np.arange(start + 40.0, _CURVE_END, 2.0)
    temperature = np.concatenate([fine, coarse, [_CURVE_END]])
    left = np.array([yang2007.water_left(float(t)) for t in temperature])
    left[0], left[-1] = 1.0, 0.0
    return np.stack([temperature, left], axis=1)
