"""Light solved for around the fibres that fire is that of the whole domain."""

import math

import numpy as np
import pytest

from ablsim.grid import Grid
from ablsim.heat.active import Region
from ablsim.light.coefficients import effective_attenuation
from ablsim.light.diffusion import Emission
from ablsim.light.fibre import Fibre
from ablsim.light.lit import LOST, LitBlock, light_reach, lit_block
from ablsim.tissue.library import get_tissue

MM = 1e-3
TISSUES = (get_tissue("liver"), get_tissue("net_metastasis"))
LONG = Grid.centred((0.0, 0.0, 0.0), (160 * MM, 60 * MM, 60 * MM), 2 * MM)


def fibre(x, **changes):
    entries = {
        "name": "F1",
        "kind": "bare",
        "tip": (x, 1 * MM, -2 * MM),
        "direction": (0.0, 0.0, -1.0),
        "length": 0.0,
        **changes,
    }
    return Fibre(**entries)


def test_all_but_a_stated_share_is_absorbed_within_the_reach():
    weakest = get_tissue("liver").optical.native
    mu = float(effective_attenuation(weakest.absorption.si, weakest.reduced_scattering.si))
    # absorbed within r of a point, integrated from the Green's function exp(-mu r)/(4 pi D r)
    r = np.linspace(0.0, light_reach(TISSUES), 20001)
    absorbed = np.trapezoid(mu**2 * r * np.exp(-mu * r), r)
    assert absorbed == pytest.approx(1.0 - LOST, abs=1e-5)


def test_the_block_reaches_that_far_from_every_tip_and_stays_in_the_grid():
    reach = light_reach(TISSUES)
    block = lit_block(LONG, [fibre(-70 * MM), fibre(-60 * MM)], reach)
    part = LONG.part(block)
    low, high = np.asarray(part.origin), np.asarray(part.origin) + part.size
    assert low[0] == LONG.origin[0]  # the wall is nearer
    for wall, edge in ((-60 * MM + reach, high[0]), (1 * MM + reach, high[1])):
        assert 0.0 <= edge - wall < 2 * MM
    for wall, edge in ((1 * MM - reach, low[1]), (-2 * MM - reach, low[2])):
        assert 0.0 <= wall - edge < 2 * MM


def test_without_a_fibre_or_where_it_is_most_of_them_all_cells_are_lit():
    reach = light_reach(TISSUES)
    small = Grid.centred((0.0, 0.0, 0.0), (60 * MM,) * 3, 2 * MM)
    assert lit_block(LONG, [], reach) == LONG.whole
    assert lit_block(small, [fibre(0.0)], reach) == small.whole
    assert lit_block(LONG, [fibre(-60 * MM), fibre(60 * MM)], reach) == LONG.whole


def changed(grid, centre):
    """Tissue coagulated around a tip, with a char at it."""
    x, y, z = grid.axes()
    distance = np.sqrt(
        (x[None, None, :] - centre) ** 2 + y[None, :, None] ** 2 + z[:, None, None] ** 2
    )
    coagulation = np.clip((10 * MM - distance) / (3 * MM), 0.0, 1.0).astype(np.float32)
    return coagulation, (distance < 2 * MM).astype(np.float32)


@pytest.mark.parametrize("x", [-45 * MM, 0.0, 12.3 * MM])
def test_light_in_a_block_is_that_in_the_whole_domain(x):
    labels = np.zeros(LONG.shape, dtype=np.uint8)
    labels[:, :, 40:] = 1
    emission = [Emission((x, 1 * MM, -2 * MM), (0.0, 0.0, -1.0), 0.0, 1.0)]
    coagulation, char = changed(LONG, x)
    everywhere = LitBlock(LONG, LONG.whole, labels, TISSUES)
    everywhere.change(LONG.whole, coagulation, char)
    expected = everywhere.solve(emission)
    block = lit_block(LONG, [fibre(x)], light_reach(TISSUES))
    lit = LitBlock(LONG, block, labels, TISSUES)
    assert lit.grid.n_cells < 0.6 * LONG.n_cells
    lit.change(lit.grid.whole, coagulation[block], char[block])
    found = lit.solve(emission)
    # within 15 mm of the tip, where tissue dies, and as books
    near = np.abs(LONG.axes()[0][block[2]] - x) < 15 * MM
    one, other = (
        field[:, :, near] for field in (found.absorbed_per_watt, expected.absorbed_per_watt[block])
    )
    np.testing.assert_allclose(one, other, rtol=3e-3, atol=1e-4 * float(other.max()))
    assert found.escaped - expected.escaped < LOST
    assert math.isclose(found.absorbed + found.escaped, 1.0, abs_tol=1e-3)


def test_tissue_may_change_piece_by_piece():
    labels = np.zeros(LONG.shape, dtype=np.uint8)
    coagulation, char = changed(LONG, 0.0)
    emission = [Emission((0.0, 1 * MM, -2 * MM), (0.0, 0.0, -1.0), 0.0, 1.0)]
    at_once = LitBlock(LONG, LONG.whole, labels, TISSUES)
    at_once.change(LONG.whole, coagulation, char)
    by_pieces = LitBlock(LONG, LONG.whole, labels, TISSUES)
    for part in (slice(0, 40), slice(40, 80)):
        own = (slice(0, 30), slice(0, 30), part)
        by_pieces.change(own, coagulation[own], char[own])
    one, other = at_once.solve(emission), by_pieces.solve(emission)
    np.testing.assert_array_equal(one.absorbed_per_watt, other.absorbed_per_watt)


def test_what_a_region_shares_with_the_block():
    labels = np.zeros(LONG.shape, dtype=np.uint8)
    lit = LitBlock(LONG, (slice(5, 25), slice(0, 30), slice(10, 40)), labels, TISSUES)
    shared, own = lit.within((slice(0, 10), slice(4, 8), slice(30, 60)))
    assert shared == (slice(5, 10), slice(4, 8), slice(30, 40))
    assert own == (slice(0, 5), slice(4, 8), slice(20, 30))
    nothing, _ = lit.within((slice(0, 3), slice(4, 8), slice(50, 60)))
    assert labels[nothing].size == 0
    cold = Region((32, 32, 82))
    assert labels[lit.within(cold.slices)[0]].size == 0
