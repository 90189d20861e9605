"""Two stored results held against each other, item by item and bit by bit."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from ablsim.storage.layout import LEDGER_ITEMS
from ablsim.storage.reader import open_result

_SKIPPED = {"ablsim/summary", "ablsim/case", "ablsim/case_resolved"}
"""What says when and where a run was made, or follows from the rest."""
_INCIDENTAL = ("wall", "threads", "resumed_at")
"""Beginnings of the statistics that may differ between runs that gave the same answer."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An item of a result that is not the same in another.

    Parameters
    ----------
    item : str
        Its name in the file.
    count, total : int
        How many of its numbers differ, and how many there are; both 0 where the item is missing
        in one of the two or has another shape.
    largest : float
        Largest difference, in the item's own unit; nan where it has none.
    """

    item: str
    count: int = 0
    total: int = 0
    largest: float = np.nan


def compare_results(one: str | Path, other: str | Path) -> tuple[int, tuple[Difference, ...]]:
    """Compare two stored results in everything that was computed.

    Parameters
    ----------
    one, other : str or Path
        Results (``.vtkhdf``).

    Returns
    -------
    int
        How many items were compared; each stored time of a field counts as one.
    tuple of Difference
        Items that are not the same bit by bit; empty where all are.

    Raises
    ------
    ResultError
        If one of them cannot be read.
    """
    compared, found = 0, []
    with open_result(one) as first, open_result(other) as second:
        names = {*_items(first), *_items(second)} - _SKIPPED
        for name in sorted(names):
            if name not in first or name not in second or first[name].shape != second[name].shape:
                compared += 1
                found.append(Difference(name))
                continue
            parts = _compare_item(name, first[name], second[name])
            compared += len(parts)
            total = sum(total for _, total, _ in parts)
            count = sum(count for count, _, _ in parts)
            if count:
                known = [gap for *_, gap in parts if gap == gap]
                largest = max(known, default=np.nan)
                found.append(Difference(name, count, total, largest))
        for group in ("ledger", "statistics"):
            mine, theirs = first[f"ablsim/{group}"].attrs, second[f"ablsim/{group}"].attrs
            wanted = LEDGER_ITEMS if group == "ledger" else sorted({*mine, *theirs})
            for entry in wanted:
                if entry.startswith(_INCIDENTAL):
                    continue
                compared += 1
                if entry not in mine or entry not in theirs:
                    found.append(Difference(f"ablsim/{group}/{entry}"))
                elif mine[entry] != theirs[entry]:
                    gap = abs(float(mine[entry]) - float(theirs[entry]))
                    found.append(Difference(f"ablsim/{group}/{entry}", 1, 1, gap))
    return compared, tuple(found)


def _items(file: h5py.File) -> list[str]:
    """Return the names of all data sets of a file."""
    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
    return names


def _compare_item(
    name: str, one: h5py.Dataset, other: h5py.Dataset
) -> list[tuple[int, int, float]]:
    """Return differing numbers, all numbers and the largest gap for each part of an item.

    Cell arrays are taken time by time: a whole one may not fit into memory.
    """
    return [_gap(a, b) for a, b in _parts(name, one, other)]


def _parts(
    name: str, one: h5py.Dataset, other: h5py.Dataset
) -> Iterator[tuple[NDArray[np.generic], NDArray[np.generic]]]:
    if name.startswith("VTKHDF/CellData/"):
        for step in range(one.shape[0]):
            yield one[step], other[step]
    else:
        yield np.asarray(one[()]), np.asarray(other[()])


def _gap(a: NDArray[np.generic], b: NDArray[np.generic]) -> tuple[int, int, float]:
    different = a != b
    if a.dtype.kind == "f":
        different &= ~(np.isnan(a) & np.isnan(b))
    count = int(np.count_nonzero(different))
    if count == 0 or a.dtype.kind not in "fiu":
        return count, int(a.size), np.nan
    gaps = np.abs(a[different].astype(np.float64) - b[different].astype(np.float64))
    return count, int(a.size), float(gaps.max())
