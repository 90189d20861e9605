"""The size table: a plan for every diameter of several tumours, beside what is done in clinics."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ablsim.planning.clinic import RULES, rule_for

SCHEMA = "ablsim/size-table/1"
"""Name and version of the layout."""

DIAMETERS = (10e-3, 15e-3, 20e-3, 25e-3, 30e-3, 40e-3, 55e-3, 80e-3, 120e-3)
"""Diameters that are planned for [m]."""

TUMOURS = (
    ("net_metastasis", "normal"),
    ("net_metastasis", "embolised"),
    ("colorectal_metastasis", "normal"),
    ("colorectal_metastasis", "embolised"),
)
"""Tumours that are planned for: tissue and perfusion."""

COLUMNS = (
    "tissue", "perfusion", "diameter_mm", "feasible", "fibres", "pattern", "spacing_mm",
    "illuminations_per_placement", "pull_back_mm", "power_w", "energy_per_fibre_j", "placements",
    "sessions", "insertions", "illuminations", "energy_kj", "laser_time_min", "p_complete",
    "p_complete_low", "p_complete_high", "ablated_percent", "expected_percent", "margin_min_mm",
    "healthy_ml", "burden_min", "clinic_kj_low", "clinic_kj_high", "runs", "work_s",
)  # fmt: skip
"""Columns of the table as CSV."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One plan of the table.

    Parameters
    ----------
    tissue, perfusion : str
        Of the tumour.
    diameter : float
        Of the sphere [m].
    answer : dict
        As `ablsim.planning.summarise` has it.
    """

    tissue: str
    perfusion: str
    diameter: float
    answer: dict[str, Any]

    @property
    def treatment(self) -> dict[str, Any]:
        """The plan, or the nearest."""
        found: dict[str, Any] = self.answer["plan"] or self.answer["nearest"]["plan"]
        return found

    @property
    def predicted(self) -> dict[str, Any]:
        """What is predicted of it."""
        found: dict[str, Any] = self.answer["predicted"] or self.answer["nearest"]["predicted"]
        return found

    def row(self) -> dict[str, Any]:
        """Return its row."""
        plan, predicted = self.treatment, self.predicted
        clinic = rule_for(self.diameter).energy
        return {
            "tissue": self.tissue,
            "perfusion": self.perfusion,
            "diameter_mm": round(1e3 * self.diameter, 3),
            "feasible": self.answer["feasible"],
            **{
                key: plan[key]
                for key in (
                    "fibres", "pattern", "illuminations_per_placement", "pull_back_mm", "power_w",
                    "energy_per_fibre_j", "placements", "sessions", "insertions", "illuminations",
                )
            },
            "spacing_mm": plan["spacing_mm"] or "",
            "energy_kj": round(plan["energy_total_j"] / 1e3, 3),
            "laser_time_min": round(plan["laser_time_s"] / 60.0, 1),
            "p_complete": round(predicted["p_complete"], 3),
            "p_complete_low": round(predicted["p_complete_ci"][0], 3),
            "p_complete_high": round(predicted["p_complete_ci"][1], 3),
            "ablated_percent": round(100.0 * predicted["ablated_fraction"], 2),
            "expected_percent": round(100.0 * predicted["expected_fraction"][0], 2),
            "margin_min_mm": round(predicted["margin_min_mm"], 2),
            "healthy_ml": round(predicted["healthy_ablated_ml"], 2),
            "burden_min": round(plan["burden_min"], 1),
            "clinic_kj_low": clinic[0] / 1e3,
            "clinic_kj_high": clinic[1] / 1e3,
            "runs": self.answer["evaluations"],
            "work_s": round(self.answer["work_s"], 1),
        }  # fmt: skip


def every_entry(
    tumours: Sequence[tuple[str, str]],
    diameters: Sequence[float],
    make: Callable[[str, str, float], dict[str, Any]],
) -> Iterator[Entry]:
    """Yield the entries of a table, smallest first, so that most of it is there soon."""
    for diameter in sorted(diameters):
        for tissue, perfusion in tumours:
            yield Entry(tissue, perfusion, diameter, make(tissue, perfusion, diameter))


def write_csv(entries: Sequence[Entry]) -> str:
    """Return the table as CSV."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(entry.row() for entry in entries)
    return stream.getvalue()


def summarise_table(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the table as the JSON object ``ablsim/size-table/1``."""
    return {
        "schema": SCHEMA,
        "rows": [entry.row() for entry in entries],
        "clinic": [
            {"up_to_mm": 1e3 * rule.up_to, "energy_kj": [e / 1e3 for e in rule.energy]}
            for rule in RULES
        ],
    }


def render_table(entries: Sequence[Entry]) -> str:
    """Return the table as text."""
    lines = [
        f"{'per placement':>74} {'in all':>44}",
        "  mm  tumour                            plan                 fibres x ill.  plac.  sess.  "
        "   kJ   min  complete %     mean %   clinic kJ",
    ]
    for entry in entries:
        row = entry.row()
        name = f"{entry.tissue.replace('_metastasis', '')}, {entry.perfusion}"
        spacing = f"{row['spacing_mm']:.3g} mm" if row["spacing_mm"] else ""
        plan = f"{row['energy_per_fibre_j']:.0f} J, {row['power_w']:.2g} W, {spacing}"
        chance = (
            f"{100 * row['p_complete']:.0f} ({100 * row['p_complete_low']:.0f}-"
            f"{100 * row['p_complete_high']:.0f})"
        )
        short = "" if row["feasible"] else " *"
        lines.append(
            f"{row['diameter_mm']:4.0f}  {name:<22}  {plan:<28} "
            f"{row['fibres']:6d} x {row['illuminations_per_placement']:<4d} {row['placements']:6d} "
            f"{row['sessions']:6d} {row['energy_kj']:7.1f} {row['laser_time_min']:5.0f}  "
            f"{chance:<12} {row['expected_percent']:7.1f}   "
            f"{row['clinic_kj_low']:.1f}-{row['clinic_kj_high']:.1f}{short}"
        )
    if any(not entry.answer["feasible"] for entry in entries):
        lines.append("* the nearest plan: the demand is not met")
    return "\n".join(lines)
