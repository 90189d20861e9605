"""What a run predicts for each measured number of a row, and how far it is from it."""

import math

import numpy as np

from ablsim.result import Result
from ablsim.units import to_celsius, to_ml, to_mm
from ablsim.validation.published import PublishedRow, Quantity, Reading
from ablsim.zone import Zone, Zones


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
    read = {reading.quantity.name: reading for reading in row.readings}
    return {
        quantity.name: _temperature(read[quantity.name], result)
        if quantity.unit == "degC"
        else size_of(zones[row.zone], quantity.name, n_fibres=row.n_fibres or 1)
        for quantity in row.quantities
    }


def size_of(zone: Zone, name: str, *, n_fibres: int) -> float:
    """Return the size of a zone that a measured one called ``name`` is compared with [mm or mL].

    The axes of a single fibre's lesion are those along and across the fibre, as it is cut. Those
    of several fibres, and the largest extent of any lesion, are caliper lengths of the zone
    wherever they lie.
    """
    if name == "volume":
        return float(to_ml(zone.volume))
    longest, middle, shortest = zone.axes
    lengths = {"largest extent": longest, "middle axis": middle, "diameter": zone.across}
    if n_fibres == 1:
        lengths |= {"long axis": zone.along, "short axis": zone.across}
    else:
        lengths |= {"long axis": longest, "short axis": shortest}
    return float(to_mm(lengths[name]))


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
        ln(predicted / measured) per length: of a volume, a third of it; -inf where nothing was
        predicted. Between temperatures the difference [K].

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
    return ratio / 3.0 if quantity.unit == "mL" else ratio


def _temperature(reading: Reading, result: Result) -> float:
    """Return what a thermometer read [degC]."""
    curve = result.probe(reading.quantity.name)
    if reading.reads == "highest":
        return float(to_celsius(curve.peak))
    off = result.case.protocol.laser_time
    return float(to_celsius(float(np.interp(off, curve.times, curve.temperatures))))
