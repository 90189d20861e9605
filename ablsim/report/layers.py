"""What the interactive scene shows, thing by thing: surfaces in millimetres, LPS."""

from dataclasses import dataclass

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from ablsim.tumour_coverage import TumourCoverage
from ablsim.units import to_celsius, to_mm
from ablsim.view.plane import Plane
from ablsim.view.style import (
    GLASS,
    INK,
    REPORTED_LINE,
    SHAFT,
    SHOWN_FROM,
    TIP,
    TUMOUR,
    ZONE_NAMES,
    heat_colours,
    heat_range,
    organ_colour,
    vessel_colour,
)
from ablsim.view.subject import Subject, rods

FloatArray = NDArray[np.float64]

NEAR_VESSEL = 4.0
"""Distance from the wall of a vessel [mm] within which tissue that was left counts as spared by
its flow (A)."""

NAMES = "names of fibres"

_OTHER_ZONES = {"whitening": "#8d8d93", "death": "#3c3c40", "stasis": "#5b5b66"}
_CLASSES = ("#f4d9f1", "#cfe8d5", "#8fcaa0", "#3f9a5f", "#00491f")  # margins, short to ample
_FINEST = 0.4  # mm
_ACROSS = 64  # points across a body that is drawn from its distance
_ACROSS_SMOOTH = 36  # points across an ellipsoid


@dataclass(frozen=True, slots=True)
class Layer:
    """One thing in the scene, which the reader may show or hide.

    Parameters
    ----------
    name : str
        What it is called.
    colour : str
        Of its mark in the legend, and of the surface unless that carries ``colours``.
    meshes : tuple of (PolyData, str)
        Surfaces [mm] and their colours.
    opacity : float
        1 is solid.
    shown : bool
        Whether it is there at first.
    scalars : str
        Name of the values that colour it; empty for one colour.
    """

    name: str
    colour: str
    meshes: tuple[tuple[pv.PolyData, str], ...]
    opacity: float = 1.0
    shown: bool = True
    scalars: str = ""

    def merged(self) -> pv.PolyData:
        """Return all surfaces as one of triangles."""
        whole = pv.merge([mesh for mesh, _ in self.meshes])
        surface: pv.PolyData = whole.extract_surface(algorithm="dataset_surface").triangulate()
        return surface


def make_bodies(subject: Subject) -> list[Layer]:
    """Return the bodies alone: tumour, zones, what is left, vessels, organs, needles, fibres."""
    return _filled(
        [
            *_tumour(subject, None),
            *_zones(subject),
            *_left(subject),
            *_vessels(subject),
            *_organs(subject),
            *(layer for layer in _needles(subject) if layer.name != NAMES),
        ]
    )


def make_layers(subject: Subject, plane: Plane, tumour: TumourCoverage | None) -> list[Layer]:
    """Return everything that there is to show, solid things last.

    Parameters
    ----------
    subject : Subject
        The result, with a temperature.
    plane : Plane
        Where the temperature is shown.
    tumour : TumourCoverage or None
        What was measured on the tumour, with its margin map.
    """
    return [*make_moment(subject, plane), *make_still(subject, tumour)]


def make_moment(subject: Subject, plane: Plane) -> list[Layer]:
    """Return what changes while a treatment goes on: temperature, zones, what is left."""
    return _filled([*_temperature(subject, plane), *_zones(subject), *_left(subject)])


def make_still(subject: Subject, tumour: TumourCoverage | None) -> list[Layer]:
    """Return what does not: tumour, vessels, organs, needles, directions."""
    return _filled(
        [
            *_tumour(subject, tumour),
            *_vessels(subject),
            *_organs(subject),
            *_needles(subject),
            _directions(subject),
        ]
    )


def _filled(layers: list[Layer]) -> list[Layer]:
    """Return the layers that have anything to show."""
    return [
        Layer(layer.name, layer.colour, meshes, layer.opacity, layer.shown, layer.scalars)
        for layer in layers
        if (meshes := tuple((m, c) for m, c in layer.meshes if m.n_cells > 0))
    ]


def _temperature(subject: Subject, plane: Plane) -> list[Layer]:
    celsius = to_celsius(plane.sample(subject.grid, subject.temperature, 0.0))
    x, y, z = np.moveaxis(to_mm(plane.points()), -1, 0)
    sheet = pv.StructuredGrid(x, y, z)
    scale = heat_range(subject.hottest)
    shades = heat_colours()(scale(celsius.ravel(order="F")), bytes=True)[:, :3]
    sheet["degC"] = celsius.ravel(order="F")
    sheet["colours"] = np.ascontiguousarray(shades)
    warm = sheet.clip_scalar(scalars="degC", invert=False, value=to_celsius(SHOWN_FROM))
    name = f"temperature {subject.moment}"
    return [
        Layer(
            name,
            "#e8743b",
            ((warm.extract_surface(algorithm="dataset_surface"), ""),),
            scalars="colours",
        )
    ]


def _tumour(subject: Subject, coverage: TumourCoverage | None) -> list[Layer]:
    tumour = subject.result.case.tumour
    if tumour is None:
        return []
    reach = 0.5 * max(to_mm(length) for length in tumour.axes)

    across = _ACROSS if tumour.shape == "mask" else _ACROSS_SMOOTH

    def grown(by: float) -> pv.PolyData:
        block = _block(to_mm(np.asarray(tumour.centre)), reach + by + 2.0, across)
        away = subject.tumour_distance(1e-3 * np.asarray(block.points))
        return _contour(block, to_mm(np.asarray(away)) - by)

    surface = grown(0.0)
    layers = [Layer("tumour", TUMOUR, ((surface, TUMOUR),), 0.3)]
    if tumour.margin > 0.0:
        asked = to_mm(tumour.margin)
        layers.append(
            Layer(f"tumour with {asked:g} mm margin", "#7fb894", ((grown(asked), TUMOUR),), 0.08)
        )
    if coverage is not None and coverage.margin_map.margins.size:
        layers.append(_margins(surface.copy(), coverage))
    return layers


def _margins(surface: pv.PolyData, coverage: TumourCoverage) -> Layer:
    """Return the tumour's surface in the colours of its margins: too small to ample."""
    from scipy.spatial import cKDTree

    found = coverage.margin_map
    nearest = cKDTree(to_mm(found.points)).query(np.asarray(surface.points))[1]
    place = np.searchsorted([0.0, 2.0, 5.0, 10.0], to_mm(found.margins)[nearest] + 0.05, "right")
    shades = np.array([pv.Color(colour).int_rgb for colour in _CLASSES], dtype=np.uint8)
    surface["colours"] = shades[place]
    name = "margin on the tumour: < 0, 0-2, 2-5, 5-10, > 10 mm, pale to dark"
    return Layer(name, _CLASSES[3], ((surface, ""),), 1.0, shown=False, scalars="colours")


def _zones(subject: Subject) -> list[Layer]:
    layers = []
    for process, name in ZONE_NAMES.items():
        is_reported = process == subject.reported
        colour = REPORTED_LINE.colour if is_reported else _OTHER_ZONES[process]
        surface = _smooth(_cells_contour(subject, subject.zone_front(process)))
        label = f"zone of {name}"
        layers.append(Layer(label, colour, ((surface, colour),), 0.28, shown=is_reported))
    return layers


def _left(subject: Subject) -> list[Layer]:
    """Return what of the tumour the reported zone misses, and what vessels spared of it."""
    tumour = subject.result.case.tumour
    if tumour is None:
        return []
    grid, margin = subject.grid, to_mm(tumour.margin)
    reach = 0.5 * max(tumour.axes) + tumour.margin + 4e-3
    middle = grid.index(np.asarray(tumour.centre)[None])[0]
    low = np.maximum(np.floor(middle - reach / grid.spacing).astype(int), 0)
    high = np.minimum(np.ceil(middle + reach / grid.spacing).astype(int) + 1, grid.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    shape = tuple(high - low)
    points = grid.position(np.argwhere(np.ones(shape, dtype=np.bool_)) + low)
    away = to_mm(np.asarray(subject.tumour_distance(points))).reshape(shape)
    short = -np.asarray(subject.zone_front(subject.reported)[box], dtype=np.float64)

    def surface(values: FloatArray) -> pv.PolyData:
        found = np.full(grid.shape, -1.0, dtype=np.float32)
        found[box] = values
        return _cells_contour(subject, found)

    left = surface(np.minimum(-away, short))
    layers = [Layer("tumour left", "#00501f", ((left, "#00501f"),), 0.95)]
    for vessel, wall in zip(
        subject.result.case.vessels, subject.vessel_distances(points), strict=True
    ):
        near = to_mm(wall).reshape(shape)
        rim = surface(np.minimum.reduce([NEAR_VESSEL - near, near, margin + 2.0 - away, short]))
        name = f"spared beside {vessel.name}"
        layers.append(Layer(name, "#2aa6a0", ((rim, "#2aa6a0"),), 0.6, shown=False))
    return layers


def _vessels(subject: Subject) -> list[Layer]:
    grid = subject.grid
    low = np.asarray(grid.origin)
    bounds = np.stack([low, low + np.asarray(grid.size)], axis=1).ravel()
    layers = []
    for vessel in subject.result.case.vessels:
        line = pv.lines_from_points(to_mm(np.asarray(vessel.points)))
        tube = line.tube(radius=to_mm(0.5 * vessel.diameter), n_sides=32, capping=True)
        inside = tube.clip_box(to_mm(bounds).tolist(), invert=False)
        inside = inside.extract_surface(algorithm="dataset_surface")
        colour = vessel_colour(vessel.name)
        layers.append(Layer(vessel.name, colour, ((inside, colour),), 0.85))
    return layers


def _organs(subject: Subject) -> list[Layer]:
    layers = []
    for number, (organ, points) in enumerate(
        zip(subject.result.case.organs, subject.organ_points(), strict=False)
    ):
        if len(points) == 0:
            continue
        low, high = to_mm(points.min(axis=0)) - 3.0, to_mm(points.max(axis=0)) + 3.0
        block = _block(0.5 * (low + high), 0.5 * float((high - low).max()))
        away = subject.organ_distances(1e-3 * np.asarray(block.points))[number]
        colour = organ_colour(number)
        layers.append(Layer(organ.name, colour, ((_contour(block, to_mm(away)), colour),), 0.45))
    return layers


def _needles(subject: Subject) -> list[Layer]:
    parts: dict[str, list[tuple[pv.PolyData, str]]] = {}
    names = {SHAFT: "needles", GLASS: "fibres", TIP: "where light leaves"}
    for needle in subject.needles:
        for rod in rods(needle):
            length = float(np.linalg.norm(rod.end - rod.start))
            if length <= 0.0:
                continue
            radius = to_mm(0.5 * rod.diameter) * (1.15 if rod.colour == TIP else 1.0)
            cylinder = pv.Cylinder(
                center=to_mm(0.5 * (rod.start + rod.end)).tolist(),
                direction=((rod.end - rod.start) / length).tolist(),
                radius=radius,
                height=to_mm(length),
                resolution=16,
            )
            parts.setdefault(rod.colour, []).append((cylinder, rod.colour))
    layers = [
        Layer(names[colour], colour, ((pv.merge([m for m, _ in found]), colour),))
        for colour, found in parts.items()
    ]
    letters = [
        _text(needle.name, to_mm(needle.start) - 4.0 * needle.direction, 3.0)
        for needle in subject.needles
    ]
    if letters:
        layers.append(Layer(NAMES, INK, ((pv.merge(letters), INK),)))
    return layers


def _directions(subject: Subject) -> Layer:
    """Return arrows of 10 mm to the patient's left, back and head, to the right of all else."""
    corner = to_mm(subject.solid_points().min(axis=0)) - np.array([18.0, 0.0, 0.0])
    parts = []
    for letter, direction in (("L", (1, 0, 0)), ("P", (0, 1, 0)), ("S", (0, 0, 1))):
        arrow = pv.Arrow(
            start=corner, direction=direction, scale=10.0, shaft_radius=0.03, tip_radius=0.09
        )
        parts.append(arrow)
        parts.append(_text(letter, corner + 12.5 * np.asarray(direction, dtype=float), 3.0))
    name = "10 mm to the patient's left, back, head"
    return Layer(name, INK, ((pv.merge(parts), INK),))


def _text(words: str, middle: FloatArray, height: float) -> pv.PolyData:
    """Return letters that face the patient's front."""
    return pv.Text3D(
        words, depth=0.2, height=height, center=middle.tolist(), normal=(0.0, -1.0, 0.0)
    )


def _block(middle: FloatArray, reach: float, across: int = _ACROSS) -> pv.ImageData:
    step = max(_FINEST, 2.0 * reach / across)
    n = int(np.ceil(2.0 * reach / step)) + 1
    low = middle - 0.5 * (n - 1) * step
    return pv.ImageData(dimensions=(n, n, n), spacing=(step,) * 3, origin=low.tolist())


def _contour(block: pv.ImageData, distance: FloatArray) -> pv.PolyData:
    block["away"] = distance
    surface: pv.PolyData = block.contour([0.0], scalars="away")
    return surface


def _cells_contour(subject: Subject, values: NDArray[np.floating]) -> pv.PolyData:
    """Return the surface where values at the cells' centres, positive inside, are 0."""
    inside = np.argwhere(values > 0.0)
    if len(inside) == 0:
        return pv.PolyData()
    grid = subject.grid
    low = np.maximum(inside.min(axis=0) - 2, 0)
    high = np.minimum(inside.max(axis=0) + 3, grid.shape)
    part = values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    edge = to_mm(grid.spacing)
    first = [to_mm(o) + (i + 0.5) * edge for o, i in zip(grid.origin, low[::-1], strict=True)]
    block = pv.ImageData(dimensions=part.shape[::-1], spacing=(edge,) * 3, origin=first)
    block["level"] = np.clip(part, -4.0, 4.0).ravel()
    surface: pv.PolyData = block.contour([0.0], scalars="level")
    return surface


def _smooth(surface: pv.PolyData) -> pv.PolyData:
    if surface.n_points == 0:
        return surface
    smooth: pv.PolyData = surface.smooth_taubin(n_iter=15, pass_band=0.15)
    return smooth
