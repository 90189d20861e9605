"""The fields of a result by name, with unit and meaning; labelled arrays where xarray is there."""

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError
from ablsim.notebook import DISCLAIMER
from ablsim.units import to_celsius, to_mm

if TYPE_CHECKING:
    import xarray

    from ablsim.result import Result


class FieldEntry(NamedTuple):
    """What a field is called in memory, its unit at the edge, its meaning, its value at rest."""

    field: str
    unit: str
    long_name: str
    fill: float


FIELDS = {
    "temperature": FieldEntry("rise", "degC", "temperature", 0.0),
    "damage_stasis": FieldEntry("stasis", "1", "damage integral of vascular stasis", 0.0),
    "damage_whitening": FieldEntry("whitening", "1", "damage integral of whitening", 0.0),
    "damage_death": FieldEntry("death", "1", "damage integral of cell death", 0.0),
    "water_fraction": FieldEntry("water", "1", "share of the initial water still there", 1.0),
    "char_fraction": FieldEntry("char", "1", "share of the cell that is charred", 0.0),
}
"""The fields of a result, named as in its file."""


def take_field(result: "Result", name: str, unit: str = "") -> NDArray[np.float32]:
    """Return a field of a result; see `Result.field`."""
    if name not in FIELDS:
        close = get_close_matches(str(name), FIELDS, n=1, cutoff=0.4)
        hint = f'did you mean "{close[0]}"? ' if close else ""
        msg = f'there is no field "{name}"; {hint}there are {", ".join(FIELDS)}'
        raise CaseError(msg)
    allowed = ("K", "degC") if name == "temperature" else ("1",)
    unit = unit or allowed[0]
    if unit not in allowed:
        msg = f'{name} in "{unit}" is not known; allowed: {" or ".join(allowed)}'
        raise CaseError(msg)
    values: NDArray[np.float32] = getattr(result.fields, FIELDS[name].field)
    if name != "temperature":
        return values.copy()
    base = result.base_temperature
    return values + np.float32(to_celsius(base) if unit == "degC" else base)


def make_dataset(result: "Result") -> "xarray.Dataset":
    """Return the fields of a result with their coordinates; see `Result.to_xarray`."""
    try:
        import xarray
    except ImportError:
        msg = 'to_xarray needs the package xarray; install it with: pip install "ablsim[xarray]"'
        raise ImportError(msg) from None
    where = {"x": "patient's left", "y": "patient's back", "z": "patient's head"}
    axes = dict(zip("xyz", result.grid.axes(), strict=True))
    coordinates = {
        axis: (axis, to_mm(centres), {"units": "mm", "long_name": f"towards the {where[axis]}"})
        for axis, centres in axes.items()
    }
    dims = ("z", "y", "x")
    variables: dict[str, Any] = {}
    for name, entry in FIELDS.items():
        values = take_field(result, name, "degC" if name == "temperature" else "1")
        variables[name] = (dims, values, {"units": entry.unit, "long_name": entry.long_name})
    labels = {
        "units": "1",
        "long_name": "tissue",
        "flag_values": list(range(len(result.materials))),
        "flag_meanings": " ".join(result.materials),
    }
    variables["tissue"] = (dims, result.labels.copy(), labels)
    about = {
        "title": result.case.title,
        "case": result.case.to_toml(),
        "position": "LPS, cell centres",
        "comment": DISCLAIMER,
        **{f"ablsim_{key}": text for key, text in result.provenance.items()},
    }
    return xarray.Dataset(variables, coordinates, about)
