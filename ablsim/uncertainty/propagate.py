"""From the answers of a few designed runs to intervals of every number.

Linear in the factors are the squares of lengths, a volume counting as the cube of one: where a
zone is about to vanish its size goes as the root of what is left to the threshold, far from it any
power does. Linear are margins too, and covered shares as the offset of the zone's surface that
makes them (`ablsim.uncertainty.coverage`). The linear model is asked at many draws of the factors
(`ablsim.uncertainty.draws`), and the quantiles of what it says are the intervals.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.band import LEVELS, Interval, Intervals, TumourBand, ZoneBand
from ablsim.uncertainty.coverage import CoverageCurve
from ablsim.uncertainty.design import effects
from ablsim.uncertainty.draws import Draws
from ablsim.zone import PROCESSES, Zones

FloatArray = NDArray[np.float64]

_SIZE, _AXES, _ALONG, _ACROSS = 0, slice(1, 4), 4, 5  # columns of the lengths of a zone


@dataclass(frozen=True, slots=True)
class Coverage:
    """Curves of the tumour without and with its margin, the margin [m] and its volume [m^3]."""

    plain: CoverageCurve
    grown: CoverageCurve
    margin: float
    volume: float


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Squares of lengths, and coverage, as linear functions of the factors' coordinates.

    Parameters
    ----------
    squares : ndarray of float64, shape (3, 6)
        Of stasis, whitening and death in the middle of the factors: of the cube root of the volume,
        of axes, along and across [m^2].
    squares_by : ndarray of float64, shape (n_factors, 3, 6)
        Change with one SD of each factor.
    coverage : ndarray of float64, shape (4,) or (0,)
        Offset of the surface that covers what is covered of the tumour, the same with its margin,
        smallest and mean margin [m]; empty without a tumour.
    coverage_by : ndarray of float64, shape (n_factors, 4) or (n_factors, 0)
        Change with one SD of each factor.
    """

    squares: FloatArray
    squares_by: FloatArray
    coverage: FloatArray
    coverage_by: FloatArray


def fit_model(
    design: FloatArray,
    runs: Sequence[Zones],
    reference: Zones,
    case: Zones,
    coverage: Coverage | None,
) -> LinearModel:
    """Return the linear model through designed runs, carried over to the case's own run.

    Parameters
    ----------
    design : ndarray of float64, shape (n_runs, n_columns)
        Coordinates of the runs.
    runs : sequence of Zones
        What they gave.
    reference : Zones
        What the case gives on the cells of those runs.
    case : Zones
        What the case gives on its own cells. Lengths keep their relative effects, margins and
        offsets their absolute ones.
    coverage : Coverage or None
        Curves of the tumour.
    """
    answers = np.array([_squares(zones) for zones in runs])
    at_reference, at_case = _squares(reference), _squares(case)
    both = (at_reference > 0.0) & (at_case > 0.0)
    scale = np.where(both, at_case / np.where(both, at_reference, 1.0), 1.0)
    slopes = effects(design, answers.reshape(len(runs), -1)).reshape(-1, *at_case.shape)
    covered = np.array([_coverage(zones, coverage) for zones in runs])
    moved = covered.mean(axis=0) - _coverage(reference, coverage)
    return LinearModel(
        squares=at_case + scale * (answers.mean(axis=0) - at_reference),
        squares_by=scale * slopes,
        coverage=_coverage(case, coverage) + moved,
        coverage_by=effects(design, covered),
    )


def find_intervals(
    model: LinearModel, draws: Draws, reported: str, coverage: Coverage | None
) -> Intervals:
    """Return the intervals of every number.

    Parameters
    ----------
    model : LinearModel
        Its first effects are those of the factors.
    draws : Draws
        Draws of the factors, and of an error of ln(length) that all zones have alike. It moves the
        surface of the reported zone evenly, by so much of its equivalent radius.
    reported : str
        The zone that tumour figures refer to.
    coverage : Coverage or None
        Curves of the tumour.
    """
    x = draws.coordinates
    n = x.shape[1]
    growth = np.exp(draws.log_error)[:, None, None]
    squares = model.squares + np.tensordot(x, model.squares_by[:n], 1)
    bare = np.sqrt(np.maximum(0.0, squares))
    lengths = bare * growth
    zones = {
        name: ZoneBand(
            volume=_interval(lengths[:, i, _SIZE] ** 3),
            axes=_axes(lengths[:, i, _AXES]),
            along=_interval(lengths[:, i, _ALONG]),
            across=_interval(lengths[:, i, _ACROSS]),
        )
        for i, name in enumerate(PROCESSES)
    }
    size, grown = (of[:, PROCESSES.index(reported), _SIZE] for of in (bare, lengths))
    if coverage is None:
        return Intervals(zones, None, _interval(grown**3))
    shift = (grown - size) * (3.0 / (4.0 * np.pi)) ** (1.0 / 3.0)
    offset, offset_with_margin, smallest, mean = (
        model.coverage + x @ model.coverage_by[:n] + shift[:, None]
    ).T
    fraction = coverage.plain.share(offset)
    tumour = TumourBand(
        ablated_fraction=_interval(fraction),
        ablated_fraction_with_margin=_interval(coverage.grown.share(offset_with_margin)),
        margin_min=_interval(smallest),
        margin_mean=_interval(mean),
        residual=_interval((1.0 - fraction) * coverage.volume),
    )
    healthy = np.maximum(0.0, grown**3 - fraction * coverage.volume)
    return Intervals(zones, tumour, _interval(healthy))


def shares(slopes: FloatArray, covariance: FloatArray) -> FloatArray | None:
    """Return which share of the variance would go if one thing alone were known.

    Parameters
    ----------
    slopes : ndarray of float64, shape (n_columns,)
        Change of an answer with one SD of the prior of each factor, then of what acts together.
    covariance : ndarray of float64, shape (n_factors, n_factors)
        Covariance of the factors' coordinates. Where they are independent the shares add up to
        one; what the data could not tell apart shares its part.

    Returns
    -------
    ndarray of float64, shape (n_columns,), or None
        None if there is no variance.
    """
    n = len(covariance)
    own, rest = slopes[:n], slopes[n:]
    by_factor = covariance @ own
    total = float(own @ by_factor + np.sum(rest**2))
    if not total > 0.0:
        return None
    variance = np.diag(covariance)
    alone = np.where(variance > 0.0, by_factor**2 / np.where(variance > 0.0, variance, 1.0), 0.0)
    return np.concatenate([alone, rest**2]) / total


def _squares(zones: Zones) -> FloatArray:
    rows = []
    for name in PROCESSES:
        zone = zones[name]
        rows.append([np.cbrt(zone.volume), *zone.axes, zone.along, zone.across])
    return np.array(rows) ** 2


def _coverage(zones: Zones, coverage: Coverage | None) -> FloatArray:
    tumour = zones.tumour
    if coverage is None or tumour is None:
        return np.zeros(0)
    smallest, mean = tumour.margin_min, tumour.margin_mean
    beyond = smallest - coverage.margin
    return np.array(
        [
            coverage.plain.offset(tumour.ablated_fraction, smallest),
            coverage.grown.offset(tumour.ablated_fraction_with_margin, beyond),
            smallest,
            mean,
        ]
    )


def _interval(values: FloatArray) -> Interval:
    low, middle, high = np.quantile(values, LEVELS)
    return float(low), float(middle), float(high)


def _axes(lengths: FloatArray) -> tuple[Interval, Interval, Interval]:
    first, second, third = (_interval(lengths[:, i]) for i in range(3))
    return first, second, third
