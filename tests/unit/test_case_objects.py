"""Organs, probes and vessels in the case file: how they are read, and what is refused."""

import contextlib

import pytest

from ablsim.case import Case
from ablsim.errors import CaseError
from ablsim.shapes import Ellipsoid, HalfSpace, Tube
from ablsim.units import to_kelvin

BASE = {
    "schema": "ablsim/case/1",
    "title": "objects",
    "tissue": {"background": "liver"},
    "tumour": {"tissue": "net_metastasis", "diameter": "10 mm"},
    "fibre": [{"kind": "bare", "tip": ["0 mm", "0 mm", "0 mm"], "direction": [0, 0, -1]}],
    "protocol": {"steps": ["deliver 5 W for 60 s"]},
}
LIMITS = {"peak_temperature": "45 degC", "damage": 0.01}


def point(*millimetres):
    return [f"{number} mm" for number in millimetres]


def organ(**keys):
    sphere = {"shape": "sphere", "centre": point(20, 0, 0), "diameter": "20 mm"}
    shape = {} if "shape" in keys else sphere
    return {"name": "gallbladder", "tissue": "bile", **shape, **keys}


def case(*organs, probes=(), **changes):
    return Case.from_dict(BASE | {"organ": list(organs), "probe": list(probes)} | changes)


SHAPES = {
    "sphere": (organ(), Ellipsoid((0.02, 0.0, 0.0), (0.02,) * 3)),
    "ellipsoid": (
        organ(
            shape="ellipsoid",
            centre=point(25, 0, 0),
            axes=["40 mm", "20 mm", "30 mm"],
            orientation=[[0, 0, 1], [1, 0, 0]],
        ),
        Ellipsoid(
            (0.025, 0.0, 0.0),
            (0.04, 0.02, 0.03),
            ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        ),
    ),
    "capsule": (
        organ(shape="capsule", points=[point(20, 0, -9), point(20, 0, 9)], diameter="8 mm"),
        Tube(((0.02, 0.0, -0.009), (0.02, 0.0, 0.009)), 0.004),
    ),
    "half_space": (
        organ(shape="half_space", point=point(0, 0, 20), normal=[0, 0, 2]),
        HalfSpace((0.0, 0.0, 0.02), (0.0, 0.0, 1.0)),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_organ_is_read_in_si_and_written_out_again(shape):
    table, body = SHAPES[shape]
    read = case(table | {"no_go": LIMITS})
    (found,) = read.organs
    assert found.body == body
    assert (found.no_go.peak_temperature, found.no_go.damage) == (to_kelvin(45.0), 0.01)
    assert Case.from_dict(read.resolved()) == read


def test_either_limit_may_be_left_out_and_both():
    assert case(organ(no_go={"damage": 0.5})).organs[0].no_go.peak_temperature is None
    assert case(organ(no_go={"peak_temperature": "44 degC"})).organs[0].no_go.damage is None
    assert case(organ()).organs[0].no_go is None


def test_probes_are_read_in_si_and_written_out_again():
    read = case(probes=[{"name": "T1", "position": point(5, 0, -1)}])
    assert read.probes[0].position == (0.005, 0.0, -0.001)
    assert Case.from_dict(read.resolved()) == read


def test_organs_do_not_enlarge_the_domain():
    large = organ(diameter="180 mm", centre=point(110, 0, 0))
    assert case(large).grid() == case().grid()


def test_an_organs_tissue_can_be_overridden():
    override = {"bile": {"absorption": "0.2 1/cm"}}
    tissue = {"background": "liver", "override": override}
    assert case(organ(), tissue=tissue).tissue.find("bile").optical.native.absorption.value == 0.2
    with pytest.raises(CaseError, match=r"tissue.override.bile: no part of the case is bile"):
        case(tissue=tissue)


SPHERE_NEEDS = "organ#1.normal: belongs to another shape than sphere; remove it or change shape"
WRONG = [
    (organ(normal=[0, 0, 1]), SPHERE_NEEDS),
    (organ(shape="sphere"), 'organ#1.centre: is missing; write for example centre = ["0 mm"'),
    (organ(shape="capsule", points=[point(0, 0, 20)] * 2, diameter="5 mm"), "the same"),
    (organ(shape="ellipsoid", centre=point(20, 0, 0)), "organ#1.axes: is missing; write"),
    (organ(shape="half_space", point=point(0, 0, 20)), "organ#1.normal: is missing; write"),
    (organ(shape="half_space", point=point(0, 0, 20), normal=[0, 0, 0]), "points nowhere"),
    (organ(shape="cone"), '"cone" is not known'),
    (organ(shape="mask"), "organ#1.file: is missing; write for example file = "),
    (organ(file="gb.nii.gz"), "organ#1.file: belongs to another shape than sphere; remove"),
    (organ(tissue="bil"), "organ#1.tissue: unknown tissue 'bil': did you mean 'bile'"),
    (organ(tissue="blood"), "organ#1.tissue: blood belongs to vessels; write a [[vessel]] for it"),
    (organ(no_go={}), "organ#1.no_go: there is no limit in it; write for example"),
    (organ(no_go={"damage": "1 %"}), "organ#1.no_go.damage: "),
    (organ(no_go={"damage": 0}), "organ#1.no_go.damage: 0 is outside what is allowed, more than"),
    (organ(no_go={"peak_temperature": "45 K"}), "organ#1.no_go.peak_temperature: 45 K is outside"),
    (
        organ(no_go={"peak_temperature": "37 degC"}),
        "organ#1.no_go.peak_temperature: 37 degC is passed before the treatment begins; allowed",
    ),
    (
        organ(centre=point(80, 0, 0)),
        "organ#1: no cell of the domain lies in gallbladder; the domain is x -35 mm to 35 mm",
    ),
    (organ(centre=point(20, 0, 0), diameter="0.1 mm"), "organ#1: no cell of the domain lies in"),
    (
        organ(centre=point(0, 0, 0), diameter="16 mm"),
        "organ#1: nothing is left of the tumour, which lies wholly in gallbladder",
    ),
    (
        organ(centre=point(6, 0, 0), diameter="12 mm", no_go=LIMITS),
        "fibre#1.tip: F1 gives light inside gallbladder, which is no-go, with a point at (0 mm, 0 "
        "mm, 0 mm); move the fibre, or remove no_go from organ#1",
    ),
]


@pytest.mark.parametrize(("table", "words"), WRONG)
def test_a_wrong_organ_is_refused_with_its_key_and_the_remedy(table, words):
    with pytest.raises(CaseError) as caught:
        case(table)
    assert words in str(caught.value)


def test_light_inside_an_organ_without_limits_is_allowed():
    assert case(organ(centre=point(6, 0, 0), diameter="12 mm")).organs[0].no_go is None


def test_a_fibre_pulled_back_into_a_no_go_organ_is_refused_by_its_step():
    steps = ["deliver 5 W for 60 s", "pull back 10 mm", "deliver 5 W for 60 s"]
    above = organ(centre=point(0, 0, 13), diameter="8 mm", no_go=LIMITS)
    with pytest.raises(CaseError, match=r"^the case: protocol.steps: F1 gives light inside"):
        case(above, protocol={"steps": steps})
    assert case(above).organs


def test_a_diffuser_through_a_no_go_duct_is_refused_though_both_its_ends_are_outside():
    fibre = {
        "kind": "diffuser",
        "length": "20 mm",
        "tip": point(0, 0, -10),
        "direction": [0, 0, -1],
    }
    duct = organ(shape="capsule", points=[point(-30, 0, 5), point(30, 0, 5)], diameter="3 mm")
    with pytest.raises(CaseError, match=r"fibre#1.tip: F1 gives light inside gallbladder"):
        case(duct | {"no_go": LIMITS}, fibre=[fibre])


def test_a_repeated_name_is_refused():
    probes = [{"name": "T1", "position": point(5, 0, 0)}] * 3
    with pytest.raises(CaseError) as caught:
        case(organ(), organ(), probes=probes)
    assert 'organ: the name "gallbladder" is used 2 times; use it once' in str(caught.value)
    assert 'probe: the name "T1" is used 3 times; use it once' in str(caught.value)


def test_a_probe_outside_the_domain_is_refused():
    with pytest.raises(CaseError) as caught:
        case(probes=[{"name": "T1", "position": point(0, 0, 36)}])
    assert str(caught.value) == (
        "the case: probe#1.position: T1 lies outside the domain, at (0 mm, 0 mm, 36 mm); the "
        "domain is x -35 mm to 35 mm, y -35 mm to 35 mm, z -35 mm to 35 mm; move the probe or "
        "give a larger domain.size"
    )


@pytest.mark.parametrize("key", ["organ", "probe"])
def test_single_brackets_are_named(key):
    with pytest.raises(CaseError, match=rf"{key}: is a list of tables; write \[\[{key}\]\]"):
        Case.from_dict(BASE | {key: {"name": "x"}})


def test_a_fine_grid_is_not_searched_cell_by_cell():
    numerics = {"spacing": "0.05 mm"}
    with pytest.raises(CaseError, match=r"no cell of the domain lies in gallbladder"):
        case(organ(centre=point(80, 0, 0)), numerics=numerics)
    with pytest.raises(CaseError, match=r"numerics.spacing: .*GB"):
        case(organ(diameter="60 mm", centre=point(40, 0, 0)), numerics=numerics)


NONSENSE = [True, 3, -1.5, float("nan"), "", "7 mm", "-1e300 mm", [], [1e308, 0, 0], {}, {"a": 1}]


@pytest.mark.parametrize("value", NONSENSE, ids=repr)
def test_nonsense_at_any_place_is_refused_or_read_but_never_breaks(value):
    tables = [table | {"no_go": LIMITS, "name": shape} for shape, (table, _) in SHAPES.items()]
    for i, table in enumerate(tables):
        for key in table:
            changed = [*tables[:i], table | {key: value}, *tables[i + 1 :]]
            with contextlib.suppress(CaseError):
                read = case(*changed)
                assert Case.from_dict(read.resolved()) == read
    probe = {"name": "T1", "position": point(5, 0, 0)}
    for key in probe:
        with contextlib.suppress(CaseError):
            read = case(probes=[probe | {key: value}])
            assert Case.from_dict(read.resolved()) == read


def test_an_unknown_limit_is_refused_with_those_there_are():
    with pytest.raises(CaseError) as caught:
        case(organ(no_go={"peak_temperatur": "45 degC"}))
    assert str(caught.value) == (
        'the case: organ#1.no_go.peak_temperatur: unknown key; did you mean "peak_temperature"? '
        "allowed here: peak_temperature, damage"
    )


def test_a_vessel_keeps_its_flow_unless_the_case_says_that_it_occludes():
    vessel = {"name": "v", "diameter": "4 mm", "points": [point(9, 0, -50), point(9, 0, 50)]}
    walls = [case(vessel=[vessel | keys]).vessels[0].wall for keys in ({}, {"wall": "occludes"})]
    assert walls == ["free", "occludes"]
