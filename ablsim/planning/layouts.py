"""Where placements go so that their footprints, side by side, cover a tumour deep enough."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Point
from ablsim.planning.evaluation import Footprint
from ablsim.planning.footprints import depth_at
from ablsim.planning.subject import Subject

STAND_OFF = 4e-3
"""How far a guessed zone stays from organs with limits until runs have shown what it takes [m]."""

_SOFT = 3e-3  # m, either side of the depth asked for, over which a point counts more and more
_ACROSS = 10  # candidates for a middle, over the longest axis
_FINEST = 2e-3  # m between them
_ABOUT = 5e-3  # m from the middle that a single placement may lie, past vessels and organs
_REFINED_UP_TO = 10  # placements
_SWEEPS = 3

FloatArray = NDArray[np.float64]
Array32 = NDArray[np.float32]


@dataclass(frozen=True)
class Ground:
    """What layouts are made on: the points to cover, where middles may be, what was learned.

    Parameters
    ----------
    subject : Subject
        Whose tumour it is.
    direction : Point
        From the hand to the tips.
    correction : ndarray of float64, shape (n,)
        By how much runs found each of the subject's points deeper in the zone than was guessed [m].
    stand_off : float
        How far guessed zones stay from organs with limits [m].
    """

    subject: Subject
    direction: Point
    correction: FloatArray
    stand_off: float = STAND_OFF

    @cached_property
    def middles(self) -> FloatArray:
        """Candidates for the middle of a placement, nearest to the tumour's first, (n, 3) [m]."""
        tumour = self.subject.tumour
        step = max(_FINEST, max(tumour.axes) / _ACROSS)
        half = 0.5 * np.asarray(tumour.axes)
        lines = [np.arange(-(n := int(h / step + 1e-9)), n + 1) * step for h in half]
        nodes = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)
        nodes = nodes[np.sum((nodes / half) ** 2, axis=1) <= 1.0 + 1e-9]
        size = np.linalg.norm(nodes, axis=1).round(9)
        nodes = nodes[np.lexsort((*nodes.T, size))]
        return np.asarray(nodes @ np.asarray(tumour.orientation) + np.asarray(tumour.centre))

    @cached_property
    def near_middles(self) -> FloatArray:
        """Those of the candidates where a single placement may go, (n, 3) [m]."""
        if self.is_open:
            return self.middles[:1]
        tumour = self.subject.tumour
        reach = max(_ABOUT, 0.3 * 0.5 * min(tumour.axes))
        near = np.linalg.norm(self.middles - self.middles[0], axis=1) <= reach
        return np.asarray(self.middles[near])

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it this ground, of one subject."""
        return (self.direction, self.stand_off, self.correction.tobytes())

    @property
    def is_open(self) -> bool:
        """Whether nothing stands in the way and nothing was learned."""
        case = self.subject.case
        return not case.vessels and not case.organs and not self.correction.any()


@dataclass(frozen=True, slots=True)
class Guess:
    """A layout and what it should reach.

    Parameters
    ----------
    middles : tuple of Point
        Of its placements, LPS [m].
    depth : ndarray of float64, shape (n,)
        How deep each of the subject's points lies in the zone [m].
    """

    middles: tuple[Point, ...]
    depth: FloatArray

    def reserve(self, complete_from: float) -> float:
        """Return how far the zone may recede before the ablation is incomplete [m]."""
        return float(np.quantile(self.depth, 1.0 - complete_from))


def guess_single(
    ground: Ground,
    footprint: Footprint,
    pattern: tuple[Point, ...],
    rotation: float,
    length: float,
    *,
    complete_from: float,
) -> Guess | None:
    """Return the best single placement; None if no place for it can be reached.

    Parameters
    ----------
    ground : Ground
        What it is for.
    footprint : Footprint
        Of the placement.
    pattern : tuple of Point
        Its tips, from their middle [m].
    rotation : float
        Of the pattern [rad].
    length : float
        Of all its pull-backs together [m].
    complete_from : float
        Share of the tumour from which on it is complete.
    """
    middles = _behind(ground, ground.near_middles, footprint)
    table, allowed = _depths(ground, footprint, pattern, rotation, length, middles)
    if not allowed.any():
        return None
    scores = np.quantile(table, 1.0 - complete_from, axis=1)
    scores[~allowed] = -np.inf
    best = int(np.argmax(scores.round(6)))
    return Guess((_point(middles[best]),), table[best].astype(np.float64))


def guess_several(
    ground: Ground,
    footprint: Footprint,
    pattern: tuple[Point, ...],
    rotation: float,
    length: float,
    *,
    required: float,
    complete_from: float,
    most: int,
) -> Guess | None:
    """Return the fewest placements that should reach a reserve, ``most`` at the utmost.

    Each goes where it adds most to those before, until they reach it; then, with one or two fewer
    if that is enough, each is moved to where it adds most to the others, until none moves.
    Arguments are those of `guess_single`; ``required`` is the reserve [m]. None if no place can be
    reached.
    """
    middles = _behind(ground, ground.middles, footprint)
    table, allowed = _depths(ground, footprint, pattern, rotation, length, middles)
    if not allowed.any():
        return None
    soft = np.clip(0.5 + 0.5 * (table - required) / _SOFT, 0.0, 1.0)
    usable = np.flatnonzero(allowed)
    field = _Field(table, soft[usable], usable, complete_from)
    chosen: list[int] = []
    while len(chosen) < most and field.reserve(chosen) < required:
        another = field.best_beside(chosen)
        if not field.adds(another, chosen):  # as deep as this placement goes
            break
        chosen.append(another)
    count = len(chosen)
    trials = [field.refine(chosen[:fewer]) for fewer in range(max(1, count - 2), count + 1)]
    best = next((trial for trial in trials if field.reserve(trial) >= required), None)
    if best is None:
        best = max([*trials, chosen], key=field.reserve)
    depth = table[usable[best]].max(axis=0).astype(np.float64)
    return Guess(tuple(_point(middles[i]) for i in usable[best]), depth)


@dataclass(frozen=True)
class _Field:
    """What each allowed candidate covers: rows of ``soft``, and of ``table`` at ``usable``."""

    table: Array32
    soft: Array32
    usable: NDArray[np.intp]
    complete_from: float

    def reserve(self, chosen: list[int]) -> float:
        """Return the reserve of a layout [m]; hopeless for none."""
        if not chosen:
            return -np.inf
        depth = self.table[self.usable[chosen]].max(axis=0)
        return float(np.quantile(depth, 1.0 - self.complete_from))

    def best_beside(self, others: list[int]) -> int:
        """Return the candidate that covers most together with others; the first of equals."""
        covered = self.soft[others].max(axis=0) if others else np.float32(0.0)
        total = np.maximum(self.soft, covered).sum(axis=1)
        return int(np.argmax(total.round(2)))

    def adds(self, another: int, others: list[int]) -> bool:
        """Say whether a candidate covers anything that others do not."""
        if not others:
            return True
        return bool(np.any(self.soft[another] > self.soft[others].max(axis=0)))

    def refine(self, chosen: list[int]) -> list[int]:
        """Return the placements, each moved to where it adds most to the others."""
        chosen = list(chosen)
        if not 1 < len(chosen) <= _REFINED_UP_TO:
            return chosen
        for _ in range(_SWEEPS):
            before = list(chosen)
            for i in range(len(chosen)):
                chosen[i] = self.best_beside([*chosen[:i], *chosen[i + 1 :]])
            if chosen == before:
                break
        return chosen


def _behind(ground: Ground, middles: FloatArray, footprint: Footprint) -> FloatArray:
    """Return where tips have their middle for the zone to have its own at candidates [m]."""
    behind = middles - footprint.ahead * np.asarray(ground.direction)
    return np.asarray(behind.round(4))  # as they are planned, so that what is checked is planned


def _depths(
    ground: Ground,
    footprint: Footprint,
    pattern: tuple[Point, ...],
    rotation: float,
    length: float,
    middles: FloatArray,
) -> tuple[Array32, NDArray[np.bool_]]:
    """Return how deep each point lies in the zone of each candidate, and which are allowed."""
    subject, axis = ground.subject, np.asarray(ground.direction)
    offsets = subject.points - middles[:, None]
    table = depth_at(footprint, offsets, ground.direction, rotation) + ground.correction
    key = (ground.direction, pattern, round(length, 6), middles.tobytes())
    if key not in subject.reached:  # whatever was learned, needles come through or not
        tips = middles[:, None] + np.asarray(pattern) + 0.5 * length * axis
        through = subject.is_reachable(tips, ground.direction)
        subject.reached[key] = np.asarray(through.all(axis=1))
    allowed = subject.reached[key].copy()
    if len(subject.no_go):
        near = depth_at(footprint, subject.no_go - middles[:, None], ground.direction, rotation)
        allowed &= near.max(axis=1) <= -ground.stand_off
    return table.astype(np.float32), np.asarray(allowed)


def _point(xyz: FloatArray) -> Point:
    x, y, z = xyz.round(4).tolist()
    return (x + 0.0, y + 0.0, z + 0.0)
