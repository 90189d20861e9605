"""Muscle, as in diaphragm and abdominal wall: composed of published heat and optics."""

from dataclasses import replace

from ablsim.tissue.properties import ASSUMED, Sourced, ThermalProperties, Tissue
from ablsim.tissue.sets.ablsim_dried import CONDUCTIVITY_DRY
from ablsim.tissue.sets.abraham2007 import HEAT_CAPACITY_DRY
from ablsim.tissue.sets.hasgall2022 import (
    DIAPHRAGM_PERFUSION,
    MUSCLE_CONDUCTIVITY,
    MUSCLE_DENSITY,
    MUSCLE_PERFUSION,
    MUSCLE_SPECIFIC_HEAT,
)
from ablsim.tissue.sets.mohammadi2021 import CONDUCTIVITY_GAIN, GAIN_END, GAIN_START
from ablsim.tissue.sets.mohammed2005 import MUSCLE_OPTICS

MUSCLE = Tissue(
    name="muscle",
    title="skeletal muscle at rest",
    optical=MUSCLE_OPTICS,
    thermal=ThermalProperties(
        conductivity=MUSCLE_CONDUCTIVITY,
        conductivity_gain=CONDUCTIVITY_GAIN,
        gain_start=GAIN_START,
        gain_end=GAIN_END,
        conductivity_dry=CONDUCTIVITY_DRY,
        density=MUSCLE_DENSITY,
        specific_heat=MUSCLE_SPECIFIC_HEAT,
        heat_capacity_dry=HEAT_CAPACITY_DRY,
        water_fraction=Sourced(
            0.76,
            "1",
            ASSUMED,
            low=0.70,
            high=0.80,
            how="remembered",
            spread_kind="range",
            note="lean muscle",
        ),
    ),
    perfusion_rate=MUSCLE_PERFUSION,
    note="the diaphragm, which never rests, is perfused about three times as much",
)

DIAPHRAGM = replace(
    MUSCLE,
    name="diaphragm",
    title="diaphragm, a muscle that never rests",
    perfusion_rate=DIAPHRAGM_PERFUSION,
    note="muscle but for its perfusion",
)
