"""Which predictions are accepted: bands that were fixed before anything was compared.

They come from the validation plan that this project began with, and do not follow the results.
"""

from typing import Literal

from ablsim.validation.published import PublishedRow, Quantity

Verdict = Literal["within", "outside", "sign right", "sign wrong", "not simulated"]
Limits = tuple[float | None, float | None]

VERDICTS: tuple[Verdict, ...] = ("within", "outside", "sign right", "sign wrong", "not simulated")

LENGTH_SHARE = 0.15
"""Share by which a length may be off: the plan's "ex vivo short axis within 15 %".

The plan names no band for other lengths; they have the same.
"""

VOLUME_FACTOR = 1.5
"""Factor by which a volume may be off: the plan's "in vivo volume within a factor 1.5".

A ratio of two volumes in vivo has the same, where the plan names none for it.
"""

DIFFUSER_RATIO = (2.5, 4.0)
"""Occluded over perfused volume around diffusers that the plan accepts."""

TEMPERATURE_DIFFERENCE = 7.0
"""How far a temperature may be off [K]: the wider end of the plan's "within 4-7 degC"."""


def accepted(row: PublishedRow, quantity: Quantity) -> Limits:
    """Return the least and the most that a prediction may be, in the unit of the measured number.

    None is no limit: what was the largest of a series is no lower bound, and a minimum no upper
    one.

    Examples
    --------
    >>> from ablsim.validation.published import read_rows
    >>> rows = {row.id: row for row in read_rows()}
    >>> accepted(rows["heis97_diff"], rows["heis97_diff"].quantities[0])
    (None, 41.4)
    """
    measured = quantity.measured
    if quantity.unit == "degC":
        low, high = measured - TEMPERATURE_DIFFERENCE, measured + TEMPERATURE_DIFFERENCE
    elif quantity.unit == "mm":
        low, high = (1.0 - LENGTH_SHARE) * measured, (1.0 + LENGTH_SHARE) * measured
    elif row.is_bench:  # the plan has lengths alone there
        low, high = ((1.0 + sign * LENGTH_SHARE) ** 3 * measured for sign in (-1.0, 1.0))
    else:
        low, high = measured / VOLUME_FACTOR, measured * VOLUME_FACTOR
    low, high = round(low, 9), round(high, 9)
    return (
        None if quantity.kind == "maximum" else low,
        None if quantity.kind == "minimum" else high,
    )


def judge(limits: Limits, predicted: float) -> Verdict:
    """Return whether a prediction is accepted."""
    low, high = limits
    is_low = low is not None and predicted < low
    is_high = high is not None and predicted > high
    return "outside" if is_low or is_high else "within"


def is_covered(quantity: Quantity, band: tuple[float, float]) -> bool:
    """Say whether a measured number lies in the predictive band; a maximum, not below it."""
    low, high = band
    if quantity.kind == "maximum":
        return quantity.measured >= low
    if quantity.kind == "minimum":
        return quantity.measured <= high
    return low <= quantity.measured <= high
