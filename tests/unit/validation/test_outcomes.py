"""Rates of complete ablation: published beside predicted, each with its interval."""

import csv
import hashlib
import json
from dataclasses import replace

import pytest

from ablsim.cohort import Study
from ablsim.cohort.outcome import SCHEMA, SHARES
from ablsim.cohort.population import find_population
from ablsim.validation import outcomes, outcomes_text
from ablsim.validation.outcomes import OutcomeLine, Rate, predict_outcomes, read_outcomes, rows_of
from ablsim.validation.published import read_rows
from ablsim.view.outcomes import draw_outcomes

ROWS = {row.id: row for row in read_rows()}


def rate(low, middle, high, count=None, of=None):
    return Rate(middle, low, high, count, of)


def line(observed, predicted, **keys):
    made = OutcomeLine(
        row="pacella06",
        series="pacella06",
        title="Metastases",
        low=None,
        high=30.0,
        policy="rules",
        observed=observed,
        predicted=predicted,
        diameter=25.0,
    )
    return replace(made, **keys)


def compute(text, threads=1):
    """A record at once, whose share hangs on the text alone."""
    share = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32
    fraction = 0.97 + 0.03 * share
    stage = {
        "sessions": 1,
        "placements": 1,
        "illuminations": 1,
        "energy_j": 7474.0,
        "volume_ml": 10.0,
        "ablated_fraction": fraction,
        "ablated_fraction_with_margin": 0.5,
        "margin_min_mm": -1.0,
        "margin_mean_mm": 0.0,
        "offset_mm": [10.0 * (one - fraction) for one in SHARES],
    }
    return {"schema": SCHEMA, "stages": [stage], "wall_s": 0.1}


@pytest.mark.parametrize("name", list(read_outcomes()))
def test_a_series_says_of_every_row_what_was_read_and_what_is_assumed(name):
    study = read_outcomes()[name]
    assert "Read:" in study.notes
    assert "Assumed:" in study.notes
    assert [policy.label for policy in study.policies] == ["register", "maximal", "rules"]
    for observation in study.observations:
        notes = ROWS[observation.source].notes
        assert ROWS[observation.source].scoring == "outcome"
        if observation.complete is not None and observation.source != "p206_le4":
            share = 100.0 * observation.complete / observation.lesions
            said = f"{observation.complete}/{observation.lesions}"
            assert said in notes or f"{share:.0f}%" in notes or f"{share:.1f}%" in notes
        if observation.complete_rate is not None:
            assert f"{100.0 * observation.complete_rate:g}%" in notes


def test_lesions_of_a_series_are_of_the_sizes_that_it_reports():
    for study in read_outcomes().values():
        table = study.population.diameter
        for lesion in find_population(study).lesions:
            assert table.low - 2.6e-3 <= lesion.diameter <= table.high + 2.6e-3


def test_every_series_asks_alike_and_draws_the_same_numbers():
    studies = list(read_outcomes().values())
    for study in studies:
        for part in ("seed", "uncertainty", "numerics", "physics", "tissue"):
            assert getattr(study, part) == getattr(studies[0], part)
        assert study.policies[2] == studies[0].policies[2]
        energies = [policy.energy_per_treatment for policy in study.policies]
        assert energies == [7474.0, 21600.0, None]


@pytest.mark.parametrize(
    ("observed", "predicted", "verdict"),
    [
        (rate(0.5, 0.6, 0.7), rate(0.6, 0.8, 0.9), "compatible"),
        (rate(0.5, 0.6, 0.7), rate(0.71, 0.8, 0.9), "too high"),
        (rate(0.5, 0.6, 0.7), rate(0.1, 0.2, 0.49), "too low"),
        (rate(0.0, 0.0, 0.2), rate(0.0, 0.0, 0.3), "compatible"),
        (rate(None, 0.9, None), rate(0.1, 0.2, 0.3), "no interval"),
    ],
)
def test_intervals_that_meet_are_compatible(observed, predicted, verdict):
    assert line(observed, predicted).verdict == verdict


@pytest.fixture
def fewer(monkeypatch):
    """The same series with fewer lesions and draws."""

    def change(study):
        text = study.text.replace("lesions = 200", "lesions = 20")
        return Study.from_text(text.replace("draws = 12", "draws = 3"))

    every = {name: change(study) for name, study in read_outcomes().items()}
    monkeypatch.setattr(outcomes, "read_outcomes", lambda: every)


@pytest.mark.usefixtures("fewer")
def test_rates_are_predicted_by_the_studies_and_computed_once(tmp_path):
    asked = []

    def count(text, threads=1):
        asked.append(text)
        return compute(text)

    keys = {"names": ("pacella09", "orlacchio14"), "workers": 0}
    told = set()
    found = predict_outcomes(
        tmp_path, compute=count, on_progress=lambda name, state: told.add(name), **keys
    )
    assert told == {"pacella09", "orlacchio14"}
    assert [(one.row, one.policy) for one in found] == [
        ("orlacchio14", "register"),
        ("orlacchio14", "maximal"),
        ("orlacchio14", "rules"),
        ("pacella09", "register"),
        ("pacella09", "maximal"),
        ("pacella09", "rules"),
    ]
    assert len(asked) == len(set(asked))
    # the same lesions, so nothing of the second series was left to compute
    study = json.loads((tmp_path / "cohorts" / "pacella09" / "summary.json").read_text())
    assert len(asked) == study["distinct_cases"]
    assert (found[0].observed.count, found[0].observed.of) == (13, 15)
    assert found[0].observed.low == pytest.approx(0.595, abs=1e-3)
    assert (found[0].low, found[0].high) == (None, 40.0)
    assert 0.0 <= found[0].predicted.low <= found[0].predicted.rate <= found[0].predicted.high
    assert found[0].predicted == found[3].predicted
    assert 10.0 < found[0].diameter < 40.0
    assert predict_outcomes(tmp_path, compute=None, **keys) == found


def test_rates_as_text_table_csv_and_json(tmp_path):
    lines = [
        line(rate(0.49, 0.613, 0.724, 46, 75), rate(0.4, 0.5, 0.6)),
        line(rate(0.49, 0.613, 0.724, 46, 75), rate(0.8, 0.9, 0.95), policy="register"),
        line(rate(None, 0.864, None), rate(0.8, 0.9, 0.95), row="wu16_1to2", low=11.0, high=20.0),
    ]
    text = outcomes_text.table_lines(lines)
    assert "to 30  61 (49-72), 46 of 75" in text[1]
    assert text[1].split()[-1] == "compatible"
    assert text[2].startswith(" " * 20)
    assert text[2].endswith("too high")
    assert "11-20  86, number unread" in text[3]
    assert max(map(len, text)) <= 118
    assert outcomes_text.say_verdicts(lines) == [
        "rules: 1 compatible, 1 no interval",
        "register: 1 too high",
    ]
    table = outcomes_text.to_markdown_table(lines).splitlines()
    assert len(table) == 5
    assert "| `wu16_1to2` | 11-20 | 86, number unread | rules | 90 (80-95) | no interval |" in table
    rows = list(csv.DictReader(outcomes_text.to_csv(lines).splitlines()))
    assert tuple(rows[0]) == outcomes_text.COLUMNS
    assert (rows[0]["observed_count"], rows[0]["to_mm"], rows[0]["from_mm"]) == ("46", "30", "")
    assert rows[2]["observed_low"] == ""
    json.dumps(outcomes_text.to_json(lines), allow_nan=False)
    assert draw_outcomes(lines, tmp_path / "f.png")
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    assert not draw_outcomes([], tmp_path / "none.png")


def test_no_rate_is_predicted_twice():
    rates = [
        (one.source, one.low, one.high)
        for study in read_outcomes().values()
        for one in study.observations
    ]
    assert len(rates) == len(set(rates)) == 14
    assert len({name for study in read_outcomes().values() for name in rows_of(study)}) == 12
