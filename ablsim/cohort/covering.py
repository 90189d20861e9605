"""Where the placements of a treatment go so that they cover a tumour.

A placement is counted on to ablate everything within a reach of the block that its tips and their
pull-backs span. A point counts as covered for certain 5 mm inside that, as not at all 5 mm outside,
and linearly in between: so placements do not hang on the last cell of an edge that nobody can aim
at. Each placement goes where it adds most to what is covered already; once all are there, each is
moved to where it adds most to the others, until none moves. A single one goes to the middle.
Nothing is random, and of places that add the same, the one nearest to the middle is taken.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Point
from ablsim.light.fibre import Pattern, make_array
from ablsim.position import HOME

SOFT = 5e-3
"""How far inside a placement's reach a point must be to count as covered for certain [m]."""

_POINTS_ACROSS = 14  # of the tumour's longest axis, and so many candidates for the middles
_FINEST = 2e-3  # m between points
_REFINED_UP_TO = 8  # placements; the gain from moving more of them is small
_SWEEPS = 4

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """What one placement is counted on to ablate.

    Parameters
    ----------
    pattern : {"single", "line", "triangle", "square"}
        Of the fibres.
    spacing : float
        Side length of the pattern [m].
    direction : Point
        From the hand to the tips.
    length : float
        From the deepest tips to where the last pull-back leaves them [m].
    reach : float
        How far around that it ablates [m].
    """

    pattern: Pattern
    spacing: float
    direction: Point
    length: float
    reach: float

    def depth(self, offsets: FloatArray) -> FloatArray:
        """Return how far points ``(..., 3)``, counted from its middle, lie inside its reach [m].

        Negative outside.
        """
        tips = np.array(self.tips())
        axis = np.asarray(self.direction)
        along = offsets @ axis
        across = offsets - along[..., None] * axis
        beyond = np.maximum(0.0, np.abs(along) - 0.5 * self.length)
        return np.asarray(self.reach - np.hypot(beyond, _distance_to_hull(across, tips, axis)))

    def tips(self) -> tuple[Point, ...]:
        """Return where its tips are, from their middle [m]; they go round."""
        fibres = make_array(
            kind="bare", pattern=self.pattern, direction=self.direction, spacing=self.spacing
        )
        return tuple(fibre.tip for fibre in fibres)


@lru_cache(maxsize=4096)
def place(axes: Point, shape: Shape, count: int, planned: int) -> tuple[Point, ...]:
    """Return the middles of ``count`` placements about the middle of a tumour [m], in order.

    Parameters
    ----------
    axes : Point
        Full lengths of the tumour's axes along x, y and z, with its margin [m].
    shape : Shape
        What one placement ablates.
    count : int
        How many.
    planned : int
        How many of them are placed together; those after it each go where they still add most.
    """
    if count == 1:
        return (HOME,)
    field = _Field(axes, shape)
    chosen = [0] if planned == 1 else field.extend([], min(planned, count))
    if 1 < len(chosen) <= _REFINED_UP_TO:
        chosen = field.refine(chosen)
    chosen = field.extend(chosen, count)
    return tuple(field.middle(index) for index in chosen)


@lru_cache(maxsize=4096)
def count_to_cover(axes: Point, shape: Shape, share: float, most: int) -> int:
    """Return how few placements cover a share of the tumour, ``most`` at the utmost."""
    field = _Field(axes, shape)
    chosen: list[int] = []
    for count in range(1, most + 1):
        chosen = field.extend(chosen, count)
        refined = field.refine(chosen) if 1 < count <= _REFINED_UP_TO else chosen
        if max(field.covered(chosen), field.covered(refined)) >= share:
            return count
    return most


class _Field:
    """Points of a tumour, candidates for the middle of a placement, and what each covers."""

    def __init__(self, axes: Point, shape: Shape) -> None:
        half = 0.5 * np.asarray(axes)
        step = max(_FINEST, 2.0 * float(half.max()) / _POINTS_ACROSS)
        reach = np.floor(half / step + 1e-9).astype(int)
        nodes = _nodes_inside(half / step, reach)
        size = np.linalg.norm(nodes, axis=1).round(9)
        self._middles = nodes[np.lexsort((*nodes.T, size))]
        self._step = step
        # points and candidates lie on one grid, so their offsets do too
        every = np.stack(np.meshgrid(*(np.arange(-2 * n, 2 * n + 1) for n in reach), indexing="ij"))
        table = shape.depth(step * np.moveaxis(every, 0, -1))
        x, y, z = np.moveaxis(nodes[None] - self._middles[:, None] + 2 * reach, -1, 0)
        self._depth = table[x, y, z]
        self._soft = np.clip(0.5 + 0.5 * self._depth / SOFT, 0.0, 1.0)

    def middle(self, index: int) -> Point:
        """Return a candidate [m], to a tenth of a millimetre."""
        x, y, z = (self._step * self._middles[index]).round(4).tolist()
        return (x + 0.0, y + 0.0, z + 0.0)

    def covered(self, chosen: list[int]) -> float:
        """Return the share of the points that lie within reach of any placement."""
        return float((self._depth[chosen].max(axis=0) >= 0.0).mean())

    def extend(self, chosen: list[int], count: int) -> list[int]:
        """Return the placements with more of them, each where it adds most."""
        chosen = list(chosen)
        while len(chosen) < count:
            chosen.append(self._best_beside(chosen))
        return chosen

    def refine(self, chosen: list[int]) -> list[int]:
        """Return the placements, each moved to where it adds most to the others."""
        chosen = list(chosen)
        for _ in range(_SWEEPS):
            before = list(chosen)
            for i in range(len(chosen)):
                chosen[i] = self._best_beside([*chosen[:i], *chosen[i + 1 :]])
            if chosen == before:
                break
        return chosen

    def _best_beside(self, others: list[int]) -> int:
        """Return the candidate that covers most together with others; the first of equals."""
        already = self._soft[others].max(axis=0) if others else np.zeros(self._depth.shape[1])
        total = np.maximum(self._soft, already).sum(axis=1)
        return int(np.argmax(total.round(6)))


def _nodes_inside(half: FloatArray, reach: NDArray[np.int_]) -> NDArray[np.int_]:
    """Return the nodes of a grid about the middle of an ellipsoid that lie inside it, (n, 3)."""
    lines = [np.arange(-n, n + 1) for n in reach]
    nodes = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(nodes[np.sum((nodes / half) ** 2, axis=1) <= 1.0 + 1e-9])


def _distance_to_hull(points: FloatArray, corners: FloatArray, axis: FloatArray) -> FloatArray:
    """Return the distance [m] of points in a plane to the convex hull of one to four corners.

    The corners go round; ``axis`` is the normal of the plane. Zero inside.
    """
    if len(corners) == 1:
        return np.asarray(np.linalg.norm(points - corners[0], axis=-1))
    nearest = np.full(points.shape[:-1], np.inf)
    inside = np.full(points.shape[:-1], len(corners) > 2)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        side, offset = end - start, points - start
        share = np.clip(offset @ side / (side @ side), 0.0, 1.0)
        nearest = np.minimum(nearest, np.linalg.norm(offset - share[..., None] * side, axis=-1))
        inside &= np.cross(side, offset) @ axis >= -1e-15
    return np.asarray(np.where(inside, 0.0, nearest))
