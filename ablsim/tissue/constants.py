"""Sourced numbers that belong to no single tissue: water, char, fibres, vessels, damage gate."""

from collections.abc import Mapping
from types import MappingProxyType

from ablsim.tissue.properties import ASSUMED, Sourced

LATENT_HEAT = Sourced(
    2.257e6,
    "J/kg",
    "Wagner2002",
    low=2.25e6,
    high=2.26e6,
    how="remembered",
    no_spread="a constant of water, known far better than anything else here",
    note="vaporisation of water at 100 degC and atmospheric pressure",
)

BOILING_TEMPERATURE = Sourced(
    100.0,
    "degC",
    ASSUMED,
    low=99.0,
    high=104.0,
    how="assumed",
    spread_kind="range",
    note="of water at atmospheric pressure; the upper end stands for steam held under pressure",
)

CHAR_TEMPERATURE = Sourced(
    200.0,
    "degC",
    ASSUMED,
    low=150.0,
    high=300.0,
    how="assumed",
    spread_kind="range",
    note="dry tissue that has passed it counts as charred",
)

CAP_TEMPERATURE = Sourced(
    400.0,
    "degC",
    ASSUMED,
    low=250.0,
    high=500.0,
    how="assumed",
    no_spread="a limit of the method: 250 degC changes the killed volume by 0.5 %",
    note="surplus heat above it is moved to the hot zone around, never deleted",
)

CHAR_FILM_FRACTION = Sourced(
    0.65,
    "1",
    "Amzayyb2010",
    low=0.44,
    high=0.85,
    how="derived",
    spread_kind="range",
    note="share of the emitted light that the char film on a bare tip turns into heat: "
    "1 - exp(-72/mm d) is 0.44 for the mean film of 8 um and 0.85 for the thickest of 26 um, "
    "taken half way; films on endovenous fibres, absorption read at 1310 nm",
)

CHAR_FILM_8UM = Sourced(
    0.44,
    "1",
    "Amzayyb2010",
    low=0.26,
    high=0.61,
    how="derived",
    spread_kind="range",
    note="1 - exp(-72/mm d) for the mean film of 8.0 um; the range is that of 5.3 to 10.7 um with "
    "absorptions of 56 to 88/mm, each one standard deviation",
)

CHAR_FILM_26UM = Sourced(
    0.85,
    "1",
    "Amzayyb2010",
    low=0.67,
    high=0.94,
    how="derived",
    spread_kind="range",
    note="1 - exp(-72/mm d) for the thickest film of 26 um; the range is that of 20 to 32 um with "
    "absorptions of 56 to 88/mm",
)

CHAR_FILMS: Mapping[str, Sourced] = MappingProxyType(
    {"film_8um": CHAR_FILM_8UM, "film_26um": CHAR_FILM_26UM}
)
"""Films as they were measured, which a case may name in place of a fraction."""

NEEDLE_DIAMETER = Sourced(
    0.82,
    "mm",
    ASSUMED,
    low=0.80,
    high=0.84,
    how="remembered",
    spread_kind="range",
    note="outside of a 21G needle, through which liver is reached with such fibres",
    related=("Pacella2011",),
)

FIBRE_COATING = Sourced(
    0.10,
    "mm",
    ASSUMED,
    low=0.07,
    high=0.12,
    how="remembered",
    spread_kind="range",
    note="what cladding and buffer add to the diameter of the core: a 300 um fibre is 370 to 420 "
    "um thick; for pictures only",
)

FIBRE_PROTRUSION = Sourced(
    7.5,
    "mm",
    ASSUMED,
    low=5.0,
    high=10.0,
    how="remembered",
    spread_kind="range",
    note="how far what gives light lies beyond the end of its needle; for pictures only",
)

NEEDLES: Mapping[str, Sourced] = MappingProxyType(
    {
        "needle_diameter": NEEDLE_DIAMETER,
        "fibre_coating": FIBRE_COATING,
        "fibre_protrusion": FIBRE_PROTRUSION,
    }
)
"""Sizes of needles and fibres."""

TRANSMISSION_BARE = Sourced(
    0.95,
    "1",
    ASSUMED,
    low=0.85,
    high=1.0,
    how="assumed",
    spread_kind="range",
    note="emitted over fired power of a bare fibre; published lesions prefer 1.0, which no "
    "fibre reaches",
)

TRANSMISSION_DIFFUSER = Sourced(
    0.70,
    "1",
    ASSUMED,
    low=0.60,
    high=0.80,
    how="assumed",
    spread_kind="range",
    note="emitted over fired power of a scattering diffuser; fitted to published lesions, not "
    "measured, and so absorbs whatever else is wrong about diffusers",
)

VESSEL_FILM_COEFFICIENT = Sourced(
    1250.0,
    "W/(m^2 K)",
    "Hausen1943",
    low=700.0,
    high=3200.0,
    how="remembered",
    spread=0.4,
    spread_kind="log",
    note="blood to wall in veins of 2 to 12 mm at velocities in proportion to the diameter "
    "(19.6 cm/s at 11 mm), 40 mm from the inlet: nearly the same for all; the correlation is "
    "quoted from memory, the velocity scaling is assumed",
)

DAMAGE_GATE = Sourced(
    43.0,
    "degC",
    ASSUMED,
    low=42.0,
    high=45.0,
    how="assumed",
    spread_kind="range",
    note="rates fitted between 45 and 60 degC would otherwise kill tissue at body temperature "
    "within one to two hours",
)

HYPOVASCULAR_PERFUSION = Sourced(
    0.006,
    "1/s",
    ASSUMED,
    low=0.002,
    high=0.010,
    how="assumed",
    no_spread="a what-if that the user names",
    note="a poorly perfused lesion",
)

EMBOLISED_PERFUSION = Sourced(
    0.001,
    "1/s",
    ASSUMED,
    low=0.0,
    high=0.003,
    how="assumed",
    no_spread="a what-if that the user names",
    note="a lesion after embolisation",
)

PERFUSION_STRATA: Mapping[str, Sourced] = MappingProxyType(
    {"hypovascular": HYPOVASCULAR_PERFUSION, "embolised": EMBOLISED_PERFUSION}
)
"""Perfusions that a case names for its tumour instead of the tissue's own."""

CONSTANTS: Mapping[str, Sourced] = MappingProxyType(
    {
        "latent_heat": LATENT_HEAT,
        "boiling_temperature": BOILING_TEMPERATURE,
        "char_temperature": CHAR_TEMPERATURE,
        "cap_temperature": CAP_TEMPERATURE,
        "char_film_fraction": CHAR_FILM_FRACTION,
        "transmission_bare": TRANSMISSION_BARE,
        "transmission_diffuser": TRANSMISSION_DIFFUSER,
        "vessel_film_coefficient": VESSEL_FILM_COEFFICIENT,
    }
)
"""The constants that every run may use, by name; gate and strata go with kinetics and tumour."""
