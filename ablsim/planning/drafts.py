"""Drafts: every treatment worth a run, with what laying footprints side by side says of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import ceil, pi

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Point
from ablsim.light.fibre import Pattern
from ablsim.planning.burden import burden_of
from ablsim.planning.evaluation import RADIUS_OF_ONE, Footprint
from ablsim.planning.evaluator import Evaluator
from ablsim.planning.footprints import SPACING, Illumination, repeat, take_footprints
from ablsim.planning.layouts import Ground, Guess, guess_several, guess_single
from ablsim.planning.prescription import FIBRES, Prescription, arrange, place_pattern
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject

SPACING_LEVELS, ENERGY_LEVELS, PULL_BACK_LEVELS = 4, 3, 3
"""How many values of a continuous span are drafted; what lies between is found by refining."""

ONE_BY_ONE = 0.93
"""Footprint of fibres that fire one after the other, as a share of the depth of those together.

Only to rank: four fibres fired singly ablate about a fifth less than together, which is so much in
length; runs decide.
"""

SEVERAL = 2
"""Third part of the group of drafts that have more than one placement."""

_AT_A_TIME = 4  # placements that are run on fine cells
_BEYOND = 10e-3  # m that all pull-backs together may be longer than the tumour

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


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is chosen of a placement but where it goes.

    Parameters
    ----------
    illumination : Illumination
        One of them.
    rotation : float
        Of its pattern [rad].
    count : int
        Illuminations.
    step : float
        Between two of them [m].
    """

    illumination: Illumination
    rotation: float
    count: int
    step: float

    @property
    def length(self) -> float:
        """Of all pull-backs together [m]."""
        return (self.count - 1) * self.step

    @property
    def whole(self) -> Illumination:
        """All illuminations of the placement."""
        return replace(self.illumination, count=self.count, pull_back=self.step)

    def tips(self, direction: Point) -> tuple[Point, ...]:
        """Return the tips from their middle [m]."""
        one = self.illumination
        return arrange(one.pattern, one.spacing, direction, self.rotation)


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
        self._repeated: dict[Illumination, Footprint] = {}

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

    def singles(self, ground: Ground) -> list[Draft]:
        """Return drafts of one placement, those with the least burden first.

        Parameters
        ----------
        ground : Ground
            Where they are made.
        """
        found: list[Draft] = []
        complete_from = self._request.complete_from
        for choice in self._choices(ground):
            guess = guess_single(
                ground, self._repeat(choice.whole), choice.tips(ground.direction),
                choice.rotation, choice.length, complete_from=complete_from,
            )  # fmt: skip
            if guess is not None:
                found += self._make(ground, choice, guess)
        return sorted(found, key=lambda draft: (draft.burden, -draft.reserve))

    def several(self, ground: Ground, required: float) -> list[Draft]:
        """Return drafts of several placements, of those patterns and energies that go far.

        Whole placements are laid, on the cells of the treatment. On coarse cells they look larger
        and take a tenth of the time: what is dearer there than the best on fine cells is left out.

        Parameters
        ----------
        ground : Ground
            Where they are made.
        required : float
            Reserve that they are to reach [m], with as many placements as that takes.
        """
        chosen = list(self._far_reaching(ground))
        rough = self._lay(ground, chosen, required, SPACING)
        waiting = sorted(
            ((_least(drafts, required), number) for number, drafts in rough.items()),
            key=lambda pair: pair[0],
        )
        found: list[Draft] = []
        while waiting and waiting[0][0] <= _least(found, required):
            batch = [chosen[number] for _, number in waiting[:_AT_A_TIME]]
            del waiting[:_AT_A_TIME]
            for drafts in self._lay(ground, batch, required, self._request.fine).values():
                found += drafts
        return sorted(found, key=lambda draft: (draft.burden, -draft.reserve))

    def _lay(
        self, ground: Ground, chosen: Sequence[_Choice], required: float, spacing: float
    ) -> dict[int, list[Draft]]:
        """Return drafts of several placements of each choice, from footprints on such cells [m]."""
        request = self._request
        wholes = list(dict.fromkeys(choice.whole for choice in chosen))
        power = request.reference_power
        footprints = take_footprints(self._subject, wholes, power, self._evaluator, spacing)
        found: dict[int, list[Draft]] = {}
        for number, choice in enumerate(chosen):
            if choice.whole not in footprints:
                continue
            guess = guess_several(
                ground, footprints[choice.whole], choice.tips(ground.direction),
                choice.rotation, choice.length, required=required,
                complete_from=request.complete_from, most=request.limits.placements,
            )  # fmt: skip
            if guess is not None and len(guess.middles) > 1:
                found[number] = list(self._make(ground, choice, guess))
        return found

    def _far_reaching(self, ground: Ground) -> Iterator[_Choice]:
        """Yield what placements may be several of: many fibres, much energy, long pull-backs."""
        request = self._request
        fewer = 1 if ground.is_open else 0  # past obstacles every layout takes long
        many = {name for name in request.patterns if FIBRES[name] >= request.max_fibres - fewer}
        energies = request.energies.levels(ENERGY_LEVELS)[-2:]
        steps = request.pull_backs.levels(PULL_BACK_LEVELS)
        middle = steps[len(steps) // 2]
        counts = sorted({count for count, _ in self._pulls()})
        few = {1, counts[len(counts) // 2], counts[-1]}
        for choice in self._choices(ground):
            one = choice.illumination
            if (
                one.pattern in many
                and one.energy in energies
                and choice.rotation in self._rotations(ground, one.pattern)[:2]
                and choice.count in few
                and choice.step == (middle if choice.count > 1 else 0.0)
            ):
                yield choice

    def _choices(self, ground: Ground) -> Iterator[_Choice]:
        """Yield everything that may be chosen of a placement."""
        request = self._request
        for pattern in request.patterns:
            for spacing, rotation, energy, (count, step) in product(
                self._spacings(pattern),
                self._rotations(ground, pattern),
                request.energies.levels(ENERGY_LEVELS),
                tuple(self._pulls()),
            ):
                one = Illumination(pattern, spacing, energy)
                if one in self.footprints:
                    yield _Choice(one, rotation, count, step)

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

    def _pulls(self) -> Iterator[tuple[int, float]]:
        """Yield numbers of illuminations and pull-backs [m] that no tumour makes pointless."""
        request = self._request
        longest = max(self._subject.tumour.axes) + _BEYOND
        yield 1, 0.0
        for count in range(2, request.max_illuminations + 1):
            for step in request.pull_backs.levels(PULL_BACK_LEVELS):
                if (count - 1) * step <= longest:
                    yield count, step

    def _repeat(self, whole: Illumination) -> Footprint:
        """Return the guessed footprint of a placement: its illuminations side by side."""
        if whole not in self._repeated:
            one = self.footprints[replace(whole, count=1, pull_back=0.0)]
            self._repeated[whole] = repeat(one, whole.count, whole.pull_back)
        return self._repeated[whole]

    def _make(self, ground: Ground, choice: _Choice, guess: Guess) -> Iterator[Draft]:
        """Yield the draft of a layout, fired together, one by one, or either."""
        request, subject, one = self._request, self._subject, choice.illumination
        fibres, count = FIBRES[one.pattern], choice.count
        power = request.reference_power
        tips = choice.tips(ground.direction)
        zone = self.footprints[one].volume
        for together in firings(request, fibres):
            time = count * one.energy * (1 if together else fibres) / power
            energy = fibres * count * one.energy
            sessions = request.sessions_for(len(guess.middles), energy, time, fibres)
            if sessions is None:
                continue
            plan = Prescription(
                direction=ground.direction,
                power=power,
                placements=tuple(
                    place_pattern(
                        tips, middle, ground.direction, energy=one.energy,
                        illuminations=count, pull_back=choice.step, session=session,
                    )
                    for middle, session in zip(guess.middles, sessions, strict=True)
                ),
                together=together,
                pattern=one.pattern,
                spacing=one.spacing,
                rotation=choice.rotation,
            )  # fmt: skip
            reserve = guess.reserve(request.complete_from)
            if not together:
                reserve -= (1.0 - ONE_BY_ONE) * RADIUS_OF_ONE * np.cbrt(zone)
            whole = min(zone * count, _around(subject, guess.depth)) * len(sessions)
            healthy = max(0.0, whole - _volume(subject))
            kind = (one.pattern, one.spacing, choice.rotation, count, choice.step)
            yield Draft(
                plan=plan,
                family=(*kind, len(sessions), together),
                group=(one.pattern, min(count, 3), min(len(sessions), SEVERAL), together),
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


def _least(drafts: Sequence[Draft], required: float) -> tuple[bool, float, float]:
    """Return how good the best draft is, for comparing: that it reaches a reserve [m] counts."""
    return min(
        (
            (one.reserve < required, one.burden if one.reserve >= required else 0.0, -one.reserve)
            for one in drafts
        ),
        default=(True, 0.0, np.inf),
    )


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
