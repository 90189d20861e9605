"""Readings: exact where the field is linear, and damage as the recorded temperature does it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablsim.case import Case
from ablsim.damage.curve import FASTEST, damage_of
from ablsim.damage.rate import damage_integral
from ablsim.domain import make_domain
from ablsim.errors import ResultError
from ablsim.exposure import OrganExposure, ProbeCurve
from ablsim.grid import Grid
from ablsim.monitor import Monitor
from ablsim.result import Fields, Ledger, Result
from ablsim.tissue.library import get_kinetics
from ablsim.units import to_kelvin

BASE = {
    "schema": "ablsim/case/1",
    "title": "readings",
    "domain": {"size": ["16 mm", "20 mm", "24 mm"], "centre": ["1 mm", "0 mm", "0 mm"]},
    "tissue": {"background": "liver"},
    "fibre": [{"kind": "bare", "tip": ["0 mm", "0 mm", "0 mm"], "direction": [0, 0, -1]}],
    "protocol": {"steps": ["deliver 5 W for 10 s"]},
    "numerics": {"spacing": "2 mm"},
}
ORGAN = {
    "name": "gallbladder",
    "tissue": "bile",
    "shape": "sphere",
    "centre": ["5 mm", "0 mm", "0 mm"],
    "diameter": "6 mm",
}


def make(*positions, organs=()):
    probes = [
        {"name": f"T{i}", "position": [f"{1e3 * x!r} mm" for x in position]}
        for i, position in enumerate(positions, start=1)
    ]
    case = Case.from_dict(BASE | {"probe": probes, "organ": list(organs)})
    domain = make_domain(case)
    return case, domain, Monitor(case, domain)


def linear(grid, slope):
    x, y, z = grid.axes()
    return 3.0 + slope[0] * x + slope[1] * y[:, None] + slope[2] * z[:, None, None]


@settings(deadline=None)
@given(st.tuples(st.floats(-7e-3, 9e-3), st.floats(-10e-3, 10e-3), st.floats(-12e-3, 12e-3)))
def test_a_linear_field_is_read_exactly_anywhere_in_the_domain(position):
    _, domain, monitor = make(position)
    monitor.read(0.0, linear(domain.grid, (400.0, -300.0, 200.0)))
    expected = to_kelvin(37.0) + 3.0 + np.dot(position, (400.0, -300.0, 200.0))
    assert monitor.probes()[0].temperatures == pytest.approx([expected], abs=1e-9)


def test_a_domain_of_one_cell_is_read_too():
    case = Case.from_dict(
        BASE
        | {
            "domain": {"size": "2 mm", "centre": ["0 mm"] * 3},
            "probe": [{"name": "T", "position": ["1 mm", "0 mm", "0 mm"]}],
        }
    )
    monitor = Monitor(case, make_domain(case))
    monitor.read(0.0, np.full((1, 1, 1), 5.0))
    assert monitor.probes()[0].temperatures == pytest.approx([to_kelvin(42.0)])


def test_reading_a_curved_field_is_of_second_order():
    errors = []
    for spacing in (4e-3, 2e-3, 1e-3):
        grid = Grid.centred((0.0, 0.0, 0.0), (24e-3,) * 3, spacing)
        case = Case.from_dict(
            BASE
            | {
                "domain": {"size": "24 mm", "centre": ["0 mm"] * 3},
                "numerics": {"spacing": f"{1e3 * spacing} mm"},
                "probe": [{"name": "T", "position": ["0 mm", "0 mm", "0 mm"]}],
            }
        )
        x, y, z = grid.axes()
        field = 20.0 * np.cos(100.0 * x) * np.cos(80.0 * y[:, None]) * np.cos(z[:, None, None])
        monitor = Monitor(case, make_domain(case))
        monitor.read(0.0, field)
        errors.append(abs(monitor.probes()[0].temperatures[0] - to_kelvin(57.0)))
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert orders == pytest.approx([2.0, 2.0], abs=0.1)


@pytest.mark.parametrize("name", ["brown_stasis", "reddy_hcc_2013", "cem43_240"])
def test_damage_of_a_constant_temperature_is_rate_times_time(name):
    process = get_kinetics(name)
    times = np.linspace(0.0, 60.0, 7)
    found = damage_of(process, times, np.full(7, to_kelvin(48.0)))
    assert found == pytest.approx(damage_integral(process, to_kelvin(48.0), 60.0), rel=1e-12)


def test_damage_of_a_curve_is_of_second_order_in_the_time_between_readings():
    process = get_kinetics("reddy_hcc_2013")
    values = []
    for n in (20, 40, 80, 1280):
        times = np.linspace(0.0, 60.0, n + 1)
        values.append(damage_of(process, times, to_kelvin(50.0 + 4.0 * np.sin(times / 15.0))))
    errors = np.abs(np.subtract(values[:-1], values[-1]))
    assert np.log2(errors[:-1] / errors[1:]) == pytest.approx([2.0, 2.0], abs=0.1)


def test_damage_in_char_stays_a_number():
    hot = np.full(3, to_kelvin(400.0))
    assert damage_of(get_kinetics("brown_stasis"), [0.0, 1.0, 2.0], hot) == 2.0 * FASTEST


def test_organs_report_their_hottest_cell_at_any_time_and_their_worst_cell_at_the_end():
    _, domain, monitor = make(organs=[ORGAN])
    inside = domain.organs == 1
    beside = np.argwhere(~inside)[0]
    for time, warmth in ((0.0, 0.0), (5.0, 12.0), (9.0, 7.0)):
        rise = np.where(inside, warmth, 1.0).astype(np.float32)
        rise[tuple(np.argwhere(inside)[3])] += np.float32(0.5)
        rise[tuple(beside)] = 99.0
        monitor.read(time, rise)
    death = np.where(inside, 0.2, 50.0).astype(np.float32)
    death[tuple(np.argwhere(inside)[-1])] = 0.4
    (found,) = monitor.organs(death)
    assert (found.name, found.peak_time) == ("gallbladder", 5.0)
    assert found.peak == pytest.approx(to_kelvin(49.5))
    assert found.damage == pytest.approx(0.4)


def test_a_monitor_taken_up_again_gives_the_same_bits():
    random = np.random.default_rng(1)
    fields = random.uniform(0.0, 30.0, (6, 12, 10, 8)).astype(np.float32)
    place = [(1e-3, 2e-3, 3e-3), (-4e-3, 1e-3, 0.5e-3)]
    *_, through = make(*place, organs=[ORGAN])
    *_, before = make(*place, organs=[ORGAN])
    *_, after = make(*place, organs=[ORGAN])
    for time, field in enumerate(fields):
        through.read(float(time), field)
        if time < 3:
            before.read(float(time), field)
    after.restore(before.state())
    for time in (3, 4, 5):
        after.read(float(time), fields[time])
    assert through.probes() == after.probes()
    assert through.probes()[0] != after.probes()[1]
    assert through.organs(fields[0]) == after.organs(fields[0])


def test_without_probes_and_organs_a_fresh_monitor_can_be_taken_up_again():
    *_, monitor = make()
    monitor.restore(monitor.state())
    monitor.read(0.0, np.zeros((12, 10, 8)))
    assert monitor.probes() == monitor.organs(np.zeros((12, 10, 8))) == ()


def test_a_no_go_organ_cut_off_near_the_light_is_said_and_others_are_not():
    cut = ORGAN | {"diameter": "12 mm", "no_go": {"damage": 0.1}, "centre": ["9 mm"] * 3}
    whole = ORGAN | {"name": "duct", "no_go": {"damage": 0.1}, "centre": ["-4 mm"] * 3}
    harmless = cut | {"name": "bowel", "centre": ["-9 mm"] * 3}
    del harmless["no_go"]
    whole["diameter"] = "4 mm"
    *_, monitor = make(organs=[cut, whole, harmless])
    (note,) = monitor.notes()
    assert note.startswith("gallbladder is cut off by the wall of the domain 1")
    assert "enlarge domain.size" in note


def test_an_organ_that_leaves_an_automatic_domain_needs_no_warning():
    half_space = {
        "name": "bowel",
        "tissue": "muscle",
        "shape": "half_space",
        "point": ["0 mm", "0 mm", "20 mm"],
        "normal": [0, 0, 1],
        "no_go": {"damage": 0.1},
    }
    case = Case.from_dict(BASE | {"domain": {}, "organ": [half_space]})
    assert Monitor(case, make_domain(case)).notes() == ()


def test_probes_and_organs_are_found_by_name():
    grid = Grid.centred((0.0, 0.0, 0.0), (4e-3,) * 3, 2e-3)
    zero = np.zeros(grid.shape, np.float32)
    curve = ProbeCurve(
        "T1", (0.0, 0.0, 0.0), np.array([0.0, 5.0, 9.0]), np.array([310, 320, 315.0])
    )
    result = Result(
        case=None,
        grid=grid,
        labels=zero.astype(np.uint8),
        materials=("liver",),
        base_temperature=310.15,
        fields=Fields(zero, zero, zero, zero, zero, zero),
        ledger=Ledger(),
        probes=(curve,),
        organs=(OrganExposure("gallbladder", 320.0, 9.0, 0.5),),
    )
    assert result.probe("T1") is curve
    assert (curve.peak, curve.peak_time) == (320.0, 5.0)
    assert result.organ("gallbladder").damage == 0.5
    with pytest.raises(ResultError, match='no probe "T2" in this result; there are: "T1"'):
        result.probe("T2")
    with pytest.raises(ResultError, match='no organ "bowel" in this result; there are: "gall'):
        result.organ("bowel")
