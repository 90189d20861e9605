"""A run half-way: everything that its next step needs."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ablsim.case import Case

State = Mapping[str, Any]
"""Arrays, numbers, texts, None, tuples and flat mappings of numbers, by name."""


class Resumable(Protocol):
    """A part of a run that changes from step to step and can be taken up again."""

    def state(self) -> dict[str, Any]:
        """Return everything that the next step needs, by name."""

    def restore(self, state: State) -> None:
        """Go back to a state of the same case."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a run stands, between two steps.

    A run that is taken up from it gives the same bits in every field as one that went through.

    Parameters
    ----------
    case : Case
        What is being simulated.
    time : float
        Simulated time [s].
    leg, chunk : int
        How many legs of the run are finished, and how many chunks of the leg after them.
    parts : mapping of str to State
        State of each part of the run, by the part's name. Arrays are not copies: whoever keeps a
        checkpoint while the run goes on must write or copy it first.
    """

    case: Case
    time: float
    leg: int
    chunk: int
    parts: Mapping[str, State]


OnCheckpoint = Callable[[Checkpoint], None]

CHECKPOINT_SHARE = 0.2
"""Largest share of the wall time that goes into checkpoints."""


class Keeper:
    """Hands out checkpoints when they are due, and keeps their cost within bounds."""

    def __init__(self, write: OnCheckpoint | None, interval: float) -> None:
        self._write = write
        self._interval = interval
        self._last = time.perf_counter()
        self._cost = 0.0

    def is_due(self) -> bool:
        """Say whether it is time for another one."""
        wait = max(self._interval, self._cost / CHECKPOINT_SHARE)
        return self._write is not None and time.perf_counter() - self._last >= wait

    def keep(self, checkpoint: Checkpoint) -> None:
        """Hand one out, and see how long that takes."""
        if self._write is None:
            return
        began = time.perf_counter()
        self._write(checkpoint)
        self._last = time.perf_counter()
        self._cost = self._last - began
