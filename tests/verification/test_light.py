"""Light against exact solutions and against the Monte Carlo reference of the design study.

Manufactured solutions vanish with their slope at the walls where layers meet them, or obey the
Marshak condition exactly, so that every term of the discretisation takes part.
"""

import itertools

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erf

from ablsim.deposition import deposit
from ablsim.grid import Grid
from ablsim.light.coefficients import diffusion_coefficient, effective_attenuation
from ablsim.light.diffusion import DiffusionSolver, Emission

pytestmark = pytest.mark.compiled
MM = 1e-3
NATIVE, COAGULATED = (40.0, 750.0), (30.0, 2250.0)  # liver set A of the design study [1/m]


def cube(size, n):
    return Grid.centred((0.0, 0.0, 0.0), (size, size, size), size / n)


def uniform(grid, optics):
    return np.full(grid.shape, optics[0]), np.full(grid.shape, optics[1])


def solver(grid):
    return DiffusionSolver(grid, tolerance=1e-9, dtype=np.float64)


def product(z, y, x):
    return z[:, None, None] * y[:, None] * x


def orders(errors):
    return np.log2(np.divide(errors[:-1], errors[1:]))


def test_fluence_is_second_order_with_marshak_walls():
    size, (mu_a, mu_s) = 12 * MM, (50.0, 400.0)
    D = float(diffusion_coefficient(mu_a, mu_s))
    # cos(k x) obeys D k tan(k L / 2) = 1/2
    k = brentq(lambda k: D * k * np.tan(0.5 * k * size) - 0.5, 1.0, 0.99 * np.pi / size)
    errors = []
    for n in (10, 20, 40):
        grid = cube(size, n)
        wave = np.cos(k * grid.axes()[0])
        exact = product(wave, wave, wave)
        source = (3.0 * D * k**2 + mu_a) * exact * grid.cell_volume
        fluence = solver(grid).fluence(*uniform(grid, (mu_a, mu_s)), source)
        errors.append(np.abs(fluence - exact).max())
    assert errors[-1] < 1e-3
    assert orders(errors) == pytest.approx([2.0, 2.0], abs=0.1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_fluence_is_second_order_across_a_layer_of_other_optics(axis):
    size = 6 * MM
    layers = ((50.0, 100.0), (300.0, 900.0))  # below and above the middle: D 8 times apart

    def bump(x):
        """(1 - (2x/L)^2)^2 with its second derivative: zero with its slope at both walls."""
        u = 2.0 * x / size
        return (1.0 - u**2) ** 2, (2.0 / size) ** 2 * (12.0 * u**2 - 4.0)

    def across(x, D):
        """Bump times (1 + a x / D): value and D times slope are continuous at x = 0."""
        a = 0.2
        u, c = 2.0 * x / size, 2.0 / size
        value, second = bump(x)
        slope = -4.0 * u * (1.0 - u**2) * c
        tilt = 1.0 + a * x / D
        return value * tilt, second * tilt + 2.0 * slope * a / D

    errors = []
    for n in (16, 32, 64):
        grid = cube(size, n)
        x = grid.axes()[0]
        upper = x > 0.0
        mu_a, mu_s = (np.where(upper, layers[1][i], layers[0][i]) for i in (0, 1))
        D = diffusion_coefficient(mu_a, mu_s)
        f, f2 = across(x, D)
        g, g2 = bump(x)
        exact = product(f, g, g)
        curvature = product(f2, g, g) + product(f, g2, g) + product(f, g, g2)
        source = (mu_a * exact.T - D * curvature.T).T * grid.cell_volume
        optics = [np.broadcast_to(c[:, None, None], grid.shape) for c in (mu_a, mu_s)]
        arrays = [np.moveaxis(array, 0, axis) for array in (*optics, source)]
        fluence = np.moveaxis(solver(grid).fluence(*arrays), axis, 0)
        errors.append(np.sqrt(np.mean((fluence - exact) ** 2)) / np.abs(exact).max())
    assert errors[-1] < 3e-4
    assert orders(errors) == pytest.approx([2.0, 2.0], abs=0.1)


def gaussian_cloud(grid, width):
    """One watt in a Gaussian about the origin, integrated over every cell."""
    shares = []
    for axis, n in zip(grid.axes()[::-1], grid.shape, strict=True):
        edges = np.append(axis - 0.5 * grid.spacing, axis[n - 1] + 0.5 * grid.spacing)
        shares.append(0.5 * np.diff(erf(edges / (np.sqrt(2.0) * width))))
    return product(*shares)


def test_light_from_a_point_decays_with_mu_eff_at_second_order():
    """phi = exp(-mu_eff r) / (4 pi D r); a Gaussian source multiplies it by exp((mu s)^2 / 2)."""
    mu_a, mu_s, width = 200.0, 1000.0, 1 * MM
    mu, D = float(effective_attenuation(mu_a, mu_s)), float(diffusion_coefficient(mu_a, mu_s))
    errors = []
    for n in (24, 48, 96):
        grid = cube(24 * MM, n)
        x, y, z = grid.axes()
        r = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
        exact = np.exp(0.5 * (mu * width) ** 2 - mu * r) / (4.0 * np.pi * D * r)
        fluence = solver(grid).fluence(*uniform(grid, (mu_a, mu_s)), gaussian_cloud(grid, width))
        ring = (r > 5.5 * MM) & (r < 8 * MM)
        errors.append(np.abs(fluence[ring] / exact[ring] - 1.0).max())
    assert errors[-1] < 0.02
    assert orders(errors) == pytest.approx([2.0, 2.0], abs=0.1)


def test_a_deposited_point_is_seen_from_afar_as_a_point():
    grid = cube(48 * MM, 96)
    mu, D = (float(f(*NATIVE)) for f in (effective_attenuation, diffusion_coefficient))
    point = np.array((0.1, -0.2, 0.15)) * MM
    fluence = solver(grid).fluence(*uniform(grid, NATIVE), deposit(grid, [point], [1.0]))
    x, y, z = (axis - p for axis, p in zip(grid.axes(), point, strict=True))
    r = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    exact = np.exp(0.5 * (mu * 0.5e-3) ** 2 - mu * r) / (4.0 * np.pi * D * r)
    ring = (r > 3 * MM) & (r < 10 * MM)
    assert fluence[ring] == pytest.approx(exact[ring], rel=0.015)


def within(grid, density, radii, tip, parts):
    """Energy inside spheres of ascending radius, cells cut into ``parts`` along each axis."""
    offsets = ((np.arange(parts) + 0.5) / parts - 0.5) * grid.spacing
    x, y, z = (axis - t for axis, t in zip(grid.axes(), tip, strict=True))
    total = np.zeros(len(radii))
    for dz, dy, dx in itertools.product(offsets, repeat=3):
        r = np.sqrt((z + dz)[:, None, None] ** 2 + (y + dy)[:, None] ** 2 + (x + dx) ** 2)
        counts, _ = np.histogram(r, np.append(0.0, radii), weights=density)
        total += np.cumsum(counts)
    return total * (grid.spacing / parts) ** 3


@pytest.fixture(scope="module")
def bare_tip():
    grid = cube(60 * MM, 120)
    emission = Emission((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), 0.0, 1.0)
    return grid, DiffusionSolver(grid).solve(*uniform(grid, NATIVE), [emission])


def test_shells_about_a_bare_tip_hold_the_energy_of_the_monte_carlo_reference(bare_tip):
    """Design study V9; the diffusion equation itself is 2 to 3 % off."""
    grid, field = bare_tip
    centres = np.array((2.0, 3.0, 5.0, 10.0)) * MM
    edges = np.sort(np.concatenate((0.9 * centres, 1.1 * centres)))
    inside = within(grid, field.absorbed_per_watt, edges, (0.0, 0.0, 0.0), 3)
    shells = [
        np.interp(1.1 * c, edges, inside) - np.interp(0.9 * c, edges, inside) for c in centres
    ]
    assert shells == pytest.approx([0.03990, 0.06575, 0.09929, 0.08569], rel=0.045)


def test_spheres_about_a_bare_tip_hold_the_energy_of_the_monte_carlo_reference(bare_tip):
    """The source's width takes some light out of the first millimetres."""
    grid, field = bare_tip
    radii = np.array((3.0, 5.0, 10.0)) * MM
    inside = within(grid, field.absorbed_per_watt, radii, (0.0, 0.0, 0.0), 2)
    errors = inside / (0.24939, 0.46298, 0.81303) - 1.0
    assert np.all(np.abs(errors) < (0.09, 0.04, 0.01))
    assert field.absorbed + field.escaped == pytest.approx(1.0, abs=1e-4)


def reach(grid, field, tip):
    """Centroid of the absorbed energy ahead of the tip and its rms radius about the tip."""
    x, y, z = (axis - t for axis, t in zip(grid.axes(), tip, strict=True))
    density = field.absorbed_per_watt.astype(np.float64)
    total = density.sum()
    r2 = z[:, None, None] ** 2 + y[:, None] ** 2 + x**2
    return -(density.sum(axis=(1, 2)) * z).sum() / total, np.sqrt((density * r2).sum() / total)


@pytest.mark.parametrize("spacing", [1.0 * MM, 0.5 * MM])
@pytest.mark.parametrize("length", [0.0, 8 * MM])
def test_a_fibre_shifted_by_half_a_cell_gives_the_shifted_light(spacing, length):
    grid = Grid.centred((0.0, 0.0, 0.0), (40 * MM, 40 * MM, 40 * MM), spacing)
    solver = DiffusionSolver(grid, tolerance=1e-6, dtype=np.float64)
    radii = np.array((3.0, 5.0, 10.0)) * MM
    seen, held = [], []
    for shift in ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, 0.0, 0.25)):
        tip = tuple(spacing * s for s in shift)
        field = solver.solve(
            *uniform(grid, COAGULATED), [Emission(tip, (0.0, 0.0, -1.0), length, 1.0)]
        )
        seen.append(reach(grid, field, tip))
        parts = 4 if spacing == 1 * MM else 2
        held.append(within(grid, field.absorbed_per_watt, radii, tip, parts))
    for moments, energy in zip(seen[1:], held[1:], strict=True):
        assert moments == pytest.approx(seen[0], rel=3e-3)
        assert energy == pytest.approx(held[0], rel=1e-2)


def test_energy_about_the_tip_converges_with_the_spacing():
    radii = np.array((3.0, 5.0, 10.0)) * MM
    emission = Emission((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), 0.0, 1.0)
    held = []
    for n in (32, 64, 128):
        grid = cube(32 * MM, n)
        field = DiffusionSolver(grid).solve(*uniform(grid, NATIVE), [emission])
        held.append(within(grid, field.absorbed_per_watt, radii, (0.0, 0.0, 0.0), 128 // n))
    coarse, middle, fine = held
    assert coarse == pytest.approx(fine, rel=0.03)
    assert middle == pytest.approx(fine, rel=0.008)


def test_a_long_diffuser_is_the_sum_of_its_points():
    """Uniform line source against the integral of the point solution (infinite tissue)."""
    grid = cube(48 * MM, 96)
    mu, D = (float(f(*NATIVE)) for f in (effective_attenuation, diffusion_coefficient))
    length = 10 * MM
    emission = Emission((0.0, 0.0, -0.5 * length), (0.0, 0.0, -1.0), length, 1.0)
    field = DiffusionSolver(grid, tolerance=1e-6).solve(*uniform(grid, NATIVE), [emission])
    x, y, z = grid.axes()
    row, plane = grid.shape[1] // 2, grid.shape[0] // 2
    along = (np.arange(400) + 0.5) / 400 * length - 0.5 * length
    r = np.sqrt(x[:, None] ** 2 + y[row] ** 2 + (z[plane] - along) ** 2)
    exact = NATIVE[0] * np.mean(np.exp(-mu * r) / (4.0 * np.pi * D * r), axis=1)
    ring = (np.abs(x) > 3 * MM) & (np.abs(x) < 9 * MM)
    # 1.2 %: the source's finite width, exp((mu s)^2 / 2)
    width = np.exp(0.5 * (mu * 0.5e-3) ** 2)
    assert field.absorbed_per_watt[plane, row, ring] == pytest.approx(width * exact[ring], rel=0.01)


def test_iterations_grow_slowly_with_the_grid():
    emission = Emission((0.0, 0.0, 0.0), (0.0, 0.0, -1.0), 0.0, 1.0)
    iterations = []
    for n in (32, 64, 128):
        grid = cube(48 * MM, n)
        x, y, z = grid.axes()
        ball = z[:, None, None] ** 2 + y[:, None] ** 2 + x**2 < (5 * MM) ** 2
        mu_a, mu_s = np.where(ball, 30.0, 40.0), np.where(ball, 2250.0, 750.0)
        iterations.append(DiffusionSolver(grid).solve(mu_a, mu_s, [emission]).iterations)
    assert iterations[-1] <= 8
    assert np.all(np.diff(iterations) <= 1)
