"""Optics of muscle and blood after the table of Mohammed and Verhey (2005)."""

from ablsim.tissue.properties import ASSUMED, OpticalProperties, OpticalState, Sourced
from ablsim.tissue.sets.ablsim_dried import CHARRED

KEY = "Mohammed2005"
_NOTE = "read in table 1, which does not state the wavelength: 1064 nm assumed; range assumed"


def _read(value: float, low: float, high: float) -> Sourced:
    """Return a coefficient of the table."""
    return Sourced(
        value, "1/cm", KEY, low=low, high=high, how="measured", spread_kind="range", note=_NOTE
    )


_ANISOTROPY = Sourced(
    0.93,
    "1",
    ASSUMED,
    low=0.85,
    high=0.98,
    how="assumed",
    spread_kind="range",
    note="the table states reduced scattering alone",
)

MUSCLE_OPTICS = OpticalProperties(
    native=OpticalState(_read(0.23, 0.1, 0.6), _read(1.3, 1.0, 6.0), _ANISOTROPY),
    coagulated=OpticalState(_read(0.22, 0.1, 0.6), _read(13.0, 6.0, 25.0), _ANISOTROPY),
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
"""The set `muscle_mohammed2005`."""

_BLOOD = OpticalState(
    _read(0.44, 0.3, 4.2),
    _read(2.78, 2.0, 20.0),
    Sourced(
        0.98,
        "1",
        ASSUMED,
        low=0.96,
        high=0.995,
        how="assumed",
        spread_kind="range",
        note="the table states reduced scattering alone",
    ),
)

BLOOD_OPTICS = OpticalProperties(
    native=_BLOOD,
    coagulated=_BLOOD,
    charred=CHARRED,
    refractive_index=MUSCLE_OPTICS.refractive_index,
)
"""The set `blood_mohammed2005`: far clearer than the spectra of haemoglobin make blood."""
