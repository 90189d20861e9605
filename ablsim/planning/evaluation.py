"""What one run of a plan says: how much of the zone could be missing before the plan fails."""

import base64
import hashlib
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Case
from ablsim.cohort.store import ABOVE, BESIDE
from ablsim.errors import CaseError
from ablsim.fingerprint import fingerprint
from ablsim.grid import Point
from ablsim.planning.prescription import arrange
from ablsim.result import Result
from ablsim.simulation import simulate
from ablsim.summary_objects import organ_entries
from ablsim.tumour_coverage import TumourCoverage
from ablsim.units import to_ml, to_mm
from ablsim.zone import depth_in_zone, mean_direction, measure_reported

SCHEMA = "ablsim/evaluation/1"
"""Name and version of the record's layout."""

RADIUS_OF_ONE = (3.0 / (4.0 * np.pi)) ** (1.0 / 3.0)
"""Radius of a sphere of volume 1."""

FOOTPRINT_STEP = 2.5e-3
"""Between two points at which the depth in a footprint is kept [m]."""

QUANTILES = 101
"""Quantiles of the margins over the tumour's surface that are kept."""

_SITES = 240  # points on the tumour's surface whose margins are kept
_RESOLUTION = 1e-5  # m of a depth that is kept
_SLICE_STEP = 1e-3  # m
_FAR = 40e-3  # m; further out is not told apart
_BESIDE_ZONE = 8e-3  # m around a zone of which a footprint knows

Record = dict[str, Any]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slice:
    """The zone in a plane through the middle of the tumour.

    Parameters
    ----------
    across, up : ndarray of float64, shape (3,)
        Directions of its columns and of its rows.
    line : ndarray of float64, shape (n,)
        Where its points are along both, from the middle of the tumour [m].
    depth : ndarray of float64, shape (n, n)
        How deep each lies in the zone [m], row by row.
    """

    across: FloatArray
    up: FloatArray
    line: FloatArray
    depth: FloatArray


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one run came to, in SI units.

    Parameters
    ----------
    fraction, fraction_with_margin : float
        Ablated share of the tumour, without and with the margin asked for.
    margin_min, margin_mean : float
        Smallest and mean margin [m].
    margin_asked : float
        The margin asked for [m].
    tumour, volume, healthy : float
        Volume of the tumour, of the zone, and of the zone outside the tumour [m^3].
    area : float
        Of the tumour's surface [m^2].
    margins : ndarray of float64, shape (n,)
        Margins [m] that equal shares of the tumour's surface do not exceed, rising.
    sites, site_margins : ndarray of float64, shapes (m, 3) and (m,)
        Points on the tumour's surface [m] and the margin at each [m].
    organs : tuple of mapping
        As in the summary of a result.
    spacing, wall : float
        Edge of a cell [m] and time taken [s].
    cells : int
        Of the grid.
    balance_error : float
        Share of the energy that the run's books miss.
    slices : tuple of Slice
        The zone in planes through the tumour, where they were asked for.
    """

    fraction: float
    fraction_with_margin: float
    margin_min: float
    margin_mean: float
    margin_asked: float
    tumour: float
    volume: float
    healthy: float
    area: float
    margins: FloatArray
    sites: FloatArray
    site_margins: FloatArray
    organs: tuple[Mapping[str, Any], ...]
    spacing: float
    wall: float
    cells: int
    balance_error: float = 0.0
    slices: tuple[Slice, ...] = ()

    @property
    def within_limits(self) -> bool:
        """Whether every organ stays within its limits."""
        return all(organ["within_limits"] is not False for organ in self.organs)

    def missing(self, recession: FloatArray, *, with_margin: bool = True) -> FloatArray:
        """Return what share of the tumour is missed when the zone is smaller.

        Parameters
        ----------
        recession : ndarray of float64, shape (n,)
            How far its surface is further in everywhere [m]; negative where it is further out.
        with_margin : bool
            Whether the margin asked for counts to the tumour.

        Notes
        -----
        What a receding surface leaves is a shell as thick, at each point of the tumour's surface,
        as the recession exceeds the margin there. What is missed inside, where no margin of the
        surface tells of it, is taken for a ball that grows likewise.
        """
        recession = np.atleast_1d(np.asarray(recession, dtype=np.float64))
        ragged = self.margins - (self.margin_asked if with_margin else 0.0)
        whole = self._with_margin() if with_margin else self.tumour
        fraction = self.fraction_with_margin if with_margin else self.fraction
        shell = np.maximum(0.0, recession[:, None] - ragged).mean(axis=1) * self.area
        now = np.maximum(0.0, -ragged).mean() * self.area
        inner = max(0.0, (1.0 - fraction) * whole - now)
        radius = RADIUS_OF_ONE * np.cbrt(inner)
        ball = (np.maximum(0.0, radius + recession) / RADIUS_OF_ONE) ** 3 if inner > 0.0 else 0.0
        return np.asarray(np.minimum(1.0, (shell + ball) / whole))

    def reserve(self, complete_from: float) -> float:
        """Return how far the zone may recede everywhere before the ablation is incomplete [m].

        Parameters
        ----------
        complete_from : float
            Share of the tumour, with the margin asked for, from which on it counts as complete.

        Returns
        -------
        float
            Negative where it is incomplete: how much further out the zone would have to be.
        """
        depth = 0.5 * np.cbrt(self._with_margin()) + 1e-3
        grid = np.linspace(-depth, float(self.margins[-1]) + depth, 2001)
        return float(np.interp(1.0 - complete_from, self.missing(grid), grid))

    def deeper(self, by: float) -> "Evaluation":
        """Return this with its zone further out everywhere by so much [m]."""
        left = [float(self.missing(np.array([-by]), with_margin=w)[0]) for w in (False, True)]
        return replace(
            self,
            fraction=1.0 - left[0],
            fraction_with_margin=1.0 - left[1],
            margin_min=self.margin_min + by,
            margin_mean=self.margin_mean + by,
            margins=self.margins + by,
        )

    def _with_margin(self) -> float:
        """Return the volume of the tumour grown by the margin asked for [m^3]."""
        radius = RADIUS_OF_ONE * np.cbrt(self.tumour)
        return float(self.tumour * ((radius + self.margin_asked) / radius) ** 3)


def evaluate(text: str, *, with_slices: bool = False) -> Record:
    """Return what the case of a text comes to, for `read_evaluation` and for JSON.

    ``with_slices`` adds the zone in two planes, across the fibres and along them.
    """
    began = time.perf_counter()
    result = simulate(_read(text))
    zone, tumour = measure_reported(result)
    if tumour is None:
        msg = "a case without a tumour cannot be evaluated"
        raise ValueError(msg)
    surface = tumour.margin_map
    order = np.argsort(surface.margins)
    share = np.cumsum(surface.areas[order]) / surface.areas.sum()
    at = (np.arange(QUANTILES) + 0.5) / QUANTILES
    margins = np.interp(at, share, surface.margins[order])
    few = np.linspace(0, len(order) - 1, min(_SITES, len(order))).astype(int)
    ablated = tumour.ablated_fraction * tumour.volume
    return {
        "schema": SCHEMA,
        **_figures(tumour),
        "volume_ml": _short(to_ml(zone.volume)),
        "healthy_ml": _short(to_ml(max(0.0, zone.volume - ablated))),
        "area_cm2": _short(1e4 * float(surface.areas.sum())),
        "margins_mm": [_short(to_mm(m), 6) for m in margins],
        "sites_mm": [[_short(to_mm(x), 6) for x in point] for point in surface.points[few]],
        "site_margins_mm": [_short(to_mm(m), 6) for m in surface.margins[few]],
        "organs": organ_entries(result),
        "slices": _take_slices(result) if with_slices else [],
        "balance_error": float(result.ledger.balance_error),
        "spacing_mm": to_mm(result.grid.spacing),
        "cells": result.grid.n_cells,
        "wall_s": time.perf_counter() - began,
    }


def _figures(tumour: TumourCoverage) -> Record:
    return {
        "ablated_fraction": _short(tumour.ablated_fraction),
        "ablated_fraction_with_margin": _short(tumour.ablated_fraction_with_margin),
        "margin_min_mm": _short(to_mm(tumour.margin_min)),
        "margin_mean_mm": _short(to_mm(tumour.margin_mean)),
        "margin_asked_mm": _short(to_mm(tumour.margin_asked)),
        "tumour_ml": _short(to_ml(tumour.volume)),
    }


def read_evaluation(record: Mapping[str, Any]) -> Evaluation:
    """Return the evaluation of a record.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not a record of this layout.
    """
    if record["schema"] != SCHEMA:
        msg = f"{record['schema']!r} is not {SCHEMA!r}"
        raise ValueError(msg)
    return Evaluation(
        fraction=float(record["ablated_fraction"]),
        fraction_with_margin=float(record["ablated_fraction_with_margin"]),
        margin_min=1e-3 * float(record["margin_min_mm"]),
        margin_mean=1e-3 * float(record["margin_mean_mm"]),
        margin_asked=1e-3 * float(record["margin_asked_mm"]),
        tumour=1e-6 * float(record["tumour_ml"]),
        volume=1e-6 * float(record["volume_ml"]),
        healthy=1e-6 * float(record["healthy_ml"]),
        area=1e-4 * float(record["area_cm2"]),
        margins=1e-3 * np.asarray(record["margins_mm"], dtype=np.float64),
        sites=1e-3 * np.asarray(record["sites_mm"], dtype=np.float64),
        site_margins=1e-3 * np.asarray(record["site_margins_mm"], dtype=np.float64),
        organs=tuple(record["organs"]),
        spacing=1e-3 * float(record["spacing_mm"]),
        wall=float(record["wall_s"]),
        cells=int(record["cells"]),
        balance_error=float(record["balance_error"]),
        slices=tuple(_read_slice(entry) for entry in record["slices"]),
    )


def _take_slices(result: Result) -> list[Record]:
    """Return the zone in the planes through the tumour across the fibres and along them."""
    case = result.case
    if case.tumour is None:
        return []
    axis = np.asarray(mean_direction([fibre.direction for fibre in case.fibres_all]))
    right, up = guide_axes(tuple(axis.tolist()))
    half = 0.5 * max(case.tumour.axes) + 22e-3
    line = np.arange(-int(half / _SLICE_STEP), int(half / _SLICE_STEP) + 1) * _SLICE_STEP
    found = []
    for across, along in ((right, up), (right, axis)):
        points = np.asarray(case.tumour.centre) + (
            line[None, :, None] * across + line[:, None, None] * along
        )
        inside = result.grid.contains(points)
        depth = np.full(inside.shape, -_FAR)
        depth[inside] = np.maximum(-_FAR, depth_in_zone(result, points[inside]))
        found.append(
            {
                "across": across.tolist(),
                "up": along.tolist(),
                "line_mm": [_short(to_mm(x), 6) for x in line],
                "depth": _packed(depth),
            }
        )
    return found


def _read_slice(entry: Mapping[str, Any]) -> Slice:
    line = 1e-3 * np.asarray(entry["line_mm"], dtype=np.float64)
    return Slice(
        across=np.asarray(entry["across"], dtype=np.float64),
        up=np.asarray(entry["up"], dtype=np.float64),
        line=line,
        depth=_unpacked(entry["depth"], (len(line), len(line))),
    )


def guide_axes(direction: Point) -> tuple[FloatArray, FloatArray]:
    """Return the axes u and v of a guide whose needles go along ``direction``."""
    tips = [np.asarray(tip) for tip in arrange("square", 1.0, direction)]
    right, up = tips[1] - tips[0], tips[3] - tips[0]
    return right / np.linalg.norm(right), up / np.linalg.norm(up)


def _packed(depth: FloatArray) -> str:
    whole = np.clip(np.rint(depth / _RESOLUTION), -32767, 32767).astype("<i2")
    return base64.b64encode(zlib.compress(whole.tobytes())).decode()


def _unpacked(text: str, shape: Sequence[int]) -> FloatArray:
    raw = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<i2")
    return np.asarray(_RESOLUTION * raw.reshape(shape).astype(np.float64))


@dataclass(frozen=True, slots=True)
class Footprint:
    """How deep every place around fibres lies in their zone.

    Parameters
    ----------
    depth : ndarray of float64, shape (nx, ny, nz)
        Distance to the surface of the zone, positive inside [m].
    low : ndarray of float64, shape (3,)
        The first point, LPS [m].
    volume : float
        Of the zone [m^3].
    """

    depth: FloatArray
    low: FloatArray
    volume: float

    @property
    def ahead(self) -> float:
        """How far the middle of the zone lies from the origin, as light goes of fibres down [m]."""
        inside = (self.depth > 0.0).sum(axis=(0, 1))
        if not inside.any():
            return 0.0
        z = self.low[2] + FOOTPRINT_STEP * np.arange(len(inside))
        return -float(z @ inside / inside.sum())


def take_footprint(text: str) -> Record:
    """Return how deep every place near the zone of a case lies in it, for `read_footprint`."""
    began = time.perf_counter()
    result = simulate(_read(text))
    zone, _ = measure_reported(result)
    low, high = _around_zone(result)
    lines = [
        FOOTPRINT_STEP * np.arange(np.ceil(a / FOOTPRINT_STEP), np.floor(b / FOOTPRINT_STEP) + 1)
        for a, b in zip(low, high, strict=True)
    ]
    points = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
    depth = depth_in_zone(result, points.reshape(-1, 3)).reshape(points.shape[:-1])
    return {
        "schema": SCHEMA,
        "volume_ml": _short(to_ml(zone.volume)),
        "low_mm": [_short(to_mm(line[0])) for line in lines],
        "shape": list(depth.shape),
        "depth": _packed(np.maximum(-_FAR, depth)),
        "cells": result.grid.n_cells,
        "wall_s": time.perf_counter() - began,
    }


def _around_zone(result: Result) -> tuple[FloatArray, FloatArray]:
    """Return the corners [m] of the box some way around the zone, inside the domain."""
    grid = result.grid
    omega = getattr(result.fields, result.case.physics.reported_zone)
    cells = np.argwhere(omega >= 1.0)[:, ::-1]  # x, y, z
    origin, size = np.asarray(grid.origin), np.asarray(grid.size)
    low, high = origin + grid.spacing, origin + size - grid.spacing
    if len(cells) == 0:
        middle = 0.5 * (low + high)
        return middle - FOOTPRINT_STEP, middle + FOOTPRINT_STEP
    first = origin + grid.spacing * (cells.min(axis=0) + 0.5) - _BESIDE_ZONE
    last = origin + grid.spacing * (cells.max(axis=0) + 0.5) + _BESIDE_ZONE
    return np.maximum(low, first), np.minimum(high, last)


def read_footprint(record: Mapping[str, Any]) -> Footprint:
    """Return the footprint of a record."""
    return Footprint(
        depth=_unpacked(record["depth"], record["shape"]),
        low=1e-3 * np.asarray(record["low_mm"], dtype=np.float64),
        volume=1e-6 * float(record["volume_ml"]),
    )


def code_of_evaluations() -> str:
    """Return a hash of all code that decides what an evaluation says."""
    own = Path(__file__).read_bytes()
    return hashlib.sha256(fingerprint((*ABOVE, *BESIDE)).encode() + own).hexdigest()


def _read(text: str) -> Case:
    try:
        return Case.from_text(text, source="the plan's case")
    except CaseError as error:
        msg = f"a candidate is no case ({error})"
        raise CaseError(msg) from None


def _short(number: float, digits: int = 9) -> float:
    return float(f"{number:.{digits}g}")
