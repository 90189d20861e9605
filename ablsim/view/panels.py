"""The parts of a picture, each fitted into a rectangle: scene, slices, curves."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from ablsim.result import Result
from ablsim.view import figures, gl
from ablsim.view.annotations import annotate, legend_entries
from ablsim.view.course import Course
from ablsim.view.plane import Plane
from ablsim.view.sketch import draw_sketch
from ablsim.view.style import QUIET, SHOWN_FROM
from ablsim.view.subject import Subject, make_subject, with_temperature
from ablsim.view.viewpoint import choose_camera, choose_plane

Place = tuple[float, float, float, float]
"""Left, bottom, width and height as shares of a figure."""

_COLUMN = 3.25
_LINE = 0.33
_TEXT_LINE = 0.25
_HISTOGRAM, _LOW_HISTOGRAM = 1.7, 1.1  # inches
_SLICES = """Slices at right angles, as radiologists
see them: axial from the feet, coronal
from the front, sagittal from the left.
L left, R right, A front, P back,
S head, I feet. Fibres are drawn where
they lie within 1.5 mm of the slice."""


def fill_scene(
    figure: Figure,
    place: Place,
    result: Result,
    course: Course | None,
    *,
    use_gl: bool,
    all_zones: bool,
    tumour: Mapping[str, Any] | None = None,
) -> str:
    """Draw legend, scale of temperature and scene; return what the user should know.

    With ``tumour`` of a summary the histogram of its margins goes below them, if there is room.
    """
    subject = make_subject(result, course.hottest if course is not None else None)
    plane = choose_plane(subject)
    left, bottom, width, height = place
    inches = figure.get_size_inches()
    column = _COLUMN / float(inches[0])
    scene = (left + column, bottom, width - column, height)
    pixels = (round(scene[2] * inches[0] * figure.dpi), round(height * inches[1] * figure.dpi))
    camera = choose_camera(subject, plane, pixels[0] / pixels[1])
    axes = figure.add_axes(scene)
    display = gl.find_display() if use_gl else None
    if display is None:
        draw_sketch(axes, subject, plane, camera)
    else:
        gl.use_display(display)
        from ablsim.view.scene import render_scene  # imports VTK, which reads the display then

        w, h = camera.half_width, camera.half_height
        axes.imshow(render_scene(subject, plane, camera, pixels), extent=(-w, w, -h, h))
    annotate(axes, subject, plane, camera)
    column_place = (left, bottom, column, height)
    explanation = _explain(subject, plane)
    top = _fill_column(figure, column_place, subject, explanation, all_zones=all_zones)
    if tumour is not None and tumour.get("margin_histogram", {}).get("share"):
        width, lowest = column - 0.75 / float(inches[0]), bottom + 0.6 / float(inches[1])
        high = min(_HISTOGRAM / float(inches[1]), top - lowest - 0.8 / float(inches[1]))
        if high > _LOW_HISTOGRAM / float(inches[1]):
            room = figure.add_axes((left + 0.35 / float(inches[0]), lowest, width, high))
            figures.draw_margin_histogram(room, tumour)
    return gl.REMEDY if use_gl and display is None else ""


def fill_slices(
    figure: Figure, place: Place, result: Result, course: Course | None, *, with_legend: bool
) -> None:
    """Draw three slices, and at their left the scale of temperature and maybe the legend."""
    subject = make_subject(result)
    if course is not None:
        subject = with_temperature(subject, course.highest, "highest at any time")
    left, bottom, width, height = place
    column = _COLUMN / float(figure.get_size_inches()[0])
    figures.draw_slices(figure, (left + column, bottom, width - column, height), subject)
    where = (left, bottom, column, height)
    _fill_column(figure, where, subject, _SLICES, all_zones=True, with_legend=with_legend)


def fill_curves(figure: Figure, place: Place, result: Result, course: Course | None) -> None:
    """Draw the curves below each other; zone volumes only where stored states are known."""
    left, bottom, width, height = place
    wide, high = (float(size) for size in figure.get_size_inches())
    inset, gap = 0.55 / wide, 0.62 / high
    shares = [0.22, 0.32, 0.46] if course is not None else [0.3, 0.7]
    if result.probes:
        shares.insert(-1, 0.32)
    shares = [share / sum(shares) for share in shares]
    below = 2.35 / high  # for the legend of the last curve
    free = height - (len(shares) - 1) * gap - below - 0.3 / high
    top = bottom + height - 0.3 / high
    panels = []
    for share in shares:
        top -= share * free
        panels.append(figure.add_axes((left + inset, top, width - inset, share * free)))
        top -= gap
    figures.draw_power(panels[0], result)
    if course is not None:
        figures.draw_volumes(panels[1], result, course.times, course.volumes)
    if result.probes:
        figures.draw_probes(panels[-2], result)
    figures.draw_ledger(panels[-1], result)
    for axes in panels[:-1]:
        axes.set_xlabel("")


def _fill_column(
    figure: Figure,
    place: Place,
    subject: Subject,
    explanation: str,
    *,
    all_zones: bool,
    with_legend: bool = True,
) -> float:
    """Draw legend, scale of temperature and an explanation; return where the last one ends."""
    left, bottom, width, height = place
    inch = 1.0 / float(figure.get_size_inches()[1])
    top = bottom + height
    if with_legend:
        column = figure.add_axes(place)
        column.set_axis_off()
        entries = legend_entries(subject, all_zones=all_zones)
        column.legend(
            handles=entries,
            loc="upper left",
            frameon=False,
            borderaxespad=0.0,
            borderpad=0.0,
            bbox_to_anchor=(0.0, 1.0),
            labelspacing=0.7,
            handlelength=2.4,
        )
        top -= (_LINE * len(entries) + 0.25) * inch
    has_heat = bool((subject.temperature >= SHOWN_FROM).any())
    if has_heat:
        bar = figure.add_axes((left + 0.004, top - 0.75 * inch, 0.78 * width, 0.2 * inch))
        what = f"Temperature [°C]\n{subject.moment}"
        figures.draw_heat_bar(figure, bar, subject.hottest, what)
    else:
        explanation = f"Above 41 °C: no tissue\n({subject.moment}).\n{explanation}"
    below = top - (1.4 if has_heat else 0.1) * inch
    figure.text(left, below, explanation, va="top", fontsize=12, color=QUIET, linespacing=1.45)
    return below - _TEXT_LINE * (explanation.count("\n") + 1) * inch


def _explain(subject: Subject, plane: Plane) -> str:
    """Say where the cut is, from where it is seen, and when the zone was taken."""
    result = subject.result
    if abs(float(plane.height(subject.centre()))) > 1e-4:
        where = "a fibre"
    else:
        where = "the tumour's centre" if result.case.tumour is not None else "the middle"
    time = result.history[-1].time if result.history else result.case.protocol.duration
    fibres = "fibres" if len(subject.needles) > 1 else "fibre"
    lines = [f"Cut open along the {fibres}", f"through {where}."]
    if subject.needles:
        lines.append("Broken lines lie behind the cut.")
    return "\n".join([*lines, f"Zones are those at {time:.0f} s, the end."])
