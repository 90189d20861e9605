"""CSV: the course of the treatment, margins over the tumour's surface, fibres, labels."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ablsim.cohort.store import write_atomically
from ablsim.exchange.segments import segment
from ablsim.result import Result
from ablsim.units import to_mm
from ablsim.zone import measure_zones


def write_tables(result: Result, stem: Path) -> Sequence[Path]:
    """Write all tables of a result; return the files. Units are in the names of the columns."""
    course = result.history_table()
    tables: dict[str, tuple[Sequence[str], Iterable[Sequence[Any]]]] = {
        "course": (list(course), zip(*course.values(), strict=True)),
        "fibres": (
            ["name", "kind", "tip_x_mm", "tip_y_mm", "tip_z_mm", "direction_x", "direction_y",
             "direction_z", "active_length_mm"],
            [[f.name, f.kind, *(_mm(x) for x in f.tip), *f.direction, _mm(f.length)]
             for f in result.case.fibres_all],
        ),
    }  # fmt: skip
    found = segment(result)
    volumes = found.volumes()
    tables["labels"] = (
        ["label", "name", "volume_ml"],
        [[label, name, round(volumes[label], 6)] for label, name in found.names.items()],
    )
    tumour = measure_zones(result).tumour
    if tumour is not None:
        surface = tumour.margin_map
        tables["margins"] = (
            ["x_mm", "y_mm", "z_mm", "area_mm2", "margin_mm"],
            [[*(_mm(x) for x in point), round(1e6 * area, 6), _mm(margin)]
             for point, area, margin in zip(
                 surface.points, surface.areas, surface.margins, strict=True)],
        )  # fmt: skip
    written = []
    for name, (header, rows) in tables.items():
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
        target = stem.with_name(f"{stem.name}_{name}.csv")
        write_atomically(target, stream.getvalue())
        written.append(target)
    return written


def _mm(length: float) -> float:
    return round(float(to_mm(length)), 6)
