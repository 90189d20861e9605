"""Perfusion of liver that models of radio-frequency ablation copy from each other."""

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
