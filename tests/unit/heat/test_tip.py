"""How hot a tip is that no cell resolves, against lattice constants and independent solutions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.sparse import diags, identity, kron
from scipy.sparse.linalg import cg
from scipy.special import erf

from ablsim.deposition import SOURCE_WIDTH, spread
from ablsim.grid import Grid
from ablsim.heat.film import FILM_REACH, film_points
from ablsim.heat.tip import equivalent_radius, lattice_potential, tip_excess
from ablsim.light.fibre import Fibre

ONE = np.ones((1, 1, 1))
OBLIQUE = (1.0, 2.0, -2.0)


def bare(tip=(0.0, 0.0, 0.0), direction=(0.0, 0.0, -1.0)):
    return Fibre("F1", "bare", tip, direction)


def cube(size, spacing):
    return Grid.centred((0.0, 0.0, 0.0), (size,) * 3, spacing)


@pytest.mark.parametrize(
    ("offset", "expected"),
    [((0, 0, 0), 0.252731), ((1, 0, 0), 0.086064), ((0, 1, 1), 0.055191), ((1, 1, 1), 0.043578)],
)
def test_heat_in_one_cell_gives_the_lattice_constants(offset, expected):
    assert lattice_potential(ONE, (0, 0, 0), offset) == pytest.approx(expected, abs=1e-6)


def test_a_cell_takes_up_what_is_released_in_it():
    """Six neighbours: the flux out of the source's cell is all of its power."""
    drop = lattice_potential(ONE, (4, 4, 4), (4, 4, 4)) - lattice_potential(
        ONE, (4, 4, 4), (4, 3, 4)
    )
    assert 6.0 * drop == pytest.approx(1.0, rel=1e-6)


def test_one_cell_is_a_sphere_of_0_315_spacings_and_eight_about_a_corner_one_of_0_884():
    radius = 1.0 / (4.0 * np.pi * lattice_potential(ONE, (0, 0, 0), (0, 0, 0)))
    assert radius == pytest.approx(0.3149, abs=1e-4)
    eight = lattice_potential(np.full((2, 2, 2), 0.125), (0, 0, 0), (0.5, 0.5, 0.5))
    assert 1.0 / (4.0 * np.pi * eight) == pytest.approx(0.8841, abs=1e-4)


@pytest.mark.parametrize("place", [(40.0, 0.0, 0.0), (23.0, -31.5, 12.25)])
def test_far_away_the_lattice_is_no_longer_seen(place):
    distance = np.linalg.norm(place)
    far = lattice_potential(ONE, (0, 0, 0), place)
    assert 4.0 * np.pi * distance * far == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("direction", [(0.0, 0.0, -1.0), OBLIQUE])
def test_on_fine_cells_the_radius_is_that_of_a_line_of_gaussians_at_second_order(direction):
    """A Gaussian of width s gives erf(r / (sqrt(2) s)) / (4 pi k r); the film is a line of them."""
    exact = (
        FILM_REACH / quad(lambda r: erf(r / (np.sqrt(2.0) * SOURCE_WIDTH)) / r, 0, FILM_REACH)[0]
    )
    assert exact == pytest.approx(0.7487e-3, rel=1e-3)
    errors = []
    for spacing in (0.5e-3, 0.25e-3, 0.125e-3):
        tip = (0.2 * spacing, 0.1 * spacing, -0.3 * spacing)
        radius = equivalent_radius(cube(16e-3, spacing), bare(tip, direction))
        errors.append(abs(radius / exact - 1.0))
    assert errors[-1] < 0.005
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert orders == pytest.approx([2.0, 2.0], abs=0.25)


def solve_steadily(grid, points, amounts):
    """The cells' temperature times conductivity, by conjugate gradients [W/m].

    The outer faces hold the temperature that the source has there in endless tissue.
    """
    n = grid.shape[0]
    once = diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(n, n))
    eye = identity(n)
    laplacian = kron(kron(once, eye), eye) + kron(kron(eye, once), eye) + kron(kron(eye, eye), once)
    where, share = spread(grid, points, amounts)
    source = np.zeros(grid.shape)
    source[where] = share / grid.spacing
    x, y, z = grid.axes()
    padded = [np.r_[a[0] - grid.spacing, a, a[-1] + grid.spacing] for a in (z, y, x)]
    zyx = np.stack(np.meshgrid(*padded, indexing="ij"), axis=-1)
    ghost = sum(
        amount / (4.0 * np.pi * np.linalg.norm(zyx - point[::-1], axis=-1))
        for point, amount in zip(points, amounts, strict=True)
    )
    inner = slice(1, -1)
    for axis in range(3):
        for end, cell in ((0, 0), (-1, -1)):
            outside, inside = [inner] * 3, [slice(None)] * 3
            outside[axis], inside[axis] = end, cell
            source[tuple(inside)] += ghost[tuple(outside)]
    found, failed = cg(laplacian, source.ravel(), rtol=1e-10)
    assert not failed
    return found.reshape(grid.shape)


@pytest.mark.parametrize("spacing", [0.5e-3, 1e-3, 2e-3])
@pytest.mark.parametrize("share", [(0.0, 0.0, 0.0), (0.31, -0.17, 0.46), (0.5, 0.5, 0.5)])
def test_with_the_excess_the_face_is_as_hot_as_in_endless_tissue_on_any_grid(spacing, share):
    """The answer is P / (4 pi k a), whatever the cells and wherever in its cell the tip lies."""
    grid = cube(24.0 * spacing, spacing)
    fibre = bare(tuple(s * spacing for s in share), OBLIQUE)
    power, conductivity, face = 3.0, 0.52, 0.15e-3
    points, amounts = film_points(fibre)
    field = solve_steadily(grid, points, amounts) * power / conductivity
    place = grid.index(fibre.tip)
    low = np.floor(place).astype(int)
    for axis in range(3):  # trilinear
        field = np.moveaxis(field, 0, -1)
        field = field[..., low[axis]] + (place - low)[axis] * (
            field[..., low[axis] + 1] - field[..., low[axis]]
        )
    radius = equivalent_radius(grid, fibre)
    hottest = float(field) + tip_excess(power, conductivity, face, radius)
    assert hottest == pytest.approx(power / (4.0 * np.pi * conductivity * face), rel=2e-3)
    assert tip_excess(power, conductivity, face, radius) > 0.7 * hottest


@given(st.tuples(*[st.floats(-0.5, 0.5)] * 3), st.tuples(*[st.floats(-1.0, 1.0)] * 3))
@settings(max_examples=25, deadline=None)
def test_the_radius_follows_the_tip_smoothly_and_not_the_fibre_s_mirror_image(share, direction):
    if np.linalg.norm(direction) < 0.1:
        direction = (0.0, 0.0, -1.0)
    grid = cube(20e-3, 1e-3)
    tip = tuple(1e-3 * s for s in share)
    radius = equivalent_radius(grid, bare(tip, direction))
    mirrored = equivalent_radius(grid, bare(tuple(-t for t in tip), tuple(-d for d in direction)))
    assert mirrored == pytest.approx(radius, rel=1e-9)
    assert 0.7e-3 < radius < 1.05e-3


def test_a_face_that_the_cells_resolve_needs_no_excess():
    assert tip_excess(3.0, 0.5, 0.8e-3, 0.75e-3) == 0.0
    assert tip_excess(0.0, 0.5, 0.15e-3, 0.75e-3) == 0.0


def test_one_watt_of_film_makes_a_300_um_face_some_800_kelvin_hotter_than_its_cells():
    """From the face to infinity it would be 1020 K in wet tissue."""
    excess = tip_excess(1.0, 0.52, 0.15e-3, 0.75e-3)
    assert excess == pytest.approx(816.2, abs=0.5)
    assert tip_excess(1.0, 0.20, 0.15e-3, 0.75e-3) == pytest.approx(2.6 * excess)
