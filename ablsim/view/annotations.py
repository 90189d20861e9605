"""What is written around the scene: names, scale bar, directions, hidden needles, legend."""

import numpy as np
from matplotlib import patheffects
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ablsim.units import to_mm
from ablsim.view.camera import Camera
from ablsim.view.plane import Plane, sample
from ablsim.view.style import (
    INK,
    MARGIN_LINE,
    QUIET,
    SHAFT,
    SHOWN_FROM,
    TIP,
    TUMOUR_LINE,
    ZONE_NAMES,
    Line,
    vessel_colour,
    zone_line,
)
from ablsim.view.subject import Needle, Subject, lit_parts

FloatArray = NDArray[np.float64]

HALO = [patheffects.withStroke(linewidth=3.0, foreground="white")]
_DIRECTIONS = {"L": (1.0, 0.0, 0.0), "P": (0.0, 1.0, 0.0), "S": (0.0, 0.0, 1.0)}
_WORDS = {"L": "left", "P": "back", "S": "head"}
_BARS = (5e-3, 10e-3, 20e-3, 50e-3)


def annotate(axes: Axes, subject: Subject, plane: Plane, camera: Camera) -> None:
    """Write onto a scene whose axes are picture coordinates [m] of the camera."""
    for needle in subject.needles:
        _draw_hidden(axes, subject, plane, camera, needle)
    _name_needles(axes, subject, camera)
    _name_vessels(axes, subject, plane, camera)
    _draw_scale_bar(axes, camera)
    _draw_directions(axes, camera)
    axes.set(xlim=_both(camera.half_width), ylim=_both(camera.half_height), aspect="equal")
    axes.set_axis_off()


def legend_entries(subject: Subject, *, all_zones: bool = False) -> list[Artist]:
    """Return legend handles for what the subject has; ``all_zones`` for slices."""
    case = subject.result.case
    found: list[Artist] = []
    if case.tumour is not None:
        found.append(line_handle(TUMOUR_LINE, "tumour"))
        if case.tumour.margin > 0.0:
            label = f"tumour + {to_mm(case.tumour.margin):g} mm margin"
            found.append(line_handle(MARGIN_LINE, label))
    for name, title in ZONE_NAMES.items():
        if name == subject.reported or all_zones:
            line = zone_line(name, subject.reported)
            empty = not (subject.fronts[name] > 0.0).any()
            label = f"{title} (Ω ≥ 1)" if not empty else f"{title}: none (Ω < 1)"
            found.append(line_handle(line, label))
    if subject.needles:
        found.append(Line2D([], [], color=SHAFT, lw=6, label="fibre in its needle"))
        found.append(Line2D([], [], color=TIP, lw=8, label="light leaves here"))
    found += [Patch(facecolor=vessel_colour(v.name), label=v.name) for v in case.vessels]
    return found


def line_handle(line: Line, label: str) -> Line2D:
    """Return the legend handle of a line."""
    handle = Line2D([], [], label=label)
    style_line(handle, line)
    return handle


def style_line(artist: Line2D, line: Line) -> None:
    """Give an artist a line's colour, width, dashes and halo."""
    artist.set(color=line.colour, linewidth=line.width, solid_capstyle="round")
    if line.dashes:
        artist.set_dashes(line.dashes)
    artist.set_path_effects(
        [patheffects.withStroke(linewidth=line.width + 1.6, foreground=line.halo, alpha=0.8)]
    )


def is_hidden(
    subject: Subject, plane: Plane, camera: Camera, points: FloatArray
) -> NDArray[np.bool_]:
    """Say which points lie behind the coloured part of the plane for the camera's viewer."""
    height = plane.height(points)
    feet = points - (height / (camera.toward @ plane.normal))[..., None] * camera.toward
    warm = sample(subject.grid, subject.temperature, feet) >= SHOWN_FROM
    return np.asarray((height < -0.4e-3) & warm)


def _draw_hidden(
    axes: Axes, subject: Subject, plane: Plane, camera: Camera, needle: Needle
) -> None:
    """Draw what the plane hides of a needle with broken lines, as in a technical drawing."""
    parts = [(needle.start, needle.tip, "#2b2b2b", 1.6)]
    parts += [(start, end, TIP, 3.0) for start, end in lit_parts(needle)]
    for start, end, colour, width in parts:
        points = np.linspace(start, end, 120)
        hidden = is_hidden(subject, plane, camera, points)
        if not hidden.any():
            continue
        flat = np.where(hidden[:, None], camera.project(points), np.nan)
        dashes: object = (0, (2.2, 1.6)) if colour != TIP else "solid"
        axes.plot(*flat.T, color=colour, lw=width, ls=dashes, zorder=6, dash_capstyle="butt")


def _name_needles(axes: Axes, subject: Subject, camera: Camera) -> None:
    step = 0.05 * camera.half_height
    taken: list[FloatArray] = []
    for needle in sorted(subject.needles, key=lambda n: float(camera.project(n.start)[1])):
        at = camera.project(needle.start - 1.6e-3 * needle.direction)
        while any(np.all(np.abs(at - other) < (1.6 * step, step)) for other in taken):
            at = at + np.array([0.0, 0.5 * step])
        taken.append(at)
        axes.text(
            *at,
            needle.name,
            ha="center",
            va="center",
            fontweight="bold",
            zorder=9,
            path_effects=HALO,
        )


def _name_vessels(axes: Axes, subject: Subject, plane: Plane, camera: Camera) -> None:
    """Write each vessel's name beside it, as far as possible from what is shown."""
    solid = camera.project(subject.solid_points())
    for vessel in subject.result.case.vessels:
        line = np.concatenate(
            [np.linspace(a, b, 200) for a, b in zip(vessel.points, vessel.points[1:], strict=False)]
        )
        line = line[subject.grid.contains(line)]
        line = line[~is_hidden(subject, plane, camera, line)]
        flat = camera.project(line)
        inside = np.all(np.abs(flat) < (0.93 * camera.half_width, 0.9 * camera.half_height), axis=1)
        flat = flat[inside]
        if len(flat) == 0:
            continue
        room = [float(np.linalg.norm(solid - point, axis=1).min()) for point in flat]
        x, y = flat[int(np.argmax(room))]
        edge = 0.012 * camera.half_height * len(vessel.name)
        limit = max(0.0, camera.half_width - edge)
        below = y - 0.5 * vessel.diameter - 0.045 * camera.half_height
        axes.text(
            float(np.clip(x, -limit, limit)),
            below,
            vessel.name,
            ha="center",
            va="center",
            color=vessel_colour(vessel.name),
            fontweight="bold",
            zorder=9,
            path_effects=HALO,
        )


def _draw_scale_bar(axes: Axes, camera: Camera) -> None:
    length = max((bar for bar in _BARS if bar <= 0.6 * camera.half_width), default=_BARS[0])
    x, y = 0.95 * camera.half_width, -0.94 * camera.half_height
    axes.plot([x - length, x], [y, y], color=INK, lw=4.0, solid_capstyle="butt", zorder=9)
    axes.text(
        x - 0.5 * length,
        y + 0.02 * camera.half_height,
        f"{to_mm(length):g} mm",
        ha="center",
        va="bottom",
        zorder=9,
        path_effects=HALO,
    )


def _draw_directions(axes: Axes, camera: Camera) -> None:
    """Draw the arrows to the patient's left, back and head."""
    size = 0.15 * camera.half_height
    middle = np.array([-camera.half_width + 1.9 * size, -camera.half_height + 1.1 * size])
    for letter, direction in _DIRECTIONS.items():
        end = middle + size * camera.project(camera.focus + direction)
        axes.annotate(
            "", end, middle, arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 2.0}, zorder=9
        )
        offset = end - middle
        offset = offset / max(float(np.linalg.norm(offset)), 0.3 * size)
        ha = "left" if offset[0] > 0.4 else "right" if offset[0] < -0.4 else "center"
        va = "bottom" if offset[1] > 0.4 else "top" if offset[1] < -0.4 else "center"
        axes.text(
            *(end + 0.15 * size * offset),
            f"{letter} {_WORDS[letter]}",
            ha=ha,
            va=va,
            fontsize=11,
            color=QUIET,
            zorder=9,
            path_effects=HALO,
        )


def _both(half: float) -> tuple[float, float]:
    return -half, half
