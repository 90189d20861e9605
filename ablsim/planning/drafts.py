"""Drafts: every treatment worth a run, with what laying footprints side by side says of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import ceil, pi

import numpy as np
from numpy.typing import NDArray

from ablsim.light.fibre import Pattern
from ablsim.planning.burden import burden_of
from ablsim.planning.evaluation import Footprint
from ablsim.planning.evaluator import Evaluator
from ablsim.planning.footprints import Illumination, repeat, take_footprints
from ablsim.planning.layouts import Ground, Guess, guess_several, guess_single
from ablsim.planning.prescription import FIBRES, Prescription, arrange, place_pattern
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject

SPACING_LEVELS, ENERGY_LEVELS, PULL_BACK_LEVELS = 4, 3, 3
"""How many values of a continuous span are drafted; what lies between is found by refining."""

ONE_BY_ONE = 0.93
"""Footprint of fibres that fire one after the other, as a share of the depth of those together.

Only to rank: four fibres fired singly ablate a sixth less than together (`physics.md`, B4), which
is so much in length; runs decide.
"""

FloatArray = NDArray[np.float64]
Family = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A treatment and what is guessed of it.

    Parameters
    ----------
    plan : Prescription
        The treatment.
    family : tuple
        What it shares with those that differ in energy alone.
    group : tuple
        Those whose guesses are off in about the same way.
    reserve : float
        Guessed [m].
    healthy : float
        Guessed volume of healthy tissue ablated [m^3].
    burden : float
        Guessed [min].
    depth : ndarray of float64, shape (n,)
        Guessed depth of the subject's points in the zone [m].
    """

    plan: Prescription
    family: Family
    group: tuple[object, ...]
    reserve: float
    healthy: float
    burden: float
    depth: FloatArray


class Drafter:
    """Drafts treatments of one subject.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        What is asked.
    evaluator : Evaluator
        Takes the footprints.
    """

    def __init__(self, subject: Subject, request: Request, evaluator: Evaluator) -> None:
        self._subject = subject
        self._request = request
        self._evaluator = evaluator
        self._repeated: dict[tuple[Illumination, int, float], Footprint] = {}
        self.refused: set[str] = set()

    @cached_property
    def footprints(self) -> dict[Illumination, Footprint]:
        """All single illuminations that drafts are made of."""
        request = self._request
        energies = request.energies.levels(ENERGY_LEVELS)
        wanted = [
            Illumination(pattern, spacing, energy)
            for pattern in request.patterns
            for spacing in self._spacings(pattern)
            for energy in energies
        ]
        return take_footprints(self._subject, wanted, request.reference_power, self._evaluator)

    def draft(self, ground: Ground, required: float) -> list[Draft]:
        """Return drafts, those with the least burden first.

        Parameters
        ----------
        ground : Ground
            Where they are made.
        required : float
            Reserve that they are to reach [m]; with several placements, as many as that takes.
        """
        found = list(self._singles(ground))
        if not any(draft.reserve >= required + 1.5e-3 for draft in found):
            found += self._several(ground, required)
        return sorted(found, key=lambda draft: (draft.burden, -draft.reserve))

    def _singles(self, ground: Ground) -> Iterator[Draft]:
        axes = self._subject.tumour.axes
        for pattern, spacing, rotation, energy in self._choices(ground):
            for illuminations, step in self._pulls(max(axes) + 10e-3):
                guess = self._guess(ground, pattern, spacing, rotation, energy, illuminations, step)
                if guess is not None:
                    yield from self._make(
                        ground, pattern, spacing, rotation, energy, illuminations, step, guess
                    )

    def _several(self, ground: Ground, required: float) -> Iterator[Draft]:
        """Yield layouts of several placements, of those patterns and energies that go far."""
        request, most = self._request, self._request.limits.placements
        fewer = 1 if ground.is_open else 0  # past obstacles every layout takes long
        many = {name for name in request.patterns if FIBRES[name] >= request.max_fibres - fewer}
        energies = request.energies.levels(ENERGY_LEVELS)[-2:]
        axes = self._subject.tumour.axes
        pulls = sorted(self._pulls(max(axes) + 10e-3), key=lambda pull: -pull[0] * pull[1])
        # the longest that fit, and about half of that, at the middle step
        steps = request.pull_backs.levels(PULL_BACK_LEVELS)
        middle = steps[len(steps) // 2]
        counts = sorted({count for count, _ in pulls})
        chosen = {1, counts[len(counts) // 2], counts[-1]}
        for pattern, spacing, rotation, energy in self._choices(ground):
            turned = rotation not in self._rotations(ground, pattern)[:2]
            if pattern not in many or energy not in energies or turned:
                continue
            for count in sorted(chosen):
                step = middle if count > 1 else 0.0
                guess = self._guess(
                    ground, pattern, spacing, rotation, energy, count, step,
                    required=required, most=most,
                )  # fmt: skip
                if guess is not None and len(guess.middles) > 1:
                    yield from self._make(
                        ground, pattern, spacing, rotation, energy, count, step, guess
                    )

    def _choices(self, ground: Ground) -> Iterator[tuple[Pattern, float, float, float]]:
        request = self._request
        for pattern in request.patterns:
            for spacing, rotation, energy in product(
                self._spacings(pattern),
                self._rotations(ground, pattern),
                request.energies.levels(ENERGY_LEVELS),
            ):
                if Illumination(pattern, spacing, energy) in self.footprints:
                    yield pattern, spacing, rotation, energy

    def _spacings(self, pattern: Pattern) -> tuple[float, ...]:
        return (0.0,) if pattern == "single" else self._request.spacings.levels(SPACING_LEVELS)

    def _rotations(self, ground: Ground, pattern: Pattern) -> tuple[float, ...]:
        """Return turns of a pattern that could matter [rad]: none about a lone sphere."""
        axes = self._subject.tumour.axes
        if pattern == "single" or (ground.is_open and axes[0] == axes[1] == axes[2]):
            return (0.0,)
        return {
            "line": (0.0, pi / 4, pi / 2, 3 * pi / 4),
            "triangle": (0.0, pi / 6, pi / 3, pi / 2),
            "square": (0.0, pi / 4),
        }[pattern]

    def _pulls(self, longest: float) -> Iterator[tuple[int, float]]:
        """Yield numbers of illuminations and pull-backs [m] that no tumour makes pointless."""
        request = self._request
        yield 1, 0.0
        for count in range(2, request.max_illuminations + 1):
            for step in request.pull_backs.levels(PULL_BACK_LEVELS):
                if (count - 1) * step <= longest:
                    yield count, step

    def _guess(
        self,
        ground: Ground,
        pattern: Pattern,
        spacing: float,
        rotation: float,
        energy: float,
        illuminations: int,
        step: float,
        *,
        required: float | None = None,
        most: int = 1,
    ) -> Guess | None:
        one = Illumination(pattern, spacing, energy)
        key = (one, illuminations, step)
        if key not in self._repeated:
            self._repeated[key] = repeat(self.footprints[one], illuminations, step)
        footprint = self._repeated[key]
        tips = arrange(pattern, spacing, ground.direction)
        if rotation:
            tips = arrange(pattern, spacing, ground.direction, rotation)
        length = (illuminations - 1) * step
        if required is None:
            return guess_single(ground, footprint, tips, rotation, length)
        return guess_several(
            ground, footprint, tips, rotation, length,
            required=required, complete_from=self._request.complete_from, most=most,
        )  # fmt: skip

    def _make(
        self,
        ground: Ground,
        pattern: Pattern,
        spacing: float,
        rotation: float,
        energy: float,
        illuminations: int,
        step: float,
        guess: Guess,
    ) -> Iterator[Draft]:
        """Yield the draft of a layout, fired together, one by one, or either."""
        request, subject = self._request, self._subject
        fibres = FIBRES[pattern]
        power = request.reference_power
        tips = arrange(pattern, spacing, ground.direction, rotation)
        one = self.footprints[Illumination(pattern, spacing, energy)]
        for together in firings(request, fibres):
            time = illuminations * energy * (1 if together else fibres) / power
            whole = fibres * illuminations * energy
            sessions = request.sessions_for(len(guess.middles), whole, time, fibres)
            if sessions is None:
                continue
            plan = Prescription(
                direction=ground.direction,
                power=power,
                placements=tuple(
                    place_pattern(
                        tips, middle, ground.direction,
                        energy=energy, illuminations=illuminations, pull_back=step, session=session,
                    )
                    for middle, session in zip(guess.middles, sessions, strict=True)
                ),
                together=together,
                pattern=pattern,
                spacing=spacing,
                rotation=rotation,
            )  # fmt: skip
            reserve = guess.reserve(request.complete_from)
            if not together:
                reserve -= (1.0 - ONE_BY_ONE) * np.cbrt(one.volume) * 0.6
            zone = min(one.volume * illuminations, _around(subject, guess.depth)) * len(sessions)
            healthy = max(0.0, zone - _volume(subject))
            yield Draft(
                plan=plan,
                family=(pattern, spacing, rotation, illuminations, step, len(sessions), together),
                group=(pattern, min(illuminations, 3), min(len(sessions), 2), together),
                reserve=float(reserve),
                healthy=healthy,
                burden=burden_of(plan, healthy, request.weights),
                depth=guess.depth,
            )


def firings(request: Request, fibres: int) -> tuple[bool, ...]:
    """Return whether fibres may fire together (True), one by one (False), or either."""
    if fibres == 1 or request.firing == "together":
        return (True,)
    return (False,) if request.firing == "one by one" else (True, False)


def with_energy(plan: Prescription, energy: float) -> Prescription:
    """Return a plan whose fibres fire up to ``energy`` in each illumination [J], in proportion."""
    factor = energy / plan.energy_per_fibre
    placements = tuple(
        replace(
            placement,
            energies=tuple(
                energy if one == plan.energy_per_fibre else round(factor * one, 1)
                for one in placement.energies
            ),
        )
        for placement in plan.placements
    )
    return replace(plan, placements=placements)


def _volume(subject: Subject) -> float:
    return pi / 6.0 * float(np.prod(subject.tumour.axes))


def _around(subject: Subject, depth: FloatArray) -> float:
    """Return about how large a zone is that reaches so far beyond the tumour [m^3]."""
    tumour = subject.tumour
    beyond = 2.0 * float(np.clip(np.median(depth), 0.0, 20e-3))
    grown = np.asarray(tumour.axes) + beyond
    return ceil(1e12 * pi / 6.0 * float(np.prod(grown))) * 1e-12
