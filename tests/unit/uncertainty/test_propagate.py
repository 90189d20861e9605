"""A made-up answer that is linear in the factors: variances and intervals come out as they are."""

import math

import numpy as np
import pytest

from ablsim.tumour_coverage import TumourCoverage
from ablsim.uncertainty.coverage import CoverageCurve
from ablsim.uncertainty.design import plackett_burman
from ablsim.uncertainty.draws import draw_factors
from ablsim.uncertainty.factors import Factor
from ablsim.uncertainty.propagate import Coverage, find_intervals, fit_model, shares
from ablsim.zone import Zone, Zones

SIZE = 12e-3
SLOPES = np.array([24e-6, -18e-6, 0.0])  # m^2 by one SD: together 30e-6
TIGHT = 1.6448536269514722  # quantile of 95 % of a standard normal number


def nothing(table, value):
    """A factor that only has a distribution."""


def make_factors(shape="normal"):
    return [Factor(f"factor {i}", "", "", shape, nothing) for i in range(3)]


def make_draws(shape="normal", model_error=0.0):
    return draw_factors(make_factors(shape), model_error=model_error)


def make_zones(size, *, tumour=None):
    zone = Zone(size**3, (1.2 * size, 1.1 * size, size), 1.2 * size, 1.05 * size, 1.0, 1)
    return Zones(zone, zone, zone, tumour, 0.0, 0.0, 0.0)


def make_runs(size=SIZE, slopes=SLOPES):
    squares = size**2 + plackett_burman()[:, :3] @ slopes
    return [make_zones(math.sqrt(max(0.0, square))) for square in squares]


def test_a_linear_answer_has_its_normal_interval():
    model = fit_model(plackett_burman(), make_runs(), make_zones(SIZE), make_zones(SIZE), None)
    assert shares(model.squares_by[:, 0, 0], np.eye(3))[:3] == pytest.approx([0.64, 0.36, 0.0])
    found = find_intervals(model, make_draws(), "stasis", None)
    ends = [SIZE**2 + z * 30e-6 for z in (-TIGHT, 0.0, TIGHT)]
    assert found.zones["death"].volume == pytest.approx([end**1.5 for end in ends], rel=2e-3)
    assert found.zones["stasis"].along == pytest.approx(
        [1.2 * math.sqrt(end) for end in ends], rel=1e-3
    )
    assert found.tumour is None
    assert found.healthy_ablated == found.zones["stasis"].volume


def test_an_even_distribution_ends_where_it_ends():
    slopes = np.array([30e-6, 0.0, 0.0])
    model = fit_model(
        plackett_burman(), make_runs(slopes=slopes), make_zones(SIZE), make_zones(SIZE), None
    )
    found = find_intervals(model, make_draws("even"), "stasis", None).zones["stasis"].volume
    ends = [SIZE**2 + x * math.sqrt(3.0) * 30e-6 for x in (-0.9, 0.0, 0.9)]
    assert found == pytest.approx([end**1.5 for end in ends], rel=1e-3)


def test_effects_of_coarse_runs_are_relative_to_the_coarse_run_of_the_case():
    """Runs that all come out 10 % too small give the same relative band around the fine one."""
    runs = make_runs(0.9 * SIZE, 0.81 * SLOPES)
    model = fit_model(plackett_burman(), runs, make_zones(0.9 * SIZE), make_zones(SIZE), None)
    assert model.squares[0, 0] == pytest.approx(SIZE**2)
    assert model.squares_by[:3, 0, 0] == pytest.approx(SLOPES, abs=1e-15)


def test_a_default_beside_the_middle_moves_the_middle():
    """The reference is at the first factor's coordinate 1; the runs are about 0."""
    runs = make_runs()
    reference = make_zones(math.sqrt(SIZE**2 + SLOPES[0]))
    model = fit_model(plackett_burman(), runs, reference, reference, None)
    assert model.squares[0, 0] == pytest.approx(SIZE**2)


def test_the_error_of_the_model_adds_to_the_logarithm_of_a_length():
    model = fit_model(
        plackett_burman(), make_runs(slopes=0.0 * SLOPES), make_zones(SIZE), make_zones(SIZE), None
    )
    found = find_intervals(model, make_draws(model_error=0.15), "stasis", None)
    expected = [SIZE**3 * math.exp(0.45 * z) for z in (-TIGHT, 0.0, TIGHT)]
    assert found.zones["stasis"].volume == pytest.approx(expected, rel=5e-3)


def test_a_zone_that_may_vanish_has_nothing_at_its_lower_end():
    slopes = np.array([0.9 * SIZE**2, 0.0, 0.0])
    runs = make_runs(slopes=slopes)
    model = fit_model(plackett_burman(), runs, make_zones(SIZE), make_zones(SIZE), None)
    low, middle, high = find_intervals(model, make_draws(), "stasis", None).zones["stasis"].volume
    assert low == 0.0
    assert 0.0 < middle < high
    empty = [make_zones(0.0)] * 12
    model = fit_model(plackett_burman(), empty, make_zones(0.0), make_zones(0.0), None)
    assert find_intervals(model, make_draws(), "stasis", None).zones["stasis"].volume == (0, 0, 0)
    assert shares(model.squares_by[:, 0, 0], np.eye(3)) is None


def make_coverage():
    """A tumour whose covered share rises evenly over an offset from -5 to +1 mm."""
    curve = CoverageCurve(np.array([-5e-3, 1e-3]), np.array([0.0, 1.0]))
    grown = CoverageCurve(np.array([-4e-3, 4e-3]), np.array([0.0, 1.0]))
    return Coverage(curve, grown, margin=3e-3, volume=2e-6)


def make_tumour(offset):
    """What a zone at an offset [m] covers."""
    coverage = make_coverage()
    return TumourCoverage(
        zone="stasis",
        diameter=14e-3,
        volume=coverage.volume,
        ablated_fraction=float(coverage.plain.share(offset)),
        ablated_fraction_with_margin=float(coverage.grown.share(offset)),
        margin_min=offset - 1e-3,
        margin_mean=offset,
        residual=0.0,
    )


def test_a_covered_share_goes_back_to_the_offset_that_makes_it_and_beyond():
    curve = make_coverage().plain
    for offset in (-4e-3, -1e-3, 0.5e-3):
        share = float(curve.share(offset))
        assert curve.offset(share, offset - 1e-3) == pytest.approx(offset)
    assert curve.offset(1.0, 2e-3) == pytest.approx(3e-3)  # covered by 2 mm to spare
    assert curve.offset(0.0, -20e-3) == pytest.approx(-5e-3)


def test_shares_of_a_tumour_stay_between_nothing_and_all_and_follow_the_offset():
    slopes = np.array([1e-3, 0.0, 0.0])
    design, coverage = plackett_burman(), make_coverage()
    runs = [make_zones(SIZE, tumour=make_tumour(0.5e-3 + row @ slopes)) for row in design[:, :3]]
    case = make_zones(SIZE, tumour=make_tumour(0.5e-3))
    model = fit_model(design, runs, case, case, coverage)
    found = find_intervals(model, make_draws(), "stasis", coverage).tumour
    ends = [0.5e-3 + z * 1e-3 for z in (-TIGHT, 0.0, TIGHT)]
    expected = [float(coverage.plain.share(offset)) for offset in ends]
    assert expected[2] == 1.0
    assert found.ablated_fraction == pytest.approx(expected, abs=2e-3)
    assert found.ablated_fraction_with_margin == pytest.approx(
        [float(coverage.grown.share(offset)) for offset in ends], abs=2e-3
    )
    assert found.margin_min == pytest.approx([offset - 1e-3 for offset in ends], abs=1e-5)
    assert found.residual == pytest.approx([2e-6 * (1 - f) for f in expected[::-1]], abs=4e-9)


def test_the_error_of_the_model_moves_the_surface_by_its_share_of_the_radius():
    design, coverage = plackett_burman(), make_coverage()
    case = make_zones(SIZE, tumour=make_tumour(-2e-3))
    model = fit_model(design, [case] * 12, case, case, coverage)
    found = find_intervals(model, make_draws(model_error=0.1), "stasis", coverage).tumour
    radius = SIZE * (3.0 / (4.0 * math.pi)) ** (1.0 / 3.0)
    expected = [-3e-3 + radius * (math.exp(0.1 * z) - 1.0) for z in (-TIGHT, 0.0, TIGHT)]
    assert found.margin_min == pytest.approx(expected, abs=2e-5)


def test_correlated_parameters_share_their_part_of_the_variance():
    """Two that go together perfectly are known together: either one takes all with it."""
    slopes = np.array([1.0, 1.0, 0.0])
    together = np.array([[1.0, 0.999999, 0.0], [0.999999, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert shares(slopes, together) == pytest.approx([1.0, 1.0, 0.0], abs=1e-5)
    apart = shares(slopes, np.eye(3))
    assert apart == pytest.approx([0.5, 0.5, 0.0])
    # what rises when the other falls can leave nothing to be known
    against = np.array([[1.0, -0.6, 0.0], [-0.6, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert shares(slopes, against)[:2] == pytest.approx([0.2, 0.2])
    assert shares(np.array([1.0, 0.0, 0.0, 1.0]), np.eye(3)) == pytest.approx([0.5, 0, 0, 0.5])
