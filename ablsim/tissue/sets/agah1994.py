"""Coagulation of the arterial wall, after Agah, Pearce, Welch and Motamedi (1994)."""

from ablsim.tissue.constants import DAMAGE_GATE
from ablsim.tissue.kinetics import make_pair
from ablsim.tissue.properties import DamageKinetics

_PAIR = make_pair(
    5.6e63,
    4.3e5,
    "Agah1994",
    how="remembered",
    note="read in public codes that name the paper, not in the paper; vessel walls outlast the "
    "tissue around them by far",
)

AGAH_ARTERY = DamageKinetics(
    name="agah_artery",
    title="coagulation of arterial collagen (Agah 1994)",
    frequency_factor=_PAIR.frequency_factor,
    activation_energy=_PAIR.activation_energy,
    gate=DAMAGE_GATE,
    endpoint="denatured collagen in the wall of an artery",
)
