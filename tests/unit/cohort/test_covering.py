"""Where placements go: depths exact, nothing random, more of them cover more."""

import numpy as np
import pytest

from ablsim.cohort.covering import Shape, count_to_cover, place

DOWN = (0.0, 0.0, -1.0)
SINGLE = Shape("single", 15e-3, DOWN, 0.0, 9e-3)
SQUARE = Shape("square", 15e-3, DOWN, 24e-3, 9e-3)


def ball(diameter):
    return (diameter, diameter, diameter)


@pytest.mark.parametrize(
    ("shape", "point", "depth"),
    [
        (SINGLE, (0.0, 0.0, 0.0), 9.0),
        (SINGLE, (0.0, 3.0, 4.0), 4.0),
        (SQUARE, (0.0, 0.0, 0.0), 9.0),
        (SQUARE, (7.5, 0.0, 12.0), 9.0),
        (SQUARE, (16.5, 0.0, 0.0), 0.0),
        (SQUARE, (0.0, 0.0, 21.0), 0.0),
        (SQUARE, (10.5, 11.5, 12.0), 4.0),
        (SQUARE, (0.0, 26.5, 0.0), -10.0),
        (Shape("line", 15e-3, DOWN, 0.0, 9e-3), (0.0, 5.0, 0.0), 4.0),
        (Shape("triangle", 15e-3, DOWN, 0.0, 9e-3), (0.0, 0.0, 3.0), 6.0),
        (Shape("square", 15e-3, (1.0, 0.0, 0.0), 24e-3, 9e-3), (21.0, 0.0, 0.0), 0.0),
    ],
)
def test_depth_is_the_reach_around_the_block_of_tips_and_pull_backs(shape, point, depth):
    assert float(shape.depth(1e-3 * np.array(point))) == pytest.approx(1e-3 * depth, abs=1e-9)


def test_one_placement_goes_to_the_middle():
    assert place(ball(30e-3), SQUARE, 1, 1) == ((0.0, 0.0, 0.0),)


def test_placements_are_always_the_same_and_lie_in_the_tumour():
    first = place(ball(50e-3), SQUARE, 5, 5)
    place.cache_clear()
    assert place(ball(50e-3), SQUARE, 5, 5) == first
    assert np.linalg.norm(first, axis=1).max() <= 25e-3


def test_more_are_counted_on_for_larger_tumours_and_smaller_reach():
    counts = [count_to_cover(ball(d), SQUARE, 0.99, 30) for d in (30e-3, 40e-3, 50e-3, 60e-3)]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1] > 5) == (1, True)
    narrow = Shape("square", 15e-3, DOWN, 24e-3, 7e-3)
    assert count_to_cover(ball(50e-3), narrow, 0.99, 30) > counts[2]
    assert count_to_cover(ball(60e-3), SQUARE, 0.99, 4) == 4


def test_planned_placements_cover_what_they_are_counted_on_to_cover():
    axes = ball(45e-3)
    count = count_to_cover(axes, SQUARE, 0.99, 30)
    middles = place(axes, SQUARE, count, count)
    points = np.random.default_rng(1).uniform(-22.5e-3, 22.5e-3, (20000, 3))
    points = points[np.linalg.norm(points, axis=1) < 22.5e-3]
    depth = np.max([SQUARE.depth(points - middle) for middle in middles], axis=0)
    assert (depth >= 0.0).mean() > 0.97


def test_further_placements_leave_the_planned_ones_where_they_are():
    planned = place(ball(45e-3), SQUARE, 3, 3)
    assert place(ball(45e-3), SQUARE, 6, 3)[:3] == planned
    assert len(set(place(ball(45e-3), SQUARE, 6, 3))) == 6
