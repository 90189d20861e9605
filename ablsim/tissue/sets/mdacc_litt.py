"""Optics of human brain as fitted for laser therapy at MD Anderson, read in their public code.

Brain, its tumours and vessels, not liver, and one state only: coagulated tissue keeps the
coefficients of native tissue. The code gives scattering and anisotropy; what acts is mu_s (1 - g).
"""

from ablsim.tissue.properties import ASSUMED, How, OpticalProperties, OpticalState, Sourced
from ablsim.tissue.sets.ablsim_dried import CHARRED

KEY = "MdAndersonLitt"
_RANGE = "a fit of others, shipped to compare with"
_ONE_STATE = "the code has no other coefficients when coagulated"

_INDEX = Sourced(
    1.37,
    "1",
    ASSUMED,
    low=1.35,
    high=1.40,
    how="remembered",
    spread_kind="range",
    note="soft tissue in general",
)


def _read(
    value: float, unit: str, low: float, high: float, note: str, *, how: How = "measured"
) -> Sourced:
    """Return a number of the code."""
    return Sourced(
        value,
        unit,
        KEY,
        low=low,
        high=high,
        how=how,
        no_spread=_RANGE,
        note=f"{note}; {_ONE_STATE}",
    )


def _optics(
    absorption: float,
    scattering: float,
    anisotropy: float,
    what: str,
    *,
    reduced_max: float = 8.0,
    anisotropy_min: float = 0.9,
) -> OpticalProperties:
    """Return optics from mu_a [1/cm], mu_s [1/cm] and g."""
    reduced = f"{scattering:g}/cm (1 - {anisotropy:g}), {what}"
    state = OpticalState(
        _read(absorption, "1/cm", 0.2, 1.0, what),
        _read(
            round(scattering * (1.0 - anisotropy), 6),
            "1/cm",
            1.0,
            reduced_max,
            reduced,
            how="derived",
        ),
        _read(anisotropy, "1", anisotropy_min, 0.98, what),
    )
    return OpticalProperties(state, state, CHARRED, _INDEX)


MDACC_LITT = _optics(
    0.502, 80.0, 0.975, "human brain, fitted to thermometry, anisotropy 0.9 before"
)
"""The set `mdacc_litt`."""

MDACC_LITT_TUMOUR = _optics(0.51, 80.0, 0.95, "tumour of the brain", anisotropy_min=0.85)
"""The set `mdacc_litt_tumour`."""

MDACC_LITT_VESSEL = _optics(
    0.45, 90.0, 0.85, "vessel of the brain", reduced_max=25.0, anisotropy_min=0.75
)
"""The set `mdacc_litt_vessel`."""
