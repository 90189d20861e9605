"""Layouts of placements whose zones are balls, which can be checked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from ablsim.planning.evaluation import FOOTPRINT_STEP, Footprint
from ablsim.planning.layouts import Ground, guess_several, guess_single
from ablsim.planning.subject import describe_subject, make_subject

DOWN = (0.0, 0.0, -1.0)
SINGLE = ((0.0, 0.0, 0.0),)


def ball(radius):
    line = np.arange(-20, 21) * FOOTPRINT_STEP
    x, y, z = np.meshgrid(line, line, line, indexing="ij")
    depth = radius - np.sqrt(x**2 + y**2 + z**2)
    return Footprint(depth, np.full(3, line[0]), 4.0 / 3.0 * np.pi * radius**3)


def ground(diameter, **changes):
    case = describe_subject(
        diameter=diameter, tissue="net_metastasis", perfusion="normal", margin="0 mm",
        background="liver",
    )  # fmt: skip
    subject = make_subject(case.replace(changes))
    return Ground(subject, DOWN, np.zeros(len(subject.points)))


def layouts(diameter, radius, required, most=60):
    return guess_several(
        ground(diameter), ball(radius), SINGLE, 0.0, 0.0,
        required=required, complete_from=0.99, most=most,
    )  # fmt: skip


def test_one_ball_lies_about_the_middle_and_reaches_as_far_as_it_does():
    guess = guess_single(ground("16 mm"), ball(12e-3), SINGLE, 0.0, 0.0, complete_from=0.99)
    assert guess.middles == ((0.0, 0.0, 0.0),)
    assert guess.reserve(0.99) == pytest.approx(4e-3, abs=0.6e-3)


def test_few_placements_reach_the_reserve_with_no_ball_too_many():
    guess = layouts("26 mm", 13e-3, 0.5e-3)
    assert 1 < len(guess.middles) <= 10
    assert guess.reserve(0.99) >= 0.5e-3
    more = layouts("26 mm", 13e-3, 1e-3)
    assert len(more.middles) >= len(guess.middles)


def test_many_placements_reach_the_reserve_too():
    guess = layouts("50 mm", 13e-3, 2e-3)
    assert len(guess.middles) > 10
    assert guess.reserve(0.99) >= 2e-3


def test_what_no_number_of_placements_reaches_is_not_laid_again_and_again():
    # a ball of 6 mm reaches 6 mm at its middle and nowhere further
    guess = layouts("16 mm", 6e-3, 8e-3, most=5000)
    assert len(guess.middles) == len(set(guess.middles))
    assert guess.reserve(0.99) < 8e-3


def test_needles_keep_off_vessels_whatever_the_zone_is_ahead_of_its_tip():
    """One ground is asked again and again, for zones that lie differently far ahead of tips."""
    vein = {"name": "vein", "diameter": "8 mm"}
    vein["points"] = [["-40 mm", "0 mm", "-9 mm"], ["40 mm", "0 mm", "-9 mm"]]
    place, zone = ground("26 mm", vessel=[vein]), ball(8e-3)
    tips = ((-6e-3, 0.0, 0.0), (6e-3, 0.0, 0.0))
    for ahead in (9e-3, 6e-3, 3e-3, 0.0):
        moved = replace(zone, low=zone.low + np.array((0.0, 0.0, -ahead)))
        guess = guess_several(
            place, moved, tips, 0.0, 0.0, required=0.5e-3, complete_from=0.99, most=40
        )
        for middle in guess.middles:
            there = np.array(middle) + np.array(tips)
            assert place.subject.is_reachable(there, DOWN).all()
