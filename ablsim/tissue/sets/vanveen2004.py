"""Absorption of mammalian fat, after van Veen and others (2004).

Read in a public copy of the authors' table (429-1098 nm, in 1/m). At 1470 nm nothing was read.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ablsim.tissue.properties import ASSUMED, Sourced

KEY = "VanVeen2004"


def _read(nanometres: int, per_metre: float) -> Sourced:
    """Return the absorption at one wavelength."""
    value = per_metre / 100.0
    return Sourced(
        round(value, 8),
        "1/cm",
        KEY,
        low=round(0.7 * value, 8),
        high=round(1.3 * value, 8),
        how="measured",
        spread_kind="range",
        note=f"pig fat at {nanometres} nm; range assumed",
    )


FAT: Mapping[int, Sourced] = MappingProxyType(
    {
        **{
            nanometres: _read(nanometres, per_metre)
            for nanometres, per_metre in {
                810: 0.527,
                830: 0.803,
                850: 0.637,
                940: 8.754,
                980: 1.417,
                1064: 5.364,
            }.items()
        },
        1470: Sourced(
            0.0,
            "1/cm",
            ASSUMED,
            low=0.0,
            high=1.0,
            how="assumed",
            no_spread="a few per cent of the absorption of water there",
            note="fat at 1470 nm: nothing read, left out beside water",
        ),
    }
)
"""Absorption coefficient of fat by wavelength in nanometres."""
