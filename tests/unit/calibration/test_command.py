"""``ablsim calibrate`` as a user meets it: a child process, its output and its exit status."""

import json
import signal
import subprocess
import sys
import time

import pytest


def command(*arguments):
    return [sys.executable, "-m", "ablsim", "calibrate", *map(str, arguments)]


def ablsim(*arguments, cwd):
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rows", "bosman91", "cow"], "--rows cow"),
        (["--without", "pacella06"], "--without pacella06"),
        (["--rows", "bosman91"], "1 rows are left"),
        (["--runs", "8"], "--runs 8"),
        (["--seed", "-1"], "--seed -1"),
        (["--workers", "0"], "--workers 0"),
        (["--posterior", "no/folder/posterior.json"], "create it first"),
    ],
)
def test_wrong_requests_are_refused_in_a_sentence(tmp_path, arguments, words):
    run = ablsim(*arguments, cwd=tmp_path)
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.compiled
def test_an_interrupt_keeps_finished_runs_and_says_how_to_go_on(tmp_path):
    child = subprocess.Popen(
        command("--rows", "bosman91", "heis97_bare", "--runs", 16, "--workers", 1, "-o", "here"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    runs = tmp_path / "here" / "runs"
    end = time.monotonic() + 30.0
    while time.monotonic() < end and not list(runs.glob("*.json")):
        time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    out, told = child.communicate(timeout=60)
    assert child.returncode == 130, told
    assert "finished runs are kept in here/runs; the same command goes on" in told
    assert out == ""
    for path in runs.glob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["answer"]["zones"]


@pytest.mark.slow
def test_two_rows_are_calibrated_from_end_to_end(tmp_path):
    arguments = ("--rows", "bosman91", "heis97_bare", "--runs", 16, "-o", "here", "--json")
    run = ablsim(*arguments, "--posterior", "draws.json", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    table = json.loads(run.stdout)
    assert table["schema"] == "ablsim/calibration/1"
    assert table["converged"]
    assert {row["id"] for row in table["rows"]} == {"bosman91", "heis97_bare"}
    assert len(list((tmp_path / "here" / "runs").glob("*.json"))) == 2 * (16 + 2)
    assert (tmp_path / "here" / "calibration.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "draws.json").read_text(encoding="utf-8"))["draws"]
    started = time.monotonic()
    again = ablsim(*arguments, cwd=tmp_path)
    assert json.loads(again.stdout)["parameters"] == table["parameters"]
    assert time.monotonic() - started < 300.0
