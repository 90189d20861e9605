"""Tallies of photons, settled in one pass."""

import numpy as np
import pytest

from ablsim.kernels.tallies import settle

pytestmark = pytest.mark.compiled


def test_a_pass_settles_power_books_and_noise_and_leaves_nothing():
    rng = np.random.default_rng(1)
    tallies = rng.integers(0, 2**41, (2, 3, 4, 50)) * (rng.random((2, 3, 4, 50)) < 0.4)
    first, second = tallies.sum(axis=1)
    both = first + second
    density = np.empty((4, 50), dtype=np.float32)
    absorbed, unrest = np.empty(4, dtype=np.int64), np.empty(4)
    settle(tallies, 0.25, density, absorbed, unrest)
    assert density == pytest.approx(0.25 * both, rel=1e-6)
    assert absorbed.tolist() == both.sum(axis=1).tolist()
    safe = np.maximum(both, 1)
    assert unrest == pytest.approx(((first - second) ** 2.0 / safe).sum(axis=1), rel=1e-12)
    assert not tallies.any()
