"""Two regions beside each other: shapes whose overlap, distances and motions are known exactly."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ablsim.agreement import compare_zones, describe, measure_agreement, summarise
from ablsim.agreement.measures import Motion, covered, fit_rigidly, margins
from ablsim.agreement.region import Region, region_of_tumour, region_of_zone
from ablsim.errors import CaseError
from ablsim.grid import Grid
from ablsim.imaging import Mask
from ablsim.shapes import Ellipsoid
from ablsim.view.agreement import draw_agreement

R = 15e-3


def region(axes, centre=(0.0, 0.0, 0.0), turn=(0.0, 0.0, 0.0), spacing=1e-3):
    rows = Rotation.from_rotvec(turn).as_matrix().T
    body = Ellipsoid(tuple(centre), tuple(axes), tuple(map(tuple, rows)))
    grid = Grid.centred(tuple(centre), (max(axes) + 8e-3,) * 3, spacing)
    points = np.stack(np.meshgrid(*grid.axes()[::-1], indexing="ij")[::-1], axis=-1)
    return Region(grid, -body.distance(points))


def ball(radius=R, centre=(0.0, 0.0, 0.0)):
    return region((2.0 * radius,) * 3, centre)


def test_a_region_is_as_large_as_its_shape_and_knows_what_is_inside():
    found = region((40e-3, 28e-3, 20e-3), (3e-3, -2e-3, 5e-3), (0.3, 0.1, -0.4))
    assert found.volume == pytest.approx(np.pi / 6.0 * 40e-3 * 28e-3 * 20e-3, rel=0.01)
    assert found.contains([(3e-3, -2e-3, 5e-3), (3e-3, -2e-3, 40e-3)]).tolist() == [True, False]


def test_what_is_equal_agrees_wholly():
    found = measure_agreement(ball(), ball())
    assert found.dice == 1.0
    assert found.distance_max < 1e-12


@pytest.mark.parametrize("d", [2e-3, 6e-3, 12e-3])
def test_balls_that_are_apart_overlap_as_a_lens_does(d):
    found = measure_agreement(ball(), ball(centre=(0.0, d, 0.0)))
    lens = (2.0 * R - d) ** 2 * (d**2 + 4.0 * d * R) / (16.0 * d * R**3)
    assert found.dice == pytest.approx(lens, abs=2e-3)
    # a point at the angle t from the shift lies at sqrt(R^2 + d^2 - 2 R d cos t) from the other
    cosine = np.linspace(-1.0, 1.0, 20_001)
    away = np.sqrt(R**2 + d**2 - 2.0 * R * d * cosine) - R
    assert found.distance_max == pytest.approx(d, abs=0.05e-3)
    assert found.mean_distance == pytest.approx(np.abs(away).mean(), abs=0.02e-3)
    assert found.distance_95 == pytest.approx(np.quantile(np.abs(away), 0.95), abs=0.05e-3)
    assert found.reach == pytest.approx(away.mean(), abs=0.02e-3)


def test_a_larger_ball_reaches_further():
    found = measure_agreement(ball(R + 2e-3), ball())
    assert found.reach == pytest.approx(2e-3, abs=0.03e-3)
    assert measure_agreement(ball(), ball(R + 2e-3)).reach == pytest.approx(-2e-3, abs=0.03e-3)
    assert found.mean_distance == pytest.approx(2e-3, abs=0.03e-3)


def test_a_rigid_fit_finds_the_motion_and_leaves_nothing():
    axes, turn, shift = (40e-3, 28e-3, 20e-3), (0.1, 0.2, -0.15), (2e-3, -3e-3, 4e-3)
    one, other = region(axes), region(axes, shift, turn)
    found = fit_rigidly(one, other)
    assert found.turn == pytest.approx(np.array(turn), abs=0.01)
    middle = found.apply(np.zeros(3))
    assert middle == pytest.approx(np.array(shift), abs=0.1e-3)
    assert found.undo(middle) == pytest.approx(np.zeros(3), abs=1e-12)
    fitted = measure_agreement(one, other, found)
    assert fitted.dice > 0.995
    assert fitted.distance_max < 0.3e-3


def test_a_ball_is_shifted_and_hardly_turned():
    found = fit_rigidly(ball(), ball(centre=(0.0, 0.0, 5e-3)))
    assert found.shift == pytest.approx(np.array([0.0, 0.0, 5e-3]), abs=0.05e-3)
    assert found.angle == 0.0


def test_a_rigid_fit_hides_no_difference_of_size():
    small, large = ball(10e-3), ball(14e-3, (6e-3, 0.0, 0.0))
    fitted = measure_agreement(small, large, fit_rigidly(small, large))
    assert fitted.dice == pytest.approx(2.0 * 10**3 / (10**3 + 14**3), abs=0.01)
    assert fitted.reach == pytest.approx(-4e-3, abs=0.1e-3)


def test_margins_and_cover_of_a_tumour():
    tumour, zone = ball(10e-3), ball(15e-3, (2e-3, 0.0, 0.0))
    smallest, mean = margins(tumour, zone)
    assert smallest == pytest.approx(3e-3, abs=0.05e-3)
    assert 4.5e-3 < mean < 5.2e-3
    assert covered(tumour, zone) == 1.0
    assert covered(zone, tumour) == pytest.approx((10 / 15) ** 3, abs=0.01)
    smallest, _ = margins(tumour, ball(10e-3, (4e-3, 0.0, 0.0)))
    assert smallest == pytest.approx(-4e-3, abs=0.05e-3)


def result(radius=R, zone="stasis", tumour=None, spacing=1e-3):
    """What a simulation would have left of a ball of damage."""
    grid = Grid.centred((0.0, 0.0, 0.0), (50e-3,) * 3, spacing)
    points = np.stack(np.meshgrid(*grid.axes()[::-1], indexing="ij")[::-1], axis=-1)
    omega = np.exp(600.0 * (radius - np.linalg.norm(points, axis=-1))).clip(0.0, 100.0)
    nothing = np.zeros(grid.shape, dtype=np.float32)
    fields = {"stasis": nothing, "whitening": nothing, "death": nothing}
    fields[zone] = omega.astype(np.float32)
    case = SimpleNamespace(
        physics=SimpleNamespace(reported_zone="stasis"), vessels=(), tumour=tumour, title="Ball"
    )
    return SimpleNamespace(case=case, grid=grid, fields=SimpleNamespace(**fields))


def mask(radius=R, centre=(0.0, 0.0, 0.0), name="zone.nii.gz"):
    seen = ball(radius, centre)
    edge = (seen.grid.spacing,) * 3
    return Mask(name, seen.grid, seen.field, 4.0 / 3.0 * np.pi * radius**3, edge)


def test_a_zone_of_a_result_is_measured_where_it_is():
    found = region_of_zone(result())
    assert found.volume == pytest.approx(4.0 / 3.0 * np.pi * R**3, rel=0.005)
    assert measure_agreement(found, ball()).distance_max < 0.2e-3


def test_a_zone_that_reaches_the_wall_of_the_domain_is_closed_there():
    found = region_of_zone(result(26e-3))
    assert np.abs(found.surface).max() <= 25.6e-3
    assert found.volume < 4.0 / 3.0 * np.pi * (26e-3) ** 3


def test_a_result_without_the_zone_is_refused():
    with pytest.raises(CaseError, match="no zone of death; there is nothing to compare"):
        region_of_zone(result(), "death")


def test_a_comparison_in_words_and_numbers(tmp_path):
    axes, centre = (20e-3,) * 3, (0.0, 0.0, 0.0)
    tumour = SimpleNamespace(axes=axes, centre=centre, body=Ellipsoid(centre, axes))
    found = compare_zones(result(tumour=tumour), mask(14e-3, (0.0, 4e-3, 0.0)))
    text = describe(found)
    assert "Zone of stasis beside zone.nii.gz" in text
    assert "14.1 mL predicted, 11.5 mL observed: ratio 1.23, +0.07 in ln(diameter)" in text
    assert "after a shift of 4.0 mm (" in text
    assert ", +4.0, " in text
    assert "tumour     of the case: 100.0 % ablated predicted, 100.0 % observed" in text
    assert "smallest +5.0 mm predicted, " in text
    numbers = json.loads(json.dumps(summarise(found)))
    assert numbers["volume_ml"]["ln_diameter_error"] == pytest.approx(np.log(15 / 14), abs=0.003)
    assert numbers["as_placed"]["dice"] < numbers["fitted"]["dice"]
    assert numbers["fitted"]["shift_mm"] == pytest.approx([0.0, 4.0, 0.0], abs=0.1)
    assert numbers["tumour"]["observed"]["margin_min_mm"] == pytest.approx(0.0, abs=0.1)
    draw_agreement(found, tmp_path / "f.png", title="Ball")
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")


def test_a_tumour_may_come_from_a_mask_or_be_left_out():
    marked = compare_zones(result(), mask(), tumour=mask(12e-3, name="tumour.nrrd"))
    assert marked.tumour_from == "tumour.nrrd"
    assert marked.predicted_tumour.margin_min == pytest.approx(3e-3, abs=0.1e-3)
    without = compare_zones(result(), mask())
    assert summarise(without)["tumour"] is None
    assert "margin" not in describe(without)


def test_a_tumour_of_a_case_is_its_ellipsoid():
    axes, centre = (30e-3, 20e-3, 16e-3), (1e-3, 2e-3, 3e-3)
    tumour = SimpleNamespace(axes=axes, centre=centre, body=Ellipsoid(centre, axes))
    found = region_of_tumour(tumour)
    assert found.volume == pytest.approx(np.pi / 6.0 * 30e-3 * 20e-3 * 16e-3, rel=0.01)
    assert Motion.none().apply(found.surface) == pytest.approx(found.surface)
