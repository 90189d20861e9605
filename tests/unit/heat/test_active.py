import numpy as np

from ablsim.heat.active import GROWTH, MARGIN, Region, find_heated, grown, opened, reach, whole

SHAPE = (42, 42, 42)


def test_heated_cells_are_bounded_exactly():
    theta = np.zeros(SHAPE, np.float32)
    theta[10:14, 20:22, 7] = 0.5
    assert find_heated(theta, 0.1, whole(SHAPE)) == (10, 14, 20, 22, 7, 8)
    assert find_heated(theta, 1.0, whole(SHAPE)) is None
    theta[30, 5, 30] = -0.5  # cold counts as well
    assert find_heated(theta, 0.1, whole(SHAPE)) == (10, 31, 5, 22, 7, 31)


def test_region_keeps_clear_of_the_heat_and_never_shrinks():
    heated = (15, 20, 15, 20, 15, 20)
    box = grown(None, heated, SHAPE)
    assert box == (15 - GROWTH, 20 + GROWTH) * 3
    assert grown(box, (16, 18, 16, 18, 16, 18), SHAPE) == box
    assert grown(box, None, SHAPE) == box
    closer = (box[0] + MARGIN - 1, 20, 15, 20, 15, 20)
    assert grown(box, closer, SHAPE) == (closer[0] - GROWTH, *box[1:])


def test_region_stops_at_the_wall_and_opens_there():
    box = grown(None, (2, 20, 15, 40, 15, 20), SHAPE)
    assert box[0] == 1
    assert box[3] == 41
    assert opened(box, SHAPE) == (True, False, False, True, False, False)
    assert all(opened(whole(SHAPE), SHAPE))


def test_long_steps_keep_the_heat_farther_from_the_border():
    assert reach(1.0) == reach(8.0) == MARGIN
    assert reach(300.0) == 12
    heated = (15, 20, 15, 20, 15, 20)
    box = (8, 27) * 3
    assert grown(box, heated, SHAPE, 7) == box
    assert grown(box, heated, SHAPE, 8) == (15 - 8 - GROWTH + MARGIN, 20 + 8 + GROWTH - MARGIN) * 3


def test_a_region_knows_how_large_it_is_and_which_walls_it_has_reached():
    region = Region((8, 8, 8))
    assert (region.n_cells, region.slices) == (0, (slice(0),) * 3)
    assert region.opened == (False,) * 6
    region.box = (1, 7) * 3
    assert region.is_whole
    region.box = (1, 4) * 3
    assert not region.is_whole
    assert region.opened == (True, False) * 3
    assert region.n_cells == 27
    assert region.slices == (slice(0, 3),) * 3
