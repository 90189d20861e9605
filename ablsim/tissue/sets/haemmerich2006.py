"""Specific heat of heated liver on the bench, after Haemmerich and others (2006).

They find 3411 J/(kg K) at 25 degC and 4187 J/(kg K) at 83.5 degC, which is 17 % more than below
65 degC. The heat capacity of wet tissue is constant here, so the rise enters as its mean: what a
kilogram of liver takes up on its way from 37 to 100 degC is that of their curve, drawn flat to
65 degC, straight to 83.5 degC and flat from there.
"""

from ablsim.tissue.properties import Sourced

KEY = "Haemmerich2006"
_HOT = 4187.0
_COOL = _HOT / 1.17
_MEAN = ((65.0 - 37.0) * _COOL + (83.5 - 65.0) * (_COOL + _HOT) / 2.0 + (100.0 - 83.5) * _HOT) / (
    100.0 - 37.0
)

HAEMMERICH = Sourced(
    round(_MEAN, 1),
    "J/(kg K)",
    KEY,
    low=3411.0,
    high=_HOT,
    how="derived",
    spread_kind="range",
    note="mean from 37 to 100 degC of 3579 J/(kg K) below 65 degC that rises to 4187 J/(kg K) at "
    "83.5 degC and stays; it takes the same heat to boiling, but not evenly on the way",
)
"""The value `c_haemmerich`."""
