"""The pictures of a report, as PNG in memory."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ablsim.domain_cells import cells_in
from ablsim.report.page import Picture
from ablsim.result import Result
from ablsim.tumour_coverage import TumourCoverage
from ablsim.units import to_mm
from ablsim.view.course import Course
from ablsim.view.figures import draw_margin_histogram
from ablsim.view.panels import fill_curves, fill_scene, fill_slices
from ablsim.view.style import FONT, INK, QUIET, REPORTED_LINE, ZONE_NAMES, organ_colour

_DPI = 110
_DOSES = np.geomspace(1e-3, 1e2, 241)
_COLOURS = {"stasis": REPORTED_LINE.colour, "whitening": "#8d8d93", "death": INK}


@contextmanager
def _drawn(width: float, height: float) -> Iterator[tuple[Figure, io.BytesIO]]:
    """Give a figure [inch] and, once left, its PNG."""
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET}):
        figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        stream = io.BytesIO()
        yield figure, stream
        figure.savefig(stream, format="png")


def scene_picture(result: Result, course: Course) -> tuple[Picture, str]:
    """Return the scene as it is drawn beside results, and what the reader should know of it."""
    with _drawn(14.0, 9.0) as (figure, stream):
        remark = fill_scene(
            figure, (0.015, 0.03, 0.97, 0.94), result, course, use_gl=True, all_zones=False
        )
    return Picture(stream.getvalue(), "The zone, cut open along the fibres"), remark


def slices_picture(result: Result, course: Course) -> Picture:
    """Return the axial, coronal and sagittal slice with the contours of zones and tumour."""
    with _drawn(18.0, 6.4) as (figure, stream):
        place = (0.014, 0.04, 0.972, 0.9)
        fill_slices(figure, place, result, course, with_legend=True)
    caption = "Slices through the middle, with the highest temperature that was reached"
    return Picture(stream.getvalue(), caption)


def curves_picture(result: Result, course: Course) -> Picture:
    """Return power, volumes of the zones and where the energy went, over time."""
    with _drawn(9.0, 12.0 if result.probes else 10.5) as (figure, stream):
        fill_curves(figure, (0.02, 0.02, 0.95, 0.96), result, course)
    return Picture(stream.getvalue(), "Power, growth of the zones, and where the energy went")


def damage_picture(result: Result) -> Picture | None:
    """Return which share of the tumour, and of organs, has at least which damage."""
    reported = result.case.physics.reported_zone
    parts = _parts(result)
    if not parts:
        return None
    with _drawn(9.0, 4.8) as (figure, stream):
        axes = figure.add_axes((0.09, 0.14, 0.6, 0.8))
        for number, (name, inside) in enumerate(parts.items()):
            if name == "tumour":
                for process, label in ZONE_NAMES.items():
                    dose = getattr(result.fields, process)[inside]
                    width = 2.6 if process == reported else 1.4
                    _plot_share(axes, dose, f"tumour, {label}", _COLOURS[process], width)
            else:
                colour = organ_colour(number - 1)
                _plot_share(axes, result.fields.death[inside], f"{name}, cell death", colour, 1.6)
        axes.axvline(1.0, color=QUIET, lw=0.9, ls=(0, (4, 2)))
        axes.set_xscale("log")
        axes.set_xlim(_DOSES[0], _DOSES[-1])
        axes.set_ylim(0.0, 101.0)
        axes.set_xlabel("damage integral $\\Omega$ (1: the zone's border)")
        axes.set_ylabel("at least so much damage [% of the volume]")
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.02, 1.0), fontsize="small")
        axes.spines[["top", "right"]].set_visible(False)
    return Picture(stream.getvalue(), "Damage-volume histogram, by cells")


def _parts(result: Result) -> dict[str, np.ndarray]:
    """Return the cells of the tumour and of every organ that has any."""
    grid, case = result.grid, result.case
    found = {}
    if case.tumour is not None and result.materials[1:2] == (case.tumour.tissue,):
        found["tumour"] = result.labels == 1  # painted first, over the background
    for organ in case.organs:
        box, inside = cells_in(grid, organ.body)
        found[organ.name] = np.zeros(grid.shape, dtype=np.bool_)
        found[organ.name][box] = inside
    return {name: inside for name, inside in found.items() if inside.any()}


def _plot_share(axes: Axes, dose: np.ndarray, label: str, colour: str, width: float) -> None:
    ordered = np.sort(dose)
    share = 100.0 * (1.0 - np.searchsorted(ordered, _DOSES, side="left") / len(ordered))
    axes.plot(_DOSES, share, color=colour, lw=width, label=label)


def margin_picture(tumour: Mapping[str, Any], coverage: TumourCoverage) -> Picture | None:
    """Return the map of the margins over the tumour's surface, and their histogram."""
    surface = coverage.margin_map
    if not surface.margins.size:
        return None
    offset = surface.points - surface.points.mean(axis=0)
    away = np.linalg.norm(offset, axis=1)
    around = np.rad2deg(np.arctan2(offset[:, 0], -offset[:, 1]))  # 0 in front, 90 to the left
    up = np.rad2deg(np.arcsin(np.clip(offset[:, 2] / away, -1.0, 1.0)))
    with _drawn(14.0, 5.0) as (figure, stream):
        axes = figure.add_axes((0.055, 0.13, 0.5, 0.74))
        margins = to_mm(surface.margins)
        edges = [min(-2.0, float(margins.min()) - 1.0), 0.0, 2.0, 5.0, 10.0]
        edges.append(max(12.0, float(margins.max()) + 1.0))
        shades = ["#e3a7d8", "#cfe8d5", "#8fcaa0", "#3f9a5f", "#00491f"]
        axes.tricontourf(around, up, margins, levels=edges, colors=shades)
        axes.set_xticks([-180, -90, 0, 90, 180], ["back", "right", "front", "left", "back"])
        axes.set_yticks([-90, 0, 90], ["feet", "", "head"])
        axes.set_title("Margin over the tumour's surface [mm]", loc="left", fontsize="medium")
        names = ("below 0", "0 to 2", "2 to 5", "5 to 10", "above 10")
        handles = [mpl.patches.Patch(color=c, label=n) for c, n in zip(shades, names, strict=True)]
        axes.legend(
            handles=handles, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0),
            fontsize="small",
        )  # fmt: skip
        if tumour.get("margin_histogram", {}).get("share"):
            draw_margin_histogram(figure.add_axes((0.74, 0.16, 0.24, 0.62)), tumour)
    return Picture(stream.getvalue(), "Where the margin is small: map and histogram")
