"""What a picture shows: needles, tumour, vessels, zones and a temperature, ready to be drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from ablsim.front import LIMIT, REACH, damage_front
from ablsim.geometry import distance_to_tube
from ablsim.grid import Grid
from ablsim.light.fibre import NEEDLE_DIAMETER, PROTRUSION
from ablsim.result import Array32, Fields, Result, Snapshot
from ablsim.shapes import Ellipsoid
from ablsim.view.plane import unit
from ablsim.view.style import GLASS, SHAFT, SHOWN_FROM, TIP, ZONE_NAMES

FloatArray = NDArray[np.float64]

_PROTRUSION = 0.3
_LEAST_LENGTH = 8e-3
_BARE_TIP = 2.0e-3
_NEAR_ORGAN = 12e-3
_LATTICE = 1.5e-3


@dataclass(frozen=True, slots=True)
class Needle:
    """A fibre as it is drawn.

    Parameters
    ----------
    name : str
        The fibre's name, with the number of its place if it was repositioned.
    start, tip : ndarray of float64, shape (3,)
        Where its drawing begins, and its deepest end [m].
    steel_end : ndarray of float64, shape (3,)
        Where the needle ends and the fibre goes on alone, as they lay when it last fired [m].
    diameter : float
        Of the fibre with its coating [m].
    active : tuple of (ndarray, ndarray)
        Ends of the part that gave light, for each position in which it fired [m]; of a bare fibre
        both are its tip.
    """

    name: str
    start: FloatArray
    tip: FloatArray
    steel_end: FloatArray
    diameter: float
    active: tuple[tuple[FloatArray, FloatArray], ...]

    @property
    def direction(self) -> FloatArray:
        """Unit vector from the hand to the tip."""
        return unit(self.tip - self.start)


@dataclass(frozen=True, slots=True)
class Rod:
    """A straight piece of a needle or fibre: its ends [m], its diameter [m] and its colour."""

    start: FloatArray
    end: FloatArray
    diameter: float
    colour: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A result with the temperature that is to be shown.

    Parameters
    ----------
    result : Result
        Zones are shown as they are at its end.
    temperature : ndarray of float32, shape (nz, ny, nx)
        Absolute temperature [K].
    moment : str
        What temperature that is, to be put after the word "temperature".
    needles : tuple of Needle
        The fibres, long enough to stick out of what is shown.
    fronts : mapping of str to ndarray of float32, shape (nz, ny, nx)
        For each zone a field that is zero on its surface and positive inside.
    scaled_to : float
        Temperature [K] that the colours must reach to, beside that of what is shown: for pictures
        that share one scale.
    """

    result: Result
    temperature: Array32
    moment: str
    needles: tuple[Needle, ...]
    fronts: Mapping[str, Array32]
    scaled_to: float = 0.0

    @property
    def hottest(self) -> float:
        """Temperature at which the colours end, unless their scale does before [K]."""
        return max(float(self.temperature.max()), self.scaled_to)

    @property
    def grid(self) -> Grid:
        """Where the cells are."""
        return self.result.grid

    @property
    def reported(self) -> str:
        """Name of the zone that the case reports."""
        return self.result.case.physics.reported_zone

    def zone_front(self, name: str) -> Array32:
        """Return the field (nz, ny, nx) that is zero on a zone's surface and positive inside."""
        return self.fronts[name]

    def tumour_distance(self, points: ArrayLike) -> FloatArray | None:
        """Return the signed distance [m] of points to the tumour's surface; None without one."""
        tumour = self.result.case.tumour
        if tumour is None:
            return None
        return tumour.body.distance(points)

    def vessel_distances(self, points: ArrayLike) -> list[FloatArray]:
        """Return the signed distance [m] of points to the wall of every vessel."""
        return [
            distance_to_tube(points, vessel.points, 0.5 * vessel.diameter)
            for vessel in self.result.case.vessels
        ]

    def organ_distances(self, points: ArrayLike) -> list[FloatArray]:
        """Return the signed distance [m] of points to the surface of every organ."""
        return [organ.body.distance(points) for organ in self.result.case.organs]

    def organ_points(self) -> list[FloatArray]:
        """Return for every organ points (n, 3) [m] of the part of it that is worth a look.

        That is what lies in the domain within 12 mm of what `solid_points` spans.
        """
        if not self.result.case.organs:
            return []
        solid = self.solid_points()
        first, last = solid.min(axis=0) - _NEAR_ORGAN, solid.max(axis=0) + _NEAR_ORGAN
        axes = [np.arange(a, b, _LATTICE) for a, b in zip(first, last, strict=True)]
        lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        lattice = lattice[self.grid.contains(lattice)]
        near = cKDTree(solid).query(lattice)[0] <= _NEAR_ORGAN
        return [lattice[near & organ.body.contains(lattice)] for organ in self.result.case.organs]

    def probe_points(self) -> FloatArray:
        """Return where the probes are (n, 3) [m]."""
        return np.array([p.position for p in self.result.case.probes]).reshape(-1, 3)

    def neighbours(self) -> FloatArray:
        """Return points (n, 3) [m] of organs nearby and of probes, which pictures make room for."""
        return np.concatenate([self.probe_points(), *self.organ_points()])

    def solid_points(self) -> FloatArray:
        """Return points (n, 3) [m] that span tumour with margin, zone and light-giving parts."""
        return _solid_points(
            self.result, [end for n in self.needles for p in n.active for end in p]
        )

    def centre(self) -> FloatArray:
        """Return the middle of the tumour, else of the zone, else of what is warm or placed."""
        if self.result.case.tumour is not None:
            return np.asarray(self.result.case.tumour.centre, dtype=np.float64)
        for region in (self.zone_front(self.reported) >= 0.0, self.temperature >= SHOWN_FROM):
            if region.any():
                return np.asarray(self.grid.position(np.argwhere(region)).mean(axis=0))
        tips = [needle.tip for needle in self.needles]
        return np.mean(tips, axis=0) if tips else np.asarray(self.grid.centre)

    def axis(self) -> FloatArray:
        """Return the needles' mean direction; straight down without needles."""
        total = np.sum([needle.direction for needle in self.needles], axis=0)
        if not self.needles or np.linalg.norm(total) < 0.1:
            return np.array([0.0, 0.0, -1.0])
        return unit(total)


def make_subject(result: Result, moment: Snapshot | None = None) -> Subject:
    """Return a result as it is to be drawn, with the temperature of ``moment`` or of its end."""
    if moment is None:
        rise = result.fields.rise
        time = result.history[-1].time if result.history else result.case.protocol.duration
    else:
        rise, time = moment.fields.rise, moment.time
    temperature = rise + np.float32(result.base_temperature)
    label = f"at {time:.0f} s{_occasion(result, time)}"
    needles = _make_needles(result, temperature)
    return Subject(result, temperature, label, needles, make_fronts(result, result.fields))


def rods(needle: Needle) -> tuple[Rod, ...]:
    """Return what is to be drawn of a needle, at true size: steel, fibre, what gives light."""
    lit = (Rod(start, end, needle.diameter, TIP) for start, end in lit_parts(needle))
    return (
        Rod(needle.start, needle.steel_end, NEEDLE_DIAMETER, SHAFT),
        Rod(needle.steel_end, needle.tip, needle.diameter, GLASS),
        *lit,
    )


def lit_parts(needle: Needle) -> list[tuple[FloatArray, FloatArray]]:
    """Return the marked ends of a needle [m] for each of its positions, deepest first."""
    return [
        (end - _BARE_TIP * needle.direction, end) if np.allclose(start, end) else (start, end)
        for start, end in needle.active
    ]


def with_temperature(subject: Subject, temperature: Array32, moment: str) -> Subject:
    """Return a subject that shows another temperature [K] of the same result."""
    needles = _make_needles(subject.result, temperature)
    return replace(subject, temperature=temperature, moment=moment, needles=needles)


def make_fronts(result: Result, fields: Fields) -> dict[str, Array32]:
    """Return the front of every process in a state, worked out where there is any damage."""
    fronts = {}
    blood = [i for i, name in enumerate(result.materials) if name == "blood"]
    lumen = np.isin(result.labels, blood)
    for name in ZONE_NAMES:
        omega = getattr(fields, name)
        front = np.full(omega.shape, -LIMIT, dtype=np.float32)
        if omega.any():
            found = np.argwhere(omega > 0.0)
            low, high = found.min(axis=0) - REACH, found.max(axis=0) + REACH + 1
            box = tuple(slice(max(0, a), b) for a, b in zip(low, high, strict=True))
            front[box] = damage_front(omega[box], lumen[box])
        fronts[name] = front
    return fronts


def _occasion(result: Result, time: float) -> str:
    """Say what happens at a time: during or at the end of a delivery, or how long after."""
    names = [fibre.name for fibre in result.case.fibres_all]
    lit = [s for s in result.case.protocol.timeline(names) if any(s.highest_power)]
    for segment in lit:
        goes_on = any(
            (other.start, other.illumination) == (segment.end, segment.illumination)
            for other in lit
        )
        if abs(time - segment.end) < 0.5 and not goes_on:
            return ", laser just off"
        if segment.start <= time < segment.end:
            return ", laser on"
    if lit and time > lit[-1].end:
        return f", {time - lit[-1].end:.0f} s after the laser"
    return ""


def _make_needles(result: Result, temperature: Array32) -> tuple[Needle, ...]:
    case = result.case
    segments = case.protocol.timeline([fibre.name for fibre in case.fibres_all])
    placed = []
    for i, fibre in enumerate(case.fibres_all):
        direction = unit(fibre.direction)
        lit = [s for s in segments if s.highest_power[i] > 0.0]
        stays = [(s.position.moved_of(fibre.name), s.position) for s in lit]
        moves = dict.fromkeys(moved for moved, _ in stays) or {(0.0, 0.0, 0.0): None}
        for number, moved in enumerate(moves, start=1):
            tip = np.add(fibre.tip, moved, dtype=np.float64)
            stops = sorted({p.pulled_back_of(fibre.name) for m, p in stays if m == moved})
            active = tuple(
                (tip - (stop + fibre.length) * direction, tip - stop * direction) for stop in stops
            )
            name = fibre.name if number == 1 else f"{fibre.name} ({number})"
            steel = tip - (max(stops, default=0.0) + fibre.length + PROTRUSION) * direction
            placed.append((name, tip, direction, steel, fibre.outer_diameter, active))
    around = _solid_points(
        result, [end for *_, active in placed for pair in active for end in pair]
    )
    hot = temperature >= SHOWN_FROM
    if hot.any():
        around = np.concatenate([around, result.grid.position(np.argwhere(hot))])
    return tuple(
        Needle(
            name,
            tip - max(_reach(around - tip, -direction), seen) * direction,
            tip,
            steel,
            thickness,
            active,
        )
        for name, tip, direction, steel, thickness, active in placed
        if (seen := float(np.linalg.norm(steel - tip)) + _LEAST_LENGTH)
    )


def _reach(offsets: FloatArray, backwards: FloatArray) -> float:
    """Return how long a shaft must be to stick out of everything."""
    along = offsets @ backwards
    inside = max(float(np.max(along, initial=0.0)), _LEAST_LENGTH)
    return inside + _PROTRUSION * max(float(np.ptp(along)), _LEAST_LENGTH)


def _solid_points(result: Result, ends: Sequence[FloatArray]) -> FloatArray:
    found = [np.reshape(ends, (-1, 3))]
    tumour = result.case.tumour
    if tumour is not None:
        if tumour.voxels is None:
            x, y, z = (length + 2.0 * tumour.margin for length in tumour.axes)
            found.append(Ellipsoid(tumour.centre, (x, y, z), tumour.orientation).surface(400)[0])
        else:
            low, high = tumour.body.bounds()
            found.append(np.stack([low - tumour.margin, high + tumour.margin]))
    zone = getattr(result.fields, result.case.physics.reported_zone) >= 1.0
    if zone.any():
        found.append(result.grid.position(np.argwhere(zone)))
    points = np.concatenate(found)
    return points if len(points) else np.asarray([result.grid.centre])
