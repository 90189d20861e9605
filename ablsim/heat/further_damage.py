"""Damage that no rate describes: three-state cell death and critical temperatures."""

from collections.abc import Mapping

from ablsim.heat.step import Floats, Step
from ablsim.kernels import cell_states
from ablsim.tissue.processes import CriticalTemperature, ThreeStateDeath


def advance_cell_death(
    law: ThreeStateDeath, step: Step, dt: float, base: float, alive: Floats, death: Floats
) -> None:
    """Advance three-state cell death by ``dt`` [s] in the hot rows of a step.

    Parameters
    ----------
    law : ThreeStateDeath
        Its rates.
    step : Step
        Temperatures before and after the step.
    dt, base : float
        Length of the step [s] and base temperature [K].
    alive, death : ndarray of float
        Share A of alive cells, and ln(1 - D) / ln(1 - ``law.dead``) of the share D of dead ones;
        changed in place.
    """
    cell_states.three_states(
        step.before,
        step.theta,
        alive,
        death,
        step.hot,
        step.box,
        dt,
        base,
        law.gate.si,
        law.forward_at_gate,
        law.scale.si,
        law.backward.si,
        law.dead.si,
    )


def reach_temperatures(
    laws: Mapping[str, CriticalTemperature], step: Step, base: float, damage: Mapping[str, Floats]
) -> None:
    """Raise the damage of the processes in ``laws`` to what the temperature has reached."""
    for name, law in laws.items():
        cell_states.reach(
            step.theta,
            damage[name],
            step.hot,
            step.box,
            base,
            law.gate.si,
            law.temperature.si,
            law.width.si,
        )
