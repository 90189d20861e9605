"""What is written around the scene: names, scale bar, directions, hidden needles, legend."""

from collections.abc import Sequence
from itertools import pairwise
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ablsim.units import to_mm
from ablsim.view.camera import Camera
from ablsim.view.plane import Plane
from ablsim.view.style import (
    GLASS,
    INK,
    MARGIN_LINE,
    QUIET,
    SHAFT,
    TIP,
    TUMOUR_LINE,
    ZONE_NAMES,
    Line,
    organ_colour,
    vessel_colour,
    zone_line,
)
from ablsim.view.subject import Needle, Subject, lit_parts
from ablsim.view.viewpoint import heated_points, is_hidden

FloatArray = NDArray[np.float64]

PROBE: dict[str, Any] = {"marker": "D", "ms": 7.0, "mfc": "white", "mec": INK, "mew": 1.8}
HALO = [patheffects.withStroke(linewidth=3.0, foreground="white")]
_EDGE = [patheffects.withStroke(linewidth=6.0, foreground=INK)]
_SHEATH = [
    patheffects.Stroke(linewidth=9.0, foreground=SHAFT),
    patheffects.withStroke(linewidth=4.5, foreground=INK),
]
_DIRECTIONS = {"L": (1.0, 0.0, 0.0), "P": (0.0, 1.0, 0.0), "S": (0.0, 0.0, 1.0)}
_WORDS = {"L": "left", "P": "back", "S": "head"}
_NAME_WIDTH = 12
_BARS = (5e-3, 10e-3, 20e-3, 50e-3)


def annotate(axes: Axes, subject: Subject, plane: Plane, camera: Camera) -> None:
    """Write onto a scene whose axes are picture coordinates [m] of the camera."""
    for needle in subject.needles:
        _draw_hidden(axes, subject, plane, camera, needle)
        _number_positions(axes, camera, needle)
    _name_needles(axes, subject, camera)
    _name_vessels(axes, subject, plane, camera)
    for probe, point in zip(subject.result.case.probes, subject.probe_points(), strict=True):
        mark_probe(axes, camera.project(point), probe.name)
    _name_organs(axes, subject, plane, camera)
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
            if all_zones and name != subject.reported:
                label += ", slices"
            found.append(line_handle(line, label))
    if subject.needles:
        found.append(_needle_handle(subject.needles))
        moved = any(len(needle.active) > 1 for needle in subject.needles)
        label = "light leaves here" + " (1st, 2nd, ...)" * moved
        found.append(Line2D([], [], color=TIP, lw=4, path_effects=_EDGE, label=label))
    found += [Patch(facecolor=vessel_colour(v.name), label=v.name) for v in case.vessels]
    for number, organ in enumerate(case.organs):
        label = organ.name if organ.no_go is None else f"{organ.name}, no-go"
        found.append(Patch(facecolor=organ_colour(number), label=label))
    if case.probes:
        found.append(Line2D([], [], ls="", **PROBE, label="probe"))
    return found


def _needle_handle(needles: Sequence[Needle]) -> Line2D:
    """Return the legend handle of fibres in their needles, with the sizes they are drawn at."""
    sizes = sorted({round(to_mm(needle.diameter), 2) for needle in needles})
    fibre = " to ".join(f"{size:g}" for size in dict.fromkeys((sizes[0], sizes[-1])))
    label = f"{fibre} mm fibre in a 21G needle"
    return Line2D([], [], color=GLASS, lw=2.5, path_effects=_SHEATH, label=label)


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
        _write(axes, at, needle.name, fontweight="bold")


def _number_positions(axes: Axes, camera: Camera, needle: Needle) -> None:
    """Write numbers at the positions of a needle that was pulled back, deepest first."""
    parts = lit_parts(needle)
    if len(parts) < 2:
        return
    for number, (start, end) in enumerate(parts, start=1):
        at = camera.project(0.5 * (start + end)) + np.array([1.6e-3, 0.0])
        _write(axes, at, f"{number}", ha="left", fontsize="small", fontweight="bold")


def _name_vessels(axes: Axes, subject: Subject, plane: Plane, camera: Camera) -> None:
    """Write each vessel's name beside it, as far as possible from everything else."""
    shafts = [np.linspace(needle.start, needle.tip, 30) for needle in subject.needles]
    shown = [subject.solid_points(), heated_points(subject, plane)[::20], *shafts]
    frame = np.array([camera.half_width, camera.half_height])
    corners = frame * [(-0.8, -0.8), (-0.8, -0.65), (0.95, -0.94), (0.6, -0.94), (0.78, -0.9)]
    busy = np.concatenate([camera.project(np.concatenate(shown)), corners])
    for vessel in subject.result.case.vessels:
        line = np.concatenate([np.linspace(a, b, 60) for a, b in pairwise(vessel.points)])
        line = line[subject.grid.contains(line)]
        flat = camera.project(line[~is_hidden(subject, plane, camera, line)])
        flat = flat[np.all(np.abs(flat) < frame, axis=1)]
        if len(flat) == 0:
            continue
        name = wrap(vessel.name, _NAME_WIDTH)
        size = np.array([0.0128 * max(map(len, name)), 0.026 * len(name)])
        half = size * camera.half_height
        gap = 0.55 * vessel.diameter + half
        sides = np.array([[0.0, -gap[1]], [0.0, gap[1]], [gap[0], 0.0], [-gap[0], 0.0]])
        offsets = np.concatenate([sides, sides * (1.0, 1.7), sides * (1.0, 2.6)])
        places = (flat[:, None] + offsets).reshape(-1, 2)
        inside = np.all(np.abs(places) + half <= frame, axis=1)
        places = places[inside] if inside.any() else np.clip(places, half - frame, frame - half)
        radius = 0.5 * vessel.diameter
        worth = [_room(place, half, busy, flat, radius) for place in places]
        at = places[int(np.argmax(worth))]
        _write(axes, at, "\n".join(name), color=vessel_colour(vessel.name), fontweight="bold")


def _name_organs(axes: Axes, subject: Subject, plane: Plane, camera: Camera) -> None:
    """Write each organ's name onto it, as far as possible from everything else."""
    frame = 0.86 * np.array([camera.half_width, camera.half_height])
    shafts = [np.linspace(needle.start, needle.tip, 30) for needle in subject.needles]
    things = [subject.solid_points(), heated_points(subject, plane)[::20], subject.probe_points()]
    busy = camera.project(np.concatenate([*things, *shafts]))
    organs = zip(subject.result.case.organs, subject.organ_points(), strict=True)
    for number, (organ, points) in enumerate(organs):
        flat = camera.project(points)
        flat = flat[np.all(np.abs(flat) < frame, axis=1)][::5]
        if len(flat) == 0:
            continue
        gaps = np.linalg.norm(flat[:, None] - busy, axis=-1).min(axis=1)
        off = np.linalg.norm(flat - flat.mean(axis=0), axis=-1)
        at = flat[int(np.argmax(np.minimum(gaps, 5e-3) - 0.3 * off))]
        name = "\n".join(wrap(organ.name, _NAME_WIDTH))
        _write(axes, at, name, color=organ_colour(number), fontweight="bold")


def mark_probe(axes: Axes, at: FloatArray, name: str) -> None:
    """Mark a probe and write its name beside it; ``at`` is in the coordinates of the axes."""
    axes.plot(*at, ls="", zorder=8, **PROBE)
    axes.annotate(
        name,
        tuple(at.tolist()),
        (6.0, 5.0),
        textcoords="offset points",
        zorder=9,
        fontsize="small",
        fontweight="bold",
        path_effects=HALO,
    )


def _room(
    place: FloatArray, half: FloatArray, busy: FloatArray, own: FloatArray, radius: float
) -> float:
    """Score a box: far from what is busy, near to its own tube but not on it."""

    def gap(points: FloatArray) -> float:
        outside = np.maximum(np.abs(points - place) - half, 0.0)
        return float(np.linalg.norm(outside, axis=1).min())

    return min(gap(busy), 4e-3) - 0.4 * gap(own) - 3e-3 * float(gap(own) < radius)


def _draw_scale_bar(axes: Axes, camera: Camera) -> None:
    length = max((bar for bar in _BARS if bar <= 0.5 * camera.half_width), default=_BARS[0])
    x, y = 0.95 * camera.half_width, -0.94 * camera.half_height
    axes.plot([x - length, x], [y, y], color=INK, lw=4.0, solid_capstyle="butt", zorder=9)
    at = np.array([x - 0.5 * length, y + 0.02 * camera.half_height])
    _write(axes, at, f"{to_mm(length):g} mm", va="bottom")


def _draw_directions(axes: Axes, camera: Camera) -> None:
    """Draw the arrows to the patient's left, back and head."""
    size = 0.15 * camera.half_height
    middle = np.array([-camera.half_width + 1.9 * size, -camera.half_height + 1.1 * size])
    for letter, direction in _DIRECTIONS.items():
        end = middle + size * camera.project(camera.focus + direction)
        arrow = {"arrowstyle": "-|>", "color": INK, "lw": 2.0}
        (x0, y0), (x1, y1) = middle.tolist(), end.tolist()
        axes.annotate("", (x1, y1), (x0, y0), arrowprops=arrow, zorder=9)
        offset = end - middle
        offset = offset / max(float(np.linalg.norm(offset)), 0.3 * size)
        ha = "left" if offset[0] > 0.4 else "right" if offset[0] < -0.4 else "center"
        va = "bottom" if offset[1] > 0.4 else "top" if offset[1] < -0.4 else "center"
        at = end + 0.15 * size * offset
        _write(axes, at, f"{letter} {_WORDS[letter]}", ha=ha, va=va, fontsize=11, color=QUIET)


def _write(axes: Axes, at: FloatArray, text: str, **look: Any) -> None:
    """Write a text at picture coordinates, on top of everything, with a white halo."""
    look = {"ha": "center", "va": "center", "zorder": 9, "path_effects": HALO, **look}
    axes.text(float(at[0]), float(at[1]), text, **look)


def _both(half: float) -> tuple[float, float]:
    return -half, half
