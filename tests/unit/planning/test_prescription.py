from dataclasses import replace

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.case_text import write_toml
from ablsim.errors import CaseError
from ablsim.planning.prescription import Placement, Prescription, arrange, place_pattern
from ablsim.planning.subject import Subject, describe_subject, make_subject

DOWN = (0.0, 0.0, -1.0)


def subject(diameter="30 mm", **more):
    words = {
        "tissue": "net_metastasis",
        "perfusion": "normal",
        "margin": "0 mm",
        "background": "liver",
    }
    return make_subject(describe_subject(diameter=diameter, **{**words, **more}))


def plan(*placements, together=True, direction=DOWN):
    return Prescription(direction, 5.0, placements, together)


def lit_tips(case):
    """Every place where a fibre fires, with the energy fired there [J]."""
    fibres = case.fibres_all
    found = {}
    for segment in case.protocol.timeline([fibre.name for fibre in fibres]):
        for fibre, power in zip(fibres, segment.highest_power, strict=True):
            if power > 0.0:
                tip = tuple(np.round(1e3 * np.array(segment.position.place(fibre).tip), 3) + 0.0)
                found[tip] = found.get(tip, 0.0) + power * (segment.end - segment.start)
    return found


def written(prescription, spacing=1e-3):
    return Case.from_text(subject("60 mm").text(prescription, spacing))


def test_every_fibre_fires_where_it_is_meant_to():
    tips = arrange("square", 15e-3, DOWN)
    placements = [
        place_pattern(
            tips, middle, DOWN, energy=1500.0, illuminations=3, pull_back=10e-3, session=session
        )
        for session, middle in enumerate([(0.0, 0.0, 0.0), (12e-3, -5e-3, 4e-3)])
    ]
    case = written(plan(*placements))
    meant = {
        tuple(np.round(1e3 * (np.array(tip) - k * 10e-3 * np.array(DOWN)), 3) + 0.0): 1500.0
        for placement in placements
        for tip in placement.tips
        for k in range(3)
    }
    assert lit_tips(case) == pytest.approx(meant)
    assert case.protocol.sessions == 2
    assert case.protocol.placements == 2
    assert case.protocol.illuminations == 6


def test_the_middle_of_a_placement_is_the_middle_of_its_illuminations():
    placement = place_pattern(
        ((0.0, 0.0, 0.0),), (1e-3, 2e-3, 3e-3), DOWN,
        energy=100.0, illuminations=3, pull_back=8e-3, session=0,
    )  # fmt: skip
    assert placement.tips == ((1e-3, 2e-3, -5e-3),)
    assert placement.length == pytest.approx(16e-3)


def test_fibres_that_missed_fire_where_they_ended_up():
    first = Placement(((0.0, 0.0, 0.0), (15e-3, 0.0, 0.0)), (1000.0, 1000.0))
    second = Placement(((1e-3, 9e-3, 2e-3), (17e-3, 12e-3, -1e-3)), (1000.0, 1000.0))
    found = lit_tips(written(plan(first, second)))
    assert set(found) == {(0, 0, 0), (15, 0, 0), (1, 9, 2), (17, 12, -1)}


def test_fibres_with_more_energy_go_on_by_themselves():
    one = Placement(((0.0, 0.0, 0.0), (15e-3, 0.0, 0.0), (0.0, 15e-3, 0.0)), (900.0, 1800.0, 900.0))
    prescription = plan(one)
    case = written(prescription)
    assert list(lit_tips(case).values()) == pytest.approx([900.0, 1800.0, 900.0])
    assert case.protocol.laser_time == pytest.approx(prescription.laser_time)


def test_one_by_one_takes_the_sum_of_times():
    one = Placement(((0.0, 0.0, 0.0), (15e-3, 0.0, 0.0)), (900.0, 900.0), 2, 10e-3)
    together, apart = plan(one), plan(one, together=False)
    assert apart.laser_time == pytest.approx(2.0 * together.laser_time)
    assert apart.illuminations == 2 * together.illuminations == 4
    case = written(apart)
    assert case.protocol.illuminations == 4
    assert case.protocol.laser_time == pytest.approx(apart.laser_time)
    assert case.protocol.energy_fired(["F1", "F2"]) == pytest.approx(apart.energy)


def test_the_case_of_a_plan_keeps_everything_else_of_the_subject():
    case = Case.from_toml("examples/gallbladder.toml")
    own = Subject(case)
    prescription = plan(Placement(((0.0, 0.0, 0.0),), (500.0,)))
    again = Case.from_text(own.text(prescription, 2e-3))
    assert again.organs == case.organs
    assert again.vessels == case.vessels
    assert again.tumour == case.tumour
    assert again.tissue == case.tissue
    assert len(again.fibres_all) == 1


def test_a_case_without_a_tumour_is_refused():
    case = Case.from_toml("examples/sheep_4W.toml")
    with pytest.raises(CaseError, match="tumour"):
        make_subject(case)


def test_a_needle_does_not_go_through_a_vessel():
    case = subject("30 mm").case.replace(
        {
            "vessel": [
                {
                    "name": "vein",
                    "diameter": "6 mm",
                    "points": [["-50 mm", "0 mm", "20 mm"], ["50 mm", "0 mm", "20 mm"]],
                }
            ]
        }
    )
    tips = np.array([[0.0, 0.0, 0.0], [0.0, 10e-3, 0.0], [0.0, 0.0, 30e-3]])
    assert Subject(case).is_reachable(tips, DOWN).tolist() == [False, True, True]
    assert Subject(case).is_reachable(tips, (0.0, 0.0, 1.0)).tolist() == [True, True, False]


def test_points_fill_the_tumour_and_its_margin():
    plain, grown = subject("30 mm"), subject("30 mm", margin="5 mm")
    far = np.linalg.norm(plain.points, axis=1)
    assert 400 < len(plain.points) < 1500
    assert 14e-3 < far.max() <= 15e-3
    assert 19e-3 < np.linalg.norm(grown.points, axis=1).max() <= 20e-3


def test_runs_hold_all_that_lights_and_enough_around_it():
    """Less than a case does by itself, but only where blood carries the heat away."""
    one = plan(place_pattern(
        arrange("line", 20e-3, DOWN), (0.0, 0.0, 0.0), DOWN,
        energy=900.0, illuminations=3, pull_back=10e-3, session=0,
    ))  # fmt: skip
    whole, flowing, still = (
        Case.from_text(text).grid().size
        for text in (
            write_toml(subject("20 mm").write(one, 2e-3, whole=True)),
            subject("20 mm").text(one, 2e-3),
            subject("20 mm", perfusion="occluded").text(one, 2e-3),
        )
    )
    assert flowing == pytest.approx((64e-3, 44e-3, 64e-3), abs=4.1e-3)
    assert np.all(np.array(whole) > np.array(flowing))
    assert np.all(np.array(still) >= np.array(whole))


def test_runs_hold_the_whole_length_of_a_diffuser():
    who = subject("20 mm")
    long = Subject(who.case.replace({"fibre": [{
        "kind": "diffuser", "length": "30 mm", "tip": ["0 mm"] * 3, "direction": [0, 0, -1],
    }]}))  # fmt: skip
    one = plan(place_pattern(
        ((0.0, 0.0, 0.0),), (0.0, 0.0, 0.0), DOWN,
        energy=900.0, illuminations=1, pull_back=0.0, session=0,
    ))  # fmt: skip
    grid = Case.from_text(long.text(one, 2e-3)).grid()
    low = np.array(grid.origin)
    high = low + np.array(grid.size)
    assert low[2] <= -20e-3
    assert high[2] >= 50e-3


def test_treatments_are_near_each_other_when_lengths_alone_differ_and_little():
    def plan(spacing=16.5e-3, energy=1800.0, pull_back=11e-3):
        tips = arrange("square", spacing, DOWN)
        placements = tuple(
            place_pattern(
                tips, middle, DOWN, energy=energy, illuminations=3, pull_back=pull_back,
                session=number,
            )
            for number, middle in enumerate(((0.0, 0.0, 0.0), (12e-3, 0.0, 0.0)))
        )  # fmt: skip
        return Prescription(DOWN, 5.0, placements, True, "square", spacing)

    one = plan()
    assert one.is_near(one, 0.0)
    assert one.is_near(plan(spacing=16.7e-3), 1e-3)
    assert not one.is_near(plan(spacing=16.7e-3), 0.0)
    assert not one.is_near(plan(pull_back=13e-3), 1e-3)
    assert not one.is_near(plan(energy=1700.0), 1e-3)
    assert not one.is_near(replace(one, power=6.0), 1e-3)
    assert not one.is_near(replace(one, placements=one.placements[:1]), 1e-3)


@pytest.mark.parametrize(
    ("said", "axes"),
    [
        ("35 x 28 x 22 mm", (35.0, 28.0, 22.0)),
        ("3.5 cm x 28 mm", (35.0, 28.0, 28.0)),
        ("22x35 mm", (22.0, 35.0, 22.0)),
    ],
)
def test_reported_diameters_are_an_ellipsoid(said, axes):
    tumour = subject(said).tumour
    assert tumour.shape == "ellipsoid"
    assert [1e3 * axis for axis in tumour.axes] == pytest.approx(axes)


@pytest.mark.parametrize("said", ["35 x", "35 x 2 W", "a x b mm", "1 x 2 x 3 x 4 mm"])
def test_a_size_that_is_none_is_refused(said):
    with pytest.raises(CaseError, match="tumour"):
        subject(said)
