"""Absorption of water at 20 degC, after Kedenburg and others (2012).

From the extinction coefficient k of the paper, as a public database tabulates it: 4 pi k over the
wavelength. Warm water absorbs somewhat differently, which is not modelled.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ablsim.tissue.properties import Sourced

KEY = "Kedenburg2012"


def _read(nanometres: int, value: float) -> Sourced:
    """Return the absorption at one wavelength."""
    return Sourced(
        value,
        "1/cm",
        KEY,
        low=round(0.9 * value, 6),
        high=round(1.1 * value, 6),
        how="derived",
        spread_kind="range",
        note=f"water at 20 degC and {nanometres} nm, 4 pi k/wavelength; range assumed",
    )


WATER: Mapping[int, Sourced] = MappingProxyType(
    {
        nanometres: _read(nanometres, value)
        for nanometres, value in {
            810: 0.0209,
            830: 0.0313,
            850: 0.0414,
            940: 0.188,
            980: 0.473,
            1064: 0.144,
            1470: 27.1,
        }.items()
    }
)
"""Absorption coefficient of water by wavelength in nanometres."""
