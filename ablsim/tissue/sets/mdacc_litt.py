"""Optics of human brain as fitted for laser therapy at MD Anderson, read in their public code.

Brain, not liver, and one state only: coagulated tissue keeps the coefficients of native tissue.
"""

from ablsim.tissue.properties import ASSUMED, OpticalProperties, OpticalState, Sourced
from ablsim.tissue.sets.ablsim_dried import CHARRED

KEY = "MdAndersonLitt"
_NOTE = "human brain, fitted to thermometry; the code has no other coefficients when coagulated"
_RANGE = "a fit of others, shipped to compare with"

_STATE = OpticalState(
    absorption=Sourced(
        0.502,
        "1/cm",
        KEY,
        low=0.2,
        high=1.0,
        how="measured",
        no_spread=_RANGE,
        note=_NOTE,
    ),
    reduced_scattering=Sourced(
        2.0,
        "1/cm",
        KEY,
        low=1.0,
        high=8.0,
        how="derived",
        no_spread=_RANGE,
        note=f"80/cm (1 - 0.975), the optimised anisotropy (0.9 before); {_NOTE}",
    ),
    anisotropy=Sourced(
        0.975,
        "1",
        KEY,
        low=0.9,
        high=0.98,
        how="measured",
        no_spread=_RANGE,
        note=_NOTE,
    ),
)

MDACC_LITT = OpticalProperties(
    native=_STATE,
    coagulated=_STATE,
    charred=CHARRED,
    refractive_index=Sourced(
        1.37,
        "1",
        ASSUMED,
        low=1.35,
        high=1.40,
        how="remembered",
        spread_kind="range",
        note="soft tissue in general",
    ),
)
"""The set `mdacc_litt`."""
