"""Thermal conductivity of human liver as a straight line, k = 0.4692 + 0.00116 T, T in degC.

Quoted from memory from the tables of Valvano and others.
"""

from ablsim.tissue.properties import ConductivityLaw, Sourced

KEY = "Valvano1985"
_NOTE = "0.4692 + 0.00116 T W/(m K), T in degC, from memory"
_LINE = "an end of a straight line"

_AT_37 = 0.4692 + 0.00116 * 37.0
_AT_100 = 0.4692 + 0.00116 * 100.0

VALVANO = ConductivityLaw(
    conductivity=Sourced(
        round(_AT_37, 4),
        "W/(m K)",
        KEY,
        low=0.43,
        high=0.60,
        how="remembered",
        spread_kind="range",
        note=f"{_NOTE}, at 37 degC; range assumed",
    ),
    gain=Sourced(
        round(_AT_100 / _AT_37 - 1.0, 4),
        "1",
        KEY,
        low=0.0,
        high=0.3,
        how="remembered",
        spread_kind="range",
        note=f"{_NOTE}, at 100 degC; measured far below that; range assumed",
    ),
    gain_start=Sourced(37.0, "degC", KEY, low=37.0, high=37.0, how="remembered", no_spread=_LINE),
    gain_end=Sourced(100.0, "degC", KEY, low=100.0, high=100.0, how="remembered", no_spread=_LINE),
)
"""The law `k_valvano`."""
