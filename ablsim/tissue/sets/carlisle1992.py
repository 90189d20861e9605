"""Perfusion of normal liver from duplex ultrasound of its two vessels (Carlisle 1992)."""

from ablsim.tissue.properties import Sourced

CARLISLE_LIVER = Sourced(
    793.0,
    "mL/min/kg",
    "Carlisle1992",
    low=600.0,
    high=1000.0,
    how="derived",
    spread=0.16,
    spread_kind="log",
    note="artery 3.5 and portal vein 13.5, together 17.0 mL/min per kg of body, for 1.5 kg of "
    "liver in 70 kg; spread between persons as in the paper",
)
"""The value `carlisle_790`."""
