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
from ablsim.result import Result
from ablsim.summary import summarise
from ablsim.units import to_mm
from ablsim.view import figures, gl
from ablsim.view.annotations import annotate, legend_entries
from ablsim.view.course import Course, follow
from ablsim.view.sketch import draw_sketch
from ablsim.view.style import DISCLAIMER, FONT, MINUS, QUIET, TIMES, ZONE_NAMES
from ablsim.view.subject import Subject, make_subject
from ablsim.view.viewpoint import choose_camera, choose_plane
from ablsim.zone import measure_zones

_DPI = 100
_COLUMN = 3.2  # inches for legends, at the left
_SLICES = """Slices at right angles through the
middle, as radiologists see them:
axial from the feet, coronal from
the front, sagittal from the left.
L left, R right, A front, P back,
S head, I feet. Fibres are drawn
where they run within 1.5 mm
of the slice."""


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
    with _figure(18.0, 15.0, result, summary, Path(result_path).name) as figure:
        scene = (0.014, 0.345, 0.67, 0.58)
        remark = _fill_scene(figure, scene, result, course, use_gl=use_gl, all_zones=True)
        _fill_slices(figure, (0.014, 0.03, 0.972, 0.29), result, course, with_legend=False)
        _fill_curves(figure, (0.70, 0.345, 0.288, 0.575), result, course)
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
    """Draw the three-dimensional scene alone; returns what :func:`draw` returns."""
    with _figure(14.0, 10.5, result, _measured(result, summary)) as figure:
        remark = _fill_scene(figure, (0.015, 0.035, 0.97, 0.855), result, course, use_gl=use_gl)
        _write(figure, png_path)
    return remark


def draw_slices(
    result: Result,
    png_path: str | Path,
    *,
    course: Course | None = None,
    summary: Mapping[str, Any] | None = None,
) -> None:
    """Draw the axial, coronal and sagittal slice alone."""
    with _figure(18.0, 6.4, result, _measured(result, summary)) as figure:
        _fill_slices(figure, (0.014, 0.06, 0.972, 0.77), result, course, with_legend=True)
        _write(figure, png_path)


def draw_curves(
    result: Result,
    png_path: str | Path,
    *,
    course: Course | None = None,
    summary: Mapping[str, Any] | None = None,
) -> None:
    """Draw power, zone volumes and energy over time alone."""
    with _figure(10.0, 11.0, result, _measured(result, summary)) as figure:
        _fill_curves(figure, (0.015, 0.04, 0.97, 0.85), result, course)
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
    """Return a share in percent; 100 only if it is all."""
    return "100 %" if share >= 1.0 else f"{min(100.0 * share, 99.9):.1f} %"


def _measured(result: Result, summary: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return summary or summarise(result, measure_zones(result))


@contextmanager
def _figure(
    width: float, height: float, result: Result, summary: Mapping[str, Any], source: str = ""
) -> Iterator[Figure]:
    """Give a figure [inch] with title, key figures and disclaimer."""
    with mpl.rc_context({**FONT, "axes.edgecolor": QUIET, "axes.linewidth": 1.0}):
        figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        inch = 1.0 / height
        figure.text(
            0.25 / width,
            1.0 - 0.28 * inch,
            result.case.title,
            fontsize=21,
            va="top",
            fontweight="bold",
        )
        size = min(14.5, 72.0 * (width - 0.5) / (0.6 * len(headline(result, summary))))
        figure.text(
            0.25 / width, 1.0 - 0.75 * inch, headline(result, summary), va="top", fontsize=size
        )
        figure.text(0.25 / width, 0.12 * inch, DISCLAIMER, fontweight="bold", fontsize=12)
        version = result.provenance.get("ablsim", "")
        origin = "   ".join(text for text in (source, f"ablsim {version}".strip()) if text)
        figure.text(1.0 - 0.25 / width, 0.12 * inch, origin, ha="right", color=QUIET, fontsize=11)
        yield figure


def _fill_scene(
    figure: Figure,
    place: tuple[float, float, float, float],
    result: Result,
    course: Course | None,
    *,
    use_gl: bool,
    all_zones: bool = False,
) -> str:
    """Draw legend, temperature scale and scene into a rectangle of the figure."""
    subject = make_subject(result, course.hottest if course is not None else None)
    plane = choose_plane(subject)
    left, bottom, width, height = place
    inches = figure.get_size_inches()
    column = _COLUMN / inches[0]
    scene = (left + column, bottom, width - column, height)
    pixels = (round(scene[2] * inches[0] * _DPI), round(scene[3] * inches[1] * _DPI))
    camera = choose_camera(subject, plane, pixels[0] / pixels[1])
    axes = figure.add_axes(scene)
    display = gl.find_display() if use_gl else None
    if display is None:
        draw_sketch(axes, subject, plane, camera)
    else:
        gl.use_display(display)
        from ablsim.view.scene import render_scene

        w, h = camera.half_width, camera.half_height
        axes.imshow(render_scene(subject, plane, camera, pixels), extent=(-w, w, -h, h))
    annotate(axes, subject, plane, camera)
    _add_legend(
        figure,
        (left, bottom, column, height),
        subject,
        all_zones=all_zones,
        explanation=_explain(subject, plane),
    )
    return gl.REMEDY if use_gl and display is None else ""


def _add_legend(
    figure: Figure,
    place: tuple[float, float, float, float],
    subject: Subject,
    *,
    all_zones: bool,
    explanation: str = "",
) -> None:
    """Draw legend, scale of temperature and an explanation below each other into a column."""
    left, bottom, width, height = place
    inch = 1.0 / float(figure.get_size_inches()[1])
    column = figure.add_axes(place)
    column.set_axis_off()
    entries = legend_entries(subject, all_zones=all_zones)
    column.legend(
        handles=entries,
        loc="upper left",
        frameon=False,
        borderaxespad=0.0,
        bbox_to_anchor=(0.0, 1.0),
        labelspacing=0.7,
        handlelength=2.4,
        borderpad=0.0,
    )
    top = bottom + height - (0.32 * len(entries) + 0.85) * inch
    bar = figure.add_axes((left + 0.004, top, 0.80 * width, 0.2 * inch))
    what = f"Temperature [°C]\n{subject.moment}"
    figures.draw_heat_bar(figure, bar, float(subject.temperature.max()), what)
    figure.text(
        left + 0.004, top - 0.55 * inch, explanation, va="top", fontsize=12, color=QUIET,
        linespacing=1.45,
    )


def _explain(subject: Subject, plane: Plane) -> str:
    """Say what the cut is and when the zones were taken."""
    cuts_tumour = subject.result.case.tumour is not None and np.allclose(
        plane.height(subject.centre()), 0.0, atol=1e-4
    )
    where = "through the tumour's centre" if cuts_tumour else "through the middle of the zone"
    if not np.allclose(plane.height(subject.centre()), 0.0, atol=1e-4):
        where = "through a fibre"
    history = subject.result.history
    end = history[-1].time if history else subject.result.case.protocol.duration
    lines = [f"Cut along the fibres {where}.", f"Lines of zones: at {end:.0f} s, the end."]
    if any(is_hidden(subject, plane, plane_camera, n) for n in ()):
        lines.append("")
    return "\n".join(lines)


def _fill_slices(
    figure: Figure,
    place: tuple[float, float, float, float],
    result: Result,
    course: Course | None,
    *,
    with_legend: bool,
) -> None:
    """Draw three slices, with legend or scale of temperature, into a rectangle of the figure."""
    subject = make_subject(result)
    if course is not None:
        highest = replace(subject, temperature=course.highest, moment="highest at any time")
        subject = replace(highest, needles=make_needles(result, course.highest))
    left, bottom, width, height = place
    column = _COLUMN / float(figure.get_size_inches()[0])
    figures.draw_slice_row(figure, (left + column, bottom, width - column, height), subject)
    if with_legend:
        _add_legend(figure, (left, bottom, column, height), subject, all_zones=True)
        return
    inch = 1.0 / float(figure.get_size_inches()[1])
    top = bottom + height
    bar = figure.add_axes((left + 0.004, top - 0.85 * inch, 0.80 * column, 0.2 * inch))
    what = f"Temperature [°C]\n{subject.moment}"
    figures.draw_heat_bar(figure, bar, float(subject.temperature.max()), what)
    figure.text(
        left + 0.004, top - 1.5 * inch, _SLICES, va="top", fontsize=12, color=QUIET,
        linespacing=1.45,
    )


def _fill_curves(
    figure: Figure,
    place: tuple[float, float, float, float],
    result: Result,
    course: Course | None,
) -> None:
    """Draw the curves below each other into a rectangle of the figure."""
    left, bottom, width, height = place
    inches = figure.get_size_inches()
    inset, gap = 0.5 / inches[0], 0.62 / inches[1]
    shares = (0.16, 0.34, 0.50)
    free = height - 2.0 * gap - 0.3 / inches[1] - 0.5 / inches[1]
    top = bottom + height - 0.3 / inches[1]
    panels = []
    for share in shares:
        top -= share * free
        panels.append(figure.add_axes((left + inset, top, width - inset, share * free)))
        top -= gap
    figures.draw_power(panels[0], result)
    if course is not None:
        figures.draw_volumes(panels[1], result, course.times, course.volumes)
    figures.draw_ledger(panels[2], result)
    for axes in panels[:-1]:
        axes.set_xlabel("")


def _write(figure: Figure, png_path: str | Path) -> None:
    try:
        figure.savefig(png_path, format="png")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        msg = f"cannot write the picture {png_path}: {reason}"
        raise ResultError(msg) from error
