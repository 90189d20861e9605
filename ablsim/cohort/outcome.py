"""What one case came to: a small record, computed from its text alone."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from ablsim.case import Case
from ablsim.errors import CaseError
from ablsim.result import Array32, Result, Snapshot
from ablsim.simulation import simulate
from ablsim.summary import summarise
from ablsim.uncertainty.coverage import CoverageCurve, coverage_curve
from ablsim.units import to_ml, to_mm
from ablsim.zone import measure_reported, measure_zones

SCHEMA = "ablsim/outcome/1"
"""Name and version of the record's layout."""

SHARES = (
    *(0.0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9),
    *(0.93, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.9925, 0.995, 0.9975, 0.999, 1.0),
)
"""Shares of the tumour at which the curve of its coverage is kept, closer towards the end."""

_DIGITS = 9  # of every number kept

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a treatment stood after a session, all sessions before it included.

    Parameters
    ----------
    sessions, placements, illuminations : int
        What had been done.
    energy : float
        Fired so far [J].
    volume : float
        Of the reported zone [m^3].
    fraction, fraction_with_margin : float
        Ablated share of the tumour, without and with the margin asked for.
    margin_min : float
        Smallest margin [m].
    curve : CoverageCurve
        The share as a function of the offset of the zone's surface.
    """

    sessions: int
    placements: int
    illuminations: int
    energy: float
    volume: float
    fraction: float
    fraction_with_margin: float
    margin_min: float
    curve: CoverageCurve


def compute_outcome(text: str, threads: int = 1) -> Record:
    """Return the record of the case that a text describes; it depends on nothing but the text.

    Parameters
    ----------
    text : str
        A case file.
    threads : int
        How many threads the loops may have; the numbers do not hang on it.

    Returns
    -------
    dict
        Plain numbers, texts, lists and dictionaries, for `read_stages` and for JSON.

    Raises
    ------
    CaseError
        If the text is not a case that can be run, or has no tumour.
    """
    began = time.perf_counter()
    case = Case.from_text(text, source="the case")
    if case.tumour is None:
        msg = "the case: has no tumour; add a [tumour], without it nothing can be ablated"
        raise CaseError(msg)
    ends = _session_ends(case)
    kept: dict[int, Array32] = {}

    def keep(snapshot: Snapshot) -> None:
        if snapshot.time in ends[:-1]:
            omega = getattr(snapshot.fields, case.physics.reported_zone)
            kept[ends.index(snapshot.time)] = np.array(omega)

    with _limited_to(threads):
        result = simulate(case, on_snapshot=keep)
    zones = measure_zones(result)
    summary = summarise(result, zones)
    stages = [_stage(_at(result, omega), number) for number, omega in sorted(kept.items())]
    stages.append(_stage(result, len(ends) - 1))
    return {
        "schema": SCHEMA,
        "case": summary["case"],
        "zone": case.physics.reported_zone,
        "tumour": {key: summary["tumour"][key] for key in ("diameter_mm", "volume_ml")},
        "stages": stages,
        "volume_ml": {name: zone["volume_ml"] for name, zone in summary["zones"].items()},
        "healthy_ablated_ml": summary["healthy_ablated_ml"],
        "boiled_ml": summary["boiled_ml"],
        "charred_ml": summary["charred_ml"],
        "energy_j": summary["energy_j"],
        "protocol": summary["protocol"],
        "notes": [*result.notes, *zones.notes],
        "spacing_mm": to_mm(result.grid.spacing),
        "cells": result.grid.n_cells,
        "provenance": {
            name: version for name, version in result.provenance.items() if name != "finished"
        },
        "wall_s": time.perf_counter() - began,
    }


@contextmanager
def _limited_to(threads: int) -> Iterator[None]:
    """Give the loops at most so many threads meanwhile: the process may have other work after."""
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads, before))
    try:
        yield
    finally:
        numba.set_num_threads(before)


def read_stages(record: Mapping[str, Any]) -> tuple[Stage, ...]:
    """Return the stages of a record, session after session.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is not a record of this layout.
    """
    if record["schema"] != SCHEMA:
        msg = f"{record['schema']!r} is not {SCHEMA!r}"
        raise ValueError(msg)
    return tuple(
        Stage(
            sessions=int(entry["sessions"]),
            placements=int(entry["placements"]),
            illuminations=int(entry["illuminations"]),
            energy=float(entry["energy_j"]),
            volume=1e-6 * float(entry["volume_ml"]),
            fraction=float(entry["ablated_fraction"]),
            fraction_with_margin=float(entry["ablated_fraction_with_margin"]),
            margin_min=1e-3 * float(entry["margin_min_mm"]),
            curve=CoverageCurve(
                1e-3 * np.asarray(entry["offset_mm"], dtype=np.float64), np.asarray(SHARES)
            ),
        )
        for entry in record["stages"]
    )


def _session_ends(case: Case) -> list[float]:
    """Return when each session ends, its cool-down included [s]."""
    segments = case.protocol.timeline([fibre.name for fibre in case.fibres_all])
    ends = {segment.session: segment.end for segment in segments}
    return [ends[session] for session in sorted(ends)]


def _at(result: Result, omega: Array32) -> Result:
    """Return a result with the reported zone of an earlier moment."""
    fields = replace(result.fields, **{result.case.physics.reported_zone: omega})
    return replace(result, fields=fields)


def _stage(result: Result, number: int) -> Record:
    """Return what had come of session ``number``, counted from 0, and those before it."""
    case = result.case
    zone, tumour = measure_reported(result)
    if tumour is None:
        msg = "a case without a tumour has no stages"
        raise ValueError(msg)
    names = [fibre.name for fibre in case.fibres_all]
    segments = [s for s in case.protocol.timeline(names) if s.session <= number + 1]
    lit = [segment for segment in segments if any(segment.highest_power)]
    return {
        "sessions": number + 1,
        "placements": len({(s.session, s.moved, s.own) for s in lit}),
        "illuminations": max(segment.illumination for segment in lit),
        "energy_j": _short(sum(segment.energy for segment in segments)),
        "volume_ml": _short(to_ml(zone.volume)),
        "ablated_fraction": _short(tumour.ablated_fraction),
        "ablated_fraction_with_margin": _short(tumour.ablated_fraction_with_margin),
        "margin_min_mm": _short(to_mm(tumour.margin_min)),
        "margin_mean_mm": _short(to_mm(tumour.margin_mean)),
        "offset_mm": [_short(to_mm(offset)) for offset in _offsets(coverage_curve(result))],
    }


def _offsets(curve: CoverageCurve) -> Sequence[float]:
    """Return the offsets of the surface at which it covers each of `SHARES` [m]."""
    offsets: NDArray[np.float64] = np.interp(SHARES, curve.shares, curve.offsets)
    return [float(offset) for offset in offsets]


def _short(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")
