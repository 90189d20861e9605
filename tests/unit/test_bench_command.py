"""``ablsim bench``: what it refuses, and that it prints what it says."""

import json
import subprocess
import sys

import pytest


def bench(*words):
    return subprocess.run(
        [sys.executable, "-m", "ablsim", "bench", *map(str, words)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("case", "nowhere.toml"), "there is no such file"),
        (("light", "quick.toml"), "leave the case out"),
        (("case", "quick.toml", "--peer", "python3"), "only light and heat are timed beside"),
        (("heat", "quick.toml"), "leave the case out"),
        (("heat", "--peer", "no-such-python"), "there is no such program"),
        (("light", "--repeats", "0"), "whole numbers from 1 on"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(words, said):
    done = bench(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.compiled
def test_light_is_timed_without_a_peer_too():
    done = bench("light", "--smoke", "--json", "--peer", "no-such-python")
    assert done.returncode == 0, done.stderr
    assert "MCX is left out" in done.stderr
    found = json.loads(done.stdout)
    assert found["schema"] == "ablsim/bench/1"
    rows = {(row["work"], row["who"]): row for row in found["rows"]}
    media = {"A native", "A ball", "L native", "gallbladder", "cube60"}
    assert set(rows) == {(work, who) for work in media for who in ("ablsim", "ablsim, exact")}
    for row in rows.values():
        assert row["value"] > 0.0
        assert row["ratio"] is None


@pytest.mark.compiled
def test_linear_heat_is_timed_without_peers_too():
    module = [sys.executable, "-m", "ablsim.benchmarks.bench_heat"]
    done = subprocess.run(
        [*module, "linear", "step", "--smoke", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["schema"] == "ablsim/bench/1"
    assert found["machine"]["cores"] >= 1
    ratios = {row["ratio_to"] for row in found["rows"] if row["ratio"] is not None}
    assert {"numpy", "copy", "straightforward, float64", "numpy, linear step"} <= ratios
    assert all(row["value"] > 0.0 for row in found["rows"])


@pytest.mark.compiled
def test_the_growth_of_cost_is_measured_with_its_memory(tmp_path):
    module = [sys.executable, "-m", "ablsim.benchmarks.bench_case", "--smoke", "--json"]
    done = subprocess.run(
        [*module, "--plot", tmp_path / "growth.png"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["schema"] == "ablsim/bench/1"
    of = {(row["work"], row["who"]): row["value"] for row in found["rows"]}
    assert of["48^3", "cell-steps"] > of["32^3", "cell-steps"] > 0.0
    assert of["2 fibres", "wall"] > 0.0
    assert of["48^3", "memory"] > 50.0
    rates = [row["value"] for row in found["rows"] if row["unit"] == "an hour"]
    assert len(rates) == 2
    assert min(rates) > 0.0
    assert (tmp_path / "growth.png").stat().st_size > 5000
