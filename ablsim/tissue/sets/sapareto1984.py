"""Equivalent minutes at 43 degC, after Sapareto and Dewey (1984)."""

from ablsim.tissue.dose import ThermalDose
from ablsim.tissue.properties import ASSUMED, Sourced

_RATIO_ABOVE = Sourced(
    0.5,
    "1",
    "Sapareto1984",
    low=0.4,
    high=0.6,
    how="remembered",
    spread_kind="range",
    note="time to the same effect halves with every kelvin",
)
_RATIO_BELOW = Sourced(
    0.25,
    "1",
    "Sapareto1984",
    low=0.2,
    high=0.3,
    how="remembered",
    spread_kind="range",
    note="thermotolerance makes the time to the same effect quarter with every kelvin",
)
_GATE = Sourced(
    39.0,
    "degC",
    ASSUMED,
    low=37.5,
    high=41.0,
    how="assumed",
    spread_kind="range",
    note="equivalent minutes are usually counted from 39 degC on",
)


def _dose(minutes: float, endpoint: str, note: str) -> ThermalDose:
    dose = Sourced(
        minutes,
        "min",
        ASSUMED,
        low=0.25 * minutes,
        high=2.0 * minutes,
        how="assumed",
        spread_kind="range",
        note=note,
        related=("Sapareto1984",),
    )
    return ThermalDose(
        name=f"cem43_{minutes:.0f}",
        title=f"thermal dose of {minutes:.0f} equivalent minutes at 43 degC",
        minutes=dose,
        ratio_above=_RATIO_ABOVE,
        ratio_below=_RATIO_BELOW,
        gate=_GATE,
        endpoint=endpoint,
    )


CEM43_240 = _dose(240.0, "tissue dies", "the convention of ablation; used in public codes")
CEM43_120 = _dose(120.0, "tissue dies, or its vessels stop", "between 60 and 240 for comparison")
CEM43_60 = _dose(60.0, "lasting damage begins", "lower end of what harms normal tissue")
CEM43_30 = _dose(30.0, "vessels begin to stop", "an early threshold for stasis, for comparison")

THERMAL_DOSES = (CEM43_240, CEM43_120, CEM43_60, CEM43_30)
