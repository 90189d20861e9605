"""The calibration from rows to record: runs, surrogates, posterior, predictions."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import ablsim
from ablsim.calibration.design import DesignedRow, make_design
from ablsim.calibration.inference import Draws, Problem, draw_prior, infer
from ablsim.calibration.likelihood import Evidence
from ablsim.calibration.observations import SIDES, Observation, choose_rows
from ablsim.calibration.parameters import limits
from ablsim.calibration.prediction import (
    Coverage,
    LeftOut,
    RowPrediction,
    leave_sources_out,
    predict_rows,
    summarise_left_out,
)
from ablsim.calibration.runs import Outcome, code_fingerprint, measure_all
from ablsim.calibration.surrogate import Surrogate, fit_surrogate
from ablsim.errors import UnfinishedError
from ablsim.uncertainty.factors import Factor

RUNS, SEED = 64, 1
"""Designed runs of each row, and the seed of everything random, unless told otherwise."""

STEPS_MAX = 20_000
"""Steps after which a sampler gives up."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CalibratedRow:
    """What the calibration knows about one row.

    Parameters
    ----------
    observation : Observation
        What was measured.
    surrogate : Surrogate
        Diameter on coarse cells as a function of the factors that bear on it.
    columns : ndarray of int64, shape (n_factors,)
        Where these are among all parameters.
    default : float
        ln(diameter [mm]) that the defaults give on fine cells.
    offset : float
        What the coarse cells cost: ln(diameter) on fine ones minus that on coarse ones, of the
        defaults; every prediction is carried over by it.
    cut_off : int
        Runs whose zone reached the wall of the domain; they are not fitted to.
    """

    observation: Observation
    surrogate: Surrogate
    columns: NDArray[np.int64]
    default: float
    offset: float
    cut_off: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Everything that a calibration found.

    Parameters
    ----------
    factors : tuple of Factor
        The parameters, with their priors.
    rows : tuple of CalibratedRow
        The rows.
    prior, posterior : Draws
        What was possible before and after.
    before, after : tuple of RowPrediction
        What prior and posterior predict for each row.
    left_out : tuple of LeftOut
        What is predicted for each publication without its rows.
    coverage : Coverage
        How good that is.
    failed : mapping of str to str
        Runs that have no result, and why.
    runs, seed : int
        Designed runs of each row, and the seed.
    versions : mapping of str to str
        What it was computed with.
    """

    factors: tuple[Factor, ...]
    rows: tuple[CalibratedRow, ...]
    prior: Draws
    posterior: Draws
    before: tuple[RowPrediction, ...]
    after: tuple[RowPrediction, ...]
    left_out: tuple[LeftOut, ...]
    coverage: Coverage
    failed: dict[str, str]
    runs: int
    seed: int
    versions: dict[str, str]

    @property
    def is_converged(self) -> bool:
        """Whether all samples can be believed."""
        everything = [self.posterior.diagnostics, *(one.diagnostics for one in self.left_out)]
        return all(one is not None and one.is_converged for one in everything)


def calibrate(
    rows: Sequence[str] | None = None,
    *,
    without: Sequence[str] = (),
    folder: str | Path = "calibration",
    runs: int = RUNS,
    seed: int = SEED,
    workers: int = 1,
    on_run: Callable[[int, int], None] | None = None,
    on_stage: Callable[[str], None] | None = None,
    check: Callable[[], None] | None = None,
) -> Calibration:
    """Infer what published lesions say about the parameters of the model.

    Parameters
    ----------
    rows : sequence of str, optional
        Names of published rows; by default all that give the size of a lesion.
    without : sequence of str
        Names of rows that are left out.
    folder : str or Path
        Where the files of the runs are kept, in ``runs``; what is there is not computed again.
    runs : int
        Designed runs of each row.
    seed : int
        Of the design and of all random numbers.
    workers : int
        Processes that simulate at the same time. They are started anew, so a script that calls
        this keeps its own work under ``if __name__ == "__main__":``.
    on_run : callable, optional
        Called with how many runs are done and how many there are.
    on_stage : callable, optional
        Called with what comes next, in words.
    check : callable, optional
        Called now and then; what it raises stops the work. Finished runs are kept.

    Returns
    -------
    Calibration
        Prior and posterior, what they predict, and whether it can be believed.

    Raises
    ------
    CaseError
        If a row's name is wrong.
    UnfinishedError
        If too many runs of a row failed to say anything about it.
    """
    say = on_stage or (lambda text: None)
    say("designing the runs")
    factors, designed = make_design(choose_rows(rows, without), runs, seed)
    outcome = measure_all(
        _in_order(designed, runs),
        Path(folder),
        workers=workers,
        on_done=on_run,
        check=check,
    )
    say("fitting surrogates")
    found = tuple(_fit_row(row, outcome) for row in designed)
    problem = make_problem(factors, found)
    say("sampling the posterior")
    prior = draw_prior(factors, 4096, seed)
    follow = None if check is None else lambda done, total: check()
    posterior = infer(problem, seed=seed, steps_max=STEPS_MAX, on_steps=follow)
    observations = [row.observation for row in found]
    left_out = leave_sources_out(
        problem,
        observations,
        seed=seed,
        steps_max=STEPS_MAX,
        on_source=lambda ids: say(f"sampling without {', '.join(ids)}"),
        check=check,
    )
    before, after = (
        predict_rows(observations, problem.predict(draws.coordinates), draws, seed=seed)
        for draws in (prior, posterior)
    )
    return Calibration(
        factors=factors,
        rows=found,
        prior=prior,
        posterior=posterior,
        before=before,
        after=after,
        left_out=left_out,
        coverage=summarise_left_out(left_out, observations),
        failed=dict(outcome.failed),
        runs=runs,
        seed=seed,
        versions=_versions(),
    )


def make_problem(factors: tuple[Factor, ...], rows: Sequence[CalibratedRow]) -> Problem:
    """Return what is inferred from what, with surrogates in place of runs."""

    def predict(x: FloatArray) -> FloatArray:
        return np.stack(
            [row.surrogate.log_diameter(x[:, row.columns]) + row.offset for row in rows], axis=1
        )

    observations = [row.observation for row in rows]
    sources = list(dict.fromkeys(observation.source for observation in observations))
    evidence = Evidence(
        log_d=np.array([observation.log_d for observation in observations]),
        sd=np.array([np.hypot(row.observation.sd, row.surrogate.error) for row in rows]),
        side=np.array([SIDES[observation.kind] for observation in observations]),
        source=np.array([sources.index(observation.source) for observation in observations]),
    )
    return Problem(factors, predict, evidence)


def _in_order(designed: Sequence[DesignedRow], runs: int) -> dict[str, "ablsim.Case"]:
    """Return all runs, design point by design point, so that a stop leaves a smaller design."""
    numbers: list[int | str] = ["coarse", *range(1, runs + 1), "fine"]
    return {row.name(n): row.cases[row.name(n)] for n in numbers for row in designed}


def _fit_row(row: DesignedRow, outcome: Outcome) -> CalibratedRow:
    """Return a row with its surrogate."""
    observation = row.observation
    names = [row.name(number) for number in range(1, len(row.points) + 1)]
    is_there = np.array([name in outcome.answers for name in names])
    for which in ("coarse", "fine"):
        if row.name(which) not in outcome.answers:
            msg = f"{row.name(which)}: its unvaried run failed: {outcome.failed[row.name(which)]}"
            raise UnfinishedError(msg)
    coarse, fine = (
        observation.log_diameter(outcome.answers[row.name(which)].zones)
        for which in ("coarse", "fine")
    )
    log_d = np.full(len(names), -np.inf)
    is_whole = is_there.copy()
    for i, name in enumerate(names):
        if is_there[i]:
            answer = outcome.answers[name]
            log_d[i] = observation.log_diameter(answer.zones)
            is_whole[i] = not any(
                f"{observation.zone} zone reaches the wall" in note for note in answer.notes
            )
    low, high = limits(row.factors)
    try:
        surrogate = fit_surrogate(
            row.points[is_whole], log_d[is_whole], observation.log_d, low=low, high=high
        )
    except ValueError as error:
        msg = f"{observation.id}: {error}"
        raise UnfinishedError(msg) from None
    return CalibratedRow(
        observation=observation,
        surrogate=surrogate,
        columns=row.columns,
        default=fine,
        offset=fine - coarse,
        cut_off=int(np.count_nonzero(is_there & ~is_whole)),
    )


def _versions() -> dict[str, str]:
    packages = ("ablsim", "numpy", "scipy", "numba", "emcee", "scikit-learn")
    return {
        **{package: version(package) for package in packages},
        "python": platform.python_version(),
        "code": code_fingerprint(),
    }
