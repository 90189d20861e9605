"""Finished pictures: the one that goes beside a result, and its parts one by one."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ablsim import storage
from ablsim.errors import ResultError
from ablsim.notebook import DISCLAIMER
from ablsim.result import Result
from ablsim.summary import summarise
from ablsim.units import to_mm
from ablsim.view.course import Course, follow
from ablsim.view.panels import fill_curves, fill_scene, fill_slices
from ablsim.view.style import FONT, MINUS, QUIET, TIMES, ZONE_NAMES
from ablsim.zone import measure_zones

_DPI = 100
_INSET = 0.25
_NARROW = 12.0  # inches; the key figures stand below each other there
_CHARACTER = 0.60  # mean width of a character in heights of the font


def draw(result_path: str | Path, png_path: str | Path, *, use_gl: bool = True) -> str:
    """Draw the picture that goes beside a stored result: scene, slices and curves in one.

    Parameters
    ----------
    result_path : str or Path
        A result written by :mod:`ablsim.storage`.
    png_path : str or Path
        Where the PNG goes; an existing file is replaced.
    use_gl : bool, optional
        Whether OpenGL may be used for the scene.

    Returns
    -------
    str
        What the user should know, for example which package is missing; empty if nothing.

    Raises
    ------
    ResultError
        If the result cannot be read or the picture cannot be written.
    """
    result = storage.load(result_path)
    course = follow(result, storage.snapshots(result_path))
    summary = storage.load_summary(result_path) or summarise(result, measure_zones(result))
    with _figure(18.0, 15.4, result, summary, Path(result_path).name) as figure:
        scene = (0.014, 0.36, 0.672, 0.565)
        tumour = summary["tumour"]
        remark = fill_scene(
            figure, scene, result, course, use_gl=use_gl, all_zones=True, tumour=tumour
        )
        fill_slices(figure, (0.014, 0.03, 0.972, 0.30), result, course, with_legend=False)
        fill_curves(figure, (0.70, 0.345, 0.286, 0.58), result, course)
        _write(figure, png_path)
    return remark


def draw_scene(
    result: Result,
    png_path: str | Path,
    *,
    course: Course | None = None,
    summary: Mapping[str, Any] | None = None,
    use_gl: bool = True,
) -> str:
    """Draw the three-dimensional scene alone; takes and returns what :func:`draw` does.

    ``course`` (from :func:`ablsim.view.course.follow`) lets it show the hottest moment; without
    it the end is shown. ``summary`` is measured if it is not given.
    """
    with _figure(14.0, 10.5, result, summary) as figure:
        place = (0.018, 0.045, 0.97, 0.845)
        remark = fill_scene(figure, place, result, course, use_gl=use_gl, all_zones=False)
        _write(figure, png_path)
    return remark


def draw_slices(
    result: Result,
    png_path: str | Path,
    *,
    course: Course | None = None,
    summary: Mapping[str, Any] | None = None,
) -> None:
    """Draw the axial, coronal and sagittal slice alone, with the peaks that ``course`` knows."""
    with _figure(18.0, 7.4, result, summary) as figure:
        fill_slices(figure, (0.014, 0.06, 0.972, 0.78), result, course, with_legend=True)
        _write(figure, png_path)


def draw_curves(
    result: Result,
    png_path: str | Path,
    *,
    course: Course | None = None,
    summary: Mapping[str, Any] | None = None,
) -> None:
    """Draw power, zone volumes (if ``course`` is given) and energy over time alone."""
    with _figure(9.0, 12.0, result, summary) as figure:
        fill_curves(figure, (0.02, 0.04, 0.95, 0.83), result, course)
        _write(figure, png_path)


def headline(result: Result, summary: Mapping[str, Any]) -> str:
    """Return the key figures of a summary in one line."""
    case = result.case
    name = ZONE_NAMES[case.physics.reported_zone]
    zone = summary["zones"][case.physics.reported_zone]
    parts = [f"No zone of {name}"]
    if zone["volume_ml"] > 0.0:
        lengths = f" {TIMES} ".join(f"{length:.0f}" for length in zone["axes_mm"])
        parts = [f"Zone of {name} {zone['volume_ml']:.1f} mL, {lengths} mm"]
    tumour = summary.get("tumour")
    if tumour and case.tumour is not None:
        text = f"tumour {_percent(tumour['ablated_fraction'])} ablated"
        if case.tumour.margin > 0.0:
            share = _percent(tumour["ablated_fraction_with_margin"])
            text += f", {share} with {to_mm(case.tumour.margin):g} mm margin"
        margin = f"{tumour['margin_min_mm']:+.1f} mm".replace("-", MINUS)
        parts.append(f"{text}, smallest margin {margin}")
    fibres = len(case.fibres_all)
    fired = summary["energy_j"]["fired"] / 1e3
    count = f"{fibres} fibre{'s' * (fibres != 1)}"
    parts.append(f"{count}, {fired:.1f} kJ in {case.protocol.laser_time:.0f} s")
    return "  ·  ".join(parts)


def _percent(share: float) -> str:
    """Return a share in percent; 0 only if it is nothing, 100 only if it is all."""
    if share in (0.0, 1.0):
        return f"{100.0 * share:.0f} %"
    return f"{min(max(100.0 * share, 0.1), 99.9):.1f} %"


@contextmanager
def _figure(
    width: float,
    height: float,
    result: Result,
    summary: Mapping[str, Any] | None,
    source: str = "",
) -> Iterator[Figure]:
    """Give a figure [inch] with title, key figures and disclaimer."""
    figures = headline(result, summary or summarise(result, measure_zones(result)))
    if width < _NARROW:
        figures = figures.replace("  ·  ", "\n")
    title = result.case.title
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET}):
        figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        left, right = _INSET / width, 1.0 - _INSET / width
        for text, drop, largest, weight in ((title, 0.25, 22.0, "bold"), (figures, 0.72, 15.0, "")):
            fitting = (
                72.0 * (width - 2.0 * _INSET) / (_CHARACTER * max(1, *map(len, text.split("\n"))))
            )
            figure.text(
                left,
                1.0 - drop / height,
                text,
                va="top",
                fontsize=min(largest, fitting),
                fontweight=weight or "normal",
            )
        bottom = 0.12 / height
        figure.text(left, bottom, DISCLAIMER, fontweight="bold")
        version = f"ablsim {result.provenance.get('ablsim', '')}".strip()
        origin = f"{source}   {version}".strip()
        figure.text(right, bottom, origin, ha="right", color=QUIET, fontsize="small")
        yield figure


def _write(figure: Figure, png_path: str | Path) -> None:
    try:
        figure.savefig(png_path, format="png")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        msg = f"cannot write the picture {png_path}: {reason}"
        raise ResultError(msg) from error
