"""How much of the tumour a zone covers, and with what margin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ablsim.case_tables import TumourTable
from ablsim.contour import Window, cube_volumes
from ablsim.grid import Grid
from ablsim.levels import Tube, front_and_lumen, smoothed
from ablsim.margins import MarginMap, make_margin_map, surface_points
from ablsim.overlap import distances_near
from ablsim.residual import ResidualPiece, find_residual
from ablsim.result import Array32
from ablsim.shapes import Body

FloatArray = NDArray[np.float64]


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


def measure_coverage(
    tumour: TumourTable,
    process: str,
    surface: FloatArray,
    omega: Array32,
    grid: Grid,
    vessels: Mapping[str, Tube],
    organs: Mapping[str, Body],
) -> tuple[TumourCoverage, float]:
    """Measure what a zone covers of the tumour.

    Parameters
    ----------
    tumour : TumourTable
        The tumour with the margin asked for.
    process : str
        The damage process that makes the zone.
    surface : ndarray of float64, shape (n, 3, 3)
        Triangles of the zone's surface in tissue, LPS [m].
    omega : ndarray of float32, shape (nz, ny, nx)
        Damage integral of the process [1].
    grid : Grid
        Its cells.
    vessels : mapping of str to (points, radius)
        Centre lines and radii of the vessels [m] by name.
    organs : mapping of str to Body
        Organs by name.

    Returns
    -------
    TumourCoverage, float
        The coverage, and the tumour volume ablated [m^3].
    """
    tubes = list(vessels.values())
    total, ablated, with_margin, pieces = _cover(tumour, omega, grid, vessels, organs)
    margins = _map_margins(tumour, surface, omega, grid, tubes, list(organs.values()))
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


def _cover(
    tumour: TumourTable,
    omega: Array32,
    grid: Grid,
    vessels: Mapping[str, Tube],
    organs: Mapping[str, Body],
) -> tuple[float, float, float, tuple[ResidualPiece, ...]]:
    """Return tumour and ablated volume [m^3], share ablated with margin, and residual pieces."""
    centre = np.asarray(tumour.centre)
    reach = np.asarray(tumour.half_extent) + tumour.margin
    low, high = grid.index([centre - reach, centre + reach])
    window = Window.around(grid, low, high, margin=2)
    if window is None:
        return 0.0, 0.0, 0.0, ()
    front, lumen = front_and_lumen(window, omega, list(vessels.values()))
    tissue = [] if lumen is None else [lumen]
    tissue += [smoothed(window, away) for away in distances_near(window, organs.values())]
    depth = -tumour.body.distance(window.points())
    inside, grown = smoothed(window, depth), smoothed(window, depth + tumour.margin)
    total = float(cube_volumes(window, [inside, *tissue]).sum())
    ablated = float(cube_volumes(window, [inside, front, *tissue]).sum())
    with_margin = _share(
        float(cube_volumes(window, [grown, front, *tissue]).sum()),
        float(cube_volumes(window, [grown, *tissue]).sum()),
    )
    pieces: tuple[ResidualPiece, ...] = ()
    if _share(ablated, total) < 1.0:
        radius = 0.5 * float(np.prod(tumour.axes)) ** (1.0 / 3.0)
        left = [inside, -front, *tissue]
        pieces = find_residual(window, left, tumour.centre, radius, vessels)
    return total, ablated, with_margin, pieces


def _map_margins(
    tumour: TumourTable,
    surface: FloatArray,
    omega: Array32,
    grid: Grid,
    tubes: Sequence[Tube],
    organs: Sequence[Body],
) -> MarginMap:
    """Return the margins over the tumour's surface, points in vessels and organs left out."""
    points, areas = surface_points(tumour.body, max(tumour.axes), grid.spacing, tubes)
    for body in organs:
        outside = ~body.contains(points)
        points, areas = points[outside], areas[outside]
    ablated = np.zeros(len(points), dtype=bool)
    if len(surface) > 0 and len(points) > 0:
        index = grid.index(points)
        window = Window.around(grid, index.min(axis=0), index.max(axis=0), margin=1)
        if window is not None:
            front = front_and_lumen(window, omega, tubes)[0][window.inner]
            cell = (index - window.start).T
            level = ndimage.map_coordinates(front, cell, order=1, mode="nearest")
            ablated = (level > 0.0) & grid.contains(points)
    return make_margin_map(points, areas, ablated, surface, 0.5 * min(tumour.axes))


def _share(part: float, whole: float) -> float:
    """Return ``part / whole``, exactly one where only rounding is missing; 0 of nothing."""
    if whole <= 0.0:
        return 0.0
    share = part / whole
    return 1.0 if share > 1.0 - 1e-9 else share
