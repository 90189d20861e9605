"""Populations that satisfy what a report says of its lesions.

Diameters lie on a grid of steps. Among all sequences of them that have the reported number of
lesions, extremes, classes and mean, each is as likely as any other; how many there are is counted
exactly, with whole numbers. The count also says what else follows from the report: how far the mean
of each class is fixed by the other numbers, and how rarely lesions that fit all else have the mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import ceil, floor

from ablsim.cohort.chance import uniform
from ablsim.cohort.study_tables import ReportedTable, SizeClassTable
from ablsim.errors import CaseError
from ablsim.units import to_mm

Span = tuple[int, int]
"""First and last grid step of an interval of diameters."""

RARE = Fraction(1, 1000)
"""Share of the populations from which on down the mean is said to be a rare one."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where the diameter of one lesion may lie, and which class that makes it count to."""

    spans: tuple[Span, ...]
    of_class: int | None

    @property
    def low(self) -> int:
        """The smallest it may be."""
        return min(first for first, _ in self.spans)

    @property
    def high(self) -> int:
        """The largest it may be."""
        return max(last for _, last in self.spans)

    def holds(self, value: int) -> bool:
        """Say whether it may be that large."""
        return any(first <= value <= last for first, last in self.spans)


@dataclass(frozen=True, slots=True)
class ReportedPopulations:
    """All populations that satisfy a report.

    Parameters
    ----------
    step : float
        Grid of the diameters [m].
    notes : tuple of str
        What follows from the report beyond its words.
    """

    step: float
    notes: tuple[str, ...]
    _slots: tuple[_Slot, ...]
    _ways: tuple[tuple[int, ...], ...]
    _sums: Span

    def draw(self, seed: int, number: int) -> tuple[float, ...]:
        """Return the diameters [m] of population ``number``, smallest first."""
        first, last = self._sums
        weights = self._ways[0][first : last + 1]
        left = first + _choose(weights, uniform(seed, "population", number, "sum"))
        found = []
        for i, slot in enumerate(self._slots):
            values = [v for a, b in slot.spans for v in range(a, b + 1) if v <= left]
            weights = tuple(_at(self._ways[i + 1], left - value) for value in values)
            value = values[_choose(weights, uniform(seed, "population", number, "lesion", i))]
            found.append(value)
            left -= value
        return tuple(round(value * self.step, 12) for value in sorted(found))


def find_populations(table: ReportedTable, step: float) -> ReportedPopulations:
    """Return the populations that satisfy a report.

    Parameters
    ----------
    table : ReportedTable
        What is reported.
    step : float
        Grid of the diameters [m].

    Raises
    ------
    CaseError
        If there are none; the message says which means the other numbers allow.
    """
    span = (ceil(table.smallest / step - 1e-9), floor(table.largest / step + 1e-9))
    slots = _make_slots(table, span, step)
    least, most = (sum(getattr(slot, end) for slot in slots) for end in ("low", "high"))
    half, n = 0.5 * table.rounding, table.lesions
    lower, upper = (n * (table.mean + sign * half) / step for sign in (-1.0, 1.0))
    sums = (max(least, ceil(lower - 1e-9)), min(most, floor(upper + 1e-9)))
    ways = _count_ways(slots, most)
    wanted = sum(ways[0][sums[0] : sums[1] + 1])
    if sums[0] > sums[1] or wanted == 0:
        low, high = (_mm(total / n, step) for total in (least, most))
        msg = (
            f"population.reported.mean: {_mm(table.mean / step, step)}, rounded to "
            f"{_mm(table.rounding / step, step)}, does not go with the other numbers, which allow "
            f"{low} to {high}; give up one of them: correct mean, smallest, largest or a class"
        )
        raise CaseError(msg)
    share = Fraction(wanted, sum(ways[0]))
    notes = (*_say_classes(table, slots, sums, step), *_say_share(table, share, step))
    return ReportedPopulations(step, notes, tuple(slots), tuple(ways), sums)


def _make_slots(table: ReportedTable, span: Span, step: float) -> list[_Slot]:
    """Return one slot for each lesion: those of the classes, then those that no class names."""
    slots: list[_Slot] = []
    exact: list[Span] = []
    for number, entry in enumerate(table.classes):
        own = _span_of(entry, span, step)
        key = f"population.reported.class#{number + 1}"
        if own[0] > own[1]:
            msg = f"{key}: no diameter from smallest to largest lies in it; correct from or to"
            raise CaseError(msg)
        if any(own[0] <= b and a <= own[1] for a, b in exact) and entry.lesions is not None:
            msg = f"{key}: overlaps a class before it; classes with lesions must lie side by side"
            raise CaseError(msg)
        if entry.lesions is not None:
            exact.append(own)
        count = entry.lesions if entry.lesions is not None else entry.at_least or 0
        slots += [_Slot((own,), number)] * count
    free = _without(span, exact)
    missing = table.lesions - len(slots)
    if missing < 0:
        msg = (
            f"population.reported.class: the classes hold {len(slots)} lesions, but there are "
            f"{table.lesions}; correct lesions or a class"
        )
        raise CaseError(msg)
    if missing > 0 and not free:
        msg = (
            f"population.reported.class: {missing} of {table.lesions} lesions are in no class, and "
            "the classes leave no room between smallest and largest; correct lesions or a class"
        )
        raise CaseError(msg)
    slots += [_Slot(free, None)] * missing
    for end, value in (("smallest", span[0]), ("largest", span[1])):
        _fix(slots, value, end, step)
    return slots


def _fix(slots: list[_Slot], value: int, end: str, step: float) -> None:
    """Let one lesion have an extreme diameter: the first that may, of classes before others."""
    for i, slot in enumerate(slots):
        if slot.low < slot.high and slot.holds(value):
            slots[i] = _Slot(((value, value),), slot.of_class)
            return
        if slot.low == slot.high == value:
            return
    msg = (
        f"population.reported.{end}: no lesion may be {_mm(value, step)}; correct {end} or a class"
    )
    raise CaseError(msg)


def _span_of(entry: SizeClassTable, span: Span, step: float) -> Span:
    low = span[0] if entry.low is None else max(span[0], ceil(entry.low / step - 1e-9))
    high = span[1] if entry.high is None else min(span[1], floor(entry.high / step + 1e-9))
    return low, high


def _without(span: Span, taken: Sequence[Span]) -> tuple[Span, ...]:
    """Return what is left of an interval without others that do not overlap."""
    left, start = [], span[0]
    for first, last in sorted(taken):
        if start < first:
            left.append((start, first - 1))
        start = max(start, last + 1)
    return (*left, (start, span[1])) if start <= span[1] else tuple(left)


def _count_ways(slots: Sequence[_Slot], most: int) -> list[tuple[int, ...]]:
    """Return in how many ways slots i, i + 1, ... sum to each number from 0 to ``most``."""
    ways: list[tuple[int, ...]] = [(1, *(0,) * most)]
    for slot in reversed(slots):
        before = (0, *accumulate(ways[0]))  # before[s] counts sums below s
        total = [0] * (most + 1)
        for first, last in slot.spans:
            for s in range(first, most + 1):
                total[s] += before[s - first + 1] - before[max(0, s - last)]
        ways.insert(0, tuple(total))
    return ways


def _choose(weights: Sequence[int], u: float) -> int:
    """Return an index, each as likely as its weight says."""
    mark = Fraction(u) * sum(weights)
    for index, reached in enumerate(accumulate(weights)):
        if mark < reached:
            return index
    return len(weights) - 1


def _at(ways: Sequence[int], total: int) -> int:
    return ways[total] if 0 <= total < len(ways) else 0


def _say_classes(
    table: ReportedTable, slots: Sequence[_Slot], sums: Span, step: float
) -> list[str]:
    """Say where the other numbers leave the mean of a class less than half of its room."""
    notes = []
    for number, entry in enumerate(table.classes):
        own = [slot for slot in slots if slot.of_class == number]
        others = [slot for slot in slots if slot.of_class != number]
        if not own:
            continue
        least, most = sum(slot.low for slot in own), sum(slot.high for slot in own)
        low = max(least, sums[0] - sum(slot.high for slot in others))
        high = min(most, sums[1] - sum(slot.low for slot in others))
        if 2 * (high - low) > most - least:
            continue
        count = f"The {len(own)}" if entry.lesions is not None else f"{len(own)} of the"
        notes.append(
            f"{count} lesions {_interval(entry)} can only average {_mm(low / len(own), step)} "
            f"to {_mm(high / len(own), step)} for the other numbers to hold."
        )
    return notes


def _say_share(table: ReportedTable, share: Fraction, step: float) -> list[str]:
    if share > RARE:
        return []
    return [
        f"Of all lesions that fit the reported sizes only one set in {float(1 / share):.2g} has "
        f"the mean of {_mm(table.mean / step, step)}: the reported numbers hold together only just."
    ]


def _interval(entry: SizeClassTable) -> str:
    if entry.low is None:
        return f"up to {to_mm(entry.high or 0.0):g} mm"
    if entry.high is None:
        return f"from {to_mm(entry.low):g} mm"
    return f"of {to_mm(entry.low):g} to {to_mm(entry.high):g} mm"


def _mm(steps: float, step: float) -> str:
    return f"{to_mm(steps * step):.4g} mm"
