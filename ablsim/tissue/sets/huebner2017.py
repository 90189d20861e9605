"""Optics of pig liver at 1064 nm as used in Frankfurt for laser therapy (Huebner 2017).

The paper gives scattering and anisotropy; what acts here is mu_s (1 - g). Quoted from memory.
"""

from ablsim.tissue.properties import OpticalProperties, OpticalState, Sourced
from ablsim.tissue.sets.ablsim_dried import CHARRED
from ablsim.tissue.sets.giannios2016 import LIVER_REFRACTIVE_INDEX

KEY = "Huebner2017"
_NOTE = "the set of a Frankfurt model of laser therapy in pig liver, from memory"
_RANGE = "one set among others; how far they differ is the spread of the default liver"


def _quoted(value: float, unit: str, low: float, high: float, note: str = _NOTE) -> Sourced:
    """Return a number of the set."""
    return Sourced(
        value, unit, KEY, low=low, high=high, how="remembered", no_spread=_RANGE, note=note
    )


FRANKFURT_LITT = OpticalProperties(
    native=OpticalState(
        absorption=_quoted(0.5, "1/cm", 0.2, 1.0),
        reduced_scattering=_quoted(2.4, "1/cm", 2.0, 7.0, f"80/cm (1 - 0.97); {_NOTE}"),
        anisotropy=_quoted(0.97, "1", 0.92, 0.98),
    ),
    coagulated=OpticalState(
        absorption=_quoted(0.6, "1/cm", 0.25, 0.9),
        reduced_scattering=_quoted(15.0, "1/cm", 7.0, 25.0, f"300/cm (1 - 0.95); {_NOTE}"),
        anisotropy=_quoted(0.95, "1", 0.90, 0.98),
    ),
    charred=CHARRED,
    refractive_index=LIVER_REFRACTIVE_INDEX,
)
"""The set `frankfurt_litt_1064`."""
