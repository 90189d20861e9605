"""The front of a damage process, continued where Omega is zero."""

import numpy as np
import pytest

from ablsim.front import LIMIT, damage_front


def plane(offset, slope, gate):
    """Omega that falls along x, zero where it would be below the gate."""
    level = -slope * (np.arange(12.0) - offset)
    omega = np.exp(np.clip(level, -80.0, np.log(100.0)))
    return np.broadcast_to(np.where(omega < gate, 0.0, omega), (5, 5, 12)).astype(np.float32)


def crossing(front):
    line = front[2, 2]
    i = int(np.flatnonzero(line > 0.0)[-1])
    return i + line[i] / (line[i] - line[i + 1])


@pytest.mark.parametrize("gate", [0.0, 1e-3, 0.2, 0.9])
@pytest.mark.parametrize("slope", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("offset", [6.0, 6.3, 6.5, 6.95])
def test_the_contour_does_not_depend_on_where_the_damage_ends(offset, slope, gate):
    assert crossing(damage_front(plane(offset, slope, gate))) == pytest.approx(offset, abs=0.05)


def test_damage_that_ends_abruptly_has_its_contour_midway():
    omega = np.zeros((5, 5, 12), dtype=np.float32)
    omega[..., :6] = 50.0
    assert crossing(damage_front(omega)) == pytest.approx(5.5)


def test_in_a_lumen_the_front_continues_instead_of_ending():
    omega = np.zeros((5, 5, 12), dtype=np.float32)
    omega[..., :6] = 50.0
    front = damage_front(omega, lumen=omega == 0.0)
    assert front[2, 2, 6] > 0.0


def test_no_damage_is_far_outside_and_the_front_is_bounded():
    assert np.all(damage_front(np.zeros((3, 3, 3), dtype=np.float32)) == -LIMIT)
    front = damage_front(plane(6.0, 2.5, 0.0))
    assert front.min() == -LIMIT
    assert front.max() == LIMIT
    assert front.shape == (5, 5, 12)


def test_the_tiniest_damage_is_still_a_number():
    omega = np.full((4, 4, 4), 1e-45, dtype=np.float32)
    assert np.all(damage_front(omega) == -LIMIT)
