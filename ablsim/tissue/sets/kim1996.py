"""Coagulation of liver with the coefficients that many codes quote from Kim and others (1996).

Shipped to compare with the literature; too sensitive at body temperature to be a default.
"""

from ablsim.tissue.constants import DAMAGE_GATE
from ablsim.tissue.kinetics import make_pair
from ablsim.tissue.properties import DamageKinetics

_PAIR = make_pair(
    7.39e39,
    2.577e5,
    "Kim1996",
    how="remembered",
    note="read in public codes and a commercial material file that name the paper, often with "
    "Jacques as first author, not in the paper; without the gate tissue dies at 37 degC within "
    "an hour",
)

COMSOL_JACQUES_LIVER = DamageKinetics(
    name="comsol_jacques_liver",
    title="coagulation of liver, low activation energy (Kim 1996)",
    frequency_factor=_PAIR.frequency_factor,
    activation_energy=_PAIR.activation_energy,
    gate=DAMAGE_GATE,
    endpoint="coagulation of liver",
)
