"""How much tissue has to be computed when the case does not say it.

The domain reaches far enough for the light to be absorbed and the heat to fade: 35 mm from every
place that lights where blood flows, 40 mm where none does. Its outer faces, and with them all cell
faces, lie on whole multiples of the spacing from the LPS origin. So a fibre tip keeps its place
within its cell whatever else the case contains, and the choice depends on nothing but the case.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from ablsim.grid import Point

if TYPE_CHECKING:
    from ablsim.case import Case

REACH_PERFUSED = 35e-3
"""Tissue around every place that lights, where blood flows [m]."""

REACH_WITHOUT_FLOW = 40e-3
"""Tissue around every place that lights, where no blood flows [m]."""

RIM = 2
"""Cells kept around the tumour with its margin, and around fibres that do not light."""

Box = tuple[Point, Point]
"""Lowest and highest corner [m]."""


def find_extent(case: "Case") -> tuple[Point, Point]:
    """Return centre and size of the domain of a case [m]: as given, or as wide as needed."""
    given = case.domain
    if given.size is not None and given.centre is not None:
        return given.centre, given.size
    spacing = case.numerics.edge
    flows = case.tissue.perfusion == "normal"
    reach = REACH_PERFUSED if flows else REACH_WITHOUT_FLOW
    boxes = []
    lit = case.protocol.lit_positions
    for position in case.protocol.positions:
        around = reach if position in lit else RIM * spacing
        placed = [position.place(fibre) for fibre in case.fibres_all]
        boxes += [box_around(fibre.emission_points(), around) for fibre in placed]
    if case.tumour is not None:
        half = case.tumour.half_extent
        wide = [float(h) + case.tumour.margin for h in half]
        c = case.tumour.centre
        corners = [
            (c[0] - wide[0], c[1] - wide[1], c[2] - wide[2]),
            (c[0] + wide[0], c[1] + wide[1], c[2] + wide[2]),
        ]
        boxes.append(box_around(corners, RIM * spacing))
    centre, size = automatic_extent(boxes, spacing, centre=given.centre)
    return centre, given.size or size


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
