"""From priors, evidence and what the model predicts to draws of the posterior."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.calibration.likelihood import Evidence, log_likelihood
from ablsim.calibration.parameters import limits, make_transform, to_model_error
from ablsim.calibration.sampler import Diagnostics, LogDensity, OnSteps, sample, thin
from ablsim.uncertainty.factors import Factor

FloatArray = NDArray[np.float64]
Predict = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is inferred, from what.

    Parameters
    ----------
    factors : tuple of Factor
        The parameters, with their priors.
    predict : callable
        From coordinates of shape (n, n_factors) within the limits to ln(diameter [mm]) of every
        row, shape (n, n_rows).
    evidence : Evidence
        What was measured.
    """

    factors: tuple[Factor, ...]
    predict: Predict
    evidence: Evidence

    def make_log_density(self) -> LogDensity:
        """Return the logarithm of the posterior density of numbers that are standard normal.

        The last of them stands for the model error, the others for the factors.
        """
        low, high = limits(self.factors)
        to_x = make_transform(self.factors)

        def log_density(z: FloatArray) -> FloatArray:
            x = to_x(z[:, :-1])
            found = -0.5 * np.sum(z**2, axis=1)
            inside = np.all((x >= low) & (x <= high), axis=1)
            found[~inside] = -np.inf
            if inside.any():
                error = to_model_error(z[inside, -1])
                found[inside] += log_likelihood(self.evidence, self.predict(x[inside]), error)
            return np.asarray(found)

        return log_density

    def without(self, rows: Sequence[int]) -> "Problem":
        """Return the problem without some of the rows."""
        kept = [i for i in range(len(self.evidence.log_d)) if i not in set(rows)]

        def predict(x: FloatArray) -> FloatArray:
            return self.predict(x)[:, kept]

        return Problem(self.factors, predict, self.evidence.only(kept))


@dataclass(frozen=True, slots=True)
class Draws:
    """Draws of the posterior, or of the prior.

    Parameters
    ----------
    coordinates : ndarray of float64, shape (n, n_factors)
        Coordinates of the factors.
    model_error : ndarray of float64, shape (n,)
        SD of ln(diameter) of the model itself.
    diagnostics : Diagnostics or None
        Whether they can be believed; None for the prior, which is drawn directly.
    """

    coordinates: FloatArray
    model_error: FloatArray
    diagnostics: Diagnostics | None = None


def infer(
    problem: Problem,
    *,
    seed: int,
    n_draws: int = 4096,
    n_walkers: int = 64,
    steps_max: int = 20_000,
    chunk: int = 1000,
    on_steps: OnSteps | None = None,
) -> Draws:
    """Return draws of the posterior; without rows, of the prior within its limits."""
    n = len(problem.factors)
    points, diagnostics = sample(
        problem.make_log_density(),
        n + 1,
        seed=seed,
        n_walkers=n_walkers,
        steps_max=steps_max,
        chunk=chunk,
        on_steps=on_steps,
    )
    chosen = thin(points, n_draws, seed)
    coordinates = make_transform(problem.factors)(chosen[:, :-1])
    return Draws(coordinates, to_model_error(chosen[:, -1]), diagnostics)


def draw_prior(factors: Sequence[Factor], n: int, seed: int) -> Draws:
    """Return draws of the prior within its limits."""
    random = np.random.default_rng(seed)
    low, high = limits(factors)
    to_x = make_transform(factors)
    x = np.empty((0, len(factors)))
    while len(x) < n:
        drawn = to_x(random.standard_normal((n, len(factors))))
        x = np.concatenate([x, drawn[np.all((drawn >= low) & (drawn <= high), axis=1)]])
    return Draws(x[:n], to_model_error(random.standard_normal(n)))
