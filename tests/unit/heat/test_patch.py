"""Cells in memory of their own: cut out of a domain, moved on, put back."""

from dataclasses import fields

import numpy as np
import pytest

from ablsim.case import Boundary
from ablsim.grid import Grid
from ablsim.heat.active import opened
from ablsim.heat.medium import Medium
from ablsim.heat.patch import Patch, is_worth_cutting
from ablsim.heat.settings import HeatSettings
from ablsim.heat.state import STEADY, make_state

ROW = [[3.8e6, 2.0e6, 1.7e9, 0.5, 0.2, 0.0, 0.0, 1.0, 6e4, 0.0]] * 2
SETTINGS = HeatSettings(310.15, 0.0, np.ones((3, 5)), 316.0, 473.15, 673.15, time_stepping="rkl2")
SIDES = ("x_min", "x_max", "y_min", "y_max", "z_min", "z_max")
SHAPE = (6, 7, 8)


@pytest.fixture
def medium():
    """Return tissue with one held cell in its middle."""
    code = np.zeros(SHAPE, np.uint8)
    code[3, 3, 3] = 1
    return Medium(
        Grid(SHAPE, 1e-3, (0.0, 0.0, 0.0)), code, np.array(ROW), np.array([False, True]),
        np.arange(2, dtype=np.uint8), np.inf,
    )  # fmt: skip


@pytest.fixture
def state(medium):
    """Return a state in which every array is different everywhere."""
    state, _ = make_state(medium, {side: Boundary(kind="body") for side in SIDES}, SETTINGS)
    rng = np.random.default_rng(1)
    for field in fields(state):
        array = getattr(state, field.name)
        if array is not None and array.dtype.kind == "f" and field.name not in ("k", "faces"):
            array[...] = rng.random(array.shape)
    return state


BOXES = [
    (1, 4, 2, 6, 3, 8),  # one side on the wall
    (2, 7, 1, 8, 1, 9),
    (1, 7, 1, 8, 1, 9),  # all of it
    (3, 4, 3, 4, 3, 4),
]


@pytest.mark.parametrize("box", BOXES)
def test_what_is_cut_out_and_changed_comes_back_and_nothing_else(state, box):
    before = {one.name: np.copy(getattr(state, one.name)) for one in fields(state)}
    part = state.cut(box)
    z0, z1, y0, y1, x0, x1 = box
    assert part.theta.shape == (z1 - z0 + 2, y1 - y0 + 2, x1 - x0 + 2)
    assert part.theta.flags.c_contiguous
    within = state.faces[:, z0 : z1 - 1, y0 : y1 - 1, x0 : x1 - 1]
    np.testing.assert_array_equal(part.faces[:, 1:-2, 1:-2, 1:-2], within)
    state.paste(part, box)
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(state, name), array, name)
    for field in fields(part):
        if field.name not in ("alive", "water_seen"):
            getattr(part, field.name)[...] = 1
    state.paste(part, box)
    for name, array in before.items():
        if name in STEADY or array.ndim == 0:
            np.testing.assert_array_equal(getattr(state, name), array, name)
        elif array.ndim == 3:
            array[z0:z1, y0:y1, x0:x1] = 1
            np.testing.assert_array_equal(getattr(state, name), array, name)
    assert np.all(state.faces[0, z0 : z1 - 1, y0:y1, x0:x1] == 1)
    assert np.all(state.faces[:, : z0 - 1] == before["faces"][:, : z0 - 1])
    assert np.all(state.faces[:, z1:] == before["faces"][:, z1:])


def test_what_is_asked_for_by_name_alone_comes_back(state):
    box = BOXES[0]
    part = state.cut(box)
    part.theta[...], part.water[...] = -1.0, -1.0
    state.paste(part, box, ("theta",))
    assert state.theta.min() == -1.0
    assert state.water.min() >= 0.0


def test_a_vessel_on_the_border_takes_heat_only_through_faces_within(state, medium):
    shape = state.theta.shape
    for box, faces in (((1, 7, 1, 8, 1, 9), 6), ((1, 5) * 3, 3), ((1, 4) * 3, 0)):
        walls = opened(box, shape)
        part = Patch.cut(state, medium, SETTINGS, 1.0, box, walls)
        beside = Patch(state, medium, SETTINGS, 1.0)
        beside.enclose(box, walls)
        assert len(part.inside) == len(beside.inside) == faces


def test_cells_are_read_where_they_lie(state, medium):
    box = (2, 5, 2, 6, 3, 8)
    patch = Patch.cut(state, medium, SETTINGS, 1.0, box, opened(box, state.theta.shape))
    patch.state.theta[1:-1, 1:-1, 1:-1] = -1.0
    where = tuple(np.array(index) for index in ([1, 0, 3], [1, 2, 4], [2, 2, 6]))
    values = state.theta[1:-1, 1:-1, 1:-1][where]
    kept = values.copy()
    patch.read("theta", where, values)
    assert values.tolist() == [-1.0, kept[1], -1.0]
    block = (slice(1, 4), slice(2, 3), slice(2, 7))
    assert patch.part("theta", block).tolist() == [[[-1.0] * 5]] * 3


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_heat_is_looked_for_near_borders_that_may_move(medium, axis):
    state, _ = make_state(medium, {side: Boundary(kind="body") for side in SIDES}, SETTINGS)
    box = (1, 7, 1, 8, 1, 9)
    patch = Patch(state, medium, SETTINGS, 1.0)
    size, around = SHAPE[axis], {}
    for place in range(size):
        where = [4, 4, 4]
        where[axis] = place + 1
        state.theta[...] = 0.0
        state.theta[tuple(where)] = -1.0  # what is cold counts as well
        for walls in ((False,) * 6, (True,) * 6):
            patch.enclose(box, walls)
            around[place, walls[0]] = patch.find_heated(0.5, 2)
    near = [around[place, False] is not None for place in range(size)]
    assert near == [place < 2 or place >= size - 2 for place in range(size)]
    assert not any(around[place, True] for place in range(size))
    first = [4, 5] * 3
    first[2 * axis : 2 * axis + 2] = [1, 2]
    assert around[0, False] == tuple(first)


def test_small_boxes_away_from_the_walls_are_worth_cutting():
    def is_in(box, shape, dtype=np.float32):
        return is_worth_cutting(box, np.empty(shape, dtype))

    box = (10, 70) * 3
    assert is_in(box, (122, 122, 122))
    assert not is_in(box, (116, 116, 116))  # it would take a share of the memory
    assert not is_in(box, (122, 122, 122), np.float64)
    assert not is_in((10, 70, 10, 70, 1, 61), (322, 322, 62))  # rows are as short
    assert not is_in((10, 70, 10, 70, 10, 200), (322, 322, 322))  # rows are long
