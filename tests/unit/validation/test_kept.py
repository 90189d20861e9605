"""Finished runs are found again by what was asked, and nothing half written is ever read."""

import json

import pytest

from ablsim.errors import CaseError
from ablsim.validation import kept, make_case, read_rows
from ablsim.validation.kept import Task, prepare_folder, read_kept, write_kept, write_text

ROWS = {row.id: row for row in read_rows()}
CASE = make_case(ROWS["bosman91"], spacing="4 mm")


def test_the_name_of_an_answer_follows_what_is_asked_and_not_what_it_is_called():
    task = Task("bosman91", "run", CASE)
    assert Task("other", "run", CASE.replace({"title": "Another title of it"})).key == task.key
    assert Task("other", "run", CASE.replace({"notes": "more"})).key == task.key
    assert Task("bosman91", "band", CASE).key != task.key
    for changes in ({"numerics.spacing": "2 mm"}, {"physics.stasis": "cem43_60"}):
        assert Task("bosman91", "run", CASE.replace(changes)).key != task.key


def test_other_code_finds_nothing_of_this_one(monkeypatch):
    before = Task("bosman91", "run", CASE).key
    monkeypatch.setattr(kept, "fingerprint", lambda: "other code")
    assert Task("bosman91", "run", CASE).key != before


def test_an_answer_is_read_back_with_the_case_it_belongs_to(tmp_path):
    task = Task("bosman91", "run", CASE)
    prepare_folder(tmp_path)
    path = task.path(tmp_path)
    assert read_kept(path) is None
    write_kept(path, task.key, CASE, {"volume": 1.5})
    assert read_kept(path) == {"volume": 1.5}
    assert type(CASE).from_text(json.loads(path.read_text(encoding="utf-8"))["case"]) == CASE
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_cannot_be_read_counts_as_not_there(tmp_path):
    path = tmp_path / "run.json"
    for text in ("", '{"answer": {"vol', "[1]", '{"key": 1}'):
        path.write_text(text, encoding="utf-8")
        assert read_kept(path) is None


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "report.md"
    write_text(path, "before")
    monkeypatch.setattr(type(path), "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_text(path, "after")
    assert path.read_text(encoding="utf-8") == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["report.md"]


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(CaseError, match=r"no file can be written there.*choose a folder with -o"):
        prepare_folder(tmp_path / "taken")
