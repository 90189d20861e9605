"""The picture of what a plan hangs on: Morris' effects and Sobol's shares, answer by answer."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ablsim.notebook import DISCLAIMER
from ablsim.planning.influence import COMPLETE, DEPTH, LATERAL, MODEL, SHIFT
from ablsim.planning.sensitivity import SHOWN, Answer, Sensitivity
from ablsim.units import to_mm
from ablsim.view.saving import save_png
from ablsim.view.style import FONT, INK, MINUS, QUIET

_TISSUE, _PLACING, _MODEL = "#b26a00", "#00838f", "#5f6368"
_PALE = 0.35
_MOST = 8  # inputs of an answer that are drawn
_LEFT, _WIDTH, _GAP, _PANEL = 0.195, 0.132, 0.014, 0.5
_HEIGHT = 0.315


def draw_sensitivity(found: Sensitivity, path: str | Path) -> None:
    """Draw what a plan hangs on: the eight inputs that move each answer most.

    Parameters
    ----------
    found : Sensitivity
        What `ablsim.planning.sensitivity.analyse_sensitivity` returned.
    path : str or Path
        Where the PNG goes; an existing file is replaced.

    Raises
    ------
    ResultError
        If the picture cannot be written.
    """
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET, "font.size": 12.0}):
        figure = Figure(figsize=(16.0, 11.0), dpi=100, facecolor="white")
        FigureCanvasAgg(figure)
        _write_head(figure, found)
        for number, answer in enumerate(found.answers):
            left = _LEFT + _PANEL * (number % 2)
            bottom = 0.535 - 0.435 * (number // 2)
            _draw_answer(figure, answer, left, bottom)
        _write_foot(figure)
        save_png(figure, path)


def _write_head(figure: Figure, found: Sensitivity) -> None:
    figure.text(
        0.015, 0.978, "What the plan hangs on", va="top", fontsize=20.0, fontweight="bold"
    )  # fmt: skip
    figure.text(0.015, 0.937, found.plan.describe(), va="top", fontsize=14.0)
    figure.text(
        0.985, 0.975,
        f"{found.trajectories} Morris trajectories, {found.runs} designed runs on "
        f"{to_mm(found.spacing):.3g} mm cells\nevery input by itself, with its prior spread",
        va="top", ha="right", color=QUIET, linespacing=1.4,
    )  # fmt: skip


def _write_foot(figure: Figure) -> None:
    patches = [
        Patch(color=_TISSUE, label="tissue, light and physics"),
        Patch(color=_PLACING, label="placement of fibres"),
        Patch(color=_MODEL, label="error of the model"),
    ]
    figure.legend(
        handles=patches, loc="lower left", bbox_to_anchor=(0.008, 0.002), ncols=3, frameon=False,
        handlelength=1.0, columnspacing=1.6,
    )  # fmt: skip
    figure.text(0.985, 0.012, DISCLAIMER, ha="right", fontweight="bold")


def _draw_answer(figure: Figure, answer: Answer, left: float, bottom: float) -> None:
    """Draw the effects of an answer, and its shares beside them."""
    unit, show = SHOWN[answer.name]
    shown = answer.influences[:_MOST]
    places = np.arange(len(shown))
    colours = [_colour(one.name) for one in shown]
    effects = figure.add_axes((left, bottom, _WIDTH, _HEIGHT))
    effects.barh(
        places, [show(one.effect) for one in shown], height=0.62, color=colours,
        xerr=[show(one.effect_error) for one in shown], error_kw=_WHISKER, zorder=3,
    )  # fmt: skip
    effects.set_yticks(places, [one.name.replace("_", " ") for one in shown])
    effects.set_xlabel(f"Morris μ* [{unit}]", fontsize=11.0)
    effects.set_xlim(left=0.0)
    head = f"{answer.name[0].upper()}{answer.name[1:]}  {show(answer.mean):.3g} {unit}"
    head += "" if answer.name == COMPLETE else f", SD {show(answer.sd):.2g} {unit}"
    figure.text(
        left - _LEFT + 0.015, bottom + _HEIGHT + 0.014, head.replace(" -", f" {MINUS}"),
        fontsize=14.0, fontweight="bold", va="bottom",
    )  # fmt: skip
    _finish(effects, len(shown))
    shares = figure.add_axes((left + _WIDTH + _GAP, bottom, _WIDTH, _HEIGHT))
    if answer.refusal:
        shares.set_axis_off()
        shares.text(
            0.5, 0.5, answer.refusal.replace(": ", ":\n", 1), ha="center", va="center", wrap=True,
            color=QUIET, transform=shares.transAxes,
        )  # fmt: skip
        return
    _draw_shares(shares, answer)
    _finish(shares, len(shown))


def _draw_shares(axes: Axes, answer: Answer) -> None:
    """Draw Sobol's indices: the total one pale, and that of the input by itself on top of it."""
    for place, one in enumerate(answer.influences[:_MOST]):
        colour = _colour(one.name)
        total, first = max(0.0, one.total or 0.0), max(0.0, one.first or 0.0)
        axes.barh(place - 0.16, total, height=0.3, color=colour, alpha=_PALE, zorder=3)
        axes.barh(place + 0.16, first, height=0.3, color=colour, zorder=3)
        for value, error, at in (
            (total, one.total_error, place - 0.16),
            (first, one.first_error, place + 0.16),
        ):
            axes.errorbar(value, at, xerr=error or 0.0, fmt="none", zorder=4, **_WHISKER)
    axes.set_yticks([])
    axes.set_xlim(0.0, 1.0)
    axes.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "", "0.5", "", "1"])
    axes.set_xlabel("Sobol: total (pale), first (full)", fontsize=11.0)
    if answer.r_squared is not None:
        axes.set_title(
            f"surrogate R² {answer.r_squared:.2f}", fontsize=11.0, color=QUIET, loc="right", pad=4.0
        )


_WHISKER: dict[str, Any] = {"ecolor": INK, "elinewidth": 1.1, "capsize": 2.0}


def _colour(name: str) -> str:
    """Return the colour of the kind of thing that an input is."""
    if name == MODEL:
        return _MODEL
    return _PLACING if name in {SHIFT, LATERAL, DEPTH} else _TISSUE


def _finish(axes: Axes, count: int) -> None:
    axes.set_ylim(count - 0.4, -0.6)  # the first one on top
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=10.5)
    axes.grid(axis="x", color="#e9e9ec", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
