"""Draws of everything that is not known about a case: its factors, and the error of the model.

Either the factors are independent, each with the spread of the library (the prior), or those that
published lesions bear on come as joint draws of what these left possible (the posterior), and only
the others keep their own spread. Nothing is random: points fill the distributions evenly and are
always the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from ablsim.band import MODEL_ERROR
from ablsim.uncertainty.factors import Factor
from ablsim.uncertainty.posterior import Posterior

SAMPLES_LOG2 = 13
"""The linear model is asked at two to the power of this many points."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Draws:
    """Points at which a model of the answer is asked.

    Parameters
    ----------
    coordinates : ndarray of float64, shape (n, n_factors)
        Coordinates of the factors.
    log_error : ndarray of float64, shape (n,)
        Error of ln(length) of the model itself.
    model_error : float
        Its standard deviation.
    known : tuple of int
        Which factors' draws published lesions gave.
    """

    coordinates: FloatArray
    log_error: FloatArray
    model_error: float
    known: tuple[int, ...] = ()

    def without_error(self) -> "Draws":
        """Return the same draws for a model without error."""
        return replace(self, log_error=np.zeros_like(self.log_error), model_error=0.0)

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the coordinates; 1 for each factor that has its prior alone."""
        found = np.eye(self.coordinates.shape[1])
        if self.known:
            at = np.array(self.known)
            found[np.ix_(at, at)] = np.cov(self.coordinates[:, at], rowvar=False)
        return found


def draw_factors(
    factors: Sequence[Factor],
    *,
    posterior: Posterior | None = None,
    model_error: float = MODEL_ERROR,
) -> Draws:
    """Return draws of the factors of a case.

    Parameters
    ----------
    factors : sequence of Factor
        What is not known about it (`ablsim.uncertainty.factors.find_factors`).
    posterior : Posterior, optional
        What published lesions say; without it every factor has its prior.
    model_error : float
        Standard deviation of ln(length) of the model itself, without a posterior; one comes with
        the draws of a posterior.
    """
    n_points = 2**SAMPLES_LOG2
    sequence = qmc.Sobol(len(factors) + 1, scramble=False)
    u = sequence.random_base2(SAMPLES_LOG2) + 0.5 / n_points
    x = np.empty((n_points, len(factors)))
    for i, factor in enumerate(factors):
        x[:, i] = factor.coordinate(u[:, i])
    z = np.asarray(ndtri(u[:, -1]))
    if posterior is None:
        return Draws(x, model_error * z, model_error)
    # each draw stands for a run of points that are next to each other in the sequence: these are
    # spread over all of the other factors
    which = np.arange(n_points) * len(posterior.model_error) // n_points
    known = []
    for i, factor in enumerate(factors):
        column = posterior.column(factor)
        if column is not None:
            x[:, i] = posterior.coordinates[which, column]
            known.append(i)
    error = posterior.model_error[which]
    return Draws(x, error * z, float(np.sqrt(np.mean(error**2))), tuple(known))
