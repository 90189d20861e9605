"""Optical coefficients: definitions, limits, mixtures."""

import numpy as np
import pytest
from scipy.special import exp1

from ablsim.light.coefficients import (
    coagulated_fraction,
    diffusion_coefficient,
    effective_attenuation,
    mean_free_path,
    mix,
    transport_attenuation,
)


def test_liver_at_1064_nm_has_the_known_penetration():
    # mu_a 0.04 / mm, mu_s' 0.75 / mm: light.md V3, P1 root
    assert effective_attenuation(40.0, 750.0) == pytest.approx(307.90, abs=0.005)
    assert effective_attenuation(30.0, 2250.0) == pytest.approx(452.99, abs=0.005)


def test_diffusion_coefficient_and_attenuation_belong_together():
    rng = np.random.default_rng(2)
    mu_a, mu_s = rng.uniform(1.0, 5e3, (2, 20))
    D = diffusion_coefficient(mu_a, mu_s)
    assert effective_attenuation(mu_a, mu_s) ** 2 == pytest.approx(mu_a / D)
    assert mean_free_path(mu_a, mu_s) == pytest.approx(3.0 * D)
    assert mean_free_path(mu_a, mu_s) * transport_attenuation(mu_a, mu_s) == pytest.approx(1.0)


def test_absorption_is_part_of_the_diffusion_coefficient():
    assert diffusion_coefficient(50.0, 400.0) == pytest.approx(1.0 / 1350.0)


def test_two_thirds_have_whitened_where_the_damage_integral_is_one():
    assert coagulated_fraction(np.array([0.0, 1.0, 50.0])) == pytest.approx([0.0, 0.632121, 1.0])


@pytest.mark.parametrize("omega", [0.01, 0.1, 0.5, 1.0, 3.0, 10.0, 50.0])
def test_mixed_rates_whiten_as_the_integral_over_their_spread(omega):
    """Mean of 1 - exp(-r Omega) over ln r: with the exponential integral E1 in closed form."""
    exact = 1.0 - (exp1(omega / 10.0) - exp1(10.0 * omega)) / np.log(100.0)
    assert float(coagulated_fraction(omega, 10.0)) == pytest.approx(exact, abs=1e-3)


def test_mixed_rates_begin_sooner_and_end_later_than_one():
    omega = np.array([0.05, 5.0], np.float32)
    one, mixed = coagulated_fraction(omega), coagulated_fraction(omega, 10.0)
    assert mixed.dtype == np.float32
    assert mixed[0] > 1.9 * one[0]
    assert mixed[1] < one[1] - 0.1
    assert (coagulated_fraction(np.zeros(3), 10.0) == 0.0).all()


def test_mixture_meets_its_three_pure_states():
    states = (400.0, 1500.0, 2000.0)
    assert mix(*states, 0.0, 0.0) == 400.0
    assert mix(*states, 1.0, 0.0) == 1500.0
    assert mix(*states, 0.3, 1.0) == 2000.0
    assert mix(*states, 0.25, 0.5) == pytest.approx(0.5 * 675.0 + 1000.0)


def test_mixture_of_arrays_keeps_single_precision():
    coagulation = np.linspace(0.0, 1.0, 5, dtype=np.float32)
    native = np.full(5, 50.0, dtype=np.float32)
    field = mix(native, 60.0, 5000.0, coagulation, np.zeros(5, np.float32))
    assert field.dtype == np.float32
    assert np.all(np.diff(field) > 0.0)
    assert mix(50.0, 60.0, 5000.0, coagulation, coagulation).dtype == np.float32
