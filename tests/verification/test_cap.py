"""Heat above the cap: it goes to the walls of its own cavity, and none of it is lost."""

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.kernels import cap
from ablsim.simulation import simulate

WET, DRY, LATENT = 3.6e6, 0.7e6, 1.7e9
BOILING, CAP = 63.0, 363.0


def move(theta, tips=((3.0, 3.0, 3.0),), hot=BOILING):
    """One call of the kernel on dry cells; returns the heat moved [J/m^3]."""
    shape = theta.shape
    water = np.where(theta > BOILING, 0.0, 1.0)
    inv_c = 1.0 / np.where(water > 0.0, WET, DRY)
    table = np.array([[WET, DRY, LATENT, 0.5, 0.2, 0.0, 28.0, 0.03, 0.0, 0.0]])
    box = tuple(n for size in shape for n in (1, size - 1))
    return cap.move_above(
        theta, water, inv_c, np.zeros(shape, np.uint8), table, BOILING, hot, CAP,
        np.array(tips), np.ones(shape[:2], np.uint8), box,
    )  # fmt: skip


def cavities():
    """Two dry places: one with a cell above the cap, another that was hot before."""
    theta = np.full((7, 7, 17), 20.0)
    theta[2:5, 2:5, 2:5] = 200.0
    theta[3, 3, 3] = 500.0
    theta[2:5, 2:5, 10:13] = 150.0
    return theta


def test_surplus_goes_to_the_walls_of_its_cavity():
    theta = cavities()
    before = theta.copy()
    assert move(theta) == pytest.approx((500.0 - CAP) * DRY)
    assert theta[3, 3, 3] == pytest.approx(CAP)
    walls = theta[2:5, 2:5, 2:5].sum() - theta[3, 3, 3]
    assert walls == pytest.approx(26 * 200.0 + 500.0 - CAP)
    assert (theta[..., 6:] == before[..., 6:]).all()


def test_cavities_that_have_met_share_it():
    theta = cavities()
    theta[3, 3, 5:10] = 100.0
    before = theta.sum()
    move(theta)
    assert theta[3, 3, 11] > 150.0
    assert theta.sum() == pytest.approx(before)


def test_each_tip_keeps_its_own_surplus():
    theta = cavities()
    theta[3, 3, 5:10] = 100.0
    move(theta, tips=((3.0, 3.0, 3.0), (3.0, 3.0, 11.0)))
    assert (theta[2:5, 2:5, 10:13] == 150.0).all()


def test_nothing_hot_takes_nothing():
    theta = np.full((5, 5, 5), 20.0)
    assert move(theta) == 0.0
    assert (theta == 20.0).all()
    theta[2, 2, 2] = 500.0
    assert move(theta, hot=np.inf) == 0.0  # without boiling nothing counts as hot
    assert theta[2, 2, 2] == 500.0


@pytest.mark.compiled
@pytest.mark.parametrize("cell", [1.25, 1.0, 0.8])
def test_a_fibre_that_is_pulled_back_heats_both_places_alike(cell):
    # heat once went from the second cavity to the first, 10 mm away: the zone lay 1.5 mm too deep
    case = Case.from_dict(
        {
            "schema": "ablsim/case/1",
            "title": "pulled back",
            "tissue": {"background": "net_metastasis"},
            "fibre": [{"kind": "bare", "tip": ["0 mm", "0 mm", "-5 mm"], "direction": [0, 0, -1]}],
            "protocol": {
                "steps": [
                    "deliver 5 W until 1800 J",
                    "pull back 10 mm",
                    "deliver 5 W until 1800 J",
                    "rest for 120 s",
                ]
            },
            "numerics": {"spacing": f"{cell} mm", "light": "diffusion", "light_interval": "60 s"},
        },
        source="test",
    )
    result = simulate(case)
    inside = result.grid.position(np.argwhere(result.fields.stasis >= 1.0))
    assert abs(inside[:, 2].mean()) < 0.4e-3
