"""Hepatocellular carcinoma and cirrhotic liver: composed defaults of ablsim.

Nothing could be read of their optics at 1064 nm. Both take those of liver; carcinoma with wider
ranges, because at 710-890 nm it absorbs far less and scatters more than liver (Wei2007).
"""

from ablsim.tissue.properties import (
    ASSUMED,
    OpticalProperties,
    OpticalState,
    Sourced,
    Tissue,
)
from ablsim.tissue.sets.ablsim_dried import CHARRED
from ablsim.tissue.sets.ablsim_liver import LIVER
from ablsim.tissue.sets.ablsim_metastasis import REFRACTIVE_INDEX, TUMOUR_THERMAL

_ABSORPTION = Sourced(
    0.50,
    "1/cm",
    ASSUMED,
    low=0.05,
    high=1.0,
    how="assumed",
    spread=0.60,
    spread_kind="log",
    note="that of liver, nothing read at 1064 nm; 83 to 86 % below liver at 710-890 nm (Wei2007), "
    "below it at 1064 nm too (Wei2006, kind of tumour not read); the same when coagulated",
    related=("Wei2006", "Wei2007"),
)

_SCATTERING = Sourced(
    4.0,
    "1/cm",
    ASSUMED,
    low=2.0,
    high=12.0,
    how="assumed",
    spread=0.50,
    spread_kind="log",
    note="that of liver, nothing read at 1064 nm; scattering 136 to 158 % above liver at "
    "710-890 nm (Wei2007)",
    related=("Wei2007",),
)

HCC = Tissue(
    name="hcc",
    title="hepatocellular carcinoma",
    optical=OpticalProperties(
        native=OpticalState(_ABSORPTION, _SCATTERING, LIVER.optical.native.anisotropy),
        coagulated=OpticalState(
            _ABSORPTION,
            LIVER.optical.coagulated.reduced_scattering,
            LIVER.optical.coagulated.anisotropy,
        ),
        charred=CHARRED,
        refractive_index=REFRACTIVE_INDEX,
    ),
    thermal=TUMOUR_THERMAL,
    perfusion_rate=Sourced(
        800.0,
        "mL/min/kg",
        ASSUMED,
        low=300.0,
        high=1600.0,
        how="remembered",
        spread=0.5,
        spread_kind="log",
        note="between hypovascular and hypervascular metastases (Hayano2013); the number is from "
        "memory",
        related=("Hayano2013",),
    ),
    note="optics of liver: nothing known at 1064 nm; heat as for all tumours",
)

CIRRHOTIC_LIVER = Tissue(
    name="cirrhotic_liver",
    title="cirrhotic liver",
    optical=LIVER.optical,
    thermal=LIVER.thermal,
    perfusion_rate=Sourced(
        500.0,
        "mL/min/kg",
        ASSUMED,
        low=300.0,
        high=900.0,
        how="remembered",
        spread=0.35,
        spread_kind="log",
        note="below normal liver; the number is from memory",
    ),
    note="optics and heat of normal liver: nothing known of its own",
)
