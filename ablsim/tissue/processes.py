"""Damage processes that are not one rate: three-state cell death, isotherms, mixed rates."""

import math
from dataclasses import dataclass

from ablsim.tissue.properties import DamageKinetics, Sourced
from ablsim.units import to_celsius


@dataclass(frozen=True, slots=True)
class ThreeStateDeath:
    r"""Cell death by way of a vulnerable state from which cells can still recover.

    Parameters
    ----------
    name : str
        Name used in case files.
    title : str
        What it is, in words.
    forward : Sourced
        Rate :math:`\bar k_f` of the two steps towards death.
    scale : Sourced
        Temperature :math:`T_k` over which that rate grows by the factor e.
    backward : Sourced
        Rate :math:`k_b` of recovery.
    alive : Sourced
        Share of alive cells before heating; the others are vulnerable.
    dead : Sourced
        Share of dead cells at which tissue counts as dead.
    gate : Sourced
        Temperature below which nothing moves, neither towards death nor back.
    endpoint : str
        What was observed where the share of dead cells reaches ``dead``.

    Notes
    -----
    :math:`\dot A = -k_f A + k_b V`, :math:`\dot D = k_f V` and :math:`A + V + D = 1`, where
    :math:`k_f = \bar k_f\, e^{T/T_k} (1 - A)` with T in degrees Celsius (O'Neill 2011).
    """

    name: str
    title: str
    forward: Sourced
    scale: Sourced
    backward: Sourced
    alive: Sourced
    dead: Sourced
    gate: Sourced
    endpoint: str

    @property
    def forward_at_gate(self) -> float:
        """Forward rate over the share of cells that are not alive, at the gate [1/s]."""
        return self.forward.si * math.exp(to_celsius(self.gate.si) / self.scale.si)


@dataclass(frozen=True, slots=True)
class CriticalTemperature:
    """A damage process that is complete once a temperature has been reached, however briefly.

    Parameters
    ----------
    name : str
        Name used in case files.
    title : str
        What it is, in words.
    temperature : Sourced
        The isotherm that bounds the zone.
    width : Sourced
        Temperature difference over which the damage integral changes by the factor e around it:
        the integral is exp((T - temperature) / width) of the highest temperature T so far.
    gate : Sourced
        Temperature below which there is no damage.
    endpoint : str
        What is expected where the temperature was reached.

    Notes
    -----
    As stasis it takes 63 % of the perfusion at that temperature and all but 1 % of it 2 K above.
    """

    name: str
    title: str
    temperature: Sourced
    width: Sourced
    gate: Sourced
    endpoint: str


@dataclass(frozen=True, slots=True)
class DistributedKinetics(DamageKinetics):
    """An Arrhenius process whose parts run at rates around the one of the pair.

    Parameters
    ----------
    span : Sourced
        The rates spread, evenly in their logarithm, from 1/span to span times that of the pair.

    Notes
    -----
    All parts share the pair's dependence on temperature, so their damage integrals are multiples
    of one, and that one integral is the whole state.
    """

    span: Sourced
