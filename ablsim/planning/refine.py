"""Refining a plan between the values that were drafted: fewer minutes for the same reserve.

COBYQA, of scipy, minimises the burden under what a few draws have to spare and under the limits;
nothing but runs of the full physics is asked. What comes out is rounded to what can be set and read
off at the bedside, with as much energy as that takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import NonlinearConstraint, minimize

from ablsim.planning.candidates import Candidate
from ablsim.planning.prescription import (
    Prescription,
    add,
    arrange,
    middle_of,
    place_pattern,
)
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject
from ablsim.planning.trials import Trial, Trials
from ablsim.position import HOME

LENGTHS, ENERGIES, POWERS = 0.5e-3, 10.0, 0.1
"""What a plan is rounded to [m], [J], [W]."""

_FINE = (0.1e-3, 5.0, 0.05)  # to what it is rounded on the way
_SAME_PEAK = 1.0  # K
_FURTHEST = 1.35  # factor on the energy, beyond which a straight line says little
_MORE = 0.015  # of the energy, should what was reckoned just fall short

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Way:
    """One thing that may be changed, between two values."""

    name: str
    low: float
    high: float
    start: float


@dataclass(frozen=True, slots=True)
class _Shape:
    """A regular plan in the numbers that are refined."""

    energy: float
    power: float
    spacing: float
    pull_back: float
    depth: float = 0.0


class Refiner:
    """Refines plans of one subject.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        What may be chosen.
    trials : Trials
        Tries plans.
    """

    def __init__(self, subject: Subject, request: Request, trials: Trials) -> None:
        self._subject = subject
        self._request = request
        self._trials = trials

    def refine(self, start: Trial, required: float, looks: int) -> None:
        """Look for less burden near a plan; what was tried is in the trials.

        Parameters
        ----------
        start : Trial
            Where to begin.
        required : float
            What is to be spared in the few draws of a trial [m].
        looks : int
            Most plans that are tried.
        """
        plan = start.candidate.plan
        ways = self._ways(plan)
        if not ways or looks < len(ways) + 2:
            return

        def look(x: FloatArray) -> Trial | None:
            found = self._trials.run([self._plan(plan, ways, x, _FINE)])
            return found[0] if found else None

        def burden(x: FloatArray) -> float:
            one = look(x)
            return start.candidate.burden * 1.5 if one is None else one.candidate.burden

        def spare(x: FloatArray) -> FloatArray:
            one = look(x)
            if one is None:
                return np.array([-5.0, -1.0])
            limits = self._spare_of_limits(one.candidate)
            return np.array([1e3 * (one.spare - required), limits])

        minimize(
            burden,
            np.array([_unit(way, way.start) for way in ways]),
            method="COBYQA",
            bounds=[(0.0, 1.0)] * len(ways),
            constraints=[NonlinearConstraint(spare, 0.0, np.inf)],
            options={
                "maxfev": looks,
                "initial_tr_radius": 0.2,
                "final_tr_radius": 0.02,
                "feasibility_tol": 1e-6,
            },
        )

    def round(self, best: Trial, required: float) -> Trial | None:
        """Return a plan in round numbers, with as much energy as it takes; None if none has it.

        Parameters
        ----------
        best : Trial
            The plan.
        required : float
            What is to be spared [m].
        """
        plan = best.candidate.plan
        ways = self._ways(plan)
        energies = [i for i, way in enumerate(ways) if way.name.startswith("energy")]
        if not energies:
            return None

        def rounded(factor: float) -> Prescription:
            x = np.array([_unit(one, one.start) for one in ways])
            for i in energies:
                x[i] = _unit(ways[i], ways[i].start * factor)
            return self._plan(plan, ways, x, (LENGTHS, ENERGIES, POWERS))

        factors = [1.0, 0.92 if best.spare >= required else 1.1]
        found = self._trials.run([rounded(factor) for factor in factors])
        if len(found) == 2:
            gain = (found[1].spare - found[0].spare) / (factors[1] - factors[0])
            if gain > 0.0:
                factor = 1.0 + (required - found[0].spare) / gain
                factor = min(max(factor, 1.0 / _FURTHEST), _FURTHEST)
                found += self._trials.run([rounded(factor), rounded(factor + _MORE)])
        enough = [one for one in found if one.spare >= required]
        return min(enough, key=lambda one: one.candidate.burden, default=None)

    def _spare_of_limits(self, one: Candidate) -> float:
        """Return how far a plan is from passing any limit; negative where it does."""
        spare = 1.0 if one.is_allowed else -1.0
        for organ in one.outcome.organs:
            hottest = organ["limits"]["peak_degc"]
            most = organ["limits"]["damage"]
            if hottest is not None:
                spare = min(spare, (hottest - organ["peak_degc"]) / _SAME_PEAK)
            if most:
                spare = min(spare, float(np.log10(most / max(organ["damage"], 1e-12))))
        return spare

    def _ways(self, plan: Prescription) -> list[_Way]:
        """Return what may be changed about a plan of one pattern."""
        request, first = self._request, plan.placements[0]
        ways = []
        if request.energies.is_continuous and request.energies.is_free:
            span = request.energies
            if plan.pattern is None:  # fibres that lie as they lie each get what they need
                ways += [
                    _Way(f"energy {number}", span.low, span.high, energy)
                    for number, energy in enumerate(first.energies)
                ]
            else:
                ways.append(_Way("energy", span.low, span.high, plan.energy_per_fibre))
        if request.powers.is_continuous and request.powers.is_free:
            ways.append(_Way("power", request.powers.low, request.powers.high, plan.power))
        if plan.spacing and request.spacings.is_continuous and request.spacings.is_free:
            ways.append(_Way("spacing", request.spacings.low, request.spacings.high, plan.spacing))
        if (
            first.illuminations > 1
            and request.pull_backs.is_continuous
            and request.pull_backs.is_free
        ):
            span = request.pull_backs
            ways.append(_Way("pull_back", span.low, span.high, first.pull_back))
        case = self._subject.case
        if ways and plan.pattern is not None and (case.vessels or case.organs):
            ways.append(_Way("depth", -4e-3, 4e-3, 0.0))
        return ways

    def _plan(
        self,
        plan: Prescription,
        ways: Sequence[_Way],
        x: FloatArray,
        steps: tuple[float, float, float],
    ) -> Prescription:
        """Return a plan with some of its numbers changed, all of them rounded."""
        values = {
            way.name: way.low + (way.high - way.low) * float(np.clip(part, 0.0, 1.0))
            for way, part in zip(ways, x, strict=True)
        }
        first = plan.placements[0]
        length, joule, watt = steps
        if plan.pattern is None:
            energies = tuple(
                _rounded(values[name], joule, 1.0) if name in values else energy
                for number, energy in enumerate(first.energies)
                for name in (f"energy {number}",)
            )
            pulled = values.get("pull_back", first.pull_back)
            one = replace(
                first,
                energies=energies,
                pull_back=_rounded(pulled, length, values.get("pull_back")),
            )
            power = _rounded(values.get("power", plan.power), watt, values.get("power"))
            return replace(plan, power=power, placements=(one,))
        shape = replace(
            _Shape(plan.energy_per_fibre, plan.power, plan.spacing, first.pull_back), **values
        )
        return reshape(
            plan,
            energy=_rounded(shape.energy, joule, values.get("energy")),
            power=_rounded(shape.power, watt, values.get("power")),
            spacing=_rounded(shape.spacing, length, values.get("spacing")),
            pull_back=_rounded(shape.pull_back, length, values.get("pull_back")),
            depth=round(shape.depth / length) * length,
        )


def reshape(
    plan: Prescription,
    *,
    energy: float,
    power: float,
    spacing: float,
    pull_back: float,
    depth: float = 0.0,
) -> Prescription:
    """Return a regular plan with other numbers.

    Parameters
    ----------
    plan : Prescription
        With a pattern.
    energy, power, spacing, pull_back : float
        Of each fibre and illumination [J], of each fibre [W], of the pattern and of
        pull-backs [m].
    depth : float
        How much deeper all go [m].
    """
    if plan.pattern is None:
        msg = "only plans of one pattern can be reshaped"
        raise ValueError(msg)
    tips = arrange(plan.pattern, spacing, plan.direction, plan.rotation)
    deeper = depth * np.asarray(plan.direction)
    placements = tuple(
        place_pattern(
            tips,
            add((middle_of(old, plan.direction) + deeper).round(4).tolist(), HOME),
            plan.direction,
            energy=energy,
            illuminations=old.illuminations,
            pull_back=pull_back,
            session=old.session,
        )
        for old in plan.placements
    )
    return replace(plan, power=power, spacing=spacing, placements=placements)


def _unit(way: _Way, value: float) -> float:
    return float(np.clip((value - way.low) / (way.high - way.low), 0.0, 1.0))


def _rounded(value: float, step: float, free: float | None) -> float:
    """Return a value in whole steps, if it is free to change."""
    return value if free is None else round(round(value / step) * step, 9)
