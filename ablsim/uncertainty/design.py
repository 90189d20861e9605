"""Which runs tell most about many factors: a two-level design of twelve runs.

Plackett and Burman (1946): each of up to eleven factors is high in six runs and low in six, and
every pair of factors takes each of its four combinations three times. So each effect is the
difference of two means of six runs, clear of every other factor's own effect. At levels of one SD
either side, mean and variance of the answers over the runs are those of a quadratic and a linear
answer, respectively.
"""

import numpy as np
from numpy.typing import NDArray

RUNS = 12
"""Runs of the design."""

FACTORS_MAX = RUNS - 1
"""Factors that it can tell apart."""

_FIRST_ROW = "++-+++---+-"

FloatArray = NDArray[np.float64]


def plackett_burman() -> FloatArray:
    """Return the design: +-1 for each of 12 runs and 11 factors, in float64.

    Examples
    --------
    >>> design = plackett_burman()
    >>> bool((design.T @ design == 12 * np.eye(11)).all())
    True
    """
    row = np.array([1.0 if sign == "+" else -1.0 for sign in _FIRST_ROW])
    cyclic = [np.roll(row, shift) for shift in range(FACTORS_MAX)]
    return np.array([*cyclic, -np.ones(FACTORS_MAX)])


def effects(design: FloatArray, answers: FloatArray) -> FloatArray:
    """Return by how much one SD of each factor moves each answer.

    Parameters
    ----------
    design : ndarray of float64, shape (n_runs, n_columns)
        Orthogonal columns of +-1.
    answers : ndarray of float64, shape (n_runs, n_answers)
        What the runs gave.

    Returns
    -------
    ndarray of float64, shape (n_columns, n_answers)
        Slopes of the linear model; columns without a factor tell how far factors act together.
    """
    return np.asarray(design.T @ answers / len(design))
