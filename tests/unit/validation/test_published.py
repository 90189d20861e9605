"""Published rows are read as they stand, and become cases by rules that know no row by name."""

import ast
import csv
import inspect
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

import ablsim
from ablsim.errors import CaseError
from ablsim.validation import list_assumptions, make_case, predicted, published, read_rows, rules
from ablsim.validation.outcomes import read_outcomes, rows_of
from ablsim.validation.published import COHORTS

EXAMPLES = Path(__file__).parents[3] / "examples"
ROWS = {row.id: row for row in read_rows()}
SIMULATED = [row for row in read_rows() if row.is_simulated]


def without_words(case):
    """What a case asks, and not how it is called or how finely it is computed."""
    table = case.resolved()
    return {key: table[key] for key in table if key not in {"title", "notes", "numerics"}}


@pytest.mark.parametrize(
    "row", [r for r in SIMULATED if (EXAMPLES / f"{r.id}.toml").exists()], ids=lambda r: r.id
)
def test_the_case_of_a_row_is_the_one_written_by_hand(row):
    written = ablsim.Case.from_toml(EXAMPLES / f"{row.id}.toml")
    assert without_words(make_case(row)) == without_words(written)


def test_hand_written_cases_of_published_rows_are_all_compared():
    constructed = {
        "gallbladder", "metastasis_12cm", "patient", "quick", "series", "virtual_cohort"
    }  # fmt: skip
    names = {path.stem for path in EXAMPLES.glob("*.toml")} - constructed
    assert names == {row.id for row in SIMULATED} & names
    assert len(names) == 12


def test_rules_know_no_row_by_name():
    for module in (rules, published, predicted):
        strings = {
            node.value
            for node in ast.walk(ast.parse(inspect.getsource(module)))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not strings & set(ROWS)


def test_every_row_is_read_with_every_column_as_it_stands():
    text = files("ablsim").joinpath("data", "validation_cases.csv").read_text(encoding="utf-8")
    entries = list(csv.DictReader(text.splitlines()))
    assert [row.id for row in read_rows()] == [entry["id"] for entry in entries]
    assert len(ROWS) == len(entries) == 46
    for entry in entries:
        row = ROWS[entry["id"]]
        for name, value in entry.items():
            read = getattr(row, name)
            if name == "verified":
                assert read is (value == "yes")
            elif isinstance(read, str):
                assert read == value
            else:
                assert read == (float(value) if value else None), (row.id, name)


def test_every_number_taken_from_words_stands_in_these_words():
    readings = [reading for row in read_rows() for reading in row.readings]
    assert len(readings) == 5
    for reading in readings:
        assert reading.words in ROWS[reading.id].notes
        assert f"{reading.quantity.measured:g}" in reading.words
        assert reading.reads in {"", "highest", "laser off"}
        assert (reading.at is None) == (reading.quantity.unit != "degC")


def test_a_row_that_is_not_simulated_says_why():
    reasons = {row.id: row.reason for row in read_rows() if not row.is_simulated}
    predicted = {name for study in read_outcomes().values() for name in rows_of(study)}
    outcomes = {row.id for row in read_rows() if row.scoring == "outcome"}
    assert predicted < outcomes
    assert {name for name in outcomes if reasons[name] == COHORTS} == predicted
    assert "recurrence" in reasons["vogl04_le2"]
    assert "how large and how near" in reasons["marchal94_3W"]
    assert "neither zone nor scoring" in reasons["chen02_brain"]
    with pytest.raises(CaseError, match="pacella06 is not simulated: a rate in many"):
        make_case(ROWS["pacella06"])
    unread = replace(ROWS["sheep_4W"], power_w_per_fibre=None)
    assert unread.reason == "power and duration were not read"
    brain = replace(ROWS["sheep_4W"], setting="ex vivo sheep brain")
    assert brain.reason == "the library has no tissue for it"
    pulled = replace(ROWS["sheep_4W"], pullbacks=1)
    assert "pulled back" in pulled.reason


def test_every_row_with_a_measured_size_is_simulated():
    sizes = {r.id for r in read_rows() if r.short_axis_mm or r.long_axis_mm or r.volume_ml}
    assert sizes <= {row.id for row in SIMULATED}
    assert all(row.zone in {"stasis", "whitening", "death"} for row in SIMULATED if row.id in sizes)


def test_a_start_that_was_not_read_is_room_on_the_bench_and_body_otherwise():
    sheep, bosman = ROWS["sheep_4W"], ROWS["bosman91"]
    assert make_case(sheep).tissue.start_temperature == pytest.approx(293.15)
    assert "from 20 degC, not stated" in list_assumptions(sheep)
    stated = replace(sheep, start_temp_c=31.0)
    assert make_case(stated).tissue.start_temperature == pytest.approx(304.15)
    assert make_case(bosman).tissue.body_temperature == pytest.approx(311.15)
    warm = make_case(replace(bosman, start_temp_c=None))
    assert warm.tissue.body_temperature == pytest.approx(310.15)
    unknown = make_case(ROWS["heis97_x4_20mm"])
    assert unknown.tissue.perfusion == "none"
    assert unknown.tissue.start_temperature == pytest.approx(310.15)
    assert unknown.tissue.background == "liver_exvivo"
    assert "from 37 degC, not stated" in list_assumptions(ROWS["heis97_x4_20mm"])
    cooled = replace(ROWS["heis97_x4_20mm"], start_temp_c=25.0)
    assert make_case(cooled).tissue.start_temperature == pytest.approx(298.15)


def test_a_fibre_is_what_its_words_say():
    row = ROWS["heis97_diff"]
    (fibre,) = make_case(row).fibres_all
    assert (fibre.kind, fibre.length, fibre.core_diameter) == ("diffuser", 0.02, 0.6e-3)
    assert fibre.tip == (0.0, 0.0, -0.01)
    short = make_case(replace(row, fibre="cylindrical diffuser 400 um, 12 mm")).fibres_all[0]
    assert (short.length, short.core_diameter, short.tip[2]) == (0.012, 0.4e-3, -0.006)
    bare = make_case(replace(row, fibre="bare 600 um")).fibres_all[0]
    assert (bare.kind, bare.tip) == ("bare", (0.0, 0.0, 0.0))
    three = make_case(replace(row, n_fibres=3, spacing_mm=None))
    assert len(three.fibres_all) == 3
    assert three.fibre_array.spacing == 0.02
    with pytest.raises(CaseError, match="no pattern of 7 fibres"):
        make_case(replace(row, n_fibres=7))


def test_assumptions_stand_in_the_notes_of_the_case():
    row = ROWS["albrecht98_4_flow"]
    words = list_assumptions(row)
    assert "fibres 20 mm apart, not stated" in words
    assert all(word in make_case(row).notes for word in words)
    assert list_assumptions(ROWS["bosman91"]) == ()


def test_the_cells_are_as_fine_as_asked():
    assert make_case(ROWS["bosman91"]).numerics.spacing == 1e-3
    assert make_case(ROWS["bosman91"], spacing="2 mm").numerics.spacing == 2e-3


def test_equal_axes_are_one_number_and_maxima_are_one_sided():
    names = {row.id: [(q.name, q.kind) for q in row.quantities] for row in SIMULATED}
    assert names["bosman91"] == [("diameter", "two-sided")]
    assert names["heis97_x4_20mm"] == [("largest extent", "maximum")]
    assert names["heis97_bare"] == [("long axis", "maximum"), ("short axis", "maximum")]
    assert [name for name, _ in names["steger92_x4"]] == [
        "long axis",
        "middle axis",
        "short axis",
        "temperature in the middle",
    ]
    assert names["albrecht98_1_occl"] == [("volume", "two-sided")]
    (volume,) = ROWS["albrecht98_1_occl"].quantities
    assert (volume.measured, volume.sd, volume.unit) == (7.5, 1.0, "mL")
