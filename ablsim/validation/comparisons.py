"""Rows that no single number answers: which way a change goes, and ratios of two volumes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ablsim.units import to_ml
from ablsim.validation.answer import Answer
from ablsim.validation.published import PublishedRow, Quantity, read_rows

Measure = Literal["pieces", "charred", "volumes", "inverse volumes", "extents"]

OCCLUDED_OVER_PERFUSED = "occluded / perfused volume"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing that a row says without a size.

    Parameters
    ----------
    name : str
        What is compared.
    expected : str
        What was seen, in words.
    measure : {'pieces', 'charred', 'volumes', 'inverse volumes', 'extents'}
        Of the row's zone: its pieces; tissue charred between the fibres [mL]; its volume over that
        of the other case, or the other way round; its largest extent over that of the other case.
    other : mapping
        What the other case has different, by key; empty where there is no other.
    low, high : float
        The sign is right where the predicted value is neither below the one nor above the other.
    measured : Quantity or None
        The measured number, if there is one; it is scored as a number then, not as a sign.
    """

    name: str
    expected: str
    measure: Measure
    other: Mapping[str, Any]
    low: float = -math.inf
    high: float = math.inf
    measured: Quantity | None = None

    def is_right(self, predicted: float) -> bool:
        """Say whether a predicted value has the sign that was seen."""
        return self.low <= predicted <= self.high

    def value(self, row: PublishedRow, answer: Answer, other: Answer | None) -> float | None:
        """Return the predicted value; None where there is no zone to compare with."""
        zone = answer.zones[row.zone]
        if self.measure == "pieces":
            return float(zone.pieces)
        if self.measure == "charred":
            return float(to_ml(answer.charred_between))
        if other is None:
            return None
        beside = other.zones[row.zone]
        sizes = zone.volume, beside.volume
        if self.measure == "extents":
            sizes = zone.axes[0], beside.axes[0]
        elif self.measure == "inverse volumes":
            sizes = beside.volume, zone.volume
        return sizes[0] / sizes[1] if sizes[1] > 0.0 else None


def list_comparisons(row: PublishedRow) -> tuple[Comparison, ...]:
    """Return what is compared for a row, by rules on its columns.

    A ratio is that of occluded to normal flow. Several fibres at another distance are compared
    with the row of the same source that holds the largest lesion: nearer ones make a smaller,
    merged and charred one, farther ones several that do not fuse. A bare fibre against a heated
    body is its tip with and without a char film.

    Examples
    --------
    >>> rows = {row.id: row for row in read_rows()}
    >>> [one.name for one in list_comparisons(rows["heis97_x4_gt20mm"])]
    ['pieces']
    """
    if not row.is_simulated:
        return ()
    if row.topic == "RATIO":
        return tuple(
            Comparison(
                name=reading.quantity.name,
                expected=reading.words,
                measure="volumes",
                other={"tissue.perfusion": "normal"},
                measured=reading.quantity,
            )
            for reading in row.readings
            if reading.quantity.name == OCCLUDED_OVER_PERFUSED
        )
    if row.scoring != "sign":
        return ()
    best = _best_spacing(row)
    if best is not None and row.spacing_mm is not None:
        return _of_spacing(row, row.spacing_mm, best)
    if " vs " in row.fibre:
        return (
            Comparison(
                name="volume without / with film",
                expected="at most 1",
                measure="inverse volumes",
                other={"physics.char": "none"},
                high=1.0,
            ),
        )
    return ()


def _of_spacing(row: PublishedRow, spacing: float, best: float) -> tuple[Comparison, ...]:
    """Return what fibres nearer or farther than at the largest lesion do."""
    if spacing > best:
        count = float(row.n_fibres or 1)
        return (Comparison("pieces", "not fused", "pieces", {}, count, count),)
    other = {"fibres.spacing": f"{best:g} mm"}
    just_below, just_above = math.nextafter(1.0, 0.0), math.nextafter(0.0, 1.0)
    return (
        Comparison("pieces", "one, merged", "pieces", {}, 1.0, 1.0),
        Comparison(f"volume / that at {best:g} mm", "smaller", "volumes", other, high=just_below),
        Comparison(f"extent / that at {best:g} mm", "smaller", "extents", other, high=just_below),
        Comparison("charred between fibres", "charred", "charred", {}, low=just_above),
    )


def _best_spacing(row: PublishedRow) -> float | None:
    """Return the fibre spacing of the largest lesion of the same source and treatment [mm]."""
    found = [
        other.spacing_mm
        for other in read_rows()
        if other.is_one_sided
        and (other.source, other.n_fibres) == (row.source, row.n_fibres)
        and other.spacing_mm is not None
    ]
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that differ in the blood flow alone, each with a volume."""

    name: str
    perfused: PublishedRow
    occluded: PublishedRow

    @property
    def measured(self) -> float:
        """Occluded over perfused volume as it was measured."""
        return (self.occluded.volume_ml or 0.0) / (self.perfused.volume_ml or math.inf)


def find_pairs(rows: tuple[PublishedRow, ...]) -> tuple[Pair, ...]:
    """Return the rows measured with and without flow, the same in everything else.

    Examples
    --------
    >>> [(pair.name, round(pair.measured, 1)) for pair in find_pairs(read_rows())]
    [('albrecht98_1', 3.0), ('albrecht98_4', 3.4)]
    """

    def treatment(row: PublishedRow) -> tuple[object, ...]:
        same = (row.source, row.setting, row.fibre, row.n_fibres, row.spacing_mm)
        return (*same, row.power_w_per_fibre, row.duration_s, row.start_temp_c, row.zone)

    with_volume = [row for row in rows if row.volume_ml is not None]
    return tuple(
        Pair(one.id.rpartition("_")[0], one, other)
        for one in with_volume
        for other in with_volume
        if (one.perfusion, other.perfusion) == ("normal", "occluded")
        and treatment(one) == treatment(other)
    )
