"""Death of BhK cells, after Borrelli and others (1990)."""

from ablsim.tissue.constants import DAMAGE_GATE
from ablsim.tissue.kinetics import make_pair
from ablsim.tissue.properties import DamageKinetics

_PAIR = make_pair(
    2.984e80,
    5.064e5,
    "Borrelli1990",
    how="remembered",
    note="as quoted in reviews of thermal damage; the paper was not read",
)

BORRELLI_BHK = DamageKinetics(
    name="borrelli_bhk",
    title="death of BhK cells (Borrelli 1990)",
    frequency_factor=_PAIR.frequency_factor,
    activation_energy=_PAIR.activation_energy,
    gate=DAMAGE_GATE,
    endpoint="loss of clonogenic survival",
)
