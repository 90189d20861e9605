"""Few angles that keep what scattering does to a beam."""

import numpy as np
import pytest
from numpy.polynomial.legendre import Legendre

from ablsim.light.similar import one_angle, two_angles

G = np.array([-0.8, -0.5, 0.0, 0.3, 0.8, 0.9, 0.95, 0.99])


def moments(turns, orders):
    """How much each Legendre moment of the direction fades by a scattering of the true medium."""
    return np.array([
        turns.rate * (
            turns.share * (1.0 - Legendre.basis(n)(turns.one))
            + (1.0 - turns.share) * (1.0 - Legendre.basis(n)(turns.other))
        )
        for n in orders
    ])  # fmt: skip


@pytest.mark.parametrize(("make", "kept"), [(one_angle, 2), (two_angles, 4)])
def test_so_many_moments_are_those_of_henyey_and_greenstein(make, kept):
    turns, orders = make(G), np.arange(1, kept + 1)
    assert moments(turns, orders) == pytest.approx(1.0 - G ** orders[:, None], abs=1e-9)
    beyond = moments(turns, [kept + 1])
    assert np.abs(beyond - (1.0 - G ** (kept + 1))).max() > 1e-3


@pytest.mark.parametrize("make", [one_angle, two_angles])
def test_angles_are_angles_and_fewer_than_the_true_ones(make):
    turns = make(G)
    for cosine in (turns.one, turns.other):
        assert (np.abs(cosine) <= 1.0).all()
    assert ((turns.share > 0.0) & (turns.share <= 1.0)).all()
    assert ((turns.rate > 0.0) & (turns.rate <= 1.0)).all()
    assert turns.rate[G == 0.95] == pytest.approx(
        [0.0714 if make is one_angle else 0.1371], abs=1e-4
    )


def test_one_angle_of_isotropic_scattering_is_known():
    """The root of the polynomial that is orthogonal with the weight 1 - mu: -1/3."""
    turns = one_angle(np.zeros(1))
    assert turns.one == pytest.approx([-1.0 / 3.0])
    assert turns.rate == pytest.approx([0.75])
