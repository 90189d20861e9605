"""The posterior of problems whose answer is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chisquare, halfnorm, kstest, norm, uniform

from ablsim.calibration.inference import Problem, draw_prior, infer
from ablsim.calibration.likelihood import SOURCE_SHARE, Evidence
from ablsim.calibration.parameters import MODEL_ERROR_SCALE
from ablsim.calibration.sampler import (
    AUTOCORRELATION_TIMES,
    autocorrelation_time,
    sample,
    split_rhat,
)
from ablsim.uncertainty.factors import Factor


def nothing(table, value):
    """A factor that only has a distribution."""


FACTORS = tuple(
    Factor(f"factor {i}", "", "", "even" if i == 1 else "normal", nothing) for i in range(3)
)
SLOPES = np.array(
    [
        [0.10, 0.05, 0.00],
        [0.00, 0.10, 0.10],
        [0.12, 0.00, -0.10],
        [0.05, 0.05, 0.05],
        [0.10, -0.10, 0.10],
        [0.00, -0.10, 0.10],
        [0.10, -0.10, 0.00],
        [0.03, -0.10, 0.10],
    ]
)
SOURCE = np.array([0, 1, 2, 3, 4, 4, 4, 5])
SD = np.full(8, 0.05)


def predict(x):
    return 3.0 + x @ SLOPES.T


def make_data(truth, model_error, random):
    """What is measured where the model errs by so much, partly alike within a publication."""
    shared = random.standard_normal(SOURCE.max() + 1)[SOURCE]
    own = random.standard_normal(len(SOURCE))
    error = np.sqrt(SOURCE_SHARE) * shared + np.sqrt(1.0 - SOURCE_SHARE) * own
    noise = SD * random.standard_normal(len(SOURCE))
    return predict(truth[None])[0] + model_error * error + noise


def make_problem(log_d, side=0):
    evidence = Evidence(log_d, SD, np.full(len(SOURCE), side), SOURCE)
    return Problem(FACTORS, predict, evidence)


@pytest.fixture(scope="module")
def recovered():
    truth = np.array([0.8, -0.5, 0.3])
    data = make_data(truth, 0.05, np.random.default_rng(3))
    return truth, infer(make_problem(data), seed=1, n_walkers=32, chunk=500)


def test_known_parameters_are_recovered_within_their_interval(recovered):
    truth, draws = recovered
    low, high = np.quantile(draws.coordinates, (0.025, 0.975), axis=0)
    assert (low < truth).all()
    assert (truth < high).all()
    assert (draws.coordinates.std(axis=0) < 0.7).all()
    assert np.quantile(draws.model_error, 0.05) < 0.05 < np.quantile(draws.model_error, 0.95)


def test_the_sample_says_that_it_has_converged(recovered):
    _, draws = recovered
    found = draws.diagnostics
    assert found.is_converged
    assert found.verdict == "converged"
    assert found.steps >= AUTOCORRELATION_TIMES * found.autocorrelation_time
    assert 0.15 < found.acceptance < 0.7
    assert found.effective_size > 1000


def test_the_same_seed_gives_the_same_draws_and_another_one_agrees():
    problem = make_problem(make_data(np.zeros(3), 0.1, np.random.default_rng(4)))
    first, again, other = (
        infer(problem, seed=seed, n_walkers=32, chunk=400, steps_max=800, n_draws=2000)
        for seed in (1, 1, 7)
    )
    assert (first.coordinates == again.coordinates).all()
    assert not (first.coordinates == other.coordinates).all()
    gap = first.coordinates.mean(axis=0) - other.coordinates.mean(axis=0)
    assert (np.abs(gap) < 0.25 * first.coordinates.std(axis=0)).all()


def test_without_rows_the_posterior_is_the_prior():
    problem = make_problem(np.zeros(8)).without(range(8))
    draws = infer(problem, seed=2, n_walkers=64, chunk=1500)
    assert draws.diagnostics.is_converged
    thinned = slice(None, None, 8)  # far enough apart to count as independent
    half = math.sqrt(3.0)
    edges = norm.cdf([-2.5, 2.5])
    for column, cdf in (
        (0, lambda x: (norm.cdf(x) - edges[0]) / (edges[1] - edges[0])),
        (1, uniform(-half, 2.0 * half).cdf),
    ):
        assert kstest(draws.coordinates[thinned, column], cdf).pvalue > 0.005
    error = draws.model_error[thinned]
    assert kstest(error, halfnorm(scale=MODEL_ERROR_SCALE).cdf).pvalue > 0.005


def test_drawing_the_prior_directly_is_the_same():
    draws = draw_prior(FACTORS, 4000, seed=1)
    assert draws.coordinates.shape == (4000, 3)
    assert np.abs(draws.coordinates[:, 0]).max() <= 2.5
    assert draws.coordinates.std(axis=0) == pytest.approx([0.955, 1.0, 0.955], abs=0.03)


def test_maxima_pull_predictions_down_and_never_up():
    """Rows far above what is predicted say nothing; rows below it are obeyed."""
    prior = draw_prior(FACTORS, 4000, seed=1)
    before = predict(prior.coordinates).mean()

    def mean_given(log_d, side):
        problem = make_problem(np.full(8, log_d), side)
        draws = infer(problem, seed=3, n_walkers=24, chunk=400, steps_max=400)
        return predict(draws.coordinates).mean()

    assert mean_given(5.0, 1) == pytest.approx(before, abs=0.02)
    assert mean_given(2.85, 1) < before - 0.04
    assert mean_given(3.15, -1) > before + 0.04


def test_a_normal_density_is_sampled_as_it_is():
    covariance = np.array([[1.0, 0.8], [0.8, 2.0]])
    inverse = np.linalg.inv(covariance)

    def density(x):
        return -0.5 * np.einsum("ij,jk,ik->i", x, inverse, x)

    points, found = sample(density, 2, seed=1, n_walkers=32, chunk=1500)
    assert found.is_converged
    assert np.cov(points, rowvar=False) == pytest.approx(covariance, rel=0.15)
    assert points.mean(axis=0) == pytest.approx([0.0, 0.0], abs=0.12)


def test_short_or_disagreeing_chains_are_not_called_converged():
    def two_valleys(x):
        near, far = (-0.5 * np.sum((x - at) ** 2, axis=1) / 0.01 for at in (-2.0, 2.0))
        return np.maximum(near, far)

    _, short = sample(lambda x: -0.5 * np.sum(x**2, axis=1), 5, seed=1, chunk=40, steps_max=40)
    assert not short.is_converged
    assert short.verdict.startswith("not converged")
    alike = replace(short, split_rhat=1.0, steps=20, autocorrelation_time=1.0)
    assert alike.verdict.endswith("the chains are 20 autocorrelation times long, and 50 are needed")
    assert replace(alike, steps=50).is_converged
    _, stuck = sample(two_valleys, 3, seed=1, n_walkers=16, chunk=300, steps_max=600)
    assert not stuck.is_converged


def test_diagnostics_of_chains_that_are_known():
    random = np.random.default_rng(1)
    white = random.standard_normal((4000, 8, 1))
    assert autocorrelation_time(white) == pytest.approx(1.0, abs=0.15)
    slow = np.zeros((20_000, 8, 1))
    for i in range(1, len(slow)):
        slow[i] = 0.9 * slow[i - 1] + random.standard_normal((8, 1))
    assert autocorrelation_time(slow) == pytest.approx(19.0, rel=0.2)  # (1 + 0.9)/(1 - 0.9)
    assert split_rhat([white, white[::-1]]) == pytest.approx(1.0, abs=0.002)
    assert split_rhat([white, white + 1.0]) > 1.1


def ranks_of_truth(repeats, seed, steps):
    """Simulation-based calibration: where the truth lies among posterior draws given its data."""
    random = np.random.default_rng(seed)
    prior = draw_prior(FACTORS, repeats, seed)
    ranks, within = [], []
    for i in range(repeats):
        truth = np.array([*prior.coordinates[i], prior.model_error[i]])
        problem = make_problem(make_data(truth[:3], truth[3], random))
        draws = infer(problem, seed=i, n_walkers=16, chunk=steps, steps_max=steps, n_draws=400)
        drawn = np.column_stack([draws.coordinates, draws.model_error])
        ranks.append(np.mean(drawn < truth, axis=0))
        low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
        within.append((low <= truth) & (truth <= high))
    return np.array(ranks), np.array(within)


@pytest.mark.slow
def test_ranks_of_the_truth_are_even_and_intervals_hold_what_they_say():
    """A posterior that is too narrow, too wide or aside would show in the ranks (Talts 2018)."""
    ranks, within = ranks_of_truth(200, seed=11, steps=1000)
    for column in range(ranks.shape[1]):
        counts, _ = np.histogram(ranks[:, column], bins=10, range=(0.0, 1.0))
        assert chisquare(counts).pvalue > 0.001, counts
    coverage = within.mean(axis=0)
    assert (np.abs(coverage - 0.9) < 4.0 * np.sqrt(0.09 / len(within))).all(), coverage


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    _, within = ranks_of_truth(10, seed=5, steps=300)
    assert 0.7 < within.mean() <= 1.0
