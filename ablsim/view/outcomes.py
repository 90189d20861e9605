"""Published and predicted rates of complete ablation, by size."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ablsim.notebook import DISCLAIMER
from ablsim.validation.outcomes import OutcomeLine, Rate
from ablsim.validation.outcomes_text import say_rate, say_size
from ablsim.view.style import FONT, INK, QUIET

_COLOURS = ("#6a1b9a", "#e2571e", "#2a9d8f", "#1f77b4")
_WIDTH, _LINE, _HEAD, _FOOT = 12.0, 0.18, 1.05, 1.35  # inches


def draw_outcomes(lines: Sequence[OutcomeLine], path: Path) -> bool:
    """Draw every published rate beside that of each policy; say whether there was any.

    Parameters
    ----------
    lines : sequence of OutcomeLine
        The lines of the table.
    path : Path
        Where the picture (PNG) goes.
    """
    if not lines:
        return False
    rows: dict[tuple[str, str], list[OutcomeLine]] = {}
    for line in sorted(lines, key=lambda line: (line.diameter, line.row)):
        rows.setdefault((line.row, say_size(line)), []).append(line)
    policies = list(dict.fromkeys(line.policy for line in lines))
    colours = dict(zip(policies, _COLOURS, strict=False))
    middle = _LINE * (len(policies) + 1) * len(rows)
    height = _HEAD + _FOOT + middle
    with rc_context(FONT):
        figure = Figure(figsize=(_WIDTH, height), facecolor="white")
        axes = figure.add_axes((0.235, _FOOT / height, 0.5, middle / height))
        for number, ((row, size), group) in enumerate(rows.items()):
            _draw_row(axes, -number, group, colours)
            label = f"{row},  {'all sizes' if size == 'all' else f'{size} mm'}"
            axes.text(-0.02, -number, label, ha="right", va="center",
                      transform=axes.get_yaxis_transform(), fontsize="small")  # fmt: skip
            axes.text(1.02, -number, _say(group), va="center",
                      transform=axes.get_yaxis_transform(), fontsize="x-small")  # fmt: skip
        _dress(axes, len(rows))
        figure.text(0.02, 1.0 - 0.3 / height, "Complete ablation: published and predicted rates",
                    fontsize="large", weight="bold", va="center")  # fmt: skip
        words = "Sorted by the median diameter, smallest above; bars are 95 % intervals"
        figure.text(0.02, 1.0 - 0.62 / height, words, fontsize="small", color=QUIET, va="center")
        figure.legend(handles=_legend(colours), loc="lower center", frameon=False, ncols=5,
                      bbox_to_anchor=(0.5, 0.28 / height), fontsize="small")  # fmt: skip
        figure.text(0.98, 0.14 / height, DISCLAIMER, fontsize="small", color=QUIET, ha="right")
        figure.savefig(path, dpi=110, format="png")
    return True


def _draw_row(axes: Axes, y: float, group: Sequence[OutcomeLine], colours: dict[str, str]) -> None:
    """Draw what was observed above what each policy gives."""
    step = 0.8 / (len(colours) + 1)
    _draw_rate(axes, y + 0.4 - 0.5 * step, group[0].observed, INK, "o")
    for line in group:
        place = y + 0.4 - (1.5 + list(colours).index(line.policy)) * step
        _draw_rate(axes, place, line.predicted, colours[line.policy], "D")


def _draw_rate(axes: Axes, y: float, rate: Rate, colour: str, marker: str) -> None:
    if rate.low is not None and rate.high is not None:
        axes.plot([100.0 * rate.low, 100.0 * rate.high], [y, y], color=colour, lw=2.2, alpha=0.6)
    face = colour if rate.low is not None else "white"
    axes.plot([100.0 * rate.rate], [y], marker, color=colour, ms=6.0, mfc=face, clip_on=False)


def _say(group: Sequence[OutcomeLine]) -> str:
    said = [f"observed {say_rate(group[0].observed)}"]
    for line in group:
        verdict = "" if line.verdict == "no interval" else f": {line.verdict}"
        said.append(f"{line.policy} {say_rate(line.predicted)}{verdict}")
    return "\n".join(said)


def _dress(axes: Axes, n: int) -> None:
    axes.set(xlim=(0.0, 100.0), ylim=(0.5 - n, 0.5), xlabel="completely ablated [%]")
    axes.set_yticks([])
    for number in range(1, n):
        axes.axhline(0.5 - number, color="#e4e4e8", lw=0.8, zorder=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color="#e4e4e8", lw=0.8)
    axes.set_axisbelow(True)


def _legend(colours: dict[str, str]) -> list[Line2D]:
    handles = [
        Line2D([], [], color=INK, marker="o", lw=2.2, label="observed"),
        Line2D([], [], color=INK, marker="o", mfc="white", lw=0, label="number unread"),
    ]
    return handles + [
        Line2D([], [], color=colour, marker="D", lw=2.2, label=f"predicted: {policy}")
        for policy, colour in colours.items()
    ]
