"""3D Slicer markups: a line for each fibre, points for probes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablsim.cohort.store import write_atomically
from ablsim.result import Result
from ablsim.units import to_mm
from ablsim.view.subject import make_subject

SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/"
    "Schema/markups-schema-v1.0.3.json#"
)


def write_markups(result: Result, stem: Path) -> Sequence[Path]:
    """Write fibres (from where they enter to their tips) and probes; return the files."""
    written = []
    for needle in make_subject(result).needles:
        name = needle.name.replace(" ", "_").strip("()")
        points = [("entry", needle.start), ("tip", needle.tip)]
        target = stem.with_name(f"{stem.name}_fibre_{name}.mrk.json")
        _write(target, "Line", [(label, to_mm(point).tolist()) for label, point in points])
        written.append(target)
    probes = result.case.probes
    if probes:
        target = stem.with_name(f"{stem.name}_probes.mrk.json")
        places = [(p.name, [float(to_mm(part)) for part in p.position]) for p in probes]
        _write(target, "Fiducial", places)
        written.append(target)
    return written


def _write(target: Path, kind: str, points: Sequence[tuple[str, list[float]]]) -> None:
    markup: dict[str, Any] = {
        "type": kind,
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": True,
        "controlPoints": [
            {"id": str(number), "label": label, "position": place, "positionStatus": "defined"}
            for number, (label, place) in enumerate(points, start=1)
        ],
    }
    text = json.dumps({"@schema": SCHEMA, "markups": [markup]}, indent=1)
    write_atomically(target, text + "\n")
