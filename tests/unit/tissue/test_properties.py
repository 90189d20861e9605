"""Sourced numbers, heat of heated and dried tissue, perfusion and damage rates."""

import math
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal

import numpy as np
import pytest

from ablsim.errors import CaseError
from ablsim.tissue.library import get_kinetics, get_tissue
from ablsim.tissue.properties import Sourced

CELSIUS = 273.15
LIVER = get_tissue("liver").thermal


def made(**changes):
    """A valid number with some of its parts changed."""
    parts = {
        "value": 0.5,
        "unit": "1/cm",
        "source": "Jacques2013",
        "low": 0.2,
        "high": 1.0,
        "how": "measured",
        "spread": 0.1,
        "spread_kind": "absolute",
    }
    return Sourced(**(parts | changes))


def test_absorption_per_centimetre_is_a_hundred_times_that_per_metre():
    assert made().si == pytest.approx(50.0, rel=1e-12)


def test_celsius_becomes_absolute_temperature():
    number = made(value=43.0, unit="degC", low=42.0, high=45.0)
    assert number.si == pytest.approx(316.15, rel=1e-12)


def test_a_sourced_number_does_not_change():
    number = made()
    with pytest.raises(FrozenInstanceError):
        number.value = 0.6


def test_a_number_prints_with_its_unit_and_a_pure_number_without():
    assert str(made()) == "0.5 1/cm"
    assert str(made(value=1078.75, unit="kg/m^3", low=1000.0, high=1100.0)) == "1078.75 kg/m^3"
    assert str(made(unit="1")) == "0.5"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": 1.5}, "plausible range"),
        ({"value": math.nan}, "finite"),
        ({"high": math.inf}, "finite"),
        ({"source": "assumed"}, "key of its source"),
        ({"spread": None}, "goes with the kinds"),
        ({"spread_kind": "range"}, "goes with the kinds"),
        ({"spread": 0.0}, "above 0"),
        ({"spread": None, "spread_kind": "none"}, "says why"),
        ({"no_spread": "because"}, "says why"),
    ],
)
def test_a_number_without_range_source_or_spread_is_refused(changes, message):
    with pytest.raises(CaseError, match=message):
        made(**changes)


@pytest.mark.parametrize(
    ("celsius", "expected"),
    [
        (20.0, 0.5191),
        (37.0, 0.5191),
        (65.0, 0.5191),
        (78.5, 0.5191 * 1.30),  # half way: half of 60 %
        (92.0, 0.5191 * 1.60),
        (100.0, 0.5191 * 1.60),
        (400.0, 0.5191 * 1.60),
    ],
)
def test_conductivity_of_wet_liver_is_flat_to_65_degc_and_60_percent_higher_from_92(
    celsius, expected
):
    assert LIVER.conductivity_at(celsius + CELSIUS) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("celsius", "water", "expected"),
    [
        (37.0, 0.0, 0.20),
        (400.0, 0.0, 0.20),
        (37.0, 0.5, 0.35955),  # 0.20 + 0.3191 / 2
        (100.0, 0.5, 0.51528),  # 0.20 + (0.83056 - 0.20) / 2
        (100.0, 0.25, 0.35764),
    ],
)
def test_conductivity_falls_in_proportion_to_the_water_that_has_left(celsius, water, expected):
    assert LIVER.conductivity_at(celsius + CELSIUS, water) == pytest.approx(expected, rel=1e-12)


def test_conductivity_works_on_whole_fields():
    temperature = np.array([[37.0, 78.5], [92.0, 120.0]]) + CELSIUS
    water = np.array([[1.0, 1.0], [0.0, 0.5]])
    expected = [[0.5191, 0.67483], [0.20, 0.51528]]
    found = LIVER.conductivity_at(temperature, water)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_conductivity_can_also_fall_on_heating():
    gain = replace(LIVER.conductivity_gain, value=-0.2)
    drying = replace(LIVER, conductivity_gain=gain)
    assert drying.conductivity_at(92.0 + CELSIUS) == pytest.approx(0.8 * 0.5191, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("liver", 860.46e-6 / 60.0 * 1078.75),
        ("liver_exvivo", 0.0),
        ("net_metastasis", 1200e-6 / 60.0 * 1060.0),
        ("colorectal_metastasis", 400e-6 / 60.0 * 1060.0),
        ("blood", 0.0),
    ],
)
def test_perfusion_per_volume_is_the_rate_per_mass_times_the_density(name, expected):
    assert get_tissue(name).perfusion == pytest.approx(expected, rel=1e-12)


def test_liver_is_perfused_with_1547_parts_in_100_000_per_second():
    assert round(get_tissue("liver").perfusion, 5) == 0.01547


def test_perfusion_given_per_volume_is_not_multiplied_by_the_density():
    rate = made(value=0.006, unit="1/s", low=0.0, high=0.1)
    assert replace(get_tissue("liver"), perfusion_rate=rate).perfusion == pytest.approx(0.006)


# Times to a damage integral of 1 in seconds at 43, 45, 50, 55, 60 and 65 degC as the table of the
# design study states them.
TABLE = {
    "reddy_hcc_2013": "820 420 81 17 3.5 0.8",
    "comsol_jacques_liver": "510 276 61 14 3.4 0.87",
    "hepg2": "3.2e3 2.1e3 780 297 117 47",
    "hep3b": "1.4e3 1.0e3 408 172 74 33",
    "henriques_skin": "1.8e5 4.1e4 1.0e3 30 0.9 0.03",
    "borrelli_bhk": "1.6e3 463 24 1.4 0.08",
    "brown_stasis": "8e3 1.6e3 33 0.75 0.02",
}
# The same at 45, 50 and 60 degC from exp(E_a/(R T))/A in 50-digit decimal arithmetic, R exact.
PRECISE = {
    "brown_stasis": (1.625089e3, 3.284739e1, 1.906892e-2),
    "jacques_liver_whitening": (5.073049e3, 1.004883e3, 4.561706e1),
    "reddy_hcc_2013": (4.192553e2, 8.103187e1, 3.509860),
    "borrelli_bhk": (4.629779e2, 2.394171e1, 8.359594e-2),
    "henriques_skin": (4.103845e4, 1.042044e3, 9.352611e-1),
    "comsol_jacques_liver": (2.756396e2, 6.105310e1, 3.430753),
    "hepg2": (2.111236e3, 7.802878e2, 1.165783e2),
    "hep3b": (9.956281e2, 4.081828e2, 7.434311e1),
}


def half_unit_of_last_digit(stated):
    """Rounding error of a number as it is written."""
    return 0.5 * 10.0 ** Decimal(stated).as_tuple().exponent


@pytest.mark.parametrize("name", TABLE)
def test_isothermal_times_agree_with_the_table_to_its_digits(name):
    """Beyond its digits, the table rounds the gas constant to 8.314 J/(mol K) in places."""
    kinetics = get_kinetics(name)
    for celsius, stated in zip((43, 45, 50, 55, 60, 65), TABLE[name].split(), strict=False):
        time = kinetics.time_to_threshold(celsius + CELSIUS)
        exponent = kinetics.activation_energy.value / (8.314 * (celsius + CELSIUS))
        rounded_constant = time * exponent * (1.0 - 8.314 / 8.314462618)
        allowed = half_unit_of_last_digit(stated) + rounded_constant
        assert time == pytest.approx(float(stated), rel=0.0, abs=1.001 * allowed), celsius


@pytest.mark.parametrize("name", PRECISE)
def test_isothermal_times_agree_with_exact_arithmetic(name):
    kinetics = get_kinetics(name)
    times = [kinetics.time_to_threshold(t + CELSIUS) for t in (45.0, 50.0, 60.0)]
    assert times == pytest.approx(PRECISE[name], rel=1e-6)


@pytest.mark.parametrize(
    ("celsius", "stated"), [(43, 1.0e4), (45, 5.2e3), (50, 1000), (55, 206), (60, 44), (65, 10)]
)
def test_whitening_times_agree_with_the_table_within_the_approximation_of_the_prefactor(
    celsius, stated
):
    time = get_kinetics("jacques_liver_whitening").time_to_threshold(celsius + CELSIUS)
    assert time == pytest.approx(stated, rel=0.045)


@pytest.mark.parametrize("celsius", [45.0, 50.0, 55.0, 60.0, 65.0])
def test_whitening_is_transition_state_theory_with_its_prefactor_held_at_50_degc(celsius):
    temperature = celsius + CELSIUS
    boltzmann_by_planck = 2.083661912e10  # 1/(K s)
    rate = boltzmann_by_planck * temperature * math.exp(553.5 / 8.314462618)
    rate *= math.exp(-2.768e5 / (8.314462618 * temperature))
    time = get_kinetics("jacques_liver_whitening").time_to_threshold(temperature)
    assert time * rate == pytest.approx(temperature / 323.15, rel=1e-8)


def test_damage_of_99_percent_takes_four_point_six_times_as_long():
    kinetics = get_kinetics("reddy_hcc_2013")
    one = kinetics.time_to_threshold(50.0 + CELSIUS)
    assert kinetics.time_to_threshold(50.0 + CELSIUS, damage=4.6) == pytest.approx(4.6 * one)


@pytest.mark.parametrize("name", ["reddy_hcc_2013", "comsol_jacques_liver", "brown_stasis"])
def test_no_process_runs_below_43_degc(name):
    kinetics = get_kinetics(name)
    assert kinetics.time_to_threshold(42.99 + CELSIUS) == math.inf
    assert kinetics.time_to_threshold(43.0 + CELSIUS) < 1e4


def test_a_varied_pair_keeps_its_rate_at_50_degc():
    """Both ends of the plausible ranges lie on the line through the published pair."""
    for name in ("reddy_hcc_2013", "brown_stasis", "jacques_liver_whitening"):
        kinetics = get_kinetics(name)
        energy, factor = kinetics.activation_energy, kinetics.frequency_factor
        thermal = 8.314462618 * 323.15
        published = math.log(factor.value) - energy.value / thermal
        assert math.log(factor.low) - energy.low / thermal == pytest.approx(published, rel=1e-9)
        assert math.log(factor.high) - energy.high / thermal == pytest.approx(published, rel=1e-9)
