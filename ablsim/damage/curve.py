"""The damage that a recorded temperature does, by any of the laws of damage."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.damage.rate import damage_rate
from ablsim.kernels import cell_states
from ablsim.tissue.dose import Kinetics
from ablsim.tissue.processes import CriticalTemperature, ThreeStateDeath

FASTEST = 100.0
"""Damage rate [1/s] beyond which nothing is told apart, as in `ablsim.kernels.reaction`."""


def damage_of(process: Kinetics, times: ArrayLike, temperatures: ArrayLike) -> float:
    """Return the damage integral of a recorded temperature; complete from 1 on.

    Parameters
    ----------
    process : Kinetics
        What is damaged: by a rate (trapezoidal rule), by three states, or once a temperature has
        been reached.
    times : array_like of float, shape (n,)
        When the temperature was read [s].
    temperatures : array_like of float, shape (n,)
        Absolute temperatures [K].
    """
    at = np.asarray(times, dtype=np.float64)
    t = np.asarray(temperatures, dtype=np.float64)
    if isinstance(process, CriticalTemperature):
        above = (float(t.max()) - process.temperature.si) / process.width.si
        return float(np.exp(min(above, 60.0))) if t.max() >= process.gate.si else 0.0
    if isinstance(process, ThreeStateDeath):
        return _three_states(process, np.diff(at), t)
    rate = np.minimum(damage_rate(process, t), FASTEST)
    return float(0.5 * (rate[1:] + rate[:-1]) @ np.diff(at))


def _three_states(
    law: ThreeStateDeath, steps: NDArray[np.float64], t: NDArray[np.float64]
) -> float:
    """Follow one cell through the curve as `ablsim.heat` does."""
    cell = (1, 1, 1)
    alive, death = np.full(cell, law.alive.si), np.zeros(cell)
    hot, box = np.ones((1, 1), np.uint8), (0, 1, 0, 1, 0, 1)
    numbers = (law.gate.si, law.forward_at_gate, law.scale.si, law.backward.si, law.dead.si)
    for dt, before, after in zip(steps, t[:-1], t[1:], strict=True):
        here = (np.full(cell, before), np.full(cell, after))
        cell_states.three_states(*here, alive, death, hot, box, float(dt), 0.0, *numbers)
    return float(death[0, 0, 0])
