"""Morris' effects from real runs, and Sobol's shares from a surrogate of real runs.

Both come from SALib. The surrogate is a Gaussian process for each answer; how well it foretells
runs that it was not fitted to is part of what it says, and it says nothing outside their box.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim.planning.evaluation import Evaluation
from ablsim.planning.influence import ANSWERS, COMPLETE, MODEL, Outcomes, Unknowns

BASE = 2048
"""Base sample of the Sobol indices."""

LEVELS = 4
"""Of each coordinate in trajectories: the middles of as many equally likely parts of its spread."""

_STEP = 0.5 * LEVELS / (LEVELS - 1)  # of a trajectory, from the lowest level to the highest being 1
_FOLDS = 12
_RESAMPLES = 400
_Z = 1.96

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Influence:
    """What one input does to one answer.

    Parameters
    ----------
    name, spread : str
        Of the input.
    effect, effect_error : float
        Morris' mu*: by how much the answer moves on average, one way or the other, per way of the
        input from its 12.5 % to its 87.5 % quantile, in SI units; and half its 95 % interval.
    scatter : float, optional
        Morris' sigma: how differently it moves elsewhere; None for inputs of many coordinates.
    first, first_error, total, total_error : float, optional
        Sobol's indices: share of the answer's variance that the input has by itself, and that it
        has a part in; and halves of their 95 % intervals for the size of the sample.
    """

    name: str
    spread: str
    effect: float
    effect_error: float
    scatter: float | None
    first: float | None = None
    first_error: float | None = None
    total: float | None = None
    total_error: float | None = None


def _problem(unknowns: Unknowns) -> dict[str, Any]:
    """Return the inputs as SALib wants them."""
    return {
        "num_vars": unknowns.dimensions,
        "names": [str(number) for number in range(unknowns.dimensions)],
        "bounds": [[0.0, 1.0]] * unknowns.dimensions,
        "groups": list(unknowns.owners),
    }


def walk_levels(unknowns: Unknowns, trajectories: int, seed: int) -> FloatArray:
    """Return Morris' trajectories, levels from 0 to 1, one below the other."""
    from SALib.sample import morris

    found = morris.sample(_problem(unknowns), trajectories, num_levels=LEVELS, seed=seed)
    return np.asarray(found, dtype=np.float64)


def points_of(walk: FloatArray) -> FloatArray:
    """Return the points of levels: the middles of equally likely parts, as a spread may not end."""
    return (0.5 + (LEVELS - 1) * walk) / LEVELS


def whole_trajectories(walked: Outcomes, inputs: int) -> NDArray[np.bool_]:
    """Say which points belong to trajectories of which no run failed."""
    whole = np.isfinite(walked.volume).reshape(-1, inputs + 1).all(axis=1)
    return np.repeat(whole, inputs + 1)


def screen(
    unknowns: Unknowns, walk: FloatArray, walked: Outcomes, seed: int
) -> dict[str, list[Influence]]:
    """Return Morris' answer for every input and answer."""
    from SALib.analyze import morris

    error = unknowns.error_of_model(points_of(walk))
    values = walked.erring(error).values()
    chances = values[COMPLETE] = walked.chances(unknowns.model_error)
    found = {}
    for name in ANSWERS:
        said = morris.analyze(
            _problem(unknowns), walk, values[name], num_levels=LEVELS,
            num_resamples=_RESAMPLES, seed=seed,
        )  # fmt: skip
        columns = [np.ma.filled(said[key], np.nan) for key in ("mu_star", "mu_star_conf", "sigma")]
        found[name] = [
            Influence(one.name, one.spread, float(mu), float(half), _or_none(float(sigma)))
            for one, mu, half, sigma in zip(unknowns.inputs, *columns, strict=True)
        ]
    # a step of half the model's error decides with the probability that the other half leaves open
    by_model = 2.0 * np.minimum(chances, 1.0 - chances).reshape(-1, len(unknowns.inputs) + 1)
    each = by_model.mean(axis=1) / _STEP
    spread = float(each.std(ddof=1))
    found[COMPLETE][-1] = Influence(
        MODEL, unknowns.inputs[-1].spread, float(each.mean()),
        float(_Z * spread / np.sqrt(len(each))), spread,
    )  # fmt: skip
    return found


def _or_none(number: float) -> float | None:
    return number if np.isfinite(number) else None


class Surrogates:
    """Answers where no run was done, from Gaussian processes fitted to designed runs.

    Parameters
    ----------
    unknowns : Unknowns
        What varies.
    middle : Evaluation
        The run with every coordinate in its middle.
    design : ndarray of float64, shape (n, n_coordinates)
        Points of the runs.
    runs : Outcomes
        What they came to.
    """

    def __init__(
        self, unknowns: Unknowns, middle: Evaluation, design: FloatArray, runs: Outcomes
    ) -> None:
        self.design, self.runs = design, runs
        self._unknowns, self._middle = unknowns, middle
        x = unknowns.features(design, middle)
        self._middles, scale = x.mean(axis=0), x.std(axis=0)
        self._scale = np.where(scale > 0.0, scale, 1.0)
        x = self._scaled(x)
        # the cube root, so that no volume is negative
        answers = (np.cbrt(runs.volume), runs.reserve, runs.margin)
        self._fits = [_fit(x, y) for y in answers]
        self.left_out = self._outcomes(
            [_leave_out(x, y, fit.kernel_) for y, fit in zip(answers, self._fits, strict=True)]
        )

    def __call__(self, points: FloatArray) -> Outcomes:
        """Return what points come to.

        Raises
        ------
        ValueError
            If one lies outside the box of the designed runs, where none was done.
        """
        if np.any((points < 0.0) | (points > 1.0)):
            msg = "a point outside the box of the designed runs, where no run was done"
            raise ValueError(msg)
        x = self._scaled(self._unknowns.features(points, self._middle))
        return self._outcomes([fit.predict(x) for fit in self._fits])

    def _scaled(self, x: FloatArray) -> FloatArray:
        return np.asarray((x - self._middles) / self._scale)

    def _outcomes(self, answers: list[FloatArray]) -> Outcomes:
        root, reserve, margin = answers
        return Outcomes(np.maximum(0.0, root) ** 3, reserve, margin, self.runs.placements)

    def check(self, name: str) -> tuple[float | None, float | None]:
        """Return R^2 and the root mean square error of an answer for runs that were left out."""
        sigma = self._unknowns.model_error
        true, said = (
            {**runs.values(), COMPLETE: runs.chances(sigma)}[name]
            for runs in (self.runs, self.left_out)
        )
        square, variance = float(np.mean((said - true) ** 2)), float(np.var(true))
        if variance <= 1e-12 * float(np.mean(true**2)):
            return None, None
        return 1.0 - square / variance, float(np.sqrt(square))


def _fit(x: FloatArray, y: FloatArray, kernel: Any = None) -> Any:
    """Return a Gaussian process with a length for every feature, and noise."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    if kernel is None:
        lengths = RBF(np.full(x.shape[1], 4.0), (0.3, 100.0))
        kernel = ConstantKernel(4.0, (1e-2, 1e4)) * lengths + WhiteKernel(1e-2, (1e-6, 1.0))
    process = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # a length at its upper end is a feature that the answer does not hang on
        warnings.simplefilter("ignore", ConvergenceWarning)
        return process.fit(x, y)


def _leave_out(x: FloatArray, y: FloatArray, kernel: Any) -> FloatArray:
    """Return what is said of each run by a process fitted anew without it and others."""
    found = np.empty_like(y)
    part = np.arange(len(y)) % _FOLDS
    for number in range(_FOLDS):
        out = part == number
        found[out] = _fit(x[~out], y[~out], kernel).predict(x[out])
    return found


def share_out(
    unknowns: Unknowns,
    surrogates: Surrogates,
    screened: dict[str, list[Influence]],
    names: list[str],
    seed: int,
) -> dict[str, list[Influence]]:
    """Return what was screened, with Sobol's indices for some answers."""
    if not names:
        return screened
    from SALib.analyze import sobol as sobol_analysis
    from SALib.sample import sobol as sobol_sample

    problem = _problem(unknowns)
    points = sobol_sample.sample(problem, BASE, calc_second_order=False, seed=seed)
    answers = surrogates(points)
    values = answers.erring(unknowns.error_of_model(points)).values()
    keys = ("S1", "S1_conf", "ST", "ST_conf")
    found = dict(screened)
    for name in names:
        said = sobol_analysis.analyze(
            problem, values[name], calc_second_order=False, num_resamples=_RESAMPLES, seed=seed + 1
        )  # a seed of 0 would be none
        found[name] = [
            Influence(
                one.name,
                one.spread,
                one.effect,
                one.effect_error,
                one.scatter,
                *(float(said[key][number]) for key in keys),
            )
            for number, one in enumerate(screened[name])
        ]
    return found
