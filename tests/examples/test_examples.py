"""Every example runs and says what it said when it was last looked at."""

import importlib.util
from pathlib import Path

import pytest

import ablsim
from ablsim.case import Case
from ablsim.summary import summarise

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda p: p.stem)
def test_case_files_are_valid_and_say_where_they_come_from(path):
    case = Case.from_toml(path)
    assert len(case.title) > 10
    assert path.read_text(encoding="utf-8").startswith("#:schema ./case.schema.json")


def test_every_measured_row_has_its_case():
    module = load("measured_against_predicted")
    for row in module.read_measured():
        assert (EXAMPLES / f"{row['case']}.toml").exists()
        assert row["zone"] == Case.from_toml(EXAMPLES / f"{row['case']}.toml").physics.reported_zone


def test_quick_case_through_the_patient_example():
    numbers = load("patient").main("quick.toml")
    assert 0.9 < numbers["ablated_fraction"] <= 1.0
    assert abs(numbers["balance_error"]) < 1e-3


def test_perfused_pig_liver_comes_out_within_its_spread():
    errors = load("measured_against_predicted").main(only=("albrecht98_1_flow",))
    assert abs(errors["albrecht98_1_flow volume"]) < 0.1


def test_the_gallbladder_10_mm_away_keeps_its_limits_and_the_branch_its_flow():
    result = ablsim.simulate(Case.from_toml(EXAMPLES / "gallbladder.toml"))
    numbers = summarise(result, ablsim.measure_zones(result))
    (gallbladder,) = numbers["organs"]
    (wall,) = numbers["probes"]
    assert gallbladder["peak_degc"] == pytest.approx(40.5, abs=0.3)
    assert gallbladder["damage"] == 0.0
    assert gallbladder["within_limits"] is True
    assert wall["peak_degc"] == pytest.approx(40.3, abs=0.3)
    assert wall["peak_at_s"] > 360.0  # the warmth arrives after the laser is off
    assert numbers["tumour"]["ablated_fraction"] == pytest.approx(1.0, abs=1e-3)
    assert any("portal branch stayed open" in note for note in result.notes)
    assert abs(numbers["energy_j"]["balance_error"]) < 1e-3


@pytest.mark.slow
def test_patient():
    numbers = load("patient").main()
    assert numbers["ablated_fraction"] == pytest.approx(0.999, abs=0.005)
    assert numbers["margin_min_mm"] == pytest.approx(-0.5, abs=0.5)
    assert abs(numbers["balance_error"]) < 1e-3


@pytest.mark.slow
def test_published_lesions():
    errors = load("measured_against_predicted").main()
    assert abs(errors["albrecht98_1_occl volume"]) < 0.15
    assert abs(errors["heis97_bare diameter across"]) < 0.2
    assert abs(errors["heis97_diff diameter across"]) < 0.2
    # open question about the physics: from 20 degC the model stays a quarter to a third short
    assert -0.40 < errors["sheep_4W diameter across"] < 0.0
