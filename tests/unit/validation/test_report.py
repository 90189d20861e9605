"""From what was computed to lines, sums, JSON, CSV and text."""

import csv
import json
import math

import pytest

from ablsim.band import ZoneBand
from ablsim.validation import make_case, read_rows
from ablsim.validation.answer import Answer, RelativeBand
from ablsim.validation.predicted import band_of
from ablsim.validation.reasons import read_reasons
from ablsim.validation.report import make_lines
from ablsim.validation.report_csv import to_csv
from ablsim.validation.report_json import summarise_validation
from ablsim.validation.report_markdown import to_markdown
from ablsim.validation.report_text import render_validation
from ablsim.validation.study import RowAnswers, Study, plan_study
from ablsim.validation.totals import median, root_mean_square, sum_up
from ablsim.validation.wording import number
from ablsim.zone import Zone

ROWS = {row.id: row for row in read_rows()}
KEYS = {"id", "zone", "quantity", "measured", "measured_sd", "predicted", "log_ratio", "band"}
KEYS |= {"one_sided", "verdict"}


def zone(volume_ml=1.0, mm=10.0, pieces=1):
    length = 1e-3 * mm
    return Zone(1e-6 * volume_ml, (length, length, length), length, length, 1.0, pieces)


def answer(**changes):
    one = zone(**changes)
    zones = {"stasis": one, "whitening": one, "death": one}
    return Answer(zones=zones, highest={}, laser_off={}, charred_between=0.0)


def band(one=None):
    """A band from half to twice the volume, and 20 % either way in lengths."""
    one = zone() if one is None else one

    def spread(low, high, volume):
        def of(size):
            return low * size, size, high * size

        return ZoneBand(
            volume=(volume[0] * one.volume, one.volume, volume[1] * one.volume),
            axes=tuple(of(axis) for axis in one.axes),
            along=of(one.along),
            across=of(one.across),
        )

    names = ("stasis", "whitening", "death")
    return RelativeBand(
        zones=dict.fromkeys(names, one),
        intervals=dict.fromkeys(names, spread(0.8, 1.2, (0.5, 2.0))),
        parameters_only=dict.fromkeys(names, spread(0.9, 1.1, (0.9, 1.1))),
        runs=13,
        spacing=2e-3,
    )


def study_of(**answers):
    """A study of some rows with what was found for each."""
    study = plan_study([ROWS[name] for name in answers], with_band=False, spacing="2 mm")
    return study, make_lines(list(zip(study.plans, answers.values(), strict=True)))


@pytest.fixture
def everything():
    return study_of(
        heis97_bare=RowAnswers(answer(mm=30.0), band()),
        heis97_x4_gt20mm=RowAnswers(answer(pieces=4)),
        albrecht98_1_flow=RowAnswers(answer(volume_ml=2.8), band()),
        albrecht98_1_occl=RowAnswers(answer(volume_ml=9.8), band()),
        bosman91=RowAnswers(reason="not enough memory"),
        sheep_4W=RowAnswers(answer(mm=12.0), band()),
        pacella06=RowAnswers(reason=ROWS["pacella06"].reason),
    )


def test_lines_are_judged_by_what_is_accepted(everything):
    _, lines = everything
    found = {(line.row.id, line.name): line for line in lines}
    assert {name: line.verdict for name, line in found.items()} == {
        ("heis97_bare", "long axis"): "within",  # 30 mm of at most 32
        ("heis97_bare", "short axis"): "outside",  # 30 mm of at most 20
        ("heis97_x4_gt20mm", "pieces"): "sign right",
        ("albrecht98_1_flow", "volume"): "within",
        ("albrecht98_1_occl", "volume"): "within",
        ("bosman91", "diameter"): "not simulated",
        ("sheep_4W", "short axis"): "outside",
        ("pacella06", ""): "not simulated",
    }
    assert found["bosman91", "diameter"].reason == "not enough memory"
    assert found["sheep_4W", "short axis"].error == pytest.approx(math.log(12.0 / 16.15))
    assert found["sheep_4W", "short axis"].shrunk == pytest.approx((12.0 * 0.78, 12.0 * 0.88))
    assert found["albrecht98_1_flow", "volume"].shrunk is None


def test_sums_count_every_lesion_once_by_its_ellipsoid(everything):
    totals = sum_up(everything[1])
    sheep = math.log(12.0 / 16.15)
    volumes = [math.log(2.8 / 2.5) / 3.0, math.log(9.8 / 7.5) / 3.0]
    assert totals.lesions.errors == pytest.approx(
        dict(
            zip(
                ("albrecht98_1_flow", "albrecht98_1_occl", "sheep_4W"),
                [*volumes, sheep],
                strict=True,
            )
        )
    )
    assert totals.lesions.rms == pytest.approx(root_mean_square([*volumes, sheep]))
    heis = (math.log(30.0 / 32.0) + 2.0 * math.log(30.0 / 20.0)) / 3.0
    assert totals.maxima.errors == pytest.approx({"heis97_bare": heis})
    assert totals.maxima.excess == pytest.approx(heis)
    shrunk = [one.errors["sheep_4W"] for one in totals.lesions_shrunk]
    assert shrunk == pytest.approx([sheep + math.log(0.78), sheep + math.log(0.88)])
    assert (totals.rows, totals.simulated) == (7, 5)
    assert totals.verdicts["within"] == 3


def test_what_lies_below_a_maximum_is_no_error():
    _, lines = study_of(heis97_bare=RowAnswers(answer(mm=15.0)))
    totals = sum_up(lines)
    assert totals.maxima.excess == 0.0
    assert totals.maxima.rms > 0.3
    assert not totals.off


def test_the_ratio_of_a_pair_is_judged_by_the_band_for_diffusers(everything):
    (ratio,) = sum_up(everything[1]).ratios
    assert (ratio.name, ratio.verdict) == ("albrecht98_1", "within")
    assert ratio.measured == pytest.approx(3.0)
    assert ratio.predicted == pytest.approx(3.5)
    _, lines = study_of(
        albrecht98_1_flow=RowAnswers(answer(volume_ml=1.0)),
        albrecht98_1_occl=RowAnswers(answer(volume_ml=9.0)),
    )
    assert sum_up(lines).ratios[0].verdict == "outside"


def test_a_band_is_carried_over_from_coarse_cells_by_its_ratio():
    row = ROWS["albrecht98_1_flow"]
    assert band_of(row, "volume", 4.0, band()) == pytest.approx((2.0, 8.0))
    alone = band_of(row, "volume", 4.0, band(), model_error=False)
    assert alone == pytest.approx((3.6, 4.4))
    assert band_of(ROWS["sheep_4W"], "short axis", 20.0, band()) == pytest.approx((16.0, 24.0))
    assert band_of(row, "volume", 0.0, band()) is None
    assert band_of(row, "volume", 4.0, band(zone(0.0, 0.0))) is None


def test_measured_numbers_in_their_bands_are_counted(everything):
    totals = sum_up(everything[1])
    # heis 30 mm: 24-36 (at most 32, at most 20); 2.8 mL: 1.4-5.6; 9.8 mL: 4.9-19.6; 12: 9.6-14.4
    assert (totals.coverage.n, totals.coverage.inside) == (5, 3)
    assert totals.coverage.width == pytest.approx(1.5)


def test_json_has_the_keys_of_its_schema_and_no_number_that_json_cannot_hold(everything):
    study, lines = everything
    found = summarise_validation(study, lines, sum_up(lines))
    text = json.dumps(found, allow_nan=False)
    assert found["schema"] == "ablsim/validation/1"
    assert all(set(row) >= KEYS for row in json.loads(text)["rows"])
    by_name = {(row["id"], row["quantity"]): row for row in found["rows"]}
    flow = by_name["albrecht98_1_flow", "volume"]
    assert (flow["zone"], flow["measured"], flow["measured_sd"]) == ("whitening", 2.5, 0.5)
    assert flow["log_ratio"] == pytest.approx(math.log(2.8 / 2.5) / 3.0)
    assert flow["band"] == pytest.approx([1.4, 5.6])
    assert (flow["one_sided"], flow["in_band"]) == (False, True)
    assert "active length of 20 mm, not stated" in flow["assumed"]
    assert by_name["heis97_bare", "long axis"]["one_sided"] is True
    assert by_name["heis97_bare", "long axis"]["accepted"] == [None, pytest.approx(36.8)]
    outcome = by_name["pacella06", None]
    assert outcome["verdict"] == "not simulated"
    assert "cohorts" in outcome["reason"]
    assert by_name["heis97_x4_gt20mm", "pieces"]["verdict"] == "sign right"
    assert found["summary"]["two_sided"]["n"] == 3
    assert found["settings"]["spacing"] == "2 mm"


def test_a_zone_that_vanished_is_outside_and_null_in_json():
    study, lines = study_of(bosman91=RowAnswers(answer(volume_ml=0.0, mm=0.0), band()))
    (line,) = lines
    assert (line.verdict, line.band) == ("outside", None)
    totals = sum_up(lines)
    found = summarise_validation(study, lines, totals)
    json.dumps(found, allow_nan=False)
    assert found["rows"][0]["log_ratio"] is None
    assert found["summary"]["two_sided"]["rms_ln_d"] is None
    assert "none" in render_validation(study, lines, totals)


def test_temperatures_differ_in_kelvin():
    row = ROWS["li20_myocardium"]
    warm = Answer({}, {"temperature at 5 mm": 350.0}, {"temperature at 5 mm": 320.15}, 0.0)
    study, lines = study_of(li20_myocardium=RowAnswers(warm))
    (line,) = lines
    assert line.predicted == pytest.approx(47.0)
    assert (line.error, line.verdict) == (pytest.approx(4.0), "within")
    found = summarise_validation(study, lines, sum_up(lines))["rows"][0]
    assert (found["log_ratio"], found["difference_k"]) == (None, pytest.approx(4.0))
    assert row.zone == ""
    assert found["zone"] is None


def test_text_and_report_say_everything(everything):
    study, lines = everything
    totals = sum_up(lines)
    text = render_validation(study, lines, totals)
    assert max(map(len, text.splitlines())) <= 118
    for words in ("at most 32 mm", "2.5 ± 0.5 mL", "sheep_4W: The start temperature", "cohorts"):
        assert words in text
    assert "Research software. Not for clinical decisions." in text
    report = to_markdown(study, lines, totals, figure="validation.png")
    for words in ("![Predicted over measured](validation.png)", "## Assumed", "not enough memory"):
        assert words in report
    assert "`sheep_4W`: from 20 degC, not stated" in report


def test_changes_are_said_wherever_a_result_is():
    study = Study(plans=(), changes={"physics.stasis": "cem43_60"}, spacing="2 mm", with_band=True)
    totals = sum_up(())
    text = " ".join(render_validation(study, (), totals).split())
    assert "CHANGED from the defaults in all of them: physics.stasis = cem43_60." in text
    assert "physics.stasis = cem43_60" in to_markdown(study, (), totals)
    settings = summarise_validation(study, (), totals)["settings"]
    assert settings["changes"] == {"physics.stasis": "cem43_60"}


def test_csv_has_a_line_for_each_number(everything):
    _, lines = everything
    entries = list(csv.DictReader(to_csv(lines).splitlines()))
    assert len(entries) == len(lines)
    assert entries[0]["accepted_low"] == ""
    assert float(entries[0]["accepted_high"]) == pytest.approx(36.8)


def test_what_is_kept_of_a_run_reads_back_the_same():
    one = Answer({"death": zone()}, {"T1": 320.0}, {"T1": 310.5}, 1e-9, ("cut off",))
    assert Answer.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert RelativeBand.from_json(json.loads(json.dumps(band().to_json()))) == band()


def test_reasons_belong_to_rows_that_are_simulated_and_name_their_source():
    for name, reason in read_reasons().items():
        assert ROWS[name].is_simulated
        assert reason.reason.endswith(".")
        assert len(reason.source) > 10


def test_a_point_heater_explains_the_reason_given_for_heart_muscle():
    case = make_case(ROWS["li20_myocardium"])
    thermal = case.tissue.find("muscle").thermal
    k, rho_c = thermal.conductivity.si, thermal.density.si * thermal.specific_heat.si
    power = case.fibres_all[0].transmission * 5.0

    def rise(distance):
        spread = math.sqrt(4.0 * k / rho_c * 240.0)
        return power / (4.0 * math.pi * k * distance) * math.erfc(distance / spread)

    reason = read_reasons()["li20_myocardium"].reason
    assert "by 80 K" in reason
    assert rise(5e-3) == pytest.approx(80.0, abs=3.0)
    assert "23 K were measured, as 9 mm away" in reason
    assert rise(9e-3) == pytest.approx(23.0, abs=2.0)


def test_numbers_have_three_digits():
    assert [number(x) for x in (0.0, 0.123456, 9.876, 23.41, 123.4, None, math.inf)] == [
        "0",
        "0.123",
        "9.88",
        "23.4",
        "123",
        "-",
        "-",
    ]


def test_the_middle_of_nothing_is_nothing():
    assert (median([]), median([3.0, 1.0, 2.0]), median([1.0, 2.0])) == (None, 2.0, 1.5)
    assert root_mean_square([]) is None
