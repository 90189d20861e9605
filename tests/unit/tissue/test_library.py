"""Every default carries unit, source, range and spread, and none changes unseen."""

import math
import tomllib
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from ablsim.case_settings import PhysicsTable
from ablsim.citations import list_keys
from ablsim.errors import CaseError
from ablsim.light.fibre import COATING, NEEDLE_DIAMETER, PROTRUSION, TRANSMISSION
from ablsim.tissue.boiling import BOILING_NUMBERS
from ablsim.tissue.constants import CHAR_FILMS, CONSTANTS, NEEDLES, PERFUSION_STRATA
from ablsim.tissue.library import (
    get_conductivity,
    get_kinetics,
    get_optics,
    get_perfusion,
    get_scattering,
    get_specific_heat,
    get_tissue,
    list_conductivities,
    list_kinetics,
    list_optics,
    list_perfusions,
    list_scatterings,
    list_specific_heats,
    list_tissues,
)
from ablsim.tissue.properties import ASSUMED
from ablsim.tissue.sets.ablsim_composition import COMPOSITIONS
from ablsim.tissue.sets.ablsim_liver import COAGULATED_ABSORPTION_RATIO
from ablsim.tissue.sets.rossmann2014 import SHRINKAGE_LEAST, SHRINKAGE_MOST
from ablsim.tissue.sources import Use, list_sources, list_uses
from ablsim.tissue.wavelength import NANOMETRES, absorption_spectra
from ablsim.units import to_kelvin

TISSUES = [get_tissue(name) for name in list_tissues()]
KINETICS = [get_kinetics(name) for name in list_kinetics()]
PERFUSIONS = {name: get_perfusion(name) for name in list_perfusions()}
OPTICS = [
    Use(name, f"{state} {parameter}", getattr(getattr(get_optics(name), state), parameter))
    for name in list_optics()
    for state in ("native", "coagulated")
    for parameter in ("absorption", "reduced_scattering", "anisotropy")
]
LAWS = [
    Use(name, parameter, number)
    for name in list_conductivities()
    for parameter in ("gain", "gain_start", "gain_end", "conductivity")
    if (number := getattr(get_conductivity(name), parameter)) is not None
]
LAWS += [
    Use(name, parameter, getattr(get_scattering(name), parameter))
    for name in list_scatterings()
    for parameter in ("amplitude", "power")
]
HEATS = [Use(name, "specific heat", get_specific_heat(name)) for name in list_specific_heats()]
PARTS = [
    Use(name, f"composition {entry.name}", getattr(composition, entry.name))
    for name, composition in COMPOSITIONS.items()
    for entry in fields(composition)
]
SPECTRA = [
    Use("", name, number)
    for nanometres in NANOMETRES
    for name, number in absorption_spectra(nanometres * 1e-9).items()
]
BOILING = {name: number for numbers in BOILING_NUMBERS.values() for name, number in numbers.items()}
LOOSE = {
    **BOILING,
    **CONSTANTS,
    **CHAR_FILMS,
    **NEEDLES,
    **PERFUSIONS,
    "shrinkage_least": SHRINKAGE_LEAST,
    "shrinkage_most": SHRINKAGE_MOST,
}
USES = [*list_uses(TISSUES, KINETICS, LOOSE), *OPTICS, *LAWS, *HEATS, *PARTS, *SPECTRA]
SNAPSHOT = Path(__file__).with_name("defaults.toml")


def title(use):
    return f"{use.owner} {use.parameter}".strip()


def test_the_library_holds_the_tissues_of_the_liver_and_the_kinetics_by_name():
    assert set(list_tissues()) == {
        "liver",
        "liver_exvivo",
        "net_metastasis",
        "colorectal_metastasis",
        "blood",
        "hcc",
        "cirrhotic_liver",
        "bile",
        "gallbladder_wall",
        "vessel_wall",
        "fat",
        "muscle",
        "diaphragm",
    }
    assert set(list_kinetics()) == {
        "brown_stasis",
        "jacques_liver_whitening",
        "reddy_hcc_2013",
        "borrelli_bhk",
        "henriques_skin",
        "comsol_jacques_liver",
        "hepg2",
        "hep3b",
        "agah_artery",
        "cem43_240",
        "cem43_120",
        "cem43_60",
        "cem43_30",
        "isotherm_60",
        "isotherm_54",
        "isotherm_50",
        "three_state",
        "liver_whitening_distributed",
    }
    assert set(list_optics()) == {
        "liver_default_1064",
        "crlm_default_1064",
        "net_default_1064",
        "liver_exvivo_bled_1064",
        "frankfurt_litt_1064",
        "mdacc_litt",
        "mdacc_litt_tumour",
        "mdacc_litt_vessel",
        "muscle_mohammed2005",
        "blood_mohammed2005",
        "vessel_wang2019",
    }
    assert set(list_conductivities()) == {
        "constant_itis",
        "k_mohammadi_dry",
        "k_guntur2013",
        "k_silva2020",
        "k_choi2013",
        "k_valvano",
    }
    assert set(list_perfusions()) == {
        "itis_860",
        "carlisle_790",
        "rfa_legacy_356",
        "crlm_400",
        "crlm_rim_600",
        "crlm_core_150",
        "net_1200",
        "hcc_800",
        "cirrhosis_500",
        "hypovascular",
        "embolised",
    }
    assert set(list_scatterings()) == {
        "scatter_parsa",
        "scatter_alexandrakis",
        "scatter_yi_backman",
        "scatter_soft_tissue",
        "scatter_blood",
    }
    assert set(list_specific_heats()) == {"c_itis", "c_haemmerich"}
    assert all(tissue.title for tissue in TISSUES)
    assert all(kinetics.title and kinetics.endpoint for kinetics in KINETICS)


@pytest.mark.parametrize(
    ("find", "name", "near"),
    [
        (get_tissue, "livr", "liver"),
        (get_tissue, "net_metastases", "net_metastasis"),
        (get_kinetics, "brown", "brown_stasis"),
        (get_kinetics, "Reddy_hcc_2013", "reddy_hcc_2013"),
        (get_optics, "frankfurt_1064", "frankfurt_litt_1064"),
        (get_perfusion, "carlisle", "carlisle_790"),
        (get_scattering, "scatter_parser", "scatter_parsa"),
        (get_specific_heat, "c_hammerich", "c_haemmerich"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_right_one(find, name, near):
    with pytest.raises(CaseError, match=f"unknown .*{name}.*did you mean .*'{near}'"):
        find(name)


def test_a_name_like_no_other_is_answered_with_all_of_them():
    with pytest.raises(CaseError) as error:
        get_tissue("zzz")
    assert all(name in str(error.value) for name in list_tissues())


@pytest.mark.parametrize("use", USES, ids=title)
def test_every_default_has_unit_source_range_and_spread_or_the_reason_for_none(use):
    number = use.number
    assert number.unit
    assert number.si == pytest.approx(number.si)  # the unit is one that can be read
    assert number.low <= number.value <= number.high
    assert number.source == ASSUMED or number.source in list_keys()
    assert set(number.related) <= set(list_keys())
    if number.spread_kind == "none":
        assert len(number.no_spread) > 10
    elif number.spread_kind == "range":
        assert number.low < number.high
    else:
        assert number.spread > 0.0


@pytest.mark.parametrize("use", USES, ids=title)
def test_a_number_nobody_published_is_never_called_measured_or_derived(use):
    if use.number.source == ASSUMED:
        assert use.number.how in {"assumed", "remembered"}


def test_no_number_is_written_down_twice():
    """Numbers equal in value, unit, range and spread are one shared object.

    But for spectra, which may pass the same value twice.
    """
    objects = {id(use.number): use.number for use in USES if use not in SPECTRA}
    numbers = [*objects.values(), COAGULATED_ABSORPTION_RATIO]
    written = [(n.value, n.unit, n.low, n.high, n.spread) for n in numbers]
    assert len(set(written)) == len(written)


def test_what_fibres_and_cases_take_by_default_is_what_the_sources_say():
    """A fibre may not import tissue, so its numbers are written there as well."""
    assert TRANSMISSION["bare"] == CONSTANTS["transmission_bare"].value
    assert TRANSMISSION["diffuser"] == CONSTANTS["transmission_diffuser"].value
    sizes = {"needle_diameter": NEEDLE_DIAMETER, "fibre_coating": COATING}
    for name, size in (sizes | {"fibre_protrusion": PROTRUSION}).items():
        assert size == pytest.approx(NEEDLES[name].si, rel=1e-12)
    char_fraction = PhysicsTable.model_fields["char_fraction"]
    assert char_fraction.default == CONSTANTS["char_film_fraction"].value


def test_no_default_has_changed_unseen():
    """After a wanted change, edit defaults.toml by hand and say why in the commit."""
    now = {
        title(use): [
            float(use.number.value),
            use.number.unit,
            float(use.number.low),
            float(use.number.high),
            use.number.spread_kind,
            float(use.number.spread or 0.0),
        ]
        for use in USES
    }
    stored = tomllib.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert now.keys() == stored.keys()
    changed = {
        name: (stored[name], entry)
        for name, entry in now.items()
        if entry
        != [pytest.approx(x, rel=1e-9) if isinstance(x, float) else x for x in stored[name]]
    }
    assert not changed


def test_a_bled_liver_differs_from_one_in_the_body_only_in_absorption_and_blood():
    body, bench = get_tissue("liver"), get_tissue("liver_exvivo")
    assert bench.thermal is body.thermal
    assert bench.optical.native.reduced_scattering is body.optical.native.reduced_scattering
    assert bench.optical.native.absorption.si == pytest.approx(30.0)
    assert bench.optical.coagulated.absorption.si == pytest.approx(30.0)
    assert body.optical.coagulated.absorption.si == pytest.approx(50.0)


def test_coagulated_blood_has_the_optics_of_native_blood_and_says_that_data_are_missing():
    blood = get_tissue("blood")
    assert blood.optical.coagulated is blood.optical.native
    assert "no data" in blood.note


def test_coagulation_raises_scattering_in_every_tissue_that_coagulates():
    for tissue in TISSUES:
        native, coagulated = tissue.optical.native, tissue.optical.coagulated
        if tissue.name in {"blood", "bile", "fat"}:
            assert coagulated is native
            assert "no" in tissue.note
        else:
            assert coagulated.reduced_scattering.si > 2.0 * native.reduced_scattering.si
            assert coagulated.absorption.si >= 0.95 * native.absorption.si


@pytest.mark.parametrize(
    ("name", "native", "coagulated"),
    [
        ("frankfurt_litt_1064", (0.50, 80, 0.97), (0.60, 300, 0.95)),
        ("mdacc_litt", (0.502, 80, 0.975), (0.502, 80, 0.975)),
        ("mdacc_litt_tumour", (0.51, 80, 0.95), (0.51, 80, 0.95)),
        ("mdacc_litt_vessel", (0.45, 90, 0.85), (0.45, 90, 0.85)),
        ("vessel_wang2019", (1.3, 200, 0.985), (1.3, 200, 0.985)),
        ("liver_default_1064", (0.50, 80, 0.95), (0.50, 250, 0.94)),
        ("crlm_default_1064", (0.30, 62.5, 0.92), (0.33, 175, 0.92)),
        ("net_default_1064", (0.50, 62.5, 0.92), (0.50, 175, 0.92)),
        ("liver_exvivo_bled_1064", (0.30, 80, 0.95), (0.30, 250, 0.94)),
    ],
)
def test_published_optics_are_their_absorption_scattering_and_anisotropy(name, native, coagulated):
    """As published: mu_a [1/cm], mu_s [1/cm], g; what acts is mu_s (1 - g)."""
    optics = get_optics(name)
    for state, (absorption, scattering, g) in (
        (optics.native, native),
        (optics.coagulated, coagulated),
    ):
        assert state.absorption.si == pytest.approx(100.0 * absorption)
        assert state.anisotropy.si == pytest.approx(g)
        assert state.reduced_scattering.si == pytest.approx(100.0 * scattering * (1.0 - g))


def test_muscle_takes_the_heat_of_one_source_and_the_light_of_another():
    muscle = get_tissue("muscle")
    assert muscle.optical is get_optics("muscle_mohammed2005")
    assert muscle.thermal.density.source == muscle.perfusion_rate.source == "Hasgall2022"
    assert muscle.perfusion == pytest.approx(36.74e-6 / 60.0 * 1090.4)


@pytest.mark.parametrize(
    ("name", "per_second"),
    [
        ("itis_860", 860.46 * 1078.75e-6 / 60.0),
        ("carlisle_790", 17.0 * 70.0 / 1.5 * 1078.75e-6 / 60.0),
        ("rfa_legacy_356", 6.4e-3),
        ("hypovascular", 6e-3),
    ],
)
def test_published_perfusions_mean_this_in_liver(name, per_second):
    tissue = replace(get_tissue("liver"), perfusion_rate=get_perfusion(name))
    assert tissue.perfusion == pytest.approx(per_second, rel=2e-3)


def test_the_named_specific_heat_takes_the_heat_of_its_curve_from_37_to_100_degrees():
    """Measured: 4187 J/(kg K) at 83.5 degC, 17 % above that below 65 degC."""
    knots = [37.0, 65.0, 83.5, 100.0]
    curve = [4187.0 / 1.17, 4187.0 / 1.17, 4187.0, 4187.0]
    mean = np.trapezoid(curve, knots) / (100.0 - 37.0)
    assert get_specific_heat("c_haemmerich").si == pytest.approx(mean, rel=1e-4)
    assert get_specific_heat("c_itis") is get_tissue("liver").thermal.specific_heat


@pytest.mark.parametrize(
    ("name", "per_cm"),  # at 810, 830, 850, 940, 980, 1064, 1470 nm
    [
        ("scatter_parsa", (6.68, 6.58, 6.49, 6.10, 5.94, 5.65, 4.63)),
        ("scatter_alexandrakis", (5.54, 5.40, 5.27, 4.74, 4.54, 4.16, 2.96)),
        ("scatter_yi_backman", (7.48, 7.19, 6.91, 5.86, 5.47, 4.78, 2.81)),
        ("scatter_soft_tissue", (10.16, 9.85, 9.55, 8.39, 7.95, 7.16, 4.72)),
        ("scatter_blood", (16.0, 15.75, 15.5, 14.5, 14.11, 13.36, 10.8)),
    ],
)
def test_published_fits_of_scattering_give_these_coefficients(name, per_cm):
    law = get_scattering(name)
    found = [law.at(nanometres * 1e-9) / 100.0 for nanometres in NANOMETRES]
    assert found == pytest.approx(per_cm, abs=0.006, rel=4e-3)


def test_an_artery_stands_65_degrees_for_471_seconds_as_in_the_table_of_its_coefficients():
    artery = get_kinetics("agah_artery")
    assert artery.time_to_threshold(to_kelvin(65.0)) == pytest.approx(471.0, rel=0.02)
    assert artery.time_to_threshold(to_kelvin(60.0)) == pytest.approx(4.7e3, rel=0.02)


def test_fat_without_its_water_keeps_the_heat_capacity_of_fat():
    thermal = get_tissue("fat").thermal
    wet = thermal.density.si * thermal.specific_heat.si
    water = thermal.density.si * thermal.water_fraction.si * 4180.0
    assert thermal.heat_capacity_dry.si == pytest.approx(wet - water, rel=0.06)


def test_colorectal_metastases_absorb_less_than_liver():
    liver = get_tissue("liver").optical
    tumour = get_tissue("colorectal_metastasis").optical
    assert tumour.native.absorption.si < liver.native.absorption.si


def test_perfusion_ranks_neuroendocrine_above_liver_above_colorectal_above_the_named_strata():
    rates = [get_tissue(n).perfusion for n in ("net_metastasis", "liver", "colorectal_metastasis")]
    rates += [PERFUSION_STRATA[name].si for name in ("hypovascular", "embolised")]
    assert rates == sorted(rates, reverse=True)
    assert rates[-2:] == pytest.approx([0.006, 0.001])


def test_drying_a_cubic_metre_of_liver_takes_1_75_gigajoules():
    thermal = get_tissue("liver").thermal
    water = thermal.density.si * thermal.water_fraction.si
    assert water * CONSTANTS["latent_heat"].si == pytest.approx(1.753e9, rel=1e-3)


def test_the_char_film_fraction_lies_between_the_mean_and_the_thickest_film():
    """1 - exp(-mu_a d) with 72/mm and 8 or 26 um."""
    film = CONSTANTS["char_film_fraction"]
    assert film.low == pytest.approx(0.438, abs=0.005)
    assert film.high == pytest.approx(0.846, abs=0.005)
    assert film.value == pytest.approx((film.low + film.high) / 2.0, abs=0.006)


@pytest.mark.parametrize(("name", "thickness"), [("film_8um", 8e-6), ("film_26um", 26e-6)])
def test_a_named_film_absorbs_what_its_thickness_does(name, thickness):
    assert CHAR_FILMS[name].value == pytest.approx(1.0 - math.exp(-72e3 * thickness), abs=0.005)


def test_each_use_says_the_parameter_the_value_and_the_source():
    liver, whitening = get_tissue("liver"), get_kinetics("jacques_liver_whitening")
    lines = [str(use) for use in list_uses([liver], [whitening])]
    assert "liver conductivity 0.5191 W/(m K) Hasgall2022" in lines
    assert "liver perfusion rate 860.46 mL/min/kg Hasgall2022 (see Carlisle1992)" in lines
    assert "jacques_liver_whitening activation energy 276800 J/mol Jacques1991" in lines
    assert "jacques_liver_whitening gate 43 degC assumed" in lines
    assert "latent heat 2257000 J/kg Wagner2002" in lines


def test_a_number_used_twice_by_one_case_is_listed_once():
    liver = get_tissue("liver")
    assert list_uses([liver, liver]) == list_uses([liver])


def test_sources_follow_the_tissues_and_kinetics_in_use():
    liver = list_uses([get_tissue("liver")], constants={})
    assert "Hasgall2022" in list_sources(liver)
    assert "Reddy2013" not in list_sources(liver)
    death = list_uses([], [get_kinetics("reddy_hcc_2013")], constants={})
    assert list_sources(death) == ("Reddy2013",)


def test_an_assumed_number_names_no_publication_as_its_source():
    use = Use("liver", "anisotropy", get_tissue("liver").optical.native.anisotropy)
    assert use.keys == ()
