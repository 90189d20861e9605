"""The summary of a result: one JSON object, and the text that a person reads in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ablsim.result import Result
from ablsim.units import to_ml, to_mm
from ablsim.zone import PROCESSES, TumourCoverage, Zone, Zones

SCHEMA = "ablsim/summary/1"
"""Name and version of the summary's layout."""

DISCLAIMER = "Research software. Not for clinical decisions."
"""Stands under everything that shows a result."""

COMPLETE = 0.9995
"""Ablated fraction that counts, and is printed, as the whole [1]."""

_AT_THE_EDGE = -0.05  # mm; a margin above it is printed as 0.0 or more and counts as reached
_SINKS = ("escaped", "stored", "perfusion", "vessels", "boundary", "latent", "vapour")


CONFIDENCE = (
    "How sure    no band was computed for this case. On published lesions diameters come out\n"
    "            within 15 to 20 % (one standard deviation), volumes within a factor of 1.6"
)
"""What validation says of any prediction while a run has no band of its own."""


def summarise(result: Result, zones: Zones) -> dict[str, Any]:
    """Return the summary of a result as the JSON object ``ablsim/summary/1``.

    Lengths are in mm, volumes in mL, energies in J, times in s; keys carry their unit. What a run
    without organs, probes, photons, random numbers or error estimates has not is empty or null.
    """
    case, ledger, statistics = result.case, result.ledger, result.statistics
    protocol = case.protocol
    energy = {
        name: float(getattr(ledger, name))
        for name in ("fired", "emitted", "absorbed", *_SINKS, "moved_by_cap", "balance_error")
    }
    return {
        "schema": SCHEMA,
        "case": {"title": case.title, "sha256": case.sha256},
        "zones": {name: _zone(zones[name]) for name in PROCESSES},
        "tumour": None if zones.tumour is None else _tumour(zones.tumour),
        "healthy_ablated_ml": to_ml(zones.healthy_ablated),
        "boiled_ml": to_ml(zones.boiled),
        "charred_ml": to_ml(zones.charred),
        "organs": [],
        "energy_j": energy,
        "protocol": {
            "fibres": len(case.fibres_all),
            "illuminations": protocol.illuminations,
            "placements": protocol.placements,
            "sessions": protocol.sessions,
            "laser_time_s": float(protocol.laser_time),
        },
        "probes": [],
        "numerics": {
            "spacing_mm": to_mm(result.grid.spacing),
            "cells": result.grid.n_cells,
            "steps": statistics.steps,
            "light_updates": statistics.light_updates,
            "photons": 0,
            "seed": None,
            "threads": statistics.threads,
            "resumed_at_s": None,
            "wall_s": {
                "total": statistics.wall_total,
                "light": statistics.wall_light,
                "heat": statistics.wall_heat,
                "output": statistics.wall_output,
            },
        },
        "error": {"grid": None, "light": None, "band": None},
        "provenance": dict(result.provenance),
    }


def render(summary: Mapping[str, Any], *, notes: Sequence[str] = ()) -> str:
    """Return a summary as plain text for a terminal.

    Parameters
    ----------
    summary : mapping
        What :func:`summarise` returns or a result file stores.
    notes : sequence of str, optional
        What was decided or assumed, one sentence each.
    """
    parts = [
        [str(summary["case"]["title"])],
        [verdict(summary)],
        _zone_table(summary),
        _volume_lines(summary),
        _energy_table(summary["energy_j"]),
        _work_lines(summary),
        [CONFIDENCE] if summary["error"]["band"] is None else [],
    ]
    if notes:
        parts.append(["Notes", *(f"  - {note}" for note in notes)])
    parts.append([DISCLAIMER])
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def verdict(summary: Mapping[str, Any]) -> str:
    """Return the one sentence that says what the treatment did.

    A tumour is called completely ablated when nothing of it is left (less than 0.05 %) and its
    surface lies nowhere outside the zone (by more than 0.05 mm, what is measured).
    """
    tumour = summary["tumour"]
    if tumour is None:
        sizes = [f"{name} {zone['volume_ml']:.2f} mL" for name, zone in summary["zones"].items()]
        return f"No tumour in this case; zones: {', '.join(sizes)}."
    fraction, margin = tumour["ablated_fraction"], tumour["margin_min_mm"]
    complete = fraction >= COMPLETE and margin > _AT_THE_EDGE
    if not complete:
        ending = "not complete"
    elif tumour["ablated_fraction_with_margin"] >= COMPLETE:
        ending = "complete"
    else:
        ending = "complete, but without the margin asked for"
    return f"Tumour {_percent(fraction)} ablated; smallest margin {_signed(margin)} mm: {ending}."


def _zone(zone: Zone) -> dict[str, Any]:
    return {
        "volume_ml": to_ml(zone.volume),
        "axes_mm": [to_mm(length) for length in zone.axes],
        "along_fibre_mm": to_mm(zone.along),
        "across_fibre_mm": to_mm(zone.across),
        "sphericity": zone.sphericity,
        "pieces": zone.pieces,
    }


def _tumour(tumour: TumourCoverage) -> dict[str, Any]:
    return {
        "diameter_mm": to_mm(tumour.diameter),
        "volume_ml": to_ml(tumour.volume),
        "zone": tumour.zone,
        "ablated_fraction": tumour.ablated_fraction,
        "ablated_fraction_with_margin": tumour.ablated_fraction_with_margin,
        "margin_min_mm": to_mm(tumour.margin_min),
        "margin_mean_mm": to_mm(tumour.margin_mean),
        "residual_ml": to_ml(tumour.residual),
    }


def _zone_table(summary: Mapping[str, Any]) -> list[str]:
    """Return the zones, one a line; the one that the tumour refers to is marked."""
    tumour = summary["tumour"]
    lines = [
        "Zone        volume         axes, longest first   along   across  sphericity  pieces",
        "                mL                          mm      mm       mm",
    ]
    for name, zone in summary["zones"].items():
        mark = "*" if tumour is not None and tumour["zone"] == name else " "
        axes = " x ".join(f"{length:5.1f}" for length in zone["axes_mm"])
        lines.append(
            f"{name + mark:<10}{zone['volume_ml']:>8.2f}{axes:>28}"
            f"{zone['along_fibre_mm']:>8.1f}{zone['across_fibre_mm']:>9.1f}"
            f"{zone['sphericity']:>12.2f}{zone['pieces']:>8d}"
        )
    if tumour is not None:
        lines.append("* tumour and healthy tissue below refer to this zone")
    return lines


def _volume_lines(summary: Mapping[str, Any]) -> list[str]:
    """Return tumour and other volumes."""
    rows: list[tuple[str, str]] = []
    tumour = summary["tumour"]
    if tumour is not None:
        rows += [
            ("Tumour", f"{tumour['diameter_mm']:.1f} mm, {tumour['volume_ml']:.2f} mL"),
            ("  ablated", _percent(tumour["ablated_fraction"])),
            ("  with its margin", _percent(tumour["ablated_fraction_with_margin"])),
            ("  left", f"{tumour['residual_ml']:.2f} mL"),
            (
                "  margin",
                f"smallest {_signed(tumour['margin_min_mm'])} mm, "
                f"mean {_signed(tumour['margin_mean_mm'])} mm",
            ),
        ]
    rows += [
        ("Healthy tissue ablated", f"{summary['healthy_ablated_ml']:.2f} mL"),
        ("Boiled / charred", f"{summary['boiled_ml']:.2f} / {summary['charred_ml']:.2f} mL"),
    ]
    return [f"{name:<24}{value}" for name, value in rows]


def _energy_table(energy: Mapping[str, float]) -> list[str]:
    """Return where the energy went, in joules and as a share of what was fired."""
    names = {
        "fired": "Energy fired",
        "emitted": "  left the fibres",
        "stored": "  still in the tissue",
        "perfusion": "  carried off by perfusion",
        "vessels": "  carried off by vessels",
        "boundary": "  through the boundary",
        "latent": "  turned water into steam",
        "vapour": "  carried off by steam",
        "escaped": "  light that escaped",
    }
    fired = energy["fired"]
    lines = []
    for key, name in names.items():
        share = f"{100.0 * energy[key] / fired:>7.1f} %" if fired > 0.0 else ""
        lines.append(f"{name:<28}{_no_minus_zero(energy[key], 0):>8} J{share}".rstrip())
    lines.append(f"{'  missing in these books':<28}{abs(energy['balance_error']) * fired:>8.2g} J")
    return lines


def _work_lines(summary: Mapping[str, Any]) -> list[str]:
    """Return what was done and how it was computed."""
    protocol, numerics = summary["protocol"], summary["numerics"]
    done = ", ".join(
        _count(protocol[key], word)
        for key, word in (
            ("fibres", "fibre"),
            ("illuminations", "illumination"),
            ("placements", "placement"),
            ("sessions", "session"),
        )
    )
    return [
        f"{'Treatment':<12}{done}; laser on for {protocol['laser_time_s']:.0f} s",
        f"{'Computed':<12}{numerics['cells']:,} cells of {numerics['spacing_mm']:g} mm, "
        f"{_count(numerics['steps'], 'step')}, {_count(numerics['light_updates'], 'light update')}"
        f" in {numerics['wall_s']['total']:.1f} s on {_count(numerics['threads'], 'thread')}",
    ]


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _percent(fraction: float) -> str:
    """Return a fraction in per cent; only what counts as the whole is printed as 100.0 %."""
    shown = 100.0 * fraction if fraction >= COMPLETE else min(100.0 * fraction, 99.9)
    return f"{shown:.1f} %"


def _signed(millimetres: float) -> str:
    text = _no_minus_zero(millimetres, 1)
    return text if millimetres < 0.0 or float(text) == 0.0 else f"+{text}"


def _no_minus_zero(value: float, digits: int) -> str:
    return f"{np.round(value, digits) + 0.0:.{digits}f}"
