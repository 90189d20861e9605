"""Fall of the thermal conductivity of liver that denatures and dries, after Choi (2013)."""

from ablsim.tissue.properties import ASSUMED, ConductivityLaw, Sourced

KEY = "Choi2013"

CHOI = ConductivityLaw(
    gain=Sourced(
        -0.20,
        "1",
        KEY,
        low=-0.2,
        high=0.0,
        how="measured",
        spread_kind="range",
        note="human and pig liver; up to 20 % less, the largest fall is taken; part of it is water "
        "that leaves, which the water balance counts again",
    ),
    gain_start=Sourced(
        45.0,
        "degC",
        ASSUMED,
        low=40.0,
        high=60.0,
        how="assumed",
        spread_kind="range",
        note="where proteins begin to denature",
    ),
    gain_end=Sourced(
        85.0,
        "degC",
        KEY,
        low=80.0,
        high=90.0,
        how="measured",
        no_spread="end of the measurement",
    ),
)
"""The law `k_choi2013`."""
