"""The likelihood against direct integration, and what one-sided rows may and may not do."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from ablsim.calibration.likelihood import SOURCE_SHARE, Evidence, log_likelihood


def make_evidence(log_d, sd, side, source):
    return Evidence(
        np.asarray(log_d, dtype=float),
        np.asarray(sd, dtype=float),
        np.asarray(side),
        np.asarray(source),
    )


def test_rows_of_one_publication_are_a_correlated_normal():
    """Means of one source: variance sigma^2 + sd^2, covariance rho sigma^2."""
    evidence = make_evidence([3.0, 3.3, 2.7], [0.05, 0.1, 0.07], [0, 0, 0], [0, 0, 1])
    predicted = np.array([[3.1, 3.2, 2.8], [2.8, 3.6, 2.7]])
    error = np.array([0.15, 0.08])
    for i in range(2):
        shared = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=float)
        covariance = error[i] ** 2 * (
            SOURCE_SHARE * shared + (1.0 - SOURCE_SHARE) * np.eye(3)
        ) + np.diag(evidence.sd**2)
        expected = multivariate_normal(predicted[i], covariance).logpdf(evidence.log_d)
        assert log_likelihood(evidence, predicted, error)[i] == pytest.approx(expected, abs=1e-6)


def test_maxima_of_one_publication_share_its_error():
    evidence = make_evidence([3.0, 3.2], [0.1, 0.05], [1, 1], [4, 4])
    predicted, error = np.array([[3.1, 3.05]]), np.array([0.2])

    def density(u):
        scatter = np.sqrt((1.0 - SOURCE_SHARE) * error[0] ** 2 + evidence.sd**2)
        rows = norm.cdf((evidence.log_d - predicted[0] - u) / scatter)
        return float(np.prod(rows)) * norm.pdf(u, scale=np.sqrt(SOURCE_SHARE) * error[0])

    expected = np.log(quad(density, -2.0, 2.0, points=[0.0])[0])
    assert log_likelihood(evidence, predicted, error)[0] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("side", [1, -1])
def test_a_one_sided_row_pulls_only_one_way(side):
    evidence = make_evidence([3.0], [0.05], [side], [0])
    offsets = np.linspace(-1.0, 1.0, 201)
    found = log_likelihood(evidence, 3.0 + offsets[:, None], np.full(201, 0.1))
    assert (side * np.diff(found) <= 1e-12).all()  # a maximum: the larger, the less likely
    harmless = found[offsets * side < -0.5]
    assert harmless == pytest.approx(np.zeros(len(harmless)), abs=1e-4)
    assert found[100] == pytest.approx(np.log(0.5))
    assert found[-1 if side == 1 else 0] < -30.0


def test_no_rows_say_nothing_and_a_row_that_is_far_off_does_not_overflow():
    nothing = make_evidence([], [], [], [])
    assert (log_likelihood(nothing, np.zeros((3, 0)), np.full(3, 0.1)) == 0.0).all()
    evidence = make_evidence([3.0, 3.0], [0.05, 0.05], [0, 1], [0, 0])
    found = log_likelihood(evidence, np.array([[0.7, 9.0]]), np.array([1e-6]))
    assert np.isfinite(found).all()
    assert found[0] < -1000.0
