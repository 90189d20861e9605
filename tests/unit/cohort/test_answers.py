"""What a draw comes to: the error of the model moves the surface of the zone, evenly."""

import math

import numpy as np
import pytest

from ablsim.cohort.answers import find_answer
from ablsim.cohort.outcome import SHARES, Stage, read_stages
from ablsim.uncertainty.coverage import CoverageCurve


def stage(fraction=0.5, volume=10e-6, sessions=1, margin=-4e-3):
    """A tumour whose covered share grows by 10 % for each millimetre."""
    curve = CoverageCurve(1e-2 * (np.array(SHARES) - 0.5), np.array(SHARES))
    return Stage(sessions, sessions, 2, 7200.0 * sessions, volume, fraction, 0.1, margin, curve)


def test_without_an_error_the_share_is_the_measured_one():
    answer = find_answer([stage(0.9713)], 0.0, 0.99)
    assert (answer.fraction, answer.is_complete, answer.margin_min) == (0.9713, False, -4e-3)
    assert (answer.energy, answer.volume, answer.illuminations) == (7200.0, 10e-6, 2)


def test_an_error_moves_the_surface_by_so_much_of_the_equivalent_radius():
    error = 0.1
    radius = (3 * 10e-6 / (4 * math.pi)) ** (1 / 3)
    answer = find_answer([stage(0.5)], error, 0.99)
    shift = (math.exp(error) - 1.0) * radius
    assert answer.fraction == pytest.approx(0.5 + shift / 1e-2)
    assert answer.margin_min == pytest.approx(-4e-3 + shift)
    assert answer.volume == pytest.approx(10e-6 * math.exp(3 * error))
    smaller = find_answer([stage(0.5)], -error, 0.99)
    assert smaller.fraction < 0.5 < answer.fraction


def test_a_covered_tumour_stays_covered_until_its_margin_is_used_up():
    covered = stage(1.0, margin=2e-3)
    radius = (3 * 10e-6 / (4 * math.pi)) ** (1 / 3)
    just = math.log(1.0 - 1.9e-3 / radius)
    assert find_answer([covered], just, 0.99).fraction == pytest.approx(1.0)
    beyond = math.log(1.0 - 3.0e-3 / radius)
    assert find_answer([covered], beyond, 0.99).fraction == pytest.approx(0.9, abs=1e-6)


def test_sessions_end_once_the_tumour_is_ablated_completely():
    stages = [stage(0.7, sessions=1), stage(0.995, sessions=2), stage(1.0, sessions=3)]
    assert find_answer(stages, 0.0, 0.99).sessions == 3
    ended = find_answer(stages, 0.0, 0.99, until_complete=True)
    assert (ended.sessions, ended.energy, ended.is_complete) == (2, 14400.0, True)
    never = find_answer(stages[:1], 0.0, 0.99, until_complete=True)
    assert (never.sessions, never.is_complete) == (1, False)


def test_a_record_of_another_layout_is_refused():
    with pytest.raises(ValueError, match="ablsim/outcome/9"):
        read_stages({"schema": "ablsim/outcome/9", "stages": []})
