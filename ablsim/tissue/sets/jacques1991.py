"""Whitening of pig liver, after Jacques, Newman and He (1991), with entropy and enthalpy.

The source states the pair of transition-state theory, k = (k_B T/h) exp(dS/R) exp(-dH/(R T)). Here
A is that prefactor at 50 degC and E_a is dH: the rate is exact there and 3 % off at 60 degC.
The source also says how much broader than one rate the measured change was.
"""

import math

from ablsim.tissue.constants import DAMAGE_GATE
from ablsim.tissue.kinetics import TIE_TEMPERATURE, make_pair
from ablsim.tissue.processes import DistributedKinetics
from ablsim.tissue.properties import DamageKinetics, Sourced
from ablsim.units import GAS_CONSTANT

ACTIVATION_ENTROPY = 553.5
"""Entropy of activation dS [J/(mol K)] as the source gives it."""

_BOLTZMANN = 1.380649e-23  # J/K, exact
_PLANCK = 6.62607015e-34  # J s, exact

_PAIR = make_pair(
    _BOLTZMANN * TIE_TEMPERATURE / _PLANCK * math.exp(ACTIVATION_ENTROPY / GAS_CONSTANT),
    2.768e5,
    "Jacques1991",
    how="measured",
    spread=5e3,
    note="from the first author's own summary, the paper itself is lost; slices of pig liver in a "
    "water bath at about 45, 55 and 60 degC; the change begins some 10 times sooner and ends 10 "
    "times later than one rate can describe; spread assumed",
)

JACQUES_LIVER_WHITENING = DamageKinetics(
    name="jacques_liver_whitening",
    title="whitening of liver (Jacques 1991)",
    frequency_factor=_PAIR.frequency_factor,
    activation_energy=_PAIR.activation_energy,
    gate=DAMAGE_GATE,
    endpoint="half of the rise of reduced scattering in pig liver",
)

LIVER_WHITENING_DISTRIBUTED = DistributedKinetics(
    name="liver_whitening_distributed",
    title="whitening of liver at mixed rates (Jacques 1991)",
    frequency_factor=_PAIR.frequency_factor,
    activation_energy=_PAIR.activation_energy,
    gate=DAMAGE_GATE,
    endpoint="half of the rise of reduced scattering in pig liver",
    span=Sourced(
        10.0,
        "1",
        "Jacques1991",
        low=3.0,
        high=30.0,
        how="derived",
        spread_kind="range",
        note="the measured change begins some 10 times sooner and ends 10 times later than one "
        "rate can describe; that the rates lie evenly between is assumed",
    ),
)
