"""The plane before, while and after the laser fires: a sketch of the picture, and what is where."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ablsim import storage
from ablsim.notebook import DISCLAIMER
from ablsim.result import Result
from ablsim.ultrasound.cloud import ECHO, follow_cloud
from ablsim.ultrasound.cut import Cut, NeedleSight, cut, look_at_needle, make_plane, warnings
from ablsim.ultrasound.pose import Pose
from ablsim.units import to_mm
from ablsim.view.plane import Plane
from ablsim.view.saving import save_png
from ablsim.view.style import FONT, MARGIN_LINE, QUIET, TUMOUR_LINE, zone_line
from ablsim.view.subject import make_subject

FloatArray = NDArray[np.float64]

LIVER, TUMOUR, VESSEL, FLUID, COAGULATED = 0.0, -6.0, -30.0, -32.0, -3.0
"""Brightness of tissues beside liver [dB]: a sketch, not measured (A)."""

_RANGE = (-45.0, 20.0)  # dB, black to white
_SPECKLE = (0.35e-3, 0.8e-3)  # m, along the beam and across it


def draw_ultrasound(
    result_path: str | Path, png_path: str | Path, pose: Pose
) -> tuple[list[NeedleSight], list[str]]:
    """Draw what a probe would show: before, half-way, when the laser stops, and at the end.

    Parameters
    ----------
    result_path : str or Path
        A result written by `ablsim.storage`.
    png_path : str or Path
        Where the PNG goes; an existing file is replaced.
    pose : Pose
        Of the probe.

    Returns
    -------
    list of NeedleSight, list of str
        How each needle lies to the plane, and warnings.

    Raises
    ------
    ResultError
        If the result cannot be read or the picture cannot be written.
    """
    result = storage.load(result_path)
    end = make_subject(result)
    plane = make_plane(pose, end)
    wanted = _moments(result)
    cuts = []
    for state, cloud in follow_cloud(storage.snapshots(result_path), result.base_temperature):
        if state.time in wanted:
            then = replace(result, fields=state.fields, history=())
            subject = replace(make_subject(then, state), needles=end.needles)
            cuts.append(cut(subject, plane, cloud, state.time))
    sights = [look_at_needle(needle, pose) for needle in end.needles]
    said = warnings(cuts, sights)
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET}):
        _save(result, cuts, plane, sights, said, png_path)
    return sights, said


def _moments(result: Result) -> list[float]:
    """Return four stored times: the first, half of the firing, its end, and the last."""
    times = np.array([record.time for record in result.history])
    names = [fibre.name for fibre in result.case.fibres_all]
    fired = [s for s in result.case.protocol.timeline(names) if any(s.highest_power)]
    if not fired:
        return [float(times[0]), float(times[-1])]
    half = 0.5 * (fired[0].start + fired[-1].end)
    wanted = (0.0, half, fired[-1].end, times[-1])
    return list(dict.fromkeys(float(times[np.argmin(np.abs(times - t))]) for t in wanted))


def _save(
    result: Result,
    cuts: Sequence[Cut],
    plane: Plane,
    sights: Sequence[NeedleSight],
    said: Sequence[str],
    path: str | Path,
) -> None:
    width = (plane.high[0] - plane.low[0]) / (plane.high[1] - plane.low[1])
    columns = len(cuts)
    tall = 4.6
    figure = Figure(figsize=(columns * tall * width + 1.2, 2 * tall + 2.6), dpi=100,
                    facecolor="white")  # fmt: skip
    FigureCanvasAgg(figure)
    inch = 1.0 / float(figure.get_size_inches()[1])
    axes = figure.subplots(
        2, columns, squeeze=False,
        gridspec_kw={"left": 0.8 / figure.get_size_inches()[0], "right": 0.985,
                     "top": 1.0 - 0.95 * inch, "bottom": 1.45 * inch, "wspace": 0.06,
                     "hspace": 0.08},
    )  # fmt: skip
    for number, moment in enumerate(cuts):
        sketch, plain = axes[:, number]
        _draw_sketch(sketch, moment, plane)
        _draw_plain(plain, moment, plane)
        sketch.set_title(f"{moment.time:.0f} s", fontsize="medium", loc="left")
        for one in (sketch, plain):
            one.tick_params(labelsize="x-small")
            if number > 0:
                one.set_yticklabels([])
        sketch.set_xticklabels([])
        plain.set_xlabel("mm", fontsize="small")
    axes[0, 0].set_ylabel("depth [mm], a sketch", fontsize="small")
    axes[1, 0].set_ylabel("depth [mm], what is there", fontsize="small")
    figure.text(0.01, 1.0 - 0.15 * inch, f"{result.case.title}: the plane of the probe", va="top",
                fontweight="bold", fontsize=15)  # fmt: skip
    seen = "; ".join(
        f"{s.name} {abs(s.angle):.0f}° to the plane, tip {s.offset:+.1f} mm" for s in sights
    )
    figure.text(0.01, 1.0 - 0.52 * inch, seen, va="top", fontsize="small", color=QUIET, wrap=True)
    zone = zone_line(result.case.physics.reported_zone, result.case.physics.reported_zone)
    entries: list[Any] = [
        Line2D([], [], color=zone.colour, lw=zone.width, label="zone"),
        Patch(color="#ffc74d", label="gas"),
        Patch(color="#595e66", alpha=0.6, label="its shadow"),
        Line2D([], [], color="#5f6368", marker="o", mfc="#00b4d8", label="fibre, seen or not"),
    ]
    if result.case.tumour is not None:
        entries.insert(0, Line2D([], [], color=TUMOUR_LINE.colour, label="tumour (margin dashed)"))
    figure.legend(handles=entries, loc="upper right", ncols=len(entries), frameon=False,
                  fontsize="small", bbox_to_anchor=(0.99, 1.0 - 0.02 * inch))  # fmt: skip
    text = "\n".join(f"! {sentence}" for sentence in said)
    figure.text(0.01, 0.95 * inch, text, va="top", fontsize="small", wrap=True)
    figure.text(0.99, 0.06 * inch, f"{DISCLAIMER} Speckle is a sketch.", ha="right",
                fontsize="x-small")  # fmt: skip
    save_png(figure, path)


def _extent(plane: Plane) -> tuple[float, float, float, float]:
    """Return left, right, deepest and shallowest [mm]."""
    return (
        float(to_mm(plane.low[0])), float(to_mm(plane.high[0])), float(-to_mm(plane.low[1])),
        float(-to_mm(plane.high[1])),
    )  # fmt: skip


def _draw_sketch(axes: Axes, moment: Cut, plane: Plane) -> None:
    level = _brightness(moment, plane)
    shape = level.shape
    noise = np.random.default_rng(1).normal(size=(2, *shape))
    along, across = (s / plane.spacing for s in _SPECKLE)
    field = np.array([gaussian_filter(part, (along, across)) for part in noise])
    speckle = np.hypot(*field)
    speckle /= np.sqrt(np.mean(speckle**2))
    echo = level + 20.0 * np.log10(np.maximum(speckle, 1e-3))
    axes.imshow(echo, cmap="gray", vmin=_RANGE[0], vmax=_RANGE[1], extent=_extent(plane),
                interpolation="bilinear")  # fmt: skip


def _brightness(moment: Cut, plane: Plane) -> FloatArray:
    """Return how bright the plane is beside liver [dB], the gas and its shadow included."""
    points, subject = plane.points()[::-1], moment.subject
    level = np.full(points.shape[:2], LIVER)
    away = subject.tumour_distance(points)
    if away is not None:
        level[away <= 0.0] = TUMOUR
    level[moment.zone > 0.0] += COAGULATED
    for organ in subject.organ_distances(points):
        level[organ <= 0.0] = FLUID
    for wall in subject.vessel_distances(points):
        level[wall <= 0.0] = VESSEL
    return np.asarray(level + ECHO * moment.cloud - moment.loss)


def _draw_plain(axes: Axes, moment: Cut, plane: Plane) -> None:
    """Draw outlines of tumour, margin and zone over gas and shadow."""
    subject, extent = moment.subject, _extent(plane)
    picture = np.ones((*moment.cloud.shape, 3))
    shade = np.clip(moment.loss / 25.0, 0.0, 0.75)[..., None]
    picture = picture * (1.0 - shade) + shade * np.array([0.35, 0.37, 0.40])
    gas = np.clip(moment.cloud, 0.0, 1.0)[..., None]
    picture = picture * (1.0 - gas) + gas * np.array([1.0, 0.78, 0.30])
    axes.imshow(picture, extent=extent, interpolation="bilinear")
    points = plane.points()[::-1]
    across = np.linspace(extent[0], extent[1], points.shape[1])
    down = np.linspace(extent[3], extent[2], points.shape[0])
    lines: list[tuple[FloatArray, float, Any]] = [
        (moment.zone, 0.0, zone_line(subject.reported, subject.reported))
    ]
    away, tumour = subject.tumour_distance(points), subject.result.case.tumour
    if away is not None and tumour is not None:
        lines.append((away, 0.0, TUMOUR_LINE))
        if tumour.margin > 0.0:
            lines.append((away, tumour.margin, MARGIN_LINE))
    for values, level, line in lines:
        if values.min() < level < values.max():
            drawn = axes.contour(across, down, values, [level], colors=[line.colour],
                                 linewidths=[line.width])  # fmt: skip
            if line.dashes:
                drawn.set_linestyle((0, line.dashes))
    for wall in [*subject.vessel_distances(points), *subject.organ_distances(points)]:
        if wall.min() < 0.0 < wall.max():
            axes.contour(across, down, wall, [0.0], colors=["#3f6fc6"], linewidths=[1.4])
    for needle in subject.needles:
        ends = plane.flatten(np.stack([needle.start, needle.tip]))
        axes.plot(to_mm(ends[:, 0]), -to_mm(ends[:, 1]), color="#5f6368", lw=1.6)
        axes.plot(to_mm(ends[1, 0]), -to_mm(ends[1, 1]), "o", color="#00b4d8", ms=3.5)
    axes.set_xlim(extent[0], extent[1])
    axes.set_ylim(extent[2], extent[3])
