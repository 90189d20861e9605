"""Fibres: where they light, how arrays lie across their direction, how near needles may be."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablsim.errors import CaseError
from ablsim.light.fibre import (
    TRANSMISSION,
    Fibre,
    emitter_distance,
    make_array,
    needle_distance,
)
from ablsim.tissue.constants import TRANSMISSION_BARE, TRANSMISSION_DIFFUSER

DOWN = (0.0, 0.0, -1.0)
DIRECTIONS = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: math.hypot(*v) > 0.1)


def bare(tip, direction=DOWN):
    return Fibre(name="F1", kind="bare", tip=tip, direction=direction)


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def test_a_fibre_is_pulled_back_towards_the_hand():
    moved = bare((1e-3, 2e-3, 3e-3), (0.0, 0.0, -2.0)).pulled_back(12e-3)
    assert moved.tip == pytest.approx((1e-3, 2e-3, 15e-3), abs=1e-15)
    assert moved.direction == DOWN


def test_a_diffuser_lights_back_from_its_tip():
    fibre = Fibre(name="F1", kind="diffuser", tip=(0.0, 0.0, -0.01), direction=DOWN, length=0.02)
    assert fibre.start == pytest.approx((0.0, 0.0, 0.01), abs=1e-15)
    assert fibre.emission_points() == (fibre.start, fibre.tip)
    assert bare((0.0, 0.0, 0.0)).emission_points() == ((0.0, 0.0, 0.0),)


def test_transmission_defaults_by_the_kind_as_the_library_has_it():
    assert bare((0.0, 0.0, 0.0)).transmission == TRANSMISSION["bare"] == TRANSMISSION_BARE.si
    fibre = Fibre(name="F1", kind="diffuser", tip=DOWN, direction=DOWN, length=0.02)
    assert fibre.transmission == TRANSMISSION["diffuser"] == TRANSMISSION_DIFFUSER.si
    given_by_user = Fibre(name="F1", kind="bare", tip=DOWN, direction=DOWN, transmission=0.8)
    assert given_by_user.transmission == 0.8


def test_active_length_belongs_to_diffusers():
    with pytest.raises(CaseError, match="bare fibre"):
        Fibre(name="F1", kind="bare", tip=DOWN, direction=DOWN, length=0.02)
    with pytest.raises(CaseError, match="needs its active length"):
        Fibre(name="F1", kind="diffuser", tip=DOWN, direction=DOWN)


def test_a_square_that_looks_down_has_its_first_side_along_x():
    fibres = make_array(kind="bare", pattern="square", spacing=0.015, centre=(0.0, 0.0, -0.006))
    assert [fibre.name for fibre in fibres] == ["F1", "F2", "F3", "F4"]
    first, second = fibres[0].tip, fibres[1].tip
    assert second[0] - first[0] == pytest.approx(0.015)
    assert second[1] == first[1]
    assert {fibre.tip[2] for fibre in fibres} == {-0.006}


@pytest.mark.parametrize(
    ("direction", "axis"),
    [
        ((1, 0, 0), 1),
        ((0, 1, 0), 0),
        ((0, 0, 1), 0),
        ((1, 1, 1), 0),
        ((3, 1, 1), 1),
        ((2, 1, 3), 1),
    ],
)
def test_the_first_side_lies_along_the_axis_most_perpendicular_to_the_direction(direction, axis):
    one, other = make_array(kind="bare", pattern="line", spacing=0.01, direction=direction)
    side = [b - a for a, b in zip(one.tip, other.tip, strict=True)]
    assert side[axis] == max(side)
    unit = [d / math.hypot(*direction) for d in direction]
    assert side[axis] == pytest.approx(0.01 * math.sqrt(1.0 - unit[axis] ** 2))


@given(
    pattern=st.sampled_from(["single", "line", "triangle", "square"]),
    direction=DIRECTIONS,
    rotation=st.floats(-7.0, 7.0),
    spacing=st.floats(5e-3, 3e-2),
)
def test_every_array_has_its_centroid_its_sides_and_its_plane(
    pattern, direction, rotation, spacing
):
    centre = (0.01, -0.02, 0.03)
    fibres = make_array(
        kind="bare",
        pattern=pattern,
        spacing=spacing,
        centre=centre,
        direction=direction,
        rotation=rotation,
    )
    tips = [fibre.tip for fibre in fibres]
    centroid = [sum(values) / len(tips) for values in zip(*tips, strict=True)]
    assert centroid == pytest.approx(centre, abs=1e-12)
    for one, other in pairwise([*tips, tips[0]] if len(tips) > 2 else tips):
        assert math.dist(one, other) == pytest.approx(spacing, rel=1e-9)
    axis = fibres[0].direction
    assert all(abs(dot(tip, axis) - dot(centre, axis)) < 1e-12 for tip in tips)


def test_a_quarter_turn_follows_the_right_hand_about_the_direction():
    straight = make_array(kind="bare", pattern="line", spacing=0.02)
    turned = make_array(kind="bare", pattern="line", spacing=0.02, rotation=math.pi / 2)
    assert straight[1].tip == pytest.approx((0.01, 0.0, 0.0), abs=1e-12)
    assert turned[1].tip == pytest.approx((0.0, -0.01, 0.0), abs=1e-12)


def test_an_array_needs_a_spacing():
    with pytest.raises(CaseError, match="needs a spacing"):
        make_array(kind="bare", pattern="triangle")


def test_parallel_needles_are_apart_by_their_lateral_distance_whatever_their_depth():
    one, other = bare((0.0, 0.0, 0.0)), bare((3e-3, 4e-3, 0.02))
    assert needle_distance(one, other) == pytest.approx(5e-3)
    assert emitter_distance(one, other) == pytest.approx(math.dist(one.tip, other.tip))


def test_needles_that_cross_behind_their_tips_touch():
    one = bare((-0.01, 0.0, 0.0), (-1.0, 0.0, -1.0))
    other = bare((0.01, 0.0, 0.0), (1.0, 0.0, -1.0))
    assert needle_distance(one, other) == pytest.approx(0.0, abs=1e-12)
    assert emitter_distance(one, other) == pytest.approx(0.02)


def test_needles_that_spread_behind_their_tips_are_nearest_at_the_tips():
    one = bare((-0.01, 0.0, 0.0), (1.0, 0.0, -1.0))
    other = bare((0.01, 0.0, 0.0), (-1.0, 0.0, -1.0))
    assert needle_distance(one, other) == pytest.approx(0.02)


def test_crossing_diffusers_are_apart_by_their_gap():
    one = Fibre(name="A", kind="diffuser", tip=(0.01, 0, 0), direction=(1, 0, 0), length=0.02)
    other = Fibre(name="B", kind="diffuser", tip=(0, 0.01, 4e-3), direction=(0, 1, 0), length=0.02)
    assert emitter_distance(one, other) == pytest.approx(4e-3)
