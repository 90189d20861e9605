"""Perfusions shipped by name that are no tissue's default."""

from ablsim.tissue.properties import ASSUMED, Sourced

RFA_LEGACY = Sourced(
    356.0,
    "mL/min/kg",
    ASSUMED,
    low=300.0,
    high=420.0,
    how="remembered",
    no_spread="shipped only to compare with models that use it",
    note="6.4e-3/s in many models of radio-frequency ablation, whose origin is not known; low for "
    "normal liver",
)
"""The value `rfa_legacy_356`."""


def _part(value: float, low: float, high: float, part: str) -> Sourced:
    """Return the perfusion of a part of a colorectal metastasis."""
    return Sourced(
        value,
        "mL/min/kg",
        ASSUMED,
        low=low,
        high=high,
        how="remembered",
        no_spread="one part of a lesion whose mean is varied",
        note=f"{part} of a colorectal metastasis, from memory; its mean is 400",
    )


CRLM_RIM = _part(600.0, 300.0, 900.0, "rim")
"""The value `crlm_rim_600`."""

CRLM_CORE = _part(150.0, 50.0, 300.0, "core")
"""The value `crlm_core_150`."""
