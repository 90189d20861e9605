"""The uncertainty of a single run: what is varied, in which runs, and what comes of it.

`find_factors` says what is not known about a case, `draw_factors` draws it, with
`shipped_posterior` as published lesions left it, and `vary` is the case at a draw.
"""

from ablsim.uncertainty.draws import Draws, draw_factors
from ablsim.uncertainty.estimate import estimate_band, plan_runs
from ablsim.uncertainty.factors import Factor, find_factors, vary
from ablsim.uncertainty.posterior import Posterior, shipped_posterior

__all__ = [
    "Draws",
    "Factor",
    "Posterior",
    "draw_factors",
    "estimate_band",
    "find_factors",
    "plan_runs",
    "shipped_posterior",
    "vary",
]
