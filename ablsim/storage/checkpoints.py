"""Checkpoints on disk: a file beside the result from which an unfinished run goes on.

A checkpoint holds the state of the run and, byte by byte, the result as far as it was written. It
is written under a temporary name, sealed like a result, and then takes the place of the one before
in a single move: whatever happens, there is one whole checkpoint or none.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ablsim import __version__
from ablsim.checkpoint import Checkpoint
from ablsim.errors import ResultError
from ablsim.storage.layout import FAULTS, TEXT, describe_fault, read_case
from ablsim.storage.sealing import Sink, read_seal, seal

FORMAT = "ablsim-checkpoint"
PIECE = 1 << 24
"""How many bytes of the result are copied at a time."""
_COMPRESS_FROM = 1 << 16


def checkpoint_path(result: str | Path) -> Path:
    """Return where the checkpoint of a result lies."""
    return Path(f"{result}.checkpoint")


def write_checkpoint(checkpoint: Checkpoint, result: Path, unfinished: Sink) -> None:
    """Write a checkpoint for ``result``, whose content so far is in the file ``unfinished``.

    Raises
    ------
    OSError
        If it could not be written; the checkpoint before it is still there.
    """
    final = checkpoint_path(result)
    part = final.with_name(final.name + ".part")
    sink = Sink(part)
    try:
        with h5py.File(sink, "w") as file:
            file.attrs.update(format=FORMAT, ablsim=__version__, code=fingerprint())
            file.attrs.update(time=checkpoint.time, leg=checkpoint.leg, chunk=checkpoint.chunk)
            file.create_dataset("case", data=checkpoint.case.text, dtype=TEXT)
            for name, state in checkpoint.parts.items():
                _write_state(file.create_group(f"parts/{name}"), state)
            _copy_in(unfinished, file)
        if sink.fault is not None:
            raise sink.fault
        sink.close()
        seal(part, final)
    except BaseException:
        sink.close()
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


@cache
def fingerprint(without: tuple[str, ...] = ()) -> str:
    """Return a hash of the code that decides how a run goes on: ablsim's own, and the compiler.

    ``without`` names files and folders of ablsim that do not count.
    """
    folder = Path(__file__).parents[1]
    total = hashlib.sha256(f"numba {version('numba')} numpy {version('numpy')}".encode())
    for path in sorted([*folder.rglob("*.py"), *(folder / "kernels").glob("*.py")]):
        if path.relative_to(folder).parts[0] not in without:
            total.update(path.read_bytes())
    return total.hexdigest()


def load_checkpoint(result: str | Path) -> Checkpoint | None:
    """Return the checkpoint of a result, None if there is none.

    Raises
    ------
    ResultError
        If it is damaged, or was written by another version of ablsim.
    """
    path = checkpoint_path(result)
    if not path.exists():
        return None
    remedy = "remove it and start from the beginning"
    try:
        if not read_seal(path)[1]:
            msg = f"{path} is cut off or damaged: its checksum does not fit; {remedy}"
            raise ResultError(msg)
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != FORMAT:
                msg = f"{path} is not a checkpoint of ablsim; {remedy}"
                raise ResultError(msg)
            if file.attrs["ablsim"] != __version__ or file.attrs["code"] != fingerprint():
                msg = (
                    f"{path} was written by ablsim {file.attrs['ablsim']} with other code than "
                    f"this {__version__}, which would go on differently; finish the run with that "
                    f"one, or {remedy}"
                )
                raise ResultError(msg)
            return Checkpoint(
                case=read_case(file["case"].asstr()[()]),
                time=float(file.attrs["time"]),
                leg=int(file.attrs["leg"]),
                chunk=int(file.attrs["chunk"]),
                parts={name: _read_state(group) for name, group in file["parts"].items()},
            )
    except ResultError:
        raise
    except FAULTS as error:
        msg = f"{path} cannot be read as a checkpoint: {describe_fault(error)}; {remedy}"
        raise ResultError(msg) from error


def restore_result(result: Path, sink: Sink) -> None:
    """Write the result as it was at the checkpoint into ``sink``, an empty file."""
    with h5py.File(checkpoint_path(result), "r") as file:
        content = file["result"]
        for start in range(0, content.size, PIECE):
            sink.write(content[start : start + PIECE])


def remove_checkpoint(result: str | Path) -> None:
    """Remove the checkpoint of a result, if there is one, and what an interrupted write left."""
    path = checkpoint_path(result)
    for name in (path, path.with_name(path.name + ".part")):
        with suppress(OSError):
            name.unlink(missing_ok=True)


def _copy_in(source: Sink, file: h5py.File) -> None:
    """Copy all bytes of ``source`` into the data set ``result``; its position does not move."""
    size = os.fstat(source.fileno()).st_size
    content = file.create_dataset("result", shape=(size,), dtype=np.uint8)
    position = source.tell()
    source.seek(0)
    for start in range(0, size, PIECE):
        piece = source.read(min(PIECE, size - start))
        content[start : start + len(piece)] = np.frombuffer(piece, np.uint8)
    source.seek(position)


def _write_state(group: h5py.Group, state: Mapping[str, Any]) -> None:
    """Write arrays as data sets, everything else as one text in which every digit is kept."""
    plain = {name: value for name, value in state.items() if not isinstance(value, np.ndarray)}
    group.attrs["plain"] = json.dumps(plain)
    for name, value in state.items():
        if isinstance(value, np.ndarray):
            large = value.nbytes >= _COMPRESS_FROM
            layout = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
            group.create_dataset(name, data=value, **(layout if large else {}))


def _read_state(group: h5py.Group) -> dict[str, Any]:
    state = {name: _tuples(value) for name, value in json.loads(group.attrs["plain"]).items()}
    return state | {name: data[()] for name, data in group.items()}


def _tuples(value: Any) -> Any:
    """Return lists as the tuples that they were before JSON."""
    return tuple(_tuples(entry) for entry in value) if isinstance(value, list) else value
