"""The layout of a result file: what its items are called, and how arrays are laid out in it."""

import os
from dataclasses import fields
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ablsim.case import Case
from ablsim.errors import CaseError, ResultError
from ablsim.notebook import DISCLAIMER as DISCLAIMER
from ablsim.result import Ledger
from ablsim.result_fields import FIELDS

FORMAT = "ablsim-result"
FORMAT_VERSION = (1, 0)
SUFFIXES = (".vtkhdf", ".hdf")

FAULTS = (OSError, KeyError, ValueError, TypeError, RuntimeError, IndexError, AttributeError)
LEDGER_ITEMS = tuple(item.name for item in fields(Ledger))
TEXT = h5py.string_dtype()
STORED_FIELDS = FIELDS


def create_series(group: h5py.Group, name: str, dtype: Any, *, unit: str = "1") -> None:
    """Create a list of numbers that grows with the steps."""
    data = group.create_dataset(
        name, shape=(0,), maxshape=(None,), chunks=(64,), dtype=dtype, fletcher32=True
    )
    data.attrs["units"] = unit


def create_cells(
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


def append_cells(data: h5py.Dataset, values: NDArray[np.generic]) -> None:
    """Append one step; chunks that hold only the fill value are left out."""
    step = data.shape[0]
    data.resize(step + 1, axis=0)
    thickness = data.chunks[1]
    for low in range(0, data.shape[1], thickness):
        slab = values[low : low + thickness]
        if not np.all(slab == data.fillvalue):
            data[step, low : low + thickness] = slab


def append_value(data: h5py.Dataset, value: float) -> None:
    """Append one number."""
    data.resize(data.shape[0] + 1, axis=0)
    data[-1] = value


def describe_fault(error: BaseException) -> str:
    """Return the system's own words where HDF5 wraps them in many."""
    number = getattr(error, "errno", None)
    if number:
        return os.strerror(number)
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def read_case(text: str) -> Case:
    """Return the case that a stored text describes."""
    try:
        return Case.from_text(text, source="the stored case", stored=True)
    except CaseError as error:
        msg = f"the stored case cannot be read by this version of ablsim: {error}"
        raise ResultError(msg) from error
