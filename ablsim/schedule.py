"""When a run does what: legs from event to event, and the steps in each.

Everything here follows from case and time steps alone, never from the state of the tissue, so that
a run that is taken up again makes the very steps that it would have made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import ceil

from ablsim.heat.operator import Scheme
from ablsim.pace import Pace, Phase
from ablsim.protocol import Segment

OPTICS_CHECK = 1.0
"""Time [s] between two looks at whether the light still fits the tissue."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of a segment between two events.

    Parameters
    ----------
    segment : Segment
        What is done meanwhile.
    start, end : float
        When it begins and ends [s].
    opens : bool
        Whether its segment begins with it, so that fibres switch.
    new_session : bool
        Whether a session begins with it.
    output : bool
        Whether the state at its end is put out.
    """

    segment: Segment
    start: float
    end: float
    opens: bool
    new_session: bool
    output: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """Equal steps at one power: how many, how long each [s], and when the last one ends [s].

    ``looks`` says whether the light is looked at before them, ``scheme`` who makes them, ``middle``
    when their middle is [s].
    """

    n_steps: int
    step: float
    end: float
    looks: bool
    scheme: Scheme = "euler"

    @property
    def middle(self) -> float:
        """The time in their middle [s]."""
        return self.end - 0.5 * self.n_steps * self.step


def make_legs(segments: Sequence[Segment], output_interval: float) -> tuple[Leg, ...]:
    """Return the legs of a treatment: they end at output times and where segments end.

    The end of a segment is an output time unless its delivery goes on after it.
    """
    legs: list[Leg] = []
    session = 1
    for segment, after in zip_longest(segments, segments[1:]):
        goes_on = after is not None and 0 < segment.illumination == after.illumination
        marks = [
            mark * output_interval
            for mark in range(
                int(segment.start // output_interval) + 1, ceil(segment.end / output_interval)
            )
            if segment.start < mark * output_interval < segment.end
        ]
        starts, ends = [segment.start, *marks], [*marks, segment.end]
        for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
            first, last = number == 0, number == len(marks)
            begins = first and segment.session > session
            legs.append(Leg(segment, start, end, first, begins, not (last and goes_on)))
        session = segment.session
    return tuple(legs)


def make_chunks(leg: Leg, pace: Pace) -> Iterator[Chunk]:
    """Yield the steps of a leg: Euler steps at first, super-steps once they are less work.

    Euler steps are equal ones, a second's at a time; on a ramp every step stands alone, because
    each has its own power. Super-steps grow with the time since the segment began.
    """
    segment = leg.segment
    phase: Phase = "fire" if any(segment.highest_power) else "rest"
    if segment.is_ramp:
        phase = "ramp"
    turn = min(max(segment.start + pace.euler_until(phase), leg.start), leg.end)
    if turn > leg.start:
        yield from _euler_steps(leg.start, turn, pace.euler_step, alone=segment.is_ramp)
    time, looked = turn, turn - 2.0 * OPTICS_CHECK
    while time < leg.end:
        step = pace.super_step(time - segment.start, phase)
        n_left = ceil((leg.end - time) / step * (1.0 - 1e-9))
        if n_left <= 2:  # the last two share what is left
            step = (leg.end - time) / n_left
        looks = time + step - looked > OPTICS_CHECK * (1.0 + 1e-9)
        looked = time if looks else looked
        time = leg.end if n_left == 1 else time + step
        yield Chunk(1, step, time, looks, "rkl2")


def _euler_steps(start: float, end: float, longest: float, *, alone: bool) -> Iterator[Chunk]:
    n_steps = max(1, ceil((end - start) / longest * (1.0 - 1e-9)))
    step = (end - start) / n_steps
    check = max(1, round(OPTICS_CHECK / step))
    done = 0
    while done < n_steps:
        looks = done % check == 0
        n = 1 if alone else min(check, n_steps - done)
        done += n
        yield Chunk(n, step, end if done == n_steps else start + done * step, looks)
