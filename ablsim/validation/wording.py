"""What a validation says, in words: each function gives sentences or a cell of a table."""

import math
from collections.abc import Sequence

from ablsim.validation.acceptance import VERDICTS
from ablsim.validation.report import Line
from ablsim.validation.study import Study
from ablsim.validation.totals import Totals, root_mean_square


def say_settings(study: Study) -> str:
    """Return one sentence on what all rows have alike."""
    text = f"Published rows, every one with the same defaults, on cells of {study.spacing}"
    if study.changes:
        changes = ", ".join(f"{key} = {value}" for key, value in study.changes.items())
        text += f". CHANGED from the defaults in all of them: {changes}"
    return f"{text}."


def explain_columns(study: Study) -> str:
    """Return what the columns mean."""
    text = (
        "ln D is ln(predicted / measured) of a length, a third of that of a volume; of a "
        "temperature it is the difference in K. Verdicts follow bands fixed beforehand: lengths "
        "within 15 %, volumes within a factor of 1.5, temperatures within 7 K; of a largest lesion "
        "(at most) only what is predicted above it counts."
    )
    if study.with_band:
        text += (
            " The 90 % band is that of the prediction, by the spread of the parameters and the "
            "error of the model itself; + marks measured numbers in it, - those that are not."
        )
    return text


def say_totals(totals: Totals) -> list[str]:
    """Return what all lines say together, a sentence each."""
    counts = ", ".join(f"{totals.verdicts[v]} {v}" for v in VERDICTS if totals.verdicts[v])
    said = [f"{totals.simulated} of {_count(totals.rows, 'row')} simulated. Lines: {counts}."]
    lesions, maxima = totals.lesions, totals.maxima
    if lesions.errors:
        text = f"Two-sided lesions ({len(lesions.errors)}): RMS of ln D {_rms(lesions.rms)}"
        shrunk = [one.rms for one in totals.lesions_shrunk]
        if shrunk != [lesions.rms, lesions.rms]:
            text += (
                f"; {_rms(shrunk[1])} to {_rms(shrunk[0])} if bench tissue shrank by 12 to 22 % "
                "before it was measured"
            )
        said.append(f"{text}.")
    if maxima.errors:
        said.append(
            f"Largest lesions ({len(maxima.errors)}): RMS of ln D above them "
            f"{_rms(maxima.excess)}, on both sides {_rms(maxima.rms)}."
        )
    if totals.temperatures:
        differences = ", ".join(f"{value:+.1f} K" for value in totals.temperatures)
        rms = root_mean_square(totals.temperatures)
        said.append(f"Two-sided temperatures: {differences}; RMS {rms:.1f} K.")
    if totals.ratios:
        low, high = totals.accepted_ratio
        ratios = "; ".join(
            f"{ratio.name} {number(ratio.predicted)} (measured {ratio.measured:.1f}, "
            f"{ratio.verdict})"
            for ratio in totals.ratios
        )
        said.append(f"Occluded over perfused volume, accepted {low:g} to {high:g}: {ratios}.")
    for words, cover in (
        ("90 % band", totals.coverage),
        ("band of the parameters alone", totals.coverage_parameters),
    ):
        if cover.n:
            said.append(
                f"In the {words}: {cover.inside} of {cover.n} measured sizes; its median width is "
                f"a factor of {number(cover.width)} in length from end to end."
            )
    return said


def say_off(totals: Totals) -> list[str]:
    """Return every row that is off, with the likeliest reason and where that comes from."""
    return [
        f"{name}: "
        + ("no reason is documented." if why is None else f"{why.reason} [{why.source}]")
        for name, why in totals.off.items()
    ]


def say_not_simulated(lines: Sequence[Line]) -> list[str]:
    """Return the reasons why rows are not simulated, each with its rows."""
    by_reason: dict[str, dict[str, None]] = {}
    for line in lines:
        if line.verdict == "not simulated":
            by_reason.setdefault(line.reason, {})[line.row.id] = None
    return [f"{', '.join(ids)}: {reason}" for reason, ids in by_reason.items()]


def say_measured(line: Line) -> str:
    """Return a measured number with its unit, or what was seen."""
    quantity = line.quantity
    if quantity is None:
        return line.expected
    least = {"maximum": "at most ", "minimum": "at least ", "two-sided": ""}[quantity.kind]
    spread = "" if quantity.sd is None else f" ± {quantity.sd:g}"
    unit = "" if quantity.unit == "1" else f" {quantity.unit}"
    return f"{least}{quantity.measured:g}{spread}{unit}"


def say_predicted(line: Line) -> str:
    """Return a prediction; pieces are counted."""
    if line.name == "pieces" and line.predicted is not None:
        return f"{line.predicted:.0f}"
    return number(line.predicted)


def say_error(line: Line) -> str:
    """Return how far a prediction is off."""
    if line.error is None:
        return ""
    if line.unit == "degC":
        return f"{line.error:+.1f} K"
    return f"{line.error:+.2f}" if math.isfinite(line.error) else "none"


def say_band(line: Line) -> str:
    """Return the band of a prediction, and whether the measured number lies in it."""
    if line.band is None:
        return ""
    return f"{number(line.band[0])}-{number(line.band[1])} {'+' if line.is_covered else '-'}"


def number(value: float | None) -> str:
    """Return a number with three digits; a dash for none."""
    if value is None or not math.isfinite(value):
        return "-"
    if value == 0.0 or value >= 100.0:
        return f"{value:.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def _rms(value: float | None) -> str:
    return "-" if value is None or not math.isfinite(value) else f"{value:.2f}"


def _count(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
