"""Changing what a stored result says about itself, never what it holds."""

import json
from pathlib import Path
from typing import Any

import h5py

from ablsim.errors import UnfinishedError
from ablsim.storage.layout import FAULTS, TEXT, describe_fault
from ablsim.storage.reader import load_summary
from ablsim.storage.sealing import SEAL, Sink, seal

_PIECE = 1 << 20


def replace_summary(path: str | Path, summary: dict[str, Any]) -> Path:
    """Give a stored result another summary.

    A copy with the new summary takes the result's place once it is whole and on the disk; until
    then, and if anything fails, the result stays as it is.

    Parameters
    ----------
    path : str or Path
        A result, complete and intact.
    summary : dict
        What `load_summary` will give back.

    Raises
    ------
    ResultError
        If the result cannot be read.
    UnfinishedError
        If the copy cannot be written.
    """
    path = Path(path)
    load_summary(path)  # refuses what is damaged
    part = path.with_name(path.name + ".part")
    try:
        sink = Sink(part)
    except OSError as error:
        msg = f"cannot write {part}: {describe_fault(error)}; {path} is as it was"
        raise UnfinishedError(msg) from error
    try:
        with sink:
            _copy(path, sink)
            with h5py.File(sink, "r+") as file:
                del file["ablsim/summary"]
                text = json.dumps(summary, indent=1)
                file["ablsim"].create_dataset("summary", data=text, dtype=TEXT)
            if sink.fault is not None:
                raise sink.fault
        seal(part, path)
    except FAULTS as error:
        part.unlink(missing_ok=True)
        msg = (
            f"writing {part} failed ({describe_fault(sink.fault or error)}); {path} is as it was. "
            "Free space there and run again"
        )
        raise UnfinishedError(msg) from error
    return path


def _copy(path: Path, sink: Sink) -> None:
    """Copy a sealed file without its seal."""
    left = path.stat().st_size - len(SEAL % bytes(64))
    with path.open("rb") as stream:
        while left > 0:
            piece = stream.read(min(_PIECE, left))
            left -= len(piece)
            sink.write(piece)
