"""Boiling by a curve of temperature and condensing steam: exact curves, books, limits."""

import copy

import numba
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from ablsim.grid import Grid
from ablsim.heat.evaporation import steam_heat
from ablsim.kernels import evaporation
from ablsim.tissue.boiling import water_curve
from ablsim.tissue.library import get_kinetics
from ablsim.tissue.sets import yang2007

BASE = 310.15
NO_TIPS = np.zeros((0, 3))
WET, DRY, LATENT = 3.816e6, 4.4e5, 1.75e9
LAWS = ("apparent_enthalpy_99_101", "effective_c_yang2007")
SINKS = ("stored", "perfusion", "boundary", "vessels", "latent", "vapour")


def curve_of(law):
    return water_curve(law) - (BASE, 0.0)


def left_at(law, rise):
    """Water left, straight from the law's definition."""
    if law == "effective_c_yang2007":
        return yang2007.water_left(rise + BASE)
    return float(np.clip((101.0 - 37.0 - rise) / 2.0, 0.0, 1.0))


def heat_content(law, rise):
    """Heat needed to bring a cubic metre to ``rise`` [J/m^3], by quadrature of the definition."""
    breaks = [t for t in (33.0, 62.0, 63.0, 64.0, 67.0, 73.0) if t < rise]
    left = left_at(law, rise)
    # by parts: int C dT - L dw = C T + L (1 - w) + (C_wet - C_dry) int T (-dw)
    area = quad(lambda t: left_at(law, t), 0.0, rise, points=breaks, limit=400, epsabs=1e-9)[0]
    carried = area - rise * left
    return (DRY + (WET - DRY) * left) * rise + LATENT * (1.0 - left) + (WET - DRY) * carried


def rise_after(law, heat):
    return brentq(lambda rise: heat_content(law, rise) - heat, 1.0, 2000.0, xtol=1e-9)


def one_cell(heat, row, law, power, **settings):
    grid = Grid((1, 1, 1), 1e-3, (0.0, 0.0, 0.0))
    solver = heat(
        grid, rows=[row()], water_curve=curve_of(law), boundary="insulated", precision="float64",
        **settings,
    )  # fmt: skip
    solver.set_source(np.full(grid.shape, power), NO_TIPS)
    return solver


@pytest.mark.parametrize("step", [0.5, 7.0])
@pytest.mark.parametrize("law", LAWS)
def test_heated_tissue_follows_the_enthalpy_of_its_law_whatever_the_step(heat, row, law, step):
    power = 2e7
    solver = one_cell(heat, row, law, power, time_step=step)
    time = 0.0
    for duration in (6.0, 4.0, 4.0, 30.0, 40.0, 20.0):
        solver.advance(duration)
        time += duration
        rise = rise_after(law, power * time)
        assert solver.inner("theta").item() == pytest.approx(rise, abs=0.02)
        assert solver.inner("water").item() == pytest.approx(left_at(law, rise), abs=2e-3)


@pytest.mark.parametrize("law", LAWS)
def test_books_of_one_cell_are_the_heat_it_received(heat, row, law):
    solver = one_cell(heat, row, law, 2e7, time_step=1.0)
    for duration in (10.0, 25.0, 60.0):
        before = solver.balance()
        solver.advance(duration)
        after = solver.balance()
        gain = sum(after[name] - before[name] for name in ("stored", "latent", "vapour"))
        assert gain == pytest.approx(2e7 * duration * 1e-9, rel=1e-10)


@pytest.mark.parametrize("law", LAWS)
def test_cooling_gives_the_heat_and_the_water_back(heat, row, law):
    solver = one_cell(heat, row, law, 2e7)
    solver.advance(40.0)
    assert solver.inner("water").item() < 0.8
    solver.set_source(np.full(solver.grid.shape, -2e7), NO_TIPS)
    solver.advance(40.0)
    books = solver.balance()
    assert solver.inner("water").item() == pytest.approx(1.0, abs=1e-12)
    assert solver.inner("theta").item() == pytest.approx(0.0, abs=1e-9)
    assert (books["latent"], books["vapour"]) == pytest.approx((0.0, 0.0), abs=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_sampled_curve_is_the_law(law):
    curve = curve_of(law)
    assert (np.diff(curve[:, 0]) > 0.0).all()
    assert (np.diff(curve[:, 1]) < 0.0).all()
    assert (curve[0, 1], curve[-1, 1]) == (1.0, 0.0)
    for rise in np.linspace(30.0, 250.0, 2000):
        sampled = np.interp(rise, *curve.T)
        assert sampled == pytest.approx(left_at(law, float(rise)), abs=3e-4)


def test_steam_heat_is_the_integral_over_the_curve():
    curve = np.array([(50.0, 1.0), (60.0, 0.7), (90.0, 0.0)])
    for rise in (20.0, 50.0, 57.0, 60.0, 71.0, 90.0, 140.0):
        ends = np.linspace(0.0, rise, 400_001)
        left = np.interp(ends, *curve.T)
        expected = np.sum(0.5 * (ends[1:] + ends[:-1]) * -np.diff(left))
        assert steam_heat(curve, rise) == pytest.approx(expected, rel=1e-8, abs=1e-12)


# whole fields ------------------------------------------------------------------------------------


def fired(
    heat, row, *, duration=90.0, cool_down=120.0, half_width=None, power=4.0, sigma=2e-3, **settings
):
    """A ball of heat in perfused tissue that boils; state at its end and after cool-down."""
    curve = None
    if half_width is not None:
        curve = np.array([(63.0 - half_width, 1.0), (63.0 + half_width, 0.0)])
    grid = Grid.centred((0.0, 0.0, 0.0), (24e-3, 24e-3, 24e-3), 1e-3)
    solver = heat(
        grid,
        rows=[row(w=5.9e4, gain=0.6, k_dry=0.2)],
        **{"boiling": np.inf if curve is not None else 63.0, "water_curve": curve} | settings,
    )
    x, y, z = grid.axes()
    q = np.exp(-(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2) / sigma**2)
    q *= power / (q.sum() * grid.cell_volume)
    solver.set_source(q, np.zeros((1, 3)))
    solver.advance(duration)
    if cool_down > 0.0:
        solver.set_source(np.zeros(grid.shape), NO_TIPS)
        solver.advance(cool_down)
    return solver


def volume(solver, name="stasis"):
    """Damaged volume [mL], every cell by its share."""
    return float(np.sum(-np.expm1(-solver.inner(name).astype(float)))) * 1e-3


def missing(solver):
    books = solver.balance()
    return 1.0 - sum(books[name] for name in SINKS) / 360.0


@pytest.mark.parametrize(("precision", "closure"), [("float32", 1e-4), ("float64", 1e-10)])
@pytest.mark.parametrize("cap", [673.15, 423.15])
def test_no_heat_is_lost_where_water_follows_a_curve(heat, row, precision, closure, cap):
    solver = fired(heat, row, half_width=1.0, precision=precision, cap_temperature=cap)
    assert solver.n_sub_steps > 0
    assert (solver.books["moved_by_cap"] > 0.0) == (cap < 600.0)
    assert abs(missing(solver)) < closure


def test_narrow_band_boils_like_the_water_state_and_a_wide_one_spends_more(heat, row):
    """Before anything cools the laws differ in nothing but the band, which weakens with it."""
    state = fired(heat, row, cool_down=0.0)
    narrow, wide, wider = (fired(heat, row, cool_down=0.0, half_width=h) for h in (1.0, 5.0, 10.0))
    latent = [s.balance()["latent"] for s in (state, narrow)]
    assert latent[0] > 100.0
    assert latent[1] == pytest.approx(latent[0], rel=0.01)
    changes = [volume(s) / volume(state) - 1.0 for s in (narrow, wide, wider)]
    assert abs(changes[0]) < 0.01
    assert changes[0] > changes[1] > changes[2]
    assert -0.04 < changes[1] < -0.003
    assert -0.10 < changes[2] < -0.01


def test_heat_that_comes_back_from_steam_enlarges_the_zone(heat, row):
    """The reason why a reversible law is not the default."""
    gone, back = fired(heat, row), fired(heat, row, half_width=1.0)
    assert back.balance()["latent"] < 0.2 * gone.balance()["latent"]
    assert 1.02 < volume(back) / volume(gone) < 1.12


def test_a_new_session_books_what_the_steam_still_held(heat, row):
    solver = fired(heat, row, cool_down=0.0, half_width=1.0, precision="float64")
    books = solver.balance()
    held = books["stored"] + books["latent"] + books["vapour"]
    solver.start_session()
    after = solver.balance()
    assert after["between_sessions"] == pytest.approx(held, rel=1e-12)
    assert [after[name] for name in ("stored", "latent", "vapour")] == [0.0, 0.0, 0.0]
    assert (solver.inner("water") == 1.0).all()


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_condensed_steam_is_heat_that_did_not_leave(heat, row, precision, share):
    solver = fired(heat, row, steam_condensation=share, precision=precision)
    assert abs(missing(solver)) < (1e-4 if precision == "float32" else 1e-10)
    latent, carried = solver._steam()
    books = solver.balance()
    assert books["latent"] + books["vapour"] == pytest.approx(
        (1.0 - share) * (latent + carried), rel=1e-5, abs=1e-3
    )


def test_the_more_steam_condenses_the_larger_the_zone_up_to_that_without_boiling(heat, row):
    """With all the steam condensing no heat leaves, as if nothing boiled: so the zones agree."""
    none, half, whole = (
        volume(fired(heat, row, steam_condensation=share)) for share in (0.0, 0.5, 1.0)
    )
    cold = volume(fired(heat, row, boiling=np.inf))
    assert none < 1.05 * none < half < whole
    assert 0.9 < whole / cold < 1.3


def condense(theta, water, *, fraction=1.0, tips=None, inv_c=1.0 / WET, t_front=62.0):
    """One call of the kernel on padded arrays; returns the heat given back [J/m^3]."""
    shape = theta.shape
    table = np.array([[WET, DRY, LATENT, 0.5, 0.2, 0.0, 28.0, 0.03, 0.0, 0.0]])
    return evaporation.condense(
        theta, water, np.ones(shape), np.full(shape, inv_c), np.zeros(shape, np.uint8), table,
        np.zeros((1, 3)) if tips is None else tips, np.ones(shape[:2], np.uint8),
        tuple(n for size in shape for n in (1, size - 1)), np.empty(theta.size, np.int64), 63.0,
        t_front, fraction,
    )  # fmt: skip


def test_steam_condenses_beside_the_front_and_nowhere_else():
    theta = np.full((9, 9, 9), 20.0)
    theta[4, 4, 4] = 63.0
    water = np.ones_like(theta)
    water[4, 4, 4] = 0.99
    steam = 0.01 * (LATENT + (WET - DRY) * 63.0)
    assert condense(theta, water) == pytest.approx(steam, rel=1e-9)
    around = [(3, 4, 4), (5, 4, 4), (4, 3, 4), (4, 5, 4), (4, 4, 3), (4, 4, 5)]
    gain = steam / 6.0 / WET
    assert [theta[i] for i in around] == pytest.approx([20.0 + gain] * 6, rel=1e-9)
    for i in (*around, (4, 4, 4)):
        theta[i] = 20.0
    assert (theta == 20.0).all()


def test_steam_goes_on_to_the_next_layer_where_the_first_is_full():
    theta = np.full((13, 13, 13), 42.0)
    theta[6, 6, 6] = 63.0
    water = np.ones_like(theta)
    water[6, 6, 6] = 0.0
    before = theta.sum()
    given = condense(theta, water)
    assert given == pytest.approx(LATENT + (WET - DRY) * 63.0, rel=1e-12)
    assert (theta.sum() - before) * WET == pytest.approx(given, rel=1e-9)
    assert theta[6, 6, 5] == 62.0
    assert 42.0 < theta[6, 6, 4] <= 62.0
    assert theta[6, 6, 1] == 42.0


def test_each_tip_keeps_its_own_steam():
    theta = np.full((5, 5, 17), 20.0)
    theta[2, 2, 4] = theta[2, 2, 12] = 63.0
    water = np.ones_like(theta)
    water[2, 2, 4] = 0.99
    tips = np.array([(2.0, 2.0, 4.0), (2.0, 2.0, 12.0)])
    condense(theta, water, tips=tips)
    assert theta[2, 2, 5] > 20.0
    assert theta[2, 2, 11] == 20.0


def test_steam_stays_where_it_arose():
    theta = np.full((5, 5, 17), 20.0)
    theta[2, 2, 4] = theta[2, 2, 12] = 63.0  # hot before, as where a fibre lay
    water = np.ones_like(theta)
    water[2, 2, 4] = 0.99
    before = theta.sum()
    given = condense(theta, water)
    assert (theta.sum() - before) * WET == pytest.approx(given, rel=1e-9)
    assert theta[2, 2, 5] > 20.0
    assert theta[2, 2, 11] == 20.0


def test_same_bits_for_one_and_two_threads_with_every_law_switched_on(heat, row):
    before = numba.get_num_threads()
    for settings in ({"half_width": 1.0}, {"steam_condensation": 0.7}):
        states = []
        for threads in (1, 2):
            numba.set_num_threads(min(threads, before))
            states.append(fired(heat, row, cool_down=10.0, **settings))
        numba.set_num_threads(before)
        for name in ("theta", "water", "stasis", "char"):
            assert np.array_equal(states[0].inner(name), states[1].inner(name))
        assert states[0].balance() == states[1].balance()


@pytest.mark.parametrize(
    "settings",
    [{"half_width": 1.0}, {"steam_condensation": 0.7, "cell_death": get_kinetics("three_state")}],
)
def test_a_restored_state_goes_on_with_the_same_bits(heat, row, settings):
    first = fired(heat, row, cool_down=0.0, **settings)
    kept = copy.deepcopy(first.state())
    second = fired(heat, row, cool_down=0.0, duration=1.0, **settings)
    second.set_source(first.inner("q").copy(), np.zeros((1, 3)))
    second.restore(kept)
    for solver in (first, second):
        solver.advance(10.0)
    for name in ("theta", "water", "stasis", "death", "alive"):
        one, other = (s.field(name) for s in (first, second))
        assert (one is other is None) or np.array_equal(one, other)
    assert first.balance() == second.balance()
