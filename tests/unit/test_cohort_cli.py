"""``ablsim cohort`` from the command line: killed, interrupted, taken up again, misused."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

STUDY = """\
schema = "ablsim/study/1"
title = "Small lesions on coarse cells"

[population]
lesions = 5

[population.diameter]
distribution = "uniform"
from = "8 mm"
to = "14 mm"

[policy]
kind = "rules"
energy = "300 J"
rule = [{ up_to = "20 mm", pattern = "single" }]

[uncertainty]
draws = 2

[numerics]
spacing = "4 mm"
light_interval = "20 s"
"""

pytestmark = pytest.mark.compiled


def command(*arguments):
    return [sys.executable, "-m", "ablsim", *map(str, arguments)]


def ablsim(*arguments, cwd):
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, text=True, check=False)


def results(folder):
    return {path.name for path in folder.glob("small.cohort/results/*/*.json")}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def start_and_wait_for_results(folder, *arguments, n=2):
    child = subprocess.Popen(
        command("cohort", "small.toml", *arguments),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while len(results(folder)) < n and child.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return child


def members_of(group):
    """Processes of a process group that are still there."""
    found = subprocess.run(
        ["ps", "-eo", "pgid=,pid=,stat="], capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in found.stdout.splitlines())
    return [row for row in rows if row[0] == str(group) and not row[2].startswith("Z")]


@pytest.mark.slow
def test_killed_outright_it_leaves_no_workers_and_goes_on_when_run_again(folder):
    child = start_and_wait_for_results(folder, "--workers", "2")
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    kept = results(folder)
    assert 2 <= len(kept) < 10
    deadline = time.monotonic() + 60
    while members_of(child.pid):
        assert time.monotonic() < deadline, members_of(child.pid)
        time.sleep(0.5)
    before = {path: path.stat().st_mtime_ns for path in folder.glob("small.cohort/results/*/*")}
    again = ablsim("cohort", "small.toml", "--workers", "0", "--json", cwd=folder)
    assert again.returncode == 0, again.stderr
    assert again.stderr == ""
    summary = json.loads(again.stdout)
    assert (summary["done"], summary["failed"], summary["missing"]) == (10, 0, 0)
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    assert not list(folder.glob("small.cohort/**/*.part")) or len(kept) < 10
    stored = json.loads((folder / "small.cohort" / "summary.json").read_text(encoding="utf-8"))
    assert {key: value for key, value in summary.items() if key != "wall_s"} == stored


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_an_interrupt_ends_with_130_and_says_that_all_is_kept(folder, workers):
    child = start_and_wait_for_results(folder, "--workers", workers, n=1)
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does: to workers too
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 130, errors
    assert "what was computed is kept in small.cohort; run again to go on" in errors
    assert "Traceback" not in errors
    assert not (folder / "small.cohort" / "summary.json").exists()
    assert not members_of(child.pid)


def test_a_summary_a_table_and_a_picture_come_of_it(folder):
    run = ablsim("cohort", "small.toml", "--workers", "0", "-o", "out", cwd=folder)
    assert run.returncode == 0, run.stderr
    assert "5 lesions, longest axis" in run.stdout
    assert "Not for clinical decisions" in run.stdout
    assert "10 of 10 done" in run.stderr
    assert (folder / "out" / "cohort.png").read_bytes().startswith(b"\x89PNG")
    names = {path.name for path in (folder / "out").iterdir()}
    assert {"study.toml", "results", "summary.json", "lesions.csv", "wall.json"} <= names
    part = ablsim("cohort", "small.toml", "--workers", "0", "-o", "s", "--shard", "1/2", cwd=folder)
    assert part.returncode == 0, part.stderr
    assert "without --shard" in part.stderr
    assert not (folder / "s" / "summary.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("none.toml",), ("none.toml: there is no such file",)),
        (("small.toml", "--shard", "5/4"), ("--shard 5/4", "the last 4")),
        (("small.toml", "--workers", "-1"), ("--workers -1", "allowed are 0 to")),
        (("small.toml", "--workers", "1", "--scheduler", "tcp://x:1"), ("one of the two",)),
        (("small.toml", "-o", "small.toml"), ("is not the folder of a study",)),
    ],
)
def test_misuse_is_refused_in_a_sentence(folder, arguments, words):
    run = ablsim("cohort", *arguments, cwd=folder)
    assert run.returncode == 2, run.stderr
    assert run.stderr.lstrip().startswith("ablsim: ")  # a bar that ends leaves an empty line
    assert "Traceback" not in run.stderr
    assert all(word in run.stderr for word in words), run.stderr
    assert run.stdout == ""


def test_schemas_of_cases_and_studies_are_printed(folder):
    study = json.loads(ablsim("schema", "--study", cwd=folder).stdout)
    assert study["title"] == "ablsim/study/1"
    assert "population" in study["required"]
    assert "protocol" in json.loads(ablsim("schema", cwd=folder).stdout)["properties"]
