import numpy as np
import pytest

from ablsim.damage.rate import (
    NEGLIGIBLE,
    SHIFT_DURATION,
    damage_integral,
    damage_rate,
    rate_table,
    shift_threshold,
    skip_temperature,
    threshold_temperature,
)
from ablsim.tissue.library import get_kinetics
from ablsim.tissue.sets.sapareto1984 import CEM43_240, THERMAL_DOSES
from ablsim.units import GAS_CONSTANT, to_celsius, to_kelvin

STASIS, WHITENING, DEATH = (
    get_kinetics(name) for name in ("brown_stasis", "jacques_liver_whitening", "reddy_hcc_2013")
)


def test_damage_grows_linearly_in_time_at_constant_temperature():
    once = damage_integral(DEATH, to_kelvin(50.0), 10.0)
    assert damage_integral(DEATH, to_kelvin(50.0), 80.0) == pytest.approx(8 * once, rel=1e-12)
    assert once == pytest.approx(10.0 / 81.0, rel=0.02)


def test_no_process_runs_below_its_gate():
    temperatures = to_kelvin(np.array([37.0, 42.99, 43.01]))
    assert list(damage_rate(DEATH, temperatures) > 0) == [False, False, True]


def test_threshold_temperature_inverts_the_integral():
    for kinetics in (STASIS, WHITENING, DEATH):
        temperature = threshold_temperature(kinetics, 360.0)
        assert damage_integral(kinetics, temperature, 360.0) == pytest.approx(1.0, rel=1e-9)


def test_skip_temperature_loses_nothing_that_matters():
    for duration in (60.0, 900.0, 36000.0):
        skip = skip_temperature([STASIS, WHITENING, DEATH], duration)
        assert to_celsius(skip) >= 43.0 - 1e-9
        for kinetics in (STASIS, WHITENING, DEATH):
            assert damage_integral(kinetics, skip - 1e-6, duration) <= NEGLIGIBLE


def test_skip_temperature_rises_above_the_gate_for_a_short_treatment():
    assert skip_temperature([STASIS], 1.0) > to_kelvin(44.0)


def test_table_holds_what_the_kernels_expect():
    table = rate_table([STASIS, WHITENING, DEATH])
    rates = np.exp(table[:, 0] - table[:, 1] / to_kelvin(55.0))
    expected = [float(damage_rate(k, to_kelvin(55.0))) for k in (STASIS, WHITENING, DEATH)]
    assert rates == pytest.approx(expected, rel=1e-9)
    assert to_celsius(table[:, 2]) == pytest.approx([43.0] * 3)


def test_equivalent_minutes_halve_per_kelvin_above_43_and_quarter_below():
    rates = damage_rate(CEM43_240, to_kelvin(np.array([38.9, 41.0, 43.0, 44.0, 50.0])))
    per_minute = 240.0 * 60.0 * rates
    assert per_minute == pytest.approx([0.0, 1 / 16, 1.0, 2.0, 128.0], rel=1e-9)


def test_dose_of_240_minutes_takes_its_textbook_times():
    for celsius, seconds in ((43.0, 14400.0), (50.0, 112.5), (55.0, 3.516)):
        assert damage_integral(CEM43_240, to_kelvin(celsius), seconds) == pytest.approx(
            1.0, rel=1e-3
        )
    assert to_celsius(threshold_temperature(CEM43_240, 60.0)) == pytest.approx(50.907, abs=1e-3)


def test_doses_add_up_over_time():
    for dose in THERMAL_DOSES:
        pieces = sum(damage_integral(dose, to_kelvin(46.0), t) for t in (10.0, 20.0, 30.0))
        assert pieces == pytest.approx(damage_integral(dose, to_kelvin(46.0), 60.0))


@pytest.mark.parametrize("name", ["three_state", "isotherm_54"])
def test_a_law_that_is_no_rate_has_a_row_that_never_runs(name):
    law = get_kinetics(name)
    assert rate_table([law])[0, 2] == np.inf
    assert not damage_rate(law, to_kelvin(np.array([37.0, 60.0, 400.0]))).any()


def test_skip_temperature_leaves_out_nothing_of_laws_that_are_no_rates():
    assert to_celsius(skip_temperature([get_kinetics("three_state")], 60.0)) == pytest.approx(43.0)
    skip = to_celsius(skip_temperature([get_kinetics("isotherm_60")], 60.0))
    assert np.exp(skip - 60.0) == pytest.approx(NEGLIGIBLE)


def test_skip_temperature_respects_a_gate_below_43():
    assert to_celsius(skip_temperature([STASIS, CEM43_240], 36000.0)) == pytest.approx(39.0)


@pytest.mark.parametrize("by", [-2.0, 0.8, 6.0])
@pytest.mark.parametrize("process", [STASIS, WHITENING, DEATH, CEM43_240])
def test_a_shift_moves_the_temperature_that_completes_a_process(process, by):
    shifted = shift_threshold(process, by)
    before = threshold_temperature(process, SHIFT_DURATION)
    assert threshold_temperature(shifted, SHIFT_DURATION) - before == pytest.approx(by, abs=1e-9)
    assert damage_integral(shifted, before + by, SHIFT_DURATION) == pytest.approx(1.0, rel=1e-9)


def test_a_shift_keeps_the_activation_energy_and_the_frequency_factor_follows():
    shifted = shift_threshold(STASIS, 1.5)
    assert shifted.activation_energy is STASIS.activation_energy
    assert shifted.gate is STASIS.gate
    before = threshold_temperature(STASIS, 360.0)
    energy = STASIS.activation_energy.si / GAS_CONSTANT
    log_ratio = energy * (1.0 / (before + 1.5) - 1.0 / before)
    expected = np.log(STASIS.frequency_factor.si) + log_ratio
    assert np.log(shifted.frequency_factor.si) == pytest.approx(expected, rel=1e-12)


def test_a_shifted_dose_is_another_number_of_minutes():
    """Above 43 degC three kelvin are three doublings; across it each side counts with its own."""
    assert shift_threshold(CEM43_240, 3.0).minutes.value == pytest.approx(8.0 * 240.0)
    threshold = to_celsius(threshold_temperature(CEM43_240, SHIFT_DURATION))
    across = shift_threshold(CEM43_240, 41.0 - threshold)
    assert across.minutes.value == pytest.approx(6.0 / 16.0)  # 6 min at 41 degC: a 16th each


def test_no_shift_is_the_process_itself():
    assert shift_threshold(DEATH, 0.0) is DEATH
