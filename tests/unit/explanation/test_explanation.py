"""Why a tumour is not wholly ablated: the chain of what-if runs, the shells, the readings."""

import json
from dataclasses import replace

import numpy as np
import pytest

import ablsim
from ablsim.errors import CaseError
from ablsim.explanation.chain import Explanation, Step, make_chain
from ablsim.explanation.counterfactuals import COUNTERFACTUALS
from ablsim.explanation.readings import Readings, read_slice
from ablsim.explanation.report import render, summarise
from ablsim.explanation.shells import OUTSIDE, Shells, find_box
from ablsim.grid import Grid
from ablsim.result import Fields, Ledger, Result

CASE = """
schema = "ablsim/case/1"
title = "more tumour than one fibre ablates"
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
diameter = "24 mm"
[[vessel]]
name = "vein"
diameter = "4 mm"
points = [["16 mm", "-60 mm", "0 mm"], ["16 mm", "60 mm", "0 mm"]]
[[fibre]]
kind = "bare"
tip = ["0 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W for 60 s", "rest for 120 s"]
[numerics]
spacing = "3 mm"
"""


def names(case):
    return [name for name, _ in make_chain(case)[1:]]


def test_each_case_of_the_chain_lacks_one_limit_more_on_the_same_cells():
    chain = make_chain(ablsim.Case.from_text(CASE))
    assert [name for name, _ in chain] == ["as it is", *(c.name for c in COUNTERFACTUALS)]
    cases = [case for _, case in chain]
    assert {case.grid() for case in cases} == {cases[0].grid()}
    first, full, embolised, lossless, bare, wet, free, occluded = cases
    assert first.protocol.duration == 180.0
    assert full.protocol.laser_time == 360.0
    assert embolised.tumour.perfusion == "embolised"
    assert lossless.fibres_all[0].transmission == 1.0
    assert bare.physics.char == "none"
    assert wet.physics.steam_condensation == 1.0
    assert free.vessels == ()
    assert occluded.tissue.perfusion == "occluded"
    last = occluded
    assert last.protocol.laser_time == 360.0
    assert last.tumour.perfusion == "embolised"
    assert last.physics.char == "none"


def test_what_a_case_has_not_cannot_be_taken_away():
    case = ablsim.Case.from_text(CASE).replace(
        {
            "vessel": None,
            "protocol.steps#1": "deliver 5 W until 1800 J",
            "tumour.perfusion": "embolised",
            "fibre#1.transmission": 1.0,
            "physics": {"char": "none", "boiling": "none"},
        }
    )
    assert names(case) == ["no blood flow at all"]
    assert names(case.replace({"tissue.perfusion": "occluded"})) == []


def test_an_own_perfusion_of_the_tumour_gives_way_to_the_embolisation():
    case = ablsim.Case.from_text(CASE).replace(
        {"tissue.override.net_metastasis.perfusion_rate": "0.01 1/s"}
    )
    embolised = dict(make_chain(case))["tumour embolised before"]
    assert embolised.tumour.perfusion == "embolised"
    assert "net_metastasis" not in embolised.tissue.overrides or (
        embolised.tissue.overrides["net_metastasis"].perfusion_rate is None
    )


def test_without_a_tumour_there_is_nothing_to_explain():
    case = ablsim.Case.from_text(CASE).replace({"tumour": None})
    with pytest.raises(CaseError, match=r"tumour: is missing; add a \[tumour\]"):
        ablsim.explain(case)


def ball_result(case, radius, centre=(0.0, 0.0, 0.0)):
    """A result whose zone is a ball."""
    grid = case.grid()
    x, y, z = grid.axes()
    r = np.sqrt(
        (z[:, None, None] - centre[2]) ** 2 + (y[:, None] - centre[1]) ** 2 + (x - centre[0]) ** 2
    )
    omega = np.exp((radius - r) / 1e-3).astype(np.float32)
    zero = np.zeros_like(omega)
    fields = Fields(zero, omega, omega, omega, zero, zero)
    labels = np.zeros(grid.shape, np.uint8)
    return Result(case, grid, labels, ("liver",), 310.15, fields, Ledger())


@pytest.fixture
def fine():
    return ablsim.Case.from_text(CASE).replace(
        {
            "numerics.spacing": "0.5 mm",
            "domain": {"size": "30 mm", "centre": ["0 mm", "0 mm", "0 mm"]},
        }
    )


def test_a_ball_in_the_middle_reads_larger_as_area_and_as_length_than_as_volume(fine):
    found = read_slice(ball_result(fine, 6e-3))
    assert found.length == pytest.approx(6 / 12, abs=0.03)
    assert found.area == pytest.approx((6 / 12) ** 2, abs=0.02)
    assert found.area_best == pytest.approx(found.area, abs=0.02)


def test_the_best_slice_is_not_the_middle_one_for_a_zone_beside_it(fine):
    found = read_slice(ball_result(fine, 5e-3, (0.0, 0.0, 5e-3)))
    assert found.area < 0.02
    # the slice at 5 mm: a disc of 5 mm in one of sqrt(12^2 - 5^2) mm
    assert found.area_best == pytest.approx(25 / 119, abs=0.03)
    assert read_slice(ball_result(fine, -9e-3)) == Readings()


def make_shells(fine, radii):
    grid = fine.grid()
    x, y, z = grid.axes()
    r = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    box = find_box(fine, grid)
    fronts = tuple(((radius - r) / 1e-3)[box].astype(np.float32) for radius in radii)
    return Shells(fine, grid, box, fronts)


def test_a_point_belongs_to_the_first_run_that_reaches_it(fine):
    shells = make_shells(fine, (4e-3, 7e-3, 6e-3))
    points = [[r * 1e-3, 0.0, 0.0] for r in (0.0, 3.9, 4.1, 6.5, 7.2, 11.9, 12.1)]
    assert shells.labels(points).tolist() == [0, 0, 1, 1, 3, 3, OUTSIDE]
    assert shells.labels(np.zeros((2, 5, 3))).shape == (2, 5)


def test_a_vessel_in_the_tumour_is_no_tumour(fine):
    case = fine.replace(
        {"vessel#1.points": [["8 mm", "-60 mm", "0 mm"], ["8 mm", "60 mm", "0 mm"]]}
    )
    shells = replace(make_shells(fine, (4e-3,)), case=case)
    assert shells.labels([[8e-3, 0.0, 0.0], [-8e-3, 0.0, 0.0]]).tolist() == [OUTSIDE, 1]


def made_up(fine, fractions=(0.25, 0.4, 0.9), misplaced=(0.2, 0.24)):
    steps = tuple(
        Step(name, fine, fraction * 8e-6, fraction, 2000.0)
        for name, fraction in zip(("as it is", "more", "most"), fractions, strict=True)
    )
    return Explanation(
        zone="stasis",
        volume=8e-6,
        steps=steps,
        misplaced=misplaced,
        readings=Readings(0.45, 0.5, 0.7),
        floor=123e3,
        shells=make_shells(fine, (4e-3, 7e-3, 9e-3)),
    )


def test_what_is_added_and_what_is_missing_add_up_to_the_tumour(fine):
    summary = json.loads(json.dumps(summarise(made_up(fine), 0.6), allow_nan=False))
    added = [step["adds_ml"] for step in summary["steps"]]
    assert added == pytest.approx([0.0, 1.2, 4.0])
    total = summary["steps"][0]["ablated_ml"] + sum(added) + summary["still_missing_ml"]
    assert total == pytest.approx(summary["tumour_ml"]) == pytest.approx(8.0)
    assert summary["misplaced"]["mean"] == pytest.approx(0.22)


def test_what_would_reconcile_a_report_is_said_with_its_number(fine):
    found = summarise(made_up(fine), 0.6)["reconcile"]
    assert found["reached_by"] == "most"
    assert found["j_per_ml"] == pytest.approx(1000.0)
    assert found["energy_needed_j"] == pytest.approx(4800.0)
    assert (found["placements"], found["placements_needed"]) == (1, 3)
    assert found["dead_before"] == pytest.approx(0.35)
    text = render(summarise(made_up(fine), 0.6))
    assert "For 60.0 % one of these would have to be so:" in text
    assert "all in the list above, down to: most" in text
    assert "5 kJ in 3 placements in place of 2 kJ in 1, at the same 1000 J/mL" in text
    assert "with errors of placement (mean of 2)" in text
    assert max(map(len, text.splitlines())) <= 100
    nothing = summarise(made_up(fine, (0.25, 0.4, 0.5)), 0.6)
    assert "more than all in the list above, which reaches 50.0 %" in render(nothing)
    assert "is reached as it is" in render(summarise(made_up(fine), 0.2))


def test_nothing_ablated_can_be_explained_too(fine):
    summary = summarise(made_up(fine, (0.0, 0.0, 0.0), ()), 0.6)
    assert summary["reconcile"]["energy_needed_j"] is None
    assert "For 60.0 %" in render(summary)


def test_the_picture_is_drawn_with_and_without_gl(fine, tmp_path):
    from ablsim.view.explained import draw_explanation

    for use_gl in (True, False):
        path = tmp_path / f"{use_gl}.png"
        draw_explanation(made_up(fine), path, use_gl=use_gl)
        assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.compiled
def test_a_whole_explanation_of_a_small_case():
    runs = []
    case = ablsim.Case.from_text(CASE)
    found = ablsim.explain(
        case,
        misplaced=[case.replace({"fibre#1.tip": ["6 mm", "0 mm", "0 mm"]})],
        on_run=lambda *run: runs.append(run),
    )
    assert [number for _, number, _ in runs] == list(range(1, 10))
    assert {total for *_, total in runs} == {9}
    fractions = [step.fraction for step in found.steps]
    assert 0.02 < fractions[0] < fractions[1] < fractions[2]
    assert fractions[-1] > 2.0 * fractions[0]
    assert found.volume == pytest.approx(4 / 3 * np.pi * 12e-3**3, rel=0.02)
    assert len(found.misplaced) == 1
    # the shells hold the volumes of the runs, up to the runs that ablate less than those before
    grid = Grid.centred((0.0, 0.0, 0.0), (24e-3,) * 3, 0.5e-3)
    x, y, z = grid.axes()
    points = np.stack(np.broadcast_arrays(x, y[:, None], z[:, None, None]), axis=-1)
    labels = found.shells.labels(points)
    share = np.count_nonzero(labels == 0) / np.count_nonzero(labels != OUTSIDE)
    assert share == pytest.approx(fractions[0], abs=0.02)
