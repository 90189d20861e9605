"""The uncertainty of a single run: what is varied, in which runs, and what comes of it."""

from ablsim.uncertainty.estimate import estimate_band, plan_runs

__all__ = ["estimate_band", "plan_runs"]
