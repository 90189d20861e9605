"""Where the fibres of a treatment are, counted from where the case places them."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from ablsim.grid import Point
from ablsim.light.fibre import Fibre
from ablsim.steps import NewSession, PullBack, Reposition, Step

HOME: Point = (0.0, 0.0, 0.0)
"""Of fibres that have not been repositioned."""


class Own(NamedTuple):
    """What a fibre that was repositioned by itself has done beside the others.

    It was ``moved`` (x, y, z) [m], when all had been withdrawn by ``pulled_before`` [m].
    """

    fibre: str
    moved: Point
    pulled_before: float


@dataclass(frozen=True, slots=True)
class Position:
    """Where all fibres are, counted from where the case places them.

    Parameters
    ----------
    moved : Point
        How far they have been repositioned (x, y, z) [m].
    pulled_back : float
        How far they have been withdrawn since [m].
    own : tuple of Own
        What fibres that were repositioned by themselves have done beside that.
    """

    moved: Point = HOME
    pulled_back: float = 0.0
    own: tuple[Own, ...] = ()

    def place(self, fibre: Fibre) -> Fibre:
        """Return ``fibre``, as the case places it, at this position."""
        moved = self.moved_of(fibre.name)
        if moved != HOME:
            x, y, z = (a + b for a, b in zip(fibre.tip, moved, strict=True))
            fibre = replace(fibre, tip=(x, y, z))
        return fibre.pulled_back(self.pulled_back_of(fibre.name))

    def moved_of(self, name: str) -> Point:
        """Return how far the fibre of that name has been repositioned (x, y, z) [m]."""
        x, y, z = self.moved
        for own in self.own:
            if own.fibre == name:
                x, y, z = x + own.moved[0], y + own.moved[1], z + own.moved[2]
        return (x, y, z)

    def pulled_back_of(self, name: str) -> float:
        """Return how far the fibre of that name has been withdrawn since [m]."""
        before = sum(own.pulled_before for own in self.own if own.fibre == name)
        return max(0.0, self.pulled_back - before)

    def after(self, step: Step) -> "Position":
        """Return the position that a step leaves the fibres at."""
        if isinstance(step, PullBack):
            return replace(self, pulled_back=self.pulled_back + step.distance)
        if isinstance(step, Reposition) and step.fibres is not None:
            own = {entry.fibre: entry for entry in self.own}
            for name in step.fibres:
                x, y, z = own[name].moved if name in own else HOME
                by = (x + step.by[0], y + step.by[1], z + step.by[2])
                own[name] = Own(name, by, self.pulled_back)
            return replace(self, own=tuple(own[name] for name in sorted(own)))
        if not isinstance(step, Reposition | NewSession):
            return self
        x, y, z = step.by if isinstance(step, Reposition) else HOME
        return Position(
            (self.moved[0] + x, self.moved[1] + y, self.moved[2] + z),
            own=tuple(entry._replace(pulled_before=0.0) for entry in self.own),
        )
