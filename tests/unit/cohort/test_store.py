"""The folder of a study: whole files or none, damaged ones are not believed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ablsim.cohort.store import ABOVE, BESIDE, Store, code_of_outcomes, write_atomically
from ablsim.errors import CaseError

KEY = "ab" + "0" * 62


def test_a_result_is_kept_under_its_name_and_read_again(store, fake_record):
    assert (store.has(KEY), store.read(KEY)) == (False, None)
    store.write(KEY, fake_record(0.7))
    assert store.path_of(KEY) == store.folder / "results" / "ab" / f"{KEY}.json"
    assert store.has(KEY)
    assert store.read(KEY) == fake_record(0.7)


def test_a_damaged_result_is_removed_and_so_computed_again(store, fake_record):
    for damage in ("", "{", '{"schema": "ablsim/outcome/1"}', "[]"):
        store.write(KEY, fake_record())
        store.path_of(KEY).write_text(damage, encoding="utf-8")
        assert store.read(KEY) is None
        assert not store.has(KEY)


def test_a_failure_is_kept_with_its_case_until_there_is_a_result(store, fake_record):
    store.fail(KEY, "title = 1\n", "because")
    assert store.failure(KEY) == "because"
    assert store.command(KEY) == f"ablsim run failed/{KEY}.toml --force"
    assert (store.folder / "failed" / f"{KEY}.toml").read_text(encoding="utf-8") == "title = 1\n"
    store.write(KEY, fake_record())
    assert (store.failure(KEY), store.command(KEY)) == (None, None)
    store.fail(KEY, "", "there is no case")
    assert (store.failure(KEY), store.command(KEY)) == ("there is no case", None)


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a" / "file.txt"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_a_study_may_be_taken_up_again_and_changed_but_no_other_folder_is_used(
    tmp_path, store, make_study, fake_record
):
    store.write(KEY, fake_record())
    store.open(make_study({"uncertainty.draws": 3}))
    assert store.has(KEY)
    assert "draws = 3" in (store.folder / "study.toml").read_text(encoding="utf-8")
    (tmp_path / "other").mkdir()
    Store(tmp_path / "other").open(make_study())  # empty: fine
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine", encoding="utf-8")
    for taken in (tmp_path / "mine", tmp_path / "mine" / "thesis.txt"):
        with pytest.raises(CaseError, match="is not the folder of a study; choose another"):
            Store(taken).open(make_study())


def test_what_died_while_it_wrote_is_swept_away_later(store, make_study):
    part = store.folder / "results" / "ab" / "x.json.123.part"
    part.parent.mkdir(parents=True)
    part.write_text("half", encoding="utf-8")
    store.open(make_study())
    assert part.exists()  # another process may still be at it
    long_ago = time.time() - 2 * 86400
    os.utime(part, (long_ago, long_ago))
    store.open(make_study())
    assert not part.exists()


def test_a_worker_knows_the_folder_by_the_study_in_it(store, make_study):
    assert store.is_of(make_study().sha256)
    assert not store.is_of(make_study({"seed": 8}).sha256)
    assert not Store(store.folder / "none").is_of(make_study().sha256)


def test_only_code_that_decides_an_answer_names_it():
    """What is left out stands above every simulation: row 7 of the building."""
    rows = Path(__file__).parents[2] / "test_architecture.py"
    names = {"__file__": str(rows)}
    exec(rows.read_text(encoding="utf-8").partition("PHYSICS =")[0], names)
    top = {name for name, row in names["ROWS"].items() if row == 7}
    assert {name.removesuffix(".py") for name in ABOVE} == top
    assert len(code_of_outcomes()) == 64


def test_an_outcome_needs_nothing_of_what_its_name_does_not_count():
    code = (
        "import sys, ablsim.cohort.outcome as outcome; outcome.compute_outcome(sys.argv[1]);"
        "print(*sorted(name for name in sys.modules if name.startswith('ablsim.')))"
    )
    text = """
schema = "ablsim/case/1"
title = "one fibre"
[domain]
size = "24 mm"
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
diameter = "8 mm"
[[fibre]]
kind = "bare"
tip = ["0 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W for 5 s"]
[numerics]
spacing = "4 mm"
"""
    done = subprocess.run(
        [sys.executable, "-c", code, text], capture_output=True, text=True, check=True
    )
    used = {name.split(".")[1] for name in done.stdout.split()} - {"cohort"}
    left_out = {name.removesuffix(".py") for name in (*ABOVE, *BESIDE)}
    assert "simulation" in used
    assert not used & left_out
