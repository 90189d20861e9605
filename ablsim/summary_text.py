"""A summary as the text that a person reads in the terminal."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ablsim.band_text import band_lines, beside, zone_row
from ablsim.discretisation_text import grid_lines
from ablsim.notebook import DISCLAIMER
from ablsim.summary_objects import organ_lines, probe_lines

COMPLETE = 0.9995
"""Ablated fraction that counts, and is printed, as the whole [1]."""

_AT_THE_EDGE = -0.05  # mm; a margin above it is printed as 0.0 or more and counts as reached

CONFIDENCE = (
    "How sure    no band was computed for this case. Expect diameters to be off by 15 to 20 %\n"
    "            (one standard deviation, from published lesions), volumes by a factor of 1.6"
)
"""What the study of the defaults says of any prediction while a run has no band of its own."""


def render(summary: Mapping[str, Any], *, notes: Sequence[str] = ()) -> str:
    """Return a summary as plain text for a terminal.

    Parameters
    ----------
    summary : mapping
        What `ablsim.summary.summarise` returns or a result file stores.
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
        grid_lines(summary["error"]["grid"]),
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
    return f"Tumour {percent(fraction)} ablated; smallest margin {signed(margin)} mm: {ending}."


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
        ("  of its surface", "".join(f"{percent(share):>9}" for share in shares)),
    ]
    asked = tumour["margin_asked_mm"]
    if asked > 0.0:
        reached = percent(tumour["margin_reached"])
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
                percent(tumour["ablated_fraction"]) + beside(around, "ablated_fraction"),
            ),
            (
                "  with its margin",
                percent(tumour["ablated_fraction_with_margin"])
                + beside(around, "ablated_fraction_with_margin"),
            ),
            ("  left", f"{tumour['residual_ml']:.2f} mL{beside(around, 'residual_ml')}"),
            *_residual_rows(tumour),
            (
                "  margin",
                f"smallest {signed(tumour['margin_min_mm'])} mm{beside(around, 'margin_min_mm')}, "
                f"mean {signed(tumour['margin_mean_mm'])} mm{beside(around, 'margin_mean_mm')}",
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
        *_likely_lines(summary["error"]),
    ]


def _likely_lines(error: Mapping[str, Any]) -> list[str]:
    """Return how far cells and steps may have moved the zone, unless that was measured."""
    if error["grid"] is not None or "likely" not in error:  # stored before there was any
        return []
    if error["likely"] is None:
        return ["            How accurate that is, no like case tells; --certify measures it"]
    return [
        f"            Finer cells and steps would move the reported zone's volume by less than "
        f"{100.0 * error['likely']:.1f} %,",
        "            as in 19 of 20 cases tried; --certify measures it",
    ]


def _range(bounds: Sequence[float]) -> str:
    return f"{bounds[0]:.1f}-{bounds[1]:.1f}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def percent(fraction: float) -> str:
    """Return a fraction in per cent; only what counts as the whole is printed as 100.0 %."""
    shown = 100.0 * fraction if fraction >= COMPLETE else min(100.0 * fraction, 99.9)
    return f"{shown:.1f} %"


def signed(millimetres: float) -> str:
    """Return a length [mm] with its sign; one that is printed as zero has none."""
    text = _no_minus_zero(millimetres, 1)
    return text if millimetres < 0.0 or float(text) == 0.0 else f"+{text}"


def _no_minus_zero(value: float, digits: int) -> str:
    return f"{np.round(value, digits) + 0.0:.{digits}f}"
