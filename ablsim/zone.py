"""Ablation zones: how large they are, and how much of the tumour they cover with what margin.

A zone is the tissue where a damage integral has reached one. Vessel lumens are no tissue: they
count neither to a zone nor to the tumour, their wall is part of a zone's surface, but no margin
ends at it, because behind it nothing is left to treat. Organs take the place of the tumour and of
its margin where both are, and count to a zone as other healthy tissue does. A zone that reaches the
domain's wall ends there for every purpose, and a note says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ablsim.case import Case
from ablsim.contour import Window, contour, cube_volumes
from ablsim.grid import Grid, Point
from ablsim.levels import Tube, front_and_lumen
from ablsim.notebook import DISCLAIMER, make_card
from ablsim.overlap import say_overlaps
from ablsim.result import Array32, Result
from ablsim.surface import (
    caliper_lengths,
    distance_to_surface,
    mean_width,
    principal_calipers,
    surface_area,
)
from ablsim.tumour_coverage import TumourCoverage, measure_coverage
from ablsim.units import to_ml, to_mm

FloatArray = NDArray[np.float64]

PROCESSES = ("stasis", "whitening", "death")
"""The damage processes that each make a zone."""

SMALLEST_PIECE = 0.05e-6
"""A connected part of a zone counts as a piece above this volume [m^3]."""


@dataclass(frozen=True, slots=True)
class Zone:
    """The size and shape of one ablation zone; all zero where there is none.

    Parameters
    ----------
    volume : float
        Tissue inside the contour Omega = 1 [m^3].
    axes : tuple of float
        Caliper lengths of the contour along its principal axes, longest first [m].
    along : float
        Caliper length along the mean fibre direction [m].
    across : float
        Mean of the caliper widths perpendicular to it [m].
    sphericity : float
        Surface of the sphere of equal volume over the zone's surface; 1 for a sphere.
    pieces : int
        Connected parts larger than 0.05 mL.
    """

    volume: float = 0.0
    axes: tuple[float, float, float] = (0.0, 0.0, 0.0)
    along: float = 0.0
    across: float = 0.0
    sphericity: float = 0.0
    pieces: int = 0


@dataclass(frozen=True, slots=True)
class Zones:
    """Everything measured on a result; ``zones["stasis"]`` is the zone of that process.

    Parameters
    ----------
    stasis, whitening, death : Zone
        One zone per damage process.
    tumour : TumourCoverage or None
        Coverage by the zone that the case reports; None without a tumour.
    healthy_ablated : float
        Tissue of that zone outside the tumour [m^3].
    boiled : float
        Volume of the cells that lost water [m^3].
    charred : float
        Charred volume [m^3].
    notes : tuple of str
        What the reader of these numbers should know.
    """

    stasis: Zone
    whitening: Zone
    death: Zone
    tumour: TumourCoverage | None
    healthy_ablated: float
    boiled: float
    charred: float
    notes: tuple[str, ...] = ()

    def __getitem__(self, process: str) -> Zone:
        return {"stasis": self.stasis, "whitening": self.whitening, "death": self.death}[process]

    def __repr__(self) -> str:
        sizes = [f"{name} {to_ml(self[name].volume):.2f} mL" for name in PROCESSES]
        return f"<Zones: {', '.join([*sizes, *self._describe_tumour()])}>"

    def _repr_html_(self) -> str:
        rows = [
            (
                name,
                f"{to_ml(self[name].volume):.2f}",
                *(f"{to_mm(length):.1f}" for length in self[name].axes),
                f"{to_mm(self[name].along):.1f}",
                f"{to_mm(self[name].across):.1f}",
            )
            for name in PROCESSES
        ]
        columns = ("zone", "mL", "longest mm", "middle mm", "shortest mm", "along mm", "across mm")
        below = " ".join((*self.notes, DISCLAIMER))
        heading = ", ".join(("Ablation zones", *self._describe_tumour()))
        return make_card(heading, rows, columns=columns, footer=below)

    def _describe_tumour(self) -> tuple[str, ...]:
        """Return what the reported zone did to the tumour, in words; nothing without a tumour."""
        if self.tumour is None:
            return ()
        fraction = f"{100.0 * self.tumour.ablated_fraction:.1f} %"
        margin = f"{to_mm(self.tumour.margin_min):.1f} mm"
        return (f"tumour {fraction} in {self.tumour.zone}, smallest margin {margin}",)


@dataclass(frozen=True, slots=True)
class _Outline:
    """One process's zone: the measures, the surface in tissue, and whether it meets the wall."""

    zone: Zone
    surface: FloatArray
    meets_wall: bool


def measure_zones(result: Result) -> Zones:
    """Measure the zones of a result and what the reported one did to the tumour.

    Volumes, lengths and margins come from the linearly interpolated contour Omega = 1, not from
    counted cells: a zone of 8 mm radius on a 1 mm grid is right to about 0.1 % in volume and a few
    hundredths of a millimetre in length, wherever it lies between the cells.

    Parameters
    ----------
    result : Result
        What `simulate` or `load` returned.

    Returns
    -------
    Zones
        A zone for each damage process, what the reported one did to the tumour, and notes. SI.

    Examples
    --------
    >>> zones = measure_zones(result)  # doctest: +SKIP
    >>> zones["whitening"].volume, zones.tumour.margin_min  # doctest: +SKIP
    """
    case, grid = result.case, result.grid
    tubes, direction = _surroundings(case)
    omegas = {"stasis": result.fields.stasis, "whitening": result.fields.whitening}
    omegas["death"] = result.fields.death
    outlines = {
        name: _measure_zone(grid, omega, tubes, direction) for name, omega in omegas.items()
    }
    notes = [
        f"The {name} zone reaches the wall of the domain and is cut off there: "
        "its size and margins are lower bounds; enlarge domain.size."
        for name, outline in outlines.items()
        if outline.meets_wall
    ]
    reported = case.physics.reported_zone
    healthy = outlines[reported].zone.volume
    tumour, ablated = _cover(case, outlines[reported].surface, omegas[reported], grid)
    if case.tumour is not None:
        notes += say_overlaps(case.tumour, {organ.name: organ.body for organ in case.organs})
        healthy = max(0.0, healthy - ablated)
        reach = np.asarray(case.tumour.half_extent)
        centre = np.asarray(case.tumour.centre)
        if not grid.contains([centre - reach, centre + reach]).all():
            notes.append("The tumour reaches out of the domain; only the part inside is measured.")
    return Zones(
        **{name: outline.zone for name, outline in outlines.items()},
        tumour=tumour,
        healthy_ablated=healthy,
        boiled=float(np.count_nonzero(result.fields.water < 1.0)) * grid.cell_volume,
        charred=float(result.fields.char.sum(dtype=np.float64)) * grid.cell_volume,
        notes=tuple(notes),
    )


def measure_reported(result: Result) -> tuple[Zone, TumourCoverage | None]:
    """Measure the zone that the case reports, and what it did to the tumour, and nothing else.

    Parameters
    ----------
    result : Result
        As for `measure_zones`, of which this is a part.
    """
    case = result.case
    omega = getattr(result.fields, case.physics.reported_zone)
    outline = _measure_zone(result.grid, omega, *_surroundings(case))
    return outline.zone, _cover(case, outline.surface, omega, result.grid)[0]


def depth_in_zone(result: Result, points: FloatArray) -> FloatArray:
    """Return how deep points lie in the zone that the case reports.

    Parameters
    ----------
    result : Result
        As for `measure_zones`.
    points : ndarray of float64, shape (n, 3)
        LPS positions inside the domain [m].

    Returns
    -------
    ndarray of float64, shape (n,)
        Distance to the surface of the zone [m], negative outside; minus infinity without a zone.
    """
    case, grid = result.case, result.grid
    tubes, direction = _surroundings(case)
    omega = getattr(result.fields, case.physics.reported_zone)
    surface = _measure_zone(grid, omega, tubes, direction).surface
    index = grid.index(points)
    window = Window.around(grid, index.min(axis=0), index.max(axis=0), margin=1)
    if window is None or len(surface) == 0:
        return np.full(len(points), -np.inf)
    front = front_and_lumen(window, omega, tubes)[0][window.inner]
    level = ndimage.map_coordinates(front, (index - window.start).T, order=1, mode="nearest")
    return np.asarray(np.where(level > 0.0, 1.0, -1.0) * distance_to_surface(points, surface))


def mean_direction(directions: Sequence[Point]) -> Point:
    """Return the mean of directions as a unit vector, after turning them the way of the first."""
    rows = np.asarray(directions, dtype=np.float64).reshape(-1, 3)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    total = np.sum(np.where(rows @ rows[0] < 0.0, -1.0, 1.0)[:, None] * rows, axis=0)
    x, y, z = (total / np.linalg.norm(total)).tolist()
    return x, y, z


def _surroundings(case: Case) -> tuple[list[Tube], Point]:
    """Return the vessels of a case and the mean direction of its fibres."""
    tubes: list[Tube] = [(v.points, 0.5 * v.diameter) for v in case.vessels]
    return tubes, mean_direction([fibre.direction for fibre in case.fibres_all])


def _cover(
    case: Case, surface: FloatArray, omega: Array32, grid: Grid
) -> tuple[TumourCoverage | None, float]:
    """Return what the reported zone did to the tumour, if there is one, and the volume ablated."""
    if case.tumour is None:
        return None, 0.0
    vessels: dict[str, Tube] = {v.name: (v.points, 0.5 * v.diameter) for v in case.vessels}
    organs = {organ.name: organ.body for organ in case.organs}
    reported = case.physics.reported_zone
    return measure_coverage(case.tumour, reported, surface, omega, grid, vessels, organs)


def _measure_zone(grid: Grid, omega: Array32, tubes: Sequence[Tube], direction: Point) -> _Outline:
    """Measure one zone."""
    nothing = _Outline(Zone(), np.empty((0, 3, 3)), meets_wall=False)
    window = _window_of(grid, omega >= 1.0)
    if window is None:
        return nothing
    front, lumen = front_and_lumen(window, omega, tubes)
    fields = [front] if lumen is None else [front, lumen]
    volumes = cube_volumes(window, fields)
    volume = float(volumes.sum())
    surface = contour(window, front, fields[1:])
    shell = surface if lumen is None else np.concatenate([surface, contour(window, lumen, [front])])
    area = surface_area(shell)
    if not (volume > 0.0 and area > 0.0):
        return nothing
    corners = shell.reshape(-1, 3)
    zone = Zone(
        volume=volume,
        axes=principal_calipers(corners, _second_moments(window, volumes)),
        along=float(caliper_lengths(corners, direction)[0]),
        across=mean_width(corners, direction),
        sphericity=min(1.0, np.pi ** (1.0 / 3.0) * (6.0 * volume) ** (2.0 / 3.0) / area),
        pieces=_count_pieces(np.logical_and.reduce([f > 0.0 for f in fields]), volumes),
    )
    return _Outline(zone, surface, _meets_wall(window, front))


def _window_of(grid: Grid, mask: NDArray[np.bool_]) -> Window | None:
    """Return the window around the cells of a mask; None where there are none."""
    spans = [np.flatnonzero(mask.any(axis=other)) for other in ((1, 2), (0, 2), (0, 1))]
    if spans[0].size == 0:
        return None
    low, high = np.array([[float(s[0]), float(s[-1])] for s in spans]).T
    return Window.around(grid, low, high, margin=3)


def _second_moments(window: Window, volumes: FloatArray) -> FloatArray:
    """Return the second moments (x, y, z) of volumes in the cubes between the nodes, per volume."""
    z, y, x = (0.5 * (axis[1:] + axis[:-1]) for axis in window.axes())
    cubes = np.nonzero(volumes)
    weight = volumes[cubes] / volumes.sum()
    points = np.stack([x[cubes[2]], y[cubes[1]], z[cubes[0]]])
    points = points - (points @ weight)[:, None]
    return np.asarray((points * weight) @ points.T)


def _count_pieces(inside: NDArray[np.bool_], volumes: FloatArray) -> int:
    """Return how many connected parts of the nodes inside hold more than ``SMALLEST_PIECE``."""
    labels, _ = ndimage.label(inside)
    cubes = ndimage.maximum_filter(labels, size=2, origin=-1)[:-1, :-1, :-1]
    sizes = np.bincount(cubes.ravel(), volumes.ravel())
    return int(np.count_nonzero(sizes[1:] > SMALLEST_PIECE))


def _meets_wall(window: Window, front: FloatArray) -> bool:
    """Say whether the zone reaches an outermost cell of the grid."""
    cells = front[window.inner] > 0.0
    return any(
        (window.start[axis] == 0 and bool(np.take(cells, 0, axis=axis).any()))
        or (
            window.stop[axis] == window.grid.shape[axis]
            and bool(np.take(cells, -1, axis=axis).any())
        )
        for axis in range(3)
    )
