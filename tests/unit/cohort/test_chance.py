"""Random numbers hang on what they are for and on nothing else."""

import numpy as np
import pytest
from scipy import stats

from ablsim.cohort.chance import normal, uniform, whole


def test_a_number_hangs_on_its_seed_and_every_word():
    number = uniform(1, "a", 2, "b")
    others = [
        uniform(2, "a", 2, "b"),
        uniform(1, "a", 3, "b"),
        uniform(1, "a", 2),
        uniform(1, "a2b"),
    ]
    assert uniform(1, "a", 2, "b") == number
    assert len({number, *others}) == 5
    assert uniform(1, "a", "bc") != uniform(1, "ab", "c")


def test_numbers_stay_the_same_from_version_to_version():
    assert uniform(1, "lesion", 0) == pytest.approx(0.6665136, abs=1e-7)
    assert normal(1, "lesion", 0) == pytest.approx(stats.norm.ppf(uniform(1, "lesion", 0)))


def test_numbers_are_evenly_distributed_and_independent():
    numbers = np.array([[uniform(1, i, word) for word in "xy"] for i in range(4000)])
    assert stats.kstest(numbers[:, 0], "uniform").pvalue > 0.01
    assert abs(np.corrcoef(numbers.T)[0, 1]) < 0.05
    assert 0.0 < numbers.min() < numbers.max() < 1.0


def test_whole_numbers_are_all_there_and_as_likely():
    counts = np.bincount([whole(5, 1, i) for i in range(5000)])
    assert len(counts) == 5
    assert stats.chisquare(counts).pvalue > 0.01
