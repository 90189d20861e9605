"""Heat capacity of tissue after its water has left, in the model of Abraham and Sparrow (2007)."""

from ablsim.tissue.properties import Sourced

HEAT_CAPACITY_DRY = Sourced(
    4.4e5,
    "J/(m^3 K)",
    "Abraham2007",
    low=3.0e5,
    high=1.2e6,
    how="remembered",
    no_spread="hardly matters: little heat is stored in the few dry cells",
    note="read in a published radio-frequency ablation code that follows the paper; per volume "
    "of the tissue as it was",
)
