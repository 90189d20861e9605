"""Predicted over measured, line by line: where each lesion lies and how sure its prediction is."""

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ablsim.notebook import DISCLAIMER
from ablsim.validation.report import Line
from ablsim.validation.wording import number, say_measured
from ablsim.view.style import FONT, INK, QUIET, REPORTED_LINE

PREDICTED = REPORTED_LINE.colour
BAND, BAND_ALONE = "#d9c4ea", "#b58ad6"
ACCEPTED = "#dddfe3"
_TICKS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 2.0, 2.5)
_WIDTH, _ROW, _GAP, _FOOT = 12.0, 0.36, 0.95, 0.8  # inches


def draw_measured(lines: Sequence[Line], path: Path, *, settings: str) -> bool:
    """Draw a validation; say whether there was anything to draw.

    Parameters
    ----------
    lines : sequence of Line
        The lines of the table.
    path : Path
        Where the picture (PNG) goes.
    settings : str
        What all rows have alike, a sentence below the title.
    """
    drawn = [line for line in lines if line.error is not None and math.isfinite(line.error)]
    sizes = [line for line in drawn if line.unit != "degC"]
    temperatures = [line for line in drawn if line.unit == "degC"]
    parts = [part for part in (sizes, temperatures) if part]
    if not parts:
        return False
    below = textwrap.fill(settings, 125)
    head = 0.75 + 0.22 * len(below.splitlines())
    height = head + _FOOT + _GAP * len(parts) + _ROW * sum(len(part) + 0.6 for part in parts)
    with rc_context(FONT):
        figure = Figure(figsize=(_WIDTH, height), facecolor="white")
        top = height - head
        for part in parts:
            inches = _ROW * (len(part) + 0.6)
            place = (0.32, (top - inches) / height, 0.43, inches / height)
            axes = figure.add_axes(place)
            (_draw_sizes if part is sizes else _draw_temperatures)(axes, part)
            top -= inches + _GAP
        figure.text(
            0.02,
            1.0 - 0.3 / height,
            "Published lesions: predicted over measured",
            fontsize="large",
            weight="bold",
            va="center",
        )
        figure.text(0.02, 1.0 - 0.62 / height, settings, fontsize="small", color=QUIET, va="center")
        figure.legend(
            handles=_legend(),
            loc="lower center",
            bbox_to_anchor=(0.5, 0.28 / height),
            ncols=4,
            frameon=False,
            fontsize="small",
            columnspacing=1.6,
        )
        figure.text(0.98, 0.14 / height, DISCLAIMER, fontsize="small", color=QUIET, ha="right")
        figure.savefig(path, dpi=110, format="png")
    return True


def _draw_sizes(axes: Axes, lines: Sequence[Line]) -> None:
    """Draw lengths as ratios on a logarithmic scale; volumes by the cube root."""
    axes.set_xscale("log")
    ends = [_ratio(line, value) for line in lines for value in (line.predicted, *_band(line))]
    low, high = min(0.6, *ends) / 1.04, max(1.6, *ends) * 1.04
    axes.set_xlim(low, high)
    _rows(axes, lines)
    for i, line in enumerate(lines):
        least, most = (
            _limit(line, value, end) for value, end in zip(line.limits, (low, high), strict=True)
        )
        axes.barh(i, most - least, left=least, height=0.86, color=ACCEPTED, zorder=0)
        for span, colour, thickness in (
            (line.band, BAND, 0.5),
            (line.parameters_only, BAND_ALONE, 0.26),
        ):
            if span is not None:
                ends = [_ratio(line, value) for value in span]
                axes.barh(i, ends[1] - ends[0], left=ends[0], height=thickness, color=colour)
        _draw_measured_spread(axes, i, line)
        _mark(axes, i, line, _ratio(line, line.predicted))
    axes.axvline(1.0, color=INK, linewidth=1.0, zorder=1)
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("predicted / measured, per length (of a volume or a ratio, its cube root)")


def _draw_temperatures(axes: Axes, lines: Sequence[Line]) -> None:
    """Draw differences of temperatures."""
    errors = [line.error or 0.0 for line in lines]
    low, high = min(-12.0, *errors) - 2.0, max(12.0, *errors) + 2.0
    axes.set_xlim(low, high)
    _rows(axes, lines)
    for i, line in enumerate(lines):
        measured = line.quantity.measured if line.quantity is not None else 0.0
        least, most = (
            end if value is None else value - measured
            for value, end in zip(line.limits, (low, high), strict=True)
        )
        axes.barh(i, most - least, left=least, height=0.86, color=ACCEPTED, zorder=0)
        _mark(axes, i, line, line.error or 0.0)
    axes.axvline(0.0, color=INK, linewidth=1.0, zorder=1)
    axes.set_xlabel("predicted \N{MINUS SIGN} measured [K]")


def _rows(axes: Axes, lines: Sequence[Line]) -> None:
    """Name the rows on the left and write their numbers on the right."""
    axes.set_ylim(len(lines) - 0.2, -0.8)
    axes.set_yticks(range(len(lines)), [f"{line.row.id}  {line.name}" for line in lines])
    axes.tick_params(axis="y", length=0, labelsize="small")
    axes.tick_params(axis="x", labelsize="small")
    axes.xaxis.label.set_fontsize("small")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    across = axes.get_yaxis_transform()
    for i, line in enumerate(lines):
        unit = "" if line.unit == "1" else f" {line.unit}"
        text = f"{say_measured(line)}  \N{RIGHTWARDS ARROW}  {number(line.predicted)}{unit}"
        text = text.replace("degC", "°C")
        axes.text(1.03, i, text, transform=across, va="center", fontsize="small")


def _draw_measured_spread(axes: Axes, i: int, line: Line) -> None:
    """Draw one standard deviation of the measured number; of a maximum, that it may be less."""
    quantity = line.quantity
    if quantity is None:
        return
    if quantity.sd is not None:
        ends = [_ratio(line, quantity.measured + sign * quantity.sd) for sign in (-1.0, 1.0)]
        axes.plot(ends, [i, i], color=INK, linewidth=1.2, marker="|", markersize=7, zorder=2)
    if quantity.kind == "maximum":
        arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2}
        axes.annotate("", (0.9, i), (1.0, i), arrowprops=arrow, zorder=2)


def _mark(axes: Axes, i: int, line: Line, x: float) -> None:
    """Draw the prediction; open where it is not accepted."""
    face = PREDICTED if line.verdict == "within" else "white"
    axes.plot(
        x, i, "o", color=PREDICTED, markerfacecolor=face, markersize=8, markeredgewidth=2, zorder=3
    )


def _ratio(line: Line, value: float | None) -> float:
    """Return a value over the measured one, per length."""
    measured = line.quantity.measured if line.quantity is not None else 1.0
    ratio = (value or 0.0) / measured
    return ratio if line.unit == "mm" else math.cbrt(ratio)


def _limit(line: Line, value: float | None, end: float) -> float:
    return end if value is None else _ratio(line, value)


def _band(line: Line) -> tuple[float, ...]:
    return () if line.band is None else line.band


def _legend() -> list[Patch | Line2D]:
    accepted, refused = (
        Line2D(
            [],
            [],
            label=words,
            color=PREDICTED,
            markerfacecolor=face,
            marker="o",
            linestyle="none",
            markeredgewidth=2,
        )
        for words, face in (("predicted, accepted", PREDICTED), ("not accepted", "white"))
    )
    return [
        accepted,
        refused,
        Patch(color=ACCEPTED, label="accepted, fixed beforehand"),
        Patch(color=BAND, label="90 % band"),
        Patch(color=BAND_ALONE, label="by parameters alone"),
        Line2D([], [], color=INK, marker="|", linewidth=1.2, label="measured, one SD"),
        Line2D([], [], color=INK, marker="<", linewidth=1.2, label="measured is a maximum"),
    ]
