"""The picture of what a plan hangs on: Sobol's shares and Morris' effects, output by output."""

import io
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ablsim.errors import ResultError
from ablsim.notebook import DISCLAIMER
from ablsim.planning.sensitivity import OUTPUTS, UNITS, Sensitivity
from ablsim.storage.layout import describe_fault
from ablsim.view.style import FONT, INK, QUIET, REPORTED_LINE, TUMOUR

_SHOWN = 8


def draw_sensitivity(found: Sensitivity, png_path: str | Path) -> None:
    """Draw what a plan hangs on.

    Parameters
    ----------
    found : Sensitivity
        What `ablsim.planning.sensitivity.analyse_sensitivity` returned.
    png_path : str or Path
        Where the PNG goes; an existing file is replaced.

    Raises
    ------
    ResultError
        If the picture cannot be written.
    """
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET, "font.size": 12.0}):
        figure = Figure(figsize=(16.0, 11.0), dpi=100, facecolor="white")
        FigureCanvasAgg(figure)
        figure.text(
            0.015, 0.978, "What the outcome hangs on", va="top", fontsize=20.0, fontweight="bold"
        )
        figure.text(
            0.015, 0.935,
            f"{found.plan.describe()}; {found.runs} runs. Bars: share of the variance, total "
            "(pale) and alone; right: mean effect of crossing an input's range",
            va="top", fontsize=13.0,
        )  # fmt: skip
        for number, (output, unit) in enumerate(zip(OUTPUTS, UNITS, strict=True)):
            column, row = number % 2, number // 2
            axes = figure.add_axes((0.16 + 0.50 * column, 0.53 - 0.455 * row, 0.29, 0.34))
            _draw_output(axes, found, output, unit)
        figure.text(0.985, 0.012, DISCLAIMER, ha="right", color=QUIET, fontsize=11.0)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
    try:
        Path(png_path).write_bytes(buffer.getvalue())
    except OSError as error:
        msg = f"{png_path}: {describe_fault(error)}"
        raise ResultError(msg) from None


def _draw_output(axes: Axes, found: Sensitivity, output: str, unit: str) -> None:
    names = found.ranked(output)[:_SHOWN]
    own = [found.influences[output][name] for name in names]
    y = np.arange(len(names))
    totals = [max(0.0, one.total) for one in own]
    axes.barh(y, totals, height=0.62, color="#d9c3e6", zorder=2)
    axes.barh(y, [max(0.0, one.first) for one in own], height=0.34, color=REPORTED_LINE.colour,
              zorder=3)  # fmt: skip
    axes.errorbar(
        totals, y, xerr=[one.total_error for one in own], fmt="none", ecolor=INK, lw=1.2, zorder=4
    )
    scale = "" if unit == "1" else f" {unit}"
    for place, one in zip(y, own, strict=True):
        axes.text(1.13, float(place), f"{one.mu_star:.2g}{scale}", va="center", fontsize=11.0,
                  color=TUMOUR)  # fmt: skip
    axes.set_yticks(y, names)
    axes.set(xlim=(0.0, 1.1), ylim=(len(names) - 0.4, -0.6))
    axes.set_xlabel("share of the variance", fontsize=11.0)
    mean, sd = found.means[output], found.deviations[output]
    axes.set_title(f"{output}: {mean:.3g} ± {sd:.2g}{scale}", loc="left", fontsize=13.0)
    axes.text(1.13, -0.85, "effect", fontsize=11.0, color=TUMOUR)
    axes.grid(axis="x", color="#e9e9ec", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
