"""A treatment as the fibres and the steps of a case file."""

from collections.abc import Sequence
from typing import Any

from ablsim.cohort.covering import Shape
from ablsim.cohort.treatment import Treatment
from ablsim.grid import Point
from ablsim.position import HOME
from ablsim.quantities import DIRECTION, ENERGY, LENGTH, POWER
from ablsim.units import to_mm

COOL_DOWN = "rest for 120 s"
"""Ends every session."""

_DIGITS = 6  # of a position in metres: micrometres


def aims_of(treatment: Treatment) -> list[tuple[Point, ...]]:
    """Return where the tips of each placement are to go [m], first at their deepest."""
    length = (treatment.illuminations - 1) * treatment.pull_back
    shape = Shape(treatment.pattern, treatment.spacing, treatment.direction, length, 0.0)
    deepest = [
        _add(tip, tuple(0.5 * length * part for part in treatment.direction))
        for tip in shape.tips()
    ]
    middles = [middle for session in treatment.sessions for middle in session]
    return [tuple(_add(tip, middle) for tip in deepest) for middle in middles]


def write_fibres(treatment: Treatment, tips: Sequence[Point]) -> list[dict[str, Any]]:
    """Return the fibres of the first placement, as a case file has them."""
    return [
        {
            "name": f"F{number}",
            "kind": "bare",
            "tip": [_mm(part) for part in tip],
            "direction": DIRECTION.write(treatment.direction),
        }
        for number, tip in enumerate(tips, start=1)
    ]


def write_steps(treatment: Treatment, tips: Sequence[Sequence[Point]]) -> list[str]:
    """Return the steps of a treatment whose placements end up at ``tips`` [m].

    The fibres of a placement are moved together, as far as their middle was to go, and then each
    by itself, as far as it misses that in another way than before.
    """
    fire = (
        f"deliver {POWER.write(treatment.power)} per fibre until "
        f"{ENERGY.write(treatment.energy)} per fibre"
    )
    placement = [fire]
    for _ in range(treatment.illuminations - 1):
        placement += [f"pull back {LENGTH.write(treatment.pull_back)}", fire]
    steps: list[str] = []
    middle, number = HOME, 0
    missed: list[Point] = [HOME] * treatment.fibres
    for session, middles in enumerate(treatment.sessions):
        steps += ["new session"] if session > 0 else []
        for place, goal in enumerate(middles):
            if number == 0:
                middle = goal
            by = _add(goal, middle, -1.0)
            if number > 0 and (by != HOME or place > 0):
                steps.append(f"reposition by {', '.join(map(_mm, by))}")
            total = _add(goal, treatment.sessions[0][0], -1.0)
            now = [
                _add(_add(tip, first, -1.0), total, -1.0)
                for tip, first in zip(tips[number], tips[0], strict=True)
            ]
            for fibre, (new, old) in enumerate(zip(now, missed, strict=True), start=1):
                own = _add(new, old, -1.0)
                if own != HOME:
                    steps.append(f"reposition by {', '.join(map(_mm, own))} with F{fibre}")
            steps += placement
            middle, missed, number = goal, now, number + 1
        steps.append(COOL_DOWN)
    return steps


def _mm(length: float) -> str:
    """Return a length of whole micrometres as a case file has it."""
    return f"{to_mm(length):.3f}".rstrip("0").rstrip(".") + " mm"


def _add(point: Point, other: Sequence[float], sign: float = 1.0) -> Point:
    x, y, z = (round(a + sign * b, _DIGITS) + 0.0 for a, b in zip(point, other, strict=True))
    return (x, y, z)
