"""The picture of an explanation: a waterfall of tumour volume, and its shells in the tumour."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from ablsim.errors import ResultError
from ablsim.explanation.chain import Explanation
from ablsim.explanation.report import MISPLACED, summarise
from ablsim.explanation.shells import OUTSIDE
from ablsim.notebook import DISCLAIMER
from ablsim.storage.layout import describe_fault
from ablsim.units import to_mm
from ablsim.view import gl
from ablsim.view.style import FONT, INK, QUIET

_SHELLS = (
    "#6a1b9a", "#c2185b", "#e2571e", "#f0a202", "#a3a815", "#2a9d8f", "#1f77b4", "#34495e",
)  # fmt: skip
_LEFT = "#dfe6df"
_PLACED = "#c9a6e0"
_FINENESS = 600  # points along a slice


def draw_explanation(found: Explanation, png_path: str | Path, *, use_gl: bool = True) -> str:
    """Draw the waterfall of an explanation and its shells; return what the user should know.

    Parameters
    ----------
    found : Explanation
        What `ablsim.explain` returned.
    png_path : str or Path
        Where the PNG goes; an existing file is replaced.
    use_gl : bool, optional
        Whether OpenGL may be used for the view in 3-D.

    Raises
    ------
    ResultError
        If the picture cannot be written.
    """
    summary = summarise(found)
    colours = [*_SHELLS[: len(found.steps)], _LEFT]
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET}):
        figure = Figure(figsize=(16.0, 11.0), dpi=100, facecolor="white")
        FigureCanvasAgg(figure)
        case = found.steps[0].case
        figure.text(0.015, 0.975, case.title, va="top", fontsize=20.0, fontweight="bold")
        headline = (
            f"Why {100.0 * (1.0 - found.fraction):.1f} % of {summary['tumour_ml']:.0f} mL of "
            f"tumour are left, zone of {found.zone}, {to_mm(found.shells.grid.spacing):g} mm cells"
        )
        figure.text(0.015, 0.93, headline, va="top", fontsize=14.0)
        _draw_waterfall(figure.add_axes((0.235, 0.50, 0.74, 0.37)), summary, colours)
        remark = _draw_cut_open(figure, (0.015, 0.035, 0.36, 0.40), found, colours, use_gl=use_gl)
        _draw_slice(figure.add_axes((0.42, 0.085, 0.26, 0.33)), found, colours, axis=0)
        _draw_slice(figure.add_axes((0.72, 0.085, 0.26, 0.33)), found, colours, axis=1)
        figure.text(0.015, 0.012, DISCLAIMER, fontweight="bold")
        try:
            figure.savefig(png_path, format="png")
        except OSError as error:
            msg = f"cannot write the picture {png_path}: {describe_fault(error)}"
            raise ResultError(msg) from error
    return remark


def _draw_waterfall(axes: Axes, summary: dict[str, Any], colours: list[str]) -> None:
    """Draw what every step adds, from the left, and what is missing after all of them."""
    bars = [(0.0, step["ablated_ml"], step["name"], colour)
            for step, colour in zip(summary["steps"][:1], colours, strict=False)]  # fmt: skip
    mean = summary["misplaced"]["mean"]
    if mean is not None:
        ablated = mean * summary["tumour_ml"]
        planned = summary["steps"][0]["ablated_ml"]
        bars = [
            (0.0, ablated, MISPLACED, colours[0]),
            (ablated, planned - ablated, "placed where they were meant to be", _PLACED),
        ]
    reached = summary["steps"][0]["ablated_ml"]
    for step, colour in zip(summary["steps"][1:], colours[1:], strict=False):
        bars.append((reached, step["adds_ml"], step["name"], colour))
        reached += step["adds_ml"]
    bars.append((reached, summary["still_missing_ml"], "still missing", colours[-1]))
    places = np.arange(len(bars))[::-1]
    total = summary["tumour_ml"]
    for place, (start, length, _, colour) in zip(places, bars, strict=True):
        axes.barh(place, length, left=start, color=colour, height=0.7, edgecolor=INK, lw=0.5)
        share = 100.0 * (start + length) / total
        text = f"{length:+.0f} mL, {share:.1f} %" if start else f"{length:.0f} mL, {share:.1f} %"
        low, high = sorted((start, start + length))
        if place == 0:
            text = f"{length:.0f} mL"
        if high < 0.8 * total:
            at, side, colour = high + 0.008 * total, "left", INK
        elif low > 0.2 * total:
            at, side, colour = low - 0.008 * total, "right", INK
        else:
            at, side, colour = high - 0.008 * total, "right", "white" if place else INK
        axes.text(at, place, text, va="center", ha=side, fontsize="small", color=colour)
    axes.set_yticks(places, [name for *_, name, _ in bars])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0.0, 1.0 * total)
    axes.set_xlabel("tumour ablated [mL]; each on top of those above it")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _draw_cut_open(
    figure: Figure,
    place: tuple[float, float, float, float],
    found: Explanation,
    colours: list[str],
    *,
    use_gl: bool,
) -> str:
    tumour = found.steps[0].case.tumour
    display = gl.find_display() if use_gl else None
    if display is None or tumour is None:
        return gl.REMEDY if use_gl else ""
    gl.use_display(display)
    from ablsim.view.shells import render_shells  # imports VTK, which reads the display then

    wide, high = (float(n) for n in figure.get_size_inches() * figure.dpi)
    pixels = (round(place[2] * wide), round(place[3] * high))
    image, camera = render_shells(found, tumour, colours, pixels)
    axes = figure.add_axes(place)
    w, h = camera.half_width, camera.half_height
    axes.imshow(image, extent=(-w, w, -h, h))
    axes.set_axis_off()
    axes.text(
        -w, h, "from the left, the front and above;\nwithout the left front quarter",
        va="top", fontsize="small", color=QUIET,
    )  # fmt: skip
    return ""


def _draw_slice(axes: Axes, found: Explanation, colours: list[str], *, axis: int) -> None:
    """Draw the shells on the axial (0) or coronal (1) slice through the tumour's middle."""
    tumour = found.steps[0].case.tumour
    if tumour is None:
        return
    reach = 0.55 * max(tumour.axes)
    a, b = np.meshgrid(np.linspace(-reach, reach, _FINENESS), np.linspace(-reach, reach, _FINENESS))
    flat = np.zeros_like(a)
    points = np.stack([a, b, flat] if axis == 0 else [a, flat, b], axis=-1) + tumour.centre
    shown = np.ma.masked_equal(found.shells.labels(points), OUTSIDE)
    across, up = (to_mm(tumour.centre[i]) for i in ((0, 1) if axis == 0 else (0, 2)))
    side = to_mm(reach)
    axes.imshow(
        shown,
        cmap=ListedColormap(colours),
        norm=BoundaryNorm(np.arange(len(colours) + 1) - 0.5, len(colours)),
        origin="lower",
        extent=(across - side, across + side, up - side, up + side),
        interpolation="nearest",
    )
    if axis == 0:
        axes.invert_yaxis()  # the front is above
    axes.set_title("axial" if axis == 0 else "coronal", fontsize="medium", loc="left")
    axes.set_xlabel("R ← x [mm] → L")
    axes.set_ylabel("P ← y [mm] → A" if axis == 0 else "I ← z [mm] → S")
