"""Liver metastases at 1064 nm, colorectal and neuroendocrine: composed defaults of ablsim.

Only rankings could be read: colorectal metastases absorb less than liver and let light deeper
(Germer1998); hypervascular metastases carry more blood than hypovascular ones (Hayano2013). The
optics of neuroendocrine metastases are not measured: colorectal scattering, more blood.
"""

from ablsim.tissue.properties import (
    ASSUMED,
    OpticalProperties,
    OpticalState,
    Sourced,
    ThermalProperties,
    Tissue,
)
from ablsim.tissue.sets.ablsim_dried import CHARRED, CONDUCTIVITY_DRY
from ablsim.tissue.sets.abraham2007 import HEAT_CAPACITY_DRY
from ablsim.tissue.sets.mohammadi2021 import CONDUCTIVITY_GAIN, GAIN_END, GAIN_START

_SCATTERING = Sourced(
    5.0,
    "1/cm",
    ASSUMED,
    low=2.2,
    high=10.0,
    how="assumed",
    spread=0.40,
    spread_kind="log",
    note="Germer1998 finds scattering and anisotropy below those of liver, Wei2006 scattering "
    "above: reduced scattering near that of liver agrees with both",
    related=("Germer1998", "Wei2006"),
)

_COAGULATED_SCATTERING = Sourced(
    14.0,
    "1/cm",
    ASSUMED,
    low=6.0,
    high=25.0,
    how="assumed",
    spread=0.40,
    spread_kind="log",
    note="coagulation shortens the penetration of light (Germer1998), by how much not read",
    related=("Germer1998",),
)

_ANISOTROPY = Sourced(
    0.92,
    "1",
    ASSUMED,
    low=0.90,
    high=0.98,
    how="assumed",
    spread_kind="range",
    note="below that of liver (Germer1998, Wei2006)",
    related=("Germer1998", "Wei2006"),
)

_ABSORPTION_COLORECTAL = Sourced(
    0.30,
    "1/cm",
    ASSUMED,
    low=0.12,
    high=0.7,
    how="assumed",
    spread=0.45,
    spread_kind="log",
    note="below that of liver (Germer1998, Wei2006); composition with 5 % blood gives 0.28",
    related=("Germer1998", "Wei2006", "Kedenburg2012", "Prahl1998"),
)

_COAGULATED_ABSORPTION_COLORECTAL = Sourced(
    0.33,
    "1/cm",
    ASSUMED,
    low=0.13,
    high=0.75,
    how="assumed",
    spread=0.45,
    spread_kind="log",
    note="a little above native: it rises in liver tumour at 1064 nm (Wei2006)",
    related=("Wei2006",),
)

_ABSORPTION_NEUROENDOCRINE = Sourced(
    0.50,
    "1/cm",
    ASSUMED,
    low=0.2,
    high=1.1,
    how="assumed",
    spread=0.45,
    spread_kind="log",
    note="no measurement found; composition with 12 to 15 % blood; the same when coagulated",
    related=("Kedenburg2012", "Prahl1998"),
)

REFRACTIVE_INDEX = Sourced(
    1.36,
    "1",
    ASSUMED,
    low=1.345,
    high=1.375,
    how="assumed",
    spread=0.005,
    spread_kind="absolute",
    note="metastases differ measurably from liver (Giannios2016); the number could not be read",
    related=("Giannios2016",),
)


def _optics(native_absorption: Sourced, coagulated_absorption: Sourced) -> OpticalProperties:
    """Return the optics of a metastasis: the kinds differ in their blood, so in absorption."""
    return OpticalProperties(
        native=OpticalState(native_absorption, _SCATTERING, _ANISOTROPY),
        coagulated=OpticalState(coagulated_absorption, _COAGULATED_SCATTERING, _ANISOTROPY),
        charred=CHARRED,
        refractive_index=REFRACTIVE_INDEX,
    )


TUMOUR_THERMAL = ThermalProperties(
    conductivity=Sourced(
        0.54,
        "W/(m K)",
        ASSUMED,
        low=0.48,
        high=0.60,
        how="assumed",
        spread_kind="range",
    ),
    conductivity_gain=CONDUCTIVITY_GAIN,
    gain_start=GAIN_START,
    gain_end=GAIN_END,
    conductivity_dry=CONDUCTIVITY_DRY,
    density=Sourced(
        1060.0,
        "kg/m^3",
        ASSUMED,
        low=1030.0,
        high=1090.0,
        how="assumed",
        spread_kind="range",
    ),
    specific_heat=Sourced(
        3650.0,
        "J/(kg K)",
        ASSUMED,
        low=3500.0,
        high=3850.0,
        how="assumed",
        spread_kind="range",
    ),
    heat_capacity_dry=HEAT_CAPACITY_DRY,
    water_fraction=Sourced(
        0.78,
        "1",
        ASSUMED,
        low=0.70,
        high=0.84,
        how="assumed",
        spread_kind="range",
        note="as in the composition of the optics: tumours hold more water than liver",
    ),
)

NET_METASTASIS = Tissue(
    name="net_metastasis",
    title="liver metastasis of a neuroendocrine tumour",
    optical=_optics(_ABSORPTION_NEUROENDOCRINE, _ABSORPTION_NEUROENDOCRINE),
    thermal=TUMOUR_THERMAL,
    perfusion_rate=Sourced(
        1200.0,
        "mL/min/kg",
        ASSUMED,
        low=500.0,
        high=2500.0,
        how="remembered",
        spread=0.5,
        spread_kind="log",
        note="hypervascular metastases carry more blood than hepatocellular carcinoma "
        "(Hayano2013); the number is from memory",
        related=("Hayano2013",),
    ),
    note="no optical measurement exists as far as known",
)

COLORECTAL_METASTASIS = Tissue(
    name="colorectal_metastasis",
    title="liver metastasis of a colorectal carcinoma",
    optical=_optics(_ABSORPTION_COLORECTAL, _COAGULATED_ABSORPTION_COLORECTAL),
    thermal=TUMOUR_THERMAL,
    perfusion_rate=Sourced(
        400.0,
        "mL/min/kg",
        ASSUMED,
        low=100.0,
        high=900.0,
        how="remembered",
        spread=0.6,
        spread_kind="log",
        note="hypovascular metastases carry less blood than hepatocellular carcinoma "
        "(Hayano2013); the number, a mean over rim and core, is from memory",
        related=("Hayano2013",),
    ),
)
