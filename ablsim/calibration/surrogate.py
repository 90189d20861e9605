"""What a run would give at coordinates where none was done, and how far that is off.

Fitted is the square of the equivalent diameter: where a zone is about to vanish its size goes as
the root of what is left to the threshold, so its square is the smooth quantity. A quadratic with
ridge and a Gaussian process are both fitted; the one that predicts each run best from all the
others is taken, and its error in doing so is part of the likelihood.
"""

import math
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SMALLEST = 2.0
"""Diameter [mm] below which a zone is no longer told from none: one cell of the runs."""

NEAR = math.log(2.0)
"""Errors count over the runs whose ln(diameter) is within this of what was measured."""

RIDGES = tuple(float(ridge) for ridge in np.logspace(-4, 3, 15))
"""Ridges that are tried, on coordinates of SD 1."""

FloatArray = NDArray[np.float64]
Form = Literal["quadratic", "gaussian process"]


@dataclass(frozen=True, slots=True)
class Surrogate:
    """The equivalent diameter of a row's lesion as a function of its factors' coordinates.

    Parameters
    ----------
    form : {'quadratic', 'gaussian process'}
        What was fitted.
    low, high : ndarray of float64, shape (n_factors,)
        The box of the designed runs; nothing is said outside it.
    points : ndarray of float64, shape (n_points, n_factors)
        Coordinates of the runs that the process goes by; empty for the quadratic.
    weights : ndarray of float64, shape (n_points,) or (n_features,)
        Weights of these points, or coefficients of 1, x and all products of two.
    lengths : ndarray of float64, shape (n_factors,)
        Coordinate differences over which the process changes.
    mean : float
        What is added [mm^2].
    error : float
        Leave-one-out error: root mean square of ln(diameter).
    errors : mapping of str to float
        That of every form that was tried.
    n_runs, n_near : int
        Runs it was fitted to, and those among them that the error counts.
    """

    form: Form
    low: FloatArray
    high: FloatArray
    points: FloatArray
    weights: FloatArray
    lengths: FloatArray
    mean: float
    error: float
    errors: dict[str, float]
    n_runs: int
    n_near: int

    def log_diameter(self, x: FloatArray) -> FloatArray:
        """Return ln(diameter [mm]) at coordinates, shape (n, n_factors); at least that of a cell.

        Raises
        ------
        ValueError
            If a point lies outside the box of the designed runs.
        """
        tolerance = 1e-9
        if np.any(x < self.low - tolerance) or np.any(x > self.high + tolerance):
            msg = "a point outside the box of the designed runs, where no run was done"
            raise ValueError(msg)
        features = (
            _features(x)
            if self.form == "quadratic"
            else _correlation(x / self.lengths, self.points / self.lengths)
        )
        return _log_root(self.mean + features @ self.weights)


def fit_surrogate(
    x: FloatArray, log_d: FloatArray, measured: float, *, low: FloatArray, high: FloatArray
) -> Surrogate:
    """Return the surrogate that predicts each run best from all the others.

    Parameters
    ----------
    x : ndarray of float64, shape (n_runs, n_factors)
        Coordinates of the runs.
    log_d : ndarray of float64, shape (n_runs,)
        ln(diameter [mm]) that they gave; -inf where there was no zone.
    measured : float
        ln(diameter [mm]) that was measured: near it the error matters.
    low, high : ndarray of float64, shape (n_factors,)
        The box of the design.
    """
    y = np.exp(2.0 * log_d)
    is_near = np.abs(np.maximum(log_d, math.log(SMALLEST)) - measured) < NEAR
    if np.count_nonzero(is_near) < 8:
        msg = (
            f"{np.count_nonzero(is_near)} of {len(y)} runs give a lesion within a factor of two "
            "of the measured one: too few to say anything about it; do more runs (--runs)"
        )
        raise ValueError(msg)
    fits = {"quadratic": _fit_quadratic(x, y), "gaussian process": _fit_process(x, y)}
    true = _log_root(y)
    errors = {
        form: float(np.sqrt(np.mean((_log_root(fit.left_out) - true)[is_near] ** 2)))
        for form, fit in fits.items()
    }
    form: Form = (
        "quadratic" if errors["quadratic"] <= errors["gaussian process"] else ("gaussian process")
    )
    fit = fits[form]
    return Surrogate(
        form=form,
        low=low,
        high=high,
        points=x if form == "gaussian process" else x[:0],
        weights=fit.weights,
        lengths=fit.lengths,
        mean=fit.mean,
        error=errors[form],
        errors=errors,
        n_runs=len(y),
        n_near=int(np.count_nonzero(is_near)),
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    """Weights of a fit, and what it says of each run when that run is left out."""

    weights: FloatArray
    lengths: FloatArray
    mean: float
    left_out: FloatArray


def _fit_quadratic(x: FloatArray, y: FloatArray) -> _Fit:
    """Return the quadratic whose ridge leaves the smallest leave-one-out error of the square."""
    features = _features(x)[:, 1:]
    middle, scale = features.mean(axis=0), features.std(axis=0)
    scaled = (features - middle) / scale
    u, s, vt = np.linalg.svd(scaled, full_matrices=False)
    best: tuple[float, FloatArray, FloatArray] | None = None
    for ridge in RIDGES:
        shrunk = s**2 / (s**2 + ridge)
        leverage = 1.0 / len(y) + np.sum(u**2 * shrunk, axis=1)
        fitted = y.mean() + u @ (shrunk * (u.T @ (y - y.mean())))
        left_out = y - (y - fitted) / np.maximum(1.0 - leverage, 1e-6)
        error = float(np.mean((left_out - y) ** 2))
        if best is None or error < best[0]:
            slopes = vt.T @ (s / (s**2 + ridge) * (u.T @ (y - y.mean()))) / scale
            best = error, np.concatenate([[-middle @ slopes], slopes]), left_out
    if best is None:
        msg = "no ridge was tried"
        raise AssertionError(msg)
    return _Fit(best[1], np.ones(x.shape[1]), float(y.mean()), best[2])


def _fit_process(x: FloatArray, y: FloatArray) -> _Fit:
    """Return a Gaussian process of its own length in every factor, with noise.

    Leaving a run out keeps the lengths that all runs gave.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    mean, scale = float(y.mean()), float(y.std())
    lengths = np.full(x.shape[1], 4.0)
    kernel = ConstantKernel(4.0, (1e-2, 1e4)) * RBF(lengths, (0.3, 100.0)) + WhiteKernel(
        1e-3, (1e-7, 1.0)
    )
    process = GaussianProcessRegressor(kernel, alpha=1e-10, random_state=0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # a length at its upper end is a factor that this row does not depend on
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(x, (y - mean) / scale)
    found = process.kernel_
    height, noise = found.k1.k1.constant_value, found.k2.noise_level
    lengths = np.broadcast_to(found.k1.k2.length_scale, lengths.shape)
    covariance = height * _correlation(x / lengths, x / lengths)
    inverse = np.linalg.inv(covariance + (noise + 1e-10) * np.eye(len(y)))
    alpha = inverse @ ((y - mean) / scale)
    left_out = y - scale * alpha / np.diag(inverse)
    return _Fit(scale * height * alpha, np.array(lengths), mean, left_out)


def _features(x: FloatArray) -> FloatArray:
    """Return 1, x and all products of two coordinates."""
    i, j = np.triu_indices(x.shape[1])
    return np.concatenate([np.ones((len(x), 1)), x, x[:, i] * x[:, j]], axis=1)


def _correlation(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return exp(-d^2/2) of the distances between two sets of points."""
    squares = np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1) - 2.0 * a @ b.T
    return np.asarray(np.exp(-0.5 * np.maximum(squares, 0.0)))


def _log_root(squares: FloatArray) -> FloatArray:
    """Return ln(diameter) from its square, at least that of the smallest zone."""
    return np.asarray(0.5 * np.log(np.maximum(squares, SMALLEST**2)))
