"""The linear solver: symmetric preconditioner, any box, any contrast, the same bits each time."""

import numba
import numpy as np
import pytest

from ablsim.errors import UnfinishedError
from ablsim.light.multigrid import Multigrid

H = 0.5e-3


def optics(shape, seed=0, chars=5):
    """Native liver with a sharp coagulated half and single charred cells."""
    rng = np.random.default_rng(seed)
    mu_a, mu_s = np.full(shape, 50.0), np.full(shape, 400.0)
    mu_s[shape[0] // 2 :] = 1500.0
    for _ in range(chars):
        cell = tuple(rng.integers(0, n) for n in shape)
        mu_a[cell], mu_s[cell] = 5000.0, 2000.0
    return mu_a, mu_s


def solver(shape, dtype=np.float64, **kwargs):
    multigrid = Multigrid(shape, dtype)
    mu_a, mu_s = optics(shape, **kwargs)
    multigrid.discretise(mu_a.astype(dtype), mu_s.astype(dtype), H)
    return multigrid


def dense(multigrid):
    """The matrix, column by column."""
    n = int(np.prod(multigrid.shape))
    columns = np.empty((n, n))
    for i in range(n):
        unit = np.zeros(n)
        unit[i] = 1.0
        columns[:, i] = multigrid.multiply(unit.reshape(multigrid.shape)).ravel()
    return columns


@pytest.mark.parametrize("shape", [(5, 4, 7), (1, 6, 3), (3, 11, 1)])
def test_matrix_is_symmetric_and_loses_light_only_by_absorption_and_walls(shape):
    multigrid = solver(shape)
    A = dense(multigrid)
    assert pytest.approx(A.T, abs=1e-18) == A
    mu_a, mu_s = optics(shape)
    loss = mu_a * H**2
    film = H / (2.0 + 1.5 * H * (mu_a + mu_s))
    for axis in range(3):
        for side in (0, -1):
            cells = tuple(side if d == axis else slice(None) for d in range(3))
            loss[cells] += film[cells]
    assert A.sum(axis=0) == pytest.approx(loss.ravel(), rel=1e-12)


def test_couplings_are_harmonic_means_of_the_diffusion_coefficients():
    multigrid = solver((1, 1, 2), chars=0)
    mu_a, mu_s = np.array([[[50.0, 5000.0]]]), np.array([[[400.0, 2000.0]]])
    multigrid.discretise(mu_a, mu_s, H)
    D = 1.0 / (3.0 * (mu_a + mu_s)).ravel()
    assert -dense(multigrid)[0, 1] == pytest.approx(2.0 / (1.0 / D[0] + 1.0 / D[1]), rel=1e-12)


@pytest.mark.parametrize("shape", [(8, 8, 8), (7, 5, 3), (1, 1, 9), (2, 13, 4)])
def test_preconditioner_is_symmetric_and_positive_definite(shape):
    multigrid = solver(shape)
    n = int(np.prod(shape))
    B = np.empty((n, n))
    for i in range(n):
        unit = np.zeros(n)
        unit[i] = 1.0
        B[:, i] = multigrid.precondition(unit.reshape(shape)).ravel()
    assert pytest.approx(B.T, abs=1e-10 * np.abs(B).max()) == B
    assert np.linalg.eigvalsh(0.5 * (B + B.T)).min() > 0.0
    eigenvalues = np.linalg.eigvals(B @ dense(multigrid)).real
    assert eigenvalues.max() / eigenvalues.min() < 8.0


@pytest.mark.parametrize(
    "shape",
    [(1, 1, 1), (1, 1, 7), (2, 3, 5), (17, 1, 13), (31, 29, 37), (9, 64, 50), (53, 47, 40)],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_box_is_solved_in_a_few_iterations(shape, dtype):
    multigrid = solver(shape, dtype, chars=20)
    source = np.zeros(shape)
    source[tuple(n // 2 for n in shape)] = 1.0
    multigrid.rhs[...] = source
    residual, iterations = multigrid.solve(1e-5)
    assert residual <= 1e-5
    assert iterations <= 12
    remainder = source - multigrid.multiply(multigrid.solution)
    assert np.linalg.norm(remainder) <= 2e-5


def test_solution_agrees_with_a_direct_solver():
    multigrid = solver((6, 7, 5))
    source = np.random.default_rng(3).uniform(0.0, 1.0, multigrid.shape)
    multigrid.rhs[...] = source
    multigrid.solve(1e-12)
    exact = np.linalg.solve(dense(multigrid), source.ravel()).reshape(multigrid.shape)
    assert multigrid.solution == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize(
    "shape", [(24, 24, 24), pytest.param((55, 51, 49), marks=pytest.mark.compiled)]
)
def test_bits_do_not_depend_on_the_number_of_threads(shape, monkeypatch):
    answers = []
    threads = numba.get_num_threads()
    try:
        for serial_below, count in ((10**9, 1), (1000, 1), (0, 1), (0, min(2, threads))):
            monkeypatch.setattr("ablsim.light.multigrid.SERIAL_BELOW", serial_below)
            numba.set_num_threads(count)
            multigrid = solver(shape, np.float32, chars=50)
            multigrid.rhs[...] = np.random.default_rng(4).uniform(0.0, 1.0, shape)
            multigrid.solve(1e-4)
            answers.append(multigrid.solution.tobytes())
    finally:
        numba.set_num_threads(threads)
    assert len(set(answers)) == 1


def test_a_start_from_the_solution_needs_no_iteration_whatever_the_power():
    multigrid = solver((20, 21, 22))
    source = np.zeros(multigrid.shape)
    source[10, 10, 10] = 1.0
    multigrid.rhs[...] = source
    _, cold = multigrid.solve(1e-8)
    multigrid.rhs[...] = 7.0 * source
    _, warm = multigrid.solve(1e-7)
    assert cold > 5
    assert warm == 0


def test_no_source_gives_no_light():
    multigrid = solver((5, 6, 7))
    multigrid.rhs[...] = 1.0
    multigrid.solve(1e-3)
    multigrid.rhs[...] = 0.0
    assert multigrid.solve(1e-3) == (0.0, 0)
    assert not multigrid.solution.any()


def test_a_residual_beyond_single_precision_is_refused_with_a_remedy():
    multigrid = solver((8, 8, 8), np.float32)
    multigrid.rhs[...] = 1.0
    with pytest.raises(UnfinishedError, match="float64"):
        multigrid.solve(0.0)
