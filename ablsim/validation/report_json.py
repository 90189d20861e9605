"""A validation as one JSON object."""

import math
from collections.abc import Sequence
from typing import Any

from ablsim import __version__
from ablsim.fingerprint import fingerprint
from ablsim.notebook import DISCLAIMER
from ablsim.validation.outcomes import OutcomeLine
from ablsim.validation.outcomes_text import to_json
from ablsim.validation.predicted import Span
from ablsim.validation.report import Line
from ablsim.validation.study import Study
from ablsim.validation.totals import Coverage, Lesions, Totals, root_mean_square

SCHEMA = "ablsim/validation/1"
"""Name and version of the object's layout."""


def summarise_validation(
    study: Study,
    lines: Sequence[Line],
    totals: Totals,
    rates: Sequence[OutcomeLine] | None = None,
) -> dict[str, Any]:
    """Return a validation as the JSON object ``ablsim/validation/1``.

    ``rows`` has one object for each measured number or sign. Numbers are in ``unit``;
    ``log_ratio`` is ln(predicted / measured) per length, a third of that of volumes, and null for
    temperatures, whose difference is ``difference_k``. ``accepted`` are the least and the most
    that is accepted of a prediction, null where there is no limit. What is not there is null.

    Parameters
    ----------
    study : Study
        What was asked.
    lines : sequence of Line
        The lines of the table.
    totals : Totals
        What they say together.
    rates : sequence of OutcomeLine, optional
        Rates of complete ablation; ``outcomes`` is null where they were not asked for.

    Returns
    -------
    dict
        Plain numbers, texts, lists and dictionaries.
    """
    assumed = {plan.row.id: list(plan.assumed) for plan in study.plans}
    return {
        "schema": SCHEMA,
        "rows": [{**_line(line), "assumed": assumed[line.row.id]} for line in lines],
        "summary": _totals(totals),
        "outcomes": None if rates is None else to_json(rates),
        "settings": {
            "spacing": study.spacing,
            "changes": dict(study.changes),
            "band": study.with_band,
            "ablsim": __version__,
            "code": fingerprint(),
        },
        "disclaimer": DISCLAIMER,
    }


def _line(line: Line) -> dict[str, Any]:
    quantity = line.quantity
    is_temperature = line.unit == "degC"
    return {
        "id": line.row.id,
        "zone": line.row.zone or None,
        "quantity": line.name or None,
        "unit": line.unit if line.name else None,
        "measured": None if quantity is None else quantity.measured,
        "measured_sd": None if quantity is None else quantity.sd,
        "expected": line.expected or None,
        "predicted": finite(line.predicted),
        "log_ratio": None if is_temperature else finite(line.error),
        "difference_k": finite(line.error) if is_temperature else None,
        "band": None if line.band is None else list(line.band),
        "band_parameters_only": None
        if line.parameters_only is None
        else list(line.parameters_only),
        "in_band": line.is_covered,
        "accepted": list(line.limits),
        "shrunk": _pair(line.shrunk),
        "one_sided": line.is_one_sided or line.row.is_one_sided,
        "verdict": line.verdict,
        "reason": line.reason or None,
    }


def _pair(span: Span | None) -> list[float] | None:
    return None if span is None else list(span)


def _totals(totals: Totals) -> dict[str, Any]:
    temperatures = totals.temperatures
    return {
        "rows": totals.rows,
        "simulated": totals.simulated,
        "verdicts": dict(totals.verdicts),
        "two_sided": {
            **_lesions(totals.lesions),
            "rms_ln_d_shrunk": [finite(lesions.rms) for lesions in totals.lesions_shrunk],
        },
        "maxima": {**_lesions(totals.maxima), "rms_ln_d_above": finite(totals.maxima.excess)},
        "temperatures": {
            "n": len(temperatures),
            "rms_k": root_mean_square(temperatures),
            "mean_k": sum(temperatures) / len(temperatures) if temperatures else None,
        },
        "occluded_over_perfused": [
            {
                "id": ratio.name,
                "measured": ratio.measured,
                "predicted": ratio.predicted,
                "accepted": list(totals.accepted_ratio),
                "verdict": ratio.verdict,
            }
            for ratio in totals.ratios
        ],
        "band": _coverage(totals.coverage),
        "band_parameters_only": _coverage(totals.coverage_parameters),
        "off": [
            {
                "id": name,
                "reason": None if reason is None else reason.reason,
                "source": None if reason is None else reason.source,
            }
            for name, reason in totals.off.items()
        ],
    }


def _lesions(lesions: Lesions) -> dict[str, Any]:
    return {
        "n": len(lesions.errors),
        "rms_ln_d": finite(lesions.rms),
        "ln_d": {name: finite(error) for name, error in lesions.errors.items()},
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "n": coverage.n,
        "inside": coverage.inside,
        "median_width_per_length": finite(coverage.width),
    }


def finite(value: float | None) -> float | None:
    """Return a number that JSON can hold; None for what is not finite."""
    return value if value is not None and math.isfinite(value) else None
