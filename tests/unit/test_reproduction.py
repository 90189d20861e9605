"""Computing a stored result again."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import ablsim
from ablsim.reproduction import describe, summarise

pytestmark = pytest.mark.compiled

CASE = """
schema = "ablsim/case/1"
title = "to be repeated"
[domain]
size = "30 mm"
[tissue]
background = "liver"
[[fibre]]
kind = "bare"
tip = ["0 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]
[[probe]]
name = "T1"
position = ["4 mm", "0 mm", "0 mm"]
[protocol]
steps = ["deliver 5 W for 20 s", "rest for 120 s"]
[numerics]
spacing = "2 mm"
"""


@pytest.fixture(scope="module")
def once():
    states = []
    result = ablsim.simulate(ablsim.Case.from_text(CASE), on_snapshot=states.append)
    return result, states


def test_the_same_program_gives_the_same_bits(once, tmp_path):
    result, states = once
    path = ablsim.save(result, tmp_path / "a.vtkhdf", snapshots=states)
    before = path.read_bytes()
    found = ablsim.reproduce(path)
    assert found.is_same
    assert found.changed == {}
    assert found.compared > 50
    assert (
        describe(found, "a")
        == f"a: the same bits again; {found.compared} items compared, none differs"
    )
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.vtkhdf"]


def test_what_differs_is_said_and_what_has_changed_since(once, tmp_path):
    result, states = once
    stasis = result.fields.stasis.copy()
    stasis[stasis > 0.0] *= np.float32(1.001)
    older = replace(
        result,
        fields=replace(result.fields, stasis=stasis),
        provenance={**result.provenance, "numba": "0.1", "code": "0" * 64},
    )
    path = ablsim.save(older, tmp_path / "a.vtkhdf", snapshots=states[:-1])
    found = ablsim.reproduce(path)
    assert {item.item for item in found.differences} == {"VTKHDF/CellData/damage_stasis"}
    assert set(found.changed) == {"numba", "code"}
    said = describe(found, "a.vtkhdf")
    assert "not the same bits; 1 of" in said
    assert "since then numba changed: 0.1 -> " in said
    assert "code changed: 000000000000 -> " in said
    entry = json.loads(json.dumps(summarise(found), allow_nan=False))
    assert entry["same"] is False
    assert entry["differences"][0]["largest"] > 0.0

    done = subprocess.run(
        [sys.executable, "-m", "ablsim", "reproduce", path, "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout) == entry


def test_a_result_that_is_not_there_is_said(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "ablsim", "reproduce", tmp_path / "none.vtkhdf"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "there is no such result" in done.stderr
    assert "Traceback" not in done.stderr
