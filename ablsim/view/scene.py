"""The shaded three-dimensional scene, drawn by VTK without a screen.

Only geometry is drawn here; names, scale, directions and legend are set beside it by
:mod:`ablsim.view.figures`, with the same camera. Lengths stay in metres.
"""

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from ablsim.units import to_celsius
from ablsim.view.camera import Camera
from ablsim.view.outlines import dashed, plane_contours, tumour_lines
from ablsim.view.plane import Plane, unit
from ablsim.view.style import (
    FILM,
    INK,
    SHOWN_FROM,
    TIP,
    TUMOUR,
    heat_colours,
    heat_range,
    organ_colour,
    vessel_colour,
)
from ablsim.view.subject import Needle, Subject, rods
from ablsim.view.viewpoint import covers

FloatArray = NDArray[np.float64]

_OVERSAMPLING = 2
_OUTLINE = 1.5  # pixels of a fibre's outline at each side
_LIFT = 0.25e-3
_OVER = 1.05  # what gives light lies on its fibre
_FINENESS = 0.75e-3
_ROOM = 3e-3


def render_scene(
    subject: Subject, plane: Plane, camera: Camera, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Return the picture of a subject, shape (height, width, 3).

    Parameters
    ----------
    subject : Subject
        What is shown.
    plane : Plane
        The plane that carries the temperature and the contours.
    camera : Camera
        From where.
    size : tuple of int
        Width and height [pixels].
    """
    width, height = (_OVERSAMPLING * n for n in size)
    plotter = pv.Plotter(off_screen=True, window_size=[width, height])
    plotter.set_background("white")  # type: ignore[arg-type]  # pyvista hides self
    _add_slice(plotter, subject, plane)
    _add_contours(plotter, subject, plane, camera)
    _add_zone(plotter, subject, camera)
    _add_tumour(plotter, subject)
    for vessel in subject.result.case.vessels:
        _add_vessel(
            plotter, subject, plane, camera, vessel.points, 0.5 * vessel.diameter, vessel.name
        )
    _add_organs(plotter, subject, plane, camera)
    for needle in subject.needles:
        _add_needle(plotter, needle, camera, size[1])
    _aim(plotter, subject, camera)
    image = np.asarray(plotter.screenshot(return_img=True), dtype=np.float32)
    plotter.close()
    coarse = image.reshape(size[1], _OVERSAMPLING, size[0], _OVERSAMPLING, 3).mean(axis=(1, 3))
    return np.asarray(np.rint(coarse), dtype=np.uint8)


def _aim(plotter: pv.Plotter, subject: Subject, camera: Camera) -> None:
    far = 4.0 * float(np.linalg.norm(subject.grid.size))
    plotter.camera.focal_point = camera.focus.tolist()
    plotter.camera.position = (camera.focus + far * camera.toward).tolist()
    plotter.camera.up = camera.up.tolist()
    plotter.camera.parallel_projection = True
    plotter.camera.parallel_scale = camera.half_height
    plotter.reset_camera_clipping_range()


def _add_slice(plotter: pv.Plotter, subject: Subject, plane: Plane) -> None:
    temperature = plane.sample(subject.grid, subject.temperature, 0.0)
    x, y, z = np.moveaxis(plane.points(), -1, 0)
    sheet = pv.StructuredGrid(x, y, z)
    sheet["temperature"] = to_celsius(temperature).ravel(order="F")
    sheet = sheet.clip_scalar(scalars="temperature", invert=False, value=to_celsius(SHOWN_FROM))
    if sheet.n_cells == 0:
        return
    scale = heat_range(subject.hottest)
    plotter.add_mesh(
        sheet,
        scalars="temperature",
        cmap=heat_colours(),
        clim=(float(scale.vmin or 0.0), float(scale.vmax or 0.0)),
        above_color=heat_colours().get_over().tolist(),
        interpolate_before_map=True,
        lighting=False,
        show_scalar_bar=False,
    )


def _add_contours(plotter: pv.Plotter, subject: Subject, plane: Plane, camera: Camera) -> None:
    for flat, line in plane_contours(subject, plane, [subject.reported]):
        points = plane.embed(flat)
        for lift, colour, width in (
            (_LIFT, line.halo, line.width + 2.0),
            (2.0 * _LIFT, line.colour, line.width),
        ):
            lifted = points + lift * camera.toward
            for piece in dashed(lifted, line):
                plotter.add_mesh(
                    pv.lines_from_points(piece),
                    color=colour,
                    line_width=_OVERSAMPLING * 1.4 * width,
                    opacity=1.0 if colour == line.colour else 0.55,
                    lighting=False,
                )


def _add_zone(plotter: pv.Plotter, subject: Subject, camera: Camera) -> None:
    """Add the zone like a soap film: seen where the line of sight grazes it, clear elsewhere."""
    surface = _level_surface(subject)
    if surface.n_points == 0:
        return
    facing = np.abs(np.asarray(surface["Normals"], dtype=np.float64) @ camera.toward)
    film = np.empty((surface.n_points, 4), dtype=np.uint8)
    film[:, :3] = np.array(pv.Color(FILM).int_rgb)
    film[:, 3] = np.rint(255.0 * (0.02 + 0.38 * (1.0 - np.minimum(facing, 1.0)) ** 2.5))
    surface["film"] = film
    plotter.add_mesh(surface, scalars="film", rgba=True, lighting=False)


def _level_surface(subject: Subject) -> pv.PolyData:
    grid = subject.grid
    nz, ny, nx = grid.shape
    first = [origin + 0.5 * grid.spacing for origin in grid.origin]
    block = pv.ImageData(dimensions=(nx, ny, nz), spacing=(grid.spacing,) * 3, origin=first)
    block["level"] = subject.zone_front(subject.reported).ravel()
    surface: pv.PolyData = block.contour([0.0], scalars="level")
    if surface.n_points == 0:
        return surface
    smooth: pv.PolyData = surface.smooth_taubin(n_iter=15, pass_band=0.15)
    shaded: pv.PolyData = smooth.compute_normals(cell_normals=False, split_vertices=False)
    return shaded


def _add_tumour(plotter: pv.Plotter, subject: Subject) -> None:
    for line in tumour_lines(subject):
        plotter.add_mesh(
            pv.lines_from_points(line),
            color=TUMOUR,
            line_width=_OVERSAMPLING * 1.2,
            opacity=0.6,
            lighting=False,
        )


def _add_vessel(
    plotter: pv.Plotter,
    subject: Subject,
    plane: Plane,
    camera: Camera,
    points: tuple[tuple[float, float, float], ...],
    radius: float,
    name: str,
) -> None:
    """Add a vessel; where it would cover the plane's colours, its part before it is translucent."""
    tube = pv.lines_from_points(np.asarray(points)).tube(radius=radius, n_sides=40, capping=True)
    x, y, z = subject.grid.origin
    sx, sy, sz = subject.grid.size
    bounds = (x, x + sx, y, y + sy, z, z + sz)
    tube = tube.clip_box(bounds, invert=False).extract_surface(algorithm="dataset_surface")
    if tube.n_cells == 0:
        return
    colour = vessel_colour(name)
    if not covers(subject, plane, camera, np.asarray(tube.points)):
        plotter.add_mesh(tube, color=colour, ambient=0.3, split_sharp_edges=True)
        return
    cut = {"normal": plane.normal.tolist(), "origin": plane.centre.tolist()}
    for part, opacity in (
        (tube.clip(invert=True, **cut), 1.0),
        (tube.clip(invert=False, **cut), 0.3),
    ):
        if part.n_cells:
            plotter.add_mesh(
                part, color=colour, ambient=0.3, opacity=opacity, split_sharp_edges=True
            )


def _add_needle(plotter: pv.Plotter, needle: Needle, camera: Camera, height: int) -> None:
    """Add a needle and its fibre at true size; a dark outline keeps the thin fibre legible."""
    thick = needle.diameter * height / (2.0 * camera.half_height) + 2.0 * _OUTLINE
    for rod in rods(needle):
        radius = 0.5 * rod.diameter * (_OVER if rod.colour == TIP else 1.0)
        plotter.add_mesh(_rod(rod.start, rod.end, radius), color=rod.colour, ambient=0.4)
    plotter.add_mesh(
        pv.lines_from_points(
            np.stack([needle.steel_end, needle.tip]) + 0.25 * needle.diameter * camera.toward
        ),
        color=INK,
        line_width=_OVERSAMPLING * thick,
        lighting=False,
    )


def _add_organs(plotter: pv.Plotter, subject: Subject, plane: Plane, camera: Camera) -> None:
    """Add the surfaces of organs: solid behind the plane, like glass before it."""
    for number, points in enumerate(subject.organ_points()):
        if len(points) == 0:
            continue
        surface = _organ_surface(subject, number, points)
        cut = {"normal": plane.normal.tolist(), "origin": plane.centre.tolist()}
        in_front = 0.12 if covers(subject, plane, camera, points) else 0.3
        for part, opacity in (
            (surface.clip(invert=True, **cut), 0.6),
            (surface.clip(invert=False, **cut), in_front),
        ):
            if part.n_cells:
                plotter.add_mesh(
                    part,
                    color=organ_colour(number),
                    ambient=0.35,
                    opacity=opacity,
                    smooth_shading=True,
                )


def _organ_surface(subject: Subject, number: int, points: FloatArray) -> pv.PolyData:
    """Return the surface of an organ around some of its points."""
    low, high = points.min(axis=0) - _ROOM, points.max(axis=0) + _ROOM
    shape = np.ceil((high - low) / _FINENESS).astype(int) + 1
    block = pv.ImageData(dimensions=shape.tolist(), spacing=(_FINENESS,) * 3, origin=low.tolist())
    block["away"] = subject.organ_distances(np.asarray(block.points))[number]
    surface: pv.PolyData = block.contour([0.0], scalars="away")
    return surface


def _rod(start: FloatArray, end: FloatArray, radius: float) -> pv.PolyData:
    return pv.Cylinder(
        center=(0.5 * (start + end)).tolist(),
        direction=unit(end - start).tolist(),
        radius=radius,
        height=float(np.linalg.norm(end - start)),
        resolution=32,
    )
