"""What share of a tumour a zone covers when its surface moves evenly in or out.

A share cannot pass 0 or 1, so it does not answer linearly to anything. The offset of the zone's
surface that gives the same share does nearly, and goes on where the tumour is covered already: by
the smallest margin.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from ablsim.result import Result

COVERED = 0.9995
"""Share that counts as the whole."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CoverageCurve:
    """The share of a region within a zone as a function of the offset of the zone's surface.

    Parameters
    ----------
    offsets : ndarray of float64, shape (n,)
        Offsets of the surface, outwards positive and increasing [m].
    shares : ndarray of float64, shape (n,)
        Share of the region that is covered, from 0 to 1.
    """

    offsets: FloatArray
    shares: FloatArray

    def share(self, offset: FloatArray) -> FloatArray:
        """Return the share covered at an offset [m]."""
        return np.asarray(np.interp(offset, self.offsets, self.shares))

    def offset(self, share: float, clearance: float) -> float:
        """Return the offset [m] at which a zone covers a share.

        ``clearance`` is how far the zone's surface is beyond the region [m], where it covers all.
        """
        if share >= COVERED:
            return float(self.offsets[-1]) + max(0.0, clearance)
        return float(np.interp(share, self.shares, self.offsets))


def coverage_curve(result: Result, *, margin: float = 0.0) -> CoverageCurve:
    """Return the curve of the tumour, grown by ``margin`` [m], and the reported zone of a result.

    Distances are counted from cell to cell, right to about half a cell; the curve serves to turn
    changes of a share into lengths and back, not to measure the share itself. Without a zone the
    most damaged cells stand for it.
    """
    case, grid = result.case, result.grid
    if case.tumour is None:
        msg = "a case without a tumour has no coverage"
        raise ValueError(msg)
    omega = getattr(result.fields, case.physics.reported_zone)
    zone = np.pad(omega >= min(1.0, float(omega.max())), 1)
    inside, outside = distance_transform_edt(zone), distance_transform_edt(~zone)
    distance = np.where(zone, 0.5 - inside, outside - 0.5)[1:-1, 1:-1, 1:-1] * grid.spacing
    tumour = case.tumour
    reach = np.asarray(tumour.half_extent) + margin
    low, high = grid.index([tumour.centre - reach, tumour.centre + reach])
    box = tuple(
        slice(max(0, int(np.floor(a))), int(np.ceil(b)) + 1) for a, b in zip(low, high, strict=True)
    )
    zyx = np.meshgrid(*(a[s] for a, s in zip(grid.axes()[::-1], box, strict=True)), indexing="ij")
    beyond = tumour.body.distance(np.stack(zyx[::-1], axis=-1))
    blood = np.array([name == "blood" for name in result.materials])
    of_region = distance[box][(beyond <= margin) & ~blood[result.labels[box]]]
    if of_region.size == 0:
        of_region = np.zeros(1)
    offsets, counts = np.unique(of_region, return_counts=True)
    shares = (np.cumsum(counts) - 0.5 * counts) / of_region.size
    half = 0.5 * grid.spacing
    return CoverageCurve(
        offsets=np.concatenate([[offsets[0] - half], offsets, [offsets[-1] + half]]),
        shares=np.concatenate([[0.0], shares, [1.0]]),
    )
