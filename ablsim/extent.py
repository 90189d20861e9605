"""How much tissue has to be computed when the case does not say it.

The domain reaches far enough for the light to be absorbed and the heat to fade: 35 mm from every
place that lights where blood flows, 40 mm where none does. Its outer faces, and with them all cell
faces, lie on whole multiples of the spacing from the LPS origin. So a fibre tip keeps its place
within its cell whatever else the case contains, and the choice depends on nothing but the case.
"""

import math
from collections.abc import Sequence
from decimal import Decimal

from ablsim.grid import Point

REACH_PERFUSED = 35e-3
"""Tissue around every place that lights, where blood flows [m]."""

REACH_WITHOUT_FLOW = 40e-3
"""Tissue around every place that lights, where no blood flows [m]."""

RIM = 2
"""Cells kept around the tumour with its margin, and around fibres that do not light."""

Box = tuple[Point, Point]
"""Lowest and highest corner [m]."""


def box_around(points: Sequence[Point], reach: float = 0.0) -> Box:
    """Return the box that reaches ``reach`` [m] beyond every point."""
    low = tuple(min(values) - reach for values in zip(*points, strict=True))
    high = tuple(max(values) + reach for values in zip(*points, strict=True))
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def automatic_extent(
    boxes: Sequence[Box], spacing: float, *, centre: Point | None = None
) -> tuple[Point, Point]:
    """Return centre and size [m] of the smallest domain that covers all boxes.

    Parameters
    ----------
    boxes : sequence of Box
        What has to be covered.
    spacing : float
        Edge length of a cell [m].
    centre : Point, optional
        The middle, if the case gives it. Otherwise the faces lie on whole multiples of the
        spacing from the LPS origin.

    Notes
    -----
    Worked out in decimals, so that centre and size can be written out and read back exactly.
    """
    low, high = box_around([corner for box in boxes for corner in box])
    cell = Decimal(repr(spacing))
    if centre is not None:
        half = [
            math.ceil(max(c - a, b - c) / spacing - 1e-6)
            for c, a, b in zip(centre, low, high, strict=True)
        ]
        x, y, z = (float(2 * n * cell) for n in half)
        return centre, (x, y, z)
    first = [math.floor(a / spacing + 1e-6) for a in low]
    last = [math.ceil(b / spacing - 1e-6) for b in high]
    x, y, z = (float((b + a) * cell / 2) for a, b in zip(first, last, strict=True))
    width, depth, height = (float((b - a) * cell) for a, b in zip(first, last, strict=True))
    return (x, y, z), (width, depth, height)
