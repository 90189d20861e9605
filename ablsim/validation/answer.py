"""What is kept of a finished run: the numbers that published ones are compared with, in SI."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ablsim.band import Band, Interval, ZoneBand
from ablsim.result import Result
from ablsim.zone import PROCESSES, Zone, Zones


@dataclass(frozen=True, slots=True)
class Answer:
    """The numbers of one run.

    Parameters
    ----------
    zones : mapping of str to Zone
        Size of every zone.
    highest, laser_off : mapping of str to float
        Temperature of every probe: the highest, and when the laser goes off for good [K].
    charred_between : float
        Charred volume in the column of tissue that stands between parallel fibres [m^3].
    notes : tuple of str
        What the reader of these numbers should know.
    """

    zones: Mapping[str, Zone]
    highest: Mapping[str, float]
    laser_off: Mapping[str, float]
    charred_between: float
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers, texts, lists and dictionaries."""
        return asdict(self)

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "Answer":
        """Return what `to_json` wrote."""
        return cls(
            zones={name: _read_zone(zone) for name, zone in entry["zones"].items()},
            highest=dict(entry["highest"]),
            laser_off=dict(entry["laser_off"]),
            charred_between=float(entry["charred_between"]),
            notes=tuple(entry["notes"]),
        )


@dataclass(frozen=True, slots=True)
class RelativeBand:
    """The band of a case on the coarse cells of its varied runs, to be carried over to finer ones.

    Parameters
    ----------
    zones : mapping of str to Zone
        Sizes of the unvaried case on these cells.
    intervals, parameters_only : mapping of str to ZoneBand
        Intervals of these sizes with and without the error of the model itself.
    runs : int
        Runs that it took.
    spacing : float
        Edge length of their cells [m].
    """

    zones: Mapping[str, Zone]
    intervals: Mapping[str, ZoneBand]
    parameters_only: Mapping[str, ZoneBand]
    runs: int
    spacing: float

    @classmethod
    def of(cls, band: Band, zones: Zones) -> "RelativeBand":
        """Return what is kept of the band of a case whose zones are ``zones``."""
        return cls(
            zones={name: zones[name] for name in PROCESSES},
            intervals=dict(band.intervals.zones),
            parameters_only=dict(band.parameters_only.zones),
            runs=band.runs,
            spacing=band.spacing,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers, texts, lists and dictionaries."""
        return asdict(self)

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "RelativeBand":
        """Return what `to_json` wrote."""
        return cls(
            zones={name: _read_zone(zone) for name, zone in entry["zones"].items()},
            intervals={name: _read_band(band) for name, band in entry["intervals"].items()},
            parameters_only={
                name: _read_band(band) for name, band in entry["parameters_only"].items()
            },
            runs=int(entry["runs"]),
            spacing=float(entry["spacing"]),
        )


def make_answer(result: Result, zones: Zones) -> Answer:
    """Return what is kept of a result and of the zones measured on it."""
    off = result.case.protocol.laser_time
    return Answer(
        zones={name: zones[name] for name in PROCESSES},
        highest={probe.name: probe.peak for probe in result.probes},
        laser_off={
            probe.name: float(np.interp(off, probe.times, probe.temperatures))
            for probe in result.probes
        },
        charred_between=_charred_between(result),
        notes=zones.notes,
    )


def _charred_between(result: Result) -> float:
    """Return the charred volume inside the box that the axes of fibres along z span [m^3]."""
    tips = np.array([fibre.tip[:2] for fibre in result.case.fibres_all])
    low, high = tips.min(axis=0), tips.max(axis=0)
    x, y, _ = result.grid.axes()
    inside_x = (x > low[0]) & (x < high[0])
    inside_y = (y > low[1]) & (y < high[1])
    char = result.fields.char[:, inside_y][:, :, inside_x]
    return float(char.sum(dtype=np.float64)) * result.grid.cell_volume


def _read_zone(entry: Mapping[str, Any]) -> Zone:
    return Zone(**{**entry, "axes": tuple(entry["axes"])})


def _read_band(entry: Mapping[str, Any]) -> ZoneBand:
    def interval(values: Any) -> Interval:
        low, middle, high = (float(value) for value in values)
        return low, middle, high

    first, second, third = (interval(axis) for axis in entry["axes"])
    return ZoneBand(
        volume=interval(entry["volume"]),
        axes=(first, second, third),
        along=interval(entry["along"]),
        across=interval(entry["across"]),
    )
