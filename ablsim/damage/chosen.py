"""The damage processes that a case names, with the thresholds that it asks for."""

from ablsim.case import Case
from ablsim.damage.rate import shift_threshold
from ablsim.tissue.dose import Kinetics
from ablsim.tissue.library import get_kinetics

PROCESSES = ("stasis", "whitening", "death")


def chosen_processes(case: Case) -> dict[str, Kinetics]:
    """Return the kinetics of stasis, whitening and death, in this order, by these names."""
    physics = case.physics
    return {
        name: shift_threshold(
            get_kinetics(getattr(physics, name)), getattr(physics, f"{name}_shift")
        )
        for name in PROCESSES
    }
