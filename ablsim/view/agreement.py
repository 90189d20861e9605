"""The picture of a predicted zone beside an observed one: three cuts through the middle of it."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ablsim.agreement.measures import Motion
from ablsim.agreement.report import Comparison
from ablsim.errors import ResultError
from ablsim.notebook import DISCLAIMER
from ablsim.storage.layout import describe_fault
from ablsim.units import to_ml, to_mm
from ablsim.view.style import FONT, INK, QUIET, REPORTED_LINE, TUMOUR_LINE, ZONE_NAMES

FloatArray = NDArray[np.float64]

_OBSERVED = "#f0c987"
_CUTS = (  # across, what points right and what points up, as indices of x, y and z
    ("axial", 2, (0, "to the left"), (1, "to the front")),
    ("coronal", 1, (0, "to the left"), (2, "to the head")),
    ("sagittal", 0, (1, "to the back"), (2, "to the head")),
)
_POINTS = 400  # along each edge of a cut
_AROUND = 6e-3  # m around both zones


def draw_agreement(found: Comparison, png_path: str | Path, *, title: str) -> None:
    """Draw both zones, and the predicted one as a rigid motion fits it best.

    Parameters
    ----------
    found : Comparison
        What `ablsim.agreement.compare_zones` returned.
    png_path : str or Path
        Where the PNG goes; an existing file is replaced.
    title : str
        What was treated.

    Raises
    ------
    ResultError
        If the picture cannot be written.
    """
    corners = np.concatenate([found.predicted.surface, found.observed.surface]).reshape(-1, 3)
    low, high = corners.min(axis=0) - _AROUND, corners.max(axis=0) + _AROUND
    middle = found.observed.surface.reshape(-1, 3).mean(axis=0)
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET}):
        figure = Figure(figsize=(15.0, 6.6), dpi=100, facecolor="white")
        FigureCanvasAgg(figure)
        figure.text(0.02, 0.965, title, va="top", fontsize=18.0, fontweight="bold")
        figure.text(0.02, 0.895, _headline(found), va="top", fontsize=13.0, color=QUIET)
        for number, (name, across, right, up) in enumerate(_CUTS):
            axes = figure.add_axes((0.055 + 0.32 * number, 0.19, 0.27, 0.6))
            axes.set_title(name, fontsize=13.0)
            _draw_cut(axes, found, (low, high), middle, across, right, up)
        figure.legend(
            handles=_legend(found), loc="lower left", bbox_to_anchor=(0.02, 0.035),
            ncols=4, frameon=False,
        )  # fmt: skip
        figure.text(0.02, 0.015, DISCLAIMER, fontsize=10.0, color=QUIET)
        try:
            figure.savefig(png_path, format="png")
        except OSError as error:
            msg = f"cannot write the picture {png_path}: {describe_fault(error)}"
            raise ResultError(msg) from error


def _headline(found: Comparison) -> str:
    return (
        f"{to_ml(found.predicted.volume):#.3g} mL predicted, "
        f"{to_ml(found.observed.volume):#.3g} mL observed; Dice {found.placed.dice:.2f} as placed, "
        f"{found.fitted.dice:.2f} after a rigid fit; surfaces "
        f"{to_mm(found.placed.mean_distance):.1f} and {to_mm(found.fitted.mean_distance):.1f} mm "
        "apart on average"
    )


def _draw_cut(
    axes: Axes,
    found: Comparison,
    box: tuple[FloatArray, FloatArray],
    middle: FloatArray,
    across: int,
    right: tuple[int, str],
    up: tuple[int, str],
) -> None:
    low, high = box
    u = np.linspace(low[right[0]], high[right[0]], _POINTS)
    v = np.linspace(low[up[0]], high[up[0]], _POINTS)
    points = np.empty((_POINTS, _POINTS, 3))
    points[..., across] = middle[across]
    points[..., right[0]], points[..., up[0]] = np.meshgrid(u, v)
    mm = [np.array([to_mm(one) for one in line]) for line in (u, v)]
    none = Motion.none()
    axes.contourf(*mm, found.observed.level(points), levels=[0.0, np.inf], colors=[_OBSERVED])
    lines = [
        (found.predicted, none, REPORTED_LINE.colour, "solid", REPORTED_LINE.width),
        (found.predicted, found.motion, REPORTED_LINE.colour, "dotted", 2.0),
    ]
    if found.tumour is not None:
        lines.append((found.tumour, none, TUMOUR_LINE.colour, "solid", 1.8))
    for region, motion, colour, style, width in lines:
        level = region.level(motion.undo(points))
        axes.contour(
            *mm, level, levels=[0.0], colors=[colour], linestyles=[style], linewidths=[width]
        )
    axes.set_aspect("equal")
    axes.set_xlabel(f"{'xyz'[right[0]]} [mm], {right[1]}", color=INK)
    axes.set_ylabel(f"{'xyz'[up[0]]} [mm], {up[1]}", color=INK)
    if up[0] == 1:  # seen from the feet, the front above, as radiologists do
        axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)


def _legend(found: Comparison) -> list[Patch | Line2D]:
    colour = REPORTED_LINE.colour
    name = ZONE_NAMES[found.zone]
    handles: list[Patch | Line2D] = [
        Patch(color=_OBSERVED, label=f"observed, {found.observed_name}"),
        Line2D([], [], color=colour, lw=REPORTED_LINE.width, label=f"predicted zone of {name}"),
        Line2D([], [], color=colour, lw=2.0, ls="dotted", label="the same after a rigid fit"),
    ]
    if found.tumour is not None:
        handles.append(Line2D([], [], color=TUMOUR_LINE.colour, lw=1.8, label="tumour"))
    return handles
