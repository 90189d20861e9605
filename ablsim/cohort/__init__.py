"""Many lesions simulated under a policy and stated uncertainty, compared with what was observed."""

from ablsim.cohort.conduct import run_cohort
from ablsim.cohort.study import Study

__all__ = ["Study", "run_cohort"]
