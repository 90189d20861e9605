"""Rise of the thermal conductivity of heated pig liver, after Guntur and others (2013).

They find nearly a parabola: lowest, 0.520 W/(m K), at 35 to 40 degC and 45 % more at 90 degC. The
straight line here has the same end and the same mean over the way there.
"""

from ablsim.tissue.properties import ConductivityLaw, Sourced

KEY = "Guntur2013"
_SHAPE = "the gain at its end is what is uncertain"

GUNTUR = ConductivityLaw(
    conductivity=Sourced(
        0.520,
        "W/(m K)",
        KEY,
        low=0.43,
        high=0.61,
        how="measured",
        spread_kind="range",
        note="lowest, at 35 to 40 degC; range assumed",
    ),
    gain=Sourced(
        0.45,
        "1",
        KEY,
        low=-0.2,
        high=0.7,
        how="measured",
        spread_kind="range",
        note="pig liver ex vivo, at 90 degC; range that of all sources",
        related=("Mohammadi2021", "Choi2013"),
    ),
    gain_start=Sourced(
        55.0,
        "degC",
        KEY,
        low=38.0,
        high=60.0,
        how="derived",
        no_spread=_SHAPE,
        note="of the line with the mean of a parabola from 37.5 to 90 degC",
    ),
    gain_end=Sourced(90.0, "degC", KEY, low=88.0, high=92.0, how="measured", no_spread=_SHAPE),
)
"""The law `k_guntur2013`."""
