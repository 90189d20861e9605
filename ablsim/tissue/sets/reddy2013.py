"""Death of hepatocellular carcinoma cells at 45-60 degC, after Reddy and others (2013)."""

from ablsim.tissue.constants import DAMAGE_GATE
from ablsim.tissue.kinetics import make_pair
from ablsim.tissue.properties import DamageKinetics

_PAIR = make_pair(
    3.25e43,
    2.81e5,
    "Reddy2013",
    how="measured",
    note="read in the abstract; cells in culture heated at 45-60 degC for up to 32 min",
)

REDDY_HCC_2013 = DamageKinetics(
    name="reddy_hcc_2013",
    title="death of hepatocellular carcinoma cells (Reddy 2013)",
    frequency_factor=_PAIR.frequency_factor,
    activation_energy=_PAIR.activation_energy,
    gate=DAMAGE_GATE,
    endpoint="loss of viability in the MTS assay",
)
