"""Published lesions, temperatures, ratios and outcomes, as they were read: frozen records.

``ablsim/data/validation_cases.csv`` holds one row for each. What stands only in the words of a row
is copied, with these words, to ``validation_readings.csv``. Neither is ever changed to fit.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple, get_args

Kind = Literal["two-sided", "maximum", "minimum"]
Reads = Literal["", "highest", "laser off"]
Zone = Literal["stasis", "whitening", "death"]

ZONES: tuple[str, ...] = get_args(Zone)
"""Zones that a row can name."""

TISSUES = ("liver", "muscle", "myocardium")
"""Words of a setting that tissues of the library stand for."""

_SCORED_AS_MAXIMUM = "measured is a maximum"
COHORTS = "a rate in many patients: virtual cohorts predict it (--cohorts)"
"""Why an outcome is not among the lesions, if a virtual cohort predicts it."""


class Quantity(NamedTuple):
    """One measured number of a row.

    Parameters
    ----------
    name : str
        What was measured: ``long axis``, ``short axis``, ``volume``, a temperature somewhere, ...
    measured : float
        Its value in ``unit``.
    sd : float or None
        Its standard deviation, where it was read.
    unit : str
        mm, mL or degC; 1 for a ratio of volumes.
    kind : {'two-sided', 'maximum', 'minimum'}
        Whether it is a mean, or the most or the least that was seen.
    """

    name: str
    measured: float
    sd: float | None
    unit: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that stands in the words of a row alone.

    Parameters
    ----------
    id : str
        The row.
    quantity : Quantity
        The number.
    at : float or None
        How far across from the fibre, or from the middle of several, a temperature was taken [m].
    reads : str
        Which one: the highest at any time, or that when the laser goes off.
    words : str
        The words of the row that say so.
    """

    id: str
    quantity: Quantity
    at: float | None
    reads: Reads
    words: str


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One row of the table, in the units that it was published in; None where nothing was read.

    Parameters
    ----------
    id, source, doi_or_url : str
        Its name here, and where it comes from.
    verified : bool
        Whether the number was read in an abstract, page or table.
    setting, fibre, perfusion : str
        What was treated, with what, under which blood flow.
    wavelength_nm, spacing_mm, power_w_per_fibre, duration_s, energy_j_per_fibre, start_temp_c
        The treatment.
    n_fibres, pullbacks : int or None
        How many fibres, and how often they were pulled back.
    long_axis_mm, long_axis_sd, short_axis_mm, short_axis_sd, volume_ml, volume_sd
        What was measured.
    endpoint, zone, scoring : str
        How it was read, which computed zone it is compared with, and how it is scored.
    notes : str
        Everything else that was read.
    """

    id: str
    source: str
    doi_or_url: str
    verified: bool
    setting: str
    wavelength_nm: float | None
    fibre: str
    n_fibres: int | None
    spacing_mm: float | None
    power_w_per_fibre: float | None
    duration_s: float | None
    energy_j_per_fibre: float | None
    perfusion: str
    start_temp_c: float | None
    pullbacks: int | None
    long_axis_mm: float | None
    long_axis_sd: float | None
    short_axis_mm: float | None
    short_axis_sd: float | None
    volume_ml: float | None
    volume_sd: float | None
    endpoint: str
    zone: str
    scoring: str
    notes: str

    @property
    def topic(self) -> str:
        """The first word of the notes: LESION, TEMPERATURE, RATIO, QUALITATIVE, OUTCOME, ..."""
        return self.notes.partition(".")[0]

    @property
    def is_one_sided(self) -> bool:
        """Whether the row holds the largest lesion of a series and not a mean."""
        return self.scoring == _SCORED_AS_MAXIMUM

    @property
    def reason(self) -> str:
        """Why the row is not simulated; empty if it is."""
        if self.scoring == "outcome":
            return _outcome_reasons().get(self.id, COHORTS)
        if not self.scoring:
            return "the row names neither zone nor scoring: there is nothing to compare with"
        if not any(word in self.setting for word in TISSUES):
            return "the library has no tissue for it"
        if "vessels" in self.endpoint:
            return (
                "what was seen lay around vessels, and the row does not say how large and how "
                "near they were"
            )
        if self.pullbacks:
            return "the fibres were pulled back, and the row does not say how far"
        has_setting = self.power_w_per_fibre is not None and self.duration_s is not None
        if not has_setting and self.topic != "RATIO":
            return "power and duration were not read"
        return ""

    @property
    def is_simulated(self) -> bool:
        """Whether its columns say enough to simulate it."""
        return not self.reason

    @property
    def is_bench(self) -> bool:
        """Whether no blood flows in what was treated; where the flow is not stated, none does."""
        return self.perfusion in {"none", "unknown"}

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Numbers that stand in its words alone."""
        return tuple(reading for reading in _read_readings() if reading.id == self.id)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Every measured number that a run of the row's case can be compared with.

        Long and short axis that are equal are one number: a mean diameter, or the largest extent
        where it is a maximum. Ratios, which take two runs, are not among them.
        """
        of_words = (reading.quantity for reading in self.readings)
        found = [*self._columns(), *(one for one in of_words if one.unit != "1")]
        return tuple(sorted(found, key=lambda quantity: _order(quantity.name)))

    def _columns(self) -> Iterator[Quantity]:
        kind: Kind = "maximum" if self.is_one_sided else "two-sided"
        axes = (self.long_axis_mm, self.short_axis_mm)
        if axes[0] is not None and axes[0] == axes[1]:
            name = "largest extent" if self.is_one_sided else "diameter"
            yield Quantity(name, axes[0], self.long_axis_sd, "mm", kind)
        else:
            if axes[0] is not None:
                yield Quantity("long axis", axes[0], self.long_axis_sd, "mm", kind)
            if axes[1] is not None:
                yield Quantity("short axis", axes[1], self.short_axis_sd, "mm", kind)
        if self.volume_ml is not None:
            yield Quantity("volume", self.volume_ml, self.volume_sd, "mL", kind)


@cache
def read_rows() -> tuple[PublishedRow, ...]:
    """Return every published row, in the order of the table.

    Examples
    --------
    >>> rows = {row.id: row for row in read_rows()}
    >>> rows["albrecht98_1_flow"].quantities[0][:4]
    ('volume', 2.5, 0.5, 'mL')
    >>> rows["pacella06"].is_simulated
    False
    """
    return tuple(_make_row(entry) for entry in _entries("validation_cases.csv"))


def _order(name: str) -> int:
    """Return where a quantity stands among those of its row."""
    order = ("long axis", "middle axis", "short axis")
    return order.index(name) if name in order else len(order)


@cache
def _outcome_reasons() -> dict[str, str]:
    """Return why outcomes are not predicted, by row."""
    return {entry["id"]: entry["reason"] for entry in _entries("outcome_reasons.csv")}


@cache
def _read_readings() -> tuple[Reading, ...]:
    return tuple(
        Reading(
            id=entry["id"],
            quantity=Quantity(
                entry["quantity"],
                float(entry["measured"]),
                _number(entry["sd"]),
                entry["unit"],
                _one_of(Kind, entry["kind"]),
            ),
            at=None if not entry["at_mm"] else 1e-3 * float(entry["at_mm"]),
            reads=_one_of(Reads, entry["reads"]),
            words=entry["words"],
        )
        for entry in _entries("validation_readings.csv")
    )


def _entries(name: str) -> Iterator[dict[str, str]]:
    text = files("ablsim").joinpath("data", name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _make_row(entry: dict[str, str]) -> PublishedRow:
    texts = {"id", "source", "doi_or_url", "setting", "fibre", "perfusion"}
    texts |= {"endpoint", "zone", "scoring", "notes"}
    values: dict[str, Any] = {}
    for name, text in entry.items():
        if name in texts:
            values[name] = text
        elif name in {"n_fibres", "pullbacks"}:
            values[name] = int(text) if text else None
        else:
            values[name] = text == "yes" if name == "verified" else _number(text)
    return PublishedRow(**values)


def _number(text: str) -> float | None:
    return float(text) if text else None


def _one_of(choices: object, text: str) -> Any:
    """Return a text that a table must choose among few, or say that the table is wrong."""
    if text not in get_args(choices):
        msg = f"{text!r} is none of {', '.join(map(repr, get_args(choices)))}"
        raise ValueError(msg)
    return text
