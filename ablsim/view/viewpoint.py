"""Which plane through the body shows most, and from where to look at it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Point
from ablsim.view.camera import Camera, look_at
from ablsim.view.plane import Plane, sample, unit
from ablsim.view.style import SHOWN_FROM
from ablsim.view.subject import Subject

FloatArray = NDArray[np.float64]

LEFT, POSTERIOR, SUPERIOR = np.eye(3)

_LATTICE = 320
_ELEVATION = np.deg2rad(14.0)
_AZIMUTHS = np.deg2rad([24.0, -24.0, 18.0, -18.0, 31.0, -31.0])
_ANGLES = np.deg2rad(np.arange(0.0, 180.0, 7.5))
_EDGE = 3e-3
_NEIGHBOURHOOD = 8e-3


def choose_plane(subject: Subject) -> Plane:
    """Return the plane along the needles that shows most of zone, tumour and needles.

    Candidates run through the tumour's centre (or the zone's, without a tumour) and through every
    needle, turned about the needles in small steps. Between equals the one nearest to the coronal
    plane wins, which is seen from the patient's front.
    """
    axis = subject.axis()
    first = unit(np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))]))
    second = np.cross(axis, first)
    solid = subject.solid_points()
    centre = subject.centre()
    radius = float(np.percentile(np.linalg.norm(solid - centre, axis=-1), 99.0)) + 2e-3
    through = [centre, *(centre + _across(n.tip - centre, axis) for n in subject.needles)]
    planes = [
        _facing(point, np.cos(angle) * first + np.sin(angle) * second, radius)
        for angle in _ANGLES
        for point in through
    ]
    best = max(planes, key=lambda plane: round(_worth(subject, plane), 6))
    return _cut_to_size(subject, best, solid)


def choose_camera(subject: Subject, plane: Plane, aspect: float) -> Camera:
    """Return the camera, oblique to the plane, that keeps needles and vessels apart best."""
    cameras = [look_at(plane, azimuth, _ELEVATION) for azimuth in _AZIMUTHS]
    camera = max(cameras, key=lambda camera: _clarity(subject, plane, camera))
    ends = [np.stack([needle.start, needle.tip]) for needle in subject.needles]
    things = [subject.solid_points(), subject.neighbours(), heated_points(subject, plane)]
    points = np.concatenate([*things, *ends])
    camera = camera.fit(points, aspect, room=1.08)
    names = [n.start - 0.12 * camera.half_height * n.direction for n in subject.needles]
    return camera.fit(np.concatenate([points, np.reshape(names, (-1, 3))]), aspect, room=1.05)


def heated_points(subject: Subject, plane: Plane) -> FloatArray:
    """Return the points (n, 3) [m] of the plane's lattice that are coloured."""
    shown = plane.sample(subject.grid, subject.temperature, 0.0) >= SHOWN_FROM
    return plane.points()[shown]


def is_hidden(
    subject: Subject, plane: Plane, camera: Camera, points: FloatArray
) -> NDArray[np.bool_]:
    """Say which points (..., 3) the coloured part of the plane hides from the viewer."""
    return np.asarray(
        (plane.height(points) < -0.4e-3) & _before_warmth(subject, plane, camera, points)
    )


def covers(subject: Subject, plane: Plane, camera: Camera, points: FloatArray) -> bool:
    """Say whether points (n, 3) before the plane hide some of its colours from the viewer."""
    before = points[plane.height(points) > 0.0]
    return bool(_before_warmth(subject, plane, camera, before).any())


def _before_warmth(
    subject: Subject, plane: Plane, camera: Camera, points: FloatArray
) -> NDArray[np.bool_]:
    """Say for which points the line of sight meets a coloured part of the plane."""
    height = plane.height(points)
    feet = points - (height / (camera.toward @ plane.normal))[..., None] * camera.toward
    return np.asarray(sample(subject.grid, subject.temperature, feet) >= SHOWN_FROM)


def standard_planes(subject: Subject) -> dict[str, Plane]:
    """Return the axial, coronal and sagittal plane through the middle, as radiologists see them.

    Axial is seen from the feet with the front above, coronal from the front, sagittal from the
    patient's left.
    """
    centre = subject.centre()
    hot = np.argwhere(subject.temperature >= SHOWN_FROM)
    things = [subject.solid_points(), subject.neighbours(), subject.grid.position(hot)]
    points = np.concatenate(things) - centre
    low, high = points.min(axis=0) - _EDGE, points.max(axis=0) + _EDGE
    for vessel in subject.result.case.vessels:
        low, high = _including(vessel.points, 0.5 * vessel.diameter, centre, low, high)
    frames = {
        "axial": (LEFT, -POSTERIOR),
        "coronal": (LEFT, SUPERIOR),
        "sagittal": (POSTERIOR, SUPERIOR),
    }
    return {
        name: _fine(Plane(centre, right, up, *_extent(right, up, low, high)))
        for name, (right, up) in frames.items()
    }


def _including(
    points: Sequence[Point], radius: float, centre: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return a box around ``centre`` widened to the whole breadth of a tube that runs near by."""
    lower, upper = low.copy(), high.copy()
    for start, end in pairwise(np.asarray(points, dtype=np.float64) - centre):
        line = np.linspace(start, end, 200)
        for axis, share in enumerate(np.abs(unit(end - start))):
            reach = np.where(np.arange(3) == axis, _NEIGHBOURHOOD, 0.0)
            near = line[np.all((line > low - reach) & (line < high + reach), axis=1), axis]
            if share < 0.7 and len(near):  # across the tube, not along it
                lower[axis] = min(lower[axis], float(near.min()) - radius)
                upper[axis] = max(upper[axis], float(near.max()) + radius)
    return lower, upper


def _extent(
    right: FloatArray, up: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[tuple[float, float], tuple[float, float]]:
    corners = np.array([[low @ right, low @ up], [high @ right, high @ up]])
    (x0, y0), (x1, y1) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return (x0, y0), (x1, y1)


def _across(offset: FloatArray, axis: FloatArray) -> FloatArray:
    return np.asarray(offset - (offset @ axis) * axis)


def _facing(point: FloatArray, normal: FloatArray, radius: float) -> Plane:
    """Return a square plane turned to the viewer: from the front, else from left, else below."""
    for preferred in (-POSTERIOR, LEFT, -SUPERIOR):
        if abs(normal @ preferred) > 0.25:
            normal = normal * np.sign(normal @ preferred)
            break
    above = SUPERIOR if abs(normal @ SUPERIOR) < 0.9 else -POSTERIOR
    up = unit(above - (above @ normal) * normal)
    return Plane(point, np.cross(up, normal), up, (-radius, -radius), (radius, radius), 1.5e-3)


def _worth(subject: Subject, plane: Plane) -> float:
    """Score a plane: area of zone and tumour, needles and vessels in it, nearness to coronal."""
    points = plane.points()
    radius = plane.high[0]
    disc = np.pi * radius**2 / plane.spacing**2
    zone = sample(subject.grid, subject.zone_front(subject.reported), points) >= 0.0
    if not zone.any():
        zone = sample(subject.grid, subject.temperature, points) >= SHOWN_FROM
    worth = float(np.count_nonzero(zone)) / disc
    distance = subject.tumour_distance(points)
    if distance is not None:
        worth += float(np.count_nonzero(distance <= 0.0)) / disc
    if subject.needles:
        off = [abs(float(plane.height(needle.tip))) for needle in subject.needles]
        worth += 0.30 * float(np.mean(np.array(off) < 0.75e-3))
    if any(bool((lumen <= 0.0).any()) for lumen in subject.vessel_distances(points)):
        worth += 0.06
    return worth + 0.03 * abs(float(plane.normal @ POSTERIOR))


def _cut_to_size(subject: Subject, plane: Plane, solid: FloatArray) -> Plane:
    """Return the plane with the extent of what is shown and the final lattice."""
    hot = subject.grid.position(np.argwhere(subject.temperature >= SHOWN_FROM))
    flat = plane.flatten(np.concatenate([solid, subject.neighbours(), hot]))
    (x0, y0), (x1, y1) = (flat.min(axis=0) - _EDGE).tolist(), (flat.max(axis=0) + _EDGE).tolist()
    return _fine(Plane(plane.centre, plane.right, plane.up, (x0, y0), (x1, y1)))


def _fine(plane: Plane) -> Plane:
    """Return a plane with a lattice fine enough for smooth edges."""
    size = max(high - low for low, high in zip(plane.low, plane.high, strict=True))
    return replace(plane, spacing=size / _LATTICE)


def _clarity(subject: Subject, plane: Plane, camera: Camera) -> float:
    """Score a camera: how far needles lie apart, how far vessels before the plane stay aside."""
    sideways = [float(camera.project(needle.tip)[0]) for needle in subject.needles]
    gaps = [abs(a - b) for a, b in combinations(sideways, 2)]
    clarity = min([*gaps, 6e-3])
    for vessel in subject.result.case.vessels:
        line = np.linspace(vessel.points[0], vessel.points[-1], 40)
        front = line[(plane.height(line) > 0.0) & subject.grid.contains(line)]
        if len(front):
            clarity += 0.3 * min(float(np.abs(camera.project(front)[:, 0]).min()), 20e-3)
    return clarity
