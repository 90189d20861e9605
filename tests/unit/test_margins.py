"""The margin map against the closed form of offset spheres."""

from types import SimpleNamespace

import numpy as np
import pytest

from ablsim.geometry import UPRIGHT, distance_to_sphere
from ablsim.grid import Grid
from ablsim.margins import MarginMap, surface_points
from ablsim.result import Fields, Ledger, Result
from ablsim.shapes import Ellipsoid
from ablsim.zone import measure_zones

ZONE_RADIUS, TUMOUR_RADIUS, OFFSET = 10e-3, 7e-3, 5.2e-3


def measure(centre, *, distance=None, margin=3e-3, vessels=(), radius=TUMOUR_RADIUS):
    """The coverage of a sphere by the zone ``distance < 0``, a sphere at the origin by default."""
    grid = Grid.centred((0.0, 0.0, 0.0), (34e-3,) * 3, 1e-3)
    points = np.stack(np.meshgrid(*grid.axes()[::-1], indexing="ij")[::-1], axis=-1)
    if distance is None:
        distance = distance_to_sphere(points, (0.0, 0.0, 0.0), ZONE_RADIUS)
    omega = np.exp(np.clip(-1e3 * distance, -80.0, 5.0)).astype(np.float32)
    zero = np.zeros_like(omega)
    case = SimpleNamespace(
        tumour=SimpleNamespace(
            axes=(2 * radius,) * 3,
            orientation=UPRIGHT,
            centre=tuple(centre),
            margin=margin,
            half_extent=(radius,) * 3,
            body=Ellipsoid(tuple(centre), (2 * radius,) * 3),
        ),
        vessels=vessels,
        organs=(),
        fibres_all=(SimpleNamespace(direction=(0.0, 0.0, -1.0)),),
        physics=SimpleNamespace(reported_zone="stasis"),
    )
    result = Result(
        case=case,
        grid=grid,
        labels=zero.astype(np.uint8),
        materials=("liver",),
        base_temperature=310.15,
        fields=Fields(zero, omega, zero, zero, np.ones_like(zero), zero),
        ledger=Ledger(),
    )
    return measure_zones(result).tumour


def share_below(margin):
    """Share of the tumour's surface with less than a margin.

    A point at the angle t from the axis through both centres lies at
    sqrt(r^2 + d^2 + 2 r d cos t) from the zone's centre, and cos t is uniform over a sphere.
    """
    r, d = TUMOUR_RADIUS, OFFSET
    cosine = ((ZONE_RADIUS - margin) ** 2 - r**2 - d**2) / (2 * r * d)
    return np.clip(0.5 * (1.0 - cosine), 0.0, 1.0)


def test_the_distribution_of_the_margin_follows_the_closed_form():
    tumour = measure(OFFSET * np.array([0.6, 0.0, 0.8]))
    found = tumour.margin_map
    assert found.areas.sum() == pytest.approx(4 * np.pi * TUMOUR_RADIUS**2)
    assert found.points.shape == (found.margins.size, 3)
    away = np.linalg.norm(found.points, axis=1)
    np.testing.assert_allclose(found.margins, ZONE_RADIUS - away, rtol=0.0, atol=0.06e-3)
    edges, shares = found.histogram()
    assert shares.sum() == pytest.approx(1.0)
    assert edges[0] == pytest.approx(-3e-3)
    # 0.06 mm of margin are up to 0.012 of this surface.
    below = share_below(edges)
    np.testing.assert_allclose(np.cumsum(shares), below[1:], rtol=0.0, atol=0.012)
    limits = np.array([0.0, 2e-3, 5e-3, 10e-3])
    np.testing.assert_allclose(
        np.cumsum(found.class_shares())[:-1], share_below(limits), rtol=0.0, atol=0.024
    )
    assert sum(found.class_shares()) == pytest.approx(1.0)
    assert tumour.margin_asked == 3e-3
    assert tumour.margin_reached == pytest.approx(1.0 - share_below(3e-3), abs=0.024)
    assert (tumour.margin_min, tumour.margin_mean) == (found.smallest, found.mean)


def test_finer_bins_hold_the_same_surface():
    found = measure((OFFSET, 0.0, 0.0)).margin_map
    fine_edges, fine = found.histogram(0.25e-3)
    edges, coarse = found.histogram(1e-3)
    for low, high, share in zip(edges[:-1], edges[1:], coarse, strict=True):
        inside = (fine_edges[:-1] > low - 1e-9) & (fine_edges[1:] < high + 1e-9)
        assert fine[inside].sum() == pytest.approx(share)


def test_a_mirrored_treatment_has_the_mirrored_map():
    centre = np.array([3e-3, 2e-3, -3.5e-3])
    first = measure(centre).margin_map
    second = measure(centre * [-1, 1, 1]).margin_map
    np.testing.assert_allclose(second.histogram()[1], first.histogram()[1], atol=1e-9)
    rows = [np.round(1e7 * np.c_[m.points, m.margins]) for m in (first, second)]
    rows[1][:, 0] *= -1.0
    first, second = (np.sort(r + 0.0, axis=0) for r in rows)
    np.testing.assert_allclose(second, first, rtol=0.0, atol=2.0)


def test_an_ample_zone_has_its_whole_surface_in_one_class_and_the_margin_everywhere():
    tumour = measure((0.0, 0.0, 0.0), margin=3e-3)
    assert tumour.margin_map.class_shares() == (0.0, 0.0, 1.0, 0.0, 0.0)
    # Exactly the margin asked for: reached, to what the contour resolves.
    assert tumour.margin_reached == 1.0
    assert measure((0.0, 0.0, 0.0), margin=3.2e-3).margin_reached == 0.0


def test_without_a_zone_all_of_the_surface_misses_its_margin():
    tumour = measure((1e-3, 0.0, 0.0), distance=np.full((34,) * 3, 1.0), margin=0.0)
    assert tumour.margin_map.class_shares() == (1.0, 0.0, 0.0, 0.0, 0.0)
    assert tumour.margin_reached == 0.0
    assert set(tumour.margin_map.margins) == {-TUMOUR_RADIUS}
    edges, shares = tumour.margin_map.histogram()
    assert list(shares) == [1.0]
    assert edges[0] <= -TUMOUR_RADIUS < edges[1]


def test_surface_inside_a_vessel_has_no_margin():
    tube = ([(5e-3, -1.0, 0.0), (5e-3, 1.0, 0.0)], 3e-3)
    ball = Ellipsoid((0.0, 0.0, 0.0), (14e-3,) * 3)
    points, areas = surface_points(ball, 14e-3, 1e-3, [tube])
    whole = surface_points(ball, 14e-3, 1e-3)[1].sum()
    assert np.all(np.hypot(points[:, 0] - 5e-3, points[:, 2]) > 3e-3)
    assert 0.7 * whole < areas.sum() < 0.99 * whole


def test_a_map_without_points_has_no_shares():
    nothing = MarginMap.empty()
    assert nothing.class_shares() == (0.0,) * 5
    assert nothing.share_reaching(0.0) == 0.0
    assert [part.size for part in nothing.histogram()] == [0, 0]
    assert np.isnan(nothing.smallest)
    assert np.isnan(nothing.mean)
