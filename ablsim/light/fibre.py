"""Applicators: bare plane-cut fibres, cylindrical diffusers, and arrays of them."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.quantities import unit_vector

FibreKind = Literal["bare", "diffuser"]
Pattern = Literal["single", "line", "triangle", "square"]

TRANSMISSION = {"bare": 0.95, "diffuser": 0.70}
"""Emitted over fired energy of each kind; the tissue library holds the same with its sources."""

NEEDLE_DIAMETER = 0.82e-3
"""Outer diameter of the 21G needle that a fibre is placed through [m]."""
COATING = 0.10e-3
"""What cladding and buffer add to the diameter of the core [m]."""
PROTRUSION = 7.5e-3
"""How far what gives light lies beyond the end of its needle [m]. Like the two sizes above it is
in the tissue library with its source."""
_ALONG_DIFFUSER = 41  # points at which a diffuser is held against vessels and organs

# Corners of each pattern for unit side length, about the centroid: (first side, second direction).
_PATTERNS: dict[str, tuple[tuple[float, float], ...]] = {
    "single": ((0.0, 0.0),),
    "line": ((-0.5, 0.0), (0.5, 0.0)),
    "triangle": (
        (-0.5, -math.sqrt(3.0) / 6.0),
        (0.5, -math.sqrt(3.0) / 6.0),
        (0.0, math.sqrt(3.0) / 3.0),
    ),
    "square": ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)),
}


@dataclass(frozen=True, slots=True)
class Fibre:
    """One laser fibre where it lies in the patient.

    Parameters
    ----------
    name : str
        Unique among the fibres of a case.
    kind : {"bare", "diffuser"}
        A plane-cut face, or a cylinder that lights along its active length.
    tip : Point
        LPS position [m]: the cut face of a bare fibre, the far end of a diffuser's active length.
    direction : Point
        From the hand to the tip; any length but zero, kept as a unit vector.
    core_diameter : float
        Diameter of the light-guiding core [m].
    numerical_aperture : float
        Sine of the half-angle of the beam in air.
    length : float
        Active length of a diffuser [m], reaching back from the tip; 0 for a bare fibre.
    transmission : float
        Emitted over fired energy; left out, 0.95 for a bare fibre and 0.70 for a diffuser.
    """

    name: str
    kind: FibreKind
    tip: Point
    direction: Point
    core_diameter: float = 0.3e-3
    numerical_aperture: float = 0.22
    length: float = 0.0
    transmission: float = math.nan

    def __post_init__(self) -> None:
        object.__setattr__(self, "direction", unit_vector(self.direction))
        if math.isnan(self.transmission):
            object.__setattr__(self, "transmission", TRANSMISSION[self.kind])
        if self.kind == "bare" and self.length != 0.0:
            msg = f"fibre {self.name}: length is for diffusers; a bare fibre lights from its face"
            raise CaseError(msg)
        if self.kind == "diffuser" and not self.length > 0.0:
            msg = f'fibre {self.name}: a diffuser needs its active length, for example "20 mm"'
            raise CaseError(msg)

    @property
    def start(self) -> Point:
        """LPS position [m] of the active length's end towards the hand; a bare fibre's tip."""
        return _along(self.tip, self.direction, -self.length)

    @property
    def outer_diameter(self) -> float:
        """Diameter with cladding and buffer [m]."""
        return self.core_diameter + COATING

    def pulled_back(self, distance: float) -> "Fibre":
        """Return the fibre drawn ``distance`` [m] towards the hand."""
        return replace(self, tip=_along(self.tip, self.direction, -distance))

    def emission_points(self) -> tuple[Point, ...]:
        """Return the ends of what lights [m]: the tip, and a diffuser's other end."""
        return (self.tip,) if self.length == 0.0 else (self.start, self.tip)

    def emission_line(self) -> NDArray[np.float64]:
        """Return points, shape (n, 3), all along what lights [m]; a bare fibre has one."""
        ends = self.emission_points()
        return np.linspace(ends[0], ends[-1], 1 if len(ends) == 1 else _ALONG_DIFFUSER)


def make_array(
    *,
    kind: FibreKind,
    pattern: Pattern,
    centre: Point = (0.0, 0.0, 0.0),
    direction: Point = (0.0, 0.0, -1.0),
    spacing: float = 0.0,
    rotation: float = 0.0,
    first_number: int = 1,
    core_diameter: float = 0.3e-3,
    numerical_aperture: float = 0.22,
    length: float = 0.0,
    transmission: float = math.nan,
) -> tuple[Fibre, ...]:
    """Return parallel fibres whose tips form a pattern across their direction.

    Parameters
    ----------
    kind : {"bare", "diffuser"}
        Kind of every fibre.
    pattern : {"single", "line", "triangle", "square"}
        One, two, three or four fibres at the corners of the pattern.
    centre : Point
        LPS position of the centroid of the tips [m].
    direction : Point
        From the hand to the tips.
    spacing : float
        Side length of the pattern [m]; not used for a single fibre.
    rotation : float
        Turn of the pattern about ``direction`` by the right-hand rule [rad]. At 0 the first side,
        from the first fibre to the second, lies along the LPS axis most perpendicular to
        ``direction``, x before y before z.
    first_number : int
        The fibres are named F<first_number>, F<first_number + 1>, ...
    core_diameter, numerical_aperture, length, transmission : float
        As in :class:`Fibre`.

    Raises
    ------
    CaseError
        If several fibres have no spacing between them.
    """
    corners = _PATTERNS[pattern]
    if len(corners) > 1 and not spacing > 0.0:
        msg = f'a {pattern} of {len(corners)} fibres needs a spacing, for example "15 mm"'
        raise CaseError(msg)
    axis = unit_vector(direction)
    side, other = _perpendicular_axes(axis)
    c, s = math.cos(rotation), math.sin(rotation)
    fibres = []
    for number, (u, v) in enumerate(corners, start=first_number):
        along_side, along_other = (c * u - s * v) * spacing, (s * u + c * v) * spacing
        tip = _along(_along(centre, side, along_side), other, along_other)
        fibres.append(
            Fibre(
                name=f"F{number}",
                kind=kind,
                tip=tip,
                direction=axis,
                core_diameter=core_diameter,
                numerical_aperture=numerical_aperture,
                length=length,
                transmission=transmission,
            )
        )
    return tuple(fibres)


def needle_distance(one: Fibre, other: Fibre) -> float:
    """Return the shortest distance between the axes of two fibres' needles [m].

    A needle is the half-line from its tip back to the hand, here 1 m of it.
    """
    ends = [_along(fibre.tip, fibre.direction, -1.0) for fibre in (one, other)]
    return _segment_distance(one.tip, ends[0], other.tip, ends[1])


def emitter_distance(one: Fibre, other: Fibre) -> float:
    """Return the shortest distance between the parts of two fibres that light [m]."""
    return _segment_distance(one.tip, one.start, other.tip, other.start)


def _perpendicular_axes(direction: Point) -> tuple[Point, Point]:
    """Return two unit vectors that make a right-handed set with ``direction`` as the third.

    The first is the projection of the LPS axis most perpendicular to ``direction``.
    """
    steepness = [abs(component) for component in direction]
    nearest = min(steepness)
    chosen = next(i for i, value in enumerate(steepness) if value <= nearest + 1e-9)
    axis = [0.0, 0.0, 0.0]
    axis[chosen] = 1.0
    along = direction[chosen]
    x, y, z = (a - along * d for a, d in zip(axis, direction, strict=True))
    first = unit_vector((x, y, z))
    second = (
        direction[1] * first[2] - direction[2] * first[1] + 0.0,
        direction[2] * first[0] - direction[0] * first[2] + 0.0,
        direction[0] * first[1] - direction[1] * first[0] + 0.0,
    )
    return first, unit_vector(second)


def _along(point: Point, direction: Point, distance: float) -> Point:
    """Return the point ``distance`` [m] further in ``direction``."""
    x, y, z = (p + distance * d for p, d in zip(point, direction, strict=True))
    return (x, y, z)


def _dot(a: Point, b: Point) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _segment_distance(a: Point, a_end: Point, b: Point, b_end: Point) -> float:
    """Return the shortest distance between two segments [m]; either may be a point."""
    along_a: Point = (a_end[0] - a[0], a_end[1] - a[1], a_end[2] - a[2])
    along_b: Point = (b_end[0] - b[0], b_end[1] - b[1], b_end[2] - b[2])
    apart: Point = (a[0] - b[0], a[1] - b[1], a[2] - b[2])
    length_a, length_b = _dot(along_a, along_a), _dot(along_b, along_b)
    mixed, lead_a, lead_b = _dot(along_a, along_b), _dot(along_a, apart), _dot(along_b, apart)
    # Squared distance is quadratic and convex in (s, t): try the inner minimum and the four edges.
    candidates = []
    determinant = length_a * length_b - mixed * mixed
    if determinant > 1e-12 * length_a * length_b:
        s = (mixed * lead_b - length_b * lead_a) / determinant
        t = (length_a * lead_b - mixed * lead_a) / determinant
        if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
            candidates.append((s, t))
    for s in (0.0, 1.0):
        t = (lead_b + s * mixed) / length_b if length_b > 0.0 else 0.0
        candidates.append((s, min(1.0, max(0.0, t))))
    for t in (0.0, 1.0):
        s = (t * mixed - lead_a) / length_a if length_a > 0.0 else 0.0
        candidates.append((min(1.0, max(0.0, s)), t))
    return min(math.dist(_along(a, along_a, s), _along(b, along_b, t)) for s, t in candidates)
