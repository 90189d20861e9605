"""Reading a stored result, after checking that it is whole."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ablsim.errors import ResultError
from ablsim.grid import Grid
from ablsim.result import Fields, Ledger, Record, Result, Snapshot, Statistics, TipRecord
from ablsim.storage.exposure import read_organs, read_probes
from ablsim.storage.layout import (
    FAULTS,
    FORMAT,
    FORMAT_VERSION,
    LEDGER_ITEMS,
    STORED_FIELDS,
    describe_fault,
    read_case,
)
from ablsim.storage.sealing import read_seal
from ablsim.units import to_celsius

_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def load(path: str | Path) -> Result:
    """Read a stored result, after checking that not one byte has changed.

    Parameters
    ----------
    path : str or Path
        A ``.vtkhdf`` file that `save` or ``ablsim run`` wrote.

    Returns
    -------
    Result
        Equal to what was stored: case, final fields, books, history, notes, provenance.

    Raises
    ------
    ResultError
        If the file is missing, cut off, damaged, unfinished or not a result of ablsim.
    """
    with open_result(path) as file:
        ours, vtk = file["ablsim"], file["VTKHDF"]
        case = read_case(ours["case"].asstr()[()])
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
            tips=_read_tips(ours),
            probes=read_probes(ours),
            organs=read_organs(ours),
        )


def load_summary(path: str | Path) -> dict[str, Any]:
    """Return the summary stored with a result; empty if it was stored without one."""
    with open_result(path) as file:
        summary: dict[str, Any] = json.loads(file["ablsim/summary"].asstr()[()])
        return summary


def snapshots(path: str | Path) -> Iterator[Snapshot]:
    """Yield the stored states one after the other, first to last.

    The rise of all but the last comes from float32 degrees Celsius: right to 1e-5 K or so.
    """
    with open_result(path) as file:
        books = _read_ledgers(file["ablsim/steps"])
        for step, time in enumerate(file["VTKHDF/Steps/Values"][()]):
            yield Snapshot(float(time), _read_fields(file, step), books[step])


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
    except FAULTS:
        return f"{path} is cut off or damaged: its end is missing; copy it or run the case again"
    return (
        f"{path} is unfinished (its run did not come to the end) or was changed by another "
        f"program: its checksum is missing"
    )


@contextmanager
def open_result(path: str | Path) -> Iterator[h5py.File]:
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
    except FAULTS as error:
        msg = f"{path} cannot be read as a result of ablsim: {describe_fault(error)}"
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
    values = {item.field: _read_cells(file, name, step) for name, item in STORED_FIELDS.items()}
    base = np.float32(to_celsius(float(file["ablsim"].attrs["base_temperature_kelvin"])))
    is_last = step == int(file["VTKHDF/Steps"].attrs["NSteps"]) - 1
    values["rise"] = file["ablsim/rise"][0] if is_last else values["rise"] - base
    return Fields(**values)


def _read_ledgers(group: h5py.Group) -> list[Ledger]:
    columns = {name: group[name][()].tolist() for name in LEDGER_ITEMS if name in group}
    rows = zip(*columns.values(), strict=True)
    return [Ledger(**dict(zip(columns, row, strict=True))) for row in rows]


def _read_tips(ours: h5py.Group) -> tuple[TipRecord, ...]:
    """Return the estimates of the tips; files from before there were any have none."""
    if "tips" not in ours:
        return ()
    tips = ours["tips"]
    columns = (tips["fibre"].asstr(), tips["peak_kelvin"], tips["at_cap"], tips["charred"])
    return tuple(
        TipRecord(str(fibre), float(peak), bool(at_cap), bool(charred))
        for fibre, peak, at_cap, charred in zip(*(column[()] for column in columns), strict=True)
    )


def _known(record: type[Ledger] | type[Statistics], group: h5py.Group) -> dict[str, Any]:
    """Return the stored numbers that this version's record has a place for.

    What an earlier version did not store keeps its default.
    """
    names = [item.name for item in fields(record) if item.name in group.attrs]
    return {name: group.attrs[name].item() for name in names}
