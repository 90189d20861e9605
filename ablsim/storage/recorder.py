"""Writing a result, as it is computed or all at once."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from ablsim.case import Case
from ablsim.checkpoint import Checkpoint
from ablsim.errors import ResultError, UnfinishedError
from ablsim.grid import Grid
from ablsim.result import Fields, Ledger, Result, Snapshot
from ablsim.storage.checkpoints import (
    checkpoint_path,
    remove_checkpoint,
    restore_result,
    write_checkpoint,
)
from ablsim.storage.exposure import write_exposure
from ablsim.storage.layout import (
    DISCLAIMER,
    FORMAT,
    FORMAT_VERSION,
    LEDGER_ITEMS,
    STORED_FIELDS,
    SUFFIXES,
    TEXT,
    append_cells,
    append_value,
    create_cells,
    create_series,
    describe_fault,
)
from ablsim.storage.sealing import Sink, seal
from ablsim.units import to_celsius, to_mm


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
    resume : bool
        Whether to go on from the checkpoint of ``path`` (`checkpoint`).
    """

    def __init__(
        self,
        path: str | Path,
        case: Case,
        grid: Grid,
        labels: NDArray[np.uint8],
        materials: tuple[str, ...],
        base_temperature: float,
        *,
        resume: bool = False,
    ) -> None:
        self._resume = resume
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
            msg = f"cannot write {self.part}: {describe_fault(error)}"
            raise ResultError(msg) from error
        with self._removing():
            if self._resume:
                restore_result(self.path, self._sink)
                self._file = h5py.File(self._sink, "r+")
                self._time = float(self._file["VTKHDF/Steps/Values"][-1])
            else:
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

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint beside the result, in place of the one before it.

        A recorder made with ``resume=True`` goes on from there; `finish` removes it.
        """
        file = self._open_file()
        with self._removing():
            self._bring_out(file)
            write_checkpoint(checkpoint, self.path, cast(Sink, self._sink))

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
        remove_checkpoint(self.path)
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
        create_series(steps, "Values", np.float64, unit="s")
        cells, offsets = vtk.create_group("CellData"), steps.create_group("CellDataOffsets")
        ours = file.create_group("ablsim")
        ours.attrs.update(format=FORMAT, format_version=FORMAT_VERSION, disclaimer=DISCLAIMER)
        ours.attrs.update(
            base_temperature_kelvin=self._base,
            spacing_metre=self._grid.spacing,
            origin_metre=self._grid.origin,
        )
        books = ours.create_group("steps")
        for name in LEDGER_ITEMS:
            create_series(books, name, np.float64, unit="J")
        for name, item in STORED_FIELDS.items():
            fill = to_celsius(self._base) if name == "temperature" else item.fill
            data = create_cells(cells, name, np.float32, self._grid.shape, np.float32(fill))
            data.attrs.update(units=item.unit, long_name=item.long_name, axes="t,z,y,x")
            create_series(offsets, name, np.int64)
        tissue = create_cells(cells, "tissue", np.uint8, self._grid.shape, np.uint8(0))
        tissue.attrs.update(units="1", long_name="index in /ablsim/materials", axes="t,z,y,x")
        append_cells(tissue, self._labels)
        create_series(offsets, "tissue", np.int64)  # stored once: every offset is 0
        ours.create_dataset("materials", data=list(self._materials), dtype=TEXT)
        ours.create_dataset("case", data=self._case.text, dtype=TEXT)
        ours["case"].attrs["sha256"] = self._case.sha256
        resolved = json.dumps(self._case.resolved(), indent=1)
        ours.create_dataset("case_resolved", data=resolved, dtype=TEXT)

    def _append(self, file: h5py.File, snapshot: Snapshot) -> None:
        vtk, ours = file["VTKHDF"], file["ablsim"]
        step = int(vtk["Steps"].attrs["NSteps"])
        for name, item in STORED_FIELDS.items():
            values = getattr(snapshot.fields, item.field)
            if name == "temperature":
                values = values + np.float32(to_celsius(self._base))
            append_cells(vtk["CellData"][name], values)
            append_value(vtk["Steps/CellDataOffsets"][name], step)
        append_value(vtk["Steps/CellDataOffsets/tissue"], 0)
        for name in LEDGER_ITEMS:
            append_value(ours["steps"][name], getattr(snapshot.ledger, name))
        append_value(vtk["Steps/Values"], snapshot.time)
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
                f"writing {self.path} failed ({describe_fault(cause)}); {self._say_what_is_kept()}"
            )
            raise UnfinishedError(msg) from cause

    def _bring_out(self, file: h5py.File) -> None:
        """Hand everything to the operating system; raise what it objected to, if anything."""
        file.flush()
        if self._sink is not None and self._sink.fault is not None:
            raise self._sink.fault

    def _say_what_is_kept(self) -> str:
        kept = checkpoint_path(self.path)
        if kept.exists():
            return f"kept is {kept}. Free space there, then run again with --resume"
        return (
            "nothing is kept. Free space there or write the result somewhere else, then run again"
        )

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
        What :func:`load_summary` will give back; see `ablsim.summarise`.

    Returns
    -------
    Path
        Where the result is.

    Raises
    ------
    ResultError
        If it cannot be written; the message says why, and no half file is left.

    Examples
    --------
    >>> zones = ablsim.measure_zones(result)  # doctest: +SKIP
    >>> summary = ablsim.summarise(result, zones)  # doctest: +SKIP
    >>> ablsim.save(result, "patient.vtkhdf", summary=summary)  # doctest: +SKIP
    """
    with Recorder(
        path, result.case, result.grid, result.labels, result.materials, result.base_temperature
    ) as recorder:
        for snapshot in snapshots:
            recorder.snapshot(snapshot)
        return recorder.finish(result, summary)


def _write_record(file: h5py.File, result: Result, summary: dict[str, Any] | None) -> None:
    """Write what is known at the end: exact rise, books, history, tips, notes, provenance."""
    ours = file["ablsim"]
    rise = create_cells(ours, "rise", np.float32, result.grid.shape, np.float32(0.0))
    rise.attrs.update(units="K", long_name="temperature above the base at the end", axes="t,z,y,x")
    append_cells(rise, result.fields.rise)
    ours.create_group("ledger").attrs.update(asdict(result.ledger))
    known = {name: value for name, value in asdict(result.statistics).items() if value is not None}
    ours.create_group("statistics").attrs.update(known)
    ours.create_group("provenance").attrs.update(result.provenance)
    ours.create_dataset("notes", data=list(result.notes), shape=(len(result.notes),), dtype=TEXT)
    ours.create_dataset("summary", data=json.dumps(summary or {}, indent=1), dtype=TEXT)
    tips = ours.create_group("tips")
    tips.create_dataset(
        "fibre", data=[tip.fibre for tip in result.tips], shape=(len(result.tips),), dtype=TEXT
    )
    tips["peak_kelvin"] = np.array([tip.peak for tip in result.tips], np.float64)
    for name in ("at_cap", "charred"):
        tips[name] = np.array([getattr(tip, name) for tip in result.tips], np.uint8)
    write_exposure(ours, result)
    history = ours.create_group("history")
    history["time"] = np.array([entry.time for entry in result.history], np.float64)
    history["power"] = np.array([entry.power for entry in result.history], np.float64)
    history["active_cells"] = np.array([entry.active_cells for entry in result.history], np.int64)
    for name in LEDGER_ITEMS:
        values = [getattr(entry.ledger, name) for entry in result.history]
        history[name] = np.array(values, np.float64)
