"""Two stored results, held against each other."""

from dataclasses import replace

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.errors import ResultError
from ablsim.result import Fields, Ledger, Record, Result, Snapshot, Statistics, TipRecord
from ablsim.storage import compare_results, save

CASE = """
schema = "ablsim/case/1"
title = "two of a kind"
[domain]
size = "12 mm"
centre = ["0 mm", "0 mm", "0 mm"]
[tissue]
background = "liver"
[[fibre]]
kind = "bare"
tip = ["0 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 2 W for 60 s", "rest for 120 s"]
[numerics]
spacing = "2 mm"
"""


def make_result(seed=0):
    case = Case.from_text(CASE)
    grid = case.grid()
    draws = np.random.default_rng(seed).random((6, *grid.shape), dtype=np.float32)
    return Result(
        case=case,
        grid=grid,
        labels=np.zeros(grid.shape, np.uint8),
        materials=("liver",),
        base_temperature=310.15,
        fields=Fields(*draws),
        ledger=Ledger(fired=120.0, emitted=114.0, stored=114.0),
        history=tuple(
            Record(t, 2.0, Ledger(fired=2.0 * t), 99) for t in (0.0, 60.0, case.protocol.duration)
        ),
        statistics=Statistics(steps=10, threads=2, wall_total=3.0),
        notes=("a note",),
        tips=(TipRecord("F1", 400.0, at_cap=False, charred=False),),
    )


def stored(folder, name, result, middle=None):
    states = [] if middle is None else [Snapshot(60.0, middle, Ledger(fired=120.0))]
    return save(result, folder / f"{name}.vtkhdf", snapshots=states)


def test_a_result_is_the_same_as_itself_whoever_computed_it_and_how_long_it_took(tmp_path):
    one = make_result()
    other = replace(
        one,
        statistics=Statistics(steps=10, threads=1, wall_total=99.0, resumed_at=30.0),
        provenance={"finished": "later"},
    )
    compared, found = compare_results(stored(tmp_path, "a", one), stored(tmp_path, "b", other))
    assert found == ()
    assert compared > 40


def test_a_single_bit_of_one_cell_shows_with_item_and_size(tmp_path):
    one = make_result()
    stasis = one.fields.stasis.copy()
    stasis[1, 2, 3] = np.nextafter(stasis[1, 2, 3], np.float32(9.0))
    other = replace(one, fields=replace(one.fields, stasis=stasis))
    _, found = compare_results(stored(tmp_path, "a", one), stored(tmp_path, "b", other))
    (item,) = found
    assert item.item == "VTKHDF/CellData/damage_stasis"
    assert (item.count, item.total) == (1, 2 * stasis.size)  # at the start and at the end
    gap = float(stasis[1, 2, 3]) - float(one.fields.stasis[1, 2, 3])
    assert item.largest == gap > 0.0


def test_books_steps_notes_and_tips_are_held_against_each_other_too(tmp_path):
    one = make_result()
    other = replace(
        one,
        ledger=replace(one.ledger, stored=113.5),
        history=(*one.history[:-1], replace(one.history[-1], active_cells=98)),
        statistics=replace(one.statistics, steps=11),
        notes=("another note",),
        tips=(replace(one.tips[0], peak=401.5),),
    )
    _, found = compare_results(stored(tmp_path, "a", one), stored(tmp_path, "b", other))
    gaps = {item.item: item.largest for item in found}
    assert gaps.pop("ablsim/ledger/stored") == 0.5
    assert gaps.pop("ablsim/steps/stored") == 0.5
    assert gaps.pop("ablsim/history/active_cells") == 1.0
    assert gaps.pop("ablsim/statistics/steps") == 1.0
    assert gaps.pop("ablsim/tips/peak_kelvin") == 1.5
    assert np.isnan(gaps.pop("ablsim/notes"))
    assert gaps == {}


def test_another_number_of_stored_times_is_another_shape(tmp_path):
    one = make_result()
    _, found = compare_results(
        stored(tmp_path, "a", one), stored(tmp_path, "b", one, middle=one.fields)
    )
    by_name = {item.item: item for item in found}
    assert by_name["VTKHDF/CellData/temperature"].total == 0
    assert "VTKHDF/Steps/Values" in by_name


def test_what_is_no_result_is_refused(tmp_path):
    path = stored(tmp_path, "a", make_result())
    (tmp_path / "b.vtkhdf").write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ResultError, match=r"cut off or damaged|checksum"):
        compare_results(path, tmp_path / "b.vtkhdf")
