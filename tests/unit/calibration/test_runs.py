"""Runs are computed once, in worker processes, and one that fails is only listed."""

import json

import pytest

import ablsim
from ablsim.calibration import runs
from ablsim.calibration.runs import Run, code_fingerprint, measure_all
from ablsim.case import Case
from ablsim.validation.answer import make_answer
from ablsim.validation.kept import write_kept

TINY = {
    "schema": "ablsim/case/1",
    "title": "tiny bench",
    "domain": {"size": "24 mm"},
    "tissue": {"background": "liver_exvivo", "perfusion": "none"},
    "fibre": [{"kind": "bare", "tip": ["0 mm", "0 mm", "0 mm"], "direction": [0, 0, -1]}],
    "protocol": {"steps": ["deliver 5 W for 20 s", "rest for 120 s"]},
    "numerics": {"spacing": "2 mm"},
}


def tiny(**changes):
    return Case.from_dict({**TINY, **changes})


@pytest.fixture
def by_hand(monkeypatch):
    """Workers in this process that note what they are given; the case "impossible" fails."""
    given = []

    def compute(tasks, folder, *, workers, on_done=None, check=None):
        failed = {}
        for task in tasks:
            given.append(task.label)
            reason = "it cannot be done" if task.case.title == "impossible" else ""
            if reason:
                failed[task.key] = reason
            else:
                result = ablsim.simulate(task.case)
                answer = make_answer(result, ablsim.measure_zones(result)).to_json()
                write_kept(task.path(folder), task.key, task.case, answer)
            on_done(task, reason)
            check()
        return failed

    monkeypatch.setattr(runs, "compute", compute)
    return given


def test_what_is_there_is_not_computed_again(tmp_path, by_hand):
    told = []
    cases = {"a": tiny(), "b": tiny(physics={"whitening_shift": "2 K"})}
    first = measure_all(
        cases, tmp_path, workers=1, on_done=lambda *run: told.append(run), check=lambda: None
    )
    assert by_hand == ["a", "b"]
    assert first.computed == 2
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert (
        first.answers["b"].zones["whitening"].volume < first.answers["a"].zones["whitening"].volume
    )
    again = measure_all({**cases, "c": tiny(title="other words")}, tmp_path, workers=1)
    assert by_hand == ["a", "b"]  # another title asks for the same
    assert again.computed == 0
    assert again.answers["c"] == first.answers["a"]


def test_a_run_that_fails_is_listed_and_tried_again_next_time(tmp_path, by_hand):
    cases = {"bad": tiny(title="impossible", notes="", physics={"char": "none"}), "good": tiny()}
    outcome = measure_all(cases, tmp_path, workers=1, check=lambda: None)
    assert outcome.failed == {"bad": "it cannot be done"}
    assert set(outcome.answers) == {"good"}
    assert outcome.computed == 1
    measure_all(cases, tmp_path, workers=1, check=lambda: None)
    assert by_hand == ["bad", "good", "bad"]


def test_a_stop_keeps_what_is_finished(tmp_path, by_hand):
    def stop():
        raise KeyboardInterrupt

    cases = {"a": tiny(), "b": tiny(physics={"char": "none"})}
    with pytest.raises(KeyboardInterrupt):
        measure_all(cases, tmp_path, workers=1, check=stop)
    measure_all(cases, tmp_path, workers=1, check=lambda: None)
    assert by_hand == ["a", "b"]


def test_a_run_is_known_by_what_it_asks_and_by_the_code_of_its_numbers(tmp_path, monkeypatch):
    case = tiny()
    key = Run("a", "run", case).key
    assert Run("b", "run", tiny(title="t", notes="n")).key == key
    assert Run("a", "run", tiny(physics={"shutdown": 0.9})).key != key
    monkeypatch.setattr(runs, "code_fingerprint", lambda: "other code")
    assert Run("a", "run", case).key != key
    assert len(code_fingerprint()) == 64


@pytest.mark.compiled
def test_worker_processes_leave_whole_files_that_say_what_they_are(tmp_path):
    case = tiny()
    outcome = measure_all({"a": case}, tmp_path, workers=2)
    assert outcome.computed == 1
    (path,) = (tmp_path / "runs").iterdir()
    entry = json.loads(path.read_text(encoding="utf-8"))
    assert Case.from_text(entry["case"]) == case
    expected = ablsim.measure_zones(ablsim.simulate(case))["whitening"]
    found = outcome.answers["a"].zones["whitening"]
    assert found.volume == pytest.approx(expected.volume, rel=1e-5)
