r"""Arrhenius damage: d(Omega)/dt = A exp(-E_a / (R T)), complete where Omega >= 1.

Survival is :math:`\exp(-\Omega)` (Henriques 1947). No process runs below its gate, because rates
fitted between 45 and 60 degC would otherwise destroy tissue at body temperature within hours.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.tissue.properties import DamageKinetics
from ablsim.units import GAS_CONSTANT

NEGLIGIBLE = 1e-3
"""Damage integral over a whole treatment that may be left out."""


def damage_rate(kinetics: DamageKinetics, temperature: ArrayLike) -> NDArray[np.float64]:
    """Return the rate of a process [1/s] at absolute ``temperature`` [K]; 0 below its gate."""
    t = np.asarray(temperature, dtype=np.float64)
    exponent = np.log(kinetics.frequency_factor.si) - kinetics.activation_energy.si / (
        GAS_CONSTANT * t
    )
    return np.asarray(np.where(t >= kinetics.gate.si, np.exp(exponent), 0.0))


def damage_integral(kinetics: DamageKinetics, temperature: float, duration: float) -> float:
    """Return Omega after ``duration`` [s] at constant absolute ``temperature`` [K]."""
    return float(damage_rate(kinetics, temperature)) * duration


def threshold_temperature(kinetics: DamageKinetics, duration: float, omega: float = 1.0) -> float:
    """Return the constant temperature [K] that reaches ``omega`` in ``duration`` [s], ungated."""
    log_rate = np.log(omega / duration)
    log_a = np.log(kinetics.frequency_factor.si)
    return float(kinetics.activation_energy.si / (GAS_CONSTANT * (log_a - log_rate)))


def skip_temperature(processes: Sequence[DamageKinetics], duration: float) -> float:
    """Return the temperature [K] below which no process adds anything over ``duration`` [s].

    For each process that is its gate or the temperature whose rate stays below `NEGLIGIBLE` over
    the whole duration, whichever is higher; for all of them, the lowest.
    """
    return min(
        max(process.gate.si, threshold_temperature(process, duration, NEGLIGIBLE))
        for process in processes
    )


def kinetics_table(processes: Sequence[DamageKinetics]) -> NDArray[np.float64]:
    """Return ``(ln A, E_a/R [K], gate [K])`` of each process, as the kernels take them."""
    return np.array(
        [
            (
                np.log(process.frequency_factor.si),
                process.activation_energy.si / GAS_CONSTANT,
                process.gate.si,
            )
            for process in processes
        ]
    )
