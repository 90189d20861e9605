"""Liver at 1064 nm, in the body and bled on the bench: composed defaults of ablsim.

The heat is that of the IT'IS database; the optics are composed, because the tables of the papers
that measured them (Germer1998 and others) could not be read.
"""

import math

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
from ablsim.tissue.sets.giannios2016 import LIVER_REFRACTIVE_INDEX
from ablsim.tissue.sets.hasgall2022 import (
    LIVER_CONDUCTIVITY,
    LIVER_DENSITY,
    LIVER_PERFUSION,
    LIVER_SPECIFIC_HEAT,
)
from ablsim.tissue.sets.mohammadi2021 import CONDUCTIVITY_GAIN, GAIN_END, GAIN_START

COAGULATED_ABSORPTION_RATIO = Sourced(
    1.0,
    "1",
    ASSUMED,
    low=0.5,
    high=1.8,
    how="assumed",
    spread=0.25,
    spread_kind="log",
    note="absorption after over before coagulation: at 1064 nm it falls in liver (Pickering1994, "
    "Wei2006) and rises in the set of Huebner2017 and in tumour (Wei2006): the sign is open",
    related=("Pickering1994", "Wei2006", "Huebner2017"),
)

NO_PERFUSION = Sourced(
    0.0,
    "mL/min/kg",
    ASSUMED,
    low=0.0,
    high=0.0,
    how="assumed",
    no_spread="zero by definition",
    note="no capillaries carry blood through it",
)


def _coagulated(native: Sourced, low: float, high: float) -> Sourced:
    """Return the absorption after coagulation of liver whose native absorption is known."""
    ratio = COAGULATED_ABSORPTION_RATIO
    return Sourced(
        native.value * ratio.value,
        native.unit,
        ASSUMED,
        low=low,
        high=high,
        how="assumed",
        spread=math.hypot(native.spread or 0.0, ratio.spread or 0.0),
        spread_kind="log",
        note=f"native absorption times {ratio}; both spreads together",
        related=ratio.related,
    )


_SCATTERING = Sourced(
    4.0,
    "1/cm",
    ASSUMED,
    low=2.0,
    high=7.0,
    how="assumed",
    spread=0.35,
    spread_kind="log",
    note="a little below the three fits reviewed in Jacques2013, which give 4.2 to 5.7, because "
    "Huebner2017 (from memory) has 2.4",
    related=("Jacques2013", "Huebner2017"),
)

_COAGULATED_SCATTERING = Sourced(
    15.0,
    "1/cm",
    ASSUMED,
    low=7.0,
    high=25.0,
    how="assumed",
    spread=0.35,
    spread_kind="log",
    note="that scattering rises on coagulation is measured in several papers, by how much could "
    "not be read; Huebner2017 (from memory) has 15",
    related=("Germer1998", "Pickering1994", "Wei2006", "Huebner2017"),
)

_ANISOTROPY = Sourced(
    0.95,
    "1",
    ASSUMED,
    low=0.92,
    high=0.97,
    how="assumed",
    spread_kind="range",
)

_COAGULATED_ANISOTROPY = Sourced(
    0.94,
    "1",
    ASSUMED,
    low=0.90,
    high=0.98,
    how="assumed",
    spread_kind="range",
    note="falls on coagulation (Pickering1994, Wei2006), by how much could not be read",
    related=("Pickering1994", "Wei2006"),
)

_ABSORPTION = Sourced(
    0.50,
    "1/cm",
    ASSUMED,
    low=0.2,
    high=1.0,
    how="assumed",
    spread=0.40,
    spread_kind="log",
    note="composition: 12 % blood at 70 % saturation, 72 % water, 5 % fat, 0.08/cm of the rest; "
    "spectra of water (Kedenburg2012) and haemoglobin (Prahl1998), fractions assumed; "
    "Huebner2017 (from memory) has the same",
    related=("Kedenburg2012", "Prahl1998", "Huebner2017"),
)

_ABSORPTION_BLED = Sourced(
    0.30,
    "1/cm",
    ASSUMED,
    low=0.15,
    high=0.5,
    how="assumed",
    spread=0.30,
    spread_kind="log",
    note="the composition of liver in the body with 4 % blood; spread assumed",
    related=("Kedenburg2012", "Prahl1998"),
)


def _optics(absorption: Sourced, coagulated_absorption: Sourced) -> OpticalProperties:
    """Return the optics of liver, which blood changes in the absorption alone."""
    return OpticalProperties(
        native=OpticalState(absorption, _SCATTERING, _ANISOTROPY),
        coagulated=OpticalState(
            coagulated_absorption, _COAGULATED_SCATTERING, _COAGULATED_ANISOTROPY
        ),
        charred=CHARRED,
        refractive_index=LIVER_REFRACTIVE_INDEX,
    )


_THERMAL = ThermalProperties(
    conductivity=LIVER_CONDUCTIVITY,
    conductivity_gain=CONDUCTIVITY_GAIN,
    gain_start=GAIN_START,
    gain_end=GAIN_END,
    conductivity_dry=CONDUCTIVITY_DRY,
    density=LIVER_DENSITY,
    specific_heat=LIVER_SPECIFIC_HEAT,
    heat_capacity_dry=HEAT_CAPACITY_DRY,
    water_fraction=Sourced(
        0.72,
        "1",
        ASSUMED,
        low=0.66,
        high=0.78,
        how="remembered",
        spread=0.03,
        spread_kind="absolute",
        note="from tables of tissue composition, which of them is not known",
    ),
)

LIVER = Tissue(
    name="liver",
    title="liver in the body",
    optical=_optics(_ABSORPTION, _coagulated(_ABSORPTION, 0.25, 0.9)),
    thermal=_THERMAL,
    perfusion_rate=LIVER_PERFUSION,
)

LIVER_EXVIVO = Tissue(
    name="liver_exvivo",
    title="liver on the bench, bled",
    optical=_optics(_ABSORPTION_BLED, _coagulated(_ABSORPTION_BLED, 0.12, 0.6)),
    thermal=_THERMAL,
    perfusion_rate=NO_PERFUSION,
    note="heat as in the body; freezing and storage, which shift the optics, are not modelled",
)
