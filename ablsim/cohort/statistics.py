"""The few statistics that a study reports: spreads, rates with intervals, agreement."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

LEVEL = 0.95
"""Confidence level of every interval of an estimate."""

_DIGITS = 6


def short(number: float) -> float:
    """Return a number to six digits, so that no last bit of a machine shows."""
    return float(f"{number:.{_DIGITS}g}")


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Return median, 5 and 95 % of values; None of none."""
    if len(values) == 0:
        return None
    low, middle, high = np.quantile(np.asarray(values, dtype=np.float64), [0.05, 0.5, 0.95])
    return {"median": short(middle), "p05": short(low), "p95": short(high)}


def rate(successes: int, trials: int) -> dict[str, Any] | None:
    """Return a rate with its interval after Clopper and Pearson; None of nothing.

    Examples
    --------
    >>> rate(9, 9)
    {'rate': 1.0, 'low': 0.663733, 'high': 1.0, 'of': 9, 'count': 9}
    """
    if trials == 0:
        return None
    interval = stats.binomtest(successes, trials).proportion_ci(LEVEL, method="exact")
    return {
        "rate": short(successes / trials),
        "low": short(interval.low),
        "high": short(interval.high),
        "of": trials,
        "count": successes,
    }


def agreement(predicted: Sequence[float], observed: Sequence[float]) -> dict[str, Any] | None:
    """Return bias and limits of agreement of pairs, each with its interval; None below three pairs.

    Notes
    -----
    After Bland and Altman (1986): the bias is the mean of predicted - observed, the limits lie 1.96
    standard deviations of the differences either side. Intervals are those of Student's t, the
    variance of a limit s^2 (1/n + 1.96^2 / (2 (n - 1))). The calibration is the line through
    observed against predicted; a slope of 1 and an intercept of 0 are perfect, a slope below 1 says
    that predictions spread too far.
    """
    x, y = np.asarray(predicted, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    n = len(x)
    if n < 3:
        return None
    difference = x - y
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    t = float(stats.t.ppf(0.5 + 0.5 * LEVEL, n - 1))
    z = float(stats.norm.ppf(0.975))
    of_bias = t * sd / np.sqrt(n)
    of_limit = t * sd * np.sqrt(1.0 / n + z**2 / (2.0 * (n - 1)))
    limits = {"lower": bias - z * sd, "upper": bias + z * sd}
    return {
        "n": n,
        "bias": _with_interval(bias, of_bias),
        "limits": {name: _with_interval(limit, of_limit) for name, limit in limits.items()},
        "calibration": _calibration(x, y),
    }


def _with_interval(value: float, half: float) -> dict[str, float]:
    return {"value": short(value), "low": short(value - half), "high": short(value + half)}


def _calibration(x: Any, y: Any) -> dict[str, Any] | None:
    """Return the line of observed against predicted; None where all predictions are alike."""
    if np.ptp(x) <= 1e-12 * max(1.0, float(np.abs(x).max())):
        return None
    line = stats.linregress(x, y)
    t = float(stats.t.ppf(0.5 + 0.5 * LEVEL, len(x) - 2))
    return {
        "slope": _with_interval(float(line.slope), t * float(line.stderr)),
        "intercept": _with_interval(float(line.intercept), t * float(line.intercept_stderr)),
    }
