"""The table of a validation: one line for each measured number or sign, judged."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ablsim.shrinkage import LINEAR_SHRINKAGE
from ablsim.validation.acceptance import Limits, Verdict, accepted, is_covered, judge
from ablsim.validation.comparisons import Comparison, list_comparisons
from ablsim.validation.predicted import Span, axes_counted, band_of, log_ratio, predict_from
from ablsim.validation.published import PublishedRow, Quantity
from ablsim.validation.study import RowAnswers, RowPlan


@dataclass(frozen=True, slots=True)
class Line:
    """One measured number or sign beside its prediction.

    Parameters
    ----------
    row : PublishedRow
        The row that it belongs to.
    name : str
        What was measured, or compared; empty for a row of which nothing is.
    verdict : Verdict
        How it is judged.
    quantity : Quantity or None
        The measured number; None for a sign.
    expected : str
        What was seen, where that is no number.
    predicted : float or None
        The prediction, in the unit of the measured number.
    error : float or None
        ln(predicted / measured) per length, or the difference of temperatures [K].
    limits : Limits
        What is accepted of a prediction.
    band, parameters_only : Span or None
        90 % band of the prediction, with and without the error of the model itself.
    shrunk : Span or None
        The prediction as a ruler reads it on excised tissue that has shrunk by 12 to 22 %.
    counts : int
        How many of an ellipsoid's three axes a size stands for.
    reason : str
        Why it is not simulated, or what is missing.
    """

    row: PublishedRow
    name: str
    verdict: Verdict
    quantity: Quantity | None = None
    expected: str = ""
    predicted: float | None = None
    error: float | None = None
    limits: Limits = (None, None)
    band: Span | None = None
    parameters_only: Span | None = None
    shrunk: Span | None = None
    counts: int = 0
    reason: str = ""

    @property
    def is_one_sided(self) -> bool:
        """Whether the measured number is a maximum or a minimum."""
        return self.quantity is not None and self.quantity.kind != "two-sided"

    @property
    def unit(self) -> str:
        """The unit of measured and predicted number; 1 for a ratio or a count."""
        return "1" if self.quantity is None else self.quantity.unit

    @property
    def is_covered(self) -> bool | None:
        """Whether the measured number lies in the band; None without either."""
        if self.quantity is None or self.band is None:
            return None
        return is_covered(self.quantity, self.band)


def make_lines(found: Sequence[tuple[RowPlan, RowAnswers]]) -> tuple[Line, ...]:
    """Return the lines of the table, in the order of the rows."""
    return tuple(line for plan, answers in found for line in _lines_of(plan, answers))


def _lines_of(plan: RowPlan, answers: RowAnswers) -> list[Line]:
    row = plan.row
    comparisons = list_comparisons(row)
    if answers.run is None:
        return _not_simulated(row, comparisons, answers.reason)
    predicted = predict_from(row, answers.run)
    lines = [_number_line(row, one, predicted[one.name], answers) for one in row.quantities]
    for comparison in comparisons:
        other = answers.others.get(comparison.name)
        value = comparison.value(row, answers.run, other)
        is_missing = bool(comparison.other) and other is None
        if value is None and is_missing:
            lines += _not_simulated(row, (comparison,), answers.reason, numbers=False)
        else:
            lines.append(_comparison_line(row, comparison, value))
    return lines


def _not_simulated(
    row: PublishedRow, comparisons: Sequence[Comparison], reason: str, *, numbers: bool = True
) -> list[Line]:
    """Return the lines of what has no prediction; a row without any number has one line too."""
    lines = [
        Line(row, one.name, "not simulated", one, limits=accepted(row, one), reason=reason)
        for one in (row.quantities if numbers else ())
    ]
    lines += [
        Line(row, one.name, "not simulated", one.measured, expected=one.expected, reason=reason)
        for one in comparisons
    ]
    return lines or [Line(row, "", "not simulated", reason=reason)]


def _number_line(
    row: PublishedRow, quantity: Quantity, predicted: float, answers: RowAnswers
) -> Line:
    limits = accepted(row, quantity)
    is_size = quantity.unit in {"mm", "mL"}
    band = alone = shrunk = None
    if answers.band is not None and is_size:
        band = band_of(row, quantity.name, predicted, answers.band)
        alone = band_of(row, quantity.name, predicted, answers.band, model_error=False)
    if row.is_bench and is_size:
        power = 3 if quantity.unit == "mL" else 1
        least, most = (predicted * (1.0 - loss) ** power for loss in LINEAR_SHRINKAGE[::-1])
        shrunk = least, most
    return Line(
        row=row,
        name=quantity.name,
        verdict=judge(limits, predicted),
        quantity=quantity,
        predicted=predicted,
        error=log_ratio(quantity, predicted),
        limits=limits,
        band=band,
        parameters_only=alone,
        shrunk=shrunk,
        counts=axes_counted(row, quantity) if is_size else 0,
        reason=answers.reason,
    )


def _comparison_line(row: PublishedRow, comparison: Comparison, value: float | None) -> Line:
    measured = comparison.measured
    if value is None:  # a zone was needed to compare with, and there is none
        verdict: Verdict = "outside" if measured is not None else "sign wrong"
        return Line(row, comparison.name, verdict, measured, comparison.expected)
    if measured is None:
        verdict = "sign right" if comparison.is_right(value) else "sign wrong"
        return Line(row, comparison.name, verdict, expected=comparison.expected, predicted=value)
    limits = accepted(row, measured)
    error = log_ratio(measured, value)
    return Line(
        row=row,
        name=comparison.name,
        verdict=judge(limits, value),
        quantity=measured,
        expected=comparison.expected,
        predicted=value,
        error=error if math.isfinite(error) else None,
        limits=limits,
    )
