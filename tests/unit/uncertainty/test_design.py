"""The design is orthogonal and balanced, and finds the effects of a linear answer exactly."""

import numpy as np
import pytest

from ablsim.uncertainty.design import FACTORS_MAX, RUNS, effects, plackett_burman


def test_columns_are_balanced_and_orthogonal():
    design = plackett_burman()
    assert design.shape == (RUNS, FACTORS_MAX)
    assert set(np.unique(design)) == {-1.0, 1.0}
    assert (design.sum(axis=0) == 0.0).all()
    assert (design.T @ design == RUNS * np.eye(FACTORS_MAX)).all()


def test_every_pair_of_factors_meets_in_all_four_ways_three_times():
    design = plackett_burman()
    for i in range(FACTORS_MAX):
        for j in range(i):
            pairs, counts = np.unique(design[:, [i, j]], axis=0, return_counts=True)
            assert len(pairs) == 4
            assert (counts == 3).all()


def test_effects_of_a_linear_answer_are_its_slopes():
    slopes = np.array([[0.5, -2.0], [0.0, 1.0], [3.0, 0.25]])
    design = plackett_burman()
    answers = 7.0 + design[:, :3] @ slopes
    found = effects(design, answers)
    assert found[:3] == pytest.approx(slopes)
    assert found[3:] == pytest.approx(0.0, abs=1e-12)
    # one SD either side: the runs have the variance of the answer itself
    assert answers.var(axis=0) == pytest.approx((slopes**2).sum(axis=0))


def test_two_factors_that_act_together_leave_each_others_own_effect_alone():
    design = plackett_burman()
    together = design[:, 0] * design[:, 1]
    found = effects(design, together[:, None])[:, 0]
    assert found[:2] == pytest.approx(0.0, abs=1e-12)
    assert abs(found[2:]) == pytest.approx(1.0 / 3.0)


def test_the_mean_of_the_runs_is_that_of_a_quadratic_answer():
    design = plackett_burman()[:, :4]
    answers = (design**2 @ np.array([1.0, -0.5, 0.0, 2.0])) + design @ np.ones(4)
    assert answers.mean() == pytest.approx(2.5)  # E[x^2] is 1 for each of them
