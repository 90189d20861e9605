"""Where the residual sits: caps, shells and plates whose place is known exactly."""

import numpy as np
import pytest

from ablsim.contour import Window
from ablsim.grid import Grid
from ablsim.residual import VESSEL_NEAR, find_residual, name_direction

R = 8e-3  # tumour
NO_VESSEL = {}


def find(tumour_centre, outside_zone, *, vessels=NO_VESSEL, spacing=1e-3):
    """The residual of a tumour of radius R where a field is positive."""
    grid = Grid.centred((0.0, 0.0, 0.0), (40e-3,) * 3, spacing)
    window = Window.around(grid, np.zeros(3), np.array(grid.shape) - 1.0, margin=0)
    points = window.points()
    inside = R - np.linalg.norm(points - tumour_centre, axis=-1)
    return find_residual(window, [inside, outside_zone(points)], tumour_centre, R, vessels)


def beyond(unit, height, centre=(0.0, 0.0, 0.0)):
    """Positive further along a direction than ``height`` from the centre."""
    return lambda points: (points - centre) @ np.asarray(unit) - height


def cap(height):
    """Volume of the cap of the tumour beyond a plane, and how far out its centroid lies."""
    volume = np.pi * (R - height) ** 2 * (2 * R + height) / 3
    return volume, np.pi * (R**2 - height**2) ** 2 / (4 * volume)


@pytest.mark.parametrize("height", [2e-3, 5e-3])
@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ((1.0, 0.0, 0.0), "left"),
        ((-1.0, 0.0, 0.0), "right"),
        ((0.0, 1.0, 0.0), "posterior"),
        ((0.0, -1.0, 0.0), "anterior"),
        ((0.0, 0.0, 1.0), "superior"),
        ((0.0, 0.0, -1.0), "inferior"),
        ((0.6, 0.0, 0.8), "left superior"),
        ((-2 / 3, -1 / 3, -2 / 3), "right inferior"),
        ((-0.6, 0.48, -0.64), "right posterior inferior"),
    ],
)
def test_a_cap_has_its_volume_centroid_and_direction(unit, words, height):
    centre = np.array([1.3e-3, -0.4e-3, 0.6e-3])
    (piece,) = find(centre, beyond(unit, height, centre))
    volume, out = cap(height)
    assert piece.volume == pytest.approx(volume, rel=0.03)
    np.testing.assert_allclose(piece.centroid, centre + out * np.array(unit), rtol=0, atol=0.15e-3)
    assert piece.distance == pytest.approx(out, abs=0.1e-3)
    assert piece.direction == words
    assert piece.vessel is piece.vessel_distance is None


def test_the_crescent_that_a_ball_leaves_of_a_ball_lies_on_the_far_side():
    # What a ball of 10 mm leaves of the tumour, 6 mm off: tumour minus lens.
    zone, d = 10e-3, 6e-3
    unit = np.array([0.6, 0.0, 0.8])
    (piece,) = find(d * unit, lambda points: np.linalg.norm(points, axis=-1) - zone)
    lens = np.pi * (R + zone - d) ** 2 * (d * d + 2 * d * (R + zone) - 3 * (R - zone) ** 2)
    volume = 4 / 3 * np.pi * R**3 - lens / (12 * d)
    assert piece.volume == pytest.approx(volume, rel=0.03)
    # First moments along the axis: the lens is two caps, one of either ball.
    plane = (d * d + zone**2 - R**2) / (2 * d)
    of_zone = np.pi * (zone**2 - plane**2) ** 2 / 4
    low = d - plane
    volume_of_tumour = np.pi * (R - low) ** 2 * (2 * R + low) / 3
    of_tumour = volume_of_tumour * d - np.pi * (R**2 - low**2) ** 2 / 4
    along = (4 / 3 * np.pi * R**3 * d - of_zone - of_tumour) / volume
    np.testing.assert_allclose(piece.centroid, along * unit, rtol=0.0, atol=0.15e-3)
    assert piece.direction == "left superior"


def test_pieces_are_apart_and_come_in_order_of_volume():
    def outside_slab(points):
        z = points[..., 2]
        return np.maximum(z - 4e-3, -3e-3 - z)

    large, small = find((0.0, 0.0, 0.0), outside_slab)
    assert (large.direction, small.direction) == ("inferior", "superior")
    assert large.volume == pytest.approx(cap(3e-3)[0], rel=0.03)
    assert small.volume == pytest.approx(cap(4e-3)[0], rel=0.03)
    assert large.centroid[2] == pytest.approx(-cap(3e-3)[1], abs=0.1e-3)


def test_a_shell_lies_all_around_and_a_core_is_central():
    def away(points):
        return np.linalg.norm(points, axis=-1)

    (shell,) = find((0.0, 0.0, 0.0), lambda points: away(points) - 5e-3)
    assert shell.direction == "all around"
    assert shell.volume == pytest.approx(4 / 3 * np.pi * (R**3 - 5e-3**3), rel=0.03)
    (core,) = find((0.0, 0.0, 0.0), lambda points: 4e-3 - away(points))
    assert core.direction == "central"
    (whole,) = find((0.0, 0.0, 0.0), lambda points: np.ones(points.shape[:-1]))
    assert whole.direction == "central"
    assert whole.volume == pytest.approx(4 / 3 * np.pi * R**3, rel=0.03)


def test_a_shell_thinner_than_a_cell_is_still_one_piece():
    (shell,) = find(
        (0.3e-3, 0.1e-3, 0.0),
        lambda points: 0.5e-3 - R + np.linalg.norm(points - (0.3e-3, 0.1e-3, 0.0), axis=-1),
    )
    assert shell.direction == "all around"


def test_a_complete_zone_leaves_no_piece_and_crumbs_do_not_count():
    assert find((0.0, 0.0, 0.0), lambda points: -np.ones(points.shape[:-1])) == ()
    assert find((0.0, 0.0, 0.0), beyond((1.0, 0.0, 0.0), R - 0.1e-3)) == ()


def test_a_mirrored_residual_is_the_mirrored_one():
    centre, unit = np.array([1e-3, 2e-3, -0.3e-3]), np.array([0.6, -0.48, 0.64])
    (first,) = find(centre, beyond(unit, 3e-3, centre))
    assert first.direction == "left anterior superior"
    for mirror, words in (
        ([-1, 1, 1], "right anterior superior"),
        ([1, -1, 1], "left posterior superior"),
        ([1, 1, -1], "left anterior inferior"),
    ):
        (other,) = find(mirror * centre, beyond(mirror * unit, 3e-3, mirror * centre))
        assert other.direction == words
        assert other.volume == pytest.approx(first.volume, rel=1e-9)
        np.testing.assert_allclose(other.centroid, np.multiply(mirror, first.centroid), atol=1e-12)


@pytest.mark.parametrize("gap", [0.0, 1.7e-3, 4.5e-3])
def test_the_nearest_vessel_is_named_with_the_distance_to_its_wall(gap):
    # Both lie left of the cap: its outermost point is the tumour's pole.
    near, far = R + gap + 3e-3, R + gap + 20e-3
    vessels = {
        "portal branch": ([(far, -1.0, 0.0), (far, 1.0, 0.0)], 2e-3),
        "hepatic vein": ([(near, -1.0, 0.0), (near, 1.0, 0.0)], 3e-3),
    }
    (piece,) = find((0.0, 0.0, 0.0), beyond((1.0, 0.0, 0.0), 4e-3), vessels=vessels)
    assert piece.vessel == "hepatic vein"
    assert piece.vessel_distance == pytest.approx(gap, abs=0.15e-3)
    # The cap on the other side is out of its reach.
    (other,) = find((0.0, 0.0, 0.0), beyond((-1.0, 0.0, 0.0), 4e-3), vessels=vessels)
    assert other.vessel is None


def test_a_vessel_out_of_reach_is_not_named():
    x = R + VESSEL_NEAR + 3.3e-3
    vessels = {"vein": ([(x, -1.0, 0.0), (x, 1.0, 0.0)], 3e-3)}
    (piece,) = find((0.0, 0.0, 0.0), beyond((1.0, 0.0, 0.0), 4e-3), vessels=vessels)
    assert piece.vessel is piece.vessel_distance is None


def test_every_direction_has_a_name():
    for unit in np.random.default_rng(1).normal(size=(200, 3)):
        assert name_direction(unit)
