"""Cases from objects, with single keys changed, and back to the text of a case file."""

import copy
import json
import tomllib
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ablsim
from ablsim import case_memory
from ablsim.case_fields import Table
from ablsim.case_settings import ProtocolTable
from ablsim.case_text import write_toml
from ablsim.case_written import change_keys
from ablsim.errors import CaseError
from ablsim.units import to_kelvin

EXAMPLES = Path(__file__).parents[2] / "examples"
CASES = [p for p in sorted(EXAMPLES.glob("*.toml")) if "case.schema" in p.read_text("utf-8")]
ORIGIN = ["0 mm", "0 mm", "0 mm"]


def patient(**changes):
    """The patient of the examples, from objects."""
    tables = {
        "title": "NET metastasis, 30 mm, four fibres, one pull-back",
        "tissue": ablsim.TissueTable(background="liver"),
        "tumour": ablsim.TumourTable(tissue="net_metastasis", diameter="30 mm", margin="5 mm"),
        "vessel": [
            ablsim.VesselTable(
                name="right hepatic vein",
                diameter="6 mm",
                points=[["22 mm", "-40 mm", "0 mm"], ["22 mm", "40 mm", "0 mm"]],
            )
        ],
        "fibres": ablsim.FibreArrayTable(
            kind="bare",
            pattern="square",
            spacing="15 mm",
            centre=["0 mm", "0 mm", "-6 mm"],
            direction=np.array([0.0, 0.0, -1.0]),
        ),
        "protocol": [
            "deliver 5 W per fibre until 1800 J per fibre",
            ablsim.PullBack(0.012),
            ablsim.Deliver(5.0, 360.0),
            "rest for 180 s",
        ],
    }
    return ablsim.Case(**(tables | changes))


def test_a_case_from_objects_equals_the_one_from_the_file():
    notes = ablsim.Case.from_toml(EXAMPLES / "patient.toml").notes
    assert patient(notes=notes) == ablsim.Case.from_toml(EXAMPLES / "patient.toml")


def test_fibres_and_protocols_may_be_given_as_what_they_are():
    fibres = (
        ablsim.Fibre("A", "bare", (0.0, 0.0, 0.0), (0.0, 0.0, -1.0), core_diameter=0.4e-3),
        ablsim.Fibre("B", "diffuser", (0.01, 0.0, 1 / 300), (0.0, 0.6, -0.8), length=0.02),
    )
    protocol = ablsim.Protocol.from_steps(["deliver 3 W for 1 min with A", ablsim.Rest(200.0)])
    case = patient(fibres=None, fibre=fibres, protocol=protocol)
    assert case.fibres_all == fibres
    assert case.protocol == protocol
    assert ablsim.Case.from_text(case.to_toml()) == case


def test_what_a_table_fills_in_by_itself_is_filled_in_anew():
    bench = ablsim.TissueTable(background="liver", perfusion="none", start_temperature="20 degC")
    case = patient(tissue=bench)
    assert case.tissue.body_temperature == to_kelvin(20.0)
    warm = case.replace({"tissue.start_temperature": "30 degC"})
    assert warm.tissue.body_temperature == to_kelvin(30.0)
    diffuser = {"fibres.kind": "diffuser", "fibres.length": "20 mm"}
    assert {fibre.transmission for fibre in case.replace(diffuser).fibres_all} == {0.70}


def test_a_table_equals_the_one_of_a_case_that_says_the_same():
    assert patient().tumour == ablsim.TumourTable(
        tissue="net_metastasis", diameter="3 cm", margin="5 mm"
    )


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_example_says_the_same_as_text_as_objects_and_written_out(path):
    case = ablsim.Case.from_toml(path)
    assert case.to_toml() == path.read_text(encoding="utf-8")
    tables = {
        field.alias or name: getattr(case, name)
        for name, field in type(case).model_fields.items()
        if name != "schema_name"
    }
    from_objects = ablsim.Case(**tables)
    assert from_objects == case
    assert ablsim.Case.from_text(from_objects.to_toml()) == case
    resolved = ablsim.Case.from_dict(case.resolved())
    assert ablsim.Case.from_text(resolved.to_toml()) == case


def test_the_text_of_a_case_from_objects_is_what_a_person_would_write():
    text = patient().to_toml()
    assert text.startswith('schema = "ablsim/case/1"\ntitle = "NET metastasis')
    assert '\n[tumour]\ntissue = "net_metastasis"\ndiameter = "30 mm"\nmargin = "5 mm"\n' in text
    assert "\n[[vessel]]\n" in text
    assert '  "pull back 12 mm",\n' in text
    assert "numerics" not in text  # a default that nobody gave


def test_a_stored_text_of_json_still_reads():
    case = patient()
    again = ablsim.Case.from_text(json.dumps(case.resolved()))
    assert again == case == ablsim.Case.from_text(again.to_toml())


def test_every_table_is_a_public_class_that_knows_its_place():
    for name, field in ablsim.Case.model_fields.items():
        tables = [t for t in flat(field.annotation) if isinstance(t, type) and issubclass(t, Table)]
        for table in tables:
            assert table.section == (field.alias or name,)
            assert table is ProtocolTable or table.__name__ in ablsim.__all__


def flat(annotation):
    """An annotation and all that stands inside it."""
    inner = [part for argument in get_args(annotation) for part in flat(argument)]
    return [annotation, *inner]


# Changed keys


def test_replaced_keys_are_read_and_everything_else_stays():
    case = ablsim.Case.from_toml(EXAMPLES / "patient.toml")
    changed = case.replace(
        {
            "tumour.diameter": "25 mm",
            "numerics.spacing": "2 mm",
            "vessel#1.diameter": "8 mm",
            "protocol.steps#2": ablsim.PullBack(0.010),
            "tissue.override.liver.perfusion_rate": "60 mL/min/100g",
        }
    )
    assert changed.tumour.diameter == 0.025
    assert changed.numerics.spacing == 0.002
    assert changed.vessels[0].diameter == 0.008
    assert changed.vessels[0].points == case.vessels[0].points
    assert changed.protocol.total_pull_back == pytest.approx(0.010)
    assert changed.tissue.find("liver").perfusion_rate.value == 600.0
    assert case.tumour.diameter == 0.03
    assert "numerics" not in case.to_toml()


def test_none_takes_a_key_out():
    case = patient(numerics=ablsim.NumericsTable(spacing="2 mm"))
    bare = case.replace({"numerics.spacing": None, "vessel": None, "tumour.margin": None})
    assert (bare.numerics.spacing, bare.vessels, bare.tumour.margin) == (0.001, (), 0.0)
    assert patient().replace({"vessel#1": None}).vessels == ()


def test_nothing_replaced_is_the_same_case():
    case = patient()
    assert case.replace({}) == case


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tumor.diameter": "3 mm"}, ("tumor: unknown key", '"tumour"')),
        ({"tumour.diameter": 30}, ("tumour.diameter", "bare number 30", '"30 mm"')),
        ({"tumour.diameter": "-3 mm"}, ("tumour.diameter: -3 mm", "more than 0 mm")),
        ({"vessel#2.diameter": "4 mm"}, ("vessel#2.diameter", "no number 2 of 1")),
        ({"fibre#1.tip": ORIGIN}, ("fibre#1.tip", "no number 1 of 0")),
        ({"vessel.diameter": "4 mm"}, ("vessel.diameter", "add the number")),
        ({"title.text": "x"}, ("title.text", "not a table")),
        ({"": "x"}, ('"" is not a key', "tumour.diameter")),
        ({"vessel#0": None}, ("vessel#0", "count from 1")),
        (
            {"domain.size": "20 mm"},
            ("tumour: it reaches from -15 mm", "larger domain.size"),
        ),
    ],
)
def test_wrong_changes_are_refused_like_wrong_files(changes, words):
    with pytest.raises(CaseError) as caught:
        patient().replace(changes)
    assert str(caught.value).startswith("the changed case")
    for word in words:
        assert word in str(caught.value)


# Wrong objects


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: ablsim.TumourTable(tissue="", diamter="3 mm", diameter=3),
            ("3 problems", "tumour.tissue", "bare number 3", 'did you mean "diameter"'),
        ),
        (lambda: ablsim.TumourTable(tissue="hcc"), ("tumour.diameter: is missing", '"30 mm"')),
        (lambda: ablsim.FibreTable(kind="bare"), ("fibre.tip: is missing", "fibre.direction")),
        (lambda: ablsim.PhysicsTable(char="fim"), ("physics.char", 'did you mean "film"')),
        (lambda: ablsim.DomainTable(size="1 W"), ("domain.size", "is a power")),
        (lambda: patient(single_fibres=[]), ("single_fibres: unknown key", '"fibres"')),
        (lambda: patient(protocol=[]), ("protocol", "no delivery")),
        (lambda: patient(title="\ud800"), ("title", "\\ud800", "write the text anew")),
        (lambda: patient(fibres=None), ("there is no fibre",)),
        (lambda: patient(tissue=ablsim.TissueTable(background="livr")), ("did you mean 'liver'",)),
    ],
)
def test_wrong_objects_are_refused_with_key_value_and_remedy(make, words):
    with pytest.raises(CaseError) as caught:
        make()
    for word in words:
        assert word in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_a_case_from_objects_must_fit_into_memory(monkeypatch):
    monkeypatch.setattr(case_memory, "free_memory", lambda: 450e6)
    with pytest.raises(CaseError, match=r"the case: numerics.spacing: at 1 mm"):
        patient()


# The text itself

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
leaves = texts | st.booleans() | st.integers() | st.floats(allow_nan=False)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(texts, values, max_size=6))
def test_any_table_reads_again_from_its_text(table):
    assert tomllib.loads(write_toml(table)) == table


@pytest.mark.parametrize(
    "text",
    ['"""', '""""', 'a\n"""\nb', 'ends in "\n"', "a\\\nb", "\n\n", "tab\t\x7f\x00\nx", 'x\n"'],
)
def test_awkward_texts_read_again(text):
    assert tomllib.loads(write_toml({"notes": text})) == {"notes": text}


def test_what_is_none_is_left_out():
    assert tomllib.loads(write_toml({"a": None, "b": {"c": None}, "d": [{"e": None}]})) == {
        "b": {},
        "d": [{}],
    }


def test_changing_keys_leaves_the_table_alone():
    table = {"a": {"b": [1, {"c": 2}]}}
    before = copy.deepcopy(table)
    assert change_keys(table, {"a.b#2.c": 3, "x.y": 4}) == {
        "a": {"b": [1, {"c": 3}]},
        "x": {"y": 4},
    }
    assert table == before
