"""Protocol: sentences and tables become steps, steps a timeline; nothing is read loosely."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablsim.errors import CaseError
from ablsim.laser_log import LaserLog, Row, read_log
from ablsim.light.fibre import Fibre
from ablsim.protocol import (
    Deliver,
    NewSession,
    Position,
    Protocol,
    PullBack,
    Ramp,
    Reposition,
    Rest,
    Segment,
    parse_step,
)
from ablsim.steps import write_step

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
        ("ramp from 2 W to 5 W over 60 s", Ramp(2.0, 5.0, 60.0)),
        (
            "Ramp from 2 W per fibre to 5 W per fibre, over 1 min, with F1 and F2",
            Ramp(2.0, 5.0, 60.0, ("F1", "F2")),
        ),
        ({"ramp": {"from": "2 W", "to": "5 W", "duration": "60 s"}}, Ramp(2.0, 5.0, 60.0)),
        (
            {"ramp": {"from": "2 W", "to": "0 W", "duration": "60 s", "fibres": ["F2"]}},
            Ramp(2.0, 0.0, 60.0, ("F2",)),
        ),
        ("reposition by 0 mm, -2 cm, 0 mm", Reposition((0.0, -0.02, 0.0))),
        ("reposition by 1 mm, 0 mm, 2 mm with F2", Reposition((0.001, 0.0, 0.002), ("F2",))),
        (
            {"reposition": {"by": ["1 mm", "0 mm", "0 mm"], "fibres": ["F1", "F3"]}},
            Reposition((0.001, 0.0, 0.0), ("F1", "F3")),
        ),
        ({"reposition": ["0 mm", "20 mm", "0 mm"]}, Reposition((0.0, 0.02, 0.0))),
        ({"reposition": {"by": ["0 mm", "20 mm", "0 mm"]}}, Reposition((0.0, 0.02, 0.0))),
        ("New session.", NewSession()),
        ({"new_session": {}}, NewSession()),
        (
            {"deliver": {"log": [["0 s", "F1", "5 W"], ["1 min", "F1", "0 W"]]}},
            LaserLog((Row(0.0, "F1", 5.0), Row(60.0, "F1", 0.0))),
        ),
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
        ("ramp to 5 W over 60 s", 'cannot read.*"ramp from 2 W to 5 W over 60 s"'),
        ("ramp from 2 W to 101 W over 60 s", "ends at is outside.*0 W to 100 W"),
        ("ramp from -2 W to 5 W over 60 s", "starts from is outside.*0 W to 100 W"),
        ("ramp from 2 W to 5 W over 0 s", "one ramp is outside"),
        ("ramp from 2 W to 5 W over 5 h", "one ramp is outside.*at most 4 h"),
        ("ramp from 2 W to 5 W over 5 s with F1, F1", "named twice"),
        ({"ramp": {"from": "2 W"}}, "None is not a power"),
        ({"ramp": "2 W"}, 'ramp = .*not a table.*from = "2 W"'),
        ("reposition", 'cannot read.*"reposition by 0 mm, 20 mm, 0 mm"'),
        ("reposition by 0 mm, 20 mm", "list of three"),
        ("reposition by 0 mm, 20, 0 mm", "y: 20 has no unit"),
        ("reposition by 0 mm, 0 mm, 401 mm", "z: 401 mm is outside.*400 mm"),
        ("new sesion", 'cannot read.*"new session"'),
        ({"new_session": {"after": "1 d"}}, 'new session has no key "after".*none'),
        ({"deliver": {"log": "nowhere.csv"}}, "there is no laser log nowhere.csv"),
        ({"deliver": {"log": "nowhere.csv", "power": "5 W"}}, "a log says all of a delivery"),
        ({"deliver": {"log": 5}}, "neither a file nor rows"),
        ({"deliver": {"log": []}}, "the log has no rows"),
        ({"deliver": {"log": [["0 s", "F1"]]}}, "line 2: .* is not a row"),
        ({"deliver": {"log": [["0 s", "F1", "5"]]}}, "line 2: 5 has no unit: a power"),
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
        st.builds(
            Ramp,
            st.floats(0.0, 100.0),
            st.floats(0.0, 100.0),
            st.floats(1e-3, 14400.0),
            st.none() | st.just(("F1", "F3")),
        ),
        st.builds(
            Reposition,
            st.tuples(*[st.floats(-0.4, 0.4)] * 3),
            st.none() | st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(tuple),
        ),
        st.just(NewSession()),
        st.builds(
            lambda time, power: LaserLog((Row(0.0, "F1", power), Row(time, "F1", 0.0))),
            st.floats(1e-3, 14400.0),
            st.floats(0.0, 100.0),
        ),
    )
)
def test_a_step_reads_back_from_what_it_writes(step):
    assert parse_step(write_step(step)) == step


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


def test_power_rises_linearly_on_a_ramp():
    protocol = protocol_of("ramp from 2 W to 5 W over 60 s with F2")
    ramp, rest = protocol.timeline(NAMES)
    assert ramp == Segment(0.0, 60.0, (0.0, 2.0), 0.0, 1, (0.0, 5.0))
    assert [ramp.power_at(time) for time in (0.0, 20.0, 60.0)] == pytest.approx([2.0, 3.0, 5.0])
    assert (ramp.is_ramp, ramp.highest_power) == (True, (0.0, 5.0))
    assert protocol.energy_fired(NAMES) == ramp.energy == 3.5 * 60.0
    assert protocol.laser_time == 60.0
    assert (rest.is_ramp, rest.end) == (False, 180.0)


def test_a_ramp_that_does_not_change_is_a_delivery():
    ramp, delivery = (
        protocol_of("ramp from 5 W to 5 W over 60 s"),
        protocol_of("deliver 5 W for 60 s"),
    )
    assert ramp.timeline(NAMES) == delivery.timeline(NAMES)


@pytest.mark.parametrize(
    ("steps", "illuminations"),
    [
        (("ramp from 2 W to 5 W over 60 s", "deliver 5 W for 60 s"), 1),
        (
            (
                "ramp from 2 W to 5 W over 9 s",
                "deliver 5 W for 9 s",
                "ramp from 5 W to 0 W over 9 s",
            ),
            1,
        ),
        (("ramp from 2 W to 5 W over 60 s with F1", "deliver 5 W for 60 s"), 2),
        (("ramp from 2 W to 5 W over 60 s", "rest for 1 s", "deliver 5 W for 60 s"), 2),
        (("ramp from 2 W to 5 W over 60 s", "pull back 1 mm", "deliver 5 W for 60 s"), 2),
        (("deliver 5 W for 60 s", "deliver 5 W for 60 s"), 2),
    ],
)
def test_a_ramp_and_what_it_leads_to_are_one_illumination(steps, illuminations):
    assert protocol_of(*steps).illuminations == illuminations


def test_repositioned_fibres_start_from_the_new_place_without_pull_back():
    protocol = protocol_of(
        "deliver 5 W for 10 s",
        "pull back 12 mm",
        "deliver 5 W for 20 s",
        "reposition by 0 mm, 20 mm, 0 mm",
        "deliver 5 W for 30 s with F1",
        "pull back 5 mm",
        "reposition by 10 mm, 0 mm, 0 mm",
    )
    assert protocol.positions == (
        Position(),
        Position((0.0, 0.0, 0.0), 0.012),
        Position((0.0, 0.02, 0.0)),
        Position((0.0, 0.02, 0.0), 0.005),
        Position((0.01, 0.02, 0.0)),
    )
    assert protocol.lit_positions == protocol.positions[:3]
    lit = [segment for segment in protocol.timeline(NAMES) if any(segment.power)]
    assert [segment.position for segment in lit] == list(protocol.lit_positions)
    assert (protocol.illuminations, protocol.placements, protocol.sessions) == (3, 2, 1)
    assert protocol.energy_by_placement(NAMES) == pytest.approx((300.0, 150.0))
    assert protocol.energy_fired(NAMES) == pytest.approx(450.0)


def test_a_position_moves_a_fibre_and_pulls_it_back():
    fibre = Fibre("F1", "bare", (1e-3, 0.0, 0.0), (0.0, 0.0, -1.0))
    assert Position((0.0, 0.02, 0.0), 5e-3).place(fibre).tip == pytest.approx((1e-3, 0.02, 5e-3))
    assert Position().place(fibre) == fibre


def test_a_fibre_that_is_repositioned_by_itself_leaves_the_others_where_they_are():
    protocol = protocol_of(
        "deliver 5 W for 10 s",
        "pull back 12 mm",
        "reposition by 0 mm, 3 mm, 0 mm with F1",
        "deliver 5 W for 10 s",
        "pull back 5 mm",
        "deliver 5 W for 10 s",
        "reposition by 20 mm, 0 mm, 0 mm",
        "deliver 5 W for 10 s",
    )
    fibres = [Fibre(name, "bare", (0.0, 0.0, 0.0), (0.0, 0.0, -1.0)) for name in ("F1", "F2")]
    tips = [[p.place(fibre).tip for fibre in fibres] for p in protocol.lit_positions]
    assert np.array(tips) * 1e3 == pytest.approx(
        np.array(
            [
                [(0, 0, 0), (0, 0, 0)],
                [(0, 3, 0), (0, 0, 12)],  # inserted anew, not pulled back yet
                [(0, 3, 5), (0, 0, 17)],
                [(20, 3, 0), (20, 0, 0)],
            ]
        )
    )
    lit = [segment for segment in protocol.timeline(NAMES) if any(segment.power)]
    assert [segment.position for segment in lit] == list(protocol.lit_positions)
    again = Protocol.from_steps([write_step(step) for step in protocol.all_steps])
    assert again.lit_positions == protocol.lit_positions


def test_a_reposition_of_an_unknown_fibre_is_refused_by_its_name():
    problems = protocol_of(
        "deliver 5 W for 9 s", "reposition by 0 mm, 1 mm, 0 mm with F9", "deliver 5 W for 9 s"
    ).find_unknown_fibres(NAMES)
    assert problems == (
        'protocol.steps#2: "with F9" names a fibre that does not exist; allowed are '
        f"{', '.join(NAMES)}; correct the name",
    )


def test_pull_backs_count_for_each_placement():
    steps = ["deliver 5 W for 3 s", "pull back 150 mm", "reposition by 1 mm, 0 mm, 0 mm"]
    assert protocol_of(*steps, "pull back 150 mm").total_pull_back == pytest.approx(0.3)
    with pytest.raises(CaseError, match="add up to 201 mm"):
        protocol_of(*steps, "pull back 100 mm", "pull back 101 mm")


def test_a_new_session_is_a_new_placement_where_the_last_one_began():
    protocol = protocol_of(
        "deliver 5 W for 10 s",
        "pull back 12 mm",
        "rest for 50 s",
        "new session",
        "deliver 5 W for 20 s",
        "rest for 120 s",
        "new session",
        "reposition by 0 mm, 20 mm, 0 mm",
        "deliver 5 W for 10 s",
    )
    assert (protocol.illuminations, protocol.placements, protocol.sessions) == (3, 3, 3)
    segments = protocol.timeline(NAMES)
    assert [(s.session, s.end, s.pulled_back) for s in segments] == [
        (1, 10.0, 0.0),
        (1, 130.0, 0.012),
        (2, 150.0, 0.0),
        (2, 270.0, 0.0),
        (3, 280.0, 0.0),
        (3, 400.0, 0.0),
    ]
    assert protocol.cool_down_added == 70.0 + 120.0
    assert protocol.duration == 400.0
    again = Protocol.from_steps(protocol.all_steps)
    assert (again.timeline(NAMES), again.cool_down_added) == (segments, 0.0)


@pytest.mark.parametrize(
    "steps",
    [
        ("new session", "deliver 5 W for 3 s"),
        ("deliver 5 W for 3 s", "new session"),
        (
            "deliver 5 W for 3 s",
            "new session",
            "rest for 5 s",
            "new session",
            "deliver 5 W for 3 s",
        ),
    ],
)
def test_a_session_without_delivery_is_refused(steps):
    with pytest.raises(CaseError, match="session has no delivery"):
        protocol_of(*steps)


LOG = """time, fibre, power
100,F1,5
100,F2,2
130,F1,0
140,F1,4
160,F1,0
170,F2,0
190,F1,0
"""


def test_each_row_of_a_log_holds_until_the_next_of_its_fibre(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    protocol = Protocol.from_steps([read_log(path)])
    assert protocol.timeline(NAMES) == (
        Segment(0.0, 30.0, (5.0, 2.0), 0.0, 1),
        Segment(30.0, 40.0, (0.0, 2.0), 0.0, 1),
        Segment(40.0, 60.0, (4.0, 2.0), 0.0, 1),
        Segment(60.0, 70.0, (0.0, 2.0), 0.0, 1),
        Segment(70.0, 90.0, (0.0, 0.0), 0.0, 1),
        Segment(90.0, 190.0, (0.0, 0.0), 0.0, 0),
    )
    assert (protocol.laser_time, protocol.illuminations) == (70.0, 1)
    assert protocol.cool_down_added == 100.0  # the dark end of the log counts
    assert protocol.energy_fired(NAMES) == pytest.approx(5 * 30 + 4 * 20 + 2 * 70)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: .*is not the header; write .time,fibre,power"),
        ("t,fibre,power\n0,F1,5\n", "line 1: .*is not the header"),
        ("time,fibre,power\n", "the log has no rows"),
        ("time,fibre,power\n0,F1,5\n3,F1,abc\n", "line 3: power 'abc' is not a number"),
        ("time,fibre,power\n0 s,F1,5\n", "line 2: time '0 s' is not a number; write it in s"),
        ("time,fibre,power\n0,F1,5\n\n3,F1,0\n", "line 3: '' is not a time, a fibre and a power"),
        ("time,fibre,power\n0,F1,5,2\n", "line 2: '0,F1,5,2' is not a time"),
        ("time,fibre,power\n0,F1,101\n", "line 2: the power 101 W of F1 .*0 W to 100 W"),
        ("time,fibre,power\n0,F1,-1\n", "line 2: the power -1 W of F1"),
        ("time,fibre,power\n0,F1,nan\n", "line 2: the power nan W of F1"),
        ("time,fibre,power\ninf,F1,5\n", "line 2: the time inf s is not allowed"),
        ("time,fibre,power\n-1,F1,5\n", "line 2: the time -1 s is not allowed"),
        ("time,fibre,power\n0,F1,5\n0,F1,0\n", "line 3: the time 0 s of F1 .*0 s of line 2"),
        ("time,fibre,power\n0,F1,5\n9,F1,3\n", "line 3: F1 is left on at 3 W by its last row"),
        ("time,fibre,power\n0,F1,5\n0,F2,5\n9,F1,0\n", "line 3: F2 is left on"),
        ("time,fibre,power\n0,F1,0\n", "the log has no duration"),
        ("time,fibre,power\n0,F1,1\n14401,F1,0\n", "lasts 14401 s.*at most 4 h"),
    ],
)
def test_a_log_that_cannot_be_is_refused_with_its_line(tmp_path, text, complaint):
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(CaseError, match=rf"log.csv: .*{complaint}" if text else complaint):
        read_log(path)


def test_a_log_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(CaseError, match="not UTF-8"):
        read_log(path)
    with pytest.raises(CaseError, match="cannot be read"):
        read_log(tmp_path)


def test_a_fibre_that_does_not_exist_is_found_in_a_log():
    log = LaserLog(
        (Row(0.0, "F1", 5.0), Row(0.0, "F9", 5.0), Row(9.0, "F9", 0.0), Row(9.0, "F1", 0.0))
    )
    (problem,) = Protocol.from_steps([log]).find_unknown_fibres(NAMES)
    assert 'line 3 of the log, "F9"' in problem
