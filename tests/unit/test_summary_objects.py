"""Organs and probes in the summary."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from ablsim.case_objects import NoGoTable
from ablsim.exposure import OrganExposure, ProbeCurve
from ablsim.summary_objects import organ_entries, organ_lines, probe_entries, probe_lines
from ablsim.units import to_kelvin


def make_result(*, peak=52.3, damage=0.4, no_go=None, probes=()):
    limits = None if no_go is None else NoGoTable.model_validate(no_go)
    organ = SimpleNamespace(name="gallbladder", no_go=limits)
    found = (OrganExposure("gallbladder", to_kelvin(peak), 361.0, damage),)
    return SimpleNamespace(case=SimpleNamespace(organs=(organ,)), organs=found, probes=probes)


def entry(**changes):
    (found,) = organ_entries(make_result(**changes))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


BOTH = {"peak_temperature": "45 degC", "damage": 0.5}


@pytest.mark.parametrize(
    ("no_go", "within", "words"),
    [
        (BOTH, False, "EXCEEDED: 45 degC"),
        ({"peak_temperature": "45 degC", "damage": 0.3}, False, "EXCEEDED: 45 degC, damage 0.3"),
        ({"peak_temperature": "60 degC", "damage": 0.3}, False, "EXCEEDED: damage 0.3"),
        ({"peak_temperature": "60 degC", "damage": 0.5}, True, "kept: 60 degC, damage 0.5"),
        ({"damage": 0.5}, True, "kept: damage 0.5"),
        ({"damage": 0.4}, True, "kept: damage 0.4"),
        (None, None, "none asked for"),
    ],
)
def test_limits_that_are_passed_are_said_in_a_clear_word(no_go, within, words):
    found = entry(no_go=no_go)
    assert found["within_limits"] is within
    *_, line = organ_lines([found])
    assert line.endswith(f"   {words}")
    assert line.split()[:3] == ["gallbladder", "52.3", "0.4"]


def test_an_organ_has_the_keys_of_the_interface():
    found = entry(no_go=BOTH)
    assert found == {
        "name": "gallbladder",
        "peak_degc": pytest.approx(52.3),
        "peak_at_s": 361.0,
        "damage": 0.4,
        "within_limits": False,
        "limits": {"peak_degc": pytest.approx(45.0), "damage": 0.5},
    }
    assert entry()["limits"] == {"peak_degc": None, "damage": None}


def test_a_probe_has_the_keys_of_the_interface_and_a_line():
    times, readings = np.array([0.0, 60.0, 120.0]), to_kelvin(np.array([37.0, 48.25, 40.0]))
    curve = ProbeCurve("T1", (5e-3, 0.0, -1.5e-3), times, readings, 0.25, 1e-3, 1.5)
    (found,) = probe_entries(make_result(probes=(curve,)))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found == {
        "name": "T1",
        "position_mm": pytest.approx([5.0, 0.0, -1.5]),
        "peak_degc": pytest.approx(48.25),
        "peak_at_s": 60.0,
        "end_degc": pytest.approx(40.0),
        "damage": {"stasis": 0.25, "whitening": 1e-3, "death": 1.5},
    }
    *_, line = probe_lines([found])
    assert line.split() == ["T1", "48.2", "60", "40.0", "0.25", "1.5", "5.0,", "0.0,", "-1.5"]


def test_columns_stand_under_their_heads_whatever_the_names():
    long = entry() | {"name": "duodenum, second part, behind"}
    for lines in (organ_lines([entry(), long]),):
        assert len({line.index("degC") + 4 for line in lines[1:2]}) == 1
        ends = [line.index("52.3") + 4 for line in lines[2:]]
        assert set(ends) == {lines[1].index("degC") + 4}


def test_without_organs_and_probes_there_is_nothing_to_say():
    nothing = SimpleNamespace(organs=(), probes=())
    assert organ_entries(nothing) == probe_entries(nothing) == []
    assert organ_lines([]) == probe_lines([]) == []
