"""Ablation zones: how large they are, and how much of the tumour they cover with what margin.

A zone is the tissue where a damage integral has reached one. Vessel lumens are no tissue: they
count neither to a zone nor to the tumour, their wall is part of a zone's surface, but no margin
ends at it, because behind it nothing is left to treat. Organs take the place of the tumour and of
its margin where both are, and count to a zone as other healthy tissue does. A zone that reaches the
domain's wall ends there for every purpose, and a note says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ablsim.case_tables import TumourTable
from ablsim.contour import Window, contour, cube_volumes, without_bias
from ablsim.front import LIMIT, REACH, damage_front
from ablsim.geometry import (
    Rows,
    distance_to_ellipsoid,
    distance_to_tube,
    ellipsoid_extent,
)
from ablsim.grid import Grid, Point
from ablsim.margins import MarginMap, make_margin_map, surface_points
from ablsim.notebook import DISCLAIMER, make_card
from ablsim.overlap import distances_near, say_overlaps
from ablsim.residual import ResidualPiece, find_residual
from ablsim.result import Array32, Result
from ablsim.shapes import Body
from ablsim.surface import (
    caliper_lengths,
    mean_width,
    principal_calipers,
    surface_area,
)
from ablsim.units import to_ml, to_mm

FloatArray = NDArray[np.float64]
Tube = tuple[Rows, float]

PROCESSES = ("stasis", "whitening", "death")
"""The damage processes that each make a zone."""

SMALLEST_PIECE = 0.05e-6
"""A connected part of a zone counts as a piece above this volume [m^3]."""

_CONTEXT = REACH + 1  # cells kept around what is measured, so that cropping changes nothing
_ON_SURFACE = 1e-9  # m, as in the domain: a centre this close to a vessel's wall is in its lumen


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
class TumourCoverage:
    """What one zone did to the tumour.

    Parameters
    ----------
    zone : str
        The damage process whose zone this refers to.
    diameter : float
        Longest axis of the tumour [m].
    volume : float
        Tumour tissue inside the domain, vessel lumens left out [m^3].
    ablated_fraction : float
        Share of that volume inside the zone.
    ablated_fraction_with_margin : float
        The same for the tumour grown by the margin asked for.
    margin_min, margin_mean : float
        Signed distance from the tumour's surface to the zone's, positive where the surface lies
        inside the zone [m]: the smallest, and the mean over the tumour's surface. Without a zone,
        minus the largest depth of the tumour.
    residual : float
        Tumour tissue outside the zone [m^3].
    margin_asked : float
        The margin that the case asks for [m].
    margin_reached : float
        Share of the tumour's surface that has it.
    margin_map : MarginMap
        The margin at points all over the tumour's surface, and its histogram.
    residual_pieces : tuple of ResidualPiece
        Connected parts of the residual above 1 mm^3, largest first.
    """

    zone: str
    diameter: float
    volume: float
    ablated_fraction: float
    ablated_fraction_with_margin: float
    margin_min: float
    margin_mean: float
    residual: float
    margin_asked: float = 0.0
    margin_reached: float = 0.0
    margin_map: MarginMap = field(default_factory=MarginMap.empty, compare=False, repr=False)
    residual_pieces: tuple[ResidualPiece, ...] = ()


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
    vessels: dict[str, Tube] = {v.name: (v.points, 0.5 * v.diameter) for v in case.vessels}
    tubes = list(vessels.values())
    direction = mean_direction([fibre.direction for fibre in case.fibres_all])
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
    tumour = None
    if case.tumour is not None:
        organs = {organ.name: organ.body for organ in case.organs}
        tumour, ablated = _measure_tumour(
            case.tumour, reported, outlines[reported], omegas[reported], grid, vessels, organs
        )
        notes += say_overlaps(case.tumour, organs)
        healthy = max(0.0, healthy - ablated)
        reach = ellipsoid_extent(case.tumour.axes, case.tumour.orientation)
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


def mean_direction(directions: Sequence[Point]) -> Point:
    """Return the mean of directions as a unit vector, after turning them the way of the first."""
    rows = np.asarray(directions, dtype=np.float64).reshape(-1, 3)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    total = np.sum(np.where(rows @ rows[0] < 0.0, -1.0, 1.0)[:, None] * rows, axis=0)
    x, y, z = (total / np.linalg.norm(total)).tolist()
    return x, y, z


def _measure_zone(grid: Grid, omega: Array32, tubes: Sequence[Tube], direction: Point) -> _Outline:
    """Measure one zone."""
    nothing = _Outline(Zone(), np.empty((0, 3, 3)), meets_wall=False)
    window = _window_of(grid, omega >= 1.0)
    if window is None:
        return nothing
    front, lumen = _fields(window, omega, tubes)
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


def _measure_tumour(
    tumour: TumourTable,
    process: str,
    outline: _Outline,
    omega: Array32,
    grid: Grid,
    vessels: Mapping[str, Tube],
    organs: Mapping[str, Body],
) -> tuple[TumourCoverage, float]:
    """Measure what a zone covers of the tumour; also return the tumour volume ablated [m^3]."""
    tubes = list(vessels.values())
    pieces: tuple[ResidualPiece, ...] = ()
    centre = np.asarray(tumour.centre)
    reach = ellipsoid_extent(tumour.axes, tumour.orientation) + tumour.margin
    low, high = grid.index([centre - reach, centre + reach])
    window = Window.around(grid, low, high, margin=2)
    total = ablated = with_margin = 0.0
    if window is not None:
        front, lumen = _fields(window, omega, tubes)
        tissue = [] if lumen is None else [lumen]
        tissue += [_smoothed(window, away) for away in distances_near(window, organs.values())]
        depth = -distance_to_ellipsoid(
            window.points(), tumour.centre, tumour.axes, tumour.orientation
        )
        inside, grown = _smoothed(window, depth), _smoothed(window, depth + tumour.margin)
        total = float(cube_volumes(window, [inside, *tissue]).sum())
        ablated = float(cube_volumes(window, [inside, front, *tissue]).sum())
        with_margin = _share(
            float(cube_volumes(window, [grown, front, *tissue]).sum()),
            float(cube_volumes(window, [grown, *tissue]).sum()),
        )
        if _share(ablated, total) < 1.0:
            radius = 0.5 * float(np.prod(tumour.axes)) ** (1.0 / 3.0)
            left = [inside, -front, *tissue]
            pieces = find_residual(window, left, tumour.centre, radius, vessels)
    margins = _map_margins(tumour, outline.surface, omega, grid, tubes, list(organs.values()))
    has_surface = len(margins.points) > 0
    fraction = _share(ablated, total)
    coverage = TumourCoverage(
        zone=process,
        diameter=max(tumour.axes),
        volume=total,
        ablated_fraction=fraction,
        ablated_fraction_with_margin=with_margin,
        margin_min=margins.smallest if has_surface else -0.5 * min(tumour.axes),
        margin_mean=margins.mean if has_surface else -0.5 * min(tumour.axes),
        residual=(1.0 - fraction) * total,
        margin_asked=tumour.margin,
        margin_reached=margins.share_reaching(tumour.margin),
        margin_map=margins,
        residual_pieces=pieces,
    )
    return coverage, ablated


def _map_margins(
    tumour: TumourTable,
    surface: FloatArray,
    omega: Array32,
    grid: Grid,
    tubes: Sequence[Tube],
    organs: Sequence[Body],
) -> MarginMap:
    """Return the margins over the tumour's surface, points in vessels and organs left out."""
    points, areas = surface_points(
        tumour.centre, tumour.axes, tumour.orientation, grid.spacing, tubes
    )
    for body in organs:
        outside = ~body.contains(points)
        points, areas = points[outside], areas[outside]
    ablated = np.zeros(len(points), dtype=bool)
    if len(surface) > 0 and len(points) > 0:
        index = grid.index(points)
        window = Window.around(grid, index.min(axis=0), index.max(axis=0), margin=1)
        if window is not None:
            front = _fields(window, omega, tubes)[0][window.inner]
            cell = (index - window.start).T
            level = ndimage.map_coordinates(front, cell, order=1, mode="nearest")
            ablated = (level > 0.0) & grid.contains(points)
    return make_margin_map(points, areas, ablated, surface, 0.5 * min(tumour.axes))


def _fields(
    window: Window, omega: Array32, tubes: Sequence[Tube]
) -> tuple[FloatArray, FloatArray | None]:
    """Return the front and the distance to the nearest lumen [m] on the window's nodes.

    The second is None where no vessel is near.
    """
    wide = Window.around(window.grid, np.array(window.start), np.array(window.stop) - 1.0, REACH)
    wide = wide or window
    core = tuple(
        slice(a - b, c - b) for a, b, c in zip(window.start, wide.start, window.stop, strict=True)
    )
    in_lumen = lumen = None
    if tubes:
        distance = _distance_to_tubes(wide.points(), tubes)
        in_lumen = distance[wide.inner] <= _ON_SURFACE
        distance = _distance_to_tubes(window.points(), tubes)
        if distance.min() < 2.0 * window.grid.spacing:
            lumen = _smoothed(window, distance)
    front = damage_front(omega[wide.box], in_lumen)[core]
    return window.to_nodes(front, -LIMIT), lumen


def _distance_to_tubes(points: FloatArray, tubes: Sequence[Tube]) -> FloatArray:
    """Return the signed distance to the nearest of several tubes [m]."""
    return np.asarray(
        np.minimum.reduce([distance_to_tube(points, line, radius) for line, radius in tubes])
    )


def _smoothed(window: Window, field: FloatArray) -> FloatArray:
    """Return a field on the nodes without the bias of linear interpolation at its contour."""
    out = field.copy()
    out[window.inner] = without_bias(field[window.inner])
    return out


def _share(part: float, whole: float) -> float:
    """Return ``part / whole``, exactly one where only rounding is missing; 0 of nothing."""
    if whole <= 0.0:
        return 0.0
    share = part / whole
    return 1.0 if share > 1.0 - 1e-9 else share


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
