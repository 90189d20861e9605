"""Three-state cell death and critical temperatures against independent solutions."""

import itertools

import numba
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from ablsim.contour import Window, cube_volumes
from ablsim.front import LIMIT, damage_front
from ablsim.grid import Grid
from ablsim.kernels import cell_states
from ablsim.tissue.library import get_kinetics

LAW = get_kinetics("three_state")
GATE = 316.15
NO_TIPS = np.zeros((0, 3))
SHAPE = (3, 3, 6)  # one row of four cells in its ghosts


def reference(temperature, times):
    """A and D by an implicit Runge-Kutta method of order 5, from the published equations."""

    def change(t, state):
        alive, dead = state
        celsius = temperature(t) - 273.15
        if celsius < 43.0:
            return [0.0, 0.0]
        forward = 3.33e-3 * np.exp(celsius / 40.5) * (1.0 - alive)
        vulnerable = 1.0 - alive - dead
        return [-forward * alive + 7.77e-3 * vulnerable, forward * vulnerable]

    solution = solve_ivp(
        change, (0.0, times[-1]), [0.99, 0.0], method="Radau", t_eval=times, rtol=1e-11, atol=1e-14,
        max_step=5.0,
    )  # fmt: skip
    return solution.y


def without_rates(kinetics):
    """The table of rates with none for stasis and death, as `rate_table` gives it."""
    table = kinetics.copy()
    table[0] = table[2] = (0.0, 0.0, np.inf, 0.0, 0.0)
    return table


def advance(celsius_before, celsius_after, alive, death, dt):
    """One call of the kernel on a single row of cells, in place."""
    before, after = np.zeros(SHAPE), np.zeros(SHAPE)
    before[1, 1, 1:-1], after[1, 1, 1:-1] = celsius_before, celsius_after
    hot = np.ones(SHAPE[:2], np.uint8)
    cell_states.three_states(
        before, after, alive, death, hot, (1, 2, 1, 2, 1, 5), dt, 273.15, GATE,
        LAW.forward_at_gate, LAW.scale.si, LAW.backward.si, LAW.dead.si,
    )  # fmt: skip


def shares(alive, death):
    """A, V and D of the cells."""
    a = alive[1, 1, 1:-1]
    surviving = 0.2 ** death[1, 1, 1:-1]
    return a, surviving - a, 1.0 - surviving


@pytest.mark.parametrize(
    ("celsius", "published"), [(50.0, 1546.222), (60.0, 960.104), (70.0, 641.901)]
)
@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 5e-6), ("float32", 1e-3)])
def test_cells_count_as_dead_after_the_time_that_the_published_equations_give(
    heat, kinetics, celsius, published, precision, tolerance
):
    _, dead = reference(lambda t: celsius + 273.15, [0.0, published])
    assert dead[-1] == pytest.approx(0.8, abs=1e-6)
    grid = Grid((1, 1, 1), 10e-3, (0.0, 0.0, 0.0))
    solver = heat(
        grid, boundary="insulated", start_rise=celsius - 37.0, precision=precision,
        cell_death=LAW, kinetics=without_rates(kinetics), time_step=0.25,
    )  # fmt: skip
    solver.set_source(np.zeros(grid.shape), NO_TIPS)
    solver.advance(published)
    assert solver.inner("death").item() == pytest.approx(1.0, rel=tolerance)


def test_three_states_are_of_second_order_in_time():
    """Along a course of temperature that rises and falls, as in a treatment."""
    duration = 320.0

    def course(t):
        return 318.15 + 55.0 * np.sin(np.pi * t / duration) ** 2

    exact_alive, exact_dead = reference(course, [0.0, duration])[:, -1]
    errors = []
    for steps in (40, 80, 160):
        alive, death = np.full(SHAPE, 0.99), np.zeros(SHAPE)
        times = np.linspace(0.0, duration, steps + 1)
        celsius = course(times) - 273.15
        for before, after in itertools.pairwise(celsius):
            advance(before, after, alive, death, duration / steps)
        a, _, d = shares(alive, death)
        errors.append((abs(a[0] - exact_alive), abs(d[0] - exact_dead)))
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert orders == pytest.approx(np.full((2, 2), 2.0), abs=0.15)
    assert max(errors[-1]) < 2e-4  # in steps of 2 s


@pytest.mark.parametrize("dt", [0.01, 1.0, 60.0])
def test_no_share_of_cells_is_ever_negative_and_none_comes_back_from_the_dead(dt):
    rng = np.random.default_rng(11)
    alive, death = np.full(SHAPE, 0.99), np.zeros(SHAPE)
    dead_before = np.zeros(4)
    for _ in range(60):
        celsius = rng.uniform(37.0, 400.0, 4)
        advance(celsius, celsius, alive, death, dt)
        a, v, d = shares(alive, death)
        assert (a >= 0.0).all()
        assert (v >= -1e-12).all()
        assert (d >= dead_before).all()
        assert np.isfinite(death[1, 1, 1:-1]).all()
        dead_before = d


def test_zone_of_death_ends_where_four_fifths_of_the_cells_are_dead(cube):
    """A ball of known temperature for 300 s: the contour against the radius of the exact D."""

    def celsius(r):
        return 37.0 + 70.0 * np.exp(-((r / 9e-3) ** 2))

    def share(r):
        return reference(lambda t: celsius(r) + 273.15, [0.0, 300.0])[1, -1]

    exact = brentq(lambda r: share(r) - 0.8, 1e-3, 9e-3, xtol=1e-6)
    grid = cube(24e-3, 1e-3)
    x, y, z = grid.axes()
    theta = np.pad(celsius(np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)), 1)
    alive, death = np.full(theta.shape, 0.99), np.zeros(theta.shape)
    hot = np.ones(theta.shape[:2], np.uint8)
    box = tuple(n for size in theta.shape for n in (1, size - 1))
    for _ in range(600):
        cell_states.three_states(
            theta, theta, alive, death, hot, box, 0.5, 273.15, GATE, LAW.forward_at_gate,
            LAW.scale.si, LAW.backward.si, LAW.dead.si,
        )  # fmt: skip
    omega = death[1:-1, 1:-1, 1:-1]
    window = Window.around(grid, np.zeros(3), np.array(grid.shape) - 1.0, margin=1)
    front = window.to_nodes(damage_front(omega), -LIMIT)
    radius = (float(cube_volumes(window, [front]).sum()) * 0.75 / np.pi) ** (1.0 / 3.0)
    assert 3e-3 < exact < 9e-3
    assert radius == pytest.approx(exact, abs=0.05e-3)


def test_vulnerable_cells_recover_where_the_heat_was_mild_and_short():
    alive, death = np.full(SHAPE, 0.99), np.zeros(SHAPE)
    for _ in range(300):
        advance(80.0, 80.0, alive, death, 1.0)
    _, vulnerable, dead = shares(alive, death)
    assert vulnerable[0] > 0.1
    for _ in range(20):
        advance(43.5, 43.5, alive, death, 1.0)
    a, later, d = shares(alive, death)
    assert later[0] < vulnerable[0]
    assert a[0] + later[0] + d[0] == pytest.approx(1.0, rel=1e-12)
    assert d[0] > dead[0]


def test_nothing_moves_below_the_gate():
    alive, death = np.full(SHAPE, 0.6), np.full(SHAPE, 0.1)
    advance(42.0, 43.9, alive, death, 10.0)  # 42.95 degC in the mean
    assert (alive[1, 1, 1:-1] == 0.6).all()
    assert (death[1, 1, 1:-1] == 0.1).all()


def test_a_critical_temperature_counts_once_reached_and_is_kept(heat, kinetics):
    """Damage is exp((T - T_c)/width) of the highest temperature, and perfusion stops with it."""
    law = get_kinetics("isotherm_54")
    grid = Grid((1, 1, 4), 10e-3, (0.0, 0.0, 0.0))
    solver = heat(
        grid, boundary="insulated", precision="float64", kinetics=without_rates(kinetics),
        critical={"stasis": law, "death": law},
    )  # fmt: skip
    solver.set_source(np.zeros(grid.shape), NO_TIPS)
    rise = np.array([5.9, 15.0, 17.0, 30.0])  # 42.9, 52, 54 and 67 degC
    solver.inner("theta")[0, 0] = rise
    solver.advance(1e-6)
    expected = np.where(rise + 310.15 >= GATE, np.exp(rise - 17.0), 0.0)
    for name in ("stasis", "death"):
        assert solver.inner(name)[0, 0] == pytest.approx(expected, rel=1e-6)
    assert not solver.inner("whitening")[0, 0, 0]
    solver.inner("theta")[0, 0] = 8.0
    solver.advance(1.0)
    assert solver.inner("death")[0, 0] == pytest.approx(expected, rel=1e-6, abs=2e-4)


def test_three_states_give_the_same_bits_for_one_and_two_threads():
    rng = np.random.default_rng(5)
    theta = 37.0 + 60.0 * rng.random((8, 8, 8))
    hot = np.ones((8, 8), np.uint8)
    states = []
    before = numba.get_num_threads()
    for threads in (1, 2):
        numba.set_num_threads(min(threads, before))
        alive, death = np.full(theta.shape, 0.99), np.zeros(theta.shape)
        for _ in range(5):
            cell_states.three_states(
                theta, theta, alive, death, hot, (1, 7, 1, 7, 1, 7), 3.0, 273.15, GATE,
                LAW.forward_at_gate, LAW.scale.si, LAW.backward.si, LAW.dead.si,
            )  # fmt: skip
        states.append((alive, death))
    numba.set_num_threads(before)
    assert np.array_equal(states[0], states[1])
