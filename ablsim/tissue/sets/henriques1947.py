"""Burn of the skin, after Henriques (1947)."""

from ablsim.tissue.constants import DAMAGE_GATE
from ablsim.tissue.kinetics import make_pair
from ablsim.tissue.properties import DamageKinetics

_PAIR = make_pair(
    3.1e98,
    6.28e5,
    "Henriques1947",
    how="remembered",
    note="read in several public codes that name the paper, not in the paper",
)

HENRIQUES_SKIN = DamageKinetics(
    name="henriques_skin",
    title="burn of the skin (Henriques 1947)",
    frequency_factor=_PAIR.frequency_factor,
    activation_energy=_PAIR.activation_energy,
    gate=DAMAGE_GATE,
    endpoint="irreversible injury of the epidermis",
)
