"""Recorded laser logs: when each fibre was given which power.

A log is a CSV file with the columns ``time`` [s], ``fibre`` and ``power`` [W]. A row holds until
the next row of the same fibre; the last row of every fibre says 0 W.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from ablsim.errors import CaseError
from ablsim.quantities import DURATION, POWER
from ablsim.units import write_quantity

POWER_MAX = 100.0
DELIVERY_MAX = 4.0 * 3600.0
HEADER = ("time", "fibre", "power")

_EXAMPLE = '{ deliver = { log = "laser_log.csv" } }'


class Stretch(NamedTuple):
    """A stretch of a delivery in which nothing switches and power changes linearly, if at all.

    ``start`` and ``end`` [s] count from the beginning of the delivery; ``power`` and ``power_end``
    [W] hold one number for each fibre.
    """

    start: float
    end: float
    power: tuple[float, ...]
    power_end: tuple[float, ...]


class Row(NamedTuple):
    """From ``time`` [s] on, ``fibre`` is given ``power`` [W]."""

    time: float
    fibre: str
    power: float


@dataclass(frozen=True, slots=True)
class LaserLog:
    """Fire as a log has recorded it; time counts from its first row.

    Parameters
    ----------
    rows : tuple of Row
        In the order of the file.
    """

    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        if not self.rows:
            msg = 'the log has no rows; a row is for example "0,F1,5"'
            raise CaseError(msg)
        last: dict[str, tuple[int, Row]] = {}
        for line, row in enumerate(self.rows, start=2):
            _check_row(line, row, last.get(row.fibre))
            last[row.fibre] = (line, row)
        for line, row in last.values():
            if row.power != 0.0:
                msg = (
                    f"line {line}: {row.fibre} is left on at {_watts(row.power)} by its last row; "
                    "add the row in which it was switched off, with 0 W"
                )
                raise CaseError(msg)
        if self.duration > DELIVERY_MAX:
            msg = (
                f"the log lasts {write_quantity(self.duration, 's')}; one delivery may last at "
                f"most {write_quantity(DELIVERY_MAX, 'h')}; use several logs with rests between"
            )
            raise CaseError(msg)
        if not self.duration > 0.0:
            msg = "the log has no duration; it needs a row that switches on and one that ends it"
            raise CaseError(msg)

    @property
    def duration(self) -> float:
        """Time from the first row to the last [s]."""
        times = [row.time for row in self.rows]
        return max(times) - min(times)

    @property
    def fibres(self) -> tuple[str, ...]:
        """The fibres that it names."""
        return tuple(dict.fromkeys(row.fibre for row in self.rows))

    @property
    def laser_time(self) -> float:
        """Time during which any fibre fires [s]."""
        return sum(s.end - s.start for s in self.stretches(self.fibres) if any(s.power))

    @property
    def tail(self) -> float:
        """Time at its end during which no fibre fires any more [s]."""
        lit = [s.end for s in self.stretches(self.fibres) if any(s.power)]
        return self.duration - max(lit, default=0.0)

    @property
    def table(self) -> dict[str, Any]:
        """The step with its rows, as it can stand in a case file."""
        rows = [
            [write_quantity(row.time, "s"), row.fibre, write_quantity(row.power, "W")]
            for row in self.rows
        ]
        return {"deliver": {"log": rows}}

    def stretches(self, names: Sequence[str]) -> tuple[Stretch, ...]:
        """Return the stretches of constant power, with power in the order of ``names``."""
        first = min(row.time for row in self.rows)
        switched: dict[float, list[Row]] = {}
        for row in self.rows:
            switched.setdefault(row.time - first, []).append(row)
        power = dict.fromkeys(names, 0.0)
        found: list[Stretch] = []
        for start, end in pairwise(sorted(switched)):
            power |= {row.fibre: row.power for row in switched[start]}
            now = tuple(power[name] for name in names)
            if found and found[-1].power == now:
                start = found.pop().start
            found.append(Stretch(start, end, now, now))
        return tuple(found)


def read_log(path: Path) -> LaserLog:
    """Return the log that a CSV file holds.

    Raises
    ------
    CaseError
        If it cannot be read; the message names the file and the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        msg = f"there is no laser log {path}; check the name, which counts from the case file"
        raise CaseError(msg) from None
    except UnicodeDecodeError as error:
        msg = f"the laser log {path} is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise CaseError(msg) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        msg = f"the laser log {path} cannot be read ({reason}); give the name of a CSV file"
        raise CaseError(msg) from None
    try:
        return LaserLog(tuple(_read_rows(text.rstrip())))
    except (CaseError, csv.Error) as error:
        msg = f"{path.name}: {error}"
        raise CaseError(msg) from None


def parse_log(log: object) -> LaserLog:
    """Return the log that a file name or a list of rows with units says."""
    if isinstance(log, str):
        return read_log(Path(log))
    if not isinstance(log, (list, tuple)):
        msg = f"log = {log!r} is neither a file nor rows; write for example {_EXAMPLE}"
        raise CaseError(msg)
    rows = []
    for number, row in enumerate(log, start=2):
        if not (isinstance(row, (list, tuple)) and len(row) == 3 and isinstance(row[1], str)):
            msg = f'line {number}: {row!r} is not a row; write for example ["0 s", "F1", "5 W"]'
            raise CaseError(msg)
        try:
            rows.append(Row(DURATION.read(row[0]), row[1], POWER.read(row[2])))
        except CaseError as error:
            msg = f"line {number}: {error}"
            raise CaseError(msg) from None
    return LaserLog(tuple(rows))


def include_logs(table: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Return a case's table with the rows of every laser log in place of its file's name.

    A log that cannot be read stays a name, with its folder, to be refused with the other problems.
    """
    protocol = table.get("protocol")
    steps = protocol.get("steps") if isinstance(protocol, Mapping) else None
    if not isinstance(protocol, Mapping) or not isinstance(steps, (list, tuple)):
        return table
    written = [_included(step, folder) for step in steps]
    if all(new is old for new, old in zip(written, steps, strict=True)):
        return table
    return {**table, "protocol": {**protocol, "steps": written}}


def _included(step: Any, folder: Path) -> Any:
    content = step.get("deliver") if isinstance(step, Mapping) and len(step) == 1 else None
    if not isinstance(content, Mapping) or not isinstance(content.get("log"), str):
        return step
    path = folder / content["log"]
    if set(content) != {"log"}:
        return step
    try:
        return read_log(path).table
    except CaseError:
        return {"deliver": {"log": str(path)}}


def _read_rows(text: str) -> list[Row]:
    rows = []
    lines = text.splitlines()
    header = tuple(word.strip().lower() for word in next(csv.reader(lines[:1]), []))
    if header != HEADER:
        msg = f'line 1: {", ".join(header)!r} is not the header; write "{",".join(HEADER)}"'
        raise CaseError(msg)
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in next(csv.reader([line]), [])]
        if len(cells) != len(HEADER) or not cells[1]:
            msg = f'line {number}: {line!r} is not a time, a fibre and a power, as in "0,F1,5"'
            raise CaseError(msg)
        time, power = (_number(number, cells[i], HEADER[i]) for i in (0, 2))
        rows.append(Row(time, cells[1], power))
    return rows


def _number(line: int, text: str, column: str) -> float:
    try:
        return float(text)
    except ValueError:
        unit = "s" if column == "time" else "W"
        msg = f"line {line}: {column} {text!r} is not a number; write it in {unit} without the unit"
        raise CaseError(msg) from None


def _check_row(line: int, row: Row, before: tuple[int, Row] | None) -> None:
    """Raise CaseError if a row cannot be, by itself or after the ``before`` of its fibre."""
    if not (math.isfinite(row.time) and row.time >= 0.0):
        msg = f"line {line}: the time {row.time:g} s is not allowed; give a finite one from 0 s on"
        raise CaseError(msg)
    if not 0.0 <= row.power <= POWER_MAX:
        msg = (
            f"line {line}: the power {_watts(row.power)} of {row.fibre} is outside what is "
            f"allowed, 0 W to {POWER_MAX:g} W; correct the log"
        )
        raise CaseError(msg)
    if before is not None and not row.time > before[1].time:
        msg = (
            f"line {line}: the time {row.time:g} s of {row.fibre} does not come after "
            f"{before[1].time:g} s of line {before[0]}; sort the log by time"
        )
        raise CaseError(msg)


def _watts(power: float) -> str:
    return write_quantity(power, "W") if math.isfinite(power) else f"{power:g} W"
