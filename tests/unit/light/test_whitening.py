"""The look at the tissue that decides on new light: which sum it compares."""

import numpy as np
import pytest

from ablsim.kernels.whitening import has_changed
from ablsim.light.coefficients import coagulated_fraction, whitening_rates

SHAPE = (6, 5, 7)
INSIDE = (slice(1, 6), slice(0, 4), slice(2, 7))


def tissue(span):
    """Whitening and char now, what the light was solved for, and the light's weights."""
    rng = np.random.default_rng(5)
    before = (10.0 ** rng.uniform(-3.0, 2.0, SHAPE)).astype(np.float32)
    before[::2] = 0.0
    now = before * np.float32(1.2)
    now[2, 1:3] += np.float32(0.1)
    char_before = rng.uniform(0.0, 0.5, SHAPE).astype(np.float32)
    char = np.where(rng.uniform(size=SHAPE) < 0.3, char_before + np.float32(0.2), char_before)
    then = coagulated_fraction(before, span).astype(np.float32)
    return now, char, then, char_before, rng.uniform(0.5, 2.0, SHAPE).astype(np.float32)


@pytest.mark.parametrize("span", [1.0, 10.0])
def test_it_is_the_weighted_change_of_both_shares_that_is_compared(span):
    now, char, then, char_before, weight = tissue(span)
    change = np.abs(coagulated_fraction(now, span) - then) + np.abs(char - char_before)
    total = float((change * weight)[INSIDE].sum(dtype=np.float64))
    parts = [array[INSIDE] for array in (now, char, then, char_before, weight)]
    arrays = (*parts, whitening_rates(span))
    assert has_changed(*arrays, total * (1.0 - 1e-5))
    assert not has_changed(*arrays, total * (1.0 + 1e-5))


def test_tissue_as_it_was_has_not_changed():
    _, _, _, char, weight = tissue(1.0)
    same = np.full(SHAPE, 0.7, np.float32)
    then = coagulated_fraction(same).astype(np.float32)
    assert not has_changed(same, char, then, char, weight, whitening_rates(1.0), 1e-5)


def test_an_empty_box_has_not_changed():
    nothing = [array[3:3, 3:3, 3:3] for array in tissue(1.0)]
    assert not has_changed(*nothing, np.ones(1), 0.0)
