"""The bright cloud of gas, from the states of a run: where it arises, how it fades.

Tissue that boils, or has boiled, is full of bubbles, which scatter sound far more than any tissue.
They go into solution within minutes. In porcine muscle under focused ultrasound the attenuation
rose by 1.5 to 2.5 dB/cm/MHz at boiling and half of that was left after ten minutes (J Ther
Ultrasound 1:14, 2013). Echoes and times for laser light in liver are assumed (A).
"""

from collections.abc import Iterable, Iterator

import numpy as np

from ablsim.result import Array32, Snapshot
from ablsim.units import ZERO_CELSIUS

BUBBLES_FROM = ZERO_CELSIUS + 95.0
"""Temperature from which on there are bubbles [K] (A)."""

WATER_LOST = 0.05
"""Share of its water that tissue has boiled off once it is full of them [1] (A)."""

FADES_IN = 180.0
"""Time in which their echo falls to 1/e [s]; 60 to 360 (A)."""

ECHO = 15.0
"""By how much they are brighter than liver [dB]; 10 to 25 (A)."""

SHADOW = 2.0
"""By how much more they attenuate than liver [dB/(cm MHz)]: 1.5 to 2.5 at boiling."""


def follow_cloud(
    states: Iterable[Snapshot], base_temperature: float
) -> Iterator[tuple[Snapshot, Array32]]:
    """Yield each state with the strength of the cloud in its cells, 0 to 1.

    Parameters
    ----------
    states : iterable of Snapshot
        In the order of time.
    base_temperature : float
        Absolute temperature [K] above which rises count.
    """
    strength: Array32 | None = None
    then = 0.0
    lost_then: Array32 | None = None
    for state in states:
        hot = state.fields.rise + np.float32(base_temperature) >= BUBBLES_FROM
        lost = 1.0 - state.fields.water
        boils = lost > (0.0 if lost_then is None else lost_then) + 1e-6
        fresh = hot | (boils & (lost > WATER_LOST))
        fade = np.float32(np.exp(-(state.time - then) / FADES_IN))
        old = np.zeros(hot.shape, np.float32) if strength is None else strength * fade
        strength = np.where(fresh, np.float32(1.0), old).astype(np.float32)
        then, lost_then = state.time, lost
        yield state, strength
