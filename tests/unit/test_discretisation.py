"""Errors of discretisation on numbers whose limit is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablsim.discretisation import estimate
from ablsim.discretisation_text import grid_lines

SPACINGS = (1.0e-3, 1.5e-3, 2.0e-3)


def numbers(limit, slope, order):
    return [limit + slope * (1e3 * h) ** order for h in SPACINGS]


@given(
    limit=st.floats(-5.0, 5.0),
    slope=st.floats(0.01, 2.0) | st.floats(-2.0, -0.01),
    order=st.floats(0.6, 2.0),
)
def test_a_power_of_the_spacing_is_extrapolated_exactly(limit, slope, order):
    found = estimate(SPACINGS, numbers(limit, slope, order))
    assert found.order == pytest.approx(order, rel=1e-6)
    assert found.extrapolated == pytest.approx(limit, abs=1e-6 * (abs(limit) + abs(slope)))
    assert found.uncertainty == pytest.approx(1.25 * abs(slope), rel=1e-5)
    low, high = found.interval
    assert low <= limit <= high


@given(slope=st.floats(0.01, 2.0), order=st.floats(2.1, 6.0))
def test_errors_are_not_trusted_to_fall_faster_than_the_method_lets_them(slope, order):
    found = estimate(SPACINGS, numbers(1.0, slope, order))
    assert found.order == pytest.approx(order, rel=1e-5)
    low, high = found.interval
    assert low <= 1.0 <= high
    assert found.extrapolated < 1.0  # two orders would have brought it further


@pytest.mark.parametrize("values", [[1.0, 1.1, 1.05], [1.0, 0.9, 0.95], [1.0, 1.2, 1.21]])
def test_numbers_that_do_not_converge_are_as_uncertain_as_their_span(values):
    found = estimate(SPACINGS, values)
    assert found.order is None
    assert found.extrapolated == values[0]
    assert found.uncertainty == pytest.approx(1.5 * np.ptp(values))


def test_what_is_the_same_on_all_cells_is_certain_but_for_chance():
    assert estimate(SPACINGS, [0.0, 0.0, 0.0]).relative == 0.0
    assert estimate(SPACINGS, [2.0, 2.0, 2.0]).uncertainty == 0.0
    assert estimate(SPACINGS, [2.0, 2.0, 2.0], chance=0.01).relative == pytest.approx(0.01)
    assert estimate(SPACINGS, [0.0, 1.0, 3.0]).relative == np.inf


@pytest.mark.parametrize(
    ("spacings", "values"),
    [((1.0, 2.0), (1.0, 2.0)), ((2.0, 1.5, 1.0), (1.0, 1.0, 1.0)), (SPACINGS, (1.0, 2.0))],
)
def test_anything_but_three_of_each_finest_first_is_refused(spacings, values):
    with pytest.raises(ValueError, match="three spacings, finest first"):
        estimate(spacings, values)


def grid_error(**more):
    def of(value, low, high, order):
        return {"value": value, "extrapolated": value, "interval": [low, high], "order": order}

    zone = {"volume_ml": of(3.15, 3.09, 3.21, 1.9)}
    return {
        "spacings_mm": [1.0, 1.5, 2.0],
        "zones": {"stasis": zone, "whitening": {"volume_ml": of(2.0, 1.9, 2.1, None)}},
        "tumour": {
            "ablated_fraction": of(0.9991, 0.996, 1.002, 2.0),
            "margin_min_mm": of(-0.4, -0.6, -0.2, 1.0),
        },
        **more,
    }


def test_the_text_says_where_numbers_may_end_up():
    text = "\n".join(grid_lines(grid_error()))
    assert "3.09 to 3.21" in text
    assert "99.6 to 100.0" in text  # no more than all of it
    assert "-0.6 to -0.2" in text
    assert "cells of 1, 1.5 and 2 mm" in text
    assert "asked for" not in text
    assert grid_lines(None) == []


def test_the_text_says_whether_what_was_asked_for_is_met():
    met = grid_error(asked=0.02, reached=0.018, is_met=True)
    assert "to 1.8 %, asked for were 2 %." in " ".join(grid_lines(met))
    missed = grid_error(asked=0.01, reached=0.018, is_met=False)
    assert "not met" in " ".join(grid_lines(missed))
