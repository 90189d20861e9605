"""Lines that outline things: contours in a plane, meridians of the tumour, dashes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ablsim.case_tables import TumourTable
from ablsim.view.plane import Plane
from ablsim.view.style import MARGIN_LINE, TUMOUR_LINE, Line, organ_line, zone_line
from ablsim.view.subject import Subject

FloatArray = NDArray[np.float64]

_MERIDIANS, _PARALLELS = 8, 5
_SECTIONS = 5  # of a mask, along each axis


def plane_contours(
    subject: Subject, plane: Plane, zones: Sequence[str]
) -> list[tuple[FloatArray, Line]]:
    """Return lines (n, 2) [m] in a plane: organs, margin, tumour, zones; later ones lie above."""
    found: list[tuple[FloatArray, Line]] = []
    for number, away in enumerate(subject.organ_distances(plane.points())):
        found += [(c, organ_line(number)) for c in plane.contours(away, 0.0)]
    distance = subject.tumour_distance(plane.points())
    tumour = subject.result.case.tumour
    if distance is not None and tumour is not None:
        if tumour.margin > 0.0:
            found += [(c, MARGIN_LINE) for c in plane.contours(distance, tumour.margin)]
        found += [(c, TUMOUR_LINE) for c in plane.contours(distance, 0.0)]
    for name in zones:
        front = plane.sample(subject.grid, subject.zone_front(name), -1.0)
        line = zone_line(name, subject.reported)
        found += [(c, line) for c in plane.contours(front, 0.0)]
    return found


def dashed(points: FloatArray, line: Line, *, dash: float = 0.55e-3) -> list[FloatArray]:
    """Return the pieces of a polyline (n, 3) that its dashes leave; ``dash`` is one width [m]."""
    if not line.dashes:
        return [points]
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=-1))])
    on, off = (dash * n for n in line.dashes[:2])
    pieces = []
    for start in np.arange(0.0, length[-1], on + off):
        at = np.linspace(start, min(start + on, length[-1]), 8)
        pieces.append(np.stack([np.interp(at, length, axis) for axis in points.T], axis=-1))
    return pieces


def tumour_lines(subject: Subject) -> list[FloatArray]:
    """Return meridians and parallels (n, 3) [m] of the tumour's surface."""
    tumour = subject.result.case.tumour
    if tumour is None:
        return []
    if tumour.voxels is not None:
        return _sections(tumour)
    semi = 0.5 * np.asarray(tumour.axes, dtype=np.float64)
    frame = np.asarray(tumour.orientation, dtype=np.float64)
    turn = np.linspace(0.0, 2.0 * np.pi, 97)
    circles = [
        np.stack([np.cos(turn) * np.cos(a), np.cos(turn) * np.sin(a), np.sin(turn)], axis=-1)
        for a in np.pi * np.arange(_MERIDIANS) / _MERIDIANS
    ]
    for b in np.pi * (np.arange(1, _PARALLELS + 1) / (_PARALLELS + 1) - 0.5):
        ring = [np.cos(b) * np.cos(turn), np.cos(b) * np.sin(turn), np.full(turn.shape, np.sin(b))]
        circles.append(np.stack(ring, axis=-1))
    return [(circle * semi) @ frame + tumour.centre for circle in circles]


def _sections(tumour: TumourTable) -> list[FloatArray]:
    """Return where planes across the patient's axes cut a tumour that is a mask."""
    low, high = tumour.body.bounds()
    lines = []
    for axis in range(3):
        right, up = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
        for share in (np.arange(_SECTIONS) + 1.0) / (_SECTIONS + 1.0):
            centre = 0.5 * (low + high)
            centre[axis] = low[axis] + share * (high[axis] - low[axis])
            half = 0.5 * (high - low) + 1e-3
            a, b = float(half[(axis + 1) % 3]), float(half[(axis + 2) % 3])
            plane = Plane(centre, right, up, (-a, -b), (a, b), 0.5e-3)
            away = tumour.body.distance(plane.points())
            lines += [plane.embed(flat) for flat in plane.contours(away, 0.0)]
    return lines
