"""Thermal dose: equivalent minutes at 43 degC as a damage process."""

from dataclasses import dataclass

from ablsim.tissue.processes import CriticalTemperature, ThreeStateDeath
from ablsim.tissue.properties import DamageKinetics, Sourced


@dataclass(frozen=True, slots=True)
class ThermalDose:
    """A damage process that is complete after a number of equivalent minutes at 43 degC.

    Parameters
    ----------
    name : str
        Name used in case files.
    title : str
        What it is, in words.
    minutes : Sourced
        Dose at which the process is complete (CEM43).
    ratio_above, ratio_below : Sourced
        Factor R by which the time to the same effect shrinks per kelvin, above and below 43 degC.
    gate : Sourced
        Temperature below which no dose accumulates.
    endpoint : str
        What is expected where the dose is reached.
    """

    name: str
    title: str
    minutes: Sourced
    ratio_above: Sourced
    ratio_below: Sourced
    gate: Sourced
    endpoint: str


Kinetics = DamageKinetics | ThermalDose | CriticalTemperature | ThreeStateDeath
"""Any law by which a damage process runs."""
