"""Vessels from masks: tubes where they were marked, as wide as they were."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ablsim.case import Case
from ablsim.errors import CaseError
from ablsim.geometry import distance_to_tube
from ablsim.imaging.tubes import read_tubes

sitk = pytest.importorskip("SimpleITK")

SPACING = np.array([0.8, 0.7, 1.5])
SIZE = (110, 110, 70)
TURN = Rotation.from_rotvec([0.1, -0.2, 0.3]).as_matrix()
FIRST = np.array([-40.0, -30.0, -50.0])


def lattice():
    index = np.stack(np.meshgrid(*[np.arange(n) for n in SIZE], indexing="ij"), axis=-1)
    return 1e-3 * (FIRST + (index * SPACING) @ TURN.T)


def tree():
    """A bent vessel of 8 mm with a branch of 5 mm: their centre lines [m]."""
    middle = lattice().reshape(-1, 3).mean(axis=0)
    along = np.linspace(-1.0, 1.0, 60)
    offset = np.stack([30e-3 * along, 8e-3 * np.sin(2.0 * along), 16e-3 * along], axis=-1)
    trunk = middle + offset @ TURN.T
    branch = trunk[30] + np.array([[0, 0, 0], [4, 16, 6], [10, 26, 12]]) @ TURN.T * 1e-3
    return trunk, branch


def write(path, marked):
    image = sitk.GetImageFromArray(marked.transpose(2, 1, 0).astype(np.uint8))
    image.SetSpacing(SPACING.tolist())
    image.SetOrigin(FIRST.tolist())
    image.SetDirection(TURN.ravel().tolist())
    sitk.WriteImage(image, str(path))
    return path


@pytest.fixture(scope="module")
def vessels(tmp_path_factory):
    points, (trunk, branch) = lattice(), tree()
    marked = np.where(distance_to_tube(points, branch, 2.5e-3) <= 0.0, 2, 0)
    marked[distance_to_tube(points, trunk, 4e-3) <= 0.0] = 1
    folder = tmp_path_factory.mktemp("vessels")
    write(folder / "parts.nii.gz", marked)
    write(folder / "tree.nii.gz", marked > 0)
    thin = distance_to_tube(points, trunk, 1.2e-3) <= 0.0
    write(folder / "thin.nii.gz", thin)
    return folder


def test_trunk_and_branch_are_found_with_their_widths(vessels):
    trunk, branch = tree()
    tubes = read_tubes(vessels / "tree.nii.gz")
    assert [tube.diameter for tube in tubes] == pytest.approx([8e-3, 5e-3], rel=0.05)
    assert float(distance_to_tube(tubes[0].points, trunk, 0.0).max()) < 0.8e-3  # a voxel
    outside = tubes[1].points[distance_to_tube(tubes[1].points, trunk, 4e-3) > 0.0]
    assert len(outside) >= 3  # it joins the trunk somewhere within
    assert float(distance_to_tube(outside, branch, 0.0).max()) < 0.8e-3
    points = lattice().reshape(-1, 3)
    whole = sitk.GetArrayFromImage(sitk.ReadImage(str(vessels / "tree.nii.gz"))).transpose(2, 1, 0)
    marked = whole.ravel() > 0
    inside = np.zeros(len(points), dtype=bool)
    for tube in tubes:
        inside |= distance_to_tube(points, tube.points, 0.5 * tube.diameter) <= 0.0
    overlap = 2.0 * np.count_nonzero(inside & marked) / (inside.sum() + marked.sum())
    assert overlap > 0.92


def test_one_label_is_one_vessel(vessels):
    (tube,) = read_tubes(vessels / "parts.nii.gz", 1)
    assert tube.diameter == pytest.approx(8e-3, rel=0.03)


def test_two_vessels_that_do_not_touch(tmp_path):
    points = lattice()
    middle = points.reshape(-1, 3).mean(axis=0)
    lines = [
        middle + np.array([[-0.025, y, 0.0], [0.025, y, 0.0]]) @ TURN.T for y in (-0.012, 0.01)
    ]
    marked = np.zeros(SIZE, dtype=bool)
    for line, radius in zip(lines, (2e-3, 3.5e-3), strict=True):
        marked |= distance_to_tube(points, line, radius) <= 0.0
    found = read_tubes(write(tmp_path / "two.nii.gz", marked))
    assert [tube.diameter for tube in found] == pytest.approx([7e-3, 4e-3], rel=0.05)
    for tube, line in zip(found, lines[::-1], strict=True):
        assert float(distance_to_tube(tube.points, line, 0.0).max()) < 0.8e-3
    length = np.linalg.norm(found[0].points[-1] - found[0].points[0])
    assert length == pytest.approx(50e-3, abs=3e-3)


def test_a_vessel_that_tapers_becomes_several_tubes(tmp_path):
    points = lattice()
    middle = points.reshape(-1, 3).mean(axis=0)
    local = (points - middle) @ TURN
    radius = np.clip(3.5e-3 - 0.06 * local[..., 0], 0.0, None)
    marked = (np.hypot(local[..., 1], local[..., 2]) <= radius) & (abs(local[..., 0]) < 28e-3)
    found = read_tubes(write(tmp_path / "cone.nii.gz", marked))
    assert len(found) >= 2
    assert found[0].diameter > 1.3 * found[-1].diameter
    for tube in found:
        x = (tube.points.mean(axis=0) - middle) @ TURN[:, 0]
        assert tube.diameter == pytest.approx(2.0 * (3.5e-3 - 0.06 * x), rel=0.15)


def test_vessels_too_thin_to_count_are_refused(vessels):
    with pytest.raises(CaseError, match=r"no vessel of 3 mm or more \(the widest has"):
        read_tubes(vessels / "thin.nii.gz")


def table(**vessel):
    return {
        "schema": "ablsim/case/1",
        "title": "vessels from a mask",
        "tissue": {"background": "liver"},
        "vessel": [{"name": "portal vein", **vessel}],
        "fibre": [{"kind": "bare", "tip": ["0 mm"] * 3, "direction": [0, 0, -1]}],
        "protocol": {"steps": ["deliver 5 W until 300 J"]},
        "numerics": {"spacing": "2 mm"},
    }


def test_a_case_keeps_the_tubes_and_needs_the_image_no_more(vessels):
    case = Case.from_dict(table(file="tree.nii.gz", wall="occludes"), folder=vessels)
    assert [vessel.name for vessel in case.vessels] == ["portal vein 1", "portal vein 2"]
    assert {vessel.wall for vessel in case.vessels} == {"occludes"}
    assert Case.from_text(case.to_toml()) == case
    one = Case.from_dict(table(file="parts.nii.gz", label=1), folder=vessels)
    assert [vessel.name for vessel in one.vessels] == ["portal vein"]


@pytest.mark.parametrize(
    ("vessel", "said"),
    [
        ({"file": "none.nii.gz"}, "there is no such file"),
        ({"file": "tree.nii.gz", "diameter": "5 mm"}, "leave out points and diameter"),
        ({"file": "tree.nii.gz", "label": 7}, "there is no label 7"),
        ({"file": "thin.nii.gz"}, "no vessel of 3 mm or more"),
    ],
    ids=["missing", "both", "label", "thin"],
)
def test_what_is_wrong_with_a_mask_is_said_with_the_key(vessels, vessel, said):
    with pytest.raises(CaseError, match=said) as caught:
        Case.from_dict(table(**vessel), folder=vessels)
    assert "vessel#1" in str(caught.value)
