"""Which runs the calibration does: a scrambled Sobol design in the box of the priors."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from ablsim.calibration.observations import Observation, make_observation
from ablsim.calibration.parameters import bearing_factors, join_factors, limits
from ablsim.case import Case
from ablsim.uncertainty.factors import Factor, vary
from ablsim.validation import PublishedRow, make_case

COARSE, FINE = "2 mm", "1 mm"
"""Edge length of the cells of the designed runs, and of what they are carried over to."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DesignedRow:
    """One published row and the runs for it.

    Parameters
    ----------
    observation : Observation
        What was measured.
    factors : tuple of Factor
        What bears on it.
    columns : ndarray of int64, shape (n_factors,)
        Where these factors are among all parameters.
    points : ndarray of float64, shape (n_runs, n_factors)
        Coordinates of the runs.
    cases : mapping of str to Case
        All its runs by name: ``row/1`` ... of the design, ``row/coarse`` and ``row/fine`` of the
        unvaried case.
    """

    observation: Observation
    factors: tuple[Factor, ...]
    columns: NDArray[np.int64]
    points: FloatArray
    cases: Mapping[str, Case]

    def name(self, number: int | str) -> str:
        """Return the name of a run."""
        return f"{self.observation.id}/{number}"


def make_design(
    rows: Sequence[PublishedRow], n_runs: int, seed: int
) -> tuple[tuple[Factor, ...], tuple[DesignedRow, ...]]:
    """Return the parameters, and for each row the runs that tell how it depends on them.

    Parameters
    ----------
    rows : sequence of PublishedRow
        The rows.
    n_runs : int
        Designed runs of each row.
    seed : int
        Of the scrambling.

    Notes
    -----
    All rows share one design over all parameters; each row's runs are at the coordinates of the
    factors that bear on it. So a design does not change with the selection of rows as long as
    they have the same parameters between them, and a longer one begins with the shorter.
    """
    coarse = [make_case(row, spacing=COARSE) for row in rows]
    of_rows = [bearing_factors(case) for case in coarse]
    factors = join_factors(of_rows)
    names = [factor.name for factor in factors]
    low, high = limits(factors)
    unit = sobol(n_runs, len(factors), seed)
    points = low + (high - low) * unit
    designed = []
    for row, case, own in zip(rows, coarse, of_rows, strict=True):
        columns = np.array([names.index(factor.name) for factor in own], dtype=np.int64)
        observation = make_observation(row)
        cases = {
            f"{row.id}/{number}": vary(case, own, at)
            for number, at in enumerate(points[:, columns], start=1)
        }
        cases[f"{row.id}/coarse"] = case
        cases[f"{row.id}/fine"] = make_case(row, spacing=FINE)
        designed.append(DesignedRow(observation, own, columns, points[:, columns], cases))
    return factors, tuple(designed)


def sobol(n: int, dimensions: int, seed: int) -> FloatArray:
    """Return the first n points of a scrambled Sobol sequence in the unit cube."""
    sequence = qmc.Sobol(dimensions, scramble=True, seed=seed)
    return np.asarray(sequence.random_base2(max(1, math.ceil(math.log2(n))))[:n])
