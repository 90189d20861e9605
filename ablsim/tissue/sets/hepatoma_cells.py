"""Death of two hepatoma cell lines; the source's authors and year could not be read."""

from ablsim.tissue.constants import DAMAGE_GATE
from ablsim.tissue.kinetics import make_pair
from ablsim.tissue.properties import DamageKinetics

KEY = "HepatomaCells"
_NOTE = "read in the abstract; cells in culture heated at 40-70 degC"
_ENDPOINT = "loss of viability"

_HEPG2 = make_pair(4.11e24, 1.7017e5, KEY, how="measured", note=_NOTE)
_HEP3B = make_pair(1.07e22, 1.5244e5, KEY, how="measured", note=_NOTE)

HEPG2 = DamageKinetics(
    name="hepg2",
    title="death of HepG2 cells",
    frequency_factor=_HEPG2.frequency_factor,
    activation_energy=_HEPG2.activation_energy,
    gate=DAMAGE_GATE,
    endpoint=_ENDPOINT,
)

HEP3B = DamageKinetics(
    name="hep3b",
    title="death of Hep3B cells",
    frequency_factor=_HEP3B.frequency_factor,
    activation_energy=_HEP3B.activation_energy,
    gate=DAMAGE_GATE,
    endpoint=_ENDPOINT,
)
