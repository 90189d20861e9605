"""Shrinkage of excised liver that is kept hot, after Rossmann and others (2014)."""

from ablsim.tissue.properties import Sourced

KEY = "Rossmann2014"
_BAND = "an end of the band that is reported"

SHRINKAGE_LEAST = Sourced(
    0.12,
    "1",
    KEY,
    low=0.12,
    high=0.12,
    how="measured",
    no_spread=_BAND,
    note="loss of length of excised pig liver kept at 60 degC for 15 min",
    related=("Farina2014",),
)

SHRINKAGE_MOST = Sourced(
    0.22,
    "1",
    KEY,
    low=0.22,
    high=0.22,
    how="measured",
    no_spread=_BAND,
    note="loss of length of excised pig liver kept at 95 degC for 15 min",
    related=("Farina2014",),
)
