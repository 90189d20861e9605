"""What a result gives to people: arrays with units and coordinates, columns, and how it looks."""

import dataclasses
import html.parser
import sys

import numpy as np
import pytest

import ablsim
from ablsim.errors import CaseError
from ablsim.notebook import DISCLAIMER, make_card
from ablsim.result import Fields, Ledger, Record, Result

SHAPE = (3, 4, 5)


@pytest.fixture
def result():
    case = ablsim.Case(
        title="a < b & <script>alert(1)</script>",
        tissue=ablsim.TissueTable(background="liver"),
        domain={"size": ["10 mm", "8 mm", "6 mm"], "centre": ["0 mm", "0 mm", "10 mm"]},
        fibre=[{"kind": "bare", "tip": ["0 mm", "0 mm", "10 mm"], "direction": [0, 0, -1]}],
        protocol=["deliver 5 W for 60 s"],
        numerics=ablsim.NumericsTable(spacing="2 mm"),
    )
    rng = np.random.default_rng(1)
    values = [rng.random(SHAPE, np.float32) for _ in dataclasses.fields(Fields)]
    books = [Ledger(), Ledger(fired=300.0, emitted=285.0, stored=285.0)]
    return Result(
        case=case,
        grid=case.grid(),
        labels=np.zeros(SHAPE, np.uint8),
        materials=("liver", "blood"),
        base_temperature=310.15,
        fields=Fields(*values),
        ledger=books[-1],
        history=(Record(0.0, 0.0, books[0], 0), Record(180.0, 5.0, books[1], 60)),
        notes=("a note & more",),
        provenance={"numpy": "2"},
    )


def test_fields_are_arrays_of_their_own_with_the_unit_asked_for(result):
    kelvin, celsius = result.field("temperature"), result.field("temperature", unit="degC")
    assert kelvin.shape == SHAPE
    assert kelvin == pytest.approx(310.15 + result.fields.rise, rel=1e-6)
    assert celsius == pytest.approx(37.0 + result.fields.rise, rel=1e-6)
    damage = result.field("damage_stasis")
    assert np.array_equal(damage, result.fields.stasis)
    damage[:] = 0.0
    assert result.fields.stasis.any()


@pytest.mark.parametrize(
    ("name", "unit", "words"),
    [
        ("temprature", "", 'did you mean "temperature"'),
        ("stasis", "", "there are temperature, damage_stasis"),
        ("temperature", "F", "allowed: K or degC"),
        ("water_fraction", "K", "allowed: 1"),
    ],
)
def test_an_unknown_field_or_unit_is_refused(result, name, unit, words):
    with pytest.raises(CaseError, match=words):
        result.field(name, unit=unit)


def test_history_comes_as_columns(result):
    table = result.history_table()
    assert table["time_s"].tolist() == [0.0, 180.0]
    assert table["power_w"].tolist() == [0.0, 5.0]
    assert table["fired_j"].tolist() == [0.0, 300.0]
    assert table["active_cells"].dtype == np.int64
    assert {f"{item.name}_j" for item in dataclasses.fields(Ledger)} <= set(table)
    assert {len(column) for column in table.values()} == {2}


def test_the_data_set_carries_coordinates_units_and_the_case(result):
    pytest.importorskip("xarray")
    data = result.to_xarray()
    assert data.temperature.dims == ("z", "y", "x")
    assert data.x.values == pytest.approx([-4.0, -2.0, 0.0, 2.0, 4.0])
    assert data.z.values == pytest.approx([8.0, 10.0, 12.0])
    assert {data[name].attrs["units"] for name in "xyz"} == {"mm"}
    assert data.temperature.attrs["units"] == "degC"
    point = data.temperature.sel(x=2.0, y=-1.0, z=12.0)
    assert float(point) == pytest.approx(37.0 + result.fields.rise[2, 1, 3], rel=1e-6)
    assert data.tissue.attrs["flag_meanings"] == "liver blood"
    assert ablsim.Case.from_text(data.attrs["case"]) == result.case
    assert data.attrs["comment"] == DISCLAIMER


def test_without_xarray_the_message_names_the_extra(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ImportError, match=r"ablsim\[xarray\]"):
        result.to_xarray()


class Reader(html.parser.HTMLParser):
    """Collects tags and text, and whether every tag that opens is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], set(), ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def objects(result):
    """One of each kind that shows itself in a notebook."""
    zones = ablsim.measure_zones(result)
    domain = ablsim.make_domain(result.case)
    return [result.case, result, zones, domain, result.case.protocol, result.grid]


def test_everything_shows_itself_in_a_notebook_without_scripts(result):
    for item in objects(result):
        text = item._repr_html_()
        reader = Reader()
        reader.feed(text)
        assert not reader.open
        assert reader.tags <= {"table", "caption", "b", "tr", "th", "td", "p", "i"}
        assert len(text) < 4000


def test_results_and_zones_say_that_they_are_no_medical_device(result):
    for item in (result, ablsim.measure_zones(result)):
        assert DISCLAIMER in item._repr_html_()


def test_titles_and_notes_are_escaped(result):
    assert "&lt;script&gt;" in result._repr_html_()
    assert "<script>" not in result._repr_html_() + result.case._repr_html_()
    assert "a note &amp; more" in result._repr_html_()
    card = make_card("<h>", [("<n>", "<c>")], columns=("<k>", "<l>"), footer="<f>")
    for letter in "hncklf":
        assert f"&lt;{letter}&gt;" in card


def test_everything_has_a_short_repr(result):
    for item in objects(result):
        assert len(repr(item)) < 250
        assert "\n" not in repr(item)
    assert "300 J" in repr(result)
    assert "perfusion normal" in repr(result.case)
