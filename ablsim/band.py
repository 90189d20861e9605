"""How far the numbers of one run may be off: plain records, and their place in the summary."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ablsim.units import to_ml, to_mm

LEVELS = (0.05, 0.5, 0.95)
"""Probabilities that the three numbers of an interval are not exceeded with."""

MODEL_ERROR = 0.15
"""Error of the model itself: standard deviation of ln(equivalent diameter of a zone).

What is left, on top of the parameters' spread, when each of nine published lesions is predicted by
defaults chosen without it. A posterior (`ablsim calibrate`) brings its own.
"""

Interval = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class ZoneBand:
    """Intervals of a zone's size: volume [m^3], axes longest first, along and across [m]."""

    volume: Interval
    axes: tuple[Interval, Interval, Interval]
    along: Interval
    across: Interval


@dataclass(frozen=True, slots=True)
class TumourBand:
    """Intervals of what the reported zone did to the tumour.

    Ablated fraction without and with the margin asked for, smallest and mean margin [m], residual
    tumour [m^3].
    """

    ablated_fraction: Interval
    ablated_fraction_with_margin: Interval
    margin_min: Interval
    margin_mean: Interval
    residual: Interval


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals of everything measured: zones by process, tumour, healthy tissue [m^3]."""

    zones: Mapping[str, ZoneBand]
    tumour: TumourBand | None
    healthy_ablated: Interval


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """One thing that is not known: what it is, how it is spread, and where that comes from.

    ``volume_share`` and ``fraction_share`` say how much of the variance of the reported zone's
    size and of the ablated fraction it carries, among all parameters; None where there is no
    variance, or no tumour.
    """

    name: str
    spread: str
    source: str
    volume_share: float | None
    fraction_share: float | None


@dataclass(frozen=True, slots=True)
class Band:
    """The uncertainty of one run.

    Each interval is the value that is not exceeded with a probability of 5, 50 and 95 %. The middle
    is not the run's own number: where a default does not stand in the middle of what is plausible
    (perfusion may stop less than wholly, but not more), it lies beside it.

    Parameters
    ----------
    zone : str
        The zone that tumour figures and shares refer to.
    intervals : Intervals
        With the error of the model itself.
    parameters_only : Intervals
        Without it: what the spread of the parameters makes alone.
    uncertainties : tuple of Uncertainty
        What was varied, by falling share in the size of the zone.
    together : float or None
        Share of the variance of its size that no parameter carries alone, as far as it shows.
    runs : int
        Runs that this took, beside the one whose numbers it goes with.
    spacing : float
        Edge length of their cells [m].
    vanished : mapping of str to int
        In how many of the varied runs a zone has vanished, where there is one in the run itself.
    model_error : float
        Standard deviation of ln(equivalent diameter) of the model itself.
    calibrated : tuple of str
        What was drawn as published lesions left it; everything else has the library's spread.
    """

    zone: str
    intervals: Intervals
    parameters_only: Intervals
    uncertainties: tuple[Uncertainty, ...]
    together: float | None
    runs: int
    spacing: float
    vanished: Mapping[str, int]
    model_error: float = MODEL_ERROR
    calibrated: tuple[str, ...] = ()


def summarise_band(band: Band) -> dict[str, Any]:
    """Return a band as the object ``error.band`` of a summary, in millimetres and millilitres."""
    return {
        "level": list(LEVELS),
        **_intervals(band.intervals),
        "parameters_only": _intervals(band.parameters_only),
        "shares": {
            "zone": band.zone,
            "volume": {u.name: u.volume_share for u in band.uncertainties},
            "ablated_fraction": {u.name: u.fraction_share for u in band.uncertainties},
            "together": band.together,
        },
        "varied": [
            {"name": u.name, "spread": u.spread, "source": u.source} for u in band.uncertainties
        ],
        "model_error_sd_ln_d": band.model_error,
        "uncertainty": "posterior" if band.calibrated else "prior",
        "calibrated": list(band.calibrated),
        "runs": band.runs,
        "spacing_mm": to_mm(band.spacing),
        "vanished": dict(band.vanished),
    }


def _intervals(intervals: Intervals) -> dict[str, Any]:
    tumour = intervals.tumour
    return {
        "zones": {
            name: {
                "volume_ml": _each(to_ml, zone.volume),
                "axes_mm": [_each(to_mm, axis) for axis in zone.axes],
                "along_fibre_mm": _each(to_mm, zone.along),
                "across_fibre_mm": _each(to_mm, zone.across),
            }
            for name, zone in intervals.zones.items()
        },
        "tumour": None
        if tumour is None
        else {
            "ablated_fraction": list(tumour.ablated_fraction),
            "ablated_fraction_with_margin": list(tumour.ablated_fraction_with_margin),
            "margin_min_mm": _each(to_mm, tumour.margin_min),
            "margin_mean_mm": _each(to_mm, tumour.margin_mean),
            "residual_ml": _each(to_ml, tumour.residual),
        },
        "healthy_ablated_ml": _each(to_ml, intervals.healthy_ablated),
    }


def _each(convert: Any, interval: Interval) -> list[float]:
    return [float(convert(value)) for value in interval]
