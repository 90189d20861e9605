"""What is computed for which rows, and what is computed once for several."""

import subprocess
import sys

import pytest

from ablsim.errors import CaseError
from ablsim.validation import read_rows
from ablsim.validation.study import collect, plan_study

ROWS = {row.id: row for row in read_rows()}


def plans(*names, **options):
    return plan_study([ROWS[name] for name in names], **options)


def test_a_row_with_a_size_has_a_run_and_a_band_on_coarse_cells():
    (plan,) = plans("bosman91").plans
    assert (plan.run.work, plan.band.work) == ("run", "band")
    assert plan.run.case.numerics.spacing == 1e-3
    assert plan.band.case.numerics.spacing == 2e-3
    assert plans("bosman91", with_band=False).plans[0].band is None
    assert plans("li20_myocardium").plans[0].band is None  # temperatures have none


def test_the_band_is_the_same_for_finer_cells():
    keys = {plans("bosman91", spacing=spacing).plans[0].band.key for spacing in ("1 mm", "2 mm")}
    assert len(keys) == 1


def test_the_case_that_is_compared_with_is_computed_once():
    study = plans("heis97_x4_20mm", "heis97_x4_lt20mm", with_band=False)
    assert [task.label for task in study.tasks()] == ["heis97_x4_20mm", "heis97_x4_lt20mm"]
    others = study.plans[1].others
    assert {task.key for task in others.values()} == {study.plans[0].run.key}


def test_changes_hold_for_all_rows_and_what_they_are_compared_with():
    study = plans("bosman91", "wyman_steel", changes={"physics.whitening_shift": "1 K"})
    assert all(task.case.physics.whitening_shift == 1.0 for task in study.tasks())


def test_a_change_that_fits_no_row_is_refused_and_one_that_fits_some_is_said():
    with pytest.raises(CaseError, match=r"bosman91: physics\.nonsense: unknown key"):
        plans("bosman91", "sheep_4W", changes={"physics.nonsense": 1})
    study = plans("bosman91", "albrecht98_4_flow", changes={"fibres.spacing": "15 mm"})
    single, four = study.plans
    assert single.run is None
    assert "fibres.kind" in single.reason
    assert four.run.case.fibre_array.spacing == 0.015


def test_cells_too_coarse_for_one_row_leave_it_out_and_say_so():
    near, far = plans("heis97_x4_lt20mm", "heis97_x4_gt20mm", spacing="4 mm").plans
    assert near.run is None
    assert "spacing" in near.reason
    assert far.run is not None


def test_what_could_not_be_computed_is_said_with_its_row(tmp_path):
    study = plans("bosman91", "pacella06")
    failed = {study.plans[0].run.key: "not enough memory"}
    (_, bosman), (_, pacella) = collect(study, tmp_path, failed)
    assert (bosman.run, bosman.reason) == (None, "not enough memory")
    assert pacella.reason == ROWS["pacella06"].reason


def test_workers_start_before_the_compiled_loops_are_loaded():
    code = "import sys, ablsim.validation.workers; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
