"""Linear steps in uniform tissue: exact solutions, orders, the general solver, the same bits."""

import numba
import numpy as np
import pytest

from ablsim.heat.uniform import LINE, UniformTissue, advance_uniform, lay, tile
from ablsim.kernels import uniform

LIVER = UniformTissue(conductivity=0.52, heat_capacity=3.82e6, perfusion=3.0e4)


def centres(n, spacing):
    line = (np.arange(n) + 0.5 - n / 2) * spacing
    return np.meshgrid(line, line, line, indexing="ij")


def ball_of_heat(n, spacing, seconds, tissue=LIVER, width=10e-3):
    """A Gaussian of 40 K that spreads and fades: exact in tissue without an end."""
    z, y, x = centres(n, spacing)
    diffusivity = tissue.conductivity / tissue.heat_capacity
    wide = width**2 + 4.0 * diffusivity * seconds
    fading = np.exp(-tissue.perfusion / tissue.heat_capacity * seconds)
    return 40.0 * fading * (width**2 / wide) ** 1.5 * np.exp(-(x**2 + y**2 + z**2) / wide)


def error(n, n_steps):
    spacing, seconds = 80e-3 / n, 20.0
    start = ball_of_heat(n, spacing, 0.0)
    end = advance_uniform(start, LIVER, spacing, seconds, n_steps=n_steps)
    return float(np.abs(end - ball_of_heat(n, spacing, seconds)).max())


def test_a_ball_of_heat_spreads_as_it_should_and_with_the_square_of_the_spacing():
    # with as many times more steps as there are more cells on a face, the time error follows too
    errors = [error(n, 20 * (n // 30) ** 2) for n in (30, 60, 120)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert errors[-1] < 0.1
    assert orders == pytest.approx(2.0, abs=0.2)


def test_errors_in_time_fall_with_the_step():
    spacing, seconds, n = 2e-3, 20.0, 32
    start = ball_of_heat(n, spacing, 0.0)
    ends = [
        advance_uniform(start, LIVER, spacing, seconds, n_steps=steps)
        for steps in (10, 20, 40, 640)
    ]
    errors = [np.abs(end - ends[-1]).max() for end in ends[:-1]]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(1.0, abs=0.1)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(1.0, abs=0.1)


def test_heat_from_a_source_ends_where_perfusion_takes_it():
    power = np.full((20, 24, 28), 3.0e5)
    end = advance_uniform(np.zeros(power.shape), LIVER, 10e-3, 4000.0, power_density=power)
    assert end[10, 12, 14] == pytest.approx(10.0, rel=1e-3)  # q / w, far from the cold outside


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("is_heated", [False, True])
def test_any_number_of_steps_in_a_pass_gives_the_same_bits(dtype, is_heated):
    rng = np.random.default_rng(3)
    start = rng.random((13, 70, 9)).astype(dtype)
    power = rng.random(start.shape).astype(dtype) if is_heated else None
    kept, moved = dtype(0.4), dtype(0.09)
    gained = np.zeros((1, 1, 1), dtype) if power is None else np.pad(power, 1)
    found = []
    for depth, cuts, n_steps in (
        (1, [1, 71], 11),
        (4, [1, 20, 45, 71], 11),
        (8, [1, 33, 71], 11),
        (*tile(70, 3), 11),
    ):
        theta = np.pad(start, 1)
        uniform.advance(
            theta, theta.copy(), gained, 9, kept, moved, is_heated, n_steps, depth, np.array(cuts)
        )
        found.append(theta)
    theta, other = lay(start), lay(start)
    source = lay(power) if is_heated else gained
    depth, cuts = tile(70)
    uniform.advance(theta, other, source, 9, kept, moved, is_heated, 11, depth, cuts)
    found.append(theta[:, :, :11])
    plain = np.pad(start, 1)
    for _ in range(11):
        around = (
            (plain[1:-1, 1:-1, :-2] + plain[1:-1, 1:-1, 2:])
            + (plain[1:-1, :-2, 1:-1] + plain[1:-1, 2:, 1:-1])
            + (plain[:-2, 1:-1, 1:-1] + plain[2:, 1:-1, 1:-1])
        )
        new = kept * plain[1:-1, 1:-1, 1:-1] + moved * around
        plain[1:-1, 1:-1, 1:-1] = new + gained[1:-1, 1:-1, 1:-1] if is_heated else new
    assert np.allclose(found[0], plain, rtol=30 * np.finfo(dtype).eps, atol=0.0)
    for other in found[1:]:
        assert np.array_equal(found[0], other)


@pytest.mark.compiled
def test_the_number_of_threads_does_not_matter():
    start = ball_of_heat(48, 1e-3, 0.0).astype(np.float32)
    found = []
    before = numba.get_num_threads()
    for threads in (1, 2):
        numba.set_num_threads(threads)
        found.append(advance_uniform(start, LIVER, 1e-3, 30.0))
    numba.set_num_threads(before)
    assert np.array_equal(*found)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_begin_lines_of_the_cache(dtype):
    cells = np.arange(4 * 5 * 37, dtype=dtype).reshape(4, 5, 37)
    laid = lay(cells)
    assert np.array_equal(laid[:, :, :39], np.pad(cells, 1))
    assert laid.flags.c_contiguous
    assert {laid[z, y, 1:].ctypes.data % LINE for z in range(6) for y in range(7)} == {0}


def test_tiles_are_wide_enough_and_as_many_for_every_thread():
    threads = numba.get_num_threads()
    for rows in (1, 3, 20, 64, 128, 400):
        depth, cuts = tile(rows, 8)
        assert (cuts[0], cuts[-1]) == (1, rows + 1)
        assert 1 <= depth <= 8
        if cuts.size > 2:
            assert np.diff(cuts).min() >= 2 * depth
        if rows >= 2 * threads:
            assert (cuts.size - 1) % threads == 0
    assert tile(400, 8)[0] == 8


def test_unstable_steps_and_other_shapes_are_refused():
    with pytest.raises(ValueError, match="longer than the stable"):
        advance_uniform(np.zeros((4, 4, 4)), LIVER, 1e-3, 100.0, n_steps=2)
    with pytest.raises(ValueError, match="power_density has the shape"):
        advance_uniform(np.zeros((4, 4, 4)), LIVER, 1e-3, 1.0, power_density=np.zeros((3, 3, 3)))
