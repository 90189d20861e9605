"""Surrogates of functions of known form, and what they refuse."""

import math

import numpy as np
import pytest

from ablsim.calibration.design import sobol
from ablsim.calibration.surrogate import SMALLEST, fit_surrogate

BOX = np.full(4, 2.0)


def points(n, seed=1):
    return -BOX + 2.0 * BOX * sobol(n, 4, seed)


def quadratic(x):
    return 400.0 + 60.0 * x[:, 0] - 40.0 * x[:, 1] + 12.0 * x[:, 0] * x[:, 1] - 9.0 * x[:, 2] ** 2


def curved(x):
    return 400.0 * np.exp(0.25 * x[:, 0]) * (1.0 + 0.5 * np.tanh(x[:, 1])) + 10.0 * x[:, 2]


TWENTY = math.log(20.0)


def fit(function, n, seed=1, measured=TWENTY, noise=0.0):
    x = points(n, seed)
    squares = function(x) * np.exp(noise * np.random.default_rng(2).standard_normal(n))
    with np.errstate(divide="ignore"):
        log_d = 0.5 * np.log(np.maximum(squares, 0.0))
    return fit_surrogate(x, log_d, measured, low=-BOX, high=BOX)


def true_error(surrogate, function):
    x = points(256, seed=9)
    expected = 0.5 * np.log(np.maximum(function(x), SMALLEST**2))
    return float(np.sqrt(np.mean((surrogate.log_diameter(x) - expected) ** 2)))


def test_a_quadratic_is_found_to_be_one():
    surrogate = fit(quadratic, 48)
    assert surrogate.error < 1e-4
    assert true_error(surrogate, quadratic) < 1e-4


def test_the_better_form_is_taken_and_its_left_out_error_is_honest():
    surrogate = fit(curved, 64)
    assert surrogate.form == "gaussian process"
    assert surrogate.errors["gaussian process"] < surrogate.errors["quadratic"]
    assert true_error(surrogate, curved) < 1.5 * surrogate.error < 0.01
    noisy = fit(quadratic, 64, noise=0.04)
    assert 0.012 < noisy.error < 0.04  # the noise itself, 0.02 in ln(diameter), and the fit


def test_more_runs_say_more():
    errors = [fit(curved, n).error for n in (24, 64, 160)]
    assert errors[0] > errors[1] > errors[2]


def test_a_zone_that_vanishes_in_part_of_the_box_is_predicted_where_it_matters():
    def vanishing(x):
        return np.maximum(0.0, quadratic(x) - 250.0)

    surrogate = fit(vanishing, 96, measured=math.log(15.0))
    assert surrogate.n_near < surrogate.n_runs
    x = points(128, seed=4)
    near = vanishing(x) > 7.5**2
    gaps = surrogate.log_diameter(x[near]) - 0.5 * np.log(vanishing(x[near]))
    assert np.sqrt(np.mean(gaps**2)) < 0.06
    assert surrogate.log_diameter(x).min() >= math.log(SMALLEST)


def test_outside_the_box_nothing_is_said():
    surrogate = fit(quadratic, 32)
    inside = np.zeros((1, 4))
    assert np.isfinite(surrogate.log_diameter(inside)).all()
    for axis in range(4):
        outside = inside.copy()
        outside[0, axis] = 2.01
        with pytest.raises(ValueError, match="outside the box"):
            surrogate.log_diameter(outside)
        with pytest.raises(ValueError, match="outside the box"):
            surrogate.log_diameter(-outside)


def test_runs_that_never_come_near_the_lesion_are_refused():
    with pytest.raises(ValueError, match="0 of 32 runs"):
        fit(quadratic, 32, measured=math.log(200.0))
