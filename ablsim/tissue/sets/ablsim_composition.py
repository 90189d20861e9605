"""What tissues are made of for light between 810 and 1470 nm: composed defaults of ablsim.

The fractions are assumed such that the spectra of blood, water and fat give about the absorption
that the library has at 1064 nm. Water is that of the tissue's heat. Hepatocellular carcinoma and
muscle are left out: at 710-890 nm the first absorbs far less than liver (Wei2007), and of the
second only two coefficients are known.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ablsim.tissue.properties import ASSUMED, Composition, Sourced
from ablsim.tissue.sets.jacques2013 import SCATTER_BLOOD, SCATTER_SOFT_TISSUE


def _assumed(value: float, low: float, high: float, note: str = "", unit: str = "1") -> Sourced:
    """Return a number chosen so that the whole fits."""
    return Sourced(
        value, unit, ASSUMED, low=low, high=high, how="assumed", spread_kind="range", note=note
    )


def _fixed(value: float, note: str, unit: str = "1") -> Sourced:
    """Return a number that is so by definition."""
    return Sourced(
        value,
        unit,
        ASSUMED,
        low=value,
        high=value,
        how="assumed",
        no_spread="by definition of the model",
        note=note,
    )


_NONE = _assumed(0.0, 0.0, 0.05, "hardly any")
_NO_REST = _fixed(0.0, "nothing else absorbs", "1/cm")
_SATURATION = _assumed(0.70, 0.5, 0.9, "between arterial and venous blood, much of it portal")
_TUMOUR_FAT = _assumed(0.02, 0.0, 0.1)
_SOFT_REST = _assumed(0.04, 0.0, 0.1, "what blood, water and fat do not explain", "1/cm")
_POWER = _assumed(
    1.0, 0.6, 1.65, "between the fits of liver, 0.617 to 1.64, reviewed in Jacques2013"
)

_LIVER = Composition(
    blood_fraction=_assumed(
        0.12, 0.06, 0.25, "chosen; published contents of liver, up to 50 %, are not usable"
    ),
    saturation=_SATURATION,
    fat_fraction=_assumed(0.05, 0.0, 0.3, "without steatosis"),
    residual_absorption=_assumed(
        0.08, 0.0, 0.2, "what blood, water and fat do not explain, pigments of the cells", "1/cm"
    ),
    scattering_power=_POWER,
)


def _metastasis(blood_fraction: Sourced) -> Composition:
    """Return the composition of a metastasis: the kinds differ in their blood."""
    return Composition(blood_fraction, _SATURATION, _TUMOUR_FAT, _SOFT_REST, _POWER)


def _wall(blood_fraction: Sourced, rest: Sourced) -> Composition:
    """Return the composition of a thin wall."""
    power = SCATTER_SOFT_TISSUE.power
    return Composition(blood_fraction, _SATURATION, _NONE, rest, power)


_COLORECTAL = _assumed(0.05, 0.01, 0.15, "poor in blood")

COMPOSITIONS: Mapping[str, Composition] = MappingProxyType(
    {
        "liver": _LIVER,
        "cirrhotic_liver": _LIVER,
        "liver_exvivo": Composition(
            _assumed(0.04, 0.01, 0.08, "what bleeding leaves"),
            _SATURATION,
            _LIVER.fat_fraction,
            _LIVER.residual_absorption,
            _POWER,
        ),
        "colorectal_metastasis": _metastasis(_COLORECTAL),
        "net_metastasis": _metastasis(
            _assumed(
                0.15,
                0.08,
                0.28,
                "rich in blood; gives 0.54/cm at 1064 nm, where the library has 0.50/cm",
            )
        ),
        "blood": Composition(
            _fixed(1.0, "blood is blood"),
            _assumed(0.75, 0.6, 0.98, "of mixed, mostly venous blood"),
            _NONE,
            _NO_REST,
            SCATTER_BLOOD.power,
        ),
        "bile": Composition(
            _NONE,
            _SATURATION,  # without blood it says nothing
            _NONE,
            _NO_REST,
            _assumed(1.0, 0.0, 4.0, "order of magnitude; a clear liquid hardly scatters"),
        ),
        "gallbladder_wall": _wall(_COLORECTAL, _SOFT_REST),
        "vessel_wall": _wall(
            _NONE, _assumed(0.1, 0.02, 0.3, "what water does not explain, collagen", "1/cm")
        ),
        "fat": Composition(
            _assumed(0.01, 0.0, 0.03, "few vessels"),
            _SATURATION,
            _assumed(0.80, 0.6, 0.9, "fatty tissue"),
            _NO_REST,
            _assumed(0.7, 0.3, 1.2, "large scatterers: a gentle slope"),
        ),
    }
)
"""Composition by tissue, for those of which enough is known."""
