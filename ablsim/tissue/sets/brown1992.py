"""Stasis of the small vessels, after Brown, Hunt and Hill (1992)."""

from ablsim.tissue.constants import DAMAGE_GATE
from ablsim.tissue.kinetics import make_pair
from ablsim.tissue.properties import DamageKinetics

_PAIR = make_pair(
    1.98e106,
    6.67e5,
    "Brown1992",
    how="remembered",
    half_range=1.0e5,
    note="both from memory, as models of radio-frequency ablation quote Brown/Prahl, not seen in "
    "the paper, which was read only as an abstract: tracer clearance at 43-46 degC and a factor of "
    "two in time per kelvin, that is about 5.8e5 J/mol instead of 6.67e5; check against the full "
    "text",
)

BROWN_STASIS = DamageKinetics(
    name="brown_stasis",
    title="vascular stasis (Brown 1992)",
    frequency_factor=_PAIR.frequency_factor,
    activation_energy=_PAIR.activation_energy,
    gate=DAMAGE_GATE,
    endpoint="blood flow stopped in the small vessels",
)
