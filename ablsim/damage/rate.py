r"""How fast heat damages tissue.

Every process is a rate :math:`d\Omega/dt` of temperature alone, complete where Omega reaches 1. An
Arrhenius process has :math:`A \exp(-E_a / (R T))`, with survival :math:`\exp(-\Omega)` (Henriques
1947). A thermal dose counts equivalent minutes at 43 degC, :math:`R^{43 - T}` per minute
(Sapareto 1984), as a share of the dose that is lethal. No process runs below its gate, because
rates fitted between 45 and 60 degC would otherwise destroy tissue at body temperature within hours.

Two more laws are no rate of one integral: three-state cell death, and the critical temperature that
completes a process once reached. They have a gate, but their row of the table never runs; the heat
solver advances them by themselves (`ablsim.kernels.cell_states`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.errors import CaseError
from ablsim.tissue.dose import Kinetics, ThermalDose
from ablsim.tissue.processes import CriticalTemperature, ThreeStateDeath
from ablsim.tissue.properties import GIVEN, Sourced
from ablsim.units import GAS_CONSTANT, to_kelvin

NEGLIGIBLE = 1e-3
"""Damage integral over a whole treatment that may be left out."""

SHIFT_DURATION = 360.0
"""Time [s] within which the temperature that a shift moves completes a process."""

REFERENCE = to_kelvin(43.0)
"""Temperature at which equivalent minutes are counted [K]."""


class Coefficients(NamedTuple):
    """The numbers of ``rate = exp(a - b/T + s (T - 43 degC))``, 0 below ``gate``.

    ``a`` [1], ``b`` [K], ``gate`` [K], and the slope s [1/K] above and below 43 degC.
    """

    a: float
    b: float
    gate: float
    above: float
    below: float


def coefficients(process: Kinetics) -> Coefficients:
    """Return the coefficients of a process' rate; its gate is infinite if no rate describes it."""
    if isinstance(process, CriticalTemperature | ThreeStateDeath):
        return Coefficients(a=0.0, b=0.0, gate=np.inf, above=0.0, below=0.0)
    if isinstance(process, ThermalDose):
        return Coefficients(
            a=-float(np.log(process.minutes.si)),
            b=0.0,
            gate=process.gate.si,
            above=-float(np.log(process.ratio_above.si)),
            below=-float(np.log(process.ratio_below.si)),
        )
    return Coefficients(
        a=float(np.log(process.frequency_factor.si)),
        b=process.activation_energy.si / GAS_CONSTANT,
        gate=process.gate.si,
        above=0.0,
        below=0.0,
    )


def _log_rate(c: Coefficients, temperature: NDArray[np.float64]) -> NDArray[np.float64]:
    slope = np.where(temperature >= REFERENCE, c.above, c.below)
    return np.asarray(c.a - c.b / temperature + slope * (temperature - REFERENCE))


def damage_rate(process: Kinetics, temperature: ArrayLike) -> NDArray[np.float64]:
    """Return the rate of a process [1/s] at absolute ``temperature`` [K]; 0 below its gate."""
    c = coefficients(process)
    t = np.asarray(temperature, dtype=np.float64)
    return np.asarray(np.where(t >= c.gate, np.exp(_log_rate(c, t)), 0.0))


def damage_integral(process: Kinetics, temperature: float, duration: float) -> float:
    """Return Omega after ``duration`` [s] at constant absolute ``temperature`` [K]."""
    return float(damage_rate(process, temperature)) * duration


def threshold_temperature(process: Kinetics, duration: float, omega: float = 1.0) -> float:
    """Return the constant temperature [K] that reaches ``omega`` in ``duration`` [s], ungated.

    Only for a process that a rate describes.
    """
    c = coefficients(process)
    missing = float(np.log(omega / duration)) - c.a
    if c.b > 0.0:  # Arrhenius: ln rate = a - b/T
        return -c.b / missing
    return float(REFERENCE + missing / (c.above if missing >= 0.0 else c.below))


def shift_threshold(process: Kinetics, by: float) -> Kinetics:
    """Return a process that needs another temperature for the same damage.

    Parameters
    ----------
    process : Kinetics
        The process.
    by : float
        How much higher the constant temperature is to be that completes it within
        `SHIFT_DURATION` [K]; 0 returns the process itself.

    Notes
    -----
    The activation energy stays (of a thermal dose: the factors per kelvin), and so does the gate.
    The frequency factor, or the dose, follows from the rate that the new temperature must have.

    Examples
    --------
    >>> from ablsim.tissue.library import get_kinetics
    >>> stasis = get_kinetics("brown_stasis")
    >>> before = threshold_temperature(stasis, SHIFT_DURATION)
    >>> after = threshold_temperature(shift_threshold(stasis, 1.5), SHIFT_DURATION)
    >>> round(after - before, 9)
    1.5
    """
    if by == 0.0:
        return process
    if isinstance(process, CriticalTemperature):
        value = process.temperature.value + by  # kelvin and degrees Celsius have the same size
        return replace(process, temperature=_given(process.temperature, value))
    if isinstance(process, ThreeStateDeath):
        msg = f"{process.name} has no single threshold that could be shifted"
        raise CaseError(msg)
    c = coefficients(process)
    threshold = threshold_temperature(process, SHIFT_DURATION)
    before, after = _log_rate(c, np.array([threshold, threshold + by]))
    slower = float(np.exp(after - before))
    if isinstance(process, ThermalDose):
        minutes = process.minutes.value * slower
        return replace(process, minutes=_given(process.minutes, minutes))
    factor = process.frequency_factor.value / slower
    return replace(process, frequency_factor=_given(process.frequency_factor, factor))


def _given(number: Sourced, value: float) -> Sourced:
    """Return another value in place of a number, because the case asks for it."""
    return Sourced(
        value, number.unit, GIVEN, low=value, high=value, how="given", no_spread="shifted"
    )


def skip_temperature(processes: Sequence[Kinetics], duration: float) -> float:
    """Return the temperature [K] below which no process adds anything over ``duration`` [s].

    For each process that is its gate or the temperature whose rate stays below `NEGLIGIBLE` over
    the whole duration, whichever is higher; for all of them, the lowest.
    """
    return min(_negligible_below(process, duration) for process in processes)


def _negligible_below(process: Kinetics, duration: float) -> float:
    if isinstance(process, ThreeStateDeath):
        return process.gate.si
    if isinstance(process, CriticalTemperature):
        lowest = process.temperature.si + process.width.si * float(np.log(NEGLIGIBLE))
    else:
        lowest = threshold_temperature(process, duration, NEGLIGIBLE)
    return max(process.gate.si, lowest)


def rate_table(processes: Sequence[Kinetics]) -> NDArray[np.float64]:
    """Return the coefficients of several processes, one row each."""
    return np.array([coefficients(process) for process in processes])
