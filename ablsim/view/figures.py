"""Slices through the middle and curves over time, drawn with matplotlib."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ablsim.result import Ledger, Result
from ablsim.units import to_celsius, to_mm
from ablsim.view.annotations import mark_probe, style_line
from ablsim.view.outlines import plane_contours
from ablsim.view.plane import Plane, unit
from ablsim.view.style import (
    INK,
    MARGIN_LINE,
    MINUS,
    QUIET,
    SHOWN_FROM,
    TIP,
    TUMOUR,
    TUMOUR_LINE,
    ZONE_NAMES,
    heat_colours,
    heat_range,
    organ_colour,
    vessel_colour,
    zone_line,
)
from ablsim.view.subject import Subject, rods
from ablsim.view.viewpoint import standard_planes

FloatArray = NDArray[np.float64]

_AXIS_LABELS = {
    (0, 1): "R  ←  x [mm]  →  L",
    (1, 1): "A  ←  y [mm]  →  P",
    (1, -1): "P  ←  y [mm]  →  A",
    (2, 1): "I  ←  z [mm]  →  S",
}
_NEAR = 1.5e-3
_CROSSING = 0.5
_RING: list[patheffects.AbstractPathEffect] = [
    patheffects.withStroke(linewidth=5.0, foreground="white")
]
_NAMES_IN_TITLE = 3
_PROBE_LINES = [
    (colour, dashes) for dashes in ("solid", (0, (4, 2)), (0, (1, 1.5))) for colour in (INK, QUIET)
]

SINKS = {
    "stored": ("still in the tissue", "#e8743b"),
    "perfusion": ("carried off by perfusion", "#c94f6d"),
    "vessels": ("carried off by large vessels", "#3f6fc6"),
    "latent": ("turned water into steam", "#7aa6c2"),
    "vapour": ("left with the steam", "#b5cfdd"),
    "boundary": ("through the domain's faces", "#9a8f7c"),
    "between_sessions": ("gone between sessions", "#d9b48f"),
    "escaped": ("light out of the domain", "#e3c441"),
    "fibres": ("lost in the fibres", "#c9ccd1"),
}


def draw_slices(figure: Figure, place: tuple[float, float, float, float], subject: Subject) -> None:
    """Draw axial, coronal and sagittal slices through the middle, all at one scale.

    Parameters
    ----------
    figure : Figure
        Where to draw.
    place : tuple of float
        Left, bottom, width and height of the rectangle to fill, as shares of the figure.
    subject : Subject
        What is shown.
    """
    left, bottom, width, height = place
    inches = figure.get_size_inches()
    planes = standard_planes(subject)
    sizes = np.array([np.subtract(plane.high, plane.low) for plane in planes.values()])
    inset, below, above = 0.85, 0.55, 0.3
    free = np.array([width * inches[0] - 3.0 * inset, height * inches[1] - below - above])
    scale = min(free[0] / sizes[:, 0].sum(), free[1] / sizes[:, 1].max())
    room = (free[0] - scale * sizes[:, 0].sum()) / 3.0
    x = left * inches[0]
    for (name, plane), (w, h) in zip(planes.items(), scale * sizes, strict=True):
        x += inset + 0.5 * room
        top = (bottom + height) * inches[1] - above
        axes = figure.add_axes((x / inches[0], (top - h) / inches[1], w / inches[0], h / inches[1]))
        _draw_slice(axes, subject, plane)
        axes.set_title(f"{name}, {_position(plane)}", fontsize="medium", loc="left")
        x += w + 0.5 * room


def draw_heat_bar(figure: Figure, axes: Axes, hottest: float, what: str) -> None:
    """Draw the scale of temperature; colours above its end are one colour."""
    scale = heat_range(hottest)
    bar = figure.colorbar(
        ScalarMappable(scale, heat_colours()),
        cax=axes,
        extend="max" if to_celsius(hottest) > float(scale.vmax or 0.0) + 0.5 else "neither",
        orientation="horizontal",
    )
    low = to_celsius(SHOWN_FROM)
    step = 10.0 if float(scale.vmax or 0.0) <= 80.0 else 20.0
    ticks = np.arange(np.ceil((low + 4.0) / step) * step, float(scale.vmax or 0.0) + 0.1, step)
    bar.set_ticks([low, *ticks])
    bar.outline.set_visible(False)
    axes.set_title(what, fontsize="medium", loc="left")


def _draw_slice(axes: Axes, subject: Subject, plane: Plane) -> None:
    celsius = to_celsius(plane.sample(subject.grid, subject.temperature, 0.0))
    low, high = _corners(plane)
    extent = (low[0], high[0], low[1], high[1])
    colours = heat_colours()
    shown = np.ma.masked_less(celsius, to_celsius(SHOWN_FROM))
    axes.imshow(
        shown,
        cmap=colours,
        norm=heat_range(subject.hottest),
        extent=extent,
        origin="lower",
        interpolation="bilinear",
    )
    shift = _shift(plane)
    points = plane.points()
    along, above = (to_mm(a + s) for a, s in zip(plane.axes(), shift, strict=True))
    for vessel, distance in zip(
        subject.result.case.vessels, subject.vessel_distances(points), strict=True
    ):
        if distance.min() < 0.0 < distance.max():
            colour = vessel_colour(vessel.name)
            axes.contourf(along, above, distance, levels=[-1.0, 0.0], colors=[colour])
    for number, away in enumerate(subject.organ_distances(points)):
        if away.min() < 0.0 < away.max():
            pale = (organ_colour(number), 0.3)
            axes.contourf(along, above, away, levels=[-1.0, 0.0], colors=[pale])
    _draw_needles(axes, subject, plane, shift)
    _draw_probes(axes, subject, plane, shift)
    names = [name for name in ZONE_NAMES if name != subject.reported] + [subject.reported]
    for flat, line in plane_contours(subject, plane, names):
        (artist,) = axes.plot(*to_mm(flat + shift).T)
        style_line(artist, line)
    axes.set(xlim=extent[:2], ylim=extent[2:], aspect="equal")
    axes.set_xlabel(_AXIS_LABELS[_axis_of(plane.right)])
    axes.set_ylabel(_AXIS_LABELS[_axis_of(plane.up)])
    if _axis_of(plane.up)[1] < 0:
        axes.yaxis.set_major_formatter(lambda value, _: f"{0.0 - value:g}".replace("-", MINUS))
    axes.tick_params(labelsize="small")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_needles(axes: Axes, subject: Subject, plane: Plane, shift: FloatArray) -> None:
    """Draw what lies near the slice of needles and fibres: along it or, as discs, across it."""
    for needle in subject.needles:
        for number, rod in enumerate(rods(needle)):
            ends = _near(rod.start, rod.end, plane)
            if ends is None:
                continue
            flat = to_mm(plane.flatten(ends) + shift)
            across = abs(needle.direction @ plane.normal) > _CROSSING
            shape = _disc(flat, rod.diameter) if across else _strip(flat, rod.diameter)
            (patch,) = axes.fill(*shape.T, facecolor=rod.colour, edgecolor=INK, lw=0.8)
            patch.set_zorder(2.5 + 0.01 * number)
            if across:  # a ring around what is no larger than a dot
                patch.set_path_effects(_RING)


def _near(start: FloatArray, end: FloatArray, plane: Plane) -> FloatArray | None:
    """Return the ends of the part of a line that is near a plane; None if no part of it is."""
    low, high = float(plane.height(start)), float(plane.height(end))
    if abs(high - low) < 1e-9:
        return np.stack([start, end]) if abs(low) < _NEAR else None
    first, last = sorted((side * _NEAR - low) / (high - low) for side in (-1.0, 1.0))
    first, last = max(first, 0.0), min(last, 1.0)
    if first >= last:
        return None
    return np.stack([start + share * (end - start) for share in (first, last)])


def _strip(flat: FloatArray, diameter: float) -> FloatArray:
    """Return the corners (4, 2) of a rod's outline [mm] between two points of a slice."""
    along = unit(flat[1] - flat[0])
    side = 0.5 * to_mm(diameter) * np.array([-along[1], along[0]])
    return np.concatenate([flat + side, flat[::-1] - side])


def _disc(flat: FloatArray, diameter: float) -> FloatArray:
    """Return the outline (n, 2) of a rod that crosses a slice [mm]."""
    turn = np.linspace(0.0, 2.0 * np.pi, 49)
    circle = 0.5 * to_mm(diameter) * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    return np.asarray(flat.mean(axis=0) + circle)


def _draw_probes(axes: Axes, subject: Subject, plane: Plane, shift: FloatArray) -> None:
    """Mark the probes that lie in the slice."""
    for probe, point in zip(subject.result.case.probes, subject.probe_points(), strict=True):
        if abs(float(plane.height(point))) < _NEAR:
            mark_probe(axes, to_mm(plane.flatten(point) + shift), probe.name)


def _corners(plane: Plane) -> tuple[list[float], list[float]]:
    shift = _shift(plane)
    low, high = np.add(plane.low, shift), np.add(plane.high, shift)
    return to_mm(low).tolist(), to_mm(high).tolist()


def _shift(plane: Plane) -> FloatArray:
    """Return what turns in-plane coordinates into LPS coordinates along the plane's edges [m]."""
    return np.array([plane.centre @ plane.right, plane.centre @ plane.up])


def _axis_of(direction: FloatArray) -> tuple[int, int]:
    axis = int(np.argmax(np.abs(direction)))
    return axis, int(np.sign(direction[axis]))


def _position(plane: Plane) -> str:
    axis = int(np.argmax(np.abs(plane.normal)))
    position = round(to_mm(float(plane.centre[axis])), 1) + 0.0  # never a negative zero
    return f"{'xyz'[axis]} = {position:.1f} mm".replace("-", MINUS)


def draw_power(axes: Axes, result: Result) -> None:
    """Draw the set power of all fibres over time."""
    case = result.case
    segments = case.protocol.timeline([fibre.name for fibre in case.fibres_all])
    time = [t for s in segments for t in (s.start, s.end)]
    power = [p for s in segments for p in (sum(s.power), sum(s.power_end))]
    axes.fill_between([0.0, *time], [0.0, *power], color=TIP, alpha=0.35, lw=0)
    axes.plot([0.0, *time], [0.0, *power], color=TIP, lw=2)
    axes.set_ylim(0.0, 1.35 * max([*power, 1.0]))
    for segment in segments:
        if segment.illumination and segment.end - segment.start > 0.15 * case.protocol.duration:
            middle = 0.5 * (segment.start + segment.end)
            height = segment.power_at(middle)
            text = f"delivery {segment.illumination}"
            axes.text(middle, 0.5 * height, text, ha="center", va="center", fontsize="small")
            axes.vlines(segment.start, 0.0, sum(segment.power), color=TIP, lw=2)
    axes.set_title("Set power, all fibres [W]", fontsize="medium", loc="left")
    shade_delivery(axes, result)


def draw_volumes(
    axes: Axes, result: Result, times: Sequence[float], volumes: Mapping[str, Sequence[float]]
) -> None:
    """Draw zone volumes [mL] over time; the names stand above, clear of the curves."""
    reported = result.case.physics.reported_zone
    for name in ZONE_NAMES:
        (artist,) = axes.plot(times, volumes[name], label=name)
        style_line(artist, zone_line(name, reported))
    axes.set_ylim(bottom=0.0)
    axes.legend(
        fontsize="small",
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.02, 0.94),
        ncols=len(ZONE_NAMES),
        handlelength=1.8,
        handletextpad=0.5,
        columnspacing=0.9,
    )
    axes.set_title("Zones [mL]", fontsize="medium", loc="left")
    shade_delivery(axes, result)


def draw_probes(axes: Axes, result: Result) -> None:
    """Draw what the probes recorded [degC] over time."""
    for probe, (colour, dashes) in zip(result.probes, cycle(_PROBE_LINES), strict=False):
        celsius = to_celsius(probe.temperatures)
        axes.plot(probe.times, celsius, color=colour, lw=1.8, ls=dashes, label=probe.name)
    axes.margins(y=0.15)
    few = len(result.probes) <= _NAMES_IN_TITLE
    place = {"loc": "lower right", "bbox_to_anchor": (1.02, 0.94)} if few else {"loc": "best"}
    axes.legend(
        fontsize="small",
        frameon=False,
        ncols=len(result.probes) if few else 2,
        handlelength=1.8,
        columnspacing=1.0,
        **place,
    )
    axes.set_title("Probes [°C]", fontsize="medium", loc="left")
    shade_delivery(axes, result)


def draw_ledger(axes: Axes, result: Result) -> None:
    """Draw where the energy that the laser fired went [kJ], stacked over time."""
    books = [entry.ledger for entry in result.history]
    time = [entry.time for entry in result.history]
    total = result.ledger.fired
    parts, colours, labels = [], [], []
    for name, (title, colour) in SINKS.items():
        values = np.array([_spent(ledger, name) for ledger in books])
        if values.size == 0 or total <= 0.0 or np.abs(values).max() < 1e-3 * total:
            continue
        parts.append(values / 1e3)
        colours.append(colour)
        labels.append(f"{title}, {100.0 * _spent(result.ledger, name) / total:.0f} %")
    if parts:
        axes.stackplot(time, *parts, colors=colours, labels=labels, lw=0)
        fired = [ledger.fired / 1e3 for ledger in books]
        axes.plot(time, fired, color=INK, lw=1.6, ls=(0, (4, 2)), label="fired by the laser")
        handles, names = axes.get_legend_handles_labels()
        axes.legend(
            handles[::-1],
            names[::-1],
            fontsize="small",
            frameon=False,
            loc="upper left",
            bbox_to_anchor=(-0.02, -0.24),
            handlelength=1.4,
            labelspacing=0.3,
        )
        axes.set_ylim(0.0, 1.02 * max(max(fired), float(np.sum(parts, axis=0).max())))
    axes.set_title("Where the energy went [kJ]", fontsize="medium", loc="left")
    shade_delivery(axes, result)


def draw_margin_histogram(axes: Axes, tumour: Mapping[str, Any]) -> None:
    """Draw which shares of the tumour's surface have which margin.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    tumour : mapping
        The part ``tumour`` of a summary, with its ``margin_histogram``.

    Notes
    -----
    Bars are pale where the zone falls short of the surface and full green where the margin asked
    for is reached.
    """
    asked = tumour["margin_asked_mm"]
    edges = np.asarray(tumour["margin_histogram"]["edges_mm"])
    shares = 100.0 * np.asarray(tumour["margin_histogram"]["share"])
    middles = 0.5 * (edges[1:] + edges[:-1])
    alphas = np.where(middles < 0.0, 0.15, np.where(middles < asked, 0.45, 0.9))
    for left, width, share, alpha in zip(edges, np.diff(edges), shares, alphas, strict=False):
        axes.bar(left, share, width, align="edge", color=(TUMOUR, alpha), edgecolor=TUMOUR, lw=0.8)
    axes.axvline(0.0, color=TUMOUR, lw=TUMOUR_LINE.width)
    if asked > 0.0:
        (line,) = axes.plot([asked] * 2, [0.0, 1.0], transform=axes.get_xaxis_transform())
        style_line(line, MARGIN_LINE)
    axes.set_xlim(min(edges[0], 0.0) - 0.5, max(edges[-1], asked) + 0.5)
    axes.set_ylim(0.0, 1.12 * shares.max())
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize="small")
    axes.set_xlabel("margin [mm]", color=QUIET, fontsize="small")
    axes.set_title("Tumour's surface by its\nmargin [% of the area]", fontsize="medium", loc="left")


def _spent(ledger: Ledger, name: str) -> float:
    """Return an entry of the books [J]; ``fibres`` is what was fired and not emitted."""
    return ledger.fired - ledger.emitted if name == "fibres" else float(getattr(ledger, name))


def shade_delivery(axes: Axes, result: Result) -> None:
    """Tint the times in which the laser is on, and label the time axis."""
    names = [fibre.name for fibre in result.case.fibres_all]
    for segment in result.case.protocol.timeline(names):
        if any(segment.highest_power):
            axes.axvspan(segment.start, segment.end, color="#f1f4f6", lw=0, zorder=-5)
    axes.set_xlim(0.0, result.case.protocol.duration)
    axes.set_xlabel("time [s]", color=QUIET)
    axes.tick_params(labelsize="small")
    axes.spines[["top", "right"]].set_visible(False)
