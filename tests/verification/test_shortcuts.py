"""What is skipped, or kept from step to step, changes no bit of what the plain way gives."""

import numpy as np
import pytest

from ablsim.grid import Grid

N = 20
GRID = Grid((N, N, N), 1e-3, (0.0, 0.0, 0.0))
FIELDS = ("theta", "k", "w", "inv_c", "water", "char", "stasis", "whitening", "death")


@pytest.fixture
def treated(heat, row):
    """Return a solver after boiling, drying, cooling and a new session in two tissues."""

    def treat(scheme, skip):
        code = np.zeros(GRID.shape, np.uint8)
        code[:, :, N // 2 + 2 :] = 1
        rows = [row(w=6e4, gain=0.6, k_dry=0.2), row(k=0.54, w=3e4, gain=0.6, k_dry=0.2)]
        solver = heat(
            GRID,
            rows=rows,
            code=code,
            boiling=63.0,
            boundary="body",
            skip_temperature=skip,
            tolerance=0.01,
            perfusion_law="stasis",
        )
        q = np.zeros(GRID.shape, np.float32)
        q[8:12, 8:12, 8:13] = 6e7
        tip = np.array([[10e-3, 10e-3, 10e-3]])
        for power, duration in ((1.0, 60.0), (0.0, 40.0)):
            solver.set_source(np.float32(power) * q, tip[: int(power)])
            solver.advance(duration, scheme=scheme, n_steps=None if scheme == "euler" else 40)
            yield solver
        solver.start_session()
        solver.set_source(q, tip)
        solver.advance(10.0)
        yield solver

    return treat


def _harmonic(a, b):
    return (a * b + a * b) / (a + b)


@pytest.mark.parametrize("scheme", ["euler", "rkl2"])
def test_faces_conduct_as_the_cells_beside_them_do_at_every_time(treated, scheme):
    inner = slice(1, -1)
    for solver in treated(scheme, 316.15):
        assert solver.water.min() == 0.0
        for axis in range(3):
            k = np.moveaxis(solver.k, axis, 0)[:, inner, inner]
            kept = np.moveaxis(solver._faces[axis], axis, 0)[:-1, inner, inner]
            np.testing.assert_array_equal(kept, _harmonic(k[:-1], k[1:]))


@pytest.mark.parametrize("scheme", ["euler", "rkl2"])
def test_cells_that_are_too_cold_to_change_need_no_visit(treated, scheme):
    for some, all_of_them in zip(treated(scheme, 316.15), treated(scheme, 1.0), strict=True):
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(some, name), getattr(all_of_them, name), name)
        assert some.balance() == all_of_them.balance()
        assert some.stasis.max() > 1.0 > some.stasis.min()
