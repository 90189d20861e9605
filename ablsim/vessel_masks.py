"""Vessels of a case that come from a mask: each branch becomes a tube, with points and diameter."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablsim.errors import CaseError
from ablsim.quantities import LENGTH
from ablsim.units import to_mm

_KEYS = ("file", "label")
_DIGITS = 3  # of a position [mm]


def include_tubes(table: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Return a case's table with tubes in place of every vessel that names a mask.

    A mask that cannot be read stays a name, with its folder, to be refused with the other problems.
    """
    vessels = table.get("vessel")
    if not isinstance(vessels, (list, tuple)) or not any(map(_is_mask, vessels)):
        return table
    found: list[Any] = []
    for vessel in vessels:
        if not _is_mask(vessel):
            found.append(vessel)
            continue
        there = {**vessel, "file": str(folder / vessel["file"])}
        try:
            found += write_tubes(there)
        except CaseError:
            found.append(there)
    return {**table, "vessel": found}


def write_tubes(vessel: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tables of the tubes that the mask of a vessel holds, widest first.

    Several are numbered behind its name; what else the table says holds for all.

    Raises
    ------
    CaseError
        If the mask cannot be read, or holds no vessel wide enough.
    """
    from ablsim.imaging.tubes import read_tubes

    label = vessel.get("label")
    tubes = read_tubes(Path(str(vessel["file"])), label if isinstance(label, int) else None)
    rest = {key: value for key, value in vessel.items() if key not in _KEYS}
    name = str(vessel.get("name", "vessel"))
    return [
        {
            **rest,
            "name": name if len(tubes) == 1 else f"{name} {number}",
            "diameter": LENGTH.write(round(tube.diameter, 5)),
            "points": [[f"{to_mm(x):.{_DIGITS}f} mm" for x in point] for point in tube.points],
        }
        for number, tube in enumerate(tubes, start=1)
    ]


def _is_mask(vessel: Any) -> bool:
    return (
        isinstance(vessel, Mapping)
        and isinstance(vessel.get("file"), str)
        and not {"points", "diameter"} & set(vessel)
    )
