"""Published and predicted rates of complete ablation as text, Markdown and CSV."""

import csv
import io
from collections import Counter
from collections.abc import Sequence

from ablsim.validation.outcomes import OutcomeLine, Rate

COLUMNS = (
    "row", "series", "from_mm", "to_mm", "policy", "median_diameter_mm",
    "observed_rate", "observed_low", "observed_high", "observed_count", "observed_of",
    "predicted_rate", "predicted_low", "predicted_high", "verdict",
)  # fmt: skip
"""Columns of the table."""

MEANING = (
    "A rate is predicted for a virtual cohort of the reported sizes: every tumour a sphere in "
    "liver whose parameters, placement errors and model error are drawn, complete where 99 % of it "
    "lie in the zone of stasis. Energies and placements of single series were not read: register "
    "stands for the mean energy of 1004 sessions in one placement of four fibres, maximal for "
    "three illuminations of 1800 J per fibre there, rules for working rules by size, from memory. "
    "Intervals are 95 %: of the observed count, and of the "
    "draws. Compatible means that they meet. What was seen as complete hangs on the imaging, and "
    "operators choose and correct what they treat; neither is in the prediction."
)
"""What the numbers mean."""

HEAD = (
    f"{'row':<14}{'mm':>9}  {'observed complete, %':<28}{'policy':<10}{'predicted, %':<16}verdict"
)


def table_lines(lines: Sequence[OutcomeLine]) -> list[str]:
    """Return the table as lines of plain text."""
    found, before = [HEAD], ""
    for line in lines:
        where = f"{line.row:<14}{say_size(line):>9}  {say_rate(line.observed):<28}"
        shown = where if where != before else " " * len(where)
        before = where
        found.append(f"{shown}{line.policy:<10}{say_rate(line.predicted):<16}{line.verdict}")
    return found


def say_verdicts(lines: Sequence[OutcomeLine]) -> list[str]:
    """Return how many rates each policy meets."""
    said = []
    for policy in dict.fromkeys(line.policy for line in lines):
        counts = Counter(line.verdict for line in lines if line.policy == policy)
        parts = [f"{n} {verdict}" for verdict, n in sorted(counts.items())]
        said.append(f"{policy}: {', '.join(parts)}")
    return said


def to_markdown_table(lines: Sequence[OutcomeLine]) -> str:
    """Return the table in Markdown."""
    head = "| row | mm | observed complete, % | policy | predicted, % | verdict |"
    rule = "| --- | --- | --- | --- | --- | --- |"
    rows = [
        f"| `{line.row}` | {say_size(line)} | {say_rate(line.observed)} | {line.policy} | "
        f"{say_rate(line.predicted)} | {line.verdict} |"
        for line in lines
    ]
    return "\n".join([head, rule, *rows])


def to_csv(lines: Sequence[OutcomeLine]) -> str:
    """Return the table as CSV."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    for line in lines:
        table.writerow(
            [
                line.row,
                line.series,
                _cell(line.low),
                _cell(line.high),
                line.policy,
                _cell(line.diameter),
                *_cells(line.observed),
                *_cells(line.predicted)[:3],
                line.verdict,
            ]
        )
    return stream.getvalue()


def to_json(lines: Sequence[OutcomeLine]) -> list[dict[str, object]]:
    """Return the table as plain objects."""
    return [
        {
            "row": line.row,
            "series": line.series,
            "diameter_mm": [line.low, line.high],
            "median_diameter_mm": line.diameter,
            "policy": line.policy,
            "observed": _object(line.observed),
            "predicted": _object(line.predicted),
            "verdict": line.verdict,
        }
        for line in lines
    ]


def say_size(line: OutcomeLine) -> str:
    """Return the limits of the diameter."""
    if line.low is None and line.high is None:
        return "all"
    if line.low is None:
        return f"to {line.high:g}"
    return f"from {line.low:g}" if line.high is None else f"{line.low:g}-{line.high:g}"


def say_rate(rate: Rate) -> str:
    """Return a rate in percent with its interval, and with its count where it is an observed one.

    Examples
    --------
    >>> say_rate(Rate(0.612, 0.49, 0.72, 46, 75))
    '61 (49-72), 46 of 75'
    >>> say_rate(Rate(0.864, None, None, None, None))
    '86, number unread'
    """
    if rate.low is None or rate.high is None:
        return f"{100.0 * rate.rate:.0f}, number unread"
    text = f"{100.0 * rate.rate:.0f} ({100.0 * rate.low:.0f}-{100.0 * rate.high:.0f})"
    return text if rate.of is None else f"{text}, {rate.count} of {rate.of}"


def _object(rate: Rate) -> dict[str, float | int | None]:
    return {
        "rate": rate.rate,
        "low": rate.low,
        "high": rate.high,
        "count": rate.count,
        "of": rate.of,
    }


def _cells(rate: Rate) -> list[str]:
    return [_cell(value) for value in _object(rate).values()]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
