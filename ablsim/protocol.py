"""The treatment protocol: which fibre fires when, at what power, and how far it is pulled back."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ablsim.errors import CaseError
from ablsim.steps import EXAMPLES, PULL_BACK_MAX, Deliver, PullBack, Rest, Step, parse_step
from ablsim.units import write_quantity

__all__ = ["COOL_DOWN", "Deliver", "Protocol", "PullBack", "Rest", "Segment", "Step", "parse_step"]

COOL_DOWN = 120.0
"""Rest that must follow the last delivery before the lesion is read [s]."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of time in which nothing switches.

    Parameters
    ----------
    start, end : float
        When it begins and ends [s].
    power : tuple of float
        Set power of each fibre [W]; zeros while resting.
    pulled_back : float
        How far the fibres have been withdrawn so far [m].
    illumination : int
        Number of the delivery, from 1; 0 while resting.
    """

    start: float
    end: float
    power: tuple[float, ...]
    pulled_back: float
    illumination: int


@dataclass(frozen=True, slots=True)
class Protocol:
    """The steps of a treatment, in order.

    Parameters
    ----------
    steps : tuple of Step
        As the user gave them.
    cool_down_added : float
        Rest appended after them, so that at least 120 s follow the last delivery [s].
    """

    steps: tuple[Step, ...]
    cool_down_added: float = 0.0

    def __post_init__(self) -> None:
        if not any(isinstance(step, Deliver) for step in self.steps):
            msg = f"there is no delivery; add a step, for example {EXAMPLES['deliver']}"
            raise CaseError(msg)
        if self.total_pull_back > PULL_BACK_MAX * (1.0 + 1e-12):
            total = write_quantity(round(self.total_pull_back, 9), "mm")
            limit = write_quantity(PULL_BACK_MAX, "mm")
            msg = f"the pull-backs add up to {total}; allowed are at most {limit}; shorten them"
            raise CaseError(msg)

    @classmethod
    def from_steps(cls, steps: Sequence[Step]) -> "Protocol":
        """Return the protocol with as much cool-down as is missing."""
        resting = 0.0
        for step in reversed(steps):
            if isinstance(step, Deliver):
                break
            resting += step.duration if isinstance(step, Rest) else 0.0
        return cls(tuple(steps), max(0.0, COOL_DOWN - resting))

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The steps with the cool-down that was added."""
        added = (Rest(self.cool_down_added),) if self.cool_down_added > 0.0 else ()
        return (*self.steps, *added)

    @property
    def duration(self) -> float:
        """Time from the first step to the end of the cool-down [s]."""
        return sum(step.duration for step in self.all_steps if not isinstance(step, PullBack))

    @property
    def laser_time(self) -> float:
        """Time during which a laser is switched on [s]."""
        return sum(step.duration for step in self.steps if isinstance(step, Deliver))

    @property
    def illuminations(self) -> int:
        """Number of deliveries."""
        return sum(isinstance(step, Deliver) for step in self.steps)

    @property
    def placements(self) -> int:
        """Number of insertions of the fibres."""
        return 1

    @property
    def sessions(self) -> int:
        """Number of visits."""
        return 1

    @property
    def total_pull_back(self) -> float:
        """How far the fibres are withdrawn in all [m]."""
        return sum(step.distance for step in self.steps if isinstance(step, PullBack))

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
        time = pulled_back = 0.0
        illumination = 0
        dark = (0.0,) * len(names)
        for step in self.all_steps:
            if isinstance(step, PullBack):
                pulled_back += step.distance
                continue
            if step.duration == 0.0:
                continue
            end = time + step.duration
            if isinstance(step, Deliver):
                illumination += 1
                power = tuple(step.power * _fires(step, name) for name in names)
                segments.append(Segment(time, end, power, pulled_back, illumination))
            else:
                segments.append(Segment(time, end, dark, pulled_back, 0))
            time = end
        return _joined(segments)

    def energy_fired(self, names: Sequence[str]) -> float:
        """Return set power times time over all fibres [J]."""
        return sum(
            step.power * step.duration * sum(_fires(step, name) for name in names)
            for step in self.steps
            if isinstance(step, Deliver)
        )

    def find_unknown_fibres(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return one sentence for each name in the steps that is not among ``names``."""
        return tuple(
            f'protocol.steps#{number}: "with {name}" names a fibre that does not exist; '
            f"allowed are {', '.join(names) or 'none'}; correct the name"
            for number, step in enumerate(self.steps, start=1)
            if isinstance(step, Deliver)
            for name in step.fibres or ()
            if name not in names
        )


def _fires(step: Deliver, name: str) -> bool:
    return step.fibres is None or name in step.fibres


def _joined(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return the segments with neighbouring rests at the same position made one."""
    joined = list(segments[:1])
    for before, segment in pairwise(segments):
        is_same_rest = before.illumination == segment.illumination == 0
        if is_same_rest and before.pulled_back == segment.pulled_back:
            rest = joined.pop()
            segment = Segment(rest.start, segment.end, rest.power, rest.pulled_back, 0)
        joined.append(segment)
    return tuple(joined)
