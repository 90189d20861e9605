"""What prior and posterior predict for each row, and for each publication without its own rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.band import LEVELS, Interval
from ablsim.calibration.inference import Draws, Predict, Problem, infer
from ablsim.calibration.observations import Observation
from ablsim.calibration.sampler import Diagnostics

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RowPrediction:
    """What is predicted for one row, as ln(diameter [mm]); intervals of 5, 50 and 95 %.

    Parameters
    ----------
    id : str
        The row.
    typical : tuple of float
        A typical lesion by the parameters alone.
    measured : tuple of float
        What a measurement gives: with the error of the model and that of the reading.
    is_within : bool
        Whether the measured one lies within; a maximum is only required not to lie below, a
        minimum not above.
    """

    id: str
    typical: Interval
    measured: Interval
    is_within: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The rows of one publication, predicted by a posterior that has not seen them.

    Parameters
    ----------
    source : str
        The publication.
    rows : tuple of RowPrediction
        What was predicted.
    diagnostics : Diagnostics
        Whether the sample behind it can be believed.
    """

    source: str
    rows: tuple[RowPrediction, ...]
    diagnostics: Diagnostics


@dataclass(frozen=True, slots=True)
class Coverage:
    """How good predictions of publications that were left out are, over the two-sided rows.

    Parameters
    ----------
    n, within : int
        How many rows there are, and in how many the measured one lies in the interval of 90 %.
    rms : float
        Root mean square of ln(predicted / measured diameter), predicted being the median.
    one_sided, contradicted : int
        How many rows are one-sided, and how many of these lie on the wrong side of the interval.
    """

    n: int
    within: int
    rms: float
    one_sided: int
    contradicted: int


def predict_rows(
    observations: Sequence[Observation], predicted: FloatArray, draws: Draws, *, seed: int
) -> tuple[RowPrediction, ...]:
    """Return what draws predict for rows.

    Parameters
    ----------
    observations : sequence of Observation
        The rows.
    predicted : ndarray of float64, shape (n_draws, n_rows)
        ln(diameter [mm]) of every draw.
    draws : Draws
        Their errors of the model.
    seed : int
        Of the errors that are drawn.
    """
    random = np.random.default_rng(seed)
    found = []
    for row, observation in enumerate(observations):
        scatter = np.sqrt(draws.model_error**2 + observation.sd**2)
        measured = predicted[:, row] + scatter * random.standard_normal(len(predicted))
        interval = _interval(measured)
        found.append(
            RowPrediction(
                observation.id,
                _interval(predicted[:, row]),
                interval,
                _is_within(observation, interval),
            )
        )
    return tuple(found)


def leave_sources_out(
    problem: Problem,
    observations: Sequence[Observation],
    *,
    seed: int,
    steps_max: int,
    on_source: Callable[[Sequence[str]], None] | None = None,
    check: Callable[[], None] | None = None,
) -> tuple[LeftOut, ...]:
    """Predict the rows of each publication by what all others leave possible."""
    found = []
    for source in dict.fromkeys(observation.source for observation in observations):
        rows = [i for i, one in enumerate(observations) if one.source == source]
        if on_source is not None:
            on_source([observations[i].id for i in rows])
        draws = infer(
            problem.without(rows),
            seed=seed,
            steps_max=steps_max,
            on_steps=None if check is None else lambda done, total: check(),
        )
        if draws.diagnostics is None:
            msg = "sampled draws have diagnostics"
            raise AssertionError(msg)
        predicted = _of_rows(problem.predict, draws, rows)
        own = [observations[i] for i in rows]
        found.append(
            LeftOut(source, predict_rows(own, predicted, draws, seed=seed), draws.diagnostics)
        )
    return tuple(found)


def summarise_left_out(
    left_out: Sequence[LeftOut], observations: Sequence[Observation]
) -> Coverage:
    """Return how often, and by how much, predictions of left-out publications were right."""
    by_id = {observation.id: observation for observation in observations}
    rows = [row for one in left_out for row in one.rows]
    two_sided = [row for row in rows if by_id[row.id].kind == "two-sided"]
    one_sided = [row for row in rows if by_id[row.id].kind != "two-sided"]
    gaps = [row.typical[1] - by_id[row.id].log_d for row in two_sided]
    return Coverage(
        n=len(two_sided),
        within=sum(row.is_within for row in two_sided),
        rms=float(np.sqrt(np.mean(np.square(gaps)))) if gaps else float("nan"),
        one_sided=len(one_sided),
        contradicted=sum(not row.is_within for row in one_sided),
    )


def _of_rows(predict: Predict, draws: Draws, rows: Sequence[int]) -> FloatArray:
    return np.asarray(predict(draws.coordinates)[:, list(rows)])


def _is_within(observation: Observation, interval: Interval) -> bool:
    low, _, high = interval
    above, below = observation.log_d >= low, observation.log_d <= high
    if observation.kind == "maximum":
        return above
    return below if observation.kind == "minimum" else above and below


def _interval(values: FloatArray) -> Interval:
    low, middle, high = np.quantile(values, LEVELS)
    return float(low), float(middle), float(high)
