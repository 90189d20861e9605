"""Refractive index of human liver, after Giannios and others (2016).

Their fit n = 1.35910 + 0.00827/L^2 - 0.000576/L^4 (L the wavelength in um, 0.45-1.551 um, 24 degC).
The imaginary part they give contains scattering and is no absorption.
"""

from ablsim.tissue.properties import Sourced


def _refractive_index(wavelength_um: float) -> float:
    """Return the fit at a wavelength in micrometres."""
    return 1.35910 + 0.00827 / wavelength_um**2 - 0.000576 / wavelength_um**4


LIVER_REFRACTIVE_INDEX = Sourced(
    round(_refractive_index(1.064), 3),
    "1",
    "Giannios2016",
    low=1.356,
    high=1.376,
    how="derived",
    spread=0.005,
    spread_kind="absolute",
    note="fit of the paper evaluated at 1064 nm; spread assumed",
)
