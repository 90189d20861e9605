"""What a planner may choose from: a few values, or anything between two."""

from dataclasses import dataclass

import numpy as np

from ablsim.errors import CaseError
from ablsim.quantities import Quantity


@dataclass(frozen=True, slots=True)
class Span:
    """Values that are allowed, in SI units.

    Parameters
    ----------
    values : tuple of float
        Rising; the two ends where anything between is allowed.
    is_continuous : bool
        Whether anything between them is allowed.
    """

    values: tuple[float, ...]
    is_continuous: bool = False

    @property
    def low(self) -> float:
        """The smallest."""
        return self.values[0]

    @property
    def high(self) -> float:
        """The largest."""
        return self.values[-1]

    @property
    def is_free(self) -> bool:
        """Whether there is anything to choose."""
        return self.high > self.low

    def levels(self, count: int) -> tuple[float, ...]:
        """Return the values, or about so many of those between, both ends among them."""
        if not self.is_continuous:
            return self.values
        if not self.is_free:
            return (self.low,)
        return tuple(float(value) for value in np.linspace(self.low, self.high, count))

    def nearest(self, value: float) -> float:
        """Return the allowed value next to another."""
        if self.is_continuous:
            return min(self.high, max(self.low, value))
        return min(self.values, key=lambda one: abs(one - value))

    def at_least(self, value: float) -> float | None:
        """Return the smallest allowed value that is not below another; None if there is none."""
        if value > self.high * (1.0 + 1e-9):
            return None
        if self.is_continuous:
            return max(self.low, value)
        return next(one for one in self.values if one >= value * (1.0 - 1e-9))


def parse_span(text: str, key: str, quantity: Quantity) -> Span:
    """Return the span of a text: ``"15 mm, 18 mm"``, ``"10 mm to 20 mm"`` or ``"15 mm"``.

    Parameters
    ----------
    text : str
        One value, several with commas, or two with "to".
    key : str
        What it is, for the message.
    quantity : Quantity
        Reads one value with its unit, and refuses what is not allowed.
    """
    between = " to " in text
    parts = text.split(" to ") if between else text.split(",")
    try:
        values = sorted({quantity.read(part.strip()) for part in parts})
    except CaseError as error:
        msg = f"{key}: {error}"
        raise CaseError(msg) from None
    if between and len(parts) != 2:
        msg = f'{key} "{text}": give two ends with "to" between them, or values with commas'
        raise CaseError(msg)
    return Span(tuple(values), is_continuous=between and len(values) == 2)
