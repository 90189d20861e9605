"""The numerical contract: what grid, step, light and box may move, on one fibre at 5 W and 1800 J.

Every line states its tolerance and the figure reached. Coarse versions run always; those at the
working grid of 1 mm and finer are marked slow.
"""

from functools import cache

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.domain import make_domain
from ablsim.grid import Grid
from ablsim.light.diffusion import DiffusionSolver, Emission
from ablsim.simulation import simulate
from ablsim.zone import measure_zones

pytestmark = pytest.mark.compiled
STEPS = ("deliver 5 W until 1800 J", "rest for 120 s")
ZONES = ("stasis", "whitening", "death")
DIFFUSER = {"kind": "diffuser", "length": "20 mm", "tip": ["0 mm", "0 mm", "-10 mm"]}
COARSE_AND_WORKING = [2.0, pytest.param(1.0, marks=pytest.mark.slow)]


@cache
def treat(
    spacing,
    *,
    size=44.0,
    steps=STEPS,
    tip=(0.0, 0.0, 0.0),
    perfusion="normal",
    body=37.0,
    diffuser=False,
    numerics=(),
):
    """Volume of the three zones [mL], the step [s] and the books of a treatment; lengths in mm."""
    fibre = {"kind": "bare", "tip": [f"{v} mm" for v in tip]}
    case = Case.from_dict(
        {
            "schema": "ablsim/case/1",
            "title": "numerical contract",
            "domain": {"size": f"{size} mm", "centre": ["0 mm", "0 mm", "0 mm"]},
            "tissue": {
                "background": "liver",
                "perfusion": perfusion,
                "body_temperature": f"{body} degC",
            },
            "fibre": [(DIFFUSER if diffuser else fibre) | {"direction": [0, 0, -1]}],
            "protocol": {"steps": list(steps)},
            "numerics": {"spacing": f"{spacing} mm", **dict(numerics)},
        }
    )
    result = simulate(case, domain=make_domain(case))
    zones = measure_zones(result)
    volumes = np.array([zones[name].volume for name in ZONES]) * 1e6
    return volumes, result.statistics.time_step, tuple(record.ledger for record in result.history)


def moved(spacing, change, **common):
    """Relative change of the three volumes by ``change``, the first being the reference."""
    reference, other = (treat(spacing, **common, **part)[0] for part in ({}, change))
    return np.abs(other / reference - 1.0)


# books -------------------------------------------------------------------------------------------


def test_energy_closes_within_a_thousandth_of_what_was_fired():
    """Contract: 1e-3, at every output. Reached: 8e-7."""
    for books in treat(2.0)[2][1:]:
        assert abs(books.balance_error) < 1e-4


def test_light_is_absorbed_or_escapes():
    """Contract: 1e-3. Reached: 9e-7."""
    for books in treat(2.0)[2][1:]:
        assert abs(books.light_error) < 1e-3


def test_light_is_solved_to_a_residual_of_a_ten_thousandth():
    """Native, whitened and charred tissue side by side. Contract: 1e-4."""
    grid = Grid.centred((0.0, 0.0, 0.0), (40e-3, 40e-3, 40e-3), 1e-3)
    x, y, z = grid.axes()
    r = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    mu_a = np.select([r < 1.5e-3, r < 8e-3], [6000.0, 50.0], 50.0)
    mu_s = np.select([r < 8e-3], [1500.0], 400.0)
    emission = Emission((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), 0.0, 1.0)
    field = DiffusionSolver(grid).solve(mu_a, mu_s, [emission])
    assert field.residual <= 1e-4
    assert field.absorbed + field.escaped == pytest.approx(1.0, abs=1e-3)


# grid --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_millimetres_against_one():
    """Contract: 8 % in volume, and only for planning. Reached: 3.4 %."""
    assert np.all(np.abs(treat(2.0)[0] / treat(1.0)[0] - 1.0) < 0.08)


@pytest.mark.slow
def test_one_millimetre_against_half_a_millimetre():
    """Contract: 3 % in volume. Reached: 0.6 %, in the zone of death."""
    assert np.all(np.abs(treat(1.0)[0] / treat(0.5)[0] - 1.0) < 0.03)


WHOLE = (("active_region_tolerance", "0 K"),)
SHORT = ("deliver 5 W for 40 s", "rest for 120 s")


@pytest.mark.slow
def test_half_a_millimetre_against_a_quarter():
    """Contract: 1.5 % in volume; here on a short illumination in a small box.

    Reached: 0.3 %; with all 1800 J in a box of 30 mm, by hand, 0.09 %.
    """
    coarse, fine = (treat(h, size=22.0, steps=SHORT)[0] for h in (0.5, 0.25))
    assert np.all(np.abs(coarse / fine - 1.0) < 0.015)


@pytest.mark.slow
@pytest.mark.parametrize("shift", [(0.5, 0.5, 0.5), (0.5, 0.0, 0.25)])
def test_fibre_shifted_by_half_a_cell(shift):
    """Contract: 2 % in volume at 1 mm. Reached: 0.7 %."""
    assert np.all(moved(1.0, {"tip": shift}) < 0.02)


# steps, light, box -------------------------------------------------------------------------------


def test_halving_the_time_step():
    """Contract: 0.5 % in volume. Reached: 0.26 % at 1 mm; 1.4 % at 2 mm, with its steps of 4 s."""
    half = {"numerics": (("time_step", f"{0.5 * treat(1.0)[1]!r} s"),)}
    assert np.all(moved(1.0, half) < 0.005)


@pytest.mark.parametrize("spacing", COARSE_AND_WORKING)
def test_light_renewed_every_second_instead_of_every_five(spacing):
    """Contract: 0.5 % in volume. Reached: 0.02 % at 1 and 2 mm."""
    often = {"numerics": (("light_interval", "1 s"),)}
    assert np.all(moved(spacing, often) < 0.005)


@pytest.mark.parametrize("spacing", COARSE_AND_WORKING)
def test_wall_ten_millimetres_outside_the_zone(spacing):
    """Contract: 0.5 % in volume, where blood flows. Reached: 0.01 %; every cell is computed."""
    large, near = (treat(spacing, size=size, numerics=WHOLE)[0] for size in (64.0, 40.0))
    assert np.all(np.abs(near / large - 1.0) < 0.005)


def test_wall_far_outside_the_zone_where_no_blood_flows():
    """Contract: 0.5 % in volume with 25 mm of tissue around the zone. Reached: 0.01 %."""
    large, near = (
        treat(2.0, size=size, perfusion="occluded", numerics=WHOLE)[0] for size in (104.0, 72.0)
    )
    assert np.all(np.abs(near / large - 1.0) < 0.005)


# sizes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", COARSE_AND_WORKING)
def test_occluded_zone_is_about_three_times_the_perfused_one(spacing):
    """20 mm diffuser, 5 W for 840 s at 38 degC, whitening. Contract: 2.5 to 4.0; measured 3.0.

    Reached: 3.48 at 1 mm, 3.67 at 2 mm.
    """
    perfused, occluded = (
        treat(
            spacing, size=70.0, steps=("deliver 5 W for 840 s", "rest for 120 s"), body=38.0,
            diffuser=True, perfusion=perfusion,
        )[0][1]
        for perfusion in ("normal", "occluded")
    )  # fmt: skip
    assert 2.5 < occluded / perfused < 4.0


@pytest.mark.parametrize("spacing", COARSE_AND_WORKING)
def test_seven_watts_kill_at_least_as_much_as_three_at_equal_energy(spacing):
    """Contract: the sign, at 1800 J, in every zone.

    Reached at 1 mm: stasis 2.64 and 3.33 mL, whitening 1.70 and 2.11, death 2.87 and 3.29.
    """
    weak, strong = (
        treat(spacing, steps=(f"deliver {power} W until 1800 J", "rest for 120 s"))[0]
        for power in (3, 7)
    )
    assert np.all(strong >= weak)
