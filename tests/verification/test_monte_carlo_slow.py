"""Monte Carlo light to the last percent: what takes minutes.

Reference energies are those of an independent code that was checked against MCX (design study,
V9 and V10): 0.15 mm disc, cone to asin(0.22 / 1.37), infinite medium. Two of them were derived
anew, at 10 mm in native tissue and about the ball: that code scattered isotropically after 200
times, and found 1.2 % more there when it did not. A million photons of the exact engine here give
0.08695 and 0.06435 (0.1 %), 1.5 and 1.0 % more than it had.
"""

import math

import numpy as np
import pytest

from ablsim.grid import Grid
from ablsim.light.emission import Emission
from ablsim.light.monte_carlo import MonteCarloSolver
from tests.verification.test_monte_carlo import COAGULATED, MM, NATIVE, Media, bare, shells

pytestmark = [pytest.mark.slow, pytest.mark.compiled]

LIVER = (50.0, 8000.0, 0.95)
RADII = np.array((0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0)) * MM
HALF_WIDTHS = np.maximum(0.1 * MM, 0.1 * RADII)


def ball(grid, media, radius):
    """States of two media, the second in a ball about the origin."""
    x, y, z = grid.axes()
    inside = z[:, None, None] ** 2 + y[:, None] ** 2 + x**2 < radius**2
    return Media(grid, media, inside.astype(np.uint16))


def energies(grid, density):
    return shells(grid, density, RADII, HALF_WIDTHS)


@pytest.mark.parametrize(
    ("radius", "expected"),
    [
        (0.0, [0.01123, 0.01464, 0.03990, 0.06575, 0.09929, 0.08695, 0.04305]),
        (90.0, [0.01667, 0.02608, 0.06611, 0.09399, 0.10551, 0.04525, 0.01103]),
        (5.0, [0.01662, 0.02587, 0.06446, 0.08754, 0.07254, 0.06435, 0.03227]),
    ],
    ids=["native", "coagulated", "ball"],
)
def test_all_shells_about_a_bare_tip_hold_the_reference_energy(radius, expected):
    """V9 and V10: to 1 %, near the tip on fine cells and far from it in a large box."""
    found = np.zeros(len(RADII))
    for size, spacing, part in ((20.0, 0.1, np.s_[:2]), (52.0, 0.25, np.s_[2:])):
        grid = Grid.centred((0.0, 0.0, 0.0), (size * MM,) * 3, spacing * MM)
        states = ball(grid, (NATIVE, COAGULATED), radius * MM)
        light = MonteCarloSolver(grid, states, photons=2_000_000, seed=1).solve([bare()], 0)
        found[part] = energies(grid, light.absorbed_per_watt)[part]
    assert found == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("media", "radius"),
    [((NATIVE,), 0.0), ((COAGULATED,), 0.0), ((NATIVE, COAGULATED), 5.0), ((LIVER,), 0.0)],
    ids=["native", "coagulated", "ball", "liver"],
)
def test_few_angles_are_within_a_percent_of_all(media, radius):
    """V11: in every shell, within 1 % and three standard errors of chance."""
    grid = Grid.centred((0.0, 0.0, 0.0), (36 * MM,) * 3, 0.25 * MM)
    batches, found = 8, []
    for is_exact in (True, False):
        solver = MonteCarloSolver(
            grid, ball(grid, media, radius * MM), photons=60_000, seed=1 + is_exact,
            is_exact=is_exact,
        )  # fmt: skip
        light = (solver.solve([bare()], i).absorbed_per_watt for i in range(batches))
        found.append([energies(grid, density) for density in light])
    exact, few = np.array(found)
    bias = few.mean(axis=0) / exact.mean(axis=0) - 1.0
    errors = [a.std(axis=0, ddof=1) / math.sqrt(batches) / a.mean(axis=0) for a in (exact, few)]
    chance = np.hypot(*errors)
    assert (chance < 0.01).all()
    assert (np.abs(bias) < 0.01 + 3.0 * chance).all()
    assert (np.abs(bias[:-1]) < 0.01).all()  # at 15 mm chance alone is 0.7 %


def test_a_long_diffuser_is_many_short_ones_in_a_row():
    """V14: an identity in a uniform medium, of Monte Carlo with itself shifted cell by cell."""
    grid = Grid.centred((0.0, 0.0, 0.0), (41 * MM,) * 3, 1 * MM)
    solver = MonteCarloSolver(grid, Media(grid, (NATIVE,)), photons=100_000, seed=4)
    batches = 12
    halves = (4.5 * MM, 0.5 * MM)  # of one that is long, and of one of nine short ones

    def blocks(parts, batch):
        """Energy in blocks of 3 mm of the middle, which no shift brings the border of the box."""
        emission = Emission(
            (0.0, 0.0, -halves[parts > 1]), (0.0, 0.0, -1.0), 2.0 * halves[parts > 1], 1.0,
            radius=0.5 * MM,
        )  # fmt: skip
        density = solver.solve([emission], batch + 1000 * parts).absorbed_per_watt
        shifts = np.arange(parts) - (parts - 1) // 2
        moved = sum(np.roll(density, shift, axis=0) for shift in shifts) / parts
        return moved[7:34, 7:34, 7:34].reshape(9, 3, 9, 3, 9, 3).sum(axis=(1, 3, 5))

    long, short = (np.array([blocks(n, i) for i in range(batches)]) for n in (1, 9))
    error = np.sqrt((long.var(axis=0, ddof=1) + short.var(axis=0, ddof=1)) / batches)
    z = (long.mean(axis=0) - short.mean(axis=0)) / error
    assert np.abs(z).max() < 4.5  # of 729 with 22 degrees of freedom
    assert np.sqrt((z**2).mean()) < 1.25
    assert abs(z.mean()) < 0.2
