"""The band of a run as text: beside each number of the summary, and what it hangs on."""

import textwrap
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
        return f" ({percent_span(intervals[key])})"
    if key.startswith("margin"):
        return f" ({round(low, 1) + 0.0:+.1f} to {round(high, 1) + 0.0:+.1f})"
    return f" ({span(intervals[key])})"


def span(interval: Interval, digits: int | None = None) -> str:
    """Return the ends of an interval, with so many decimals, by default as many as tell."""
    low, high = interval[0], interval[-1]
    if digits is None:
        digits = 0 if high >= 100.0 else 1 if high >= 10.0 else 2
    return f"{low:.{digits}f}-{high:.{digits}f}"


def percent_span(interval: Interval) -> str:
    """Return the ends of an interval of a share, in per cent."""
    return f"{100.0 * interval[0]:.0f}-{100.0 * interval[-1]:.0f} %"


def band_lines(band: Mapping[str, Any]) -> list[str]:
    """Return what the numbers hang on, and how the band was made."""
    shares, tumour = band["shares"], band["tumour"]
    zone = f"{shares['zone']} zone"
    columns = [zone, *([] if tumour is None else ["tumour ablated"])]
    lines = [f"{'What it hangs on':<30}{'':2}{'  '.join(columns)}  varied by"]
    for entry in band["varied"]:
        name = entry["name"]
        cells = [shares["volume"][name], shares["ablated_fraction"][name]][: len(columns)]
        row = "  ".join(f"{_share(c):>{len(t)}}" for c, t in zip(cells, columns, strict=True))
        lines.append(f"{'  ' + name:<30}{'':2}{row}  {entry['spread']}")
    return lines + textwrap.wrap(" ".join(_sentences(band)), 98)


def _sentences(band: Mapping[str, Any]) -> list[str]:
    """Return how the band was made, and when not to rely on it."""
    alone, tumour = band["parameters_only"], band["parameters_only"]["tumour"]
    name = band["shares"]["zone"]
    only = f"{span(alone['zones'][name]['volume_ml'])} mL"
    if tumour is not None:
        only += f" and {percent_span(tumour['ablated_fraction'])} of the tumour"
    shared = ""
    if band.get("calibrated"):  # results stored before there was a posterior have none
        shared = (
            " that would go if one thing alone were known, as published lesions left them all "
            "(ablsim calibrate); what these could not tell apart shares its part"
        )
    sentences = [
        f"Shares of the variance{shared}. All intervals are 5 to 95 %, with an error of the model "
        f"itself of {100.0 * band['model_error_sd_ln_d']:.0f} % in diameter; the parameters alone "
        f"give a {name} zone of {only}.",
        f"Effects are from {band['runs']} more runs on cells of {band['spacing_mm']:g} mm.",
    ]
    sentences += [
        f"In {count} of them no {name} zone is left: this treatment works close to its threshold, "
        "and its band is rough."
        for name, count in band["vanished"].items()
    ]
    return sentences


def _share(share: float | None) -> str:
    """Return a share; so few runs cannot tell a small one from none."""
    if share is None:
        return "-"
    return f"{100.0 * share:.0f} %" if share >= 0.025 else "< 3 %"
