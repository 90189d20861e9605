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
    """Return a rate with its interval after Clopper and Pearson (Clopper1934); None of nothing.

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


def rate_alone(share: float) -> dict[str, Any]:
    """Return a rate of which nobody says how many it was found on: it has no interval."""
    return {"rate": short(share), "low": None, "high": None, "of": None, "count": None}


def clustered_rate(clusters: Sequence[tuple[int, int]]) -> dict[str, Any] | None:
    """Return the rate over clusters of (successes, trials), with an interval that knows of them.

    What lies within a cluster may be alike, so that many trials say no more than a few: all lesions
    of a draw share the laws of that draw.

    Notes
    -----
    The interval of Clopper and Pearson (Clopper1934) with the effective number of trials of Korn
    and Graubard (Korn1998): that which would give independent trials the variance that the clusters
    show, corrected for their small number. Where every trial or none succeeds the clusters show
    none; then each counts as one trial.

    Examples
    --------
    >>> alike, mixed = clustered_rate([(8, 8), (0, 8)] * 4), clustered_rate([(4, 8)] * 8)
    >>> alike["low"], mixed["low"]
    (0.0943737, 0.372323)
    """
    kept = [(k, n) for k, n in clusters if n > 0]
    total, trials = sum(k for k, _ in kept), sum(n for _, n in kept)
    if trials == 0:
        return None
    p, m = total / trials, len(kept)
    effective = float(trials)
    if m > 1 and total in {0, trials}:
        effective = float(m)
    elif m > 1:
        squares = sum((k - p * n) ** 2 for k, n in kept)
        variance = m / (m - 1.0) * squares / trials**2
        t = [float(stats.t.ppf(0.5 + 0.5 * LEVEL, count - 1)) for count in (trials, m)]
        if variance > 0.0:
            effective = min(trials, p * (1.0 - p) / variance * (t[0] / t[1]) ** 2)
    low, high = _clopper_pearson(p * effective, effective)
    return {
        "rate": short(p),
        "low": short(low),
        "high": short(high),
        "of": trials,
        "count": total,
        "effective": short(effective),
    }


def _clopper_pearson(successes: float, trials: float) -> tuple[float, float]:
    """Return the interval of a rate; successes and trials need not be whole."""
    rest = trials - successes
    tail = 0.5 * (1.0 - LEVEL)
    low = float(stats.beta.ppf(tail, successes, rest + 1.0)) if successes > 0.0 else 0.0
    high = float(stats.beta.ppf(1.0 - tail, successes + 1.0, rest)) if rest > 0.0 else 1.0
    return low, high


def agreement(predicted: Sequence[float], observed: Sequence[float]) -> dict[str, Any] | None:
    """Return bias and limits of agreement of pairs, each with its interval; None below three pairs.

    Notes
    -----
    After Bland and Altman (Bland1986): the bias is the mean of predicted - observed, the limits lie
    1.96 standard deviations of the differences either side. Intervals are those of Student's t, the
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
