"""A predicted zone beside an observed one, as numbers and as text."""

from dataclasses import dataclass
from math import degrees, log
from typing import Any

import numpy as np

from ablsim.agreement.measures import (
    Agreement,
    Motion,
    covered,
    fit_rigidly,
    margins,
    measure_agreement,
)
from ablsim.agreement.region import Region, region_of_mask, region_of_tumour, region_of_zone
from ablsim.imaging.masks import Mask
from ablsim.notebook import DISCLAIMER
from ablsim.result import Result
from ablsim.units import to_ml, to_mm

SCHEMA = "ablsim/agreement/1"
"""Name and version of the JSON object."""


@dataclass(frozen=True, slots=True)
class Tumour:
    """What a zone did to the tumour: ablated share, smallest and mean margin [m]."""

    fraction: float
    margin_min: float
    margin_mean: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A predicted zone beside an observed one.

    Parameters
    ----------
    zone : str
        Which zone is compared.
    observed_name : str
        File of the mask.
    predicted, observed : Region
        Both.
    placed : Agreement
        Where they are.
    motion : Motion
        The rigid motion of the predicted zone that fits the observed one best.
    fitted : Agreement
        After that motion.
    tumour_from : str
        Where the tumour comes from; empty if there is none.
    tumour : Region, optional
        The tumour.
    predicted_tumour, observed_tumour : Tumour, optional
        What either zone did to it.
    """

    zone: str
    observed_name: str
    predicted: Region
    observed: Region
    placed: Agreement
    motion: Motion
    fitted: Agreement
    tumour_from: str = ""
    tumour: Region | None = None
    predicted_tumour: Tumour | None = None
    observed_tumour: Tumour | None = None

    @property
    def log_ratio(self) -> float:
        """Error of ln(equivalent diameter) of the prediction."""
        return log(self.predicted.volume / self.observed.volume) / 3.0


def compare_zones(
    result: Result, observed: Mask, *, tumour: Mask | None = None, zone: str | None = None
) -> Comparison:
    """Compare the zone of a result with one that was marked in an image of the patient.

    Parameters
    ----------
    result : Result
        What `simulate` or `load` returned; its case is in the coordinates of the image (LPS).
    observed : Mask
        The zone that was seen.
    tumour : Mask, optional
        The tumour as it was marked; left out, that of the case, if it has one.
    zone : str, optional
        Which zone of the result; left out, the one that its case reports.

    Returns
    -------
    Comparison
        Overlap, distances of the surfaces and margins; overlap and distances once more after the
        best rigid motion: what is then better was an error of placement or of registration, what
        stays is one of size and shape.

    Raises
    ------
    CaseError
        If the result has no such zone.

    Examples
    --------
    >>> found = compare_zones(load("patient.vtkhdf"), read_mask("zone.nii.gz"))  # doctest: +SKIP
    >>> found.placed.dice, found.fitted.dice  # doctest: +SKIP
    """
    ours, theirs = region_of_zone(result, zone), region_of_mask(observed)
    motion = fit_rigidly(ours, theirs)
    source, body = "", None
    if tumour is not None:
        source, body = tumour.name, region_of_mask(tumour)
    elif result.case.tumour is not None:
        source, body = "the case", region_of_tumour(result.case.tumour)
    return Comparison(
        zone=zone or result.case.physics.reported_zone,
        observed_name=observed.name,
        predicted=ours,
        observed=theirs,
        placed=measure_agreement(ours, theirs),
        motion=motion,
        fitted=measure_agreement(ours, theirs, motion),
        tumour_from=source,
        tumour=body,
        predicted_tumour=None if body is None else _look_at(body, ours),
        observed_tumour=None if body is None else _look_at(body, theirs),
    )


def describe(found: Comparison) -> str:
    """Return a comparison as text for a terminal."""
    ratio = found.predicted.volume / found.observed.volume
    shift = ", ".join(map(_signed, found.motion.shift.tolist()))
    lines = [
        f"Zone of {found.zone} beside {found.observed_name}",
        f"  volume     {to_ml(found.predicted.volume):#.3g} mL predicted, "
        f"{to_ml(found.observed.volume):#.3g} mL observed: ratio {ratio:.2f}, "
        f"{found.log_ratio:+.2f} in ln(diameter)",
        f"  as placed  {_say(found.placed)}",
        f"  fitted     {_say(found.fitted)},",
        f"             after a shift of {to_mm(float(np.linalg.norm(found.motion.shift))):.1f} mm "
        f"({shift} to left, back, head) and a turn of {degrees(found.motion.angle):.0f} degrees",
    ]
    ours, theirs = found.predicted_tumour, found.observed_tumour
    if ours is not None and theirs is not None:
        lines += [
            f"  tumour     of {found.tumour_from}: {100.0 * ours.fraction:.1f} % ablated "
            f"predicted, {100.0 * theirs.fraction:.1f} % observed",
            f"  margin     smallest {_signed(ours.margin_min)} mm predicted, "
            f"{_signed(theirs.margin_min)} mm observed; mean {_signed(ours.margin_mean)} and "
            f"{_signed(theirs.margin_mean)} mm",
        ]
    lines += [
        "  A rigid fit hides errors of placement and of registration; the line above it does not.",
        "",
        DISCLAIMER,
    ]
    return "\n".join(lines)


def summarise(found: Comparison) -> dict[str, Any]:
    """Return a comparison as a JSON object, in millimetres and millilitres."""
    return {
        "schema": SCHEMA,
        "zone": found.zone,
        "observed": found.observed_name,
        "volume_ml": {
            "predicted": to_ml(found.predicted.volume),
            "observed": to_ml(found.observed.volume),
            "ln_diameter_error": found.log_ratio,
        },
        "as_placed": _numbers(found.placed),
        "fitted": {
            **_numbers(found.fitted),
            "shift_mm": [to_mm(float(part)) for part in found.motion.shift],
            "turn_degrees": degrees(found.motion.angle),
        },
        "tumour": None
        if found.predicted_tumour is None or found.observed_tumour is None
        else {
            "from": found.tumour_from,
            "predicted": _tumour_numbers(found.predicted_tumour),
            "observed": _tumour_numbers(found.observed_tumour),
        },
    }


def _look_at(tumour: Region, zone: Region) -> Tumour:
    return Tumour(covered(tumour, zone), *margins(tumour, zone))


def _say(found: Agreement) -> str:
    reach = to_mm(found.reach)
    return (
        f"Dice {found.dice:.2f}, surfaces {to_mm(found.mean_distance):.1f} mm apart on average "
        f"(95 % within {to_mm(found.distance_95):.1f}, at most "
        f"{to_mm(found.distance_max):.1f} mm); predicted reaches {abs(reach):.1f} mm "
        f"{'further' if reach >= 0.0 else 'less far'}"
    )


def _signed(length: float) -> str:
    """Return a length in millimetres with its sign; nothing is never minus nothing."""
    return f"{round(to_mm(length), 1) + 0.0:+.1f}"


def _numbers(found: Agreement) -> dict[str, float]:
    return {
        "dice": found.dice,
        "mean_distance_mm": to_mm(found.mean_distance),
        "distance_95_mm": to_mm(found.distance_95),
        "distance_max_mm": to_mm(found.distance_max),
        "reach_mm": to_mm(found.reach),
    }


def _tumour_numbers(found: Tumour) -> dict[str, float]:
    return {
        "ablated_fraction": found.fraction,
        "margin_min_mm": to_mm(found.margin_min),
        "margin_mean_mm": to_mm(found.margin_mean),
    }
