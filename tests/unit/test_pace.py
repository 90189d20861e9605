from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablsim.pace import FIRING_CAP, FIRST, GROWTH, RAMP_CAP, RESTING_CAP, Pace

PHASES = st.sampled_from(["fire", "ramp", "rest"])


@given(st.floats(0.0, 1e6), PHASES, st.none() | st.floats(1e-3, 60.0))
def test_super_steps_grow_with_the_time_since_the_switch_up_to_the_cap(since, phase, longest):
    pace = Pace("rkl2", 0.7, 0.2, longest)
    step = pace.super_step(since, phase)
    caps = {"fire": FIRING_CAP, "ramp": RAMP_CAP, "rest": RESTING_CAP}
    assert 0.0 < step <= (caps[phase] if longest is None else longest)
    assert step <= max(FIRST, GROWTH * since)
    assert step <= pace.super_step(since + 1.0, phase)
    if phase == "ramp":
        assert step <= RAMP_CAP


def test_auto_turns_to_super_steps_in_the_cool_down_and_fires_with_euler_steps():
    pace = Pace("auto", euler_step=0.68, dry_step=0.37)
    assert pace.euler_until("fire") == inf
    assert pace.euler_until("ramp") == inf
    turn = pace.euler_until("rest")
    assert 10.0 < turn < 90.0
    # twice as fine: steps four times shorter, so long ones pay earlier
    assert Pace("auto", 0.17, 0.09).euler_until("rest") < turn


@pytest.mark.parametrize("phase", ["fire", "ramp", "rest"])
def test_a_scheme_that_was_asked_for_makes_all_steps(phase):
    assert Pace("euler", 0.7, 0.2).euler_until(phase) == inf
    assert Pace("rkl2", 0.7, 0.2).euler_until(phase) == 0.0


def test_finer_cells_ask_for_shorter_steps_while_firing():
    half, quarter = (Pace("rkl2", step, 0.5 * step) for step in (1.0 / 6.0, 1.0 / 24.0))
    assert half.super_step(100.0, "fire") == pytest.approx(FIRING_CAP)
    assert quarter.super_step(100.0, "fire") == pytest.approx(0.5 * FIRING_CAP)
    assert quarter.super_step(100.0, "rest") == half.super_step(100.0, "rest") == 12.5


def test_auto_keeps_to_euler_steps_where_all_steps_must_be_short():
    assert Pace("auto", 0.7, 0.2, longest=0.7).euler_until("rest") == inf
