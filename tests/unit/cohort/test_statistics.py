"""The statistics of a study, against known answers."""

import numpy as np
import pytest
from scipy import stats

from ablsim.cohort.statistics import agreement, clustered_rate, rate, spread


def test_rates_have_the_interval_of_clopper_and_pearson():
    nine = rate(9, 9)
    assert (nine["rate"], nine["high"]) == (1.0, 1.0)
    assert nine["low"] == pytest.approx(0.025 ** (1 / 9), rel=1e-5)  # the textbook's closed form
    half = rate(5, 10)
    assert (half["low"], half["high"]) == pytest.approx((0.1871, 0.8129), abs=1e-4)
    assert rate(0, 0) is None


def test_clusters_that_are_alike_count_for_little():
    plain = rate(32, 64)
    mixed = clustered_rate([(4, 8)] * 8)
    alike = clustered_rate([(8, 8), (0, 8)] * 4)
    assert (mixed["rate"], alike["rate"]) == (0.5, 0.5)
    assert (mixed["low"], mixed["high"]) == pytest.approx((plain["low"], plain["high"]), rel=1e-5)
    assert mixed["effective"] == 64
    assert alike["effective"] < 8
    assert alike["low"] < mixed["low"]
    assert clustered_rate([(8, 8)] * 5)["low"] == rate(5, 5)["low"]
    assert clustered_rate([(0, 4), (0, 9)])["high"] == rate(0, 2)["high"]
    assert clustered_rate([(3, 7)])["low"] == rate(3, 7)["low"]
    assert clustered_rate([]) is None


def test_intervals_over_clusters_hold_the_truth_at_least_as_often_as_they_say():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(300):
        chances = rng.beta(1.0, 1.0, 10)  # each cluster has its own chance, 0.5 on average
        found = clustered_rate([(int(rng.binomial(20, p)), 20) for p in chances])
        held += found["low"] <= 0.5 <= found["high"]
    assert held / 300 > 0.93


def test_spreads_are_quantiles():
    assert spread(range(101)) == {"median": 50.0, "p05": 5.0, "p95": 95.0}
    assert spread([]) is None


def test_bias_and_limits_of_agreement_are_those_of_bland_and_altman():
    rng = np.random.default_rng(1)
    observed = rng.normal(50.0, 10.0, 400)
    predicted = observed + rng.normal(3.0, 2.0, 400)
    found = agreement(predicted, observed)
    difference = predicted - observed
    assert found["bias"]["value"] == pytest.approx(difference.mean(), rel=1e-5)
    sd = difference.std(ddof=1)
    assert found["limits"]["upper"]["value"] == pytest.approx(
        difference.mean() + 1.96 * sd, rel=1e-4
    )
    lower, upper = stats.t.interval(0.95, 399, difference.mean(), sd / 20.0)
    assert (found["bias"]["low"], found["bias"]["high"]) == pytest.approx((lower, upper), rel=1e-4)
    width = found["limits"]["upper"]["high"] - found["limits"]["upper"]["value"]
    assert width == pytest.approx(1.97 * sd * np.sqrt(1 / 400 + 1.96**2 / 798), rel=0.01)


def test_intervals_of_the_bias_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(400):
        observed = rng.normal(0.0, 1.0, 12)
        found = agreement(observed + rng.normal(0.5, 1.0, 12), observed)
        held += found["bias"]["low"] <= 0.5 <= found["bias"]["high"]
    assert 0.92 < held / 400 < 0.98


def test_the_calibration_slope_says_when_predictions_spread_too_far():
    truth = np.linspace(0.0, 1.0, 30)
    found = agreement(0.5 + 2.0 * (truth - 0.5), truth + 1e-3 * np.sin(50 * truth))
    slope = found["calibration"]["slope"]
    assert slope["value"] == pytest.approx(0.5, abs=1e-3)
    assert slope["low"] < slope["value"] < slope["high"]
    assert agreement([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])["calibration"] is None


def test_two_pairs_are_too_few():
    assert agreement([1.0, 2.0], [1.0, 2.0]) is None
