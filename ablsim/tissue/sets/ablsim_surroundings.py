"""What lies beside and within the liver: bile, gallbladder wall, vessel wall, fat.

Heat is that of the IT'IS database. Nothing was found of their optics at 1064 nm: all assumed.
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
from ablsim.tissue.sets.ablsim_liver import NO_PERFUSION
from ablsim.tissue.sets.abraham2007 import HEAT_CAPACITY_DRY
from ablsim.tissue.sets.hasgall2022 import (
    BILE_CONDUCTIVITY,
    BILE_DENSITY,
    BILE_SPECIFIC_HEAT,
    FAT_CONDUCTIVITY,
    FAT_DENSITY,
    FAT_PERFUSION,
    FAT_SPECIFIC_HEAT,
    GALLBLADDER_WALL_CONDUCTIVITY,
    GALLBLADDER_WALL_DENSITY,
    GALLBLADDER_WALL_PERFUSION,
    GALLBLADDER_WALL_SPECIFIC_HEAT,
    VESSEL_WALL_CONDUCTIVITY,
    VESSEL_WALL_DENSITY,
    VESSEL_WALL_PERFUSION,
    VESSEL_WALL_SPECIFIC_HEAT,
)
from ablsim.tissue.sets.mohammadi2021 import CONDUCTIVITY_GAIN, GAIN_END, GAIN_START


def _assumed(value: float, unit: str, low: float, high: float, note: str) -> Sourced:
    """Return a number that nobody has measured, as far as known."""
    return Sourced(
        value, unit, ASSUMED, low=low, high=high, how="assumed", spread_kind="range", note=note
    )


def _thermal(
    conductivity: Sourced, density: Sourced, specific_heat: Sourced, water_fraction: Sourced
) -> ThermalProperties:
    """Return the heat of a watery tissue, which dries and conducts when heated as liver does."""
    return ThermalProperties(
        conductivity=conductivity,
        conductivity_gain=CONDUCTIVITY_GAIN,
        gain_start=GAIN_START,
        gain_end=GAIN_END,
        conductivity_dry=CONDUCTIVITY_DRY,
        density=density,
        specific_heat=specific_heat,
        heat_capacity_dry=HEAT_CAPACITY_DRY,
        water_fraction=water_fraction,
    )


_ANISOTROPY = _assumed(0.9, "1", 0.8, 0.98, "only the reduced scattering acts")
_WALL_INDEX = _assumed(1.38, "1", 1.35, 1.42, "soft tissue with much collagen")
_WALL_SCATTERING = Sourced(
    7.2,
    "1/cm",
    "Jacques2013",
    low=2.5,
    high=20.0,
    how="derived",
    spread=0.55,
    spread_kind="log",
    note="of no wall in particular: mean of 18 soft tissues, 18.9/cm (wavelength/500 nm)^-1.286",
)
_WALL_COAGULATED_SCATTERING = _assumed(
    18.0, "1/cm", 7.0, 40.0, "two to three times native, as soft tissues do when they whiten"
)


def _wall_optics(absorption: Sourced) -> OpticalProperties:
    """Return the optics of a thin wall; absorption is kept when it coagulates."""
    return OpticalProperties(
        native=OpticalState(absorption, _WALL_SCATTERING, _ANISOTROPY),
        coagulated=OpticalState(absorption, _WALL_COAGULATED_SCATTERING, _ANISOTROPY),
        charred=CHARRED,
        refractive_index=_WALL_INDEX,
    )


_BILE_LIGHT = OpticalState(
    absorption=_assumed(
        0.13, "1/cm", 0.1, 1.0, "little more than water, 0.14/cm (Kedenburg2012); pigments not read"
    ),
    reduced_scattering=_assumed(0.1, "1/cm", 0.02, 1.0, "a clear liquid"),
    anisotropy=_ANISOTROPY,
)

BILE = Tissue(
    name="bile",
    title="bile in the gallbladder",
    optical=OpticalProperties(
        native=_BILE_LIGHT,
        coagulated=_BILE_LIGHT,
        charred=CHARRED,
        refractive_index=_assumed(1.34, "1", 1.33, 1.36, "between water and protein solutions"),
    ),
    thermal=_thermal(
        BILE_CONDUCTIVITY,
        BILE_DENSITY,
        BILE_SPECIFIC_HEAT,
        _assumed(0.92, "1", 0.84, 0.97, "bile of the gallbladder is thicker than that of the duct"),
    ),
    perfusion_rate=NO_PERFUSION,
    note="at rest: that bile stirs itself when heated is not modelled; no optics were found, it "
    "keeps them when heated, and such clear liquid is beyond the diffusion of light",
)

GALLBLADDER_WALL = Tissue(
    name="gallbladder_wall",
    title="wall of the gallbladder",
    optical=_wall_optics(
        _assumed(0.3, "1/cm", 0.1, 0.8, "composition: 5 % blood, 78 % water, 0.04/cm of the rest")
    ),
    thermal=_thermal(
        GALLBLADDER_WALL_CONDUCTIVITY,
        GALLBLADDER_WALL_DENSITY,
        GALLBLADDER_WALL_SPECIFIC_HEAT,
        _assumed(0.78, "1", 0.70, 0.85, "soft tissue with little fat"),
    ),
    perfusion_rate=GALLBLADDER_WALL_PERFUSION,
    note="2 to 3 mm thick, so one to three cells; no optics were found",
)

VESSEL_WALL = Tissue(
    name="vessel_wall",
    title="wall of a large vessel",
    optical=_wall_optics(
        _assumed(0.2, "1/cm", 0.08, 0.6, "composition: no blood, 72 % water, 0.1/cm of the rest")
    ),
    thermal=_thermal(
        VESSEL_WALL_CONDUCTIVITY,
        VESSEL_WALL_DENSITY,
        VESSEL_WALL_SPECIFIC_HEAT,
        _assumed(0.72, "1", 0.65, 0.78, "much collagen"),
    ),
    perfusion_rate=VESSEL_WALL_PERFUSION,
    note="no optics were found",
)

_FAT_LIGHT = OpticalState(
    absorption=_assumed(0.1, "1/cm", 0.04, 0.5, "1 % blood, 15 % water and the fat itself"),
    reduced_scattering=_assumed(10.0, "1/cm", 5.0, 15.0, "order of magnitude of fatty tissue"),
    anisotropy=_ANISOTROPY,
)

FAT = Tissue(
    name="fat",
    title="fat around organs",
    optical=OpticalProperties(
        native=_FAT_LIGHT,
        coagulated=_FAT_LIGHT,
        charred=CHARRED,
        refractive_index=_assumed(1.46, "1", 1.44, 1.48, "that of lipids"),
    ),
    thermal=ThermalProperties(
        conductivity=FAT_CONDUCTIVITY,
        conductivity_gain=_assumed(
            0.0, "1", -0.2, 0.3, "too little water to conduct better when hot, as liver does"
        ),
        gain_start=GAIN_START,
        gain_end=GAIN_END,
        conductivity_dry=CONDUCTIVITY_DRY,
        density=FAT_DENSITY,
        specific_heat=FAT_SPECIFIC_HEAT,
        heat_capacity_dry=_assumed(
            1.5e6, "J/(m^3 K)", 1.2e6, 1.9e6, "fat stays when its water leaves"
        ),
        water_fraction=_assumed(0.15, "1", 0.08, 0.30, "fatty tissue"),
    ),
    perfusion_rate=FAT_PERFUSION,
    note="no optics were found; it melts rather than coagulates and keeps them when heated",
)
