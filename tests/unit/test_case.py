"""The case: what is read, what is chosen, what is refused before anything is computed."""

import contextlib
import copy
import datetime
import json
import math
import pickle
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablsim import case_memory
from ablsim.case import Boundary, Case
from ablsim.errors import CaseError
from ablsim.units import to_kelvin

EXAMPLES = Path(__file__).parents[2] / "examples"
CASES = [p for p in sorted(EXAMPLES.glob("*.toml")) if "case.schema" in p.read_text("utf-8")]
PATIENT = tomllib.loads((EXAMPLES / "patient.toml").read_text(encoding="utf-8"))

BENCH = """
schema = "ablsim/case/1"
title = "Sheep liver on the bench"

[tissue]
background = "liver_exvivo"
start_temperature = "20 degC"
perfusion = "none"

[[fibre]]
kind = "bare"
tip = ["0.3 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]

[protocol]
steps = ["deliver 4 W for 300 s"]
"""

REMOVED = object()


def changed(*changes):
    """Return the patient with values changed at paths such as ``vessel/0/diameter``."""
    case = copy.deepcopy(PATIENT)
    for path, value in changes:
        *tables, key = (int(part) if part.isdigit() else part for part in path.split("/"))
        table = case
        for name in tables:
            table = table.setdefault(name, {}) if isinstance(table, dict) else table[name]
        if value is REMOVED:
            del table[key]
        else:
            table[key] = value
    return case


def bare(tip, **more):
    return {"kind": "bare", "tip": tip, "direction": [0, 0, -1], **more}


def test_the_bench_case_is_read_in_si_with_its_defaults():
    case = Case.from_text(BENCH)
    assert case.tissue.start_temperature == case.tissue.body_temperature == to_kelvin(20.0)
    (fibre,) = case.fibres_all
    assert (fibre.name, fibre.tip, fibre.transmission) == ("F1", (3e-4, 0.0, 0.0), 0.95)
    assert (case.numerics.spacing, case.numerics.time_step) == (1e-3, None)
    assert case.protocol.cool_down_added == 120.0
    assert case.tumour is None
    assert case.domain.boundary == dict.fromkeys(
        ("x_min", "x_max", "y_min", "y_max", "z_min", "z_max"), Boundary("body")
    )


def test_the_patient_is_read_in_si():
    case = Case.from_dict(PATIENT)
    assert case.tumour.axes == (0.03, 0.03, 0.03)
    assert case.tumour.margin == 0.005
    assert case.vessels[0].points == ((0.022, -0.04, 0.0), (0.022, 0.04, 0.0))
    assert [fibre.name for fibre in case.fibres_all] == ["F1", "F2", "F3", "F4"]
    assert case.protocol.energy_fired(["F1", "F2", "F3", "F4"]) == pytest.approx(4 * 3600.0)
    assert [position.pulled_back for position in case.protocol.positions] == [0.0, 0.012]


@pytest.mark.parametrize(
    ("tissue", "body", "start"),
    [
        ({}, 37.0, 37.0),
        ({"body_temperature": "38 degC"}, 38.0, 38.0),
        ({"start_temperature": "30 degC"}, 37.0, 30.0),
        ({"perfusion": "occluded", "start_temperature": "30 degC"}, 37.0, 30.0),
        ({"perfusion": "none", "start_temperature": "20 degC"}, 20.0, 20.0),
        ({"perfusion": "none"}, 37.0, 37.0),
        (
            {
                "perfusion": "none",
                "start_temperature": "20 degC",
                "body_temperature": "37 degC",
            },
            37.0,
            20.0,
        ),
    ],
)
def test_body_and_start_temperature_follow_each_other(tissue, body, start):
    case = Case.from_dict(changed(("tissue", {"background": "liver", **tissue})))
    assert case.tissue.body_temperature == to_kelvin(body)
    assert case.tissue.start_temperature == to_kelvin(start)


def test_an_ellipsoid_lies_along_its_own_axes():
    tumour = {
        "tissue": "net_metastasis",
        "shape": "ellipsoid",
        "axes": ["40 mm", "30 mm", "20 mm"],
        "orientation": [[0, 0, 2], [1, 1, 0]],
    }
    case = Case.from_dict(changed(("tumour", tumour)))
    s = math.sqrt(0.5)
    assert case.tumour.axes == (0.04, 0.03, 0.02)
    assert case.tumour.orientation[0] == (0.0, 0.0, 1.0)
    assert case.tumour.orientation[1] == pytest.approx((s, s, 0.0))
    assert case.tumour.orientation[2] == pytest.approx((-s, s, 0.0))


def test_single_fibres_come_before_the_array_and_all_are_numbered():
    case = Case.from_dict(
        changed(
            ("fibre", [bare(["0 mm", "0 mm", "0 mm"]), bare(["0 mm", "3 cm", "0 mm"], name="A")])
        )
    )
    assert [fibre.name for fibre in case.fibres_all] == ["F1", "A", "F3", "F4", "F5", "F6"]


def test_one_face_may_differ_from_all_others():
    air = {"kind": "convective", "coefficient": "10 W/(m^2 K)", "ambient": "22 degC"}
    case = Case.from_dict(changed(("domain/boundary", {"all": "insulated", "z_max": air})))
    assert case.domain.boundary["z_max"] == Boundary("convective", 10.0, to_kelvin(22.0))
    assert case.domain.boundary["x_min"] == Boundary("insulated")


# The automatic domain


def test_the_automatic_domain_reaches_35_mm_around_every_place_that_lights():
    grid = Case.from_dict(PATIENT).grid()
    low, high = grid.origin, [o + s for o, s in zip(grid.origin, grid.size, strict=True)]
    assert low == pytest.approx([-0.043, -0.043, -0.041])
    assert high == pytest.approx([0.043, 0.043, 0.041])


def test_without_flow_the_domain_reaches_40_mm():
    assert Case.from_text(BENCH).grid().shape == (80, 80, 81)
    occluded = Case.from_dict(changed(("tissue/perfusion", "occluded"))).grid()
    assert occluded.shape == (92, 96, 96)


def test_the_automatic_domain_covers_a_tumour_far_from_the_fibres_with_its_margin():
    grid = Case.from_dict(changed(("tumour/centre", ["60 mm", "0 mm", "0 mm"]))).grid()
    assert grid.origin[0] + grid.size[0] == pytest.approx(0.060 + 0.015 + 0.005 + 0.002)
    assert grid.origin[0] == pytest.approx(-0.043)


def test_a_diffuser_is_covered_along_its_whole_length():
    fibres = {
        "kind": "diffuser",
        "pattern": "single",
        "direction": [1, 0, 0],
        "length": "20 mm",
    }
    grid = Case.from_dict(changed(("fibres", fibres), ("tumour", REMOVED))).grid()
    # pulled back by 12 mm towards -x, the active length begins 32 mm behind the first tip
    assert grid.origin[0] == pytest.approx(-0.067)
    assert grid.origin[0] + grid.size[0] == pytest.approx(0.035)


@pytest.mark.parametrize("spacing", [0.4, 0.5, 0.7, 1.0, 1.5])
@pytest.mark.parametrize("pull_back", ["1 mm", "7.3 mm", "31 mm"])
def test_a_tip_keeps_its_place_in_its_cell_whatever_else_the_case_holds(spacing, pull_back):
    case = Case.from_dict(
        changed(
            ("numerics/spacing", f"{spacing} mm"), ("protocol/steps/1", f"pull back {pull_back}")
        )
    )
    grid = case.grid()
    for origin in grid.origin:
        assert origin / grid.spacing == pytest.approx(round(origin / grid.spacing), abs=1e-6)
    assert grid == Case.from_dict(case.resolved()).grid()


def test_a_given_size_is_kept_and_a_given_centre_is_the_middle():
    given_size = Case.from_dict(changed(("domain/size", "70 mm"))).grid()
    assert given_size.size == pytest.approx((0.07, 0.07, 0.07))
    assert given_size.centre == pytest.approx((0.0, 0.0, 0.0))
    centred = Case.from_dict(changed(("domain/centre", ["2 mm", "0 mm", "0 mm"]))).grid()
    assert centred.centre == pytest.approx((0.002, 0.0, 0.0))
    assert centred.size[0] == pytest.approx(2 * 0.045)


# Reading again


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_example_is_a_case_and_reads_again_from_what_it_resolves_to(path):
    case = Case.from_toml(path)
    again = Case.from_dict(case.resolved())
    assert again == case
    assert hash(again) == hash(case)
    assert again.grid() == case.grid()
    assert again.fibres_all == case.fibres_all
    names = [fibre.name for fibre in case.fibres_all]
    assert again.protocol.timeline(names) == case.protocol.timeline(names)
    assert Case.from_text(again.text) == case
    assert path.read_text(encoding="utf-8").startswith("#:schema ./case.schema.json\n")
    assert case.notes.strip()


LENGTHS = st.floats(0.5, 12.0).map(lambda value: f"{value!r} mm")
POSITIONS = st.tuples(*[st.floats(-15.0, 15.0).map(lambda value: f"{value!r} mm")] * 3).map(list)
DIRECTIONS = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: math.hypot(*v) > 0.1)


@settings(deadline=None, max_examples=40)
@given(
    spacing=st.floats(0.5, 2.0),
    array_spacing=st.floats(9.0, 25.0),
    centre=POSITIONS,
    direction=DIRECTIONS.map(list),
    rotation=st.floats(-360.0, 360.0),
    power=st.floats(0.1, 100.0),
    energy=st.floats(1.0, 300.0),
    pull_back=st.floats(0.1, 60.0),
    start=st.floats(0.0, 100.0),
    size=st.none() | st.floats(210.0, 300.0).map(lambda value: f"{value!r} mm"),
)
def test_a_case_reads_again_from_what_it_resolves_to(
    spacing, array_spacing, centre, direction, rotation, power, energy, pull_back, start, size
):
    changes = [
        ("numerics/spacing", f"{spacing!r} mm"),
        ("fibres/spacing", f"{array_spacing!r} mm"),
        ("fibres/centre", centre),
        ("fibres/direction", direction),
        ("fibres/rotation", f"{rotation!r} deg"),
        ("protocol/steps/0", f"deliver {power!r} W until {energy!r} J"),
        ("protocol/steps/1", f"pull back {pull_back!r} mm"),
        ("tissue/start_temperature", f"{start!r} degC"),
    ]
    if size is not None:
        changes.append(("domain/size", size))
    case = Case.from_dict(changed(*changes), stored=True)
    again = Case.from_dict(case.resolved(), stored=True)
    assert again == case
    assert again.resolved() == case.resolved()
    assert again.grid() == case.grid()
    assert again.fibres_all == case.fibres_all
    assert again.protocol.all_steps == case.protocol.all_steps
    assert again.tissue == case.tissue


def test_cases_that_ask_for_something_else_differ():
    case = Case.from_dict(PATIENT)
    assert Case.from_dict(changed(("numerics/spacing", "1000 um"))) == case
    assert Case.from_dict(changed(("numerics/spacing", "2 mm"))) != case
    assert Case.from_dict(changed(("title", "another"))) != case


def test_the_text_and_its_hash_identify_a_case():
    case = Case.from_text(BENCH)
    assert case.text == BENCH
    assert case.sha256 == Case.from_text(BENCH.replace("\n", "\r\n")).sha256
    assert case.sha256 != Case.from_text(BENCH + "# a remark\n").sha256
    assert len(case.sha256) == 64
    mapped = Case.from_dict(tomllib.loads(BENCH))
    assert tomllib.loads(mapped.text) == tomllib.loads(BENCH)


def test_a_case_travels_to_a_worker_and_does_not_change():
    case = Case.from_text(BENCH)
    copied = pickle.loads(pickle.dumps(case))
    assert copied == case
    assert copied.text == case.text
    with pytest.raises(ValueError, match="frozen"):
        case.title = "other"


# Refusals


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        # unknown keys
        ("tissue/backgruond", "liver", 'tissue.backgruond: unknown key; did you mean "background"'),
        ("tumor", {}, 'tumor: unknown key; did you mean "tumour"'),
        ("numerics/margin", "1 mm", "did you mean tumour.margin"),
        ("domain/boundary", {"zmax": "body"}, 'domain.boundary.zmax: .*"z_max"'),
        ("vessel/0/daimeter", "6 mm", 'vessel#1.daimeter: .*"diameter"'),
        # missing or misplaced
        ("title", REMOVED, "title: is missing"),
        ("title", "  ", "title: "),
        ("schema", REMOVED, "schema: is missing.*ablsim/case/1"),
        ("schema", "ablsim/case/2", 'schema: .*allowed: "ablsim/case/1"'),
        ("tissue", REMOVED, "tissue: is missing"),
        ("tissue", "liver", r"tissue: .*\[tissue\]"),
        ("protocol", REMOVED, "protocol: is missing"),
        ("fibre", bare(["0 mm", "0 mm", "0 mm"]), r"fibre: .*\[\[fibre\]\]"),
        ("vessel", PATIENT["vessel"][0], r"vessel: .*\[\[vessel\]\]"),
        ("fibres/spacing", REMOVED, "fibres.spacing: is missing"),
        # units
        ("numerics/spacing", 1, "numerics.spacing: the bare number 1 .*1 mm"),
        ("numerics/spacing", "1 W", "numerics.spacing: .*is a power"),
        ("numerics/spacing", "nan mm", "numerics.spacing: .*not a finite number"),
        ("fibres/centre", ["0 mm", "0", "0 mm"], "fibres.centre.y: 0 has no unit"),
        ("fibres/centre", ["0 mm", "0 mm"], "fibres.centre: .*list of three"),
        ("fibres/rotation", 45, "fibres.rotation: the bare number 45 .*45 deg"),
        ("tissue/start_temperature", "37 W", "tissue.start_temperature: .*is a power"),
        # limits
        ("numerics/spacing", "4.1 mm", "numerics.spacing: 4.1 mm .*0.01 mm to 4 mm"),
        ("numerics/spacing", "0 mm", "numerics.spacing: 0 mm .*0.01 mm to 4 mm"),
        ("numerics/spacing", "3.8 mm", "numerics.spacing: 3.8 mm .*quarter.*15 mm.*3.75 mm"),
        ("domain/size", "401 mm", "domain.size: 401 mm .*at most 400 mm"),
        ("domain/size", ["80 mm", "80 mm", "500 mm"], "domain.size.z: 500 mm"),
        ("fibres/spacing", "400 mm", "domain.size: .*470 mm along .*at most 400 mm"),
        ("fibres/numerical_aperture", 0, "fibres.numerical_aperture: 0 .*more than 0"),
        ("fibres/numerical_aperture", 1.366, "fibres.numerical_aperture: .*less than 1.366"),
        ("fibres/numerical_aperture", math.nan, "fibres.numerical_aperture: nan"),
        ("fibres/numerical_aperture", "0.22", "fibres.numerical_aperture: .*pure number"),
        ("fibres/transmission", 1.01, "fibres.transmission: 1.01 .*at most 1"),
        ("tissue/start_temperature", "-1 degC", "tissue.start_temperature: .*0 degC to 100 degC"),
        ("tissue/start_temperature", "101 degC", "tissue.start_temperature: .*0 degC to 100 degC"),
        ("vessel/0/diameter", "2.9 mm", "vessel#1.diameter: 2.9 mm .*3 mm.*perfusion"),
        ("physics/char_fraction", 1.5, "physics.char_fraction: 1.5"),
        ("physics/char_fraction", "film_9um", 'physics.char_fraction: .*did you mean "film_8um"'),
        ("physics/char", "film_when_dry", 'physics.char: .*did you mean "film_when_hot"'),
        ("physics/track_fraction", 1.1, "physics.track_fraction: 1.1 .*at most 1"),
        ("physics/track_length", "0 mm", "physics.track_length: 0 mm .*more than 0 mm"),
        # protocol
        ("protocol/steps", [], "protocol: there is no delivery"),
        ("protocol/steps", ["rest for 5 s"], "protocol: there is no delivery"),
        ("protocol/steps/2", "deliver 101 W for 5 s", "protocol.steps#3: .*101 W.*100 W"),
        ("protocol/steps/2", "deliver 5 W for 5 h", "protocol.steps#3: .*at most 4 h"),
        ("protocol/steps/3", "rest for 49 h", "protocol.steps#4: .*48 h"),
        ("protocol/steps/1", "pull back 201 mm", "protocol.steps#2: .*200 mm"),
        ("protocol/steps/0", "deliver 5 W for 5 s with F7", "protocol.steps#1: .*F7.*F1, F2"),
        ("protocol/steps/0", "wait", "protocol.steps#1: cannot read.*rest for 180 s"),
        # fibres and shapes
        ("fibres", REMOVED, "fibre: there is no fibre"),
        ("fibres/spacing", "0.8 mm", "fibres.spacing: F1 and F2 are 0.8 mm apart.*0.82 mm"),
        ("fibres/direction", [0, 0, 0], "fibres.direction: .*points nowhere"),
        ("fibres/length", "20 mm", "fibres.length: belongs to diffusers"),
        ("fibres/kind", "diffuser", "fibres.length: is missing"),
        ("fibres/kind", "bear", 'fibres.kind: .*did you mean "bare"'),
        ("tumour/diameter", REMOVED, "tumour.diameter: is missing"),
        ("tumour/axes", ["3 cm", "2 cm", "1 cm"], "tumour.axes: belongs to another shape"),
        ("tumour/diameter", "0 mm", "tumour.diameter: 0 mm .*more than 0 mm"),
        ("vessel/0/points", [["0 mm", "0 mm", "0 mm"]], "vessel#1.points: .*two points"),
        ("vessel/0/points", [["0 mm", "0 mm", "0 mm"]] * 2, "vessel#1.points: .*the same"),
        ("vessel", PATIENT["vessel"] * 2, 'vessel: the name "right hepatic vein" is used 2 times'),
        # names of the library
        ("tissue/background", "livr", "tissue.background: .*'livr'.*did you mean 'liver'"),
        ("tumour/tissue", "hccs", "tumour.tissue: .*'hccs'.*did you mean 'hcc'"),
        ("physics/stasis", "brown", "physics.stasis: .*brown_stasis"),
        # wavelengths
        ("tissue/wavelength", "1000 nm", 'tissue.wavelength: 1000 nm is not known.*"980 nm"'),
        ("tissue/wavelength", "980 mm", "tissue.wavelength: .*not known.* and 1470 nm only"),
        ("tissue/wavelength", 980, "tissue.wavelength: .*no unit"),
        # later parts
        (
            "organ",
            [{"name": "gallbladder", "tissue": "bile", "shape": "mask"}],
            "organ#1.file: is missing; write for example file = ",
        ),
        ("tumour/file", "t.nii", "tumour.file: belongs to another shape than sphere"),
        ("physics/boiling", "clamp", 'physics.boiling: .*"apparent_enthalpy_99_101"'),
        (
            "physics",
            {"death": "three_state", "death_shift": "1 K"},
            'physics.death_shift: 1 K has no meaning for "three_state"',
        ),
        ("physics/steam_condensation", 1.5, "physics.steam_condensation: 1.5 .*at most 1"),
        ("physics/stasis", "three_state", 'physics.stasis: "three_state" .*"brown_stasis"'),
        (
            "physics/death",
            "liver_whitening_distributed",
            'physics.death: .* physics.whitening alone; write for example "reddy_hcc_2013"',
        ),
        ("numerics/spacing", "automatic", 'numerics.spacing: .*or "auto"'),
        ("numerics", {"spacing": "auto", "accuracy": 1}, "numerics.accuracy: 1 .*at most 0.2"),
        ("numerics", {"spacing": "2 mm", "accuracy": 0.1}, 'accuracy: 0.1 .* spacing = "auto"'),
        ("numerics/photons", 10, "numerics.photons: 10 .*1000 to 4000000"),
        ("numerics/photons", 3e4, "numerics.photons: .*not a whole number"),
        ("numerics/seed", -1, "numerics.seed: -1 .*allowed, 0 to .*example 1"),
        ("numerics/seed", "1", "numerics.seed: .*not a whole number"),
        ("numerics/time_stepping", "rkl3", "numerics.time_stepping: .*euler.*rkl2"),
        ("protocol/steps/1", "ramp from 2 W to 101 W over 60 s", "protocol.steps#2: .*100 W"),
        ("protocol/steps/1", "reposition by 0 mm, 401 mm, 0 mm", "protocol.steps#2: .*400 mm"),
        ("protocol/steps/1", "reposition by 0 mm, 9 mm", "protocol.steps#2: .*list of three"),
        ("protocol/steps/0", {"deliver": {"log": "a.csv"}}, "protocol.steps#1: .*no laser log"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key_and_the_remedy(path, value, complaint):
    with pytest.raises(CaseError, match=complaint) as caught:
        Case.from_dict(changed((path, value)))
    assert str(caught.value).startswith("the case: ")


def leaves(table, path=()):
    """Return the path of every value and table of a case."""
    entries = table.items() if isinstance(table, dict) else enumerate(table)
    for key, value in entries:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from leaves(value, (*path, key))


@pytest.mark.parametrize(
    "value",
    [
        True,
        -1,
        10**400,
        math.nan,
        math.inf,
        "",
        "x",
        "1e308 mm",
        "-3 W",
        "1e-300 mm",
        [],
        [[]],
        [1e308, 0, 0],
        ["1e308 mm"] * 3,
        {},
        {"kind": []},
        {"deliver": {"power": []}},
        {1: 2, "a": 3},
        datetime.date(2020, 1, 1),
    ],
    ids=repr,
)
def test_nonsense_at_any_place_is_refused_or_read_but_never_breaks(value):
    case = Case.from_dict(PATIENT).resolved()
    for path in leaves(case):
        *tables, key = path
        table = nonsense = copy.deepcopy(case)
        for name in tables:
            table = table[name]
        table[key] = value
        with contextlib.suppress(CaseError):
            read = Case.from_dict(nonsense)
            assert Case.from_dict(read.resolved()) == read


def test_all_problems_of_a_file_are_told_together():
    with pytest.raises(CaseError) as caught:
        Case.from_dict(
            changed(
                ("titel", "x"),
                ("tissue/start_temperature", "120 degC"),
                ("fibres/direction", [0, 0, 0]),
                ("protocol/steps/0", "deliver 500 W for 3 s"),
                ("numerics/seed", -1),
            ),
            source="liver.toml",
        )
    first, *lines = str(caught.value).splitlines()
    assert first == "liver.toml has 5 problems:"
    keys = {line.split(":")[0].strip() for line in lines}
    assert keys == {
        "titel",
        "tissue.start_temperature",
        "fibres.direction",
        "protocol.steps#1",
        "numerics.seed",
    }


def test_problems_that_only_the_whole_case_shows_are_told_together():
    with pytest.raises(CaseError) as caught:
        Case.from_dict(
            changed(
                ("tissue/background", "livr"),
                ("numerics/spacing", "3.9 mm"),
                ("protocol/steps/0", "deliver 5 W for 5 s with F7"),
            )
        )
    for key in ("tissue.background", "numerics.spacing", "protocol.steps#1"):
        assert f"\n  {key}: " in str(caught.value)


def test_a_wrong_start_temperature_of_a_bench_case_is_told_once():
    table = {"background": "liver", "perfusion": "none", "start_temperature": "200 degC"}
    with pytest.raises(CaseError) as caught:
        Case.from_dict(changed(("tissue", table)))
    assert str(caught.value).count("200 degC is outside") == 1
    assert "body_temperature" not in str(caught.value)


def test_one_fibre_may_have_any_spacing_up_to_4_mm():
    single = {"kind": "bare", "pattern": "single", "direction": [0, 0, -1]}
    case = Case.from_dict(changed(("fibres", single), ("numerics/spacing", "4 mm")))
    assert case.numerics.spacing == 0.004


def test_a_fibre_outside_the_domain_is_refused():
    with pytest.raises(CaseError, match=r"fibre#1.tip: F1 lies outside.*y -50 mm to 50 mm"):
        Case.from_dict(
            changed(
                ("domain", {"size": "100 mm", "centre": ["0 mm", "0 mm", "0 mm"]}),
                ("fibre", [bare(["0 mm", "51 mm", "0 mm"])]),
            )
        )


def test_a_fibre_that_is_pulled_out_of_the_domain_is_refused():
    changes = [
        ("domain", {"size": "60 mm", "centre": ["0 mm", "0 mm", "0 mm"]}),
        ("protocol/steps/1", "pull back 36 mm"),
    ]
    positions = Case.from_dict(changed(*changes)).protocol.positions
    assert [position.pulled_back for position in positions] == [0.0, 0.036]
    changes[1] = ("protocol/steps/1", "pull back 37 mm")
    with pytest.raises(CaseError, match=r"protocol.steps: F1 leaves the domain.*37 mm"):
        Case.from_dict(changed(*changes))


@pytest.mark.parametrize(("name", "share"), [("film_8um", 0.44), ("film_26um", 0.85)])
def test_a_measured_film_can_be_named_in_place_of_its_fraction(name, share):
    case = Case.from_dict(changed(("physics", {"char_fraction": name})))
    assert case.physics.char_fraction == share
    assert case.resolved()["physics"]["char_fraction"] == share


def test_a_heated_track_that_leaves_the_domain_is_refused():
    domain = ("domain", {"size": "60 mm", "centre": ["0 mm", "0 mm", "0 mm"]})
    track = {"track_fraction": 0.3, "track_length": "20 mm"}
    assert Case.from_dict(changed(domain, ("physics", track))).physics.track_length == 0.02
    track["track_length"] = "30 mm"  # tips at z = -6 mm, pulled back 12 mm, the face at 30 mm
    with pytest.raises(CaseError, match=r"physics.track_length: 30 mm .*F1.*36 mm.*shorten"):
        Case.from_dict(changed(domain, ("physics", track)))
    track["track_fraction"] = 0.0
    assert Case.from_dict(changed(domain, ("physics", track))).physics.track_fraction == 0.0


def test_a_tumour_that_reaches_out_of_the_domain_is_refused():
    size = ("domain", {"size": ["60 mm", "29 mm", "60 mm"], "centre": ["0 mm", "0 mm", "0 mm"]})
    with pytest.raises(CaseError, match=r"tumour: it reaches from -15 mm to 15 mm along y"):
        Case.from_dict(changed(size))


def test_two_fibres_may_touch_with_their_needles_but_not_overlap():
    fibres = [bare(["0 mm", "0 mm", "0 mm"]), bare(["0.82 mm", "0 mm", "0 mm"])]
    fine = ("numerics/spacing", "0.2 mm")
    changes = [("fibres", REMOVED), ("fibre", fibres), fine, ("tumour", REMOVED)]
    assert len(Case.from_dict(changed(*changes)).fibres_all) == 2
    fibres[1]["tip"] = ["0.5 mm", "0.6 mm", "9 mm"]
    with pytest.raises(CaseError, match=r"fibre#2.tip: F1 and F2 are 0.78102 mm apart"):
        Case.from_dict(changed(*changes))


def test_a_name_used_twice_is_refused():
    fibres = [bare(["0 mm", "0 mm", "0 mm"], name="F3")]
    with pytest.raises(CaseError, match='fibre: the name "F3" is used 2 times'):
        Case.from_dict(changed(("fibre", fibres)))


def test_a_run_that_needs_more_memory_than_is_free_is_refused_but_a_stored_case_opens(monkeypatch):
    monkeypatch.setattr(case_memory, "free_memory", lambda: 450e6)
    with pytest.raises(CaseError, match=r"numerics.spacing: at 1 mm .*0.509 GB.*0.45 GB") as caught:
        Case.from_dict(PATIENT)
    suggested = re.search(r'write for example "([\d.]+ mm)"', str(caught.value))[1]
    assert Case.from_dict(changed(("numerics/spacing", suggested)))
    assert Case.from_dict(PATIENT, stored=True)
    monkeypatch.setattr(case_memory, "free_memory", lambda: None)
    assert Case.from_dict(PATIENT)


def test_this_machine_has_some_memory():
    free = case_memory.free_memory()
    assert free is None or 0.0 < free < 1e15


# Files


def write(folder, text):
    path = folder / "liver.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('title = "x"\nspacing = 1 mm\n', 'liver.toml: line 2, column 13 .*quotes.*"1 mm"'),
        ("title = \n", "liver.toml: line 1, column 9 "),
        ('title = "x\n', "liver.toml: line 1, column 11 "),
        ("[tissue", "liver.toml: line 1, column 8 "),
        ("{", "liver.toml: line 1, column 2 "),
        ("", "liver.toml has 4 problems:"),
        (f"title = {'9' * 5000}", "liver.toml: cannot be read"),
        (f"title = {'[' * 5000}", "liver.toml: "),
    ],
)
def test_a_slip_in_the_file_is_told_with_its_line(tmp_path, text, complaint):
    with pytest.raises(CaseError, match=complaint):
        Case.from_toml(write(tmp_path, text))


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path):
    with pytest.raises(CaseError, match="no such file"):
        Case.from_toml(tmp_path / "nothing.toml")
    with pytest.raises(CaseError, match="cannot be read"):
        Case.from_toml(tmp_path)
    (tmp_path / "image.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CaseError, match="not UTF-8"):
        Case.from_toml(tmp_path / "image.toml")


def test_a_byte_order_mark_does_not_matter(tmp_path):
    assert Case.from_toml(write(tmp_path, "\ufeff" + BENCH)).text == BENCH


# Schema for editors


def test_the_schema_knows_every_key_and_what_a_quantity_looks_like():
    schema = Case.json_schema()
    assert set(schema["required"]) == {"schema", "title", "tissue", "protocol"}
    assert schema["additionalProperties"] is False
    tables = schema["$defs"]
    assert "null" not in json.dumps(schema)
    either = tables["NumericsTable"]["properties"]["spacing"]
    automatic, spacing = either["anyOf"]
    assert automatic == {"const": "auto"}
    for text in ("1 mm", "0.5mm", "1e-3 m", *spacing["examples"]):
        assert re.search(spacing["pattern"], text)
    for text in ("1", "mm", "one mm"):
        assert not re.search(spacing["pattern"], text)
    assert either["default"] == "1 mm"
    assert tables["TissueTable"]["properties"]["perfusion"]["enum"] == [
        "normal",
        "none",
        "occluded",
    ]


def test_every_key_of_a_resolved_case_is_in_the_schema():
    schema = Case.json_schema()

    def check(table, description):
        if "$ref" in description:
            description = schema["$defs"][description["$ref"].rpartition("/")[2]]
        for entry in table if isinstance(table, list) else ():
            check(entry, description.get("items", {}))
        for key, value in table.items() if isinstance(table, dict) else ():
            assert key in description["properties"], key
            check(value, description["properties"][key])

    for path in CASES:
        check(Case.from_toml(path).resolved(), schema)


def test_reading_a_case_loads_neither_compiler_nor_pictures():
    heavy = "[m for m in ('numba', 'pyvista', 'h5py') if m in sys.modules]"
    code = f"import sys, ablsim.case; print({heavy})"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def with_steps(*steps):
    return changed(("protocol/steps", list(steps)), ("tumour", REMOVED), ("vessel", REMOVED))


def test_the_automatic_domain_covers_every_placement():
    steps = ("deliver 5 W for 60 s", "reposition by 0 mm, 20 mm, 0 mm", "deliver 5 W for 60 s")
    once, twice = (Case.from_dict(with_steps(*steps[:n])).grid() for n in (1, 3))
    assert twice.size[1] - once.size[1] == pytest.approx(20e-3)
    assert twice.size[0] == once.size[0]
    assert twice.origin == pytest.approx(once.origin)


def test_fibres_repositioned_out_of_the_domain_are_refused():
    steps = ["deliver 5 W for 60 s", "reposition by 0 mm, 80 mm, 0 mm", "deliver 5 W for 60 s"]
    table = with_steps(*steps) | {"domain": {"size": "90 mm"}}
    complaint = r"protocol.steps: F1 lies outside .* repositioned by 0 mm, 80 mm, 0 mm, with"
    with pytest.raises(CaseError, match=complaint):
        Case.from_dict(table)


def test_fibres_repositioned_by_themselves_may_not_meet_either():
    steps = [
        "deliver 5 W for 60 s",
        "reposition by {} mm, 0 mm, 0 mm with F1",
        "deliver 5 W for 9s",
    ]
    apart = r"protocol.steps: F1 and F2 are 0.5 mm apart"
    cells = r"numerics.spacing: 1 mm is over a quarter of the fibre spacing, 3 mm"
    for by, complaint in ((14.5, apart), (12, cells)):
        with pytest.raises(CaseError, match=complaint):
            Case.from_dict(with_steps(*(step.format(by) for step in steps)))
    assert Case.from_dict(with_steps(*(step.format(5) for step in steps)))


def test_every_kind_of_step_reads_again_from_what_the_case_resolves_to():
    case = Case.from_dict(
        with_steps(
            "ramp from 2 W to 5 W over 60 s with F1, F2",
            "pull back 10 mm",
            {"deliver": {"log": [["0 s", "F1", "5 W"], ["9.5 s", "F1", "0 W"]]}},
            "reposition by 0 mm, 20 mm, 0 mm",
            "deliver 5 W for 60 s",
            "new session",
            "deliver 5 W for 60 s",
        )
    )
    again = Case.from_text(case.text)
    assert again == Case.from_dict(case.resolved()) == case
    assert again.protocol.steps == case.protocol.steps
    assert (case.protocol.placements, case.protocol.sessions) == (3, 2)


def test_a_laser_log_is_part_of_the_case(tmp_path):
    log = tmp_path / "logs" / "laser_log.csv"
    log.parent.mkdir()
    log.write_text("time,fibre,power\n0,F1,5\n60,F1,0\n", encoding="utf-8")
    path = tmp_path / "case.toml"
    step = 'steps = [{ deliver = { log = "logs/laser_log.csv" } }]'
    path.write_text(BENCH.replace('steps = ["deliver 4 W for 300 s"]', step), encoding="utf-8")
    case = Case.from_toml(path)
    log.write_text("time,fibre,power\n0,F1,5\n61,F1,0\n", encoding="utf-8")
    other = Case.from_toml(path)
    log.unlink()
    assert Case.from_text(case.text) == case
    assert Case.from_text(case.text).sha256 == case.sha256 != other.sha256
    assert Case.from_dict(case.resolved()) == case
    assert [c.protocol.laser_time for c in (case, other)] == [60.0, 61.0]
    with pytest.raises(CaseError, match=r"protocol.steps#1: there is no laser log .*laser_log.csv"):
        Case.from_toml(path)


def test_what_is_wrong_with_a_laser_log_is_told_with_the_rest_of_the_case(tmp_path):
    (tmp_path / "log.csv").write_text("time,fibre,power\n0,F1,500\n60,F1,0\n", encoding="utf-8")
    table = with_steps({"deliver": {"log": "log.csv"}}, "deliver 101 W for 3 s")
    with pytest.raises(CaseError) as caught:
        Case.from_dict(table, folder=tmp_path)
    assert "protocol.steps#1: log.csv: line 2: the power 500 W of F1" in str(caught.value)
    assert "protocol.steps#2: " in str(caught.value)
    (tmp_path / "log.csv").write_text("time,fibre,power\n0,F1,5\n9,F1,0\n1,G,0\n", encoding="utf-8")
    with pytest.raises(CaseError, match=r'protocol.steps#1: line 4 of the log, "G"'):
        Case.from_dict(table | with_steps({"deliver": {"log": "log.csv"}}), folder=tmp_path)


def test_steam_cannot_condense_where_none_leaves_its_place():
    physics = {"boiling": "apparent_enthalpy_99_101", "steam_condensation": 0.5}
    with pytest.raises(CaseError, match=r'steam_condensation: 0.5 .*boiling = "water_state"'):
        Case.from_dict(changed(("physics", physics)))
