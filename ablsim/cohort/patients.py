"""Lesions from a CSV file: one row each, units in the header.

Problems are collected, each with line, column, value and remedy. A file is looked at as a whole
before any of it is read, so that one that is too long is refused at once.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ablsim.case_fields import Choice, Number, Whole
from ablsim.case_messages import PROBLEMS_SHOWN, join_problems
from ablsim.case_overrides import PerfusionRate
from ablsim.cohort.lesions import Lesion, Observed
from ablsim.cohort.policy_tables import PATTERNS
from ablsim.cohort.study_fields import PERFUSIONS
from ablsim.cohort.study_tables import DIAMETER, LESIONS_MAX, PopulationTable
from ablsim.errors import CaseError
from ablsim.quantities import ENERGY, LENGTH, FieldType, Quantity, shown
from ablsim.tissue.library import get_tissue

BYTES_MAX = 1 << 26
"""Largest file [bytes]."""

_VOLUME = Quantity("volume", "mL", "14 mL", "0 mL", "5000 mL")
_MARGIN = LENGTH.within("0 mm", "100 mm", example="5 mm")
_ENERGY = ENERGY.within("10 J", "1000 kJ", example="7500 J")
_RATE = re.compile(r"1/s|/s|mL/min/(kg|100g|100 g)", re.IGNORECASE)
_HEADING = re.compile(r"(?P<name>[^\[(]*)(?:[\[(](?P<unit>[^\])]*)[\])])?\s*")
_MASKS = ("mask", "tumour mask", "observed mask", "zone mask", "segmentation")
_YES = MappingProxyType(
    {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
)


@dataclass(frozen=True, slots=True)
class _Text(FieldType):
    """A cell that is taken as it is."""

    def read(self, value: object) -> str:
        """Return the text."""
        return str(value)


@dataclass(frozen=True, slots=True)
class _Tissue(FieldType):
    """The name of a tissue of the library."""

    def read(self, value: object) -> str:
        """Return the name; raise CaseError with those that come close."""
        get_tissue(str(value))
        return str(value)


@dataclass(frozen=True, slots=True)
class _Rate(FieldType):
    """A measured perfusion, kept as the text that a case file has for it."""

    def read(self, value: object) -> str:
        """Return the text; raise CaseError if it is no perfusion."""
        PerfusionRate().read(value)
        return str(value)


@dataclass(frozen=True, slots=True)
class _YesNo(FieldType):
    """Yes or no."""

    def read(self, value: object) -> bool:
        """Return the truth value."""
        if str(value).lower() not in _YES:
            msg = f'{shown(value)} is neither "yes" nor "no"; write one of them or leave it empty'
            raise CaseError(msg)
        return _YES[str(value).lower()]


_COLUMNS: Mapping[str, FieldType] = MappingProxyType(
    {
        "id": _Text(),
        "diameter": DIAMETER,
        "axis 1": DIAMETER,
        "axis 2": DIAMETER,
        "axis 3": DIAMETER,
        "tissue": _Tissue(),
        "perfusion": Choice(PERFUSIONS),
        "stratum": _Text(),
        "margin": _MARGIN,
        "fibres": Whole(4, 1, 4),
        "energy per treatment": _ENERGY,
        "illuminations": Whole(3, 1, 20),
        "sessions": Whole(2, 1, 100),
        "observed volume": _VOLUME,
        "observed fraction": Number(0.95, 0.0, 1.0),
        "observed complete": _YesNo(),
    }
)


@dataclass(frozen=True, slots=True)
class _Column:
    """One column that is read: its place, its name, its unit and how a cell is read."""

    place: int
    name: str
    unit: str
    kind: FieldType

    @property
    def heading(self) -> str:
        """The name with its unit, as the header has it."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name

    def read(self, cell: str) -> Any:
        """Return what a cell says."""
        if isinstance(self.kind, Quantity | _Rate):
            _number(cell)
            return self.kind.read(f"{cell} {self.unit}")
        if isinstance(self.kind, Number):
            return self.kind.read(_number(cell) / (100.0 if self.unit == "%" else 1.0))
        if isinstance(self.kind, Whole):
            number = _number(cell)
            return self.kind.read(int(number) if number == int(number) else number)
        return self.kind.read(cell)


def read_patients(path: Path, table: PopulationTable) -> tuple[Lesion, ...]:
    """Return the lesions of a CSV file.

    Parameters
    ----------
    path : Path
        The file, UTF-8, with commas, semicolons or tabs between its cells.
    table : PopulationTable
        What holds for lesions of which the file says nothing.

    Raises
    ------
    CaseError
        If it cannot be read; the message names the file and lists lines and columns.
    """
    try:
        _check_length(path)
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _read(stream, path.name, table)
    except FileNotFoundError:
        msg = f"population.csv: there is no {path}; its name counts from the study file"
        raise CaseError(msg) from None
    except UnicodeDecodeError as error:
        msg = f"{path.name}: is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise CaseError(msg) from None
    except OSError as error:
        msg = f"population.csv: {path} cannot be read ({error.strerror}); give a CSV file"
        raise CaseError(msg) from None


def _check_length(path: Path) -> None:
    """Refuse a file that is too long, without reading it as text."""
    size, lines = 0, 0
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            size += len(piece)
            lines += piece.count(b"\n")
            if size > BYTES_MAX or lines > LESIONS_MAX + 1:
                msg = (
                    f"{path.name}: has more than {LESIONS_MAX} rows or {BYTES_MAX >> 20} MiB, more "
                    "than one study may have; split it into several files and studies"
                )
                raise CaseError(msg)


def _read(stream: Iterator[str], name: str, table: PopulationTable) -> tuple[Lesion, ...]:
    """Return the lesions of an open file."""
    header = next(stream, "")
    delimiter = max(",;\t", key=header.count)
    if not header.strip():
        msg = f'{name}: is empty; its first line names the columns, for example "id,diameter [mm]"'
        raise CaseError(msg)
    headings = next(csv.reader([header], delimiter=delimiter))
    columns = _read_header(headings, name)
    lesions: list[Lesion] = []
    problems: list[str] = []
    lines: dict[str, int] = {}
    for line, cells in _rows(csv.reader(stream, delimiter=delimiter), name):
        if len(cells) != len(headings):
            problems.append(
                f"line {line}: has {len(cells)} cells where the header has {len(headings)}; "
                "correct the line, and put texts with commas in quotes"
            )
            continue
        found, wrong = _read_cells(columns, cells)
        problems += [f"line {line}: {problem}" for problem in wrong]
        label = str(found.get("id", ""))
        if label in lines and label:
            problems.append(
                f'line {line}: id: "{label}" stands in line {lines[label]} already; give each '
                "lesion its own"
            )
        lines.setdefault(label, line)
        if not wrong:
            lesions.append(_make_lesion(found, table))
        if len(problems) > 10 * PROBLEMS_SHOWN:
            problems.append(f"line {line}: the rest of the file was not looked at any more")
            break
    if problems:
        raise CaseError(join_problems(name, problems))
    if not lesions:
        msg = f"{name}: has a header but no lesions; add one row for each lesion"
        raise CaseError(msg)
    return tuple(lesions)


def _rows(reader: Any, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with their lines; empty ones are passed over."""
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num + 1, [cell.strip() for cell in cells]
    except csv.Error as error:
        msg = f"{name}: line {reader.line_num + 1}: cannot be read ({error}); save it as CSV"
        raise CaseError(msg) from None


def _read_header(headings: Sequence[str], name: str) -> tuple[_Column, ...]:
    """Return the columns that are read; raise CaseError for what is wrong with the header."""
    columns: list[_Column] = []
    problems: list[str] = []
    for place, heading in enumerate(headings):
        if heading.strip().startswith("#"):
            continue
        try:
            columns.append(_read_heading(place, heading))
        except CaseError as error:
            problems.append(f"line 1: {error}")
    names = [column.name for column in columns]
    problems += [
        f'line 1: the column "{twice}" stands there {names.count(twice)} times; keep one'
        for twice in dict.fromkeys(names)
        if names.count(twice) > 1
    ]
    axes = [f"axis {i}" for i in (1, 2, 3) if f"axis {i}" in names]
    if not problems:
        if "id" not in names:
            problems.append('line 1: the column "id" is missing; give each lesion its own')
        if ("diameter" in names) == bool(axes) or len(axes) not in {0, 3}:
            problems.append(
                'line 1: the size is told by the column "diameter [mm]" alone, or by '
                '"axis 1 [mm]", "axis 2 [mm]" and "axis 3 [mm]"; correct the header'
            )
    if problems:
        raise CaseError(join_problems(name, problems))
    return tuple(columns)


def _read_heading(place: int, heading: str) -> _Column:
    found = _HEADING.fullmatch(heading.strip())
    words = " ".join((found["name"] if found else heading).replace("_", " ").lower().split())
    unit = ((found["unit"] or "") if found else "").strip()
    if words in _MASKS:
        msg = (
            f'"{words}": not yet: masks (comparing shapes) are for a later version of ablsim; '
            f'remove the column or write "#{words}" to have it passed over'
        )
        raise CaseError(msg)
    if words not in _COLUMNS:
        close = get_close_matches(words, _COLUMNS, n=1)
        hint = f'did you mean "{close[0]}"? ' if close else ""
        msg = (
            f"{shown(heading.strip())} is not a known column; {hint}allowed: "
            f"{', '.join(_COLUMNS)}; put # before a name to have its column passed over"
        )
        raise CaseError(msg)
    kind = _COLUMNS[words]
    if words == "perfusion" and unit:
        if not _RATE.fullmatch(unit):
            msg = f'perfusion [{unit}]: write "perfusion [mL/min/100g]" or "perfusion [1/s]"'
            raise CaseError(msg)
        return _Column(place, "perfusion rate", unit, _Rate())
    if isinstance(kind, Quantity):
        _check_unit(words, unit, kind)
    elif unit and not (words == "observed fraction" and unit in {"%", "1"}):
        msg = f'"{words}" has no unit, but the header says [{unit}]; write "{words}"'
        raise CaseError(msg)
    return _Column(place, words, unit, kind)


def _check_unit(words: str, unit: str, kind: Quantity) -> None:
    """Refuse a column without the unit that it needs, or with a wrong one."""
    if not unit:
        msg = f'"{words}" has no unit; write "{words} [{kind.unit}]"'
        raise CaseError(msg)
    try:
        Quantity(kind.dimension, kind.unit, kind.example).read(f"1 {unit}")
    except CaseError:
        wanted = f'write "{words} [{kind.unit}]"'
        msg = f'"{words} [{unit}]": {unit} is no unit of {kind.dimension}; {wanted}'
        raise CaseError(msg) from None


def _read_cells(
    columns: Sequence[_Column], cells: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return what a row says by the name of the column, and what is wrong with it."""
    found: dict[str, Any] = {}
    problems = []
    for column in columns:
        cell = cells[column.place]
        if not cell:
            if column.name in {"id", "diameter", "axis 1", "axis 2", "axis 3"}:
                problems.append(f"{column.heading}: is missing; every lesion has one")
            continue
        try:
            found[column.name] = column.read(cell)
        except CaseError as error:
            problems.append(f"{column.heading}: {error}")
    return found, problems


def _make_lesion(found: Mapping[str, Any], table: PopulationTable) -> Lesion:
    """Return the lesion of a row, with what holds for all where the row says nothing."""
    get: Callable[..., Any] = found.get
    width = get("diameter")
    axes = (width, width, width) if width else (found["axis 1"], found["axis 2"], found["axis 3"])
    fibres = get("fibres")
    return Lesion(
        name=found["id"],
        axes=axes,
        tissue=get("tissue", table.tissue),
        perfusion="normal" if "perfusion rate" in found else get("perfusion", table.perfusion),
        perfusion_rate=get("perfusion rate"),
        stratum=get("stratum", ""),
        margin=get("margin", table.margin),
        pattern=None if fibres is None else PATTERNS[fibres - 1],  # type: ignore[arg-type]
        energy=get("energy per treatment"),
        illuminations=get("illuminations"),
        treatments=get("sessions"),
        observed=Observed(
            get("observed volume"), get("observed fraction"), get("observed complete")
        ),
    )


def _number(cell: str) -> float:
    """Return the number in a cell."""
    if "," in cell:
        msg = f'"{cell}" has a comma in its number; write a point for decimals'
        raise CaseError(msg)
    try:
        number = float(cell)
    except ValueError:
        msg = f"{shown(cell)} is not a number; write it without its unit, which the header says"
        raise CaseError(msg) from None
    if number != number or number in {float("inf"), float("-inf")}:
        msg = f"{shown(cell)} is not a finite number; correct it or leave the cell empty"
        raise CaseError(msg)
    return number
