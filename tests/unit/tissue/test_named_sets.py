"""Every set that the library promises by name can be found, and is what its name says."""

import typing

import pytest

from ablsim.case_settings import PhysicsTable
from ablsim.case_tables import TumourTable
from ablsim.tissue.constants import CONSTANTS, PERFUSION_STRATA
from ablsim.tissue.library import (
    get_conductivity,
    get_kinetics,
    get_optics,
    get_perfusion,
    get_scattering,
    get_specific_heat,
    get_tissue,
)
from ablsim.tissue.wavelength import get_composition
from ablsim.units import to_kelvin

# Optics: mu_a [1/cm] and mu_s' [1/cm] of native tissue.
OPTICS = {
    "liver_default_1064": (0.50, 4.0),
    "crlm_default_1064": (0.30, 5.0),
    "net_default_1064": (0.50, 5.0),
    "liver_exvivo_bled_1064": (0.30, 4.0),
    "frankfurt_litt_1064": (0.50, 2.4),
    "mdacc_litt": (0.502, 2.0),
    "mdacc_litt_tumour": (0.51, 4.0),
    "mdacc_litt_vessel": (0.45, 13.5),
    "muscle_mohammed2005": (0.23, 1.3),
    "blood_mohammed2005": (0.44, 2.78),
    "vessel_wang2019": (1.3, 3.0),
}
SCATTERING = {  # mu_s' at 1064 nm [1/cm]
    "scatter_parsa": 5.65,
    "scatter_alexandrakis": 4.16,
    "scatter_yi_backman": 4.78,
    "scatter_soft_tissue": 7.16,
    "scatter_blood": 13.36,
}
CONDUCTIVITY = {  # of liver at 90 degC over that at 37 degC
    "constant_itis": 1.0,
    "k_mohammadi_dry": 1.556,
    "k_guntur2013": 1.45,
    "k_silva2020": 1.0,
    "k_choi2013": 0.8,
    "k_valvano": 1.120,
}
SPECIFIC_HEAT = {"c_itis": 3540.2, "c_haemmerich": 3827.3}
PERFUSION = {  # mL/min/kg, or 1/s for strata
    "itis_860": 860.46,
    "carlisle_790": 793.0,
    "rfa_legacy_356": 356.0,
    "crlm_400": 400.0,
    "crlm_rim_600": 600.0,
    "crlm_core_150": 150.0,
    "net_1200": 1200.0,
    "hcc_800": 800.0,
    "cirrhosis_500": 500.0,
    "hypovascular": 0.006,
    "embolised": 0.001,
}
SECONDS = {  # isothermal time to complete damage [s] at a temperature [degC]
    "reddy_hcc_2013": (50.0, 81.0),
    "comsol_jacques_liver": (50.0, 61.0),
    "jacques_liver_whitening": (55.0, 206.0),
    "hepg2": (55.0, 297.0),
    "hep3b": (55.0, 172.0),
    "henriques_skin": (55.0, 30.0),
    "agah_artery": (65.0, 471.0),
    "borrelli_bhk": (50.0, 24.0),
    "brown_stasis": (50.0, 33.0),
}


@pytest.mark.parametrize(("name", "light"), OPTICS.items())
def test_optics_are_found_by_name(name, light):
    native = get_optics(name).native
    found = (native.absorption.si / 100.0, native.reduced_scattering.si / 100.0)
    assert found == pytest.approx(light)


@pytest.mark.parametrize(("name", "per_cm"), SCATTERING.items())
def test_laws_of_scattering_are_found_by_name(name, per_cm):
    assert get_scattering(name).at(1064e-9) / 100.0 == pytest.approx(per_cm, abs=0.006)


@pytest.mark.parametrize("name", ["liver", "liver_exvivo", "colorectal_metastasis", "blood"])
def test_compositions_are_found_by_the_name_of_the_tissue(name):
    composition = get_composition(name)
    assert 0.0 < composition.blood_fraction.si <= 1.0
    assert 0.0 < composition.saturation.si < 1.0


@pytest.mark.parametrize(("name", "ratio"), CONDUCTIVITY.items())
def test_laws_of_conductivity_are_found_by_name(name, ratio):
    thermal = get_conductivity(name).apply(get_tissue("liver").thermal)
    at_37, at_90 = thermal.conductivity_at(to_kelvin(37.0)), thermal.conductivity_at(363.15)
    assert at_90 / at_37 == pytest.approx(ratio, rel=2e-3)


@pytest.mark.parametrize(("name", "value"), SPECIFIC_HEAT.items())
def test_specific_heats_are_found_by_name(name, value):
    assert get_specific_heat(name).si == pytest.approx(value)


@pytest.mark.parametrize(("name", "value"), PERFUSION.items())
def test_perfusions_are_found_by_name(name, value):
    assert get_perfusion(name).value == pytest.approx(value)


@pytest.mark.parametrize(("name", "expected"), SECONDS.items())
def test_kinetics_are_found_by_name_and_take_their_published_time(name, expected):
    celsius, seconds = expected
    found = get_kinetics(name).time_to_threshold(to_kelvin(celsius))
    assert found == pytest.approx(seconds, rel=0.03)


@pytest.mark.parametrize("minutes", [240, 120, 60, 30])
def test_thermal_doses_are_found_by_name(minutes):
    assert get_kinetics(f"cem43_{minutes}").minutes.si == pytest.approx(60.0 * minutes)


def words(model, key):
    """Words that a key of a case file allows."""
    return set(typing.get_args(model.model_fields[key].annotation))


def test_laws_that_a_case_chooses_by_name_are_offered():
    laws = {"constant", "cutoff_60C", "stasis", "stasis_hyperaemia"}
    assert laws <= words(PhysicsTable, "perfusion_law")
    assert {"water_state", "none"} <= words(PhysicsTable, "boiling")
    assert {"none", "film"} <= words(PhysicsTable, "char")
    assert set(PERFUSION_STRATA) <= words(TumourTable, "perfusion")


def test_the_default_char_film_is_the_named_one():
    assert PhysicsTable().char == "film"
    assert PhysicsTable().char_fraction == CONSTANTS["char_film_fraction"].si


def test_the_coefficients_of_stasis_say_that_they_are_from_memory_and_what_the_abstract_says():
    stasis = get_kinetics("brown_stasis")
    for number in (stasis.frequency_factor, stasis.activation_energy):
        assert number.how == "remembered"
        assert "from memory" in number.note
        assert "5.8e5 J/mol" in number.note
    assert stasis.activation_energy.low < 5.8e5
