"""Super-steps (RKL2) against matrix exponentials: order, stability, balances, symmetry."""

import numba
import numpy as np
import pytest
from scipy.linalg import expm

from ablsim.case import Boundary
from ablsim.deposition import deposit
from ablsim.grid import Grid
from ablsim.heat.super_step import count_stages

NO_TIPS = np.zeros((0, 3))
PROCESSES = ("stasis", "whitening", "death")
SINKS = ("stored", "perfusion", "boundary", "vessels", "latent", "vapour")


# order in time -----------------------------------------------------------------------------------

EDGE, N = 12e-3, 24


def rod(heat, row, *, jump, steps, duration, scheme):
    """A perfused, heated rod with cold ends, of one tissue or of two; its rise after a while."""
    grid = Grid((1, 1, N), EDGE / N, (0.0, 0.0, 0.0))
    x = grid.axes()[0]
    second = row(k=0.2, c=1.5e6, w=2e4) if jump else row(w=4e4)
    sides = {side: Boundary(kind="body") for side in ("x_min", "x_max")}
    solver = heat(
        grid,
        rows=[row(w=4e4), second],
        code=np.broadcast_to(x > EDGE / 2, grid.shape).astype(np.uint8),
        boundary="insulated",
        sides=sides,
        precision="float64",
        perfusion_law="constant",
        skip_temperature=1e4,
    )
    start, q = 5.0 * np.sin(np.pi * x / EDGE), 5e5 * np.sin(np.pi * x / EDGE) ** 2
    solver.inner("theta")[:] = start
    solver.set_source(np.broadcast_to(q, grid.shape), NO_TIPS)
    exact = exact_rod(solver, start, q, duration)
    solver.advance(duration, steps, scheme)
    return np.abs(solver.inner("theta")[0, 0] - exact).max()


def exact_rod(solver, start, q, duration):
    """The semi-discrete equation solved exactly: a matrix of face conductances, its exponential."""
    h = EDGE / N
    k, w = solver.inner("k")[0, 0], solver.inner("w")[0, 0]
    c = 1.0 / solver.inner("inv_c")[0, 0]
    inner = 1.0 / (0.5 * h / k[:-1] + 0.5 * h / k[1:]) / h
    matrix = np.diag(inner, 1) + np.diag(inner, -1)
    matrix -= np.diag(matrix.sum(axis=1) + w)
    matrix[0, 0] -= 2.0 * k[0] / h**2
    matrix[-1, -1] -= 2.0 * k[-1] / h**2
    steady = np.linalg.solve(matrix, -q)
    return steady + expm(matrix / c[:, None] * duration) @ (start - steady)


@pytest.mark.parametrize("jump", [False, True])
@pytest.mark.parametrize(("scheme", "order", "steps"), [("rkl2", 2.0, 20), ("euler", 1.0, 200)])
def test_order_in_time_on_constant_and_jumping_conductivity(heat, row, jump, scheme, order, steps):
    errors = [
        rod(heat, row, jump=jump, steps=n, duration=20.0, scheme=scheme)
        for n in (steps, 2 * steps, 4 * steps)
    ]
    assert np.log2(np.divide(errors[:-1], errors[1:])) == pytest.approx([order, order], abs=0.1)
    assert errors[-1] < 0.01


# stability ---------------------------------------------------------------------------------------


def checkerboard(heat, row, **settings):
    """Cells that are all hot or cold like a chess board: the mode that goes unstable first."""
    grid = Grid((6, 6, 6), 1e-3, (0.0, 0.0, 0.0))
    solver = heat(
        grid, rows=[row()], boundary="insulated", precision="float64", skip_temperature=1e4,
        **settings,
    )  # fmt: skip
    board = np.indices(grid.shape).sum(axis=0) % 2
    solver.inner("theta")[:] = 10.0 + 10.0 * board
    solver.set_source(np.zeros(grid.shape), NO_TIPS)
    return solver


@pytest.mark.parametrize("n_stages", [3, 5, 9, 21])
def test_a_long_run_right_at_the_stage_limit_stays_stable(heat, row, n_stages):
    solver = checkerboard(heat, row)
    step = solver.stable_step * (n_stages**2 + n_stages - 2) / 4.0
    assert count_stages(step / solver.stable_step) == n_stages
    largest = []
    for _ in range(300):
        solver.advance(step, 1, "rkl2")
        theta = solver.inner("theta")
        assert 10.0 - 1e-9 <= theta.min() <= theta.max() <= 20.0 + 1e-9
        largest.append(np.ptp(theta))
    assert solver.n_stages == 300 * n_stages
    assert largest[-1] < 1e-6
    assert solver.inner("theta").mean() == pytest.approx(15.0, rel=1e-12)


def test_fewer_stages_than_reckoned_would_be_unstable(heat, row, monkeypatch):
    """The bound is not loose: with the stages for half the step the chess board explodes."""
    from ablsim.heat import super_step

    monkeypatch.setattr(super_step, "count_stages", lambda reach: count_stages(0.5 * reach))
    solver = checkerboard(heat, row)
    for _ in range(3):
        solver.advance(solver.stable_step * 100.0, 1, "rkl2")
    assert np.ptp(solver.inner("theta")) > 1e3


@pytest.mark.parametrize("step", [1.0, 4.0, 15.0])
def test_nothing_turns_cold_after_a_switch(heat, row, step):
    """Power on, then off: no rise below -1e-3 of the peak, whatever the step."""
    grid = Grid.centred((0.0, 0.0, 0.0), (25e-3, 25e-3, 25e-3), 1e-3)
    solver = heat(grid, rows=[row(w=5.9e4)], skip_temperature=1e4)
    q = np.zeros(grid.shape)
    q[12, 12, 12] = 0.5 / grid.cell_volume
    peak = 0.0
    for source in (q, 0.0 * q):
        solver.set_source(source, NO_TIPS)
        for _ in range(int(60.0 / step)):
            solver.advance(step, 1, "rkl2")
            peak = max(peak, solver.inner("theta").max())
            assert solver.inner("theta").min() >= -1e-3 * peak


# balances, symmetry, equal bits ------------------------------------------------------------------


def fired_hard(heat, row, *, step=1.0, power=4.0, duration=90.0, offsets=None, **settings):
    """Tissue that boils, chars and loses its perfusion, beside a vessel, near an open wall."""
    grid = Grid.centred((0.0, 0.0, 0.0), (24e-3, 24e-3, 24e-3), 1e-3)
    x, y, _ = grid.axes()
    lumen = np.broadcast_to(np.hypot(y[:, None], x - 9e-3) < 2e-3, grid.shape)
    solver = heat(
        grid,
        rows=[row(w=5.9e4, gain=0.6, k_dry=0.2), row(k=0.6)],
        code=lumen.astype(np.uint8) if offsets is None else None,
        held=[False, True],
        boiling=63.0,
        **settings,
    )
    tips = np.zeros((1, 3)) if offsets is None else np.array(offsets)
    q = np.zeros(grid.shape)
    for tip in tips:
        deposit(grid, tip[None], np.array([power / len(tips) / grid.cell_volume]), out=q)
    solver.set_source(q, tips)
    solver.advance(duration, round(duration / step), "rkl2")
    solver.set_source(np.zeros(grid.shape), NO_TIPS)
    for pause in (1.0, 2.0, 5.0, 12.0, 40.0):
        solver.advance(pause, 1, "rkl2")
    return solver


@pytest.mark.parametrize(("precision", "closure"), [("float32", 1e-4), ("float64", 1e-10)])
@pytest.mark.parametrize("tolerance", [0.0, 0.01])
@pytest.mark.parametrize("step", [1.0, 4.0])
def test_books_close_over_boiling_vessel_and_open_wall(
    heat, row, precision, closure, tolerance, step
):
    solver = fired_hard(heat, row, step=step, precision=precision, tolerance=tolerance)
    books = solver.balance()
    assert books["latent"] > 30.0
    assert books["moved_by_cap"] > 1.0
    assert books["vessels"] > 1.0
    assert books["boundary"] > 0.1
    fired = 4.0 * round(90.0 / step) * (90.0 / round(90.0 / step))
    assert abs(fired - sum(books[name] for name in SINKS)) / fired < closure


def test_books_close_over_a_thousand_super_steps(heat, row, cube):
    grid = cube(8e-3, 1e-3)
    solver = heat(grid, rows=[row(w=5.9e4)], precision="float64")
    solver.set_source(np.full(grid.shape, 2e4), NO_TIPS)
    solver.advance(10_000.0, 1000, "rkl2")
    fired = 2e4 * 512e-9 * 10_000.0
    books = solver.balance()
    assert abs(fired - sum(books[name] for name in SINKS)) / fired < 1e-12


def test_float32_follows_float64(heat, row):
    single, double = (fired_hard(heat, row, precision=p) for p in ("float32", "float64"))
    assert single.inner("theta") == pytest.approx(double.inner("theta"), abs=0.05)
    assert (single.inner("stasis") >= 1).sum() == pytest.approx(
        (double.inner("stasis") >= 1).sum(), rel=0.01
    )


def test_long_steps_end_where_short_ones_do(heat, row):
    """Boiling and capped heat must not flow on as if the tissue were hotter than it is."""
    short, long = fired_hard(heat, row, step=0.1), fired_hard(heat, row, step=1.5)
    for name in PROCESSES:
        damaged = [np.sum(-np.expm1(-s.inner(name).astype(float))) for s in (short, long)]
        assert damaged[1] == pytest.approx(damaged[0], rel=0.02), name
    assert long.balance()["latent"] == pytest.approx(short.balance()["latent"], rel=0.04)


def test_active_region_of_long_steps_stays_within_its_tolerance(heat, row):
    whole = fired_hard(heat, row, tolerance=0.0, power=1.0)
    box = fired_hard(heat, row, tolerance=0.01, power=1.0)
    assert box.n_cell_steps < whole.n_cell_steps
    assert np.abs(box.inner("theta") - whole.inner("theta")).max() < 0.02
    assert np.array_equal(box.inner("stasis") >= 1, whole.inner("stasis") >= 1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_mirrored_source_gives_the_mirrored_state(heat, row, axis):
    solver = fired_hard(heat, row, offsets=((-4e-3, 0.0, 0.0), (4e-3, 0.0, 0.0)))
    for name in ("theta", "stasis", "water", "char"):
        field = solver.inner(name).astype(float)
        assert field == pytest.approx(np.flip(field, axis), rel=5e-3, abs=5e-3)


def test_same_bits_for_one_and_two_threads(heat, row):
    states = []
    before = numba.get_num_threads()
    for threads in (1, 2):
        numba.set_num_threads(min(threads, before))
        states.append(fired_hard(heat, row))
    numba.set_num_threads(before)
    for name in ("theta", "water", "char", *PROCESSES):
        assert np.array_equal(states[0].inner(name), states[1].inner(name))
    assert states[0].books == states[1].books


def test_a_restored_state_goes_on_with_the_same_bits(heat, row):
    import copy

    solver = fired_hard(heat, row, duration=30.0)
    kept = copy.deepcopy(solver.state())
    solver.advance(20.0, 2, "rkl2")
    again = fired_hard(heat, row, duration=5.0)
    again.restore(kept)
    again.advance(20.0, 2, "rkl2")
    for name in ("theta", "water", "k", "w", *PROCESSES):
        assert np.array_equal(again.field(name), solver.field(name))
    assert again.books == solver.books
