"""A run half-way: everything that its next step needs."""

from collections.abc import Mapping
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
