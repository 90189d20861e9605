"""The light of fibres in tissue: closure, symmetry, superposition, robustness."""

from dataclasses import replace

import numpy as np
import pytest

from ablsim.errors import CaseError
from ablsim.grid import Grid
from ablsim.light.diffusion import DiffusionSolver, Emission

MM = 1e-3
NATIVE, COAGULATED, CHARRED = (50.0, 400.0), (50.0, 1500.0), (5000.0, 2000.0)
BARE = Emission((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), 0.0, 1.0)
DIFFUSER = Emission((0.0, 0.0, -5 * MM), (0.0, 0.0, -1.0), 10 * MM, 1.0)


def cube(size=30 * MM, spacing=1 * MM):
    return Grid.centred((0.0, 0.0, 0.0), (size, size, size), spacing)


def uniform(grid, optics=NATIVE):
    return np.full(grid.shape, optics[0]), np.full(grid.shape, optics[1])


def patchy(grid, seed=5):
    """Coagulated about the middle, with single charred cells close to it and a lumen of blood."""
    mu_a, mu_s = uniform(grid)
    x, y, z = np.meshgrid(*grid.axes(), indexing="ij")
    x, y, z = x.T, y.T, z.T
    inside = x**2 + y**2 + z**2 < (5 * MM) ** 2
    mu_s[inside] = COAGULATED[1]
    chars = inside & (np.random.default_rng(seed).random(grid.shape) < 0.02)
    mu_a[chars], mu_s[chars] = CHARRED
    lumen = (x - 8 * MM) ** 2 + y**2 < (3 * MM) ** 2
    mu_a[lumen], mu_s[lumen] = 600.0, 1200.0
    return mu_a, mu_s


@pytest.mark.parametrize("emission", [BARE, DIFFUSER])
@pytest.mark.parametrize("optics", [uniform, patchy])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_light_is_absorbed_or_escapes(emission, optics, dtype):
    grid = cube()
    field = DiffusionSolver(grid, dtype=dtype).solve(*optics(grid), [emission])
    assert field.absorbed + field.escaped == pytest.approx(1.0, abs=1e-4)
    assert 0.01 < field.escaped < 0.1
    assert field.absorbed_per_watt.dtype == np.float32
    assert field.absorbed_per_watt.min() >= 0.0
    total = field.absorbed_per_watt.sum(dtype=np.float64) * grid.cell_volume
    assert field.absorbed == pytest.approx(total, rel=1e-12)
    assert field.residual <= 1e-4
    assert field.iterations <= 10


def test_books_close_further_with_a_smaller_residual():
    grid = cube()
    solver = DiffusionSolver(grid, tolerance=1e-9, dtype=np.float64)
    field = solver.solve(*patchy(grid), [BARE])
    assert field.absorbed + field.escaped == pytest.approx(1.0, abs=2e-8)


def test_single_precision_finds_the_field_of_double_precision():
    grid = cube()
    single = DiffusionSolver(grid, tolerance=1e-6).solve(*patchy(grid), [BARE])
    double = DiffusionSolver(grid, tolerance=1e-9, dtype=np.float64).solve(*patchy(grid), [BARE])
    assert single.absorbed_per_watt == pytest.approx(double.absorbed_per_watt, rel=2e-4)


def test_a_beam_through_clear_tissue_counts_as_escaped():
    grid = cube()
    field = DiffusionSolver(grid).solve(*uniform(grid, (0.5, 0.1)), [BARE])
    assert field.escaped == pytest.approx(1.0, abs=0.02)
    assert field.absorbed + field.escaped == pytest.approx(1.0, abs=1e-4)


def test_one_solve_by_shares_is_the_weighted_sum_of_single_ones():
    grid = cube()
    optics = patchy(grid)
    fibres = [
        replace(BARE, tip=(5.2 * MM, 0.0, 0.0)),
        replace(BARE, tip=(-5.2 * MM, 1.0 * MM, 2.0 * MM)),
        replace(DIFFUSER, tip=(0.0, 6.1 * MM, -4.0 * MM)),
    ]
    shares = (0.5, 0.2, 0.3)

    def solve(emissions):
        solver = DiffusionSolver(grid, tolerance=1e-9, dtype=np.float64)
        return solver.solve(*optics, emissions)

    together = solve([replace(f, share=s) for f, s in zip(fibres, shares, strict=True)])
    single = [solve([fibre]) for fibre in fibres]
    expected = sum(s * f.absorbed_per_watt for s, f in zip(shares, single, strict=True))
    assert together.absorbed_per_watt == pytest.approx(expected, rel=1e-5)
    escaped = sum(s * f.escaped for s, f in zip(shares, single, strict=True))
    assert together.escaped == pytest.approx(escaped, rel=1e-6)


def test_the_order_of_fibres_does_not_matter():
    grid = cube()
    fibres = [replace(BARE, tip=(x * MM, 0.0, 0.0), share=0.25) for x in (-6, -2, 2, 6)]
    one = DiffusionSolver(grid).solve(*uniform(grid), fibres)
    other = DiffusionSolver(grid).solve(*uniform(grid), fibres[::-1])
    assert other.absorbed_per_watt == pytest.approx(one.absorbed_per_watt, rel=1e-4)


@pytest.mark.parametrize("tip", [(0.0, 0.0, 0.0), (0.3 * MM, -0.7 * MM, 0.2 * MM)])
def test_mirrored_tissue_and_fibre_give_the_mirrored_light(tip):
    grid = cube(24 * MM)
    mu_a, mu_s = patchy(grid)
    emission = replace(BARE, tip=tip, direction=(0.3, 0.0, -1.0))
    image = replace(emission, tip=(-tip[0], *tip[1:]), direction=(-0.3, 0.0, -1.0))

    def solve(a, s, e):
        return DiffusionSolver(grid, tolerance=1e-9, dtype=np.float64).solve(a, s, [e])

    field = solve(mu_a, mu_s, emission)
    mirrored = solve(mu_a[:, :, ::-1], mu_s[:, :, ::-1], image)
    assert mirrored.absorbed_per_watt[:, :, ::-1] == pytest.approx(
        field.absorbed_per_watt, rel=1e-5
    )


def test_axes_are_equivalent():
    grid = cube(24 * MM)
    fields = []
    for direction in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        emission = replace(BARE, direction=direction)
        solver = DiffusionSolver(grid, tolerance=1e-9, dtype=np.float64)
        fields.append(solver.solve(*uniform(grid), [emission]).absorbed_per_watt)
    along_x, along_y, along_z = fields
    assert along_y.swapaxes(1, 2) == pytest.approx(along_x, rel=1e-5)
    assert along_z.swapaxes(0, 2) == pytest.approx(along_x, rel=1e-5)


def test_the_beam_carries_the_light_forward():
    grid = cube(64 * MM)
    field = DiffusionSolver(grid).solve(*uniform(grid), [BARE])
    weight = field.absorbed_per_watt.sum(axis=(1, 2), dtype=np.float64)
    ahead = -(weight * grid.axes()[2]).sum() / weight.sum()
    # mu_t' = 450 / m: the first collisions lie 1/mu_t' ahead; diffusion keeps that centre
    assert ahead == pytest.approx(1.0 / 450.0, rel=0.01)


def test_warm_start_is_faster_and_agrees_with_a_cold_one():
    grid = cube(40 * MM)
    mu_a, mu_s = patchy(grid)
    solver = DiffusionSolver(grid)
    cold = solver.solve(mu_a, mu_s, [BARE])
    changed = mu_s.copy()
    changed[15:25, 15:25, 15:25] *= 1.05
    warm = solver.solve(mu_a, changed, [BARE])
    fresh = DiffusionSolver(grid).solve(mu_a, changed, [BARE])
    assert warm.iterations < fresh.iterations
    assert warm.absorbed_per_watt == pytest.approx(fresh.absorbed_per_watt, rel=2e-2)
    assert np.abs(warm.absorbed_per_watt - fresh.absorbed_per_watt).sum() < (
        3e-4 * fresh.absorbed_per_watt.sum()
    )
    assert cold.iterations >= fresh.iterations - 1


def test_a_result_is_not_changed_by_the_next_solve():
    grid = cube()
    solver = DiffusionSolver(grid)
    first = solver.solve(*uniform(grid), [BARE])
    kept = first.absorbed_per_watt.copy()
    solver.solve(*patchy(grid), [DIFFUSER])
    assert np.array_equal(first.absorbed_per_watt, kept)


def test_the_solver_leaves_the_callers_arrays_alone():
    grid = cube()
    mu_a, mu_s = (array.astype(np.float32) for array in patchy(grid))
    before = mu_a.copy(), mu_s.copy()
    DiffusionSolver(grid).solve(mu_a, mu_s, [BARE])
    assert np.array_equal(mu_a, before[0])
    assert np.array_equal(mu_s, before[1])


def test_the_same_case_gives_the_same_bits():
    grid = cube()
    fields = [DiffusionSolver(grid).solve(*patchy(grid), [BARE]) for _ in range(2)]
    assert fields[0].absorbed_per_watt.tobytes() == fields[1].absorbed_per_watt.tobytes()
    assert fields[0].absorbed == fields[1].absorbed
    assert fields[0].escaped == fields[1].escaped


@pytest.mark.parametrize(
    "shape", [(3, 3, 3), (1, 1, 1), (13, 17, 11), (40, 8, 23), (2, 30, 31), (29, 29, 29)]
)
def test_small_odd_and_flat_boxes_close(shape):
    grid = Grid(shape, 1 * MM, (0.0, 0.0, 0.0))
    emission = replace(BARE, tip=grid.centre)
    field = DiffusionSolver(grid).solve(*patchy(grid), [emission])
    assert field.absorbed + field.escaped == pytest.approx(1.0, abs=1e-4)


def test_a_fibre_in_char_keeps_its_light_in_the_char():
    grid = cube()
    mu_a, mu_s = uniform(grid)
    free = DiffusionSolver(grid).solve(mu_a, mu_s, [BARE])
    mid = grid.shape[0] // 2
    mu_a[mid - 1 : mid + 1, mid - 1 : mid + 1, mid - 1 : mid + 1] = CHARRED[0]
    mu_s[mid - 1 : mid + 1, mid - 1 : mid + 1, mid - 1 : mid + 1] = CHARRED[1]
    charred = DiffusionSolver(grid).solve(mu_a, mu_s, [BARE])
    near = np.s_[mid - 2 : mid + 2, mid - 2 : mid + 2, mid - 2 : mid + 2]
    assert charred.absorbed + charred.escaped == pytest.approx(1.0, abs=1e-4)
    share = charred.absorbed_per_watt[near].sum() * grid.cell_volume
    assert share > 0.8
    assert share > 3.0 * free.absorbed_per_watt[near].sum() * grid.cell_volume


def test_wrong_shares_shapes_and_values_are_refused():
    grid = cube()
    solver = DiffusionSolver(grid)
    mu_a, mu_s = uniform(grid)
    with pytest.raises(CaseError, match=r"add up to 0\.5"):
        solver.solve(mu_a, mu_s, [replace(BARE, share=0.5)])
    with pytest.raises(CaseError, match="add up to 0"):
        solver.solve(mu_a, mu_s, [])
    with pytest.raises(CaseError, match="shape"):
        solver.solve(mu_a[1:], mu_s, [BARE])
    for wrong in (-1.0, 0.0, np.nan, np.inf):
        broken = mu_a.copy()
        broken[3, 4, 5] = wrong
        with pytest.raises(CaseError, match="positive and finite"):
            solver.solve(broken, mu_s, [BARE])
