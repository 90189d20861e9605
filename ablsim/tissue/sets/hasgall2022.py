"""Heat and perfusion of liver and blood at 37 degC: IT'IS material database, version 5.0.

Values are those of the database's official table; the standard deviations of the liver are
quoted from memory.
"""

from ablsim.tissue.properties import Sourced

KEY = "Hasgall2022"
_BLOOD_SPREAD = "not read; blood acts through its perfusion and its film, which spread far more"

LIVER_CONDUCTIVITY = Sourced(
    0.5191,
    "W/(m K)",
    KEY,
    low=0.43,
    high=0.61,
    how="measured",
    spread=0.03,
    spread_kind="absolute",
    note="at 37 degC; spread remembered",
)

LIVER_DENSITY = Sourced(
    1078.75,
    "kg/m^3",
    KEY,
    low=990.0,
    high=1160.0,
    how="measured",
    spread=30.0,
    spread_kind="absolute",
    note="spread remembered",
)

LIVER_SPECIFIC_HEAT = Sourced(
    3540.2,
    "J/(kg K)",
    KEY,
    low=3180.0,
    high=3900.0,
    how="measured",
    spread=120.0,
    spread_kind="absolute",
    note="held constant up to boiling; spread remembered",
)

LIVER_PERFUSION = Sourced(
    860.46,
    "mL/min/kg",
    KEY,
    low=600.0,
    high=1200.0,
    how="measured",
    spread=0.25,
    spread_kind="log",
    note="total of artery and portal vein at rest; duplex ultrasound of the two vessels gives "
    "about 790 (Carlisle1992, for 1.5 kg of liver in 70 kg); spread assumed",
    related=("Carlisle1992",),
)

BLOOD_CONDUCTIVITY = Sourced(
    0.5169,
    "W/(m K)",
    KEY,
    low=0.48,
    high=0.56,
    how="measured",
    no_spread=_BLOOD_SPREAD,
)

BLOOD_DENSITY = Sourced(
    1049.75,
    "kg/m^3",
    KEY,
    low=1025.0,
    high=1065.0,
    how="measured",
    no_spread=_BLOOD_SPREAD,
)

BLOOD_SPECIFIC_HEAT = Sourced(
    3617.0,
    "J/(kg K)",
    KEY,
    low=3300.0,
    high=3900.0,
    how="measured",
    no_spread=_BLOOD_SPREAD,
)
