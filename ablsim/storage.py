"""Results on disk: one ``.vtkhdf`` file that ParaView opens and that says how it came about.

``FORMAT.md`` lists every item. A file with its final name is always complete: it is written as
``<name>.part``, brought to the disk, and only then renamed.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

from ablsim.case import Case
from ablsim.errors import CaseError, ResultError, UnfinishedError
from ablsim.grid import Grid
from ablsim.result import Fields, Ledger, Record, Result, Snapshot, Statistics
from ablsim.sealing import Sink, read_seal, seal
from ablsim.units import to_celsius, to_mm

FORMAT = "ablsim-result"
FORMAT_VERSION = (1, 0)
SUFFIXES = (".vtkhdf", ".hdf")
DISCLAIMER = "Research software. Not for clinical decisions."

_BROKEN = (OSError, KeyError, ValueError, TypeError, RuntimeError, IndexError, AttributeError)
_LEDGER = tuple(item.name for item in fields(Ledger))
_TEXT = h5py.string_dtype()
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


class _Stored(NamedTuple):
    field: str
    unit: str
    long_name: str
    fill: float


_FIELDS = {
    "temperature": _Stored("rise", "degC", "temperature", 0.0),
    "damage_stasis": _Stored("stasis", "1", "damage integral of vascular stasis", 0.0),
    "damage_whitening": _Stored("whitening", "1", "damage integral of whitening", 0.0),
    "damage_death": _Stored("death", "1", "damage integral of cell death", 0.0),
    "water_fraction": _Stored("water", "1", "share of the initial water still there", 1.0),
    "char_fraction": _Stored("char", "1", "share of the cell that is charred", 0.0),
}


class Recorder:
    """Writes a result while it is being computed; use it as a context manager.

    Snapshots go to ``<path>.part``; :meth:`finish` gives the file its final name. Leaving the
    context without :meth:`finish` removes what was written.

    Parameters
    ----------
    path : str or Path
        Final name, ending in ``.vtkhdf`` (or ``.hdf``).
    case : Case
        What is being simulated.
    grid : Grid
        Where the cells are.
    labels : ndarray of uint8, shape (nz, ny, nx)
        Index of each cell's tissue in ``materials``.
    materials : tuple of str
        Library names of the tissues.
    base_temperature : float
        Temperature that the rise of the snapshots counts from [K].
    """

    def __init__(
        self,
        path: str | Path,
        case: Case,
        grid: Grid,
        labels: NDArray[np.uint8],
        materials: tuple[str, ...],
        base_temperature: float,
    ) -> None:
        self.path = Path(path)
        self.part = self.path.with_name(self.path.name + ".part")
        self._case = case
        self._grid = grid
        self._labels = labels
        self._materials = materials
        self._base = base_temperature
        self._sink: Sink | None = None
        self._file: h5py.File | None = None
        self._time = -1.0

    def __enter__(self) -> "Recorder":
        if self.path.suffix not in SUFFIXES:
            msg = (
                f"{self.path.name}: a result must be named *.vtkhdf, because ParaView and pyvista "
                f"choose their reader by the name"
            )
            raise ResultError(msg)
        if not self.path.parent.is_dir():
            msg = f"cannot write {self.path}: the folder {self.path.parent} does not exist"
            raise ResultError(msg)
        try:
            self._sink = Sink(self.part)
        except BlockingIOError as error:
            msg = f"{self.part} is being written by another run; name another result"
            raise ResultError(msg) from error
        except OSError as error:
            msg = f"cannot write {self.part}: {_reason(error)}"
            raise ResultError(msg) from error
        with self._removing():
            self._file = h5py.File(self._sink, "w")
            self._write_frame(self._file)
            self._bring_out(self._file)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._sink is not None:
            self._discard()

    def snapshot(self, snapshot: Snapshot) -> None:
        """Append one snapshot; times must increase.

        VTK needs at least two steps, so the state at the start is written first if it is missing.
        """
        file = self._open_file()
        if snapshot.time <= self._time:
            msg = f"snapshot at {snapshot.time:g} s comes after one at {self._time:g} s"
            raise ValueError(msg)
        with self._removing():
            if self._time < 0.0 < snapshot.time:
                self._append(file, self._start())
            self._append(file, snapshot)
            self._bring_out(file)
        self._time = snapshot.time

    def finish(self, result: Result, summary: dict[str, Any] | None = None) -> Path:
        """Write books, notes and summary, check in the file under its final name, return that."""
        file = self._open_file()
        end = result.history[-1].time if result.history else result.case.protocol.duration
        if end > self._time:
            self.snapshot(Snapshot(end, result.fields, result.ledger))
        elif int(file["VTKHDF/Steps"].attrs["NSteps"]) < 2:
            msg = "a result needs a protocol that lasts longer than 0 s"
            raise ResultError(msg)
        with self._removing():
            _write_record(file, result, summary)
            self._bring_out(file)
            file.close()
            seal(self.part, self.path)
        self._close()
        return self.path

    def _open_file(self) -> h5py.File:
        if self._file is None:
            msg = "a Recorder writes inside its 'with' block, until finish() was called"
            raise RuntimeError(msg)
        return self._file

    def _start(self) -> Snapshot:
        """Return the state at time 0, before anything was delivered."""
        shape = self._grid.shape
        start = np.float32(self._case.tissue.start_temperature - self._base)
        zero = np.zeros(shape, np.float32)
        whole = np.ones(shape, np.float32)
        state = Fields(np.full(shape, start, np.float32), zero, zero, zero, whole, zero)
        return Snapshot(0.0, state, Ledger())

    def _write_frame(self, file: h5py.File) -> None:
        """Write all that is known before the first step: geometry, tissues, the case."""
        nz, ny, nx = self._grid.shape
        vtk = file.create_group("VTKHDF")
        vtk.attrs["Version"] = np.array([2, 3], np.int64)
        vtk.attrs.create("Type", b"ImageData", dtype="S9")  # VTK wants fixed-length ASCII
        vtk.attrs["WholeExtent"] = np.array([0, nx, 0, ny, 0, nz], np.int64)
        vtk.attrs["Origin"] = np.array([to_mm(x) for x in self._grid.origin], np.float64)
        vtk.attrs["Spacing"] = np.full(3, to_mm(self._grid.spacing), np.float64)
        vtk.attrs["Direction"] = np.eye(3).ravel()
        steps = vtk.create_group("Steps")
        steps.attrs["NSteps"] = np.int64(0)
        _create_series(steps, "Values", np.float64, unit="s")
        cells, offsets = vtk.create_group("CellData"), steps.create_group("CellDataOffsets")
        ours = file.create_group("ablsim")
        ours.attrs.update(format=FORMAT, format_version=FORMAT_VERSION, disclaimer=DISCLAIMER)
        ours.attrs.update(
            base_temperature_kelvin=self._base,
            spacing_metre=self._grid.spacing,
            origin_metre=self._grid.origin,
        )
        books = ours.create_group("steps")
        for name in _LEDGER:
            _create_series(books, name, np.float64, unit="J")
        for name, item in _FIELDS.items():
            fill = to_celsius(self._base) if name == "temperature" else item.fill
            data = _create_cells(cells, name, np.float32, self._grid.shape, np.float32(fill))
            data.attrs.update(units=item.unit, long_name=item.long_name, axes="t,z,y,x")
            _create_series(offsets, name, np.int64)
        tissue = _create_cells(cells, "tissue", np.uint8, self._grid.shape, np.uint8(0))
        tissue.attrs.update(units="1", long_name="index in /ablsim/materials", axes="t,z,y,x")
        _append_cells(tissue, self._labels)
        _create_series(offsets, "tissue", np.int64)  # stored once: every offset is 0
        ours.create_dataset("materials", data=list(self._materials), dtype=_TEXT)
        ours.create_dataset("case", data=self._case.text, dtype=_TEXT)
        ours["case"].attrs["sha256"] = self._case.sha256
        resolved = json.dumps(self._case.resolved(), indent=1)
        ours.create_dataset("case_resolved", data=resolved, dtype=_TEXT)

    def _append(self, file: h5py.File, snapshot: Snapshot) -> None:
        vtk, ours = file["VTKHDF"], file["ablsim"]
        step = int(vtk["Steps"].attrs["NSteps"])
        for name, item in _FIELDS.items():
            values = getattr(snapshot.fields, item.field)
            if name == "temperature":
                values = values + np.float32(to_celsius(self._base))
            _append_cells(vtk["CellData"][name], values)
            _append_value(vtk["Steps/CellDataOffsets"][name], step)
        _append_value(vtk["Steps/CellDataOffsets/tissue"], 0)
        for name in _LEDGER:
            _append_value(ours["steps"][name], getattr(snapshot.ledger, name))
        _append_value(vtk["Steps/Values"], snapshot.time)
        vtk["Steps"].attrs["NSteps"] = np.int64(
            step + 1
        )  # last: a killed writer leaves whole steps

    @contextmanager
    def _removing(self) -> Iterator[None]:
        """Turn a failing write into one sentence and leave nothing half-written behind."""
        try:
            yield
        except (OSError, RuntimeError) as error:
            cause = self._sink.fault or error if self._sink is not None else error
            self._discard()
            msg = (
                f"writing {self.part} failed ({_reason(cause)}); nothing is kept. "
                f"Free space there or write the result somewhere else, then run again"
            )
            raise UnfinishedError(msg) from cause

    def _bring_out(self, file: h5py.File) -> None:
        """Hand everything to the operating system; raise what it objected to, if anything."""
        file.flush()
        if self._sink is not None and self._sink.fault is not None:
            raise self._sink.fault

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError, RuntimeError, ValueError):
                self._file.close()
        if self._sink is not None:
            self._sink.close()
        self._file = self._sink = None

    def _discard(self) -> None:
        self._close()
        with suppress(OSError):
            self.part.unlink(missing_ok=True)


def save(
    result: Result,
    path: str | Path,
    *,
    snapshots: Iterable[Snapshot] = (),
    summary: dict[str, Any] | None = None,
) -> Path:
    """Store a finished result, with the snapshots on its way if they are given.

    Parameters
    ----------
    result : Result
        What :func:`load` will give back.
    path : str or Path
        Name of the file, ending in ``.vtkhdf``; an existing file is replaced at the very end.
    snapshots : iterable of Snapshot
        States at increasing times; start and end are added where they are missing.
    summary : dict, optional
        What :func:`load_summary` will give back.
    """
    with Recorder(
        path, result.case, result.grid, result.labels, result.materials, result.base_temperature
    ) as recorder:
        for snapshot in snapshots:
            recorder.snapshot(snapshot)
        return recorder.finish(result, summary)


def load(path: str | Path) -> Result:
    """Read a stored result, after checking that not one byte has changed.

    Raises
    ------
    ResultError
        If the file is missing, cut off, damaged, unfinished or not a result of ablsim.
    """
    with _reading(path) as file:
        ours, vtk = file["ablsim"], file["VTKHDF"]
        case = _read_case(ours["case"].asstr()[()])
        _, nx, _, ny, _, nz = (int(n) for n in vtk.attrs["WholeExtent"])
        x, y, z = (float(o) for o in ours.attrs["origin_metre"])
        grid = Grid((nz, ny, nx), float(ours.attrs["spacing_metre"]), (x, y, z))
        history = ours["history"]
        books = _read_ledgers(history)
        return Result(
            case=case,
            grid=grid,
            labels=_read_cells(file, "tissue", 0),
            materials=tuple(ours["materials"].asstr()[()]),
            base_temperature=float(ours.attrs["base_temperature_kelvin"]),
            fields=_read_fields(file, int(vtk["Steps"].attrs["NSteps"]) - 1),
            ledger=Ledger(**_known(Ledger, ours["ledger"])),
            history=tuple(
                Record(float(time), float(power), book, int(cells))
                for time, power, book, cells in zip(
                    history["time"][()],
                    history["power"][()],
                    books,
                    history["active_cells"][()],
                    strict=True,
                )
            ),
            statistics=Statistics(**_known(Statistics, ours["statistics"])),
            notes=tuple(ours["notes"].asstr()[()]),
            provenance={key: str(text) for key, text in ours["provenance"].attrs.items()},
        )


def load_summary(path: str | Path) -> dict[str, Any]:
    """Return the summary stored with a result; empty if it was stored without one."""
    with _reading(path) as file:
        summary: dict[str, Any] = json.loads(file["ablsim/summary"].asstr()[()])
        return summary


def snapshots(path: str | Path) -> Iterator[Snapshot]:
    """Yield the stored states one after the other, first to last.

    The rise of all but the last comes from float32 degrees Celsius: right to 1e-5 K or so.
    """
    with _reading(path) as file:
        books = _read_ledgers(file["ablsim/steps"])
        for step, time in enumerate(file["VTKHDF/Steps/Values"][()]):
            yield Snapshot(float(time), _read_fields(file, step), books[step])


def _write_record(file: h5py.File, result: Result, summary: dict[str, Any] | None) -> None:
    """Write what is known at the end: exact rise, books, history, notes, where it came from."""
    ours = file["ablsim"]
    rise = _create_cells(ours, "rise", np.float32, result.grid.shape, np.float32(0.0))
    rise.attrs.update(units="K", long_name="temperature above the base at the end", axes="t,z,y,x")
    _append_cells(rise, result.fields.rise)
    ours.create_group("ledger").attrs.update(asdict(result.ledger))
    ours.create_group("statistics").attrs.update(asdict(result.statistics))
    ours.create_group("provenance").attrs.update(result.provenance)
    ours.create_dataset("notes", data=list(result.notes), shape=(len(result.notes),), dtype=_TEXT)
    ours.create_dataset("summary", data=json.dumps(summary or {}, indent=1), dtype=_TEXT)
    history = ours.create_group("history")
    history["time"] = np.array([entry.time for entry in result.history], np.float64)
    history["power"] = np.array([entry.power for entry in result.history], np.float64)
    history["active_cells"] = np.array([entry.active_cells for entry in result.history], np.int64)
    for name in _LEDGER:
        values = [getattr(entry.ledger, name) for entry in result.history]
        history[name] = np.array(values, np.float64)


def _create_series(group: h5py.Group, name: str, dtype: Any, *, unit: str = "1") -> None:
    data = group.create_dataset(
        name, shape=(0,), maxshape=(None,), chunks=(64,), dtype=dtype, fletcher32=True
    )
    data.attrs["units"] = unit


def _create_cells(
    group: h5py.Group, name: str, dtype: Any, shape: tuple[int, int, int], fill: np.generic
) -> h5py.Dataset:
    """Create an array ``(t, z, y, x)``; chunks that hold only ``fill`` take no space."""
    nz, ny, nx = shape
    return group.create_dataset(
        name,
        shape=(0, nz, ny, nx),
        maxshape=(None, nz, ny, nx),
        chunks=(1, min(nz, 32), ny, nx),
        dtype=dtype,
        fillvalue=fill,
        compression="gzip",
        compression_opts=1,
        shuffle=True,
        fletcher32=True,
    )


def _append_cells(data: h5py.Dataset, values: NDArray[np.generic]) -> None:
    step = data.shape[0]
    data.resize(step + 1, axis=0)
    thickness = data.chunks[1]
    for low in range(0, data.shape[1], thickness):
        slab = values[low : low + thickness]
        if not np.all(slab == data.fillvalue):
            data[step, low : low + thickness] = slab


def _append_value(data: h5py.Dataset, value: float) -> None:
    data.resize(data.shape[0] + 1, axis=0)
    data[-1] = value


def _check_seal(path: Path) -> None:
    """Raise unless the file is what ablsim wrote, before HDF5 interprets a single byte of it."""
    with path.open("rb") as stream:
        if stream.read(len(_SIGNATURE)) != _SIGNATURE:
            msg = f"{path} is not a result of ablsim: it is no HDF5 file"
            raise ResultError(msg)
    is_sealed, is_intact = read_seal(path)
    if not is_intact:
        raise ResultError(_say_what_is_wrong(path, is_sealed=is_sealed))


def _say_what_is_wrong(path: Path, *, is_sealed: bool) -> str:
    if is_sealed:
        return f"{path} is damaged: its content does not match its checksum; run the case again"
    try:
        with h5py.File(path, "r", locking=False) as file:
            if "ablsim" not in file:
                return f"{path} is an HDF5 file, but not a result of ablsim"
    except _BROKEN:
        return f"{path} is cut off or damaged: its end is missing; copy it or run the case again"
    return (
        f"{path} is unfinished (its run did not come to the end) or was changed by another "
        f"program: its checksum is missing"
    )


@contextmanager
def _reading(path: str | Path) -> Iterator[h5py.File]:
    """Open a result after checking its seal and format; any fault becomes one sentence."""
    path = Path(path)
    if not path.is_file():
        msg = f"{path}: there is no such result"
        raise ResultError(msg)
    try:
        _check_seal(path)
        with h5py.File(path, "r") as file:
            _check_format(file, path)
            yield file
    except ResultError:
        raise
    except _BROKEN as error:
        msg = f"{path} cannot be read as a result of ablsim: {_reason(error)}"
        raise ResultError(msg) from error


def _check_format(file: h5py.File, path: Path) -> None:
    if "ablsim" not in file or file["ablsim"].attrs.get("format") != FORMAT:
        msg = f"{path} is an HDF5 file, but not a result of ablsim"
        raise ResultError(msg)
    major, minor = (int(part) for part in file["ablsim"].attrs["format_version"])
    if major != FORMAT_VERSION[0]:
        msg = (
            f"{path} has result format {major}.{minor}; this ablsim reads "
            f"{FORMAT_VERSION[0]}.x. Use the version of ablsim that wrote it"
        )
        raise ResultError(msg)


def _read_cells(file: h5py.File, name: str, step: int) -> NDArray[Any]:
    values: NDArray[Any] = file["VTKHDF/CellData"][name][step]
    return values


def _read_fields(file: h5py.File, step: int) -> Fields:
    values = {item.field: _read_cells(file, name, step) for name, item in _FIELDS.items()}
    base = np.float32(to_celsius(float(file["ablsim"].attrs["base_temperature_kelvin"])))
    is_last = step == int(file["VTKHDF/Steps"].attrs["NSteps"]) - 1
    values["rise"] = file["ablsim/rise"][0] if is_last else values["rise"] - base
    return Fields(**values)


def _read_ledgers(group: h5py.Group) -> list[Ledger]:
    columns = [group[name][()].tolist() for name in _LEDGER]
    return [Ledger(*row) for row in zip(*columns, strict=True)]


def _known(record: type[Ledger] | type[Statistics], group: h5py.Group) -> dict[str, Any]:
    """Return the stored numbers that this version's record has a place for."""
    return {item.name: group.attrs[item.name].item() for item in fields(record)}


def _read_case(text: str) -> Case:
    try:
        return Case.from_text(text, source="the stored case", stored=True)
    except CaseError as error:
        msg = f"the stored case cannot be read by this version of ablsim: {error}"
        raise ResultError(msg) from error


def _reason(error: BaseException) -> str:
    """Return the system's own words where HDF5 wraps them in many."""
    number = getattr(error, "errno", None)
    if number:
        return os.strerror(number)
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
