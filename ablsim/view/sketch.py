"""The scene as a flat drawing, for machines without OpenGL: same content, same camera."""

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import ConvexHull, QhullError

from ablsim.units import to_celsius
from ablsim.view.annotations import style_line
from ablsim.view.camera import Camera
from ablsim.view.outlines import plane_contours, tumour_lines
from ablsim.view.plane import Plane
from ablsim.view.style import (
    FILM,
    GLASS,
    INK,
    SHOWN_FROM,
    TUMOUR,
    heat_colours,
    heat_range,
    organ_colour,
    vessel_colour,
)
from ablsim.view.subject import Needle, Subject, rods
from ablsim.view.viewpoint import covers, is_hidden

FloatArray = NDArray[np.float64]

_OUTLINE = 2.0  # points that a fibre's dark outline adds to its width
_PATCH = 1.6e-3


def draw_sketch(axes: Axes, subject: Subject, plane: Plane, camera: Camera) -> None:
    """Draw a subject into axes whose coordinates are those of the camera's picture [m].

    Things are drawn from back to front: what lies behind the plane, the plane with its colours and
    contours, and what lies before it.
    """
    axes.set(xlim=(-camera.half_width, camera.half_width), aspect="equal")
    axes.set_ylim(-camera.half_height, camera.half_height)
    for vessel in subject.result.case.vessels:
        _draw_vessel(axes, subject, plane, camera, vessel.points, vessel.diameter, vessel.name)
    _draw_organs(axes, subject, camera)
    _draw_zone(axes, subject, camera)
    _draw_slice(axes, subject, plane, camera)
    for points in tumour_lines(subject):
        front = plane.height(points) > 0.0
        flat = np.where(front[:, None], camera.project(points), np.nan)
        axes.plot(*flat.T, color=TUMOUR, lw=0.8, alpha=0.6, zorder=3.2)
    for flat, line in plane_contours(subject, plane, [subject.reported]):
        (artist,) = axes.plot(*camera.project(plane.embed(flat)).T, zorder=3.5)
        style_line(artist, line)
    for needle in subject.needles:
        _draw_needle(axes, subject, plane, camera, needle)


def _draw_slice(axes: Axes, subject: Subject, plane: Plane, camera: Camera) -> None:
    celsius = to_celsius(plane.sample(subject.grid, subject.temperature, 0.0))
    x, y = np.moveaxis(camera.project(plane.points()), -1, 0)
    scale = heat_range(subject.hottest)
    if celsius.max() > to_celsius(SHOWN_FROM):
        levels = np.linspace(float(scale.vmin or 0.0), float(scale.vmax or 0.0), 120)
        axes.contourf(
            x, y, celsius, levels=levels, cmap=heat_colours(), norm=scale, extend="max", zorder=3.0
        )


def _draw_zone(axes: Axes, subject: Subject, camera: Camera) -> None:
    """Draw the silhouette of the zone as a pale patch behind everything."""
    cells = np.argwhere(subject.zone_front(subject.reported) > 0.0)
    if len(cells) < 4:
        return
    flat = camera.project(subject.grid.position(cells))
    try:
        hull = ConvexHull(flat)
    except QhullError:
        return
    axes.fill(*flat[hull.vertices].T, facecolor=FILM, alpha=0.13, lw=0, zorder=1.5)


def _draw_organs(axes: Axes, subject: Subject, camera: Camera) -> None:
    """Draw the silhouettes of organs nearby as pale patches behind everything."""
    for number, points in enumerate(subject.organ_points()):
        if len(points):
            flat = camera.project(points)
            low, high = flat.min(axis=0) - _PATCH, flat.max(axis=0) + _PATCH
            size = np.ceil((high - low) / _PATCH).astype(int)
            reach = [(low[0], high[0]), (low[1], high[1])]
            hits, x, y = np.histogram2d(flat[:, 0], flat[:, 1], bins=size.tolist(), range=reach)
            covered = gaussian_filter((hits > 0.0).astype(np.float64), 0.7).T
            middles = [0.5 * (edges[1:] + edges[:-1]) for edges in (x, y)]
            colour = (organ_colour(number), 0.35)
            axes.contourf(*middles, covered, levels=[0.5, 2.0], colors=[colour], zorder=1.2)


def _draw_vessel(
    axes: Axes,
    subject: Subject,
    plane: Plane,
    camera: Camera,
    points: tuple[tuple[float, float, float], ...],
    diameter: float,
    name: str,
) -> None:
    line = np.concatenate([np.linspace(start, end, 400) for start, end in pairwise(points)])
    line = line[subject.grid.contains(line)]
    before = plane.height(line) > 0.0
    fading = 0.4 if covers(subject, plane, camera, line) else 1.0
    for chosen, zorder, alpha in ((~before, 1.0, 1.0), (before, 4.0, fading)):
        flat = np.where(chosen[:, None], camera.project(line), np.nan)
        _draw_tube(axes, flat, diameter, vessel_colour(name), zorder, alpha)


def _draw_needle(
    axes: Axes, subject: Subject, plane: Plane, camera: Camera, needle: Needle
) -> None:
    for number, rod in enumerate(rods(needle)):
        points = np.linspace(rod.start, rod.end, 200)
        seen = ~is_hidden(subject, plane, camera, points)
        flat = np.where(seen[:, None], camera.project(points), np.nan)
        outline = _OUTLINE if rod.colour == GLASS else 0.0
        _draw_tube(axes, flat, rod.diameter, rod.colour, 5.0 + 0.1 * number, 1.0, outline)


def _draw_tube(
    axes: Axes,
    flat: FloatArray,
    diameter: float,
    colour: str,
    zorder: float,
    alpha: float,
    outline: float = 0.0,
) -> None:
    """Draw a line as thick as a tube [m], shaded across by three strokes.

    ``outline`` [points] widens it by a dark edge, so that a thin one stays legible.
    """
    low, high = axes.transData.transform([(0.0, 0.0), (diameter, 0.0)])
    points = (high[0] - low[0]) * 72.0 / axes.get_figure(root=True).dpi  # type: ignore[union-attr]
    base = np.array(to_rgb(colour))
    if outline > 0.0:
        axes.plot(
            *flat.T, color=INK, lw=points + outline, solid_capstyle="butt", zorder=zorder - 0.01
        )
    for share, tone in ((1.0, 0.72 * base), (0.8, base), (0.3, 0.55 * base + 0.45)):
        axes.plot(
            *flat.T,
            color=tuple(tone),
            lw=share * points,
            alpha=alpha if share == 1.0 else alpha * 0.8,
            solid_capstyle="butt",
            zorder=zorder,
        )
