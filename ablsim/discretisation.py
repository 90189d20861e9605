"""How far a number lies from what ever finer cells would give, from runs on three sizes of cells.

After Eça and Hoekstra 2014 (J Comput Phys 262:104), for three sizes: the error is taken to fall as
a power of the size, no faster than the second, which is the order of the method; a quarter more of
it, and what the three stray from that course, is the uncertainty. Numbers that follow no such
course, because where fibres and fronts lie in their cells decides, are as uncertain as one and a
half times the span of all three.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from ablsim.tumour_coverage import TumourCoverage
from ablsim.units import to_ml, to_mm
from ablsim.zone import PROCESSES, Zone, Zones

ORDER = 2.0
"""Order of the method: the fastest that errors are trusted to fall."""

LEAST_ORDER = 0.5
"""Slowest fall of the error that counts as converging."""

SAFETY = 1.25
"""Factor on an error that is extrapolated (Roache 1994; Eça and Hoekstra 2014)."""

SCATTER_SAFETY = 1.5
"""Factor on the span of three numbers that do not converge: three times half of it (ibid.)."""

CHANCE = 3e-3
"""What photons leave open of a number, as a share of it: twice the largest standard deviation of a
zone's volume from seed to seed (four cases, eight seeds each; most are a tenth of it)."""

_BY_CHANCE = {"ml": 1.0, "mm": 1.0 / 3.0, "fraction": 0.0, "margin": 0.0}
"""How much of that goes for volumes, lengths and shares of the tumour, by the end of their name."""

_ORDERS = (1e-2, 20.0)
"""Observed orders that can be told."""


@dataclass(frozen=True, slots=True)
class GridError:
    """How far a number is from what ever finer cells would give.

    Parameters
    ----------
    value : float
        The number on the finest cells.
    extrapolated : float
        What the three point to; the number itself where they do not converge.
    uncertainty : float
        Half of the interval around ``value`` that should hold the limit (95 %).
    order : float or None
        Power of the size by which the error falls, as observed; None where it does not.
    """

    value: float
    extrapolated: float
    uncertainty: float
    order: float | None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the limit should lie."""
        return self.value - self.uncertainty, self.value + self.uncertainty

    @property
    def relative(self) -> float:
        """Uncertainty as a share of the value; 0 where both are 0."""
        if self.uncertainty == 0.0:
            return 0.0
        return self.uncertainty / abs(self.value) if self.value else np.inf


def estimate(
    spacings: Sequence[float], values: Sequence[float], *, chance: float = 0.0
) -> GridError:
    """Return the error of the first of three numbers.

    Parameters
    ----------
    spacings : sequence of float, length 3
        Edges of the cells, finest first [m].
    values : sequence of float, length 3
        The number on each.
    chance : float
        What chance leaves open of the number, as a share of it.

    Examples
    --------
    >>> found = estimate([1.0, 1.5, 2.0], [10.1, 10.225, 10.4])
    >>> round(found.extrapolated, 9), round(found.order, 6)
    (10.0, 2.0)
    """
    h, f = np.asarray(spacings, dtype=float), np.asarray(values, dtype=float)
    if h.shape != (3,) or f.shape != (3,) or not np.all(np.diff(h) > 0.0):
        msg = "three spacings, finest first, and as many values are needed"
        raise ValueError(msg)
    h = h / h[0]
    by_chance = chance * abs(float(f[0]))
    if np.ptp(f) == 0.0:
        return GridError(float(f[0]), float(f[0]), by_chance, ORDER)
    order = _observed_order(h, f)
    if order is None or order < LEAST_ORDER:
        span = SCATTER_SAFETY * float(np.ptp(f))
        return GridError(float(f[0]), float(f[0]), span + by_chance, None)
    power = h ** min(order, ORDER)
    # finer cells count more, in proportion; the two unknowns leave one degree of freedom
    weight = np.sqrt(1.0 / h)
    terms = np.stack([np.ones(3), power], axis=1)
    limit, slope = np.linalg.lstsq(terms * weight[:, None], f * weight, rcond=None)[0]
    strays = f - limit - slope * power
    scatter = float(np.sqrt(3.0 * np.sum(weight**2 * strays**2) / np.sum(weight**2)))
    uncertainty = SAFETY * abs(f[0] - limit) + scatter + abs(strays[0])
    return GridError(float(f[0]), float(limit), float(uncertainty) + by_chance, order)


def _observed_order(h: np.ndarray, f: np.ndarray) -> float | None:
    """Return by which power of the size three numbers approach their limit; None if they do not."""
    near, far = f[1] - f[0], f[2] - f[1]
    if near * far <= 0.0:
        return None

    def surplus(power: float) -> float:
        return float((h[2] ** power - h[1] ** power) / (h[1] ** power - h[0] ** power) - far / near)

    low, high = _ORDERS
    if surplus(low) > 0.0:
        return None
    return high if surplus(high) < 0.0 else float(brentq(surplus, low, high))


def summarise_grid_error(
    spacings: Sequence[float], zones: Sequence[Zones], *, by_chance: bool
) -> dict[str, Any]:
    """Return the object ``error.grid`` of a summary, in millimetres and millilitres.

    Parameters
    ----------
    spacings : sequence of float, length 3
        Edges of the cells, finest first [m].
    zones : sequence of Zones, length 3
        What was measured on each.
    by_chance : bool
        Whether the light was one of photons.
    """

    def of(key: str, numbers: Sequence[float]) -> dict[str, Any]:
        chance = CHANCE * _BY_CHANCE[key.rsplit("_", 1)[-1]] if by_chance else 0.0
        found = estimate(spacings, numbers, chance=chance)
        return {
            "value": found.value,
            "extrapolated": found.extrapolated,
            "interval": list(found.interval),
            "order": found.order,
        }

    def of_each(parts: Sequence[Mapping[str, float]]) -> dict[str, Any]:
        return {key: of(key, [part[key] for part in parts]) for key in parts[0]}

    tumours = [one.tumour for one in zones]
    return {
        "spacings_mm": [float(to_mm(spacing)) for spacing in spacings],
        "zones": {name: of_each([_of_zone(one[name]) for one in zones]) for name in PROCESSES},
        "tumour": of_each([_of_tumour(one) for one in tumours if one]) if all(tumours) else None,
        **of_each([{"healthy_ablated_ml": to_ml(one.healthy_ablated)} for one in zones]),
    }


def _of_zone(zone: Zone) -> dict[str, float]:
    return {
        "volume_ml": to_ml(zone.volume),
        "along_fibre_mm": to_mm(zone.along),
        "across_fibre_mm": to_mm(zone.across),
    }


def _of_tumour(tumour: TumourCoverage) -> dict[str, float]:
    return {
        "ablated_fraction": tumour.ablated_fraction,
        "ablated_fraction_with_margin": tumour.ablated_fraction_with_margin,
        "margin_min_mm": to_mm(tumour.margin_min),
        "margin_mean_mm": to_mm(tumour.margin_mean),
        "residual_ml": to_ml(tumour.residual),
    }
