"""Signs and ratios: what is compared with what, by rules on the columns."""

from dataclasses import replace

import pytest

from ablsim.validation import make_case, read_rows
from ablsim.validation.answer import Answer
from ablsim.validation.comparisons import find_pairs, list_comparisons
from ablsim.zone import Zone

ROWS = {row.id: row for row in read_rows()}


def answer(volume, *, pieces=1, extent=0.02, charred=0.0):
    zone = Zone(volume=volume, axes=(extent, extent, extent), pieces=pieces)
    zones = {"stasis": Zone(), "whitening": zone, "death": Zone()}
    return Answer(zones=zones, highest={}, laser_off={}, charred_between=charred)


def signs(name, run, other=None):
    row = ROWS[name]
    found = {}
    for one in list_comparisons(row):
        value = one.value(row, run, other)
        found[one.name] = value is not None and one.is_right(value)
    return found


def test_nearer_fibres_make_a_smaller_merged_charred_lesion():
    best = answer(20e-6, extent=0.05)
    right = answer(15e-6, extent=0.04, charred=1e-7)
    assert list(signs("heis97_x4_lt20mm", right, best).values()) == [True] * 4
    wrong = answer(25e-6, pieces=2, extent=0.06)
    assert list(signs("heis97_x4_lt20mm", wrong, best).values()) == [False] * 4


def test_farther_fibres_do_not_fuse():
    assert signs("heis97_x4_gt20mm", answer(9e-6, pieces=4)) == {"pieces": True}
    assert signs("heis97_x4_gt20mm", answer(9e-6, pieces=1)) == {"pieces": False}
    assert signs("heis97_x4_gt20mm", answer(9e-6, pieces=3)) == {"pieces": False}


def test_a_charred_tip_must_not_shrink_the_lesion():
    (comparison,) = list_comparisons(ROWS["wyman_steel"])
    assert comparison.other == {"physics.char": "none"}
    assert make_case(ROWS["wyman_steel"]).physics.char == "film"
    name = comparison.name
    assert signs("wyman_steel", answer(2e-6), answer(1e-6)) == {name: True}
    assert signs("wyman_steel", answer(2e-6), answer(0.0)) == {name: True}
    assert signs("wyman_steel", answer(1e-6), answer(2e-6)) == {name: False}
    assert signs("wyman_steel", answer(0.0), answer(0.0)) == {name: False}  # nothing to compare


def test_a_ratio_is_of_occluded_to_normal_flow_and_has_a_number():
    row = ROWS["lund_occlusion"]
    (comparison,) = list_comparisons(row)
    assert comparison.measured.measured == 5.0
    assert make_case(row).tissue.perfusion == "occluded"
    assert make_case(row).replace(comparison.other).tissue.perfusion == "normal"
    assert comparison.value(row, answer(10e-6), answer(4e-6)) == pytest.approx(2.5)
    assert comparison.value(row, answer(10e-6), None) is None


def test_the_distance_that_is_compared_with_is_that_of_the_largest_lesion_of_the_source():
    (_, volume, *_) = list_comparisons(ROWS["heis97_x4_lt20mm"])
    assert volume.other == {"fibres.spacing": "20 mm"}
    assert list_comparisons(replace(ROWS["heis97_x4_lt20mm"], source="another")) == ()


def test_lesions_and_outcomes_have_no_signs():
    compared = {row.id for row in read_rows() if list_comparisons(row)}
    assert compared == {
        "heis97_x4_lt20mm",
        "heis97_x4_gt20mm",
        "wyman_steel",
        "lund_occlusion",
    }
    for row in read_rows():
        if row.is_simulated:
            assert row.quantities or list_comparisons(row)


def test_pairs_differ_in_the_flow_alone():
    assert [pair.name for pair in find_pairs(read_rows())] == ["albrecht98_1", "albrecht98_4"]
    warmer = tuple(
        replace(row, start_temp_c=30.0) if row.id == "albrecht98_4_occl" else row
        for row in read_rows()
    )
    assert [pair.name for pair in find_pairs(warmer)] == ["albrecht98_1"]
