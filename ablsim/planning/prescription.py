"""What is prescribed: which fibres go where, with what energy, in which visit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import dist

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Point
from ablsim.light.fibre import Pattern, make_array
from ablsim.units import to_mm

FIBRES: dict[Pattern, int] = {"single": 1, "line": 2, "triangle": 3, "square": 4}
"""How many fibres a pattern has."""

_DIGITS = 6  # of a position in metres: micrometres


@dataclass(frozen=True, slots=True)
class Placement:
    """One insertion of the fibres, with its pull-backs.

    Parameters
    ----------
    tips : tuple of Point
        Where the tips are at their deepest, LPS [m].
    energies : tuple of float
        What each fibre fires in each illumination [J].
    illuminations : int
        Deliveries, pulled back between them.
    pull_back : float
        Between two of them [m].
    session : int
        In which visit, from 0.
    """

    tips: tuple[Point, ...]
    energies: tuple[float, ...]
    illuminations: int = 1
    pull_back: float = 0.0
    session: int = 0

    @property
    def fibres(self) -> int:
        """How many fibres are inserted."""
        return len(self.tips)

    @property
    def energy(self) -> float:
        """Fired in all [J]."""
        return self.illuminations * sum(self.energies)

    @property
    def length(self) -> float:
        """From the deepest tips to where the last pull-back leaves them [m]."""
        return (self.illuminations - 1) * self.pull_back


@dataclass(frozen=True, slots=True)
class Prescription:
    """A whole treatment.

    Parameters
    ----------
    direction : Point
        From the hand to the tips.
    power : float
        Of each fibre that fires [W].
    placements : tuple of Placement
        In the order in which they are made.
    together : bool
        Whether the fibres of a placement fire at the same time, or one after the other.
    pattern : str, optional
        Of the fibres of every placement; None where they lie as they lie.
    spacing, rotation : float
        Side length of the pattern [m] and its turn about the direction [rad].
    """

    direction: Point
    power: float
    placements: tuple[Placement, ...]
    together: bool = True
    pattern: Pattern | None = None
    spacing: float = 0.0
    rotation: float = 0.0

    @property
    def fibres(self) -> int:
        """Most fibres of any placement."""
        return max(placement.fibres for placement in self.placements)

    @property
    def insertions(self) -> int:
        """How many times a fibre is inserted."""
        return sum(placement.fibres for placement in self.placements)

    @property
    def illuminations(self) -> int:
        """Deliveries of one fibre or of several that fire together."""
        return sum(
            placement.illuminations * (1 if self.together else placement.fibres)
            for placement in self.placements
        )

    @property
    def energy(self) -> float:
        """Fired in all [J]."""
        return sum(placement.energy for placement in self.placements)

    @property
    def sessions(self) -> int:
        """Visits."""
        return 1 + max(placement.session for placement in self.placements)

    @property
    def laser_time(self) -> float:
        """How long any fibre fires [s]."""
        return sum(self.time_of(placement) for placement in self.placements)

    @property
    def energy_per_fibre(self) -> float:
        """Largest energy that one fibre fires in one illumination [J]."""
        return max(max(placement.energies) for placement in self.placements)

    def is_near(self, other: "Prescription", distance: float) -> bool:
        """Say whether another treatment is the same but for lengths, these by a distance [m]."""

        def lengths(plan: Prescription) -> list[float]:
            return [
                length
                for placement in plan.placements
                for length in (placement.pull_back, *(x for tip in placement.tips for x in tip))
            ]

        def rest(plan: Prescription) -> tuple[object, ...]:
            told = [(p.energies, p.illuminations, p.session) for p in plan.placements]
            return plan.direction, plan.power, plan.together, plan.pattern, plan.rotation, told

        return rest(self) == rest(other) and all(
            abs(one - another) <= distance
            for one, another in zip(lengths(self), lengths(other), strict=True)
        )

    def time_of(self, placement: Placement) -> float:
        """Return how long a placement fires [s]."""
        one = max(placement.energies) if self.together else sum(placement.energies)
        return placement.illuminations * one / self.power

    def by_session(self) -> Iterator[tuple[Placement, ...]]:
        """Yield the placements of each visit."""
        for number in range(self.sessions):
            yield tuple(p for p in self.placements if p.session == number)

    def describe(self) -> str:
        """Say in one line what it is."""
        first = self.placements[0]
        spacing = f", {to_mm(self.spacing):.3g} mm apart" if first.fibres > 1 else ""
        if self.pattern is None:
            spacing = " as placed"
        uneven = "up to " if len(set(first.energies)) > 1 else ""
        pulls = (
            f", {first.illuminations} illuminations {to_mm(first.pull_back):.3g} mm apart"
            if first.illuminations > 1
            else ""
        )
        many = len(self.placements)
        return (
            f"{first.fibres} fibre{'s' if first.fibres > 1 else ''}{spacing}{pulls}, "
            f"{uneven}{self.energy_per_fibre:.0f} J at {self.power:.3g} W"
            + ("" if self.together or first.fibres == 1 else " one by one")
            + (f", {many} placements" if many > 1 else "")
        )


def arrange(
    pattern: Pattern, spacing: float, direction: Point, rotation: float = 0.0
) -> tuple[Point, ...]:
    """Return where the tips of a pattern are, from their middle [m]."""
    array = make_array(
        kind="bare", pattern=pattern, direction=direction, spacing=spacing, rotation=rotation
    )
    return tuple(fibre.tip for fibre in array)


def place_pattern(
    tips: Sequence[Point],
    middle: Point,
    direction: Point,
    *,
    energy: float,
    illuminations: int,
    pull_back: float,
    session: int,
) -> Placement:
    """Return the placement of a pattern whose illuminations lie evenly about ``middle`` [m]."""
    deeper = 0.5 * (illuminations - 1) * pull_back
    moved = tuple(m + deeper * d for m, d in zip(middle, direction, strict=True))
    return Placement(
        tips=tuple(add(tip, moved) for tip in tips),
        energies=(energy,) * len(tips),
        illuminations=illuminations,
        pull_back=pull_back if illuminations > 1 else 0.0,
        session=session,
    )


def middle_of(placement: Placement, direction: Point) -> NDArray[np.float64]:
    """Return the middle of all illuminations of a placement, LPS [m], shape (3,)."""
    back = 0.5 * placement.length * np.asarray(direction)
    return np.asarray(np.mean(placement.tips, axis=0) - back)


def moved(placement: Placement, by: NDArray[np.float64]) -> Placement:
    """Return a placement that lies elsewhere by so much [m], shape (3,)."""
    return replace(placement, tips=tuple(add(tip, by.tolist()) for tip in placement.tips))


def nearest_tips(placement: Placement) -> float:
    """Return the smallest distance between two tips of a placement [m]; infinite for one."""
    tips = placement.tips
    return min(
        (dist(a, b) for i, a in enumerate(tips) for b in tips[i + 1 :]), default=float("inf")
    )


def add(point: Sequence[float], other: Sequence[float], sign: float = 1.0) -> Point:
    """Return a sum of two points [m], to the micrometre."""
    x, y, z = (round(a + sign * b, _DIGITS) + 0.0 for a, b in zip(point, other, strict=True))
    return (x, y, z)
