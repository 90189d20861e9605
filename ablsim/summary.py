"""The summary of a result: one JSON object, and the text that a person reads in the terminal."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ablsim.band_text import band_lines, beside, zone_row
from ablsim.notebook import DISCLAIMER as DISCLAIMER
from ablsim.residual import ResidualPiece
from ablsim.result import Result, TipRecord
from ablsim.shrinkage import LINEAR_SHRINKAGE, MEASURED_ZONE, shrink
from ablsim.summary_objects import organ_entries, organ_lines, probe_entries, probe_lines
from ablsim.units import to_celsius, to_ml, to_mm
from ablsim.zone import PROCESSES, TumourCoverage, Zone, Zones

SCHEMA = "ablsim/summary/1"
"""Name and version of the summary's layout."""

COMPLETE = 0.9995
"""Ablated fraction that counts, and is printed, as the whole [1]."""

MARGIN_CLASSES = ("below_0_mm", "0_to_2_mm", "2_to_5_mm", "5_to_10_mm", "above_10_mm")
"""Keys of the shares of the tumour's surface by margin."""

_AT_THE_EDGE = -0.05  # mm; a margin above it is printed as 0.0 or more and counts as reached
_SINKS = (
    "escaped",
    "stored",
    "perfusion",
    "vessels",
    "boundary",
    "latent",
    "vapour",
    "between_sessions",
)


CONFIDENCE = (
    "How sure    no band was computed for this case. Expect diameters to be off by 15 to 20 %\n"
    "            (one standard deviation, from nine published lesions), volumes by a factor of 1.6"
)
"""What the study of the defaults says of any prediction while a run has no band of its own."""


def summarise(result: Result, zones: Zones) -> dict[str, Any]:
    """Return the summary of a result as the JSON object ``ablsim/summary/1``.

    Lengths are in mm, volumes in mL, energies in J, times in s; keys carry their unit. What a run
    without organs, probes, photons, random numbers or error estimates has not is empty or null.
    ``shrinkage`` is there only for tissue without any perfusion, that is on the bench;
    ``error.band`` is filled in by `ablsim.band.summarise_band` where a band was asked for.

    Parameters
    ----------
    result : Result
        What `simulate` or `load` returned.
    zones : Zones
        What `measure_zones` returned for it.

    Returns
    -------
    dict
        Plain numbers, texts, lists and dictionaries, as `ablsim show --json` prints them.
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
        "shrinkage": _shrinkage(zones) if case.tissue.perfusion == "none" else None,
        "healthy_ablated_ml": to_ml(zones.healthy_ablated),
        "boiled_ml": to_ml(zones.boiled),
        "charred_ml": to_ml(zones.charred),
        "tips": [_tip(tip) for tip in result.tips],
        "organs": organ_entries(result),
        "energy_j": energy,
        "protocol": {
            "fibres": len(case.fibres_all),
            "illuminations": protocol.illuminations,
            "placements": protocol.placements,
            "sessions": protocol.sessions,
            "laser_time_s": float(protocol.laser_time),
        },
        "probes": probe_entries(result),
        "numerics": {
            "spacing_mm": to_mm(result.grid.spacing),
            "cells": result.grid.n_cells,
            "steps": statistics.steps,
            "light_updates": statistics.light_updates,
            "photons": 0,
            "seed": None,
            "threads": statistics.threads,
            "resumed_at_s": statistics.resumed_at,
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
        _shrinkage_lines(summary.get("shrinkage")),
        _volume_lines(summary),
        organ_lines(summary["organs"]),
        probe_lines(summary["probes"]),
        _energy_table(summary["energy_j"]),
        _work_lines(summary),
        [CONFIDENCE] if (band := summary["error"]["band"]) is None else band_lines(band),
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
    edges, shares = tumour.margin_map.histogram()
    return {
        "diameter_mm": to_mm(tumour.diameter),
        "volume_ml": to_ml(tumour.volume),
        "zone": tumour.zone,
        "ablated_fraction": tumour.ablated_fraction,
        "ablated_fraction_with_margin": tumour.ablated_fraction_with_margin,
        "margin_min_mm": to_mm(tumour.margin_min),
        "margin_mean_mm": to_mm(tumour.margin_mean),
        "residual_ml": to_ml(tumour.residual),
        "margin_asked_mm": to_mm(tumour.margin_asked),
        "margin_reached": tumour.margin_reached,
        "margin_classes": dict(zip(MARGIN_CLASSES, tumour.margin_map.class_shares(), strict=True)),
        "margin_histogram": {
            "edges_mm": [float(edge) for edge in to_mm(edges).round(9)],
            "share": [float(share) for share in shares],
        },
        "residual_pieces": [_piece(piece) for piece in tumour.residual_pieces],
    }


def _tip(tip: TipRecord) -> dict[str, Any]:
    return {
        "fibre": tip.fibre,
        "peak_degc": to_celsius(tip.peak),
        "at_cap": tip.at_cap,
        "charred": tip.charred,
    }


def _piece(piece: ResidualPiece) -> dict[str, Any]:
    vessel = None
    if piece.vessel is not None and piece.vessel_distance is not None:
        vessel = {"name": piece.vessel, "distance_mm": to_mm(piece.vessel_distance)}
    return {
        "volume_ml": to_ml(piece.volume),
        "centroid_mm": [to_mm(part) for part in piece.centroid],
        "from_centre_mm": to_mm(piece.distance),
        "direction": piece.direction,
        "vessel": vessel,
    }


def _shrinkage(zones: Zones) -> dict[str, Any]:
    """Return the ruler's reading of the pale zone as ranges, least first."""
    size = shrink(zones[MEASURED_ZONE])
    return {
        "zone": MEASURED_ZONE,
        "linear": list(LINEAR_SHRINKAGE),
        "axes_mm": [[to_mm(length) for length in axis] for axis in size.axes],
        "along_fibre_mm": [to_mm(length) for length in size.along],
        "across_fibre_mm": [to_mm(length) for length in size.across],
        "volume_ml": [to_ml(volume) for volume in size.volume],
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
        if (band := summary["error"]["band"]) is not None:
            lines.append(zone_row(band, name))
    if tumour is not None:
        lines.append("* tumour and healthy tissue below refer to this zone")
    return lines


def _shrinkage_lines(shrinkage: Mapping[str, Any] | None) -> list[str]:
    """Return what a ruler would read on bench tissue that has shrunk."""
    if shrinkage is None or shrinkage["volume_ml"][1] == 0.0:
        return []
    low, high = (f"{100.0 * loss:.0f}" for loss in shrinkage["linear"])
    axes = " x ".join(_range(axis) for axis in shrinkage["axes_mm"])
    along, across = (_range(shrinkage[key]) for key in ("along_fibre_mm", "across_fibre_mm"))
    return [
        f"{'On the bench':<24}a ruler on the {shrinkage['zone']} zone, its tissue {low} to {high} %"
        " shorter, reads",
        f"{'':<24}{axes} mm, along {along}, across {across} mm",
        f"{'':<24}(all other sizes here are those before shrinking)",
    ]


def _margin_rows(tumour: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return how the margin is spread over the tumour's surface, as shares of its area."""
    if "margin_classes" not in tumour:  # stored before there were any
        return []
    shares = tumour["margin_classes"].values()
    rows = [
        ("  margin, mm", "".join(f"{name:>9}" for name in ("< 0", "0-2", "2-5", "5-10", "> 10"))),
        ("  of its surface", "".join(f"{_percent(share):>9}" for share in shares)),
    ]
    asked = tumour["margin_asked_mm"]
    if asked > 0.0:
        reached = _percent(tumour["margin_reached"])
        rows.append(("  margin asked for", f"{asked:g} mm, reached on {reached} of its surface"))
    return rows


def _residual_rows(tumour: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return where the residual sits, broken into lines."""
    lines = textwrap.wrap(residual_sentence(tumour), 76)
    return [("" if i else "  sits", line) for i, line in enumerate(lines)]


def residual_sentence(tumour: Mapping[str, Any]) -> str:
    """Return one sentence on where the residual tumour sits; empty if there is none to speak of.

    Parameters
    ----------
    tumour : mapping
        The part ``tumour`` of a summary.
    """
    pieces = tumour.get("residual_pieces", [])
    if not pieces:
        return ""
    largest = pieces[0]
    text = f"{largest['volume_ml']:.2g} mL {_place(largest)}"
    if len(pieces) > 1:
        rest = sum(piece["volume_ml"] for piece in pieces[1:])
        text = f"{_count(len(pieces), 'piece')}; the largest, {text}; {rest:.2g} mL in the others"
    return f"{text}."


def _place(piece: Mapping[str, Any]) -> str:
    """Say where a piece lies and which vessel is beside it."""
    direction, away = piece["direction"], piece["from_centre_mm"]
    if direction == "all around":
        text = "all around the ablated part"
    elif direction == "central":
        text = "about the centre"
    else:
        text = f"{direction}, {away:.0f} mm from the centre"
    if piece["vessel"] is not None:
        name, gap = piece["vessel"]["name"], piece["vessel"]["distance_mm"]
        text += f", {gap:.1f} mm from {name}"
    return text


def _range(bounds: Sequence[float]) -> str:
    return f"{bounds[0]:.1f}-{bounds[1]:.1f}"


def _volume_lines(summary: Mapping[str, Any]) -> list[str]:
    """Return tumour and other volumes."""
    rows: list[tuple[str, str]] = []
    tumour, band = summary["tumour"], summary["error"]["band"]
    if tumour is not None:
        around = None if band is None else band["tumour"]
        rows += [
            ("Tumour", f"{tumour['diameter_mm']:.1f} mm, {tumour['volume_ml']:.2f} mL"),
            (
                "  ablated",
                _percent(tumour["ablated_fraction"]) + beside(around, "ablated_fraction"),
            ),
            (
                "  with its margin",
                _percent(tumour["ablated_fraction_with_margin"])
                + beside(around, "ablated_fraction_with_margin"),
            ),
            ("  left", f"{tumour['residual_ml']:.2f} mL{beside(around, 'residual_ml')}"),
            *_residual_rows(tumour),
            (
                "  margin",
                f"smallest {_signed(tumour['margin_min_mm'])} mm{beside(around, 'margin_min_mm')}, "
                f"mean {_signed(tumour['margin_mean_mm'])} mm{beside(around, 'margin_mean_mm')}",
            ),
            *_margin_rows(tumour),
        ]
    healthy = f"{summary['healthy_ablated_ml']:.2f} mL{beside(band, 'healthy_ablated_ml')}"
    rows += [
        ("Healthy tissue ablated", healthy),
        ("Boiled / charred", f"{summary['boiled_ml']:.2f} / {summary['charred_ml']:.2f} mL"),
    ]
    if summary.get("tips"):  # results stored before there were any have none
        rows.append(("Tips, estimated", _tips_text(summary["tips"])))
    return [f"{name:<24}{value}" for name, value in rows]


def _tips_text(tips: Sequence[Mapping[str, Any]]) -> str:
    """Return how hot the tips were at their hottest, alike fibres together.

    No number beyond the cap is shown: what a tip did there this method cannot tell.
    """
    found: dict[str, list[str]] = {}
    for tip in tips:
        text = f"{'above ' * tip['at_cap']}{tip['peak_degc']:.0f} degC"
        text += ", charred" * tip["charred"]
        found.setdefault(text, []).append(tip["fibre"])
    if len(found) == 1 and len(tips) > 1:
        return f"{next(iter(found))} (all {len(tips)})"
    return "; ".join(f"{', '.join(names)} {text}" for text, names in found.items())


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
        "between_sessions": "  gone between sessions",
    }
    if not energy.get("between_sessions"):
        del names["between_sessions"]
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
