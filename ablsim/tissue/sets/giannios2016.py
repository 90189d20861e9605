"""Refractive index of human liver, after Giannios and others (2016).

Their fit n = 1.35910 + 0.00827/L^2 - 0.000576/L^4 (L the wavelength in um, 0.45-1.551 um, 24 degC).
The imaginary part they give contains scattering and is no absorption.
"""

from ablsim.tissue.properties import Sourced


def _refractive_index(wavelength_um: float) -> float:
    """Return the fit at a wavelength in micrometres."""
    return 1.35910 + 0.00827 / wavelength_um**2 - 0.000576 / wavelength_um**4


def liver_refractive_index(nanometres: int) -> Sourced:
    """Return the refractive index of liver at a wavelength between 450 and 1551 nm."""
    value = round(_refractive_index(nanometres / 1000.0), 3)
    return Sourced(
        value,
        "1",
        "Giannios2016",
        low=round(value - 0.010, 3),
        high=round(value + 0.010, 3),
        how="derived",
        spread=0.005,
        spread_kind="absolute",
        note=f"fit of the paper evaluated at {nanometres} nm; spread assumed",
    )


LIVER_REFRACTIVE_INDEX = liver_refractive_index(1064)
