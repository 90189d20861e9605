"""Thermal conductivity of heated sheep liver: flat below 90 degC, after Silva and others (2020).

The rise they see above 90 degC, where a third of the water leaves, is left to the water balance.
"""

from ablsim.tissue.properties import ConductivityLaw, Sourced

SILVA = ConductivityLaw(
    gain=Sourced(
        0.0,
        "1",
        "Silva2020",
        low=-0.1,
        high=0.1,
        how="measured",
        spread_kind="range",
        note="sheep liver ex vivo, no significant rise up to 90 degC; range assumed",
    )
)
"""The law `k_silva2020`."""
