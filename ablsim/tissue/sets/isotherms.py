"""Critical temperatures that stand for damage where only a thermometer was at hand."""

from ablsim.tissue.constants import DAMAGE_GATE
from ablsim.tissue.processes import CriticalTemperature
from ablsim.tissue.properties import ASSUMED, Sourced

_WIDTH = Sourced(
    1.0,
    "K",
    ASSUMED,
    low=0.5,
    high=2.0,
    how="assumed",
    no_spread="a choice of the method: narrow for a sharp edge, wide enough for a smooth contour",
    note="how sharply the damage integral passes 1 at the critical temperature",
)


def _isotherm(
    celsius: float, low: float, high: float, endpoint: str, note: str
) -> CriticalTemperature:
    temperature = Sourced(
        celsius, "degC", ASSUMED, low=low, high=high, how="remembered", spread_kind="range",
        note=note,
    )  # fmt: skip
    return CriticalTemperature(
        name=f"isotherm_{celsius:.0f}",
        title=f"critical temperature of {celsius:.0f} degC",
        temperature=temperature,
        width=_WIDTH,
        gate=DAMAGE_GATE,
        endpoint=endpoint,
    )


ISOTHERMS = (
    _isotherm(60.0, 58.0, 65.0, "tissue coagulates at once", "instantaneous coagulation"),
    _isotherm(54.0, 52.0, 57.0, "tissue dies", "for exposures of three to five minutes"),
    _isotherm(50.0, 48.0, 54.0, "tissue dies", "for exposures of five to ten minutes"),
)
