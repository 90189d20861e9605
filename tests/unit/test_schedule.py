"""Steps follow from case and time alone, and land on every event."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablsim.pace import FIRING_CAP, RESTING_CAP, Pace
from ablsim.protocol import Segment
from ablsim.schedule import OPTICS_CHECK, Leg, make_chunks, make_legs

DURATIONS = st.floats(0.01, 5000.0)


@st.composite
def legs(draw):
    """A leg somewhere in a segment that fires, rests or changes its power."""
    power = draw(st.sampled_from([0.0, 5.0]))
    power_end = draw(st.sampled_from([power, 3.0]))
    start = draw(st.floats(0.0, 2000.0))
    before, length = draw(st.just(0.0) | DURATIONS), draw(DURATIONS)
    begin, end = start + before, start + before + length
    segment = Segment(start, end, (power,), 0.0, 1, (power_end,))
    return Leg(segment, begin, end, before == 0.0, False, True)


@st.composite
def paces(draw):
    euler = draw(st.floats(0.05, 3.0))
    scheme = draw(st.sampled_from(["auto", "euler", "rkl2"]))
    longest = draw(st.none() | st.floats(0.05, 60.0))
    return Pace(scheme, euler if longest is None else min(euler, longest), 0.3 * euler, longest)


@settings(deadline=None, max_examples=50)
@given(legs(), paces())
def test_steps_add_up_to_the_leg_and_end_with_it(leg, pace):
    chunks = list(make_chunks(leg, pace))
    assert chunks[-1].end == leg.end
    time = leg.start
    for chunk in chunks:
        assert chunk.end > time
        assert chunk.n_steps * chunk.step == pytest.approx(chunk.end - time, rel=1e-6, abs=1e-9)
        time = chunk.end


@settings(deadline=None, max_examples=50)
@given(legs(), paces())
def test_no_step_is_longer_than_its_cap(leg, pace):
    firing = any(leg.segment.highest_power)
    for chunk in make_chunks(leg, pace):
        if chunk.scheme == "euler":
            cap = pace.euler_step
        else:
            cap = pace.longest or (FIRING_CAP if firing else RESTING_CAP)
        assert chunk.step <= cap * (1.0 + 1e-6)
        if leg.segment.is_ramp:
            assert chunk.n_steps == 1


@settings(deadline=None, max_examples=50)
@given(legs(), paces())
def test_steps_are_the_same_every_time(leg, pace):
    assert list(make_chunks(leg, pace)) == list(make_chunks(leg, pace))


@settings(deadline=None, max_examples=50)
@given(legs(), paces())
def test_light_is_looked_at_once_a_second_or_once_a_step(leg, pace):
    chunks = list(make_chunks(leg, pace))
    assert chunks[0].looks
    since, time = 0.0, leg.start
    for chunk in chunks:
        since = 0.0 if chunk.looks else since
        since += chunk.end - time
        time = chunk.end
        assert since <= max(1.5 * OPTICS_CHECK, chunk.n_steps * chunk.step * (1.0 + 1e-9))


@settings(deadline=None, max_examples=50)
@given(paces(), st.floats(1.0, 300.0), st.floats(1.0, 900.0), st.floats(1.0, 100.0))
def test_segments_and_output_times_are_landed_on(pace, fire, rest, interval):
    segments = (
        Segment(0.0, fire, (5.0,), 0.0, 1),
        Segment(fire, fire + rest, (0.0,), 0.0, 0),
    )
    ends = [chunk.end for leg in make_legs(segments, interval) for chunk in make_chunks(leg, pace)]
    assert {fire, fire + rest} <= set(ends)
    assert ends == sorted(ends)
    n_outputs = int((fire + rest) / interval - 1e-9)
    assert {number * interval for number in range(1, n_outputs + 1)} <= set(ends)


def test_steps_are_short_after_a_switch():
    segment = Segment(100.0, 1000.0, (0.0,), 0.0, 0)
    leg = Leg(segment, 100.0, 1000.0, True, False, True)
    steps = [chunk.step for chunk in make_chunks(leg, Pace("rkl2", 0.7, 0.2))]
    assert steps[0] == 0.25
    assert max(steps) > 50.0
    assert all(b <= 1.2 * a for a, b in pairwise(steps))
