"""Rise of the thermal conductivity of heated liver ex vivo, after Mohammadi and others (2021).

Flat to 60-70 degC and 60 % higher at 92 degC, the heat capacity per volume unchanged. Others
disagree, from +45 % (Guntur2013) through none to -20 % (Choi2013): the plausible range of the gain.
"""

from ablsim.tissue.properties import ConductivityLaw, Sourced

KEY = "Mohammadi2021"

CONDUCTIVITY_GAIN = Sourced(
    0.60,
    "1",
    KEY,
    low=-0.2,
    high=0.7,
    how="measured",
    spread_kind="range",
    note="liver ex vivo, at 92 degC; taken over for all tissues but fat",
    related=("Guntur2013", "Choi2013"),
)

GAIN_START = Sourced(
    65.0,
    "degC",
    KEY,
    low=60.0,
    high=70.0,
    how="measured",
    spread_kind="range",
    note="end of the plateau, given as 60 to 70 degC",
)

GAIN_END = Sourced(
    92.0,
    "degC",
    KEY,
    low=90.0,
    high=95.0,
    how="measured",
    no_spread="the gain is quoted at this temperature; the gain itself is varied",
)

MOHAMMADI = ConductivityLaw(CONDUCTIVITY_GAIN, GAIN_START, GAIN_END)
"""The law `k_mohammadi_dry`, the default of all tissues but fat."""
