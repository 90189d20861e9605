"""The plane of a probe: where it lies, how gas comes and goes, what it hides."""

import numpy as np
import pytest

from ablsim.errors import CaseError
from ablsim.result import Fields, Ledger, Snapshot
from ablsim.storage import load
from ablsim.ultrasound.cloud import FADES_IN, follow_cloud
from ablsim.ultrasound.cut import (
    FREQUENCY,
    SHADOW,
    Cut,
    NeedleSight,
    cut,
    look_at_needle,
    make_plane,
    warnings,
)
from ablsim.ultrasound.picture import draw_ultrasound
from ablsim.ultrasound.pose import read_pose
from ablsim.view.subject import make_subject

POSE = "0 mm, -70 mm, 0 mm; 0, 1, 0; 1, 0, 0"


def test_a_pose_is_read_and_made_square():
    pose = read_pose("10 mm, -70 mm, 5 mm; 0, 2, 0; 1, 1, 0")
    np.testing.assert_allclose(pose.face, [10e-3, -70e-3, 5e-3])
    np.testing.assert_allclose(pose.beam, [0, 1, 0])
    np.testing.assert_allclose(pose.right, [1, 0, 0])
    np.testing.assert_allclose(abs(pose.normal), [0, 0, 1])
    assert abs(read_pose("0 mm, 0 mm, 0 mm; 0, 0, 1").right @ [0, 0, 1]) < 1e-12


@pytest.mark.parametrize(
    "text", ["", "1 mm, 2 mm; 0, 1, 0", "0, 0, 0; 0, 1, 0", "0 mm, 0 mm, 0 mm; 0, 0, 0",
             "0 mm, 0 mm, 0 mm; 0, 1, 0; 0, 1, 0", "0 mm, 0 mm, 0 mm; a, b, c"]
)  # fmt: skip
def test_what_is_no_pose_is_refused_with_an_example(text):
    with pytest.raises(CaseError, match="write for example"):
        read_pose(text)


def states(*entries):
    """Return snapshots of one cell: time, rise and water."""
    for time, rise, water in entries:
        cell = [np.full((1, 1, 1), value, np.float32) for value in (rise, 0, 0, 0, water, 0)]
        yield Snapshot(time, Fields(*cell), Ledger())


def test_gas_comes_at_95_degrees_or_with_boiling_and_fades():
    course = states((0, 0, 1), (10, 57.9, 1), (20, 58.1, 1), (60, 40, 1), (100, 63, 0.9),
                    (160, 20, 0.9))  # fmt: skip
    found = [float(cloud[0, 0, 0]) for _, cloud in follow_cloud(course, 310.15)]
    fade = [np.exp(-40 / FADES_IN), np.exp(-60 / FADES_IN)]
    assert found == pytest.approx([0.0, 0.0, 1.0, fade[0], 1.0, fade[1]])


def test_gas_attenuates_what_lies_below_it(stored):
    result = load(stored)
    subject, pose = make_subject(result), read_pose(POSE)
    plane = make_plane(pose, subject)
    grid = result.grid
    y = grid.axes()[1]
    cloud = np.zeros(grid.shape, np.float32)
    cloud[:, (y > -4e-3) & (y < 4e-3)] = 1.0  # a slab, 8 mm thick
    found = cut(subject, plane, cloud, 10.0)
    depth = -np.linspace(plane.high[1], plane.low[1], found.loss.shape[0])
    middle = found.loss.shape[1] // 2
    above, below = depth < 70e-3 - 8e-3, depth > 70e-3 + 8e-3
    assert found.loss[above, middle].max() < 0.2
    thickness = float(found.cloud[:, middle].sum() * plane.spacing * 100)  # cm
    assert thickness == pytest.approx(0.8, abs=0.05)
    assert found.loss[below, middle] == pytest.approx(2 * SHADOW * FREQUENCY * thickness, rel=1e-6)
    assert found.hidden_border > 0.5


def test_a_needle_s_angle_and_distance_are_those_to_the_plane(stored):
    result = load(stored)
    (needle,) = make_subject(result).needles
    axial = look_at_needle(needle, read_pose(POSE))  # the needle stands square to it
    assert abs(axial.angle) == pytest.approx(90.0)
    assert abs(axial.offset) == pytest.approx(2.0)
    along = look_at_needle(needle, read_pose("0 mm, -70 mm, 0 mm; 0, 1, 0; 0, 0, 1"))
    assert along.angle == pytest.approx(0.0)
    assert along.is_seen
    shifted = look_at_needle(needle, read_pose("3 mm, -70 mm, 0 mm; 0, 1, 0; 0, 0, 1"))
    assert abs(shifted.offset) == pytest.approx(3.0)
    assert not shifted.is_seen


def moment(time, cloud, loss, zone):
    return Cut(time, None, np.asarray(cloud), np.asarray(loss), np.asarray(zone))


def test_it_warns_of_what_is_hidden_and_of_what_looks_like_the_zone():
    zone = np.full((40, 40), -1.0)
    zone[10:30, 10:30] = 1.0
    gas = np.zeros((40, 40))
    gas[12:20, 12:28] = 1.0
    loss = np.zeros((40, 40))
    loss[20:, 10:30] = 20.0
    calm = moment(0.0, 0 * gas, 0 * loss, zone)
    said = warnings([calm, moment(60.0, gas, loss, zone), calm], [NeedleSight("F1", 30.0, 4.0)])
    assert "F1 is not in the plane: 30 degrees to it, its tip 4.0 mm off" in said[0]
    assert "at 60 s gas and its shadow hide" in said[1]
    assert "the bright cloud is not the zone" in said[2]
    assert warnings([calm, calm], [NeedleSight("F1", 0.0, 0.0)]) == []


@pytest.mark.compiled
def test_the_picture_is_drawn_and_the_same_each_time(stored, tmp_path):
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    sights, _ = draw_ultrasound(stored, first, read_pose(POSE))
    draw_ultrasound(stored, second, read_pose(POSE))
    assert len(sights) == 1
    assert first.stat().st_size > 50_000
    assert first.read_bytes() == second.read_bytes()
