"""A prescription as the fibres and the steps of a case file."""

from collections.abc import Mapping, Sequence
from typing import Any

from ablsim.grid import Point
from ablsim.planning.prescription import Placement, Prescription, add
from ablsim.position import HOME
from ablsim.quantities import DIRECTION, ENERGY, LENGTH, POWER
from ablsim.units import to_mm

COOL_DOWN = "rest for 120 s"
"""Ends every session."""


def write_fibres(plan: Prescription, keys: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fibres as a case file has them before the first placement.

    Parameters
    ----------
    plan : Prescription
        Where they go.
    keys : mapping
        Kind, core and the like, for all.
    """
    tips = _all_tips(plan)[0]
    return [
        {
            "name": f"F{number}",
            **keys,
            "tip": [_mm(part) for part in tip],
            "direction": DIRECTION.write(plan.direction),
        }
        for number, tip in enumerate(tips, start=1)
    ]


def write_steps(plan: Prescription) -> list[str]:
    """Return the steps of a prescription.

    The fibres of a placement are moved together, and then each by itself as far as it lies
    otherwise in the pattern than before.
    """
    tips = _all_tips(plan)
    steps: list[str] = []
    moved, own = HOME, [HOME] * plan.fibres
    session = 0
    for number, placement in enumerate(plan.placements):
        is_new = placement.session != session
        if is_new:
            steps += [COOL_DOWN, "new session"]
            session = placement.session
        by = [add(tip, first, -1.0) for tip, first in zip(tips[number], tips[0], strict=True)]
        common = by[0]
        if number > 0 and (common != moved or not is_new):
            steps.append(f"reposition by {_list(add(common, moved, -1.0))}")
        moved = common
        for fibre, shift in enumerate(by):
            beside = add(shift, common, -1.0)
            if beside != own[fibre]:
                steps.append(
                    f"reposition by {_list(add(beside, own[fibre], -1.0))} with F{fibre + 1}"
                )
                own[fibre] = beside
        fire = _fire(plan, placement)
        steps += fire
        for _ in range(placement.illuminations - 1):
            steps += [f"pull back {LENGTH.write(placement.pull_back)}", *fire]
    return [*steps, COOL_DOWN]


def _all_tips(plan: Prescription) -> list[tuple[Point, ...]]:
    """Return the tips of every placement; fibres that it lacks stay beside its first one."""
    whole = next(p for p in plan.placements if p.fibres == plan.fibres)
    offsets = [add(tip, whole.tips[0], -1.0) for tip in whole.tips]
    return [
        (*p.tips, *(add(p.tips[0], offset) for offset in offsets[p.fibres :]))
        for p in plan.placements
    ]


def _fire(plan: Prescription, placement: Placement) -> list[str]:
    """Return the deliveries of one illumination; those with more energy go on by themselves."""
    power = POWER.write(plan.power)
    every = list(range(plan.fibres))
    if not plan.together:
        return [
            f"deliver {power} until {ENERGY.write(energy)} with F{fibre + 1}"
            for fibre, energy in enumerate(placement.energies)
            if energy > 0.0
        ]
    steps, fired = [], 0.0
    for level in sorted(set(placement.energies)):
        if level <= fired:
            continue
        firing = [fibre for fibre, energy in enumerate(placement.energies) if energy >= level]
        who = "" if firing == every else f" with {', '.join(f'F{fibre + 1}' for fibre in firing)}"
        steps.append(
            f"deliver {power} per fibre until {ENERGY.write(level - fired)} per fibre{who}"
        )
        fired = level
    return steps


def _list(vector: Sequence[float]) -> str:
    return ", ".join(_mm(part) for part in vector)


def _mm(length: float) -> str:
    """Return a length of whole micrometres as a case file has it."""
    return f"{to_mm(length):.3f}".rstrip("0").rstrip(".") + " mm"
