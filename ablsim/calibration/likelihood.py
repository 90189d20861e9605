r"""How likely published lesions are, given parameters and the error of the model.

Of row r in publication s the model says :math:`\ln D_r = f_r(x)`, and a typical lesion has

.. math:: \ln D_r = f_r(x) + u_s + v_r,

with u and v normal, of variances :math:`\rho\sigma^2` and :math:`(1 - \rho)\sigma^2`: sigma is the
error of the model, of which rows of one publication share the part rho (one laboratory, applicator
and way of reading). A measured mean is normal about the typical lesion with the row's SD. Where
the largest lesion of a series was published, it is at least as large as the typical one but for
that SD: such a row counts with the probability that measured is not below typical,

.. math:: \Phi\left(\frac{\ln D_\mathrm{measured} - f_r(x) - u_s}{\sqrt{(1-\rho)\sigma^2 + s_r^2}}\right),

and so speaks against predictions above it, and not at all for any below. A smallest lesion is the
mirror image. The shared part u is integrated by Gauss-Hermite quadrature.
"""  # noqa: E501

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

SOURCE_SHARE = 0.5
"""Share of the variance of the model error that rows of one publication have in common.

Assumed: with none of it four rows of one laboratory would count as four laboratories.
"""

NODES = 32
"""Points of the quadrature over what a publication's rows share."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(NODES)
_LOG_ROOT_2PI = 0.5 * np.log(2.0 * np.pi)
_LOG_WEIGHTS = np.log(_WEIGHTS / _WEIGHTS.sum())

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured, row by row.

    Parameters
    ----------
    log_d : ndarray of float64, shape (n_rows,)
        ln(diameter [mm]).
    sd : ndarray of float64, shape (n_rows,)
        Its standard deviation, that of the surrogate included.
    side : ndarray of int64, shape (n_rows,)
        0 for a mean, 1 for a maximum, -1 for a minimum.
    source : ndarray of int64, shape (n_rows,)
        Number of the publication.
    """

    log_d: FloatArray
    sd: FloatArray
    side: NDArray[np.int64]
    source: NDArray[np.int64]

    @property
    def groups(self) -> tuple[list[int], list[list[int]]]:
        """Rows that are their publication's only one, and those of each other publication."""
        found: dict[int, list[int]] = {}
        for row, source in enumerate(self.source.tolist()):
            found.setdefault(source, []).append(row)
        alone = [rows[0] for rows in found.values() if len(rows) == 1]
        return alone, [rows for rows in found.values() if len(rows) > 1]

    def only(self, rows: Sequence[int]) -> "Evidence":
        """Return some of the rows."""
        at = np.asarray(rows, dtype=np.int64)
        return Evidence(self.log_d[at], self.sd[at], self.side[at], self.source[at])


def log_likelihood(
    evidence: Evidence, predicted: FloatArray, model_error: FloatArray
) -> FloatArray:
    """Return the logarithm of the likelihood of all rows together.

    Parameters
    ----------
    evidence : Evidence
        What was measured.
    predicted : ndarray of float64, shape (n, n_rows)
        ln(diameter [mm]) that n sets of parameters predict.
    model_error : ndarray of float64, shape (n,)
        The model error that goes with each set.

    Returns
    -------
    ndarray of float64, shape (n,)
        Zero without any row.
    """
    gap = evidence.log_d - predicted
    variance = model_error[:, None] ** 2
    alone, together = evidence.groups
    # nothing to share: both parts of the error are one
    scatter = np.sqrt(variance + evidence.sd[alone] ** 2)
    total = _of_rows(gap[:, alone], scatter, evidence.side[alone]).sum(axis=1)
    for rows in together:
        shared = np.sqrt(SOURCE_SHARE) * model_error[:, None] * _NODES
        scatter = np.sqrt((1.0 - SOURCE_SHARE) * variance + evidence.sd[rows] ** 2)
        gaps = gap[:, None, rows] - shared[:, :, None]
        each = _of_rows(gaps, scatter[:, None, :], evidence.side[rows]).sum(axis=2)
        total += _log_mean_exp(each)
    return np.asarray(total)


def _log_mean_exp(values: FloatArray) -> FloatArray:
    """Return the logarithm of the mean over the nodes of the quadrature."""
    values = values + _LOG_WEIGHTS
    highest = values.max(axis=1)
    return np.asarray(highest + np.log(np.sum(np.exp(values - highest[:, None]), axis=1)))


def _of_rows(gap: FloatArray, scatter: FloatArray, side: NDArray[np.int64]) -> FloatArray:
    """Return the logarithm of the likelihood of each row, the last axis."""
    score = gap / scatter
    found = -0.5 * score**2 - np.log(scatter) - _LOG_ROOT_2PI
    if side.any():
        bounds = np.flatnonzero(side)
        found[..., bounds] = log_ndtr(side[bounds] * score[..., bounds])
    return np.asarray(found)
