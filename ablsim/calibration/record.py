"""A calibration as plain tables: the JSON of the command, and the posterior that is shipped."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim.band import LEVELS, Interval
from ablsim.calibration.inference import Draws
from ablsim.calibration.likelihood import SOURCE_SHARE
from ablsim.calibration.parameters import MODEL_ERROR_SCALE, NORMAL_LIMIT
from ablsim.calibration.prediction import RowPrediction
from ablsim.calibration.sampler import Diagnostics, thin
from ablsim.calibration.study import CalibratedRow, Calibration
from ablsim.errors import UnfinishedError
from ablsim.uncertainty.factors import Factor
from ablsim.uncertainty.posterior import Posterior, make_posterior

SCHEMA = "ablsim/calibration/1"
"""Name and version of the JSON of a calibration."""

SHIPPED_DRAWS = 1024
"""Draws of a posterior file."""

STRONG = 0.3
"""Correlations above this are named."""

MODEL_ERROR_NAME = "error of the model (SD ln D)"

FloatArray = NDArray[np.float64]


def describe_calibration(found: Calibration) -> dict[str, Any]:
    """Return a calibration as the JSON object ``ablsim/calibration/1``, diameters in mm."""
    return {
        "schema": SCHEMA,
        "converged": found.is_converged,
        "parameters": [
            _parameter(factor, found.prior.coordinates[:, i], found.posterior.coordinates[:, i])
            for i, factor in enumerate(found.factors)
        ],
        "model_error_sd_ln_d": {
            "prior": _spread(found.prior.model_error),
            "posterior": _spread(found.posterior.model_error),
        },
        "correlations": [
            {"between": [a, b], "correlation": value}
            for a, b, value in correlations(found.factors, found.posterior)
            if abs(value) > STRONG
        ],
        "rows": [
            _row(row, before, after)
            for row, before, after in zip(found.rows, found.before, found.after, strict=True)
        ],
        "left_out": [
            {
                "source": one.source,
                "rows": [_prediction(row) for row in one.rows],
                "sampler": _sampler(one.diagnostics),
            }
            for one in found.left_out
        ],
        "left_out_summary": {
            "two_sided": found.coverage.n,
            "within_90_percent": found.coverage.within,
            "rms_ln_d": found.coverage.rms,
            "one_sided": found.coverage.one_sided,
            "contradicted": found.coverage.contradicted,
        },
        "sampler": _sampler(found.posterior.diagnostics),
        "failed": dict(found.failed),
        "settings": {
            "runs": found.runs,
            "seed": found.seed,
            "source_share": SOURCE_SHARE,
            "model_error_prior": f"half-normal, scale {MODEL_ERROR_SCALE:g}",
            "normal_priors_cut_at_sd": NORMAL_LIMIT,
        },
        "versions": dict(found.versions),
    }


def correlations(factors: Sequence[Factor], draws: Draws) -> tuple[tuple[str, str, float], ...]:
    """Return every pair of parameters with its correlation, the strongest first."""
    names = [*(factor.name for factor in factors), MODEL_ERROR_NAME]
    columns = np.column_stack([draws.coordinates, draws.model_error])
    table: FloatArray = np.asarray(np.corrcoef(columns, rowvar=False))
    pairs = [
        (names[i], names[j], float(table[i, j]))
        for i in range(len(names))
        for j in range(i + 1, len(names))
    ]
    return tuple(sorted(pairs, key=lambda pair: -abs(pair[2])))


def to_posterior(found: Calibration) -> Posterior:
    """Return the posterior of a calibration as it is shipped.

    Raises
    ------
    UnfinishedError
        If the sample has not converged: such draws are no uncertainty.
    """
    diagnostics = found.posterior.diagnostics
    if diagnostics is None or not diagnostics.is_converged:
        why = "not sampled" if diagnostics is None else diagnostics.verdict
        msg = f"the posterior is {why}; nothing is written"
        raise UnfinishedError(msg)
    rows = np.column_stack([found.posterior.coordinates, found.posterior.model_error])
    chosen = thin(rows, SHIPPED_DRAWS, found.seed)
    described = describe_calibration(found)
    provenance = {
        key: described[key] for key in ("sampler", "left_out_summary", "settings", "versions")
    }
    provenance["rows"] = [
        {key: row[key] for key in ("id", "source", "surrogate", "grid_offset_ln_d")}
        for row in described["rows"]
    ]
    provenance["failed_runs"] = len(found.failed)
    return make_posterior(found.factors, chosen[:, :-1], chosen[:, -1], provenance)


def _parameter(factor: Factor, before: FloatArray, after: FloatArray) -> dict[str, Any]:
    return {
        "name": factor.name,
        "unit": factor.unit if factor.log_spread is None else "factor",
        "prior_words": factor.spread,
        "default": factor.default,
        "prior_below_default": float(np.mean(factor.level(before) < factor.default)),
        "posterior_below_default": float(np.mean(factor.level(after) < factor.default)),
        "prior": _spread(factor.level(before)),
        "posterior": _spread(factor.level(after)),
        "narrowed_to": float(np.std(after) / np.std(before)),
        "moved_by_prior_sd": float((np.mean(after) - np.mean(before)) / np.std(before)),
    }


def _spread(values: FloatArray) -> dict[str, Any]:
    low, middle, high = (float(value) for value in np.quantile(values, LEVELS))
    return {
        "mean": float(np.mean(values)),
        "sd": float(np.std(values)),
        "p05": low,
        "p50": middle,
        "p95": high,
    }


def _row(row: CalibratedRow, before: RowPrediction, after: RowPrediction) -> dict[str, Any]:
    observation, surrogate = row.observation, row.surrogate
    return {
        "id": observation.id,
        "source": observation.source,
        "zone": observation.zone,
        "kind": observation.kind,
        "measured_mm": math.exp(observation.log_d),
        "measured_sd_ln_d": observation.sd,
        "sd_was_read": observation.sd_was_read,
        "default_mm": math.exp(row.default),
        "prior": _prediction(before),
        "posterior": _prediction(after),
        "grid_offset_ln_d": row.offset,
        "surrogate": {
            "form": surrogate.form,
            "error_ln_d": surrogate.error,
            "errors_ln_d": dict(surrogate.errors),
            "runs": surrogate.n_runs,
            "runs_near": surrogate.n_near,
            "cut_off": row.cut_off,
        },
    }


def _prediction(row: RowPrediction) -> dict[str, Any]:
    return {
        "id": row.id,
        "typical_mm": _millimetres(row.typical),
        "measured_mm": _millimetres(row.measured),
        "within": row.is_within,
    }


def _millimetres(interval: Interval) -> list[float]:
    return [math.exp(value) for value in interval]


def _sampler(diagnostics: Diagnostics | None) -> dict[str, Any] | None:
    if diagnostics is None:
        return None
    return {
        "walkers": diagnostics.walkers,
        "steps": diagnostics.steps,
        "acceptance": diagnostics.acceptance,
        "autocorrelation_time": diagnostics.autocorrelation_time,
        "effective_size": diagnostics.effective_size,
        "split_rhat": diagnostics.split_rhat,
        "seed": diagnostics.seed,
        "verdict": diagnostics.verdict,
    }
