import numpy as np
import pytest

from ablsim.damage.arrhenius import (
    NEGLIGIBLE,
    damage_integral,
    damage_rate,
    kinetics_table,
    skip_temperature,
    threshold_temperature,
)
from ablsim.tissue.library import get_kinetics
from ablsim.units import to_celsius, to_kelvin

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
    table = kinetics_table([STASIS, WHITENING, DEATH])
    rates = np.exp(table[:, 0] - table[:, 1] / to_kelvin(55.0))
    expected = [float(damage_rate(k, to_kelvin(55.0))) for k in (STASIS, WHITENING, DEATH)]
    assert rates == pytest.approx(expected, rel=1e-9)
    assert to_celsius(table[:, 2]) == pytest.approx([43.0] * 3)
