"""Optics of blood vessels after the table of brain tissues of Wang and Li (2019)."""

from ablsim.tissue.properties import ASSUMED, OpticalProperties, OpticalState, Sourced
from ablsim.tissue.sets.ablsim_dried import CHARRED

KEY = "Wang2019"
_NOTE = "vessels of the brain at 1064 nm, read in table 1; the same when coagulated; range assumed"


def _read(value: float, unit: str, low: float, high: float, note: str = _NOTE) -> Sourced:
    """Return a coefficient of the table."""
    return Sourced(
        value, unit, KEY, low=low, high=high, how="measured", spread_kind="range", note=note
    )


_STATE = OpticalState(
    _read(1.3, "1/cm", 0.4, 4.2),
    Sourced(
        3.0,
        "1/cm",
        KEY,
        low=1.0,
        high=20.0,
        how="derived",
        spread_kind="range",
        note=f"200/cm (1 - 0.985), {_NOTE}",
    ),
    _read(0.985, "1", 0.96, 0.995),
)

VESSEL_OPTICS = OpticalProperties(
    native=_STATE,
    coagulated=_STATE,
    charred=CHARRED,
    refractive_index=Sourced(
        1.37,
        "1",
        ASSUMED,
        low=1.36,
        high=1.41,
        how="remembered",
        spread_kind="range",
    ),
)
"""The set `vessel_wang2019`: less than half the absorption that haemoglobin gives blood."""
