"""What a case says about a tissue reaches heat, light and the list of sources, and nothing else."""

import copy
import math
import tomllib

import numpy as np
import pytest

from ablsim.bibliography import list_numbers
from ablsim.case import Case
from ablsim.case_overrides import OverrideTable
from ablsim.domain import make_domain
from ablsim.errors import CaseError
from ablsim.heat.medium import make_medium
from ablsim.light.tissue_optics import TissueOptics
from ablsim.simulation import simulate
from ablsim.tissue.library import get_optics, get_perfusion, get_tissue
from ablsim.tissue.properties import Sourced
from ablsim.tissue.sources import list_sources, list_uses
from ablsim.units import to_kelvin

CASE = tomllib.loads("""
schema = "ablsim/case/1"
title = "Overrides"
[domain]
size = "30 mm"
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
diameter = "10 mm"
[[fibre]]
kind = "bare"
tip = ["0 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W for 20 s"]
[numerics]
spacing = "2 mm"
""")
BLOOD_HEAT = 1049.75 * 3617.0

EVERY = {
    "perfusion_rate": "0.02 1/s",
    "absorption": "0.6 1/cm",
    "reduced_scattering": "5 1/cm",
    "anisotropy": 0.9,
    "coagulated_absorption": "0.7 1/cm",
    "coagulated_reduced_scattering": "16 1/cm",
    "coagulated_anisotropy": 0.91,
    "charred_absorption": "60 1/cm",
    "charred_reduced_scattering": "21 1/cm",
    "charred_anisotropy": 0.1,
    "refractive_index": 1.4,
    "conductivity": "0.6 W/(m K)",
    "conductivity_gain": 0.5,
    "gain_start": "60 degC",
    "gain_end": "90 degC",
    "conductivity_dry": "0.25 W/(m K)",
    "density": "1100 kg/m^3",
    "specific_heat": "3600 J/(kg K)",
    "heat_capacity_dry": "500000 J/(m^3 K)",
    "water_fraction": 0.7,
}
PUBLISHED = {"optics", "scattering", "conductivity_law"}
FRACTIONS = {"blood_fraction", "saturation", "fat_fraction"}


def case_with(name="liver", **override):
    table = copy.deepcopy(CASE)
    table["tissue"]["override"] = {name: override}
    return Case.from_dict(table)


def rows(case):
    return make_medium(case, make_domain(case)).table


def light(case, coagulation=0.0, char=0.0):
    """Absorption and reduced scattering [1/m] of a cell of each tissue."""
    domain = make_domain(case)
    labels = np.arange(len(domain.tissues), dtype=np.uint8).reshape(1, 1, -1)
    shares = [np.full(labels.shape, share, dtype=np.float32) for share in (coagulation, char)]
    absorption, scattering = TissueOptics(labels, domain.tissues).mix(*shares)
    return absorption.ravel(), scattering.ravel()


@pytest.mark.parametrize(
    ("text", "per_second"),
    [
        ("86 mL/min/100g", 860e-6 / 60.0 * 1078.75),
        ("860 mL/min/kg", 860e-6 / 60.0 * 1078.75),
        ("0.0123 1/s", 0.0123),
        ("0.6 1/min", 0.01),
        ("rfa_legacy_356", 356e-6 / 60.0 * 1078.75),
        ("hypovascular", 0.006),
    ],
)
def test_a_perfusion_rate_given_reaches_the_row_of_the_heat_solver(text, per_second):
    table, plain = rows(case_with(perfusion_rate=text)), rows(Case.from_dict(CASE))
    assert table[0, 8] == pytest.approx(per_second * BLOOD_HEAT)
    assert np.array_equal(table[1], plain[1])  # the tumour keeps its own
    assert np.array_equal(table[0, :8], plain[0, :8])


def test_heat_parameters_given_reach_the_row_of_the_heat_solver():
    keys = ("conductivity", "conductivity_dry", "conductivity_gain", "gain_start", "gain_end")
    keys += ("density", "specific_heat", "heat_capacity_dry", "water_fraction")
    row = rows(case_with(**{key: EVERY[key] for key in keys}))[0]
    expected = [1100.0 * 3600.0, 5e5, 1100.0 * 0.7 * 2.257e6, 0.6, 0.25, 0.5, 23.0, 1.0 / 30.0]
    assert row[:8] == pytest.approx(expected)
    assert row[8] == pytest.approx(860.46e-6 / 60.0 * 1100.0 * BLOOD_HEAT)  # per mass: denser


def test_blood_given_by_the_case_carries_the_heat_of_perfusion():
    case = case_with("blood", specific_heat="4000 J/(kg K)")
    liver = get_tissue("liver").perfusion
    assert rows(case)[0, 8] == pytest.approx(liver * 1049.75 * 4000.0)


def test_optical_parameters_given_reach_the_coefficients_of_the_light():
    case = case_with(
        "net_metastasis",
        absorption="0.9 1/cm",
        reduced_scattering="1.1 1/mm",
        coagulated_absorption="0.4 1/cm",
        charred_reduced_scattering="33 1/cm",
    )
    liver = get_tissue("liver").optical.native
    assert light(case)[0] == pytest.approx([liver.absorption.si, 90.0])
    assert light(case)[1] == pytest.approx([liver.reduced_scattering.si, 1100.0])
    assert light(case, coagulation=1.0)[0][1] == pytest.approx(40.0)
    assert light(case, coagulation=1.0)[1][1] == pytest.approx(1400.0)  # not given: its own
    assert light(case, char=1.0)[1][1] == pytest.approx(3300.0)


def test_published_optics_replace_all_states_and_single_numbers_go_over_them():
    case = case_with(optics="frankfurt_litt_1064", absorption="0.8 1/cm")
    liver = case.tissue.find("liver").optical
    frankfurt = get_optics("frankfurt_litt_1064")
    assert light(case)[0][0] == pytest.approx(80.0)
    assert light(case)[1][0] == pytest.approx(240.0)
    assert light(case, coagulation=1.0)[0][0] == pytest.approx(60.0)
    assert liver.coagulated is frankfurt.coagulated


@pytest.mark.parametrize(
    ("name", "at_37", "at_90"),
    [
        ("constant_itis", 0.5191, 0.5191),
        ("k_mohammadi_dry", 0.5191, 0.5191 * (1.0 + 0.6 * 25.0 / 27.0)),
        ("k_guntur2013", 0.520, 0.520 * 1.45),
        ("k_silva2020", 0.5191, 0.5191),
        ("k_choi2013", 0.5191, 0.5191 * 0.8),
        ("k_valvano", 0.4692 + 0.00116 * 37.0, 0.4692 + 0.00116 * 90.0),
    ],
)
def test_published_conductivities_are_those_of_their_sources(name, at_37, at_90):
    case = case_with(conductivity_law=name)
    wet = case.tissue.find("liver").thermal.conductivity_at(to_kelvin(np.array([37.0, 90.0])))
    assert wet == pytest.approx([at_37, at_90], rel=1e-3)
    assert rows(case)[0, 3] == pytest.approx(at_37, rel=1e-3)


def test_more_absorption_gives_less_light_to_the_outer_faces():
    plain = simulate(Case.from_dict(CASE)).ledger.escaped
    tumour = simulate(case_with("net_metastasis", absorption="3 1/cm")).ledger.escaped
    assert 0.0 < tumour < 0.7 * plain


def test_every_number_of_a_tissue_can_be_given_and_is_then_cited_as_given_in_the_case():
    case = case_with(**EVERY)
    assert set(EVERY) | PUBLISHED | FRACTIONS == set(OverrideTable.model_fields)
    uses = [use for use in list_uses([case.tissue.find("liver")], constants={})]
    assert len(uses) == len(EVERY)
    assert {use.number.source for use in uses} == {"given in the case"}
    assert list_sources(uses) == ()
    given = {use.parameter.removeprefix("native ").replace(" ", "_"): use.number for use in uses}
    for key, value in EVERY.items():
        assert str(given[key]) == str(value)


def test_cite_lists_what_is_given_beside_the_sources_of_the_rest():
    lines = [str(use) for use in list_numbers(case_with(absorption="0.6 1/cm"))]
    assert "liver native absorption 0.6 1/cm given in the case" in lines
    assert "liver conductivity 0.5191 W/(m K) Hasgall2022" in lines
    named = [str(use) for use in list_numbers(case_with(perfusion_rate="carlisle_790"))]
    assert "liver perfusion rate 793 mL/min/kg Carlisle1992" in named


def test_cite_lists_the_perfusion_that_the_tumour_asks_for():
    table = copy.deepcopy(CASE)
    table["tumour"]["perfusion"] = "hypovascular"
    lines = [str(use) for use in list_numbers(Case.from_dict(table))]
    assert "net_metastasis perfusion rate 0.006 1/s assumed" in lines
    assert sum("net_metastasis perfusion rate" in line for line in lines) == 1


def test_another_share_of_blood_changes_the_absorption_and_what_it_became_is_cited():
    case = case_with(blood_fraction=0.24)
    liver = get_tissue("liver").optical
    bloody = light(case)[0][0]
    assert bloody == pytest.approx(49.84 + 100.0 * 0.12 * (0.7 * 3.5 + 0.3 * 0.5), rel=1e-3)
    assert light(case)[1][0] == pytest.approx(liver.native.reduced_scattering.si)
    assert light(case, coagulation=1.0)[0][0] == pytest.approx(bloody)
    assert light(case)[0][1] == pytest.approx(50.0)  # the tumour keeps its own
    lines = [str(use) for use in list_numbers(case)]
    assert "liver composition blood fraction 0.24 given in the case" in lines
    assert "liver composition saturation 0.7 assumed" in lines
    assert "absorption of water at 1064 nm 0.144 1/cm Kedenburg2012" in lines
    assert not any("net_metastasis composition" in line for line in lines)
    assert not any("composition" in str(use) for use in list_numbers(Case.from_dict(CASE)))


def test_bloodier_tissue_of_less_saturated_blood_absorbs_less_at_1064_nm():
    def absorption(**override):
        return light(case_with(**override))[0][0]

    assert absorption(saturation=0.5) < absorption(saturation=0.9)
    assert absorption(blood_fraction=0.05) < absorption(fat_fraction=0.05)
    assert absorption(fat_fraction=0.4) > absorption(fat_fraction=0.0)


def test_water_given_by_the_case_absorbs_where_the_absorption_is_composed():
    wet, dry = (light(at_980(case_with(water_fraction=share)))[0][0] for share in (0.8, 0.6))
    assert wet - dry == pytest.approx(0.2 * 47.3, abs=0.1)
    assert light(case_with(water_fraction=0.6))[0][0] == pytest.approx(50.0)


def test_a_published_law_of_scattering_replaces_it_for_native_and_coagulated_tissue():
    case = case_with(scattering="scatter_parsa", coagulated_reduced_scattering="16 1/cm")
    assert light(case)[1][0] == pytest.approx(565.0, abs=0.5)
    assert light(case, coagulation=1.0)[1][0] == pytest.approx(1600.0)
    assert light(case)[0][0] == pytest.approx(50.0)
    fit = case_with(scattering="scatter_parsa")
    assert light(fit, coagulation=1.0)[1][0] == pytest.approx(3.75 * 565.0, rel=1e-3)
    assert "liver native reduced scattering 5.648 1/cm Jacques2013" in [
        str(use) for use in list_numbers(fit)
    ]


def test_a_case_that_says_nothing_of_a_tissue_has_the_one_of_the_library():
    tissue = Case.from_dict(CASE).tissue
    assert tissue.find("liver") is get_tissue("liver")
    assert tissue.find("net_metastasis").optical is get_tissue("net_metastasis").optical


def test_a_published_specific_heat_reaches_the_row_of_the_heat_solver_and_the_sources():
    case = case_with(specific_heat="c_haemmerich")
    assert rows(case)[0, 0] == pytest.approx(1078.75 * 3827.6, rel=1e-4)
    assert "Haemmerich2006" in list_sources(list_numbers(case))


def at_980(case):
    table = case.resolved()
    table["tissue"]["wavelength"] = "980 nm"
    return Case.from_dict(table)


def test_at_another_wavelength_every_tissue_is_composed_and_its_sources_are_cited():
    case = at_980(Case.from_dict(CASE))
    assert case.resolved()["tissue"]["wavelength"] == "980 nm"
    absorption, scattering = light(case)
    assert absorption == pytest.approx([99.81, 113.0], rel=1e-3)
    assert scattering == pytest.approx([434.3, 542.9], rel=1e-3)
    lines = [str(use) for use in list_numbers(case)]
    assert "net_metastasis composition blood fraction 0.15 assumed" in lines
    assert "absorption of oxygenated blood at 980 nm 6.04 1/cm Prahl1998" in lines
    assert {"VanVeen2004", "Kedenburg2012", "Prahl1998"} <= set(list_sources(list_numbers(case)))


def test_light_of_980_nm_reaches_less_far_than_that_of_1064_nm():
    near, far = simulate(at_980(Case.from_dict(CASE))), simulate(Case.from_dict(CASE))
    assert 0.0 < near.ledger.escaped < 0.6 * far.ledger.escaped
    assert any("980 nm" in note for note in near.notes)
    assert not any("nm" in note.split() for note in far.notes)


def test_numbers_given_hold_at_every_wavelength():
    case = at_980(case_with(absorption="0.6 1/cm", coagulated_absorption="0.7 1/cm"))
    assert light(case)[0][0] == pytest.approx(60.0)
    assert light(case, coagulation=1.0)[0][0] == pytest.approx(70.0)
    assert light(case)[1][0] == pytest.approx(434.3, rel=1e-3)


def test_a_tissue_of_unknown_composition_is_refused_unless_its_light_is_given():
    table = copy.deepcopy(CASE)
    table["tumour"]["tissue"] = "hcc"
    table["tissue"]["wavelength"] = "980 nm"
    table["tissue"]["override"] = {"hcc": {"density": "1070 kg/m^3"}}
    with pytest.raises(CaseError) as caught:
        Case.from_dict(table)
    assert "tissue.wavelength: at 980 nm nothing is known of the optics of hcc" in str(caught.value)
    assert "[tissue.override.hcc]" in str(caught.value)
    assert str(caught.value).count("hcc") == 2  # said once
    keys = ("absorption", "reduced_scattering")
    given = {key: EVERY[key] for key in (*keys, *(f"coagulated_{key}" for key in keys))}
    table["tissue"]["override"] = {"hcc": given}
    case = Case.from_dict(table)
    assert light(case)[0][1] == pytest.approx(60.0)
    assert not any("hcc composition" in str(use) for use in list_numbers(case))


@pytest.mark.parametrize(
    ("name", "override", "message"),
    [
        ("liver", {"optics": "mdacc_litt"}, "liver.optics: mdacc_litt holds at 1064 nm only"),
        ("hcc", {"blood_fraction": 0.1}, "nothing is known of the optics of hcc"),
    ],
)
def test_what_holds_at_1064_nm_alone_is_refused_elsewhere(name, override, message):
    table = copy.deepcopy(CASE)
    table["tumour"]["tissue"] = "hcc" if name == "hcc" else "net_metastasis"
    table["tissue"].update(wavelength="980 nm", override={name: override})
    with pytest.raises(CaseError, match=message):
        Case.from_dict(table)


def test_a_share_of_blood_in_a_tissue_of_unknown_composition_is_refused():
    table = copy.deepcopy(CASE)
    table["tumour"]["tissue"] = "hcc"
    table["tissue"]["override"] = {"hcc": {"blood_fraction": 0.1}}
    with pytest.raises(CaseError, match=r"hcc\.blood_fraction: what hcc is made of .*absorption"):
        Case.from_dict(table)


def test_a_bench_case_cites_the_shrinkage_that_its_summary_prints():
    table = copy.deepcopy(CASE)
    assert "Rossmann2014" not in list_sources(list_numbers(Case.from_dict(table)))
    table["tissue"]["perfusion"] = "none"
    uses = list_numbers(Case.from_dict(table))
    assert "shrinkage most 0.22 Rossmann2014 (see Farina2014)" in [str(use) for use in uses]


def test_a_case_with_overrides_is_written_out_and_read_back_to_the_same():
    named = {
        "optics": "mdacc_litt",
        "conductivity_law": "k_choi2013",
        "scattering": "scatter_parsa",
    }
    fractions = {"blood_fraction": 0.2, "saturation": 0.8, "fat_fraction": 0.1}
    case = case_with(**EVERY, **named, **fractions)
    written = case.resolved()["tissue"]["override"]["liver"]
    assert written == {**EVERY, **named, **fractions}
    assert Case.from_dict(case.resolved()) == case
    assert case != Case.from_dict(CASE)
    assert "override" not in Case.from_dict(CASE).resolved()["tissue"]
    same = case_with(perfusion_rate="86 mL/min/100g")
    assert same == case_with(perfusion_rate="860 mL/min/kg")
    hot = case_with(specific_heat="c_haemmerich").resolved()["tissue"]["override"]["liver"]
    assert hot == {"specific_heat": "c_haemmerich"}
    named = case_with(perfusion_rate="carlisle_790")
    assert named.resolved()["tissue"]["override"]["liver"]["perfusion_rate"] == "carlisle_790"
    assert named.tissue.find("liver").perfusion_rate is get_perfusion("carlisle_790")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"perfusion_rate": "86 mL"}, "a volume: a perfusion per mass is needed .*1/s"),
        ({"perfusion_rate": 860}, "bare number 860 has no unit"),
        ({"perfusion_rate": "3 1/s"}, "outside what is allowed, 0 1/s to 0.1 1/s"),
        ({"perfusion_rate": "-1 mL/min/kg"}, "outside what is allowed"),
        ({"perfusion_rate": "nan 1/s"}, "perfusion"),
        ({"perfusion_rate": "carlisle"}, "did you mean 'carlisle_790'"),
        ({"absorption": "0.5 W"}, "a power: an attenuation coefficient is needed .*1/cm"),
        ({"absorption": 0.5}, "bare number 0.5 has no unit"),
        ({"absorption": "0 1/cm"}, "outside what is allowed, 0.001 1/cm to 500 1/cm"),
        ({"density": "1 W/(m K)"}, "a thermal conductivity: a density is needed"),
        ({"conductivity": "1 kg/m^3"}, "a density: a thermal conductivity is needed"),
        ({"specific_heat": "4e6 J/(m^3 K)"}, "a heat capacity per volume: a specific heat"),
        ({"heat_capacity_dry": "3540 J/(kg K)"}, "a specific heat capacity: a heat capacity per"),
        ({"gain_end": "60 degC"}, "60 degC must be above gain_start, 65 degC"),
        ({"water_fraction": 1.2}, "at most 1"),
        ({"anisotropy": 1.0}, "less than 1"),
        ({"absorbtion": "1 1/cm"}, 'unknown key; did you mean "absorption"'),
        ({"optics": "frankfurt"}, "did you mean 'frankfurt_litt_1064'"),
        ({"optics": 3}, "3 is not a name"),
        ({"conductivity_law": "k_guntur"}, "did you mean 'k_guntur2013'"),
        ({"scattering": "scatter_yi"}, "did you mean 'scatter_yi_backman'"),
        ({"specific_heat": "c_hemmerich"}, "did you mean 'c_haemmerich'"),
        ({"specific_heat": 3540}, "bare number 3540 has no unit"),
        ({"blood_fraction": 12}, "at most 1"),
        ({"saturation": "70 %"}, "not a pure number"),
    ],
)
def test_what_is_wrong_is_refused_with_key_and_remedy(override, message):
    (key,) = override
    with pytest.raises(CaseError, match=rf"tissue\.override\.liver\.{key}: .*{message}"):
        case_with(**override)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"override": {"livr": {}}}, "tissue.override.livr: unknown tissue .*'liver'"),
        ({"override": {"muscle": {}}}, "no part of the case is muscle; .*net_metastasis"),
        ({"override": {"liver": 3}}, "tissue.override.liver: is a single table"),
        ({"override": 3}, r"tissue.override: holds tables by name; .*\[tissue.override.liver\]"),
        ({"absorption": "1 1/cm"}, r"tissue.override.<name>.absorption"),
    ],
)
def test_a_table_in_the_wrong_place_is_refused_with_the_right_one(change, message):
    table = copy.deepcopy(CASE)
    table["tissue"].update(change)
    with pytest.raises(CaseError, match=message):
        Case.from_dict(table)


def test_a_tumour_that_asks_for_two_perfusions_is_refused():
    table = copy.deepcopy(CASE)
    table["tumour"]["perfusion"] = "hypovascular"
    table["tissue"]["override"] = {"net_metastasis": {"perfusion_rate": "500 mL/min/kg"}}
    with pytest.raises(CaseError, match=r"perfusion_rate: \[tumour\] asks for another perfusion"):
        Case.from_dict(table)


def test_the_schema_offers_every_parameter_with_an_example():
    schema = Case.json_schema()
    table = schema["$defs"]["TissueTable"]["properties"]["override"]["additionalProperties"]
    assert table == {"$ref": "#/$defs/OverrideTable"}
    keys = schema["$defs"]["OverrideTable"]["properties"]
    assert set(keys) == set(EVERY) | PUBLISHED | FRACTIONS
    assert keys["absorption"]["examples"] == ["0.5 1/cm"]
    assert "carlisle_790" in str(keys["perfusion_rate"])
    assert "c_haemmerich" in str(keys["specific_heat"])


def test_a_number_given_is_its_own_range():
    number = case_with(absorption="0.6 1/cm").tissue.find("liver").optical.native.absorption
    assert isinstance(number, Sourced)
    assert number.low == number.value == number.high == 0.6
    assert math.isclose(number.si, 60.0)
