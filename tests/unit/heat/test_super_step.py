import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablsim.heat.super_step import coefficients, count_stages


def amplification(n_stages, z):
    """What a super-step makes of the mode dy/dt = lambda y, for z = lambda dt <= 0."""
    table = coefficients(n_stages)
    before, last = np.ones_like(z), 1.0 + table[0, 2] * z
    for mu, nu, mt, gt in table[1:]:
        before, last = last, (mu * last + nu * before + (1.0 - mu - nu) + mt * z * last + gt * z)
    return last


@pytest.mark.parametrize("n_stages", [3, 5, 9, 21, 51])
def test_every_mode_within_the_limit_is_damped_and_never_turned_over(n_stages):
    limit = (n_stages**2 + n_stages - 2) / 2.0
    factor = amplification(n_stages, -np.linspace(0.0, limit, 20001))
    assert factor.max() <= 1.0 + 1e-12
    assert factor.min() >= -1e-12
    assert factor[-1] == pytest.approx(2.0 / (n_stages**2 + n_stages))


@pytest.mark.parametrize("n_stages", [3, 5, 9, 21])
def test_beyond_the_limit_it_is_unstable(n_stages):
    limit = (n_stages**2 + n_stages - 2) / 2.0
    assert abs(amplification(n_stages, np.array([-1.3 * limit]))).item() > 1.0


@pytest.mark.parametrize("n_stages", [3, 5, 9, 21])
def test_slow_modes_are_followed_to_second_order(n_stages):
    z = -np.array([0.02, 0.01])
    error = np.abs(amplification(n_stages, z) - np.exp(z))
    assert np.log2(error[0] / error[1]) == pytest.approx(3.0, abs=0.05)


@given(st.floats(1e-3, 1e6))
def test_stages_are_odd_enough_and_no_more(reach):
    s = count_stages(reach)
    assert s % 2 == 1
    assert s**2 + s - 2 >= 4.0 * reach * (1.0 - 1e-9)
    fewer = s - 2
    assert fewer < 3 or fewer**2 + fewer - 2 < 4.0 * reach
