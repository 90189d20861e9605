"""What a published lesion says: one equivalent diameter for each row, and how far it may be off.

A row is one observation, however many of its axes were read: they belong to the same lesions, so
their errors go together. Compared is the logarithm of the diameter of the ellipsoid that was
measured, as in every other comparison of ablsim with published lesions.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError
from ablsim.validation import PublishedRow, read_rows
from ablsim.validation.predicted import axes_counted, size_of
from ablsim.validation.published import Kind, Quantity
from ablsim.zone import Zone

MEASUREMENT_SD = 0.10
"""SD of ln(diameter) of a row that gives none.

Rows that do have 0.04 to 0.07, and pig lesions published as 10 to 15 mm are spread by 0.12.
"""

SIDES: dict[Kind, int] = {"two-sided": 0, "maximum": 1, "minimum": -1}
"""On which side of a typical lesion the measured one lies for certain."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Observation:
    """One published lesion as the calibration takes it.

    Parameters
    ----------
    id : str
        The row.
    source : str
        The publication; what one publication measured shares part of its error.
    zone : str
        The zone that was read.
    kind : {'two-sided', 'maximum', 'minimum'}
        Whether it is a mean, or the most or the least that was seen.
    log_d : float
        ln(equivalent diameter [mm]).
    sd : float
        Its standard deviation.
    sd_was_read : bool
        Whether the row gives it.
    row : PublishedRow, optional
        Where it comes from.
    """

    id: str
    source: str
    zone: str
    kind: Kind
    log_d: float
    sd: float
    sd_was_read: bool
    row: PublishedRow | None = None

    def log_diameter(self, zones: Mapping[str, Zone]) -> float:
        """Return ln(equivalent diameter [mm]) of what was predicted; -inf where there is none."""
        if self.row is None:
            msg = f"{self.id} has no published row"
            raise ValueError(msg)
        zone, quantities = zones[self.zone], _sizes(self.row)
        sizes = [size_of(self.row, zone, quantity.name) for quantity in quantities]
        if not all(size > 0.0 for size in sizes):
            return -math.inf
        pairs = zip(quantities, sizes, strict=True)
        return _weighted([(_log_length(size, q), axes_counted(self.row, q)) for q, size in pairs])


def calibration_rows() -> tuple[PublishedRow, ...]:
    """Return the published rows that a calibration can use: simulated lesions with a size."""
    return tuple(row for row in read_rows() if row.is_simulated and _sizes(row))


def choose_rows(
    rows: Sequence[str] | None = None, without: Sequence[str] = ()
) -> tuple[PublishedRow, ...]:
    """Return the rows of these names, by default all, but not those of ``without``.

    Raises
    ------
    CaseError
        If a name is none of a row that a calibration can use, or if less than two rows are left.
    """
    usable = {row.id: row for row in calibration_rows()}
    for option, names in (("--rows", rows or ()), ("--without", without)):
        for name in names:
            if name not in usable:
                msg = (
                    f"{option} {name}: no lesion that can be calibrated on is called so; "
                    f"choose among {', '.join(usable)}"
                )
                raise CaseError(msg)
    chosen = [usable[name] for name in dict.fromkeys(rows or usable) if name not in without]
    if len(chosen) < 2:
        msg = f"{len(chosen)} rows are left; a calibration needs two or more"
        raise CaseError(msg)
    return tuple(chosen)


def make_observation(row: PublishedRow) -> Observation:
    """Return what a row says about its equivalent diameter."""
    quantities = _sizes(row)
    if not quantities:
        msg = f"{row.id} has no size of a lesion"
        raise CaseError(msg)
    weights = [axes_counted(row, quantity) for quantity in quantities]
    logs = [_log_length(quantity.measured, quantity) for quantity in quantities]
    spreads = [_spread(quantity) for quantity in quantities]
    known = [spread for spread in spreads if spread is not None]
    was_read = len(known) == len(spreads)
    # axes of one lesion err together: their mean errs as each of them does
    pairs = list(zip(known, weights, strict=True)) if was_read else []
    return Observation(
        id=row.id,
        source=row.source,
        zone=row.zone,
        kind=quantities[0].kind,
        log_d=_weighted(list(zip(logs, weights, strict=True))),
        sd=_weighted(pairs) if was_read else MEASUREMENT_SD,
        sd_was_read=was_read,
        row=row,
    )


def _sizes(row: PublishedRow) -> tuple[Quantity, ...]:
    return tuple(quantity for quantity in row.quantities if quantity.unit in {"mm", "mL"})


def _log_length(size: float, quantity: Quantity) -> float:
    """Return ln(length [mm]) of an axis, or of the sphere with a volume [mL]."""
    return math.log(6e3 * size / math.pi) / 3.0 if quantity.unit == "mL" else math.log(size)


def _spread(quantity: Quantity) -> float | None:
    """Return the SD of ln(length) that a quantity gives, if it does."""
    if quantity.sd is None:
        return None
    relative = quantity.sd / quantity.measured
    return relative / 3.0 if quantity.unit == "mL" else relative


def _weighted(pairs: Sequence[tuple[float, int]]) -> float:
    return sum(n * value for value, n in pairs) / sum(n for _, n in pairs)
