from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from ablsim.planning.evaluation import Evaluation
from ablsim.planning.prescription import Placement, Prescription
from ablsim.planning.probability import Sample, compare_chances, mean_of

DOWN = (0.0, 0.0, -1.0)
ONE = Prescription(DOWN, 5.0, (Placement(((0.0, 0.0, 0.0),), (1800.0,)),))


def outcome(margin=3e-3, *, tumour=15e-3, zone=None, fraction=1.0, within=True):
    """A ball of a zone around a ball of a tumour, the same margin all around."""
    radius = zone or 0.5 * tumour + margin
    volume = 4.0 / 3.0 * np.pi * radius**3
    own = np.pi / 6.0 * tumour**3
    return Evaluation(
        fraction=fraction,
        fraction_with_margin=fraction,
        margin_min=margin,
        margin_mean=margin,
        margin_asked=0.0,
        tumour=own,
        volume=volume,
        healthy=volume - own,
        area=np.pi * tumour**2,
        margins=np.full(101, margin),
        sites=np.zeros((0, 3)),
        site_margins=np.zeros(0),
        organs=({"name": "x", "within_limits": within},),
        spacing=2e-3,
        wall=1.0,
        cells=1,
    )


def sample(outcomes, sigma=0.1, complete_from=0.99):
    return Sample(ONE, tuple(outcomes), np.full(len(outcomes), sigma), complete_from)


def test_the_reserve_is_the_margin_and_what_may_be_left():
    one = outcome(3e-3)
    allowed = 0.01 * one.tumour / one.area  # thickness of a shell of 1 %
    assert one.reserve(0.99) == pytest.approx(3e-3 + allowed, abs=2e-5)
    assert one.reserve(0.9999) == pytest.approx(3e-3, abs=3e-5)


def test_the_reserve_of_an_incomplete_ablation_is_negative():
    short = outcome(-1e-3)
    whole = short.tumour
    left = short.area * 1e-3 / whole
    one = Evaluation(**{
        **{name: getattr(short, name) for name in Evaluation.__slots__},
        "fraction": 1.0 - left, "fraction_with_margin": 1.0 - left,
    })  # fmt: skip
    assert one.missing(np.zeros(1))[0] == pytest.approx(left)
    assert one.reserve(0.99) == pytest.approx(-1e-3 + 0.01 * whole / one.area, abs=3e-5)


def test_a_hole_that_no_margin_tells_of_counts():
    hole = 0.05
    one = outcome(3e-3, fraction=1.0 - hole)
    assert one.missing(np.zeros(1))[0] == pytest.approx(hole)
    radius = 0.5 * 15e-3 * hole ** (1 / 3)
    assert one.reserve(0.99) == pytest.approx(-radius * (1 - (0.01 / hole) ** (1 / 3)), abs=3e-5)


def test_the_chance_of_a_run_is_that_of_the_error_of_the_model():
    one = outcome(3e-3)
    radius, reserve = 10.5e-3, one.reserve(0.99)
    exact = norm.cdf(-np.log(1.0 - reserve / radius) / 0.1)
    found = sample([one] * 4).assess()
    assert found.complete.value == pytest.approx(exact, abs=1e-6)
    # the brute way: draw the error
    error = np.random.default_rng(1).normal(0.0, 0.1, 200_000)
    counted = np.mean(radius * np.expm1(error) + reserve >= 0.0)
    assert found.complete.value == pytest.approx(counted, abs=4e-3)


def test_margins_are_less_likely_the_larger_they_are():
    found = sample([outcome(2e-3), outcome(6e-3)]).assess()
    values = [estimate.value for estimate in found.margins.values()]
    assert values == sorted(values, reverse=True)
    assert found.margins[0.0].value == pytest.approx(
        np.mean([norm.cdf(-np.log(1 - m / (7.5e-3 + m)) / 0.1) for m in (2e-3, 6e-3)]), abs=1e-6
    )


def test_finer_cells_shift_it():
    runs = sample([outcome(2e-3), outcome(4e-3)])
    assert runs.assess(-1e-3).complete.value < runs.assess().complete.value
    again = sample([outcome(1e-3, zone=9.5e-3), outcome(3e-3, zone=11.5e-3)])
    assert runs.assess(-1e-3, -1e-3).complete.value == pytest.approx(
        again.assess().complete.value, abs=1e-3
    )


def test_the_reserve_that_a_probability_takes_gives_that_probability():
    runs = sample([outcome(m) for m in np.linspace(-2e-3, 5e-3, 16)])
    wanted = runs.required(2e-3, 0.9)
    beside = runs.reserves() - 2e-3 + wanted
    assert runs.chances(beside).mean() == pytest.approx(0.9, abs=1e-4)
    assert runs.spare(0.9) == pytest.approx(2e-3 - wanted, abs=1e-6)


def test_intervals_are_wilsons_for_zeros_and_ones():
    ones = np.array([1.0] * 18 + [0.0] * 2)
    estimate = mean_of(ones)
    assert estimate.value == pytest.approx(0.9)
    assert (estimate.low, estimate.high) == pytest.approx((0.699, 0.972), abs=6e-3)
    narrow = mean_of(np.full(20, 0.9) + np.tile([0.05, -0.05], 10))
    assert estimate.low < narrow.low < 0.9 < narrow.high < estimate.high


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        chances = norm.cdf(rng.normal(1.8, 1.2, 48))
        estimate = mean_of(chances)
        held += estimate.low <= norm.cdf(1.8 / np.sqrt(1 + 1.2**2)) <= estimate.high
    assert held / 400 > 0.92


def test_draws_that_share_their_tissue_count_once():
    margins = np.linspace(-1e-3, 4e-3, 8)
    apart = sample([outcome(m) for m in margins] * 4)
    shared = replace(apart, clusters=8)
    one, other = apart.assess().complete, shared.assess().complete
    assert one.value == pytest.approx(other.value)
    assert other.high - other.low > 1.4 * (one.high - one.low)
    eight = sample([outcome(m) for m in margins]).assess().complete
    assert (other.low, other.high) == pytest.approx((eight.low, eight.high))


def test_what_is_not_known_of_inferred_draws_widens_the_interval():
    runs = sample([outcome(m) for m in np.linspace(1e-3, 4e-3, 16)])
    loose = replace(runs, whole=4, scatter=1e-3, bias=0.5e-3)
    one, other = runs.assess(), loose.assess()
    assert (one.whole, other.whole) == (16, 4)
    assert other.complete.value < one.complete.value  # more error, less certain
    assert other.complete.low < one.complete.low
    assert other.complete.high - other.complete.low > one.complete.high - one.complete.low


def test_what_is_left_comes_in_quantiles_with_intervals():
    runs = sample([outcome(m) for m in np.linspace(-3e-3, 3e-3, 24)])
    found = runs.assess()
    values = [estimate.value for estimate in found.residual.values()]
    assert values == sorted(values)
    assert all(e.low <= e.value <= e.high for e in found.residual.values())
    assert 0.0 < found.fraction.low < found.fraction.value < 1.0


def test_failed_draws_are_left_out_and_counted():
    found = sample([outcome(2e-3), None, outcome(2e-3)]).assess()
    assert (found.draws, found.failed) == (2, 1)


def test_organs_have_a_probability_of_their_own():
    found = sample([outcome(within=True)] * 3 + [outcome(within=False)]).assess()
    assert found.limits.value == pytest.approx(0.75)


def test_the_same_draws_make_differences_surer():
    rng = np.random.default_rng(5)
    common = rng.normal(0.0, 1.0, 64)
    one, other = norm.cdf(1.2 + common), norm.cdf(1.0 + common)
    difference, gain = compare_chances(one, other)
    assert difference.low < difference.value < difference.high
    assert gain > 20.0
