"""How well two regions agree: overlap, distances of their surfaces, and what a rigid fit leaves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from ablsim.agreement.region import Region
from ablsim.surface import distance_to_surface

FloatArray = NDArray[np.float64]

_POINTS_MAX = 2_000_000  # of the lattice on which overlap is counted
_FINENESS = 0.5  # of its points, in cells of the finer region
_SURFACE_POINTS = 4000  # at most, of each surface
_FIT_POINTS = 800
_WORTH = 0.05  # of what a shift leaves, and of a cell, that a turn must mend to be believed


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well one region agrees with another.

    Parameters
    ----------
    dice : float
        Twice the common volume over the sum of both.
    mean_distance : float
        Mean distance of either surface to the other [m].
    distance_95 : float
        Distance within which 95 % of either surface have the other [m]; the larger of the two.
    distance_max : float
        Largest distance of a point of either surface to the other [m]: Hausdorff's.
    reach : float
        How much further the first reaches than the second on average over its surface, negative
        where it falls short [m].
    """

    dice: float
    mean_distance: float
    distance_95: float
    distance_max: float
    reach: float


@dataclass(frozen=True, slots=True)
class Motion:
    """A rigid motion: a turn about a point, then a shift.

    Parameters
    ----------
    centre : ndarray of float64, shape (3,)
        Point that the turn leaves where it is, LPS [m].
    turn : ndarray of float64, shape (3,)
        Axis of the turn, as long as its angle [rad].
    shift : ndarray of float64, shape (3,)
        What follows it [m].
    """

    centre: FloatArray
    turn: FloatArray
    shift: FloatArray

    @classmethod
    def none(cls) -> "Motion":
        """Return the motion that leaves everything where it is."""
        return cls(np.zeros(3), np.zeros(3), np.zeros(3))

    @property
    def angle(self) -> float:
        """The angle of the turn [rad]."""
        return float(np.linalg.norm(self.turn))

    def apply(self, points: FloatArray) -> FloatArray:
        """Return where points ``(..., 3)`` end up."""
        flat = (points - self.centre).reshape(-1, 3)
        turned = Rotation.from_rotvec(self.turn).apply(flat).reshape(points.shape)
        return np.asarray(turned + self.centre + self.shift)

    def undo(self, points: FloatArray) -> FloatArray:
        """Return where points ``(..., 3)`` came from."""
        flat = (points - self.centre - self.shift).reshape(-1, 3)
        turned = Rotation.from_rotvec(-self.turn).apply(flat).reshape(points.shape)
        return np.asarray(turned + self.centre)


def measure_agreement(one: Region, other: Region, motion: Motion | None = None) -> Agreement:
    """Measure how well a region, perhaps moved, agrees with another.

    Parameters
    ----------
    one, other : Region
        The predicted region, and the observed one.
    motion : Motion, optional
        What is done with the first before.

    Notes
    -----
    Overlap is counted on a lattice half as fine as the finer cells of the two; surfaces are
    triangles, each point standing for their area, and distances to triangles are exact.
    """
    motion = motion or Motion.none()
    moved = motion.apply(one.surface)
    dice = _dice(one, other, motion, moved)
    there, area = _spread_points(moved)
    back, area_back = _spread_points(other.surface)
    out = distance_to_surface(there, other.surface)
    home = distance_to_surface(back, moved)
    signed = np.where(other.contains(there), -out, out)
    return Agreement(
        dice=dice,
        mean_distance=0.5 * float(np.average(out, weights=area))
        + 0.5 * float(np.average(home, weights=area_back)),
        distance_95=max(_quantile(out, area, 0.95), _quantile(home, area_back, 0.95)),
        distance_max=float(max(out.max(), home.max())),
        reach=float(np.average(signed, weights=area)),
    )


def fit_rigidly(one: Region, other: Region) -> Motion:
    """Return the rigid motion of a region that brings its surface nearest to another's.

    Notes
    -----
    Least squares of the distances of points on the first surface to the second, from coinciding
    middles without a turn. Where a turn makes it hardly better than a shift alone, as of a ball, it
    is left out: nothing shows it.
    """
    points, area = _spread_points(one.surface, _FIT_POINTS)
    weight = np.sqrt(area / area.sum())
    centre = _middle(one)
    start = _middle(other) - centre
    radius = float(np.cbrt(3.0 * one.volume / (4.0 * np.pi)))
    surface = other.surface

    def motion(unknown: FloatArray) -> Motion:
        turn = unknown[3:] / radius if len(unknown) > 3 else np.zeros(3)
        return Motion(centre, turn, unknown[:3])

    def misfit(unknown: FloatArray) -> FloatArray:
        moved = motion(unknown).apply(points)
        away = distance_to_surface(moved, surface)
        return np.asarray(weight * np.where(other.contains(moved), -away, away))

    def fit(first: FloatArray) -> tuple[FloatArray, float]:
        steps = [1e-3] * len(first)
        found = least_squares(misfit, first, x_scale=radius, diff_step=steps, max_nfev=60)
        return found.x, float(np.linalg.norm(found.fun))

    shifted, left = fit(start)
    turned, still_left = fit(np.concatenate([shifted, np.zeros(3)]))
    cell = max(one.grid.spacing, other.grid.spacing)
    return motion(turned if left - still_left > _WORTH * max(left, cell) else shifted)


def margins(tumour: Region, zone: Region) -> tuple[float, float]:
    """Return the smallest and the mean margin of a zone around a tumour [m]."""
    points, area = _spread_points(tumour.surface)
    distance = distance_to_surface(points, zone.surface)
    signed = np.where(zone.contains(points), distance, -distance)
    return float(signed.min()), float(np.average(signed, weights=area))


def covered(tumour: Region, zone: Region) -> float:
    """Return the share of a tumour inside a zone."""
    points = _lattice(tumour.surface.reshape(-1, 3), tumour.grid.spacing)
    points = points[tumour.contains(points)]
    return float(zone.contains(points).mean()) if len(points) else 0.0


def _middle(region: Region) -> FloatArray:
    """Return the middle of a region's surface."""
    a, b, c = np.moveaxis(region.surface, 1, 0)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=-1)
    return np.asarray(np.average((a + b + c) / 3.0, axis=0, weights=area))


def _dice(one: Region, other: Region, motion: Motion, moved: FloatArray) -> float:
    corners = np.concatenate([moved.reshape(-1, 3), other.surface.reshape(-1, 3)])
    points = _lattice(corners, _FINENESS * min(one.grid.spacing, other.grid.spacing))
    first, second = one.contains(motion.undo(points)), other.contains(points)
    total = int(first.sum()) + int(second.sum())
    return 2.0 * float((first & second).sum()) / total if total else 0.0


def _lattice(corners: FloatArray, step: float) -> FloatArray:
    """Return evenly spaced points in the box around some corners, shape (n, 3)."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    step = max(step, float(np.prod(high - low) / _POINTS_MAX) ** (1.0 / 3.0))
    axes = [np.arange(a + 0.5 * step, b, step) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def _spread_points(
    surface: FloatArray, most: int = _SURFACE_POINTS
) -> tuple[FloatArray, FloatArray]:
    """Return points spread over a surface and the area that each stands for.

    The middles of its triangles; if they are many, of those that evenly spaced shares of the area
    fall on, in their order, which goes through the surface layer by layer.
    """
    a, b, c = np.moveaxis(surface, 1, 0)
    area = np.asarray(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=-1))
    middles = (a + b + c) / 3.0
    if len(surface) <= most:
        return middles, area
    upto = np.cumsum(area)
    chosen = np.searchsorted(upto, upto[-1] * (np.arange(most) + 0.5) / most)
    return middles[chosen], np.full(most, upto[-1] / most)


def _quantile(values: FloatArray, weights: FloatArray, share: float) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, share * total[-1])])
