"""How the heat equation is to be solved: temperatures, laws and numerics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ablsim.heat.perfusion import PerfusionLaw
from ablsim.tissue.processes import CriticalTemperature, ThreeStateDeath


@dataclass(frozen=True, slots=True)
class HeatSettings:
    """How the heat equation is to be solved.

    Parameters
    ----------
    base_temperature : float
        Temperature of the blood, from which the rise counts [K].
    start_rise : float
        Rise of the whole domain at the start [K].
    kinetics : ndarray of float64, shape (3, 5)
        Rates of stasis, whitening and death (`ablsim.kernels.reaction`).
    skip_temperature : float
        Temperature below which none of the three adds anything that matters [K].
    char_temperature, cap_temperature : float
        Where dry tissue chars, and above which heat is moved on [K].
    perfusion_law : {"stasis", "stasis_hyperaemia", "cutoff_60C", "constant"}
        How perfusion follows stasis or temperature.
    shutdown : float
        Share of the perfusion that does so [1].
    time_step : float, optional
        Longest step [s]; by default a share of the stable one. Beyond the stable one it is refused
        for ``"euler"`` and binds only super-steps otherwise.
    tolerance : float
        Rise that the active region may miss [K]; 0 computes every cell.
    precision : {"float32", "float64"}
        Type of the state.
    time_stepping : {"auto", "euler", "rkl2"}
        Which schemes will be asked for.
    steam_condensation : float
        Share of the steam that condenses beside the boiling front.
    cell_death : ThreeStateDeath, optional
        Takes the place of the rate of death.
    critical : mapping of str to CriticalTemperature
        Takes the place of the rate of the processes named.
    """

    base_temperature: float
    start_rise: float
    kinetics: NDArray[np.float64]
    skip_temperature: float
    char_temperature: float
    cap_temperature: float
    perfusion_law: PerfusionLaw = "stasis"
    shutdown: float = 1.0
    time_step: float | None = None
    tolerance: float = 0.01
    precision: Literal["float32", "float64"] = "float32"
    time_stepping: Literal["auto", "euler", "rkl2"] = "euler"
    steam_condensation: float = 0.0
    cell_death: ThreeStateDeath | None = None
    critical: Mapping[str, CriticalTemperature] = field(default_factory=dict)
