"""The margin map: how far the zone reaches beyond every part of the tumour's surface.

A margin is the signed distance from a point of the tumour's surface to the zone's surface, positive
where the point lies inside the zone. Points carry the area they stand for, so shares are shares of
the tumour's surface, not of points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.geometry import Rows, distance_to_tube
from ablsim.shapes import Surfaced
from ablsim.surface import distance_to_surface

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

CLASS_EDGES = (0.0, 2e-3, 5e-3, 10e-3)
"""Margins [m] between the five classes of the summary, from short of the surface to ample."""

RESOLUTION = 0.05e-3
"""A margin this little short of an edge counts as reaching it [m]: what the contour resolves."""

BIN_WIDTH = 1e-3
"""Width of the bins of the histogram [m]."""

_POINTS = (3000, 30_000)  # least and most points on the tumour's surface


@dataclass(frozen=True, slots=True, eq=False)
class MarginMap:
    """Margins at points spread over the tumour's surface; all empty where no surface is left.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 3)
        Positions on the tumour's surface, LPS [m]; those inside a vessel are left out.
    areas : ndarray of float64, shape (n,)
        Area that each stands for [m^2].
    margins : ndarray of float64, shape (n,)
        Signed margin of each [m]. Without a zone, minus the largest depth of the tumour.
    """

    points: FloatArray
    areas: FloatArray
    margins: FloatArray

    def __repr__(self) -> str:
        return f"MarginMap({len(self.margins)} points)"

    @classmethod
    def empty(cls) -> "MarginMap":
        """Return a map without any point."""
        return cls(np.empty((0, 3)), np.empty(0), np.empty(0))

    @property
    def smallest(self) -> float:
        """The smallest margin [m]; NaN without points."""
        return float(self.margins.min()) if self.margins.size else float("nan")

    @property
    def mean(self) -> float:
        """Mean margin over the surface [m]; NaN without points."""
        if not self.margins.size:
            return float("nan")
        mean = self.margins @ self.areas / self.areas.sum()
        return float(np.clip(mean, self.margins.min(), self.margins.max()))

    def share_reaching(self, margin: float) -> float:
        """Return the share of the surface whose margin is at least ``margin`` [m].

        What is short of it by less than :data:`RESOLUTION` counts. 0 without points.
        """
        return self._share(self.margins >= margin - RESOLUTION)

    def class_shares(self) -> tuple[float, ...]:
        """Return the shares of the surface below, between and above :data:`CLASS_EDGES`.

        They add up to one. As everywhere, a margin within :data:`RESOLUTION` of an edge reaches it.
        """
        place = np.searchsorted(np.array(CLASS_EDGES) - RESOLUTION, self.margins, side="right")
        return tuple(self._share(place == i) for i in range(len(CLASS_EDGES) + 1))

    def histogram(self, width: float = BIN_WIDTH) -> tuple[FloatArray, FloatArray]:
        """Return bins of the margin and the share of the surface in each.

        Parameters
        ----------
        width : float, optional
            Width of a bin [m].

        Returns
        -------
        edges : ndarray of float64, shape (n + 1,)
            Whole multiples of ``width`` from the smallest margin to the largest [m].
        shares : ndarray of float64, shape (n,)
            They add up to one; both are empty without points.
        """
        if not self.margins.size:
            return np.empty(0), np.empty(0)
        place = np.floor(self.margins / width).astype(np.int64)
        first = int(place.min())
        area = np.bincount(place - first, self.areas)
        edges = np.asarray(width * np.arange(first, first + area.size + 1), dtype=np.float64)
        return edges, np.asarray(area / area.sum())

    def _share(self, chosen: BoolArray) -> float:
        """Return the share of the area that some points stand for."""
        if chosen.all():
            return 1.0 if chosen.size else 0.0
        return float(self.areas[chosen].sum() / self.areas.sum())


def surface_points(
    body: Surfaced,
    longest: float,
    spacing: float,
    tubes: Sequence[tuple[Rows, float]] = (),
) -> tuple[FloatArray, FloatArray]:
    """Return points on a body's surface outside all tubes [m] and the area of each [m^2].

    There are about as many as cells of ``spacing`` on it, within 3000 and 30 000; its longest axis
    is ``longest`` [m].
    """
    count = int(np.clip(np.pi * (longest / spacing) ** 2, *_POINTS))
    points, areas = body.surface(count)
    for vertices, radius in tubes:
        outside = distance_to_tube(points, vertices, radius) > 0.0
        points, areas = points[outside], areas[outside]
    return points, areas


def make_margin_map(
    points: FloatArray, areas: FloatArray, ablated: BoolArray, surface: FloatArray, depth: float
) -> MarginMap:
    """Measure the margin at every point.

    Parameters
    ----------
    points, areas
        As of :func:`surface_points`.
    ablated : ndarray of bool, shape (n,)
        Which points lie inside the zone.
    surface : ndarray of float64, shape (m, 3, 3)
        Triangles of the zone's surface [m].
    depth : float
        Largest depth of the tumour [m]: the margin missing everywhere if there is no zone.
    """
    if len(surface) == 0 or len(points) == 0:
        return MarginMap(points, areas, np.full(len(points), -depth))
    distance = distance_to_surface(points, surface)
    return MarginMap(points, areas, np.where(ablated, distance, -distance))
