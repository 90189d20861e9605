"""What the size of cells leaves open, as text below the summary."""

import textwrap
from collections.abc import Mapping
from typing import Any


def grid_lines(grid: Mapping[str, Any] | None) -> list[str]:
    """Return how accurate a run's numbers are on its cells; nothing where that is not known."""
    if grid is None:
        return []
    lines = [f"{'Cells':<24}{'here':>8}{'limit':>10}{'extrapolated':>20}{'order':>8}"]
    for name, zone in grid["zones"].items():
        lines.append(_row(f"  {name}, mL", zone["volume_ml"], 2))
    tumour = grid["tumour"]
    if tumour is not None:
        lines.append(_row("  tumour ablated, %", tumour["ablated_fraction"], 1, 100.0))
        lines.append(_row("  smallest margin, mm", tumour["margin_min_mm"], 1))
    return lines + textwrap.wrap(" ".join(_sentences(grid)), 98)


def _row(name: str, error: Mapping[str, Any], digits: int, factor: float = 1.0) -> str:
    low, high = (factor * end for end in error["interval"])
    if name.endswith("%"):
        low, high = max(0.0, low), min(100.0, high)
    span = f"{low:.{digits}f} to {high:.{digits}f}"
    value, limit = factor * error["value"], factor * error["extrapolated"]
    order = "-" if error["order"] is None else f"{error['order']:.1f}"
    return f"{name:<24}{value:>8.{digits}f}{span:>18}{limit:>12.{digits}f}{order:>8}"


def _sentences(grid: Mapping[str, Any]) -> list[str]:
    edges = [f"{edge:g}" for edge in grid["spacings_mm"]]
    sentences = [
        f"From runs on cells of {edges[0]}, {edges[1]} and {edges[2]} mm: where ever finer cells "
        "would lead (95 %), as far as the model goes; no order where the three do not converge."
    ]
    if "asked" in grid:
        met = "" if grid["is_met"] else ", which is not met: finer cells are not tried"
        sentences.append(
            f"Volume of the reported zone to {100.0 * grid['reached']:.2g} %, asked for were "
            f"{100.0 * grid['asked']:g} %{met}."
        )
    return sentences
