"""An explanation in words and numbers: the chain, and what would reconcile a report with it."""

from itertools import pairwise
from math import ceil
from typing import Any

from ablsim.explanation.chain import Explanation
from ablsim.notebook import DISCLAIMER
from ablsim.units import to_ml, to_mm

AS_IS = "as it is"
MISPLACED = "with errors of placement"


def summarise(found: Explanation, reported: float = 1.0) -> dict[str, Any]:
    """Return an explanation as the JSON object ``ablsim/explanation/1``.

    Parameters
    ----------
    found : Explanation
        What `explain` returned.
    reported : float
        The ablated share that somebody reports, from 0 to 1.
    """
    first = found.steps[0]
    gains = [0.0, *(later.ablated - step.ablated for step, later in pairwise(found.steps))]
    per_joule = first.ablated / first.fired if first.fired > 0.0 else 0.0
    energy = reported * found.volume / per_joule if per_joule > 0.0 else None
    placements = first.case.protocol.placements
    return {
        "schema": "ablsim/explanation/1",
        "case": {"title": first.case.title, "sha256": first.case.sha256},
        "zone": found.zone,
        "spacing_mm": to_mm(found.shells.grid.spacing),
        "tumour_ml": to_ml(found.volume),
        "misplaced": {
            "fractions": list(found.misplaced),
            "mean": sum(found.misplaced) / len(found.misplaced) if found.misplaced else None,
        },
        "steps": [
            {
                "name": step.name,
                "ablated_ml": to_ml(step.ablated),
                "fraction": step.fraction,
                "adds_ml": to_ml(gain),
            }
            for step, gain in zip(found.steps, gains, strict=True)
        ],
        "still_missing_ml": to_ml(found.volume - found.steps[-1].ablated),
        "reconcile": {
            "reported": reported,
            "reached_by": next(
                (step.name for step in found.steps if step.fraction >= reported), None
            ),
            "fired_j": first.fired,
            "j_per_ml": 1.0 / (per_joule * 1e6) if per_joule > 0.0 else None,
            "energy_needed_j": energy,
            "placements": placements,
            "placements_needed": None
            if energy is None
            else ceil(energy / (first.fired / placements) - 1e-9),
            "floor_j": found.floor,
            "dead_before": max(0.0, reported - found.fraction),
            "area": found.readings.area,
            "area_best_slice": found.readings.area_best,
            "length": found.readings.length,
        },
    }


def render(summary: dict[str, Any]) -> str:
    """Return the summary of an explanation as text."""
    steps, reconcile = summary["steps"], summary["reconcile"]
    first = steps[0]
    missing = summary["tumour_ml"] - first["ablated_ml"]
    lines = [
        summary["case"]["title"],
        "",
        f"Tumour {summary['tumour_ml']:.1f} mL; {_percent(first['fraction'])} ablated, "
        f"{missing:.1f} mL missing.",
        "",
        f"{'each on top of those above it':<40}{'ablated':>10}{'share':>10}{'adds':>10}",
        f"{'':<40}{'mL':>10}{'':>10}{'mL':>10}",
    ]
    mean = summary["misplaced"]["mean"]
    if mean is not None:
        n = len(summary["misplaced"]["fractions"])
        ablated = mean * summary["tumour_ml"]
        name = f"{MISPLACED} (mean of {n})"
        lines.append(f"{name:<40}{ablated:>10.1f}{_percent(mean):>10}")
    for number, step in enumerate(steps):
        name = step["name"] if number or mean is None else "placed where they were meant to be"
        adds = step["adds_ml"] if number or mean is None else first["ablated_ml"] - ablated
        shown = f"{adds:>+10.1f}" if number or mean is not None else ""
        lines.append(
            f"{name:<40}{step['ablated_ml']:>10.1f}{_percent(step['fraction']):>10}{shown}"
        )
    lines.append(f"{'still missing':<40}{summary['still_missing_ml']:>10.1f}")
    lines += ["", *_reconcile(summary, reconcile, first), "", DISCLAIMER]
    return "\n".join(lines)


def _reconcile(summary: dict[str, Any], found: dict[str, Any], first: dict[str, Any]) -> list[str]:
    """Return what would have to be so for the share that is reported."""
    reported = found["reported"]
    if first["fraction"] >= reported:
        return [f"{_percent(reported)} is reached as it is."]
    lines = [f"For {_percent(reported)} one of these would have to be so:"]
    if found["reached_by"] is not None:
        lines.append(f"  - all in the list above, down to: {found['reached_by']}")
    else:
        last = summary["steps"][-1]
        lines.append(
            f"  - more than all in the list above, which reaches {_percent(last['fraction'])}"
        )
    if found["energy_needed_j"] is not None:
        needed, fired = (found[key] / 1e3 for key in ("energy_needed_j", "fired_j"))
        lines.append(
            f"  - {needed:.0f} kJ in {found['placements_needed']} placements in place of "
            f"{fired:.0f} kJ in {found['placements']}, at the same {found['j_per_ml']:.0f} J/mL"
        )
    lines += [
        f"  - {_percent(found['dead_before'])} of the tumour was dead before, outside the zone",
        f"  - it was read as an area: {_percent(found['area'])} on the axial slice through the "
        f"middle, at best {_percent(found['area_best_slice'])}",
        f"  - it was read as a length: {_percent(found['length'])} of the diameter",
        f"Heating what is left to 60 degC without any loss takes {found['floor_j'] / 1e3:.0f} kJ.",
    ]
    return lines


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f} %"
