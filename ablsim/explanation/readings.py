"""How an ablated share reads to whoever looks at one slice instead of the whole tumour.

A report says "over 60 %" without saying of what. The share of the area on an axial slice, and of
the length along its longest diameter, are larger than the share of the volume.
"""

from dataclasses import dataclass

import numpy as np

from ablsim.result import Result


@dataclass(frozen=True, slots=True)
class Readings:
    """The ablated share as it reads on axial slices; 0 where nothing of the tumour is there.

    Parameters
    ----------
    area : float
        Ablated share of the tumour's area on the slice through its middle.
    area_best : float
        The same on the slice that shows the largest share, among those with at least half of the
        tumour's largest area.
    length : float
        Longest diameter of the ablated area over that of the tumour, on the slice through the
        middle.
    """

    area: float = 0.0
    area_best: float = 0.0
    length: float = 0.0


def read_slice(result: Result) -> Readings:
    """Return how the ablated share of the tumour reads on axial slices of a result."""
    case, grid = result.case, result.grid
    tumour = case.tumour
    if tumour is None:
        return Readings()
    x, y, z = grid.axes()
    points = np.stack(np.broadcast_arrays(x, y[:, None], 0.0), axis=-1)
    omega = getattr(result.fields, case.physics.reported_zone)
    areas, shares = [], []
    middle = int(np.argmin(np.abs(z - tumour.centre[2])))
    length = 0.0
    for k, height in enumerate(z):
        points[..., 2] = height
        inside = tumour.body.distance(points) <= 0.0
        ablated = inside & (omega[k] >= 1.0)
        areas.append(int(np.count_nonzero(inside)))
        shares.append(np.count_nonzero(ablated) / areas[-1] if areas[-1] else 0.0)
        if k == middle:
            whole = _longest(points[inside])
            length = _longest(points[ablated]) / whole if whole > 0.0 else 0.0
    large = np.array(areas) >= 0.5 * max(areas, default=0)
    return Readings(
        area=shares[middle],
        area_best=float(max(np.array(shares)[large], default=0.0)),
        length=min(1.0, length),
    )


def _longest(points: np.ndarray) -> float:
    """Return the largest caliper length of points in a plane of constant z."""
    if len(points) < 2:
        return 0.0
    angles = np.linspace(0.0, np.pi, 90, endpoint=False)
    along = points[:, :2] @ np.stack([np.cos(angles), np.sin(angles)])
    return float(np.ptp(along, axis=0).max())
