"""Bodies: inside is where the distance is negative, and the box holds them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablsim.case_shapes import complete_frame
from ablsim.shapes import Ellipsoid, HalfSpace, Tube

TURNED = complete_frame(((0.6, 0.8, 0.0), (0.0, 0.0, 1.0)))
BODIES = {
    "sphere": Ellipsoid((1e-3, 2e-3, -3e-3), (20e-3,) * 3),
    "ellipsoid": Ellipsoid((1e-3, 2e-3, -3e-3), (30e-3, 8e-3, 16e-3), TURNED),
    "capsule": Tube(((0.0, 0.0, 0.0), (10e-3, 10e-3, 0.0)), 4e-3),
    "bent": Tube(((0.0, 0.0, 0.0), (10e-3, 0.0, 0.0), (10e-3, 0.0, 12e-3)), 4e-3),
    "half_space": HalfSpace((0.0, 0.0, 5e-3), (0.0, 0.6, 0.8)),
}
points = st.tuples(*[st.floats(-30e-3, 30e-3)] * 3)


@pytest.mark.parametrize("name", BODIES)
@given(point=points)
def test_inside_is_where_the_distance_is_not_positive(name, point):
    body = BODIES[name]
    distance = float(body.distance(point))
    if abs(distance) > 1e-8:
        assert bool(body.contains(point)) == (distance < 0.0)


@pytest.mark.parametrize("name", BODIES)
@given(point=points)
def test_the_box_holds_the_body(name, point):
    low, high = BODIES[name].bounds()
    if BODIES[name].contains(point):
        assert np.all((low - 1e-8 <= point) & (point <= high + 1e-8))


def test_a_half_space_lies_where_its_normal_points_to():
    body = HalfSpace((0.0, 0.0, 5e-3), (0.0, 0.0, 1.0))
    assert body.distance([(1.0, 1.0, 7e-3), (0.0, 0.0, 0.0)]) == pytest.approx([-2e-3, 5e-3])


@pytest.mark.parametrize("name", ["sphere", "ellipsoid", "capsule", "half_space"])
def test_surfaces_belong_to_the_body_on_either_side_alike(name):
    body = BODIES[name]
    surface = {
        "sphere": [(11e-3, 2e-3, -3e-3), (-9e-3, 2e-3, -3e-3)],
        "ellipsoid": [(1e-3 + 9e-3, 2e-3 + 12e-3, -3e-3), (1e-3 - 9e-3, 2e-3 - 12e-3, -3e-3)],
        "capsule": [(0.0, 0.0, 4e-3), (0.0, 0.0, -4e-3)],
        "half_space": [(3e-3, 0.0, 5e-3), (-3e-3, 0.0, 5e-3)],
    }[name]
    assert body.contains(surface).all()
    assert body.distance(surface) == pytest.approx([0.0, 0.0], abs=1e-9)


def test_a_second_axis_is_made_square_to_the_first():
    frame = np.array(complete_frame(((1.0, 0.0, 0.0), (1e-4, 1.0, 0.0))))
    np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-15)
    assert np.linalg.det(frame) == pytest.approx(1.0)
