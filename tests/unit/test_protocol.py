"""Protocol: sentences and tables become steps, steps a timeline; nothing is read loosely."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablsim.errors import CaseError
from ablsim.protocol import Deliver, Protocol, PullBack, Rest, Segment, parse_step

NAMES = ("F1", "F2")


def protocol_of(*sentences):
    return Protocol.from_steps([parse_step(sentence) for sentence in sentences])


@pytest.mark.parametrize(
    ("written", "step"),
    [
        ("deliver 5 W for 360 s", Deliver(5.0, 360.0)),
        ("deliver 5 W per fibre until 1800 J per fibre", Deliver(5.0, 360.0)),
        ("deliver 5 W for 360 s with F1, F3", Deliver(5.0, 360.0, ("F1", "F3"))),
        ("  Deliver 5W,  for 6min ,with F1 and F3.", Deliver(5.0, 360.0, ("F1", "F3"))),
        (
            "deliver 5000 mW until 1.8 kJ with F1,F2, and F3",
            Deliver(5.0, 360.0, ("F1", "F2", "F3")),
        ),
        ("deliver 0.005 kW for 0.1 h with fibres F1 F2", Deliver(5.0, 360.0, ("F1", "F2"))),
        ("rest for 180 s", Rest(180.0)),
        ("Rest  3min", Rest(180.0)),
        ("pull back 12 mm", PullBack(0.012)),
        ("pull-back by 1.2cm", PullBack(0.012)),
        ("pullback 12 mm", PullBack(0.012)),
        ({"deliver": {"power": "5 W", "duration": "360 s"}}, Deliver(5.0, 360.0)),
        (
            {"deliver": {"power": "5 W", "energy": "1800 J", "fibres": ["F2"]}},
            Deliver(5.0, 360.0, ("F2",)),
        ),
        ({"rest": "180 s"}, Rest(180.0)),
        ({"rest": {"duration": "3 min"}}, Rest(180.0)),
        ({"pull_back": "12 mm"}, PullBack(0.012)),
        ({"pull back": {"distance": "12 mm"}}, PullBack(0.012)),
    ],
)
def test_a_step_is_read_from_a_sentence_or_a_table(written, step):
    assert parse_step(written) == step


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("delivr 5 W for 360 s", 'cannot read.*"deliver 5 W for 360 s"'),
        ("deliver 5 W", 'cannot read.*"deliver 5 W for 360 s"'),
        ("deliver 1800 J at 5 W", "cannot read"),
        ("wait 3 s", 'cannot read.*"rest for 180 s"'),
        ("pull 3 mm", 'cannot read.*"pull back 12 mm"'),
        ("", "cannot read"),
        ("deliver 5 for 360 s", "5 has no unit: a power"),
        ("deliver 5 W for 360", "360 has no unit: a duration"),
        ("deliver 5 W for 1800 J", "is an energy: a duration is needed"),
        ("deliver 5 W until 360 s", "is a duration: an energy is needed"),
        ("deliver 1,800 mW for 3 s", "comma"),
        ("deliver nan W for 3 s", "not a finite number"),
        ("rest for inf s", "not a finite number"),
        ("pull back 12 s", "is a duration: a length is needed"),
        ("deliver 101 W for 3 s", "101 W .* 0 W to 100 W"),
        ("deliver -1 W for 3 s", "-1 W .* 0 W to 100 W"),
        ("deliver 5 W for 4.01 h", "one delivery is outside.*at most 4 h"),
        ("deliver 1 W until 15 kJ", "one delivery is outside.*at most 4 h"),
        ("deliver 5 W for 0 s", "one delivery is outside"),
        ("deliver 0 W until 5 J", "never reached"),
        ("rest for 48.1 h", "one rest is outside.*to 48 h"),
        ("pull back -1 mm", "one pull-back is outside"),
        ("pull back 201 mm", "one pull-back is outside.*at most 200 mm"),
        ("deliver 5 W for 3 s with F1, F1", "named twice"),
        ("ramp from 2 W to 5 W over 60 s", "not yet: .*ramp"),
        ("reposition by 0 mm, 20 mm, 0 mm", "not yet: .*reposition"),
        ("new session", "not yet: .*new session"),
        ({"deliver": {"log": "laser_log.csv"}}, "not yet: .*log"),
        ({"ramp": {"from": "2 W"}}, "not yet: .*ramp"),
        ({"deliver": {"power": "5 W"}}, "either a duration or an energy"),
        (
            {"deliver": {"power": "5 W", "duration": "3 s", "energy": "3 J"}},
            "either a duration or an energy",
        ),
        ({"deliver": {"powr": "5 W", "duration": "3 s"}}, 'did you mean "power"'),
        ({"deliver": {"power": 5, "duration": "3 s"}}, "bare number 5"),
        ({"deliver": {"power": "5 W", "duration": "3 s", "fibres": "F1"}}, "list of fibre names"),
        ({"deliver": {"power": "5 W", "duration": "3 s", "fibres": []}}, "list of fibre names"),
        ({"deliver": "5 W"}, "not a table"),
        ({"delver": {}}, 'did you mean "deliver"'),
        ({"rest": "3 s", "deliver": {}}, "is not a step"),
        (5, "is not a step"),
    ],
)
def test_what_is_no_step_is_refused_with_the_reason(written, complaint):
    with pytest.raises(CaseError, match=complaint):
        parse_step(written)


@given(
    st.one_of(
        st.builds(
            Deliver,
            st.floats(0.0, 100.0),
            st.floats(1e-3, 14400.0),
            st.none() | st.just(("F1", "F3")),
        ),
        st.builds(Rest, st.floats(0.0, 172800.0)),
        st.builds(PullBack, st.floats(1e-6, 0.2)),
    )
)
def test_a_step_reads_back_from_its_own_sentence(step):
    assert parse_step(step.sentence) == step


def test_the_timeline_says_who_fires_when_and_where():
    protocol = protocol_of(
        "deliver 5 W until 1800 J",
        "pull back 12 mm",
        "deliver 3 W for 10 s with F2",
        "rest for 30 s",
        "pull back 2 mm",
        "rest for 200 s",
    )
    assert protocol.timeline(NAMES) == (
        Segment(0.0, 360.0, (5.0, 5.0), 0.0, 1),
        Segment(360.0, 370.0, (0.0, 3.0), 0.012, 2),
        Segment(370.0, 400.0, (0.0, 0.0), 0.012, 0),
        Segment(400.0, 600.0, (0.0, 0.0), 0.014, 0),
    )
    assert protocol.cool_down_added == 0.0
    assert protocol.duration == 600.0
    assert protocol.laser_time == 370.0
    assert (protocol.illuminations, protocol.placements, protocol.sessions) == (2, 1, 1)
    assert protocol.total_pull_back == pytest.approx(0.014)
    assert protocol.energy_fired(NAMES) == pytest.approx(2 * 1800.0 + 30.0)


@pytest.mark.parametrize(
    ("rests", "added"), [((), 120.0), (("rest for 50 s",), 70.0), (("rest for 2 min",), 0.0)]
)
def test_at_least_two_minutes_follow_the_last_delivery(rests, added):
    protocol = protocol_of("rest for 500 s", "deliver 5 W for 10 s", *rests)
    assert protocol.cool_down_added == added
    assert protocol.duration == 630.0
    *_, last = protocol.timeline(NAMES)
    assert last == Segment(510.0, 630.0, (0.0, 0.0), 0.0, 0)


def test_a_protocol_without_delivery_is_refused():
    with pytest.raises(CaseError, match="no delivery"):
        protocol_of("rest for 10 s")


def test_pull_backs_over_200_mm_in_all_are_refused():
    steps = ["deliver 5 W for 3 s", "pull back 150 mm"]
    assert protocol_of(*steps, "pull back 50 mm").total_pull_back == pytest.approx(0.2)
    with pytest.raises(CaseError, match=r"add up to 201 mm.*at most 200 mm"):
        protocol_of(*steps, "pull back 51 mm")


def test_a_fibre_that_does_not_exist_cannot_fire():
    protocol = protocol_of("deliver 5 W for 3 s", "deliver 5 W for 3 s with F1, F9")
    (problem,) = protocol.find_unknown_fibres(NAMES)
    assert "protocol.steps#2" in problem
    assert "F9" in problem
    assert "F1, F2" in problem
    with pytest.raises(CaseError, match="F9"):
        protocol.timeline(NAMES)
