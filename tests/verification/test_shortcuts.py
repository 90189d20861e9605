"""What is skipped, or kept from step to step, changes no bit of what the plain way gives."""

import numpy as np
import pytest

from ablsim.grid import Grid
from ablsim.heat.plain_rows import PlainRows, Rows

N = 20
GRID = Grid((N, N, N), 1e-3, (0.0, 0.0, 0.0))
WIDE = Grid((66, 62, 64), 1e-3, (0.0, 0.0, 0.0))
FIELDS = ("theta", "k", "w", "inv_c", "water", "char", "stasis", "whitening", "death")


@pytest.fixture
def treated(heat, row):
    """Return a solver after boiling, drying, cooling and a new session in two tissues."""

    def treat(scheme, skip, axis=2, grid=GRID):
        code = np.zeros(grid.shape, np.uint8)
        np.moveaxis(code, axis, 0)[N // 2 + 2 :] = 1
        rows = [row(w=6e4, gain=0.6, k_dry=0.2), row(k=0.54, w=3e4, gain=0.6, k_dry=0.2)]
        solver = heat(
            grid,
            rows=rows,
            code=code,
            boiling=63.0,
            boundary="body",
            skip_temperature=skip,
            tolerance=0.01,
            perfusion_law="stasis",
        )
        q = np.zeros(grid.shape, np.float32)
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


@pytest.mark.parametrize("scheme", ["euler", "rkl2"])
def test_memory_of_its_own_gives_the_active_region_the_same_bits(treated, scheme, monkeypatch):
    apart = []

    def states():
        for solver in treated(scheme, 316.15, grid=WIDE):
            apart.append(solver._apart is not None)
            yield {name: solver.field(name).copy() for name in (*FIELDS, "faces")}, solver.balance()

    some = list(states())
    assert any(apart)
    apart.clear()
    monkeypatch.setattr("ablsim.heat.pennes.is_worth_cutting", lambda box, like: False)
    for (fields, books), (others, other_books) in zip(some, states(), strict=True):
        for name, field in fields.items():
            np.testing.assert_array_equal(field, others[name], name)
        assert books == pytest.approx(other_books, rel=1e-6)
    assert not any(apart)


def _harmonic(a, b):
    return (a * b + a * b) / (a + b)


@pytest.mark.parametrize("scheme", ["euler", "rkl2"])
def test_faces_conduct_as_the_cells_beside_them_do_at_every_time(treated, scheme):
    inner = slice(1, -1)
    for solver in treated(scheme, 316.15):
        assert solver.inner("water").min() == 0.0
        for axis in range(3):
            k = np.moveaxis(solver.field("k"), axis, 0)[:, inner, inner]
            kept = np.moveaxis(solver.field("faces")[axis], axis, 0)[:-1, inner, inner]
            np.testing.assert_array_equal(kept, _harmonic(k[:-1], k[1:]))


@pytest.mark.parametrize("scheme", ["euler", "rkl2"])
def test_cells_that_are_too_cold_to_change_need_no_visit(treated, scheme):
    for some, all_of_them in zip(treated(scheme, 316.15), treated(scheme, 1.0), strict=True):
        for name in FIELDS:
            np.testing.assert_array_equal(some.field(name), all_of_them.field(name), name)
        assert some.balance() == all_of_them.balance()
        assert some.inner("stasis").max() > 1.0 > some.inner("stasis").min()


@pytest.mark.parametrize("may_join", [True, False])
@pytest.mark.parametrize("scheme", ["euler", "rkl2"])
def test_rows_that_are_alike_or_joined_give_the_same_bits(treated, scheme, may_join, monkeypatch):
    found, joined = [], []

    def states():
        for solver in treated(scheme, 316.15, axis=0):
            yield {name: solver.field(name).copy() for name in FIELDS}, solver.balance()
            found.append(int(solver._patch._plain._plain.sum()))
            joined.append(solver._patch._plain._joined)

    some = list(states())
    assert min(found[:2]) > 0  # a new session begins with the cells that have changed
    assert max(found) < 2 * N * N
    assert any(joined)

    def find_none(self, faces, inv_c, w, box, opened):
        rows = find(self, faces, inv_c, w, box, opened)
        until = np.broadcast_to(
            np.arange(rows.until.shape[1], dtype=np.int32) + 1, rows.until.shape
        )
        return Rows(np.zeros_like(rows.plain), until.copy(), rows.joined and may_join)

    find = PlainRows.find
    monkeypatch.setattr(PlainRows, "find", find_none)
    for (fields, books), (others, other_books) in zip(some, states(), strict=True):
        for name in FIELDS:
            np.testing.assert_array_equal(fields[name], others[name], name)
        assert books == (other_books if may_join else pytest.approx(other_books, rel=1e-6))


@pytest.mark.parametrize("scheme", ["euler", "rkl2"])
def test_plain_rows_are_those_whose_coefficients_are_one_number(treated, scheme):
    for solver in treated(scheme, 316.15, axis=0):
        patch, state = solver._patch, solver._patch.state
        z0, z1, y0, y1, x0, x1 = patch.box
        rows = patch._operator().rows.plain
        faces, x = state.faces, slice(x0, x1)
        for z in range(z0, z1):
            for y in range(y0, y1):
                if rows[z, y]:
                    beside = (faces[0, z - 1, y, x], faces[0, z, y, x], faces[1, z, y - 1, x])
                    around = (*beside, faces[1, z, y, x], faces[2, z, y, x0 : x1 - 1])
                    assert len(np.unique(np.concatenate(around))) == 1
                    assert len(np.unique(state.inv_c[z, y, x])) == 1
                    assert len(np.unique(state.w[z, y, x])) == 1
