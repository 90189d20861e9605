"""What the temperature of a step does to the tissue: drying, charring, damage, flow, moved heat."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ablsim.heat.evaporation import follow_curve
from ablsim.heat.further_damage import advance_cell_death, reach_temperatures
from ablsim.heat.medium import Medium
from ablsim.heat.perfusion import LAWS
from ablsim.heat.settings import HeatSettings
from ablsim.heat.step import Floats, Step
from ablsim.kernels import cap, reaction


class Condition(NamedTuple):
    """What becomes of the tissue beside its water, with one layer of ghosts; changed in place.

    ``char`` is the charred share, ``stasis``, ``whitening`` and ``death`` are damage integrals [1],
    ``alive`` is the share of alive cells where death has three states, ``k`` the conductivity
    [W/(m K)] and ``w`` the perfusion coefficient [W/(m^3 K)]; ``conducts`` marks the rows of cells
    (z, y) whose conductivity has changed in the step.
    """

    char: Floats
    stasis: Floats
    whitening: Floats
    death: Floats
    alive: Floats | None
    k: Floats
    w: Floats
    conducts: NDArray[np.uint8]


class Response:
    """The laws by which tissue follows its temperature, applied after each step.

    Parameters
    ----------
    medium : Medium
        Heat properties of the cells.
    settings : HeatSettings
        Temperatures and kinetics.
    """

    def __init__(self, medium: Medium, settings: HeatSettings) -> None:
        of = self._of = np.dtype(settings.precision).type
        base = settings.base_temperature
        self._settings = settings
        self._water_curve = medium.water_curve
        self._kinetics = settings.kinetics.astype(of)
        self._base = of(base)
        self._boiling = of(medium.boiling_rise)
        self._hot_zone = of(medium.hot_rise)
        self._charring = of(settings.char_temperature - base)
        self._cap = of(settings.cap_temperature - base)
        self._shutdown = of(settings.shutdown)

    def react(self, step: Step, tissue: Condition, dt: float) -> None:
        """Dry, char and damage the tissue by a step of ``dt`` [s]; its perfusion follows."""
        settings, base = self._settings, self._settings.base_temperature
        follow_curve(self._water_curve, step)
        reaction.react(
            step.before,
            step.theta,
            step.water,
            tissue.char,
            tissue.stasis,
            tissue.whitening,
            tissue.death,
            tissue.k,
            step.inv_c,
            tissue.w,
            step.code,
            step.table,
            self._kinetics,
            step.hot,
            step.dried,
            tissue.conducts,
            step.box,
            self._of(dt),
            self._of(step.skip),
            self._base,
            self._boiling,
            self._charring,
            LAWS[settings.perfusion_law],
            self._shutdown,
        )
        if tissue.alive is not None and settings.cell_death is not None:
            advance_cell_death(settings.cell_death, step, dt, base, tissue.alive, tissue.death)
        damage = {name: getattr(tissue, name) for name in settings.critical}
        reach_temperatures(settings.critical, step, base, damage)

    def move_above_cap(self, step: Step, tips: NDArray[np.float64]) -> float:
        """Move the heat above the cap to the hot zone, and let water follow it.

        Parameters
        ----------
        step : Step
            State after the step; temperatures and water change.
        tips : ndarray of float64, shape (n, 3)
            Emitting tips, padded indices (z, y, x).

        Returns
        -------
        float
            Heat moved [J/m^3], summed over cells.
        """
        if self._water_curve is not None:
            step = step._replace(before=step.theta.copy())
        moved = cap.move_above(
            step.theta,
            step.water,
            step.inv_c,
            step.code,
            step.table,
            self._boiling,
            self._hot_zone,
            self._cap,
            tips,
            step.dried & step.hot,  # what is dry and cold already has no heat to move or take
            step.box,
        )
        if moved > 0.0:
            follow_curve(self._water_curve, step)
        return float(moved)
