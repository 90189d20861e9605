"""Damage of a recorded temperature, by every kind of law."""

import numpy as np
import pytest

from ablsim.damage.curve import damage_of
from ablsim.tissue.library import get_kinetics
from ablsim.units import to_kelvin


def test_an_isotherm_counts_the_highest_temperature_alone():
    law = get_kinetics("isotherm_54")
    times = np.arange(5.0)
    for peak in (53.0, 54.0, 56.0):
        curve = to_kelvin(np.array([37.0, 45.0, peak, 40.0, 37.0]))
        assert damage_of(law, times, curve) == pytest.approx(np.exp(peak - 54.0), rel=1e-6)
    assert damage_of(law, times, np.full(5, to_kelvin(37.0))) == 0.0


@pytest.mark.parametrize(("celsius", "duration"), [(50.0, 1546.222), (60.0, 960.104)])
def test_three_states_reach_the_dead_share_when_an_independent_solver_says_so(celsius, duration):
    """Times from scipy's Radau at relative tolerance 1e-10."""
    times = np.linspace(0.0, duration, 4001)
    curve = np.full(times.shape, to_kelvin(celsius))
    assert damage_of(get_kinetics("three_state"), times, curve) == pytest.approx(1.0, rel=1e-4)


def test_a_reading_repeated_at_one_time_adds_nothing():
    times, curve = np.array([0.0, 60.0, 60.0, 120.0]), to_kelvin(np.array([50.0, 50.0, 37.0, 37.0]))
    for name in ("brown_stasis", "three_state"):
        law = get_kinetics(name)
        assert damage_of(law, times, curve) == damage_of(law, times[:2], curve[:2])
