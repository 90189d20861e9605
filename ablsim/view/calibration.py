"""The picture of a calibration: each parameter before and after, what goes together, each row.

Histograms are of the values that parameters stand for (kelvin, shares, factors), grey before and
violet after the published lesions; the line is the default, which stays where it is.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ablsim.calibration.prediction import RowPrediction
from ablsim.calibration.record import MODEL_ERROR_NAME, correlations
from ablsim.calibration.study import Calibration
from ablsim.notebook import DISCLAIMER
from ablsim.uncertainty.factors import Factor
from ablsim.view.style import FONT, INK, MINUS, QUIET

BEFORE, AFTER, MEASURED = "#b9bcc2", "#6a1b9a", "#00692f"
"""Colours of prior, posterior and measured lesions."""

_COLUMNS = 4
_PAIRS = 4
_BINS = 26

FloatArray = NDArray[np.float64]


def draw_calibration(found: Calibration, path: Path) -> None:
    """Draw a calibration.

    Parameters
    ----------
    found : Calibration
        What `ablsim.calibration.calibrate` returned.
    path : Path
        Where the picture goes (.png).
    """
    pairs = correlations(found.factors, found.posterior)[:_PAIRS]
    n_panels = len(found.factors) + 1
    n_rows = -(-n_panels // _COLUMNS)
    height = 2.15 * n_rows + (3.1 if pairs else 0.0) + 0.42 * len(found.rows) + 2.4
    with rc_context({**FONT, "font.size": 10.0, "axes.edgecolor": QUIET, "axes.linewidth": 0.8}):
        figure = Figure(figsize=(13.0, height), facecolor="white")
        FigureCanvasAgg(figure)
        heights = [2.15 * n_rows, *([3.1] if pairs else []), 0.42 * len(found.rows) + 1.0]
        parts = np.ravel(figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False))
        _draw_parameters(parts[0], found, n_rows)
        if pairs:
            _draw_pairs(parts[1], found, pairs)
        _draw_rows(parts[-1], found)
        figure.text(0.988, 0.006, DISCLAIMER, ha="right", va="bottom", size=9.0, color=QUIET)
        part = path.with_name(path.name + ".part")
        figure.savefig(part, dpi=110, format="png")
    part.replace(path)


def _draw_parameters(part: Figure, found: Calibration, n_rows: int) -> None:
    """Draw a histogram of every parameter before and after."""
    axes = np.ravel(part.subplots(n_rows, _COLUMNS))
    part.subplots_adjust(left=0.03, right=0.985, bottom=0.09, top=0.90, wspace=0.14, hspace=0.75)
    part.suptitle(
        "What published lesions leave of each parameter", x=0.03, ha="left", weight="bold", size=13
    )
    for i, factor in enumerate(found.factors):
        before, after = (
            factor.level(draws.coordinates[:, i]) for draws in (found.prior, found.posterior)
        )
        _histograms(axes[i], before, after, _label(factor))
        axes[i].axvline(factor.default, color=INK, lw=1.3, ls=(0, (4, 2)), clip_on=False)
    last = len(found.factors)
    _histograms(
        axes[last],
        found.prior.model_error,
        found.posterior.model_error,
        "error of the model, SD of ln D",
    )
    for unused in axes[last + 1 :]:
        unused.axis("off")
    handles = [
        axes[0].fill_between([], [], color=BEFORE, label="before: spread of the library"),
        axes[0].fill_between([], [], color=AFTER, alpha=0.55, label="after: posterior"),
        axes[0].axvline(np.nan, color=INK, lw=1.3, ls=(0, (4, 2)), label="default, kept"),
    ]
    part.legend(
        handles=handles, loc="upper right", ncols=3, frameon=False, bbox_to_anchor=(0.985, 1.0)
    )


def _histograms(axes: Axes, before: FloatArray, after: FloatArray, label: str) -> None:
    low, high = np.quantile(np.concatenate([before, after]), (0.001, 0.999))
    bins = np.linspace(low, high, _BINS).tolist()
    axes.hist(before, bins=bins, density=True, color=BEFORE)
    axes.hist(after, bins=bins, density=True, color=AFTER, alpha=0.55)
    axes.set_title(label, loc="left", size=10.5)
    axes.set_yticks([])
    axes.margins(x=0.0)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=INK, length=3)


def _draw_pairs(part: Figure, found: Calibration, pairs: Sequence[tuple[str, str, float]]) -> None:
    """Draw the parameters that go together most."""
    axes = np.ravel(part.subplots(1, _PAIRS))
    part.subplots_adjust(left=0.055, right=0.985, bottom=0.20, top=0.80, wspace=0.34)
    part.suptitle("What they could tell apart least", x=0.03, ha="left", weight="bold", size=13)
    by_name = {factor.name: i for i, factor in enumerate(found.factors)}

    def values(name: str, which: str) -> FloatArray:
        draws = getattr(found, which)
        if name == MODEL_ERROR_NAME:
            return np.asarray(draws.model_error)
        factor = found.factors[by_name[name]]
        return factor.level(draws.coordinates[:, by_name[name]])

    def label(name: str) -> str:
        return name if name == MODEL_ERROR_NAME else _label(found.factors[by_name[name]])

    for panel, (a, b, correlation) in zip(axes, pairs, strict=False):
        for which, colour, alpha in (("prior", BEFORE, 0.55), ("posterior", AFTER, 0.45)):
            panel.plot(
                values(a, which)[:900],
                values(b, which)[:900],
                ".",
                color=colour,
                alpha=alpha,
                ms=4.5,
                mec="none",
            )
        panel.set_xlabel(label(a))
        panel.set_ylabel(label(b))
        panel.set_title(
            f"correlation {correlation:+.2f}".replace("-", MINUS), loc="left", size=10.5
        )
        for side in ("right", "top"):
            panel.spines[side].set_visible(False)
    for unused in axes[len(pairs) :]:
        unused.axis("off")


def _draw_rows(part: Figure, found: Calibration) -> None:
    """Draw what was measured beside what is predicted before, after, and without the row."""
    axes = part.subplots()
    part.subplots_adjust(left=0.195, right=0.985, bottom=0.13, top=0.84)
    part.suptitle(
        "Predicted over measured diameter of each published lesion (5, 50 and 95 %)",
        x=0.03, ha="left", weight="bold", size=13,
    )  # fmt: skip
    left_out = {row.id: row for one in found.left_out for row in one.rows}
    names = []
    for i, (row, before, after) in enumerate(
        zip(found.rows, found.before, found.after, strict=True)
    ):
        observation = row.observation
        unseen = left_out[observation.id]
        for offset, interval, colour, width in (
            (-0.24, before.typical, BEFORE, 5.0),
            (0.0, after.typical, AFTER, 5.0),
            (0.24, unseen.measured, QUIET, 1.6),
        ):
            low, middle, high = np.array(interval) - observation.log_d
            axes.plot([low, high], [i + offset] * 2, color=colour, lw=width, solid_capstyle="butt")
            axes.plot(middle, i + offset, "o", color=colour, ms=7.0, mec="white", mew=1.2)
        axes.plot(row.default - observation.log_d, i, "|", color=INK, ms=15.0, mew=1.6)
        ends = {"two-sided": (-1.0, 1.0), "maximum": (-_FAR, 1.0), "minimum": (-1.0, _FAR)}
        low, high = (end * observation.sd for end in ends[observation.kind])
        axes.fill_betweenx([i - 0.42, i + 0.42], low, high, color=MEASURED, alpha=0.13, lw=0)
        names.append(observation.id + _SIDES[observation.kind])
    axes.axvline(0.0, color=MEASURED, lw=1.2)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(*_shown(found, left_out))
    ticks = [t for t in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 2.5)]
    shown = [t for t in ticks if axes.get_xlim()[0] <= math.log(t) <= axes.get_xlim()[1]]
    axes.set_xticks([math.log(t) for t in shown], [f"{t:g}" for t in shown])
    axes.set_xlabel("predicted / measured")
    for side in ("right", "top"):
        axes.spines[side].set_visible(False)
    handles = [
        axes.plot([], [], color=BEFORE, lw=5, label="parameters before")[0],
        axes.plot([], [], color=AFTER, lw=5, label="parameters after")[0],
        axes.plot([], [], color=QUIET, lw=1.6, label="publication left out, all errors in")[0],
        axes.plot([], [], "|", color=INK, ms=13, mew=1.6, ls="none", label="default")[0],
        axes.fill_betweenx(
            [],
            [],
            color=MEASURED,
            alpha=0.13,
            lw=0,
            label="measured within 1 SD, or not contradicted",
        ),
    ]
    part.legend(
        handles=handles, loc="upper right", ncols=5, frameon=False, bbox_to_anchor=(0.985, 0.955)
    )


_FAR = 100.0  # SD: beyond what is drawn, where a one-sided row says nothing
_SIDES = {"two-sided": "", "maximum": " (a maximum)", "minimum": " (a minimum)"}


def _shown(found: Calibration, left_out: Mapping[str, RowPrediction]) -> tuple[float, float]:
    """Return the ends of the axis: everything drawn, but nothing beyond 0.4 and 2.5."""
    measured = {row.observation.id: row.observation.log_d for row in found.rows}
    drawn = [*found.before, *found.after]
    ends = [end - measured[row.id] for row in drawn for end in row.typical]
    ends += [end - measured[row.id] for row in left_out.values() for end in row.measured]
    return max(math.log(0.4), min(ends) - 0.03), min(math.log(2.5), max(ends) + 0.03)


def _label(factor: Factor) -> str:
    if factor.log_spread is not None:
        return f"{factor.name}, factor"
    return f"{factor.name}, shift [K]" if factor.unit == "K" else factor.name
