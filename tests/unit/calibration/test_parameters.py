"""Priors of the calibration are those of the library, in a space without walls."""

import math

import numpy as np
import pytest
from scipy.stats import halfnorm, kstest, norm, uniform

from ablsim.calibration.design import make_design, sobol
from ablsim.calibration.observations import choose_rows
from ablsim.calibration.parameters import (
    MODEL_ERROR_SCALE,
    bearing_factors,
    join_factors,
    limits,
    make_transform,
    to_model_error,
)
from ablsim.uncertainty.factors import Factor, find_factors
from ablsim.validation import make_case, read_rows

CASES = {row.id: make_case(row) for row in read_rows() if row.is_simulated}


def nothing(table, value):
    """A factor that only has a distribution."""


def names(factors):
    return [factor.name for factor in factors]


def test_only_what_bears_on_the_zone_is_varied():
    bench = names(bearing_factors(CASES["heis97_bare"]))
    assert "stasis threshold" not in bench
    assert "death threshold" not in bench
    assert "whitening threshold" in bench
    pig = names(bearing_factors(CASES["albrecht98_1_flow"]))
    assert {"stasis threshold", "perfusion of liver", "shutdown of perfusion"} <= set(pig)
    assert "death threshold" not in pig
    assert "death threshold" in names(bearing_factors(CASES["bosman91"]))


def test_what_is_left_out_does_not_move_the_zone():
    """Reported whitening on the bench does not know stasis, by the very cases that are run."""
    case = CASES["heis97_bare"]
    left_out = set(names(find_factors(case))) - set(names(bearing_factors(case)))
    assert left_out == {"stasis threshold", "death threshold"}


def test_a_parameter_of_several_rows_is_one_and_must_mean_the_same():
    rows = [bearing_factors(CASES[name]) for name in ("heis97_bare", "bosman91", "steger92_x4")]
    joined = join_factors(rows)
    assert len(set(names(joined))) == len(joined)
    assert names(joined)[:3] == ["stasis threshold", "whitening threshold", "death threshold"]
    other = Factor("stasis threshold", "", "", "normal", nothing, middle=3.0)
    with pytest.raises(ValueError, match="stasis threshold"):
        join_factors([joined, [other]])


def test_standard_normal_numbers_become_the_priors():
    factors = (
        Factor("a", "", "", "normal", nothing),
        Factor("b", "", "", "even", nothing),
    )
    z = np.random.default_rng(1).standard_normal((4000, 3))
    x = make_transform(factors)(z[:, :2])
    half = math.sqrt(3.0)
    assert kstest(x[:, 0], norm.cdf).pvalue > 0.01
    assert kstest(x[:, 1], uniform(-half, 2.0 * half).cdf).pvalue > 0.01
    error = to_model_error(z[:, 2])
    assert kstest(error, halfnorm(scale=MODEL_ERROR_SCALE).cdf).pvalue > 0.01
    far = to_model_error([-30.0, 30.0])
    assert np.isfinite(far).all()
    assert far[0] < 1e-6
    assert far[1] > 1.0


def test_the_design_stays_in_its_box_and_goes_on_where_a_shorter_one_ends():
    rows = choose_rows(["bosman91", "heis97_diff"])
    factors, designed = make_design(rows, 8, seed=3)
    low, high = limits(factors)
    for row in designed:
        assert row.points.shape == (8, len(row.factors))
        assert (row.points >= low[row.columns]).all()
        assert (row.points <= high[row.columns]).all()
        assert len(row.cases) == 10
        assert len({case.sha256 for case in row.cases.values()}) == 10
    _, longer = make_design(rows, 11, seed=3)
    assert (longer[0].points[:8] == designed[0].points).all()
    assert (sobol(5, 3, seed=1) == sobol(16, 3, seed=1)[:5]).all()
    assert (sobol(8, 3, seed=1) != sobol(8, 3, seed=2)).any()


def test_a_run_of_the_design_is_the_case_with_its_factors_moved():
    rows = choose_rows(["bosman91", "heis97_diff"])
    _, (bosman, _) = make_design(rows, 4, seed=1)
    at = names(bosman.factors).index("death threshold")
    for number in range(1, 5):
        case = bosman.cases[bosman.name(number)]
        expected = bosman.factors[at].level(bosman.points[number - 1, at])
        assert case.physics.death_shift == pytest.approx(float(expected), abs=1e-6)
        assert case.numerics.spacing == pytest.approx(2e-3)
    assert bosman.cases["bosman91/fine"].numerics.spacing == pytest.approx(1e-3)
    assert bosman.cases["bosman91/coarse"].physics.death_shift == 0.0
