"""How fibres launch light: exact losses along the beam, even diffusers, nothing forgotten."""

import numpy as np
import pytest

from ablsim.errors import CaseError
from ablsim.grid import Grid
from ablsim.light.emission import Emission, launch

MM = 1e-3
GRID = Grid.centred((0.0, 0.0, 0.0), (20 * MM, 24 * MM, 40 * MM), 1 * MM)


def uniform(mu_a, mu_s, grid=GRID):
    return np.full(grid.shape, mu_a), np.full(grid.shape, mu_s)


def along(part, axis, tip=(0.0, 0.0, 0.0)):
    return (part.points - tip) @ np.asarray(axis)


def test_beam_in_uniform_tissue_is_lost_exponentially():
    beam = launch(GRID, *uniform(50.0, 400.0), Emission((0.0, 0.0, 20 * MM), (0, 0, -1), 0.0, 1.0))
    lost = beam.scattered + beam.absorbed
    assert lost.sum() + beam.escaped == pytest.approx(1.0, rel=1e-14)
    assert beam.escaped == pytest.approx(np.exp(-450.0 * 0.04), rel=1e-9)
    assert beam.scattered / lost == pytest.approx(400.0 / 450.0)
    s = along(beam, (0, 0, -1), (0.0, 0.0, 20 * MM))
    assert (lost * s).sum() == pytest.approx(1.0 / 450.0, rel=1e-5)
    for depth in (5 * MM, 11.5 * MM):
        deeper = lost[s > depth].sum() + beam.escaped
        assert deeper == pytest.approx(np.exp(-450.0 * depth), rel=1e-9)


def test_the_length_of_the_direction_does_not_matter():
    optics = uniform(50.0, 400.0)
    one = launch(GRID, *optics, Emission((0.0, 0.0, 0.0), (0.6, 0.0, -0.8), 0.0, 0.5))
    other = launch(GRID, *optics, Emission((0.0, 0.0, 0.0), (6.0, 0.0, -8.0), 0.0, 0.5))
    assert other.points == pytest.approx(one.points)
    assert other.scattered == pytest.approx(one.scattered)
    assert one.scattered.sum() + one.absorbed.sum() == pytest.approx(0.5, rel=1e-3)


def test_a_dark_layer_ahead_takes_what_reaches_it():
    mu_a, mu_s = uniform(50.0, 400.0)
    mu_a[: GRID.shape[0] // 2 - 3] = 5000.0  # all cells below z = -3 mm
    beam = launch(GRID, mu_a, mu_s, Emission((0.0, 0.0, 0.0), (0, 0, -1), 0.0, 1.0))
    s = along(beam, (0, 0, -1))
    assert (beam.absorbed + beam.scattered)[s < 2.5 * MM].sum() == pytest.approx(
        1.0 - np.exp(-450.0 * 2.5e-3), rel=1e-6
    )
    # coefficients are interpolated over one cell about the layer's face
    assert s.max() < 7 * MM
    assert beam.absorbed[s > 3.5 * MM].sum() > 10 * beam.scattered[s > 3.5 * MM].sum()


def test_a_beam_on_cell_edges_belongs_to_both_sides():
    mu_a, mu_s = uniform(50.0, 400.0)
    mu_a[:, :, GRID.shape[2] // 2 :] = 500.0  # everything with x > 0
    emission = Emission((0.0, 0.3 * MM, 0.0), (0, 0, -1), 0.0, 1.0)
    beam = launch(GRID, mu_a, mu_s, emission)
    mirrored = launch(GRID, np.ascontiguousarray(mu_a[:, :, ::-1]), mu_s, emission)
    assert mirrored.absorbed == pytest.approx(beam.absorbed, rel=1e-12)


def test_a_beam_through_clear_tissue_leaves_the_box():
    beam = launch(GRID, *uniform(1.0, 1.0), Emission((0.0, 0.0, 0.0), (0, 1, 0), 0.0, 1.0))
    assert beam.escaped == pytest.approx(np.exp(-2.0 * 12e-3), rel=1e-12)
    assert beam.scattered == pytest.approx(beam.absorbed)


def test_a_beam_that_starts_at_the_wall_it_points_to_escapes_whole():
    beam = launch(GRID, *uniform(50.0, 400.0), Emission((10 * MM, 0, 0), (1, 0, 0), 0.0, 0.7))
    assert beam.points.shape == (0, 3)
    assert beam.escaped == 0.7


def test_diffuser_shines_evenly_along_its_active_length():
    tip = np.array((1.0, 2.0, -8.0)) * MM
    axis = np.array((0.0, 0.6, -0.8))
    glow = launch(GRID, *uniform(50.0, 400.0), Emission(tuple(tip), tuple(axis), 10 * MM, 0.25))
    assert glow.scattered.sum() == pytest.approx(0.25, rel=1e-14)
    assert not glow.absorbed.any()
    assert glow.escaped == 0.0
    s = along(glow, axis, tip)
    assert s == pytest.approx(np.sort(s)[::-1])
    assert (glow.scattered * s).sum() / 0.25 == pytest.approx(-5 * MM)
    assert np.var(s) == pytest.approx((10 * MM) ** 2 / 12, rel=1e-2)
    assert np.ptp(glow.scattered) == 0.0


def test_the_part_of_a_diffuser_outside_the_box_counts_as_escaped():
    emission = Emission((0.0, 0.0, 15 * MM), (0, 0, -1), 20 * MM, 1.0)
    glow = launch(GRID, *uniform(50.0, 400.0), emission)
    assert glow.escaped == pytest.approx(0.75, rel=1e-12)
    assert glow.scattered.sum() == pytest.approx(0.25, rel=1e-12)


def test_a_cut_tip_outside_the_box_is_refused():
    emission = Emission((0.0, 0.0, 21 * MM), (0, 0, -1), 0.0, 1.0)
    with pytest.raises(CaseError, match="lies outside the computed box"):
        launch(GRID, *uniform(50.0, 400.0), emission)
