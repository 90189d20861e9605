"""`ablsim validate` as a user meets it."""

import csv
import json
import signal
import subprocess
import sys
import time

import pytest

from ablsim.errors import CaseError
from ablsim.validating import check_options, validate_into

COARSE = ("validate", "--spacing", "4 mm", "--only", "sheep_4W", "bosman91", "pacella06")
DEFAULTS = {"only": None, "changes": None, "spacing": "1 mm", "workers": None, "cohorts": False}


def ablsim(*arguments, cwd):
    command = [sys.executable, "-m", "ablsim", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Two rows computed on coarse cells with their bands, and one that is not simulated."""
    folder = tmp_path_factory.mktemp("validate")
    return folder, ablsim(*COARSE, "--workers", 1, cwd=folder)


def kept_in(folder):
    """When each finished run was written."""
    return {path: path.stat().st_mtime_ns for path in (folder / "validation" / "runs").iterdir()}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"only": ["heis97_bar"]}, "--only: .* 'heis97_bar'; did you mean heis97_bare"),
        ({"only": ["zzz"]}, "there are heis97_bare, "),
        ({"only": []}, "needs the name of a row"),
        ({"changes": ["physics.stasis"]}, "is not KEY=VALUE; write for example"),
        ({"changes": ["=3"]}, "is not KEY=VALUE"),
        ({"changes": ["numerics.spacing=2 mm"]}, "an option of its own, --spacing '2 mm'"),
        ({"spacing": "1"}, "--spacing: 1 has no unit"),
        ({"spacing": "1 s"}, "--spacing: .* duration"),
        ({"spacing": "9 mm"}, "0.01 mm to 4 mm"),
        ({"workers": 0}, "not between 1 and 1024"),
        ({"cohorts": True, "changes": ["a.b=1"]}, "--set: .* --cohorts asks for others too"),
    ],
)
def test_a_wrong_option_is_refused_with_a_remedy(options, words):
    with pytest.raises(CaseError, match=words):
        check_options(**{**DEFAULTS, **options})


@pytest.mark.parametrize("change", ["physics.nonsense=3", "physics.stasis=nobody"])
def test_a_change_that_no_case_takes_is_refused_before_a_folder_is_made(change, tmp_path):
    options = check_options(**{**DEFAULTS, "changes": [change]})
    with pytest.raises(CaseError, match=r"nonsense|nobody"):
        validate_into(tmp_path / "report", options, with_band=False, quiet=True)
    assert not list(tmp_path.iterdir())


def test_cohorts_predict_the_rates_among_the_rows_asked_for():
    every = check_options(**{**DEFAULTS, "cohorts": True}).outcomes
    assert "pacella06" in every
    assert "vogl04_le2" not in every
    one = check_options(**{**DEFAULTS, "cohorts": True, "only": ["pacella06", "sheep_4W"]})
    assert one.outcomes == ("pacella06",)
    assert check_options(**DEFAULTS).outcomes is None


def test_values_are_read_as_a_case_file_has_them_or_as_bare_text():
    changes = ["a.b=37 degC", "a.c=0.5", "a.d=[1, 2]", 'a.e="x = y"', "a.f = cem43_60", "a.g=x=y"]
    assert check_options(**{**DEFAULTS, "changes": changes}).changes == {
        "a.b": "37 degC",
        "a.c": 0.5,
        "a.d": [1, 2],
        "a.e": "x = y",
        "a.f": "cem43_60",
        "a.g": "x=y",
    }


def test_what_is_wrong_ends_with_status_2_and_a_sentence(tmp_path):
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    refused = ablsim("validate", "-o", "taken", cwd=tmp_path)
    assert refused.returncode == 2
    assert "choose a folder with -o" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""


@pytest.mark.compiled
def test_two_rows_from_end_to_end(done):
    folder, run = done
    assert run.returncode == 0, run.stderr
    assert "2 runs and 2 bands of 13 coarser runs each, in 1 process" in run.stderr
    assert "4 of 4 done" in run.stderr
    for words in ("sheep_4W", "bosman91", "Not simulated", "Not for clinical decisions"):
        assert words in run.stdout
    report = folder / "validation"
    assert len(kept_in(folder)) == 4
    assert (report / "validation.png").read_bytes().startswith(b"\x89PNG")
    assert "## Assumed" in (report / "validation.md").read_text(encoding="utf-8")
    entries = csv.DictReader((report / "validation.csv").read_text(encoding="utf-8").splitlines())
    assert [entry["id"] for entry in entries] == ["bosman91", "sheep_4W", "pacella06"]


@pytest.mark.compiled
def test_a_second_call_computes_nothing_that_is_there(done):
    folder, _ = done
    before = kept_in(folder)
    again = ablsim(*COARSE, "--json", cwd=folder)
    assert again.stderr == ""
    found = json.loads(again.stdout)
    assert found["schema"] == "ablsim/validation/1"
    *rows, pacella = found["rows"]
    for row in rows:
        low, high = row["band"]
        assert 0.0 < low < row["predicted"] < high
        assert row["verdict"] in {"within", "outside"}
        assert row["in_band"] is (low <= row["measured"] <= high)
    assert pacella["verdict"] == "not simulated"
    assert found["summary"]["band"]["n"] == 2
    without = ablsim(*COARSE, "--no-band", "--json", cwd=folder)
    assert [row["band"] for row in json.loads(without.stdout)["rows"]] == [None, None, None]
    assert kept_in(folder) == before


@pytest.mark.compiled
def test_a_change_moves_all_rows_and_stands_beside_them(done):
    folder, _ = done
    options = ("--no-band", "--workers", 1, "--json")
    plain = ablsim(*COARSE, *options, cwd=folder)
    changed = ablsim(*COARSE, *options, "--set", "physics.whitening_shift=-12 K", cwd=folder)
    assert changed.returncode == 0, changed.stderr
    found = json.loads(changed.stdout)
    assert found["settings"]["changes"] == {"physics.whitening_shift": "-12 K"}
    report = (folder / "validation" / "validation.md").read_text(encoding="utf-8")
    assert "physics.whitening_shift = -12 K" in report
    before, after = (
        {row["id"]: row["predicted"] for row in json.loads(run.stdout)["rows"]}
        for run in (plain, changed)
    )
    assert after["sheep_4W"] > 1.05 * before["sheep_4W"]  # its zone is the whitening one
    assert len(kept_in(folder)) == 6


@pytest.mark.compiled
def test_ctrl_c_keeps_what_is_finished(tmp_path):
    command = [sys.executable, "-m", "ablsim", "validate", "--no-band", "--workers", "1"]
    command += ["--only", "bosman91", "albrecht98_4_occl", "--spacing", "2 mm"]
    child = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert "to compute: 2 runs, in 1 process" in child.stderr.readline()
    time.sleep(1.0)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "interrupted; what is finished is kept in validation" in err
    assert "Traceback" not in err
    assert out == ""
    runs = list((tmp_path / "validation" / "runs").iterdir())
    assert all("answer" in json.loads(path.read_text(encoding="utf-8")) for path in runs)
