"""Whole blood at 1064 nm: heat from the IT'IS database, optics derived from published spectra."""

from ablsim.tissue.properties import (
    ASSUMED,
    OpticalProperties,
    OpticalState,
    Sourced,
    ThermalProperties,
    Tissue,
)
from ablsim.tissue.sets.ablsim_dried import CHARRED, CONDUCTIVITY_DRY
from ablsim.tissue.sets.ablsim_liver import NO_PERFUSION
from ablsim.tissue.sets.ablsim_metastasis import REFRACTIVE_INDEX
from ablsim.tissue.sets.abraham2007 import HEAT_CAPACITY_DRY
from ablsim.tissue.sets.hasgall2022 import BLOOD_CONDUCTIVITY, BLOOD_DENSITY, BLOOD_SPECIFIC_HEAT
from ablsim.tissue.sets.mohammadi2021 import CONDUCTIVITY_GAIN, GAIN_END, GAIN_START

_NATIVE = OpticalState(
    absorption=Sourced(
        2.9,
        "1/cm",
        "Prahl1998",
        low=2.0,
        high=4.2,
        how="derived",
        spread=0.25,
        spread_kind="log",
        note="haemoglobin at 150 g/L and 75 % saturation plus water; the spectrum ends near "
        "1000 nm and was carried on to 1064 nm, good to 20 %; models in print use 0.4 to 1.3",
        related=("Kedenburg2012",),
    ),
    reduced_scattering=Sourced(
        13.0,
        "1/cm",
        "Jacques2013",
        low=8.0,
        high=20.0,
        how="derived",
        spread=0.25,
        spread_kind="log",
        note="22.0/cm (wavelength/500 nm)^-0.66 of that review, which quotes Alexandrakis (2005), "
        "gives 13.4",
    ),
    anisotropy=Sourced(
        0.98,
        "1",
        ASSUMED,
        low=0.97,
        high=0.995,
        how="assumed",
        spread_kind="range",
    ),
)

BLOOD = Tissue(
    name="blood",
    title="whole blood",
    optical=OpticalProperties(
        native=_NATIVE,
        coagulated=_NATIVE,
        charred=CHARRED,
        refractive_index=REFRACTIVE_INDEX,
    ),
    thermal=ThermalProperties(
        conductivity=BLOOD_CONDUCTIVITY,
        conductivity_gain=CONDUCTIVITY_GAIN,
        gain_start=GAIN_START,
        gain_end=GAIN_END,
        conductivity_dry=CONDUCTIVITY_DRY,
        density=BLOOD_DENSITY,
        specific_heat=BLOOD_SPECIFIC_HEAT,
        heat_capacity_dry=HEAT_CAPACITY_DRY,
        water_fraction=Sourced(
            0.79,
            "1",
            ASSUMED,
            low=0.76,
            high=0.83,
            how="remembered",
            no_spread="matters only where still blood boils",
            note="between red cells, about two thirds water, and plasma, about nine tenths",
        ),
    ),
    perfusion_rate=NO_PERFUSION,
    note="optics of coagulated blood at 1064 nm: no data found, those of native blood are kept",
)
