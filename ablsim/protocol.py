"""The treatment protocol: which fibre fires when, at what power, and where it lies then."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import UnionType

from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.laser_log import LaserLog, Stretch
from ablsim.notebook import make_card
from ablsim.position import HOME, Own, Position
from ablsim.steps import (
    EXAMPLES,
    PULL_BACK_MAX,
    Deliver,
    Firing,
    NewSession,
    PullBack,
    Ramp,
    Reposition,
    Rest,
    Step,
    parse_step,
    write_step,
)
from ablsim.units import write_quantity

__all__ = [
    "COOL_DOWN",
    "Deliver",
    "Firing",
    "LaserLog",
    "NewSession",
    "Position",
    "Protocol",
    "PullBack",
    "Ramp",
    "Reposition",
    "Rest",
    "Segment",
    "Step",
    "parse_step",
]

COOL_DOWN = 120.0
"""Rest that must follow the last delivery of a session before the lesion is read [s]."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of time in which nothing switches; power changes linearly in it, if at all.

    Parameters
    ----------
    start, end : float
        When it begins and ends [s].
    power : tuple of float
        Set power of each fibre at the beginning [W]; zeros while resting.
    pulled_back : float
        How far the fibres have been withdrawn in this placement so far [m].
    illumination : int
        Number of the delivery, from 1; 0 while resting. Pauses within a laser log belong to it.
    power_end : tuple of float
        Set power of each fibre at the end [W]; left out, as at the beginning.
    moved : Point
        How far the fibres have been repositioned so far (x, y, z) [m].
    session : int
        Number of the session, from 1.
    own : tuple of Own
        What fibres that were repositioned by themselves have done beside that.
    """

    start: float
    end: float
    power: tuple[float, ...]
    pulled_back: float
    illumination: int
    power_end: tuple[float, ...] = ()
    moved: Point = HOME
    session: int = 1
    own: tuple[Own, ...] = ()

    def __post_init__(self) -> None:
        if not self.power_end:
            object.__setattr__(self, "power_end", self.power)

    @property
    def position(self) -> Position:
        """Where the fibres are."""
        return Position(self.moved, self.pulled_back, self.own)

    @property
    def is_ramp(self) -> bool:
        """Whether power changes."""
        return self.power_end != self.power

    @property
    def highest_power(self) -> tuple[float, ...]:
        """Set power of each fibre when it is highest [W]."""
        return tuple(max(both) for both in zip(self.power, self.power_end, strict=True))

    @property
    def energy(self) -> float:
        """Set power integrated over time and fibres [J]."""
        return 0.5 * (sum(self.power) + sum(self.power_end)) * (self.end - self.start)

    def power_at(self, time: float) -> float:
        """Return the set power over all fibres at ``time`` [s]; its mean is that of mid-time."""
        if not self.is_ramp:
            return sum(self.power)
        share = (time - self.start) / (self.end - self.start)
        return (1.0 - share) * sum(self.power) + share * sum(self.power_end)


@dataclass(frozen=True, slots=True)
class Protocol:
    """The steps of a treatment, in order.

    Parameters
    ----------
    steps : tuple of Step
        As the user gave them.

    Notes
    -----
    At least 120 s of rest follow the last delivery of every session; what is missing is added in
    `all_steps`.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not any(isinstance(step, Firing) for step in self.steps):
            msg = f"there is no delivery; add a step, for example {EXAMPLES['deliver']}"
            raise CaseError(msg)
        sessions = _split(self.steps, NewSession)
        if not all(any(isinstance(step, Firing) for step in session) for session in sessions):
            msg = 'a session has no delivery; remove its "new session" or add a delivery'
            raise CaseError(msg)
        farthest = max(position.pulled_back for position in self.positions)
        if farthest > PULL_BACK_MAX * (1.0 + 1e-12):
            total = write_quantity(round(farthest, 9), "mm")
            limit = write_quantity(PULL_BACK_MAX, "mm")
            msg = f"the pull-backs add up to {total}; allowed are at most {limit}; shorten them"
            raise CaseError(msg)

    @classmethod
    def from_steps(cls, steps: Sequence[Step | str]) -> "Protocol":
        """Return the protocol of these steps, each a step or the sentence for it.

        Examples
        --------
        >>> Protocol.from_steps(["deliver 5 W until 1800 J", PullBack(0.012), "deliver 5 W for 9s"])
        <Protocol of 3 steps: 2 illuminations, 1 placement, 1 session, 369 s of laser, 489 s in all>
        """
        return cls(tuple(parse_step(s) if isinstance(s, str) else s for s in steps))

    def __repr__(self) -> str:
        return f"<Protocol of {_count(len(self.steps), 'step')}: {', '.join(self._describe())}>"

    def _repr_html_(self) -> str:
        numbered = enumerate(self.all_steps, start=1)
        rows = [(number, _shorten(str(write_step(step)))) for number, step in numbered]
        return make_card("Protocol", rows, footer=", ".join(self._describe()))

    def _describe(self) -> tuple[str, ...]:
        """Return what is done in a few words each."""
        return (
            _count(self.illuminations, "illumination"),
            _count(self.placements, "placement"),
            _count(self.sessions, "session"),
            f"{self.laser_time:g} s of laser",
            f"{self.duration:g} s in all",
        )

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The steps with the cool-down that is missing at the end of each session."""
        steps: list[Step] = []
        missing = 0.0
        for step in self.steps:
            if isinstance(step, NewSession) and missing > 0.0:
                steps.append(Rest(missing))
                missing = 0.0
            if isinstance(step, Firing):
                missing = COOL_DOWN - (step.tail if isinstance(step, LaserLog) else 0.0)
            elif isinstance(step, Rest):
                missing -= step.duration
            steps.append(step)
        return (*steps, Rest(missing)) if missing > 0.0 else tuple(steps)

    @property
    def cool_down_added(self) -> float:
        """Rest added because less than 120 s follow the last delivery of a session [s]."""
        added = list(self.all_steps)
        for step in self.steps:
            added.remove(step)
        return sum(step.duration for step in added if isinstance(step, Rest))

    @property
    def duration(self) -> float:
        """Time from the first step to the end of the cool-down, sessions end to end [s]."""
        return sum(step.duration for step in self.all_steps if isinstance(step, Rest | Firing))

    @property
    def laser_time(self) -> float:
        """Time during which a laser is switched on [s]."""
        return sum(step.laser_time for step in self.steps if isinstance(step, Firing))

    @property
    def illuminations(self) -> int:
        """Number of deliveries; a ramp and what it leads to or from without a break are one."""
        return max(number for *_, number in self._walk())

    @property
    def placements(self) -> int:
        """Number of insertions of the fibres with which energy is delivered."""
        parts = _split(self.steps, Reposition | NewSession)
        return sum(any(isinstance(step, Firing) for step in part) for part in parts)

    @property
    def sessions(self) -> int:
        """Number of visits."""
        return 1 + sum(isinstance(step, NewSession) for step in self.steps)

    @property
    def total_pull_back(self) -> float:
        """How far the fibres are withdrawn in all [m]."""
        return sum(step.distance for step in self.steps if isinstance(step, PullBack))

    @property
    def positions(self) -> tuple[Position, ...]:
        """Every position that the fibres take, in order."""
        found = [Position(), *(position for _, position, *_ in self._walk())]
        return tuple(dict.fromkeys(found))

    @property
    def lit_positions(self) -> tuple[Position, ...]:
        """Every position from which fibres fire, in order."""
        lit = [position for step, position, *_ in self._walk() if isinstance(step, Firing)]
        return tuple(dict.fromkeys(lit))

    def timeline(self, names: Sequence[str]) -> tuple[Segment, ...]:
        """Return the protocol as stretches of time in which nothing switches.

        Parameters
        ----------
        names : sequence of str
            All fibres; ``Segment.power`` is in their order.
        """
        if problems := self.find_unknown_fibres(names):
            raise CaseError("; ".join(problems))
        segments: list[Segment] = []
        time = 0.0
        dark = (0.0,) * len(names)
        for step, position, session, number in self._walk():
            if not isinstance(step, Rest | Firing) or step.duration == 0.0:
                continue
            stretches: tuple[Stretch, ...] = (Stretch(0.0, step.duration, dark, dark),)
            if isinstance(step, Firing):
                stretches = step.stretches(names)
            for start, end, power, power_end in stretches:
                segments.append(
                    Segment(
                        time + start,
                        time + end,
                        power,
                        position.pulled_back,
                        0 if isinstance(step, Rest) else number,
                        power_end,
                        position.moved,
                        session,
                        position.own,
                    )
                )
            time += step.duration
        return _joined(segments)

    def energy_fired(self, names: Sequence[str]) -> float:
        """Return set power times time over all fibres [J]."""
        return sum(segment.energy for segment in self.timeline(names))

    def energy_by_placement(self, names: Sequence[str]) -> tuple[float, ...]:
        """Return the energy fired in each placement [J], in order."""
        energies = []
        for part in _split(self.steps, Reposition | NewSession):
            firing = [step for step in part if isinstance(step, Firing)]
            if firing:
                energies.append(Protocol(tuple(firing)).energy_fired(names))
        return tuple(energies)

    def find_unknown_fibres(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return one sentence for each name in the steps that is not among ``names``."""
        allowed = f"allowed are {', '.join(names) or 'none'}; correct the name"
        problems = []
        for number, step in enumerate(self.steps, start=1):
            if not isinstance(step, Firing | Reposition):
                continue
            for name in dict.fromkeys(step.fibres or ()):
                if name in names:
                    continue
                where = f'"with {name}"'
                if isinstance(step, LaserLog):
                    line = 2 + next(i for i, row in enumerate(step.rows) if row.fibre == name)
                    where = f'line {line} of the log, "{name}",'
                problems.append(
                    f"protocol.steps#{number}: {where} names a fibre that does not exist; {allowed}"
                )
        return tuple(problems)

    def _walk(self) -> Iterator[tuple[Step, Position, int, int]]:
        """Yield each step with the position it ends at, its session, and the deliveries so far."""
        position, session, number = Position(), 1, 0
        before: Step | None = None
        for step in self.all_steps:
            position = position.after(step)
            session += isinstance(step, NewSession)
            number += isinstance(step, Firing) and not _goes_on(before, step)
            yield step, position, session, number
            before = step


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _shorten(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:97]}..."


def _goes_on(before: Step | None, step: Firing) -> bool:
    """Say whether a ramp and its neighbour are one delivery: same fibres, no break."""
    ramps = isinstance(before, Ramp) or isinstance(step, Ramp)
    return ramps and isinstance(before, Deliver | Ramp) and before.fibres == step.fibres


def _split(steps: Sequence[Step], kinds: type | UnionType) -> list[list[Step]]:
    """Return the steps before, between and after those of ``kinds``."""
    parts: list[list[Step]] = [[]]
    for step in steps:
        if isinstance(step, kinds):
            parts.append([])
        else:
            parts[-1].append(step)
    return parts


def _joined(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return the segments with neighbouring rests at the same position made one."""
    joined = list(segments[:1])
    for before, segment in pairwise(segments):
        is_same_rest = before.illumination == segment.illumination == 0
        is_same_place = before.position == segment.position and before.session == segment.session
        if is_same_rest and is_same_place:
            segment = replace(joined.pop(), end=segment.end)
        joined.append(segment)
    return tuple(joined)
