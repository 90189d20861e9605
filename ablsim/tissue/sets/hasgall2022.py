"""Heat and perfusion at 37 degC: IT'IS material database, version 5.0.

Values are those of the database's official table; the standard deviations of the liver are
quoted from memory, the plausible ranges of the organs around it are assumed.
"""

from ablsim.tissue.properties import ConductivityLaw, Sourced

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

CONSTANT_CONDUCTIVITY = ConductivityLaw(
    gain=Sourced(
        0.0,
        "1",
        KEY,
        low=0.0,
        high=0.0,
        how="derived",
        no_spread="constant by definition",
        note="one number at 37 degC, taken to hold when heated, as many models do",
    ),
    conductivity=LIVER_CONDUCTIVITY,
)
"""The law `constant_itis`."""

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


def _beside_liver(value: float, unit: str, low: float, high: float) -> Sourced:
    """Return a number of an organ around the liver, as read, with an assumed plausible range."""
    return Sourced(
        value,
        unit,
        KEY,
        low=low,
        high=high,
        how="measured",
        spread_kind="range",
        note="at rest and 37 degC; plausible range assumed",
    )


BILE_CONDUCTIVITY = _beside_liver(0.58325, "W/(m K)", 0.52, 0.64)
BILE_DENSITY = _beside_liver(928.0, "kg/m^3", 920.0, 1030.0)
BILE_SPECIFIC_HEAT = _beside_liver(4037.0, "J/(kg K)", 3700.0, 4180.0)

GALLBLADDER_WALL_CONDUCTIVITY = _beside_liver(0.521, "W/(m K)", 0.46, 0.58)
GALLBLADDER_WALL_DENSITY = _beside_liver(1070.5, "kg/m^3", 1030.0, 1110.0)
GALLBLADDER_WALL_SPECIFIC_HEAT = _beside_liver(3716.0, "J/(kg K)", 3400.0, 3950.0)
GALLBLADDER_WALL_PERFUSION = _beside_liver(30.0, "mL/min/kg", 10.0, 300.0)

VESSEL_WALL_CONDUCTIVITY = _beside_liver(0.462, "W/(m K)", 0.4, 0.54)
VESSEL_WALL_DENSITY = _beside_liver(1101.5, "kg/m^3", 1050.0, 1140.0)
VESSEL_WALL_SPECIFIC_HEAT = _beside_liver(3306.0, "J/(kg K)", 3000.0, 3700.0)
VESSEL_WALL_PERFUSION = _beside_liver(150.0, "mL/min/kg", 20.0, 300.0)

FAT_CONDUCTIVITY = _beside_liver(0.21145, "W/(m K)", 0.17, 0.28)
FAT_DENSITY = _beside_liver(911.0, "kg/m^3", 890.0, 960.0)
FAT_SPECIFIC_HEAT = _beside_liver(2348.3, "J/(kg K)", 1900.0, 2900.0)
FAT_PERFUSION = _beside_liver(32.7, "mL/min/kg", 15.0, 60.0)

MUSCLE_CONDUCTIVITY = _beside_liver(0.49497, "W/(m K)", 0.42, 0.56)
MUSCLE_DENSITY = _beside_liver(1090.4, "kg/m^3", 1040.0, 1120.0)
MUSCLE_SPECIFIC_HEAT = _beside_liver(3421.2, "J/(kg K)", 3200.0, 3800.0)
MUSCLE_PERFUSION = _beside_liver(36.74, "mL/min/kg", 15.0, 200.0)
DIAPHRAGM_PERFUSION = _beside_liver(99.0, "mL/min/kg", 40.0, 300.0)
