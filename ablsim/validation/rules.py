"""From a published row to the case that simulates it, by rules on its columns.

What a row leaves unread is filled by one rule for all rows, and every filling is said. No rule
knows a row by its name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ablsim.case import SCHEMA, Case
from ablsim.errors import CaseError
from ablsim.validation.published import ZONES, PublishedRow

ROOM_CELSIUS, BODY_CELSIUS = 20.0, 37.0
"""Temperatures that a row starts from which names none: on the bench, and otherwise [degC].

Where the flow is not stated, no flow is assumed, but not that the tissue was left to cool.
"""

CORE, DIFFUSER_LENGTH, SPACING = "0.6 mm", "20 mm", "20 mm"
"""Core diameter, active length and distance of fibres, where they were not read."""

WAVELENGTH = 1064.0
"""Wavelength, where it was not read [nm]."""

REST_BENCH, REST_IN_VIVO = 600.0, 120.0
"""Time after the laser [s]: without flow a zone grows on for minutes; in vivo blood cools it."""

RATIO_POWER, RATIO_DURATION = 5.0, 840.0
"""Setting of a ratio that was published without one: that of the paired rows on occlusion."""

_PATTERNS = {1: "single", 2: "line", 3: "triangle", 4: "square"}
_CORE = re.compile(r"(\d+(?:\.\d+)?) um")
_LENGTH = re.compile(r"diffuser(?: \d+ um,)? (\d+(?:\.\d+)?) mm")

Tables = dict[str, Any]


def make_case(row: PublishedRow, *, spacing: str | None = None) -> Case:
    """Return the case that a published row describes.

    Parameters
    ----------
    row : PublishedRow
        A row that is simulated.
    spacing : str, optional
        Edge length of the cells, such as ``"2 mm"``; 1 mm by default.

    Returns
    -------
    Case
        The case; its notes name the source and everything that was assumed.

    Raises
    ------
    CaseError
        If the row does not say enough to be simulated.

    Examples
    --------
    >>> from ablsim.validation import read_rows
    >>> rows = {row.id: row for row in read_rows()}
    >>> make_case(rows["bosman91"]).title
    'bosman91: 1 bare fibre, 1.5 W for 600 s'
    """
    return _build(row, spacing)[0]


def list_assumptions(row: PublishedRow) -> tuple[str, ...]:
    """Return what was not read and had to be assumed for the case of a row, each in a few words."""
    return _build(row, None)[1]


@dataclass(slots=True)
class _Filled:
    """Notes down what was assumed while a case is put together."""

    assumed: list[str] = field(default_factory=list)

    def __call__(self, value: float | None, default: float, words: str) -> float:
        """Return a value, or the default where it was not read."""
        if value is None:
            self.assumed.append(words)
            return default
        return value


def _build(row: PublishedRow, spacing: str | None) -> tuple[Case, tuple[str, ...]]:
    if not row.is_simulated:
        msg = f"{row.id} is not simulated: {row.reason}"
        raise CaseError(msg)
    filled = _Filled()
    tissue = _tissue(row, filled)
    fibres = _fibres(row, filled)
    power, duration, rest = _setting(row, filled)
    count = row.n_fibres or 1
    kind = "diffuser" if _is_diffuser(row) else "bare"
    notes = [f"{row.source}; {row.doi_or_url}.", f"{row.setting}; {row.fibre}."]
    if filled.assumed:
        notes.append(f"Assumed: {'; '.join(filled.assumed)}.")
    table: Tables = {
        "schema": SCHEMA,
        "title": f"{row.id}: {count} {kind} fibre{'s' if count > 1 else ''}, {power:g} W for "
        f"{duration:g} s",
        "notes": "\n".join(notes),
        "tissue": tissue,
        **fibres,
        "protocol": {"steps": [f"deliver {power:g} W for {duration:g} s", f"rest for {rest:g} s"]},
        "numerics": {"spacing": spacing or "1 mm"},
    }
    if row.zone in ZONES:
        table["physics"] = {"reported_zone": row.zone}
    if probes := _probes(row):
        table["probe"] = probes
    return Case.from_dict(table, source=row.id), tuple(filled.assumed)


def _tissue(row: PublishedRow, filled: _Filled) -> Tables:
    """Return ``[tissue]``: which one, how warm, with which flow."""
    start, is_bench = row.start_temp_c, row.is_bench
    if row.perfusion == "unknown":
        filled.assumed.append("no flow, not stated")
    default = ROOM_CELSIUS if row.perfusion == "none" else BODY_CELSIUS
    start = filled(start, default, f"from {default:g} degC, not stated")
    wavelength = filled(row.wavelength_nm, WAVELENGTH, f"{WAVELENGTH:g} nm, not stated")
    if "liver" not in row.setting:
        background = "muscle"
        if "myocardium" in row.setting:
            filled.assumed.append("skeletal in place of heart muscle")
    else:
        background = "liver_exvivo" if is_bench else "liver"
    return {
        "background": background,
        "start_temperature" if is_bench else "body_temperature": f"{start:g} degC",
        "perfusion": "none" if is_bench else row.perfusion,
        "wavelength": f"{wavelength:g} nm",
    }


def _fibres(row: PublishedRow, filled: _Filled) -> Mapping[str, Any]:
    """Return ``[[fibre]]`` or ``[fibres]``, what lights centred on the origin."""
    count = int(filled(row.n_fibres, 1, "one fibre, not stated"))
    is_diffuser = _is_diffuser(row)
    if is_diffuser and "diffuser" not in row.fibre:
        filled.assumed.append("a cylindrical diffuser, applicator not stated")
    if not is_diffuser and "bare" not in row.fibre:
        filled.assumed.append("a bare fibre, type not stated")
    core = _CORE.search(row.fibre)
    if core is None:
        filled.assumed.append(f"core of {CORE}, not stated")
    diameter = CORE if core is None else f"{float(core[1]) / 1e3:g} mm"
    table: Tables = {
        "kind": "diffuser" if is_diffuser else "bare",
        "core_diameter": diameter,
        "direction": [0, 0, -1],
    }
    tip = "0 mm"
    if is_diffuser:
        found = _LENGTH.search(row.fibre)
        if found is None:
            filled.assumed.append(f"active length of {DIFFUSER_LENGTH}, not stated")
        length = DIFFUSER_LENGTH if found is None else f"{float(found[1]):g} mm"
        table["length"] = length
        tip = f"{-0.5 * float(length.split()[0]):g} mm"
    place = ["0 mm", "0 mm", tip]
    if count == 1:
        return {"fibre": [{**table, "tip": place}]}
    if row.spacing_mm is None:
        filled.assumed.append(f"fibres {SPACING} apart, not stated")
    if count not in _PATTERNS:
        msg = f"{row.id}: no pattern of {count} fibres is known"
        raise CaseError(msg)
    filled.assumed.append(f"a {_PATTERNS[count]}")
    spacing = SPACING if row.spacing_mm is None else f"{row.spacing_mm:g} mm"
    array = {"pattern": _PATTERNS[count], "spacing": spacing, "centre": place}
    return {"fibres": {**table, **array}}


def _is_diffuser(row: PublishedRow) -> bool:
    return "diffuser" in row.fibre or "scattering" in row.fibre


def _setting(row: PublishedRow, filled: _Filled) -> tuple[float, float, float]:
    """Return power [W], duration and the rest after it [s]."""
    power = filled(row.power_w_per_fibre, RATIO_POWER, f"{RATIO_POWER:g} W, not stated")
    duration = filled(row.duration_s, RATIO_DURATION, f"for {RATIO_DURATION:g} s, not stated")
    is_lesion = row.endpoint != "thermometer"
    return power, duration, REST_BENCH if row.is_bench and is_lesion else REST_IN_VIVO


def _probes(row: PublishedRow) -> list[Tables]:
    """Return a thermometer for every temperature that was read."""
    return [
        {"name": reading.quantity.name, "position": [f"{1e3 * reading.at:g} mm", "0 mm", "0 mm"]}
        for reading in row.readings
        if reading.at is not None
    ]
