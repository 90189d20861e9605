"""The band of a run as text: beside each number of the summary, and what it hangs on."""

from collections.abc import Mapping, Sequence
from typing import Any

Interval = Sequence[float]


def zone_row(band: Mapping[str, Any], name: str) -> str:
    """Return the line below a zone in the table of zones, in the same columns."""
    zone = band["zones"][name]
    axes = " x ".join(span(axis, 0) for axis in zone["axes_mm"])
    return (
        f"{'  5-95 %':<8}{span(zone['volume_ml']):>10}{axes:>28}"
        f"{span(zone['along_fibre_mm'], 0):>8}{span(zone['across_fibre_mm'], 0):>9}"
    )


def beside(intervals: Mapping[str, Any] | None, key: str) -> str:
    """Return what stands in brackets behind the number called ``key``; nothing without a band."""
    if intervals is None:
        return ""
    low, high = intervals[key][0], intervals[key][-1]
    if key.startswith("ablated_fraction"):
        return f" ({100.0 * low:.0f}-{100.0 * high:.0f} %)"
    if key.startswith("margin"):
        return f" ({round(low, 1) + 0.0:+.1f} to {round(high, 1) + 0.0:+.1f})"
    return f" ({span(intervals[key])})"


def span(interval: Interval, digits: int | None = None) -> str:
    """Return the ends of an interval, with so many decimals, by default as many as tell."""
    low, high = interval[0], interval[-1]
    if digits is None:
        digits = 0 if high >= 100.0 else 1 if high >= 10.0 else 2
    return f"{low:.{digits}f}-{high:.{digits}f}"


def band_lines(band: Mapping[str, Any]) -> list[str]:
    """Return what the numbers hang on, and how the band was made."""
    shares = band["shares"]
    has_tumour = band["tumour"] is not None
    columns = f"{shares['zone']} zone" + ("  tumour ablated" if has_tumour else "")
    lines = [f"{'What it hangs on':<32}{columns}"]
    for entry in band["varied"]:
        name = entry["name"]
        row = f"  {name:<30}{_share(shares['volume'][name]):>{len(shares['zone']) + 5}}"
        if has_tumour:
            row += f"{_share(shares['ablated_fraction'][name]):>16}"
        lines.append(f"{row}   {entry['spread']}")
    runs, spacing = band["runs"], band["spacing_mm"]
    only = band["parameters_only"]["zones"][shares["zone"]]["volume_ml"]
    lines += [
        f"5-95 % from {runs} runs with {spacing:g} mm cells, and an error of the model itself of "
        f"{100.0 * band['model_error_sd_ln_d']:.0f} %",
        f"in diameter; the parameters alone give {span(only)} mL for the {shares['zone']} zone.",
    ]
    for name, count in band["vanished"].items():
        lines.append(
            f"No {name} zone was left in {count} of 12 varied runs: this treatment works close to "
            "its threshold, and the band is rough."
        )
    return lines


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100.0 * share:.0f} %"
