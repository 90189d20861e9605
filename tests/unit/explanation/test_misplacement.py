"""Errors of placement of any treatment: each insertion misses anew, a pull-back keeps its error."""

from math import dist

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.cohort.study_tables import PlacementTable
from ablsim.explanation import misplace

HEAD = """
schema = "ablsim/case/1"
title = "two fibres"
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
diameter = "40 mm"
[fibres]
kind = "bare"
pattern = "line"
spacing = "18 mm"
direction = [0.6, 0, -0.8]
[numerics]
spacing = "3 mm"
"""
FIRE = '"deliver 5 W for 60 s"'
REST = '"rest for 120 s"'


def make(*steps, **changes):
    case = Case.from_text(f"{HEAD}[protocol]\nsteps = [{', '.join(steps)}]\n")
    return case.replace(changes) if changes else case


def tips(case):
    """Where each fibre lights in each position."""
    return np.array(
        [[p.place(fibre).tip for fibre in case.fibres_all] for p in case.protocol.lit_positions]
    )


def errors(case, draw=0, **keys):
    return tips(misplace(case, draw, **keys)) - tips(case)


def test_fibres_miss_by_what_a_study_says_together_and_each_alone():
    case = make(FIRE, REST)
    found = 1e3 * np.array([errors(case, draw)[0] for draw in range(400)])
    assert found.mean(axis=0) == pytest.approx(np.zeros((2, 3)), abs=0.5)
    assert found.std(axis=(0, 1)) == pytest.approx([3.5, 3.5, 3.5], rel=0.12)
    shared = np.mean(found[:, 0] * found[:, 1]) / np.mean(found**2)
    assert shared == pytest.approx(2.5**2 / 3.5**2, abs=0.1)


def test_the_same_draw_misses_in_the_same_way_and_another_in_another():
    case = make(FIRE, REST)
    assert misplace(case, 3) == misplace(case, 3)
    assert misplace(case, 3) != misplace(case, 4)
    assert misplace(case, 3) != misplace(case, 3, seed=2)


def test_a_pull_back_keeps_the_error_of_its_insertion():
    first, second, third = errors(make(FIRE, '"pull back 8 mm"', FIRE, '"pull back 8 mm"', FIRE))
    assert first == pytest.approx(second, abs=2e-6)
    assert first == pytest.approx(third, abs=2e-6)


def test_every_new_placement_and_session_misses_anew():
    move = '"reposition by 0 mm, 20 mm, 0 mm"'
    case = make(FIRE, move, FIRE, '"pull back 5 mm"', FIRE, REST, '"new session"', FIRE, REST)
    placed, moved, pulled, again = tips(misplace(case, 0))
    assert pulled - moved == pytest.approx(np.tile([-3e-3, 0.0, 4e-3], (2, 1)), abs=2e-6)
    apart = [moved - placed - np.array([0.0, 20e-3, 0.0]), again - moved]
    assert (np.linalg.norm(apart, axis=-1) > 0.5e-3).all()


def test_a_new_session_with_a_new_place_is_one_insertion():
    move = '"reposition by 0 mm, 20 mm, 0 mm"'
    found = misplace(make(FIRE, REST, '"new session"', move, FIRE, REST), 0)
    own = [step for step in found.protocol.steps if getattr(step, "fibres", None) is not None]
    assert len(own) == 4  # two fibres, twice


def test_a_fibre_that_is_moved_alone_misses_alone():
    found = errors(make(FIRE, '"reposition by 0 mm, 3 mm, 0 mm with F1"', FIRE, REST))
    assert found[0, 1] == pytest.approx(found[1, 1], abs=2e-6)
    assert np.linalg.norm(found[0, 0] - found[1, 0]) > 0.5e-3


def test_what_is_fired_stays_as_it_was():
    case = make(FIRE, '"pull back 8 mm"', '"deliver 4 W for 30 s with F2"', REST)
    found = misplace(case, 0)
    names = ["F1", "F2"]
    assert found.protocol.energy_fired(names) == case.protocol.energy_fired(names)
    assert found.tumour == case.tumour


def test_cells_get_finer_where_errors_bring_fibres_together():
    case = make(FIRE, REST, **{"fibres.spacing": "13 mm"})
    found = [misplace(case, draw) for draw in range(40)]
    for one in found:
        (a, b) = tips(one)[0]
        assert one.numerics.spacing <= dist(a, b) / 4.0 + 1e-9
    assert len({one.numerics.spacing for one in found}) > 3


def test_without_errors_fibres_go_where_they_are_meant_to():
    exact = PlacementTable(lateral="0 mm", depth="0 mm", shift="0 mm")
    assert errors(make(FIRE, REST), errors=exact) == pytest.approx(np.zeros((1, 2, 3)), abs=1e-6)
