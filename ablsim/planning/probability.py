"""How likely a treatment is to be complete: runs of its draws, and the error of the model on each.

A run says how far the zone may recede before the ablation is incomplete. The model's own error,
normal in ln(diameter), moves the surface of each placement's zone by so much of its radius; so each
run has a probability, and their mean is that of the treatment. It hangs on chance less than the
share of complete runs would.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from ablsim.planning.evaluation import RADIUS_OF_ONE, Evaluation
from ablsim.planning.prescription import Prescription

MARGINS = (0.0, 5e-3, 10e-3)
"""Smallest margins whose probability is given [m]."""

RESIDUALS = (0.5, 0.9, 0.95)
"""Quantiles of the residual tumour that are given."""

_NODES = 15  # of the model's error in each run
_BOOTSTRAP = 400
_Z = float(ndtri(0.975))

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Probability:
    """How likely a treatment is to do what.

    Parameters
    ----------
    complete : Estimate
        That it is complete.
    margins : mapping
        That the smallest margin reaches each of `MARGINS`.
    residual : mapping
        Quantiles of the tumour that is left [m^3].
    fraction : Estimate
        Mean ablated share of the tumour.
    limits : Estimate
        That every organ stays within its limits.
    draws, whole, failed : int
        Draws that it rests on, how many of these are whole runs, and how many failed.
    scatter : float
        By how much draws that are no whole runs are off, as a standard deviation [m].
    spread : float
        Standard deviation of the reserve over the runs, without the model's error [m].
    model_error : float
        Typical standard deviation of ln(diameter) of the model itself.
    """

    complete: Estimate
    margins: dict[float, Estimate]
    residual: dict[float, Estimate]
    fraction: Estimate
    limits: Estimate
    draws: int
    whole: int
    failed: int
    scatter: float
    spread: float
    model_error: float


@dataclass(frozen=True)
class Sample:
    """The runs of the draws of one plan.

    Parameters
    ----------
    plan : Prescription
        What was planned.
    outcomes : tuple of Evaluation or None
        What each draw came to, in their order.
    model_error : ndarray of float64, shape (n,)
        Standard deviation of ln(diameter) of the model in each.
    complete_from : float
        Share of the tumour from which on it is complete.
    whole : int, optional
        How many of them, the first, are whole runs; by default all.
    clusters : int
        How many draws of the tissue there are: after so many they come again. 0 for one each.
    scatter, bias : float
        Standard deviations of how far draws that are no whole runs are off, each by itself and all
        together [m]; taken for all draws, which is a little too much for the few whole runs.
    """

    plan: Prescription
    outcomes: tuple[Evaluation | None, ...]
    model_error: FloatArray
    complete_from: float
    whole: int | None = None
    clusters: int = 0
    scatter: float = 0.0
    bias: float = 0.0

    @property
    def known(self) -> list[tuple[Evaluation, float]]:
        """The runs that did not fail, each with its model error."""
        pairs = zip(self.outcomes, self.model_error, strict=True)
        return [(outcome, float(sigma)) for outcome, sigma in pairs if outcome is not None]

    def reserves(self) -> FloatArray:
        """Return the reserve of each run that did not fail [m]."""
        return np.array([outcome.reserve(self.complete_from) for outcome, _ in self.known])

    def chances(self, spare: FloatArray) -> FloatArray:
        """Return how likely each run is not to fall short.

        Parameters
        ----------
        spare : ndarray of float64, shape (n,)
            How far its zone may recede [m].
        """
        return chances_of(spare, self.radii(), self._sigma())

    def _sigma(self) -> FloatArray:
        """Return in ln(diameter) how far each run may be off, for its model and for itself."""
        model = np.array([sigma for _, sigma in self.known])
        if self.scatter == 0.0:
            return model
        return np.asarray(np.hypot(model, self.scatter / self.radii()))

    def mean(self, spare: FloatArray) -> Estimate:
        """Return how likely runs are not to fall short, of all draws; arguments as `chances`."""
        estimate = mean_of(self._by_cluster(self.chances(spare)))
        if self.bias == 0.0:
            return estimate
        p = estimate.value
        low, high = (
            float(self.chances(spare + sign * _Z * self.bias).mean()) for sign in (-1.0, 1.0)
        )
        return Estimate(
            p,
            max(0.0, p - float(np.hypot(p - estimate.low, p - low))),
            min(1.0, p + float(np.hypot(estimate.high - p, high - p))),
        )

    def _by_cluster(self, values: FloatArray) -> FloatArray:
        """Return the mean of the draws that share their tissue, one for each."""
        if self.clusters == 0:
            return values
        at = [i for i, one in enumerate(self.outcomes) if one is not None]
        which = np.array(at) % self.clusters
        return np.array([values[which == number].mean() for number in np.unique(which)])

    def required(self, reserve: float, probability: float) -> float:
        """Return what reserve the treatment as planned needs for a probability [m].

        Parameters
        ----------
        reserve : float
            That of its run with nothing varied [m]; how far draws lie beside it is kept.
        probability : float
            That it is complete.
        """
        beside = self.reserves() - reserve
        return shift_for(probability, lambda wanted: self.chances(beside + wanted))

    def spare(self, probability: float) -> float:
        """Return how much further in the zone could lie in every run at a probability [m].

        Negative where the probability is not reached as it is.
        """
        return -self.required(0.0, probability)

    def assess(self, shift: float = 0.0, shift_of_margin: float = 0.0) -> Probability:
        """Return how likely the treatment is to do what.

        Parameters
        ----------
        shift, shift_of_margin : float
            By how much reserve and smallest margin are larger on finer cells [m].
        """
        outcomes = [outcome for outcome, _ in self.known]
        smallest = np.array([outcome.margin_min for outcome in outcomes]) + shift_of_margin
        reserves = self.reserves() + shift
        left, share = self._left(shift)
        within = np.array([outcome.within_limits for outcome in outcomes], dtype=np.float64)
        return Probability(
            complete=self.mean(reserves),
            margins={m: self.mean(smallest - m) for m in MARGINS},
            residual=_quantiles(left),
            fraction=_mean_with_error(self._by_cluster(share)),
            limits=mean_of(within),
            draws=len(outcomes),
            whole=len(outcomes) if self.whole is None else self.whole,
            failed=len(self.outcomes) - len(outcomes),
            scatter=self.scatter,
            spread=float(np.std(reserves)),
            model_error=float(np.sqrt(np.mean(self.model_error**2))),
        )

    def _left(self, shift: float) -> tuple[FloatArray, FloatArray]:
        """Return the residual [m^3] by run and error of the model, and the share ablated by run."""
        z = np.asarray(ndtri((np.arange(_NODES) + 0.5) / _NODES))
        rows, shares = [], []
        outcomes = [outcome for outcome, _ in self.known]
        for outcome, sigma, radius in zip(outcomes, self._sigma(), self.radii(), strict=True):
            recession = -(np.expm1(sigma * z) * radius + shift)
            missing = outcome.missing(recession, with_margin=False)
            rows.append(missing * outcome.tumour)
            shares.append(1.0 - float(missing.mean()))
        return np.array(rows), np.array(shares)

    def radii(self) -> FloatArray:
        """Return the equivalent radius of the zone of one placement in each run [m]."""
        count = len(self.plan.placements)
        volumes = np.array([max(outcome.volume, 1e-9) for outcome, _ in self.known])
        return np.asarray(RADIUS_OF_ONE * np.cbrt(volumes / count))


def chances_of(spare: FloatArray, radius: FloatArray, sigma: FloatArray) -> FloatArray:
    """Return how likely runs are not to fall short for the error of the model.

    Parameters
    ----------
    spare, radius : ndarray of float64, shape (n,)
        How far each zone may recede, and its radius [m].
    sigma : ndarray of float64, shape (n,)
        Standard deviation of ln(diameter) of the model.
    """
    left = 1.0 - spare / radius
    z = np.log(np.maximum(left, 1e-300)) / np.maximum(sigma, 1e-9)
    return np.asarray(np.where(left <= 0.0, 1.0, ndtr(-z)))


def shift_for(probability: float, chances: Callable[[float], FloatArray]) -> float:
    """Return the shift [m] at which the mean of chances is a probability, within 40 mm."""

    def short(shift: float) -> float:
        return float(chances(shift).mean()) - probability

    low, high = -40e-3, 40e-3
    if short(high) < 0.0:
        return high
    return float(brentq(short, low, high, xtol=1e-6)) if short(low) < 0.0 else low


def mean_of(chances: FloatArray) -> Estimate:
    """Return the mean of probabilities with its 95 % interval.

    Wilson's interval for as many trials as would leave the mean as uncertain as it is:
    probabilities scatter less than the zeros and ones that they stand for.
    """
    n = len(chances)
    if n == 0:
        return Estimate(float("nan"), 0.0, 1.0)
    p = float(np.mean(chances))
    variance = float(np.var(chances, ddof=1)) if n > 1 else 0.25
    trials = n * max(1.0, p * (1.0 - p) / variance) if variance > 0.0 else float(n)
    trials = min(trials, 25.0 * n)
    middle = (p + _Z**2 / (2 * trials)) / (1 + _Z**2 / trials)
    half = _Z * sqrt(p * (1 - p) / trials + _Z**2 / (4 * trials**2)) / (1 + _Z**2 / trials)
    return Estimate(p, max(0.0, min(p, middle - half)), min(1.0, max(p, middle + half)))


def _mean_with_error(values: FloatArray) -> Estimate:
    mean = float(np.mean(values))
    error = _Z * float(np.std(values, ddof=1)) / sqrt(len(values)) if len(values) > 1 else 1.0
    return Estimate(mean, max(0.0, mean - error), min(1.0, mean + error))


def _quantiles(left: FloatArray) -> dict[float, Estimate]:
    """Return quantiles over runs and errors of the model, with intervals by drawing runs anew."""
    rng = np.random.default_rng(0)
    again = rng.integers(0, len(left), (_BOOTSTRAP, len(left)))
    found = {}
    for level in RESIDUALS:
        values = np.quantile(left[again].reshape(_BOOTSTRAP, -1), level, axis=1)
        low, high = np.quantile(values, [0.025, 0.975])
        found[level] = Estimate(float(np.quantile(left, level)), float(low), float(high))
    return found


def compare_chances(one: Sequence[float], other: Sequence[float]) -> tuple[Estimate, float]:
    """Return the mean difference of two plans' chances in the same draws, and what that spares.

    Returns
    -------
    Estimate, float
        The difference with its 95 % interval, and by how much its variance is smaller than that of
        a difference of independent draws.
    """
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    paired = float(np.var(a - b, ddof=1))
    apart = float(np.var(a, ddof=1) + np.var(b, ddof=1))
    mean = float(np.mean(a - b))
    half = _Z * sqrt(paired / len(a))
    return Estimate(mean, mean - half, mean + half), apart / paired if paired else float("inf")
