"""A validation as comma-separated values, for other programs."""

import csv
import io
from collections.abc import Mapping, Sequence

from ablsim.validation.report import Line
from ablsim.validation.report_json import finite

_COLUMNS = (
    "id",
    "zone",
    "quantity",
    "unit",
    "measured",
    "measured_sd",
    "expected",
    "predicted",
    "error",
    "band_low",
    "band_high",
    "accepted_low",
    "accepted_high",
    "one_sided",
    "in_band",
    "verdict",
    "reason",
    "source",
)


def to_csv(lines: Sequence[Line]) -> str:
    """Return the lines as comma-separated values, with a head."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        quantity = line.quantity
        entry: Mapping[str, object] = {
            "id": line.row.id,
            "zone": line.row.zone,
            "quantity": line.name,
            "unit": line.unit if line.name else "",
            "measured": "" if quantity is None else quantity.measured,
            "measured_sd": "" if quantity is None or quantity.sd is None else quantity.sd,
            "expected": line.expected,
            "predicted": _cell(line.predicted),
            "error": _cell(line.error),
            "band_low": _cell(line.band and line.band[0]),
            "band_high": _cell(line.band and line.band[1]),
            "accepted_low": _cell(line.limits[0]),
            "accepted_high": _cell(line.limits[1]),
            "one_sided": line.is_one_sided,
            "in_band": "" if line.is_covered is None else line.is_covered,
            "verdict": line.verdict,
            "reason": line.reason,
            "source": line.row.source,
        }
        writer.writerow(entry)
    return text.getvalue()


def _cell(value: float | None) -> str:
    finite_value = finite(value)
    return "" if finite_value is None else f"{finite_value:.6g}"
