"""Reduced scattering against wavelength, a (wavelength/500 nm)^-b, as reviewed by Jacques (2013).

The coefficients are those of the review's tables 1 and 2, which quote the papers named here.
"""

from ablsim.tissue.properties import ScatteringLaw, Sourced

KEY = "Jacques2013"
_ONE_FIT = "one fit among others; how far they differ is the spread of the default liver"


def _fit(a: float, b: float, what: str) -> ScatteringLaw:
    """Return a fit of the review, quoted without its errors."""
    return ScatteringLaw(
        amplitude=Sourced(
            a, "1/cm", KEY, low=a, high=a, how="measured", no_spread=_ONE_FIT, note=what
        ),
        power=Sourced(b, "1", KEY, low=b, high=b, how="measured", no_spread=_ONE_FIT, note=what),
    )


SCATTER_PARSA = _fit(9.0, 0.617, "rat liver, Parsa 1989")
"""The law `scatter_parsa`."""

SCATTER_ALEXANDRAKIS = _fit(9.2, 1.050, "liver and spleen, Alexandrakis 2005")
"""The law `scatter_alexandrakis`."""

SCATTER_YI_BACKMAN = _fit(16.5, 1.640, "liver, Yi and Backman 2012")
"""The law `scatter_yi_backman`."""

SCATTER_BLOOD = _fit(22.0, 0.660, "whole blood, Alexandrakis 2005")
"""The law `scatter_blood`; its power holds for blood by default."""

_MEAN = "mean of 18 soft tissues; the spread is that between them"

SCATTER_SOFT_TISSUE = ScatteringLaw(
    amplitude=Sourced(
        18.9,
        "1/cm",
        KEY,
        low=5.0,
        high=45.0,
        how="measured",
        spread=10.2,
        spread_kind="absolute",
        note=_MEAN,
    ),
    power=Sourced(
        1.286,
        "1",
        KEY,
        low=0.2,
        high=2.8,
        how="measured",
        spread=0.52,
        spread_kind="absolute",
        note=_MEAN,
    ),
)
"""The law `scatter_soft_tissue`; its power holds for walls by default."""
