"""The picture of a study: ablated fraction against diameter, and how often all is ablated."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ablsim.errors import ResultError
from ablsim.notebook import DISCLAIMER
from ablsim.view.style import FONT, INK, QUIET

COLOURS = ("#6a1b9a", "#00838f", "#b26a00", "#3f6fc6", "#8a2846")
"""Of the policies, one after the other."""

ALL = "all sizes"
"""What lesions of no limits are called."""

_DPI = 100
_SEEN: dict[str, Any] = {"color": INK, "zorder": 5, "markerfacecolor": "white"}
_LONGEST_TITLE = 90


def draw_cohort(summary: Mapping[str, Any], png_path: str | Path) -> None:
    """Draw a study and write it as PNG; an existing file is replaced.

    Parameters
    ----------
    summary : mapping
        What `ablsim.cohort.run_cohort` returns.
    png_path : str or Path
        Where the picture goes. Observed lesions are read from ``lesions.csv`` beside it.

    Raises
    ------
    ResultError
        If the picture cannot be written.
    """
    path = Path(png_path)
    policies = list(summary["policies"])
    colours = {policy: COLOURS[i % len(COLOURS)] for i, policy in enumerate(policies)}
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET, "axes.labelcolor": INK}):
        figure = Figure(figsize=(14.0, 7.2), facecolor="white")
        FigureCanvasAgg(figure)
        left = figure.add_axes((0.06, 0.185, 0.425, 0.665))
        right = figure.add_axes((0.555, 0.185, 0.425, 0.665))
        _draw_fractions(left, summary, colours, _read_observed(path.with_name("lesions.csv")))
        _draw_rates(right, summary, colours)
        _write_words(figure, summary)
        try:
            figure.savefig(path, dpi=_DPI)
        except OSError as error:
            msg = f"{path} cannot be written: {error.strerror}"
            raise ResultError(msg) from error


def _draw_fractions(
    axes: Axes,
    summary: Mapping[str, Any],
    colours: Mapping[str, str],
    observed: Sequence[tuple[float, float]],
) -> None:
    """Draw the band of the ablated fraction of each policy, and the lesions that were observed."""
    for policy, colour in colours.items():
        rows = [row for row in summary["curve"] if row["policy"] == policy]
        x = [row["diameter_mm"] for row in rows]
        low, middle, high = ([100.0 * row[k] for row in rows] for k in ("p05", "median", "p95"))
        axes.fill_between(x, low, high, color=colour, alpha=0.13, linewidth=0.0)
        axes.plot(x, middle, color=colour, linewidth=2.2, marker="o", markersize=4.0, label=policy)
    if observed:
        points = [d for d, _ in observed], [100.0 * f for _, f in observed]
        axes.plot(*points, linestyle="none", marker="o", markersize=6.0, label="observed", **_SEEN)
    for entry in _each_observation(summary):
        seen = entry["observed"]
        if "fraction_over" in seen:
            level = 100.0 * seen["fraction_over"]
            _draw_reported(axes, summary, entry, level, f"reported: over {level:g} %")
        if "complete" in seen and seen["complete"] == seen["lesions"]:
            _draw_reported(axes, summary, entry, 100.0, "reported: all complete")
    axes.set(xlabel="longest axis of the lesion [mm]", ylabel="ablated share of the lesion [%]")
    axes.set(ylim=(-2.0, 110.0))
    axes.set_title("Ablated share: median and 5 to 95 % of lesions and draws", loc="left", size=13)
    _dress(axes)
    axes.legend(frameon=False, loc="lower left")


def _draw_reported(
    axes: Axes, summary: Mapping[str, Any], entry: Mapping[str, Any], level: float, words: str
) -> None:
    """Draw a share that lesions of some sizes are reported to have reached."""
    low, high = entry["diameter_mm"]
    sizes = summary["population"]["diameter_mm"]
    ends = [low or sizes["min"], sizes["max"] if high is None else high]
    axes.plot(ends, [level, level], color=INK, linewidth=1.6, linestyle=(0, (4, 2)), zorder=4)
    at, side = (ends[0], "left") if level == 100.0 else (ends[1], "right")
    axes.annotate(words, (at, level), xytext=(0, 5), textcoords="offset points", ha=side)


def _draw_rates(axes: Axes, summary: Mapping[str, Any], colours: Mapping[str, str]) -> None:
    """Draw how often all of a lesion is ablated, by class, beside what was observed."""
    groups = _groups(summary)
    slots = len(colours) + any(seen for _, _, seen in groups)
    width = 0.72 / slots
    for i, (policy, colour) in enumerate(colours.items()):
        rates = [(x, rates.get(policy)) for x, (_, rates, _) in enumerate(groups)]
        shift = (i + 0.5) * width - 0.36
        _draw_bars(axes, [(x + shift, rate) for x, rate in rates if rate], width, colour, policy)
    shift = (len(colours) + 0.5) * width - 0.36
    _draw_points(axes, [(x + shift, seen) for x, (_, _, seen) in enumerate(groups) if seen])
    axes.set_xticks(range(len(groups)), [name for name, _, _ in groups])
    axes.set(xlabel="longest axis of the lesion [mm]", ylabel="completely ablated [%]")
    axes.set(ylim=(-2.0, 122.0), xlim=(-0.6, len(groups) - 0.4), yticks=range(0, 101, 20))
    from_share = f"{100.0 * summary['complete_from']:g} %"
    axes.set_title(f"Complete (from {from_share} on): rates, 95 % intervals", loc="left", size=13)
    _dress(axes)
    axes.legend(frameon=False, ncols=slots, loc="upper left", columnspacing=1.2, handlelength=1.4)


def _groups(
    summary: Mapping[str, Any],
) -> list[tuple[str, dict[str, Mapping[str, Any]], Mapping[str, Any] | None]]:
    """Return classes and aggregate observations: name, rate of each policy, observed rate."""
    found: dict[str, tuple[dict[str, Mapping[str, Any]], Mapping[str, Any] | None]] = {}
    for entry in summary["classes"]:
        if entry["stratum"] is None:
            rates, _ = found.setdefault(
                _name(entry["diameter_mm"]), ({}, entry["observed"]["complete_rate"])
            )
            rates[entry["policy"]] = entry["complete_rate"]
    for entry in summary["observations"]:
        if "complete_rate" in entry["observed"]:
            where = f"reported:\n{_name(entry['diameter_mm'])}"
            rates, _ = found.setdefault(where, ({}, entry["observed"]["complete_rate"]))
            rates[entry["policy"]] = entry["predicted"]["complete_rate"]
    return [(name, rates, seen) for name, (rates, seen) in found.items()]


def _draw_bars(
    axes: Axes,
    places: Sequence[tuple[float, Mapping[str, Any]]],
    width: float,
    colour: str,
    label: str,
) -> None:
    x = [place for place, _ in places]
    heights = [100.0 * rate["rate"] for _, rate in places]
    axes.bar(x, heights, 0.92 * width, color=colour, alpha=0.55, label=label)
    axes.errorbar(
        x, heights, _whiskers(places), fmt="none", ecolor=colour, elinewidth=1.8, capsize=3
    )


def _draw_points(axes: Axes, places: Sequence[tuple[float, Mapping[str, Any]]]) -> None:
    if not places:
        return
    x, y = [place for place, _ in places], [100.0 * rate["rate"] for _, rate in places]
    axes.errorbar(
        x, y, _whiskers(places), fmt="o", ecolor=INK, capsize=3, label="observed", **_SEEN
    )


def _whiskers(places: Sequence[tuple[float, Mapping[str, Any]]]) -> list[list[float]]:
    """Return how far the intervals reach below and above; not at all where there is none."""
    ends = [
        (rate["rate"], rate["low"], rate["high"])
        if rate["low"] is not None
        else (rate["rate"], rate["rate"], rate["rate"])
        for _, rate in places
    ]
    return [
        [100.0 * (middle - low) for middle, low, _ in ends],
        [100.0 * (high - middle) for middle, _, high in ends],
    ]


def _write_words(figure: Figure, summary: Mapping[str, Any]) -> None:
    title = str(summary["study"]["title"])
    if len(title) > _LONGEST_TITLE:
        title = f"{title[: _LONGEST_TITLE - 3]}..."
    figure.text(0.015, 0.955, title, size=17, weight="bold", va="center")
    population = summary["population"]
    words = (
        f"{population['lesions']} lesions, {summary['draws']} draws each; zone of "
        f"{summary['zone']}; cells of {summary['spacing_mm']:g} mm"
    )
    figure.text(0.015, 0.91, words, color=QUIET, va="center")
    figure.text(0.015, 0.025, DISCLAIMER, color=QUIET, va="center")
    said = [_say(entry) for entry in _each_observation(summary) if "complete" in entry["observed"]]
    if said:
        text = f"Observed of lesions together: {'; '.join(said)}"
        figure.text(0.015, 0.065, text, color=INK, va="center")


def _each_observation(summary: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return each aggregate observation once, whatever the policies."""
    first = summary["policies"][0]
    return [entry for entry in summary["observations"] if entry["policy"] == first]


def _say(entry: Mapping[str, Any]) -> str:
    seen = entry["observed"]
    name = _name(entry["diameter_mm"])
    return (
        f"{name if name == ALL else f'{name} mm'}: {seen['complete']} of {seen['lesions']} complete"
    )


def _name(span: Sequence[float | None]) -> str:
    low, high = span
    if high is None:
        return f"over {low:g}" if low else ALL
    return f"{low:g} to {high:g}" if low else f"up to {high:g}"


def _read_observed(path: Path) -> list[tuple[float, float]]:
    """Return longest axis [mm] and ablated fraction of the lesions of which it was observed."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        rows = {
            row["lesion"]: (
                max(float(row[f"axis_{i}_mm"]) for i in (1, 2, 3)),
                float(row["observed_fraction"]),
            )
            for row in csv.DictReader(stream)
            if row["observed_fraction"]
        }
    return list(rows.values())


def _dress(axes: Axes) -> None:
    axes.grid(visible=True, axis="y", color="#e3e3e6", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
