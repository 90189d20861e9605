"""What is asked of a planner: the demand, what it may choose from, and the limits."""

from dataclasses import dataclass, field

from ablsim.cohort.study_tables import PlacementTable
from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.light.fibre import Pattern
from ablsim.planning.burden import Weights
from ablsim.planning.prescription import FIBRES, Placement, Prescription
from ablsim.planning.span import Span

REFERENCE_POWER = 5.0
"""Power at which footprints are taken [W]."""

SMALL = 25e-3
"""Longest axis up to which candidates are run on cells of 2.5 mm [m]; larger ones on 3 mm."""

FINE = 1e-3
"""Edge of a cell of a treatment [m]."""

FINE_UP_TO = 56e-3
"""Longest axis up to which the plan itself is run on such cells [m]; larger ones on twice these."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What no plan may pass; None for no limit.

    Parameters
    ----------
    sessions : int, optional
        Visits; left out, each placement is one and there may be as many as it takes.
    placements : int
        Insertions of the fibres in all.
    energy : float, optional
        Fired in one session [J].
    laser_time : float, optional
        Of one session [s].
    insertions : int, optional
        Of fibres in one session.
    """

    sessions: int | None = None
    placements: int = 100
    energy: float | None = None
    laser_time: float | None = None
    insertions: int | None = None

    def broken_by(self, plan: Prescription) -> list[str]:
        """Return the names of the limits that a plan passes."""
        found = set()
        if self.sessions is not None and plan.sessions > self.sessions:
            found.add("sessions")
        if len(plan.placements) > self.placements:
            found.add("placements")
        for session in plan.by_session():
            if self.energy is not None and _energy(session) > self.energy * (1.0 + 1e-9):
                found.add("energy per session")
            time = sum(plan.time_of(placement) for placement in session)
            if self.laser_time is not None and time > self.laser_time * (1.0 + 1e-9):
                found.add("laser time per session")
            fibres = sum(placement.fibres for placement in session)
            if self.insertions is not None and fibres > self.insertions:
                found.add("insertions per session")
        return sorted(found)


SPACINGS = Span((10e-3, 20e-3), is_continuous=True)
ENERGIES = Span((600.0, 1800.0), is_continuous=True)
POWERS = Span((3.0, 7.0), is_continuous=True)
PULL_BACKS = Span((8e-3, 14e-3), is_continuous=True)
"""What a planner may choose from unless it is told otherwise [m], [J], [W], [m]."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a planner: a probability, what it may choose, and limits.

    Parameters
    ----------
    probability : float
        With which the ablation is to be complete.
    complete_from : float
        Share of the tumour, with the margin asked for, from which on it is.
    max_fibres : int
        At a time.
    spacings, energies, powers, pull_backs : Span
        Side of the pattern [m], of each fibre and illumination [J], of each fibre [W], between two
        illuminations [m].
    max_illuminations : int
        Of a placement.
    directions : tuple of Point
        From the hand to the tips: where needles may come from.
    firing : {"together", "one by one", "any"}
        Whether the fibres of a placement fire at the same time.
    limits : Limits
        What no plan may pass.
    weights : Weights
        What makes one plan better than another.
    errors : PlacementTable
        How far fibres miss.
    draws : int
        Of everything that is not known; 0 for as many as the size of the plan allows.
    seed : int
        Of all random numbers.
    cells : float, optional
        Edge of the cells that plans are laid out and checked on [m]; left out, as fine as a
        treatment is run.
    """

    probability: float = 0.9
    complete_from: float = 0.99
    max_fibres: int = 4
    spacings: Span = SPACINGS
    energies: Span = ENERGIES
    powers: Span = POWERS
    pull_backs: Span = PULL_BACKS
    max_illuminations: int = 6
    directions: tuple[Point, ...] = ((0.0, 0.0, -1.0),)
    firing: str = "together"
    limits: Limits = field(default_factory=Limits)
    weights: Weights = field(default_factory=Weights)
    errors: PlacementTable = field(default_factory=PlacementTable)
    draws: int = 0
    seed: int = 1
    cells: float | None = None

    def __post_init__(self) -> None:
        checks = (
            ("probability", self.probability, 0.0 < self.probability < 1.0, "more than 0, below 1"),
            ("max fibres", self.max_fibres, 1 <= self.max_fibres <= 4, "1 to 4"),
            (
                "max illuminations",
                self.max_illuminations,
                1 <= self.max_illuminations <= 20,
                "1 to 20",
            ),
            ("complete from", self.complete_from, 0.5 <= self.complete_from < 1.0, "0.5 to 0.999"),
            ("draws", self.draws, self.draws == 0 or 8 <= self.draws <= 4096, "8 to 4096"),
            (
                "cells",
                self.cells,
                self.cells is None or 0.5e-3 <= self.cells <= 2.5e-3,
                "0.5 mm to 2.5 mm (0.0005 to 0.0025 m)",
            ),
            ("seed", self.seed, 0 <= self.seed < 2**31, "0 to 2147483647"),
            (
                "sessions",
                self.limits.sessions,
                self.limits.sessions is None or 1 <= self.limits.sessions <= 100,
                "1 to 100",
            ),
            ("placements", self.limits.placements, 1 <= self.limits.placements <= 100, "1 to 100"),
        )
        for name, value, is_right, allowed in checks:
            if not is_right:
                msg = f"{name} {value}: allowed is {allowed}; give another"
                raise CaseError(msg)

    @property
    def fine(self) -> float:
        """Edge of the cells that placements are laid out on [m]."""
        return self.cells or FINE

    def checked_on(self, longest: float) -> float:
        """Return the edge of the cells that plans for a tumour so long [m] are checked on [m]."""
        return self.cells or (FINE if longest <= FINE_UP_TO else 2.0 * FINE)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Patterns that are allowed, fewest fibres first."""
        return tuple(name for name, count in FIBRES.items() if count <= self.max_fibres)

    @property
    def reference_power(self) -> float:
        """Power that candidates are ranked at [W]."""
        return self.powers.nearest(REFERENCE_POWER)

    def sessions_for(self, count: int, energy: float, time: float, fibres: int) -> list[int] | None:
        """Return in which session each of ``count`` equal placements is; None if limits forbid it.

        Parameters
        ----------
        count : int
            Of placements.
        energy, time : float
            Of one placement [J] and [s].
        fibres : int
            Of one placement.
        """
        limits = self.limits
        if count > limits.placements:
            return None
        fits = [
            int((limit * (1.0 + 1e-9)) // one)
            for limit, one in (
                (limits.energy, energy),
                (limits.laser_time, time),
                (limits.insertions, float(fibres)),
            )
            if limit is not None
        ]
        most = min(fits, default=count)
        if most == 0:
            return None
        if limits.sessions is None:
            return list(range(count))
        visits = min(limits.sessions, count)
        if -(-count // visits) > most:
            return None
        return [number * visits // count for number in range(count)]


def _energy(session: tuple[Placement, ...]) -> float:
    return sum(placement.energy for placement in session)
