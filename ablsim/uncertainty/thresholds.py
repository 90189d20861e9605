"""How far off the temperatures may be that complete stasis, whitening and cell death.

Where published kinetics contradict each other, their contradiction is the spread. Whitening has
only one set that was measured, but its source says how much broader the change was than one rate:
the edge of the pale zone that a ruler meets may lie anywhere within it.
"""

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from ablsim.damage.rate import SHIFT_DURATION, threshold_temperature
from ablsim.tissue.dose import ThermalDose
from ablsim.tissue.library import get_kinetics
from ablsim.tissue.properties import DamageKinetics, Sourced
from ablsim.tissue.sets.jacques1991 import LIVER_WHITENING_DISTRIBUTED
from ablsim.units import GAS_CONSTANT

ALTERNATIVES: Mapping[str, tuple[str, ...]] = {
    "stasis": ("brown_stasis", "borrelli_bhk", "cem43_30", "cem43_60", "cem43_120"),
    "death": ("reddy_hcc_2013", "borrelli_bhk", "henriques_skin", "cem43_240"),
}
"""Kinetics of the library that describe a process equally well; the first one is the default."""

SPANS: Mapping[str, Sourced] = {
    name: LIVER_WHITENING_DISTRIBUTED.span
    for name in ("jacques_liver_whitening", LIVER_WHITENING_DISTRIBUTED.name)
}
"""By what factor of the rate the change begins sooner and ends later than the set says."""

_HALF_RANGE = math.sqrt(3.0)  # of an even distribution with SD 1


class Spread(NamedTuple):
    """How far a threshold may be off: mean and SD [K], shape of the distribution, and its source.

    An even distribution ends at sqrt(3) SD either way.
    """

    mean: float
    sd: float
    shape: Literal["normal", "even"]
    source: str

    @property
    def words(self) -> str:
        """The spread in words."""
        if self.shape == "even":
            half = _HALF_RANGE * self.sd
            return f"{self.mean - half:+.1f} to {self.mean + half:+.1f} K"
        middle = f"{self.mean:+.2f} K, " if self.mean else ""
        return f"{middle}SD {self.sd:.2f} K"


def threshold_spread(process: str, name: str) -> Spread | None:
    """Return how far the threshold of a process may be off with the kinetics called ``name``.

    None if it is not known, or if those kinetics have no single threshold. What an activation
    energy may be off, its rate at 50 degC kept, would be 0.06 K for whitening: nothing beside this.
    """
    if process != "whitening":
        return _disagreement(process, name)
    return _breadth(name) if name in SPANS else None


def _disagreement(process: str, name: str) -> Spread | None:
    """Return mean and SD of how far published sets lie from the one called ``name``.

    Compared is the temperature that completes the process in `SHIFT_DURATION`. A set that the case
    chose itself stands in the middle of that spread; one without a threshold has none.
    """
    if not isinstance(get_kinetics(name), DamageKinetics | ThermalDose):
        return None
    names = ALTERNATIVES[process]
    levels = [threshold_temperature(get_kinetics(n), SHIFT_DURATION) for n in names]
    mean = float(np.mean(levels)) - levels[0] if name == names[0] else 0.0
    source = f"what {', '.join(names)} disagree about"
    return Spread(mean, float(np.std(levels, ddof=1)), "normal", source)


def _breadth(name: str) -> Spread:
    """Return the temperatures between which the change takes place, all equally likely."""
    process = get_kinetics(name)
    if not isinstance(process, DamageKinetics):
        msg = f"{name} has a span but no activation energy"
        raise TypeError(msg)
    span, slope = SPANS[name].value, GAS_CONSTANT / process.activation_energy.si
    middle = threshold_temperature(process, SHIFT_DURATION)
    low, high = (1.0 / (1.0 / middle + sign * slope * math.log(span)) for sign in (1.0, -1.0))
    source = (
        "where in the change the pale zone ends to the eye: it begins some "
        f"{span:g} times sooner and ends {span:g} times later than one rate"
    )
    return Spread(0.0, 0.5 * (high - low) / _HALF_RANGE, "even", source)
