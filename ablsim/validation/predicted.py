"""What a run predicts for each measured number of a row, and how far it is from it."""

import math

from ablsim.result import Result
from ablsim.units import to_celsius, to_ml, to_mm
from ablsim.validation.answer import Answer, RelativeBand, make_answer
from ablsim.validation.published import PublishedRow, Quantity
from ablsim.zone import Zone, Zones

Span = tuple[float, float]


def predict(row: PublishedRow, result: Result, zones: Zones) -> dict[str, float]:
    """Return the predicted value of every measured number of a row, in its unit.

    Parameters
    ----------
    row : PublishedRow
        The row.
    result : Result
        The result of ``simulate(make_case(row))``.
    zones : Zones
        What `measure_zones` returned for it.

    Returns
    -------
    dict
        A value for the name of each of ``row.quantities``: sizes of the zone that the row names,
        temperatures of its thermometers.
    """
    return predict_from(row, make_answer(result, zones))


def predict_from(row: PublishedRow, answer: Answer) -> dict[str, float]:
    """Return the predicted value of every measured number of a row from what was kept of a run."""
    read = {reading.quantity.name: reading.reads for reading in row.readings}
    predicted = {}
    for quantity in row.quantities:
        name = quantity.name
        if quantity.unit == "degC":
            curve = answer.highest if read[name] == "highest" else answer.laser_off
            predicted[name] = float(to_celsius(curve[name]))
        else:
            predicted[name] = size_of(row, answer.zones[row.zone], name)
    return predicted


def size_of(row: PublishedRow, zone: Zone, name: str) -> float:
    """Return the size of a zone that a row's measured one is compared with [mm or mL].

    The axes of a single fibre's lesion are those along and across the fibre, as it is cut. Those
    of several fibres, and the largest extent of any lesion, are caliper lengths of the zone
    wherever they lie.
    """
    which, number = _place_of(row, name)
    size = getattr(zone, which)
    return float(to_ml(size) if which == "volume" else to_mm(size[number] if number >= 0 else size))


def band_of(
    row: PublishedRow, name: str, predicted: float, band: RelativeBand, *, model_error: bool = True
) -> Span | None:
    """Return the 90 % band of a predicted size, in its unit.

    Parameters
    ----------
    row : PublishedRow
        The row.
    name : str
        The name of its quantity.
    predicted : float
        Its prediction.
    band : RelativeBand
        The band of its case.
    model_error : bool
        With the error of the model itself, or of the parameters alone.

    Returns
    -------
    tuple of float or None
        The values that are not exceeded with 5 and 95 %. None where nothing is left to carry the
        band over to: no zone in this run, or none on the cells of the band.

    Notes
    -----
    `estimate_band` carries relative changes of every length over from coarse cells to the case's
    own. So the band of the coarse case, times the ratio of the two predictions, is the one that it
    gives for the case itself, and no run of that has to be kept for it.
    """
    coarse = size_of(row, band.zones[row.zone], name)
    if not (coarse > 0.0 and predicted > 0.0):
        return None
    which, number = _place_of(row, name)
    intervals = band.intervals if model_error else band.parameters_only
    interval = getattr(intervals[row.zone], which)
    low, _, high = interval[number] if number >= 0 else interval
    convert = to_ml if which == "volume" else to_mm
    scale = predicted / coarse
    return float(convert(low)) * scale, float(convert(high)) * scale


def log_ratio(quantity: Quantity, predicted: float) -> float:
    """Return how far a prediction is off.

    Parameters
    ----------
    quantity : Quantity
        The measured number.
    predicted : float
        Its prediction, in the same unit.

    Returns
    -------
    float
        ln(predicted / measured) per length: of a volume, or of a ratio of volumes, a third of it;
        -inf where nothing was predicted. Between temperatures the difference [K].

    Examples
    --------
    >>> volume = Quantity("volume", 2.0, None, "mL", "two-sided")
    >>> round(log_ratio(volume, 16.0), 3) == round(math.log(2.0), 3)
    True
    """
    if quantity.unit == "degC":
        return predicted - quantity.measured
    if not predicted > 0.0:
        return -math.inf
    ratio = math.log(predicted / quantity.measured)
    return ratio if quantity.unit == "mm" else ratio / 3.0


def axes_counted(row: PublishedRow, quantity: Quantity) -> int:
    """Return how many of an ellipsoid's three axes a measured size stands for.

    Across a single fibre there are two alike; a volume is all three.
    """
    if quantity.unit == "mL":
        return 3
    return 2 if (row.n_fibres or 1) == 1 and quantity.name != "long axis" else 1


def _place_of(row: PublishedRow, name: str) -> tuple[str, int]:
    """Return which measure of a zone a quantity is, and the number of the axis or -1."""
    if name == "volume":
        return "volume", -1
    if name == "diameter":
        return "across", -1
    if name in {"long axis", "short axis"} and (row.n_fibres or 1) == 1:
        return ("along", -1) if name == "long axis" else ("across", -1)
    axes = {"long axis": 0, "largest extent": 0, "middle axis": 1, "short axis": 2}
    return "axes", axes[name]
