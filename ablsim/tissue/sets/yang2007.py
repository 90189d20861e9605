"""Water left in heated liver as a function of temperature, after Yang and others (2007).

W = a (1 - exp((T - b) / c)) from 70 to 100 degC and W = a exp(-(T - d) / e) above 104 degC, with a
straight line between. Only the share W/a is used: how much water there is, is the tissue's own.
"""

import math

from ablsim.tissue.properties import Sourced

_NOTE = "quoted from memory"
_WHY = "none is known; a comparison with other laws of boiling shows what it matters"


def _remembered(value: float, unit: str, low: float, high: float) -> Sourced:
    return Sourced(
        value, unit, "Yang2007", low=low, high=high, how="remembered", no_spread=_WHY, note=_NOTE
    )


START = _remembered(70.0, "degC", 65.0, 75.0)
BRIDGE_START = _remembered(100.0, "degC", 99.0, 101.0)
BRIDGE_END = _remembered(104.0, "degC", 102.0, 106.0)
LOSS_CENTRE = _remembered(106.0, "degC", 105.0, 107.0)
LOSS_SCALE = _remembered(3.42, "K", 3.0, 4.0)
TAIL_CENTRE = _remembered(80.0, "degC", 79.0, 81.0)
TAIL_SCALE = _remembered(34.37, "K", 30.0, 40.0)

NUMBERS = {
    "water_loss_start": START,
    "water_loss_bridge_start": BRIDGE_START,
    "water_loss_bridge_end": BRIDGE_END,
    "water_loss_centre": LOSS_CENTRE,
    "water_loss_scale": LOSS_SCALE,
    "water_tail_centre": TAIL_CENTRE,
    "water_tail_scale": TAIL_SCALE,
}


def water_left(temperature: float) -> float:
    """Return the share of the water that is left at absolute ``temperature`` [K]."""
    bridge = BRIDGE_START.si, BRIDGE_END.si
    if temperature <= START.si:
        return 1.0
    if temperature <= bridge[0]:
        return -math.expm1((temperature - LOSS_CENTRE.si) / LOSS_SCALE.si)
    if temperature >= bridge[1]:
        return math.exp(-(temperature - TAIL_CENTRE.si) / TAIL_SCALE.si)
    part = (temperature - bridge[0]) / (bridge[1] - bridge[0])
    return (1.0 - part) * water_left(bridge[0]) + part * water_left(bridge[1])
