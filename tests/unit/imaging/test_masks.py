"""Masks of any orientation and voxel: where they are, how large, and which are refused."""

import builtins

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ablsim.agreement import measure_agreement, region_of_mask
from ablsim.agreement.region import Region
from ablsim.errors import CaseError
from ablsim.grid import Grid
from ablsim.imaging import read_mask

sitk = pytest.importorskip("SimpleITK")

R = 18.0  # mm


def write(path, values, *, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), direction=None):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection((np.eye(3) if direction is None else direction).ravel().tolist())
    sitk.WriteImage(image, str(path))
    return path


def oblique_ball(path, size=(70, 60, 30), spacing=(0.9, 0.8, 2.5)):
    """A ball whose middle lies between the voxels of an oblique image; the middle [mm]."""
    turn = Rotation.from_rotvec([0.2, 0.1, 0.3]).as_matrix()
    origin = np.array([10.0, -20.0, 30.0])
    index = np.stack(np.meshgrid(*[np.arange(n) for n in size[::-1]], indexing="ij"), -1)[..., ::-1]
    points = (index * np.array(spacing)) @ turn.T + origin
    middle = (np.array([34.3, 29.2, 14.6]) * spacing) @ turn.T + origin
    inside = np.linalg.norm(points - middle, axis=-1) < R
    write(path, inside.astype(np.uint8), spacing=spacing, origin=origin, direction=turn)
    return middle


def ball(middle):
    centre = tuple(1e-3 * middle)
    grid = Grid.centred(centre, (46e-3,) * 3, 1e-3)
    points = np.stack(np.meshgrid(*grid.axes()[::-1], indexing="ij")[::-1], axis=-1)
    return Region(grid, 1e-3 * R - np.linalg.norm(points - np.array(centre), axis=-1))


@pytest.mark.parametrize("name", ["zone.nii.gz", "zone.nrrd", "zone.mha"])
def test_an_oblique_anisotropic_mask_is_where_it_was_marked(tmp_path, name):
    middle = oblique_ball(tmp_path / name)
    mask = read_mask(tmp_path / name)
    assert (mask.name, mask.grid.spacing) == (name, pytest.approx(0.8e-3))
    assert mask.voxel == pytest.approx((0.9e-3, 0.8e-3, 2.5e-3))
    exact = 4.0 / 3.0 * np.pi * (1e-3 * R) ** 3
    assert mask.volume == pytest.approx(exact, rel=0.01)
    assert Region(mask.grid, mask.distance).volume == pytest.approx(exact, rel=0.01)
    found = measure_agreement(ball(middle), region_of_mask(mask))
    assert found.dice > 0.98
    assert found.mean_distance < 0.2e-3
    assert abs(found.reach) < 0.05e-3
    surface = region_of_mask(mask).surface.reshape(-1, 3)
    assert surface.mean(axis=0) == pytest.approx(1e-3 * middle, abs=0.1e-3)


def test_a_single_voxel_has_its_own_size_and_place(tmp_path):
    values = np.zeros((5, 6, 7), dtype=np.uint8)
    values[2, 3, 4] = 1
    mask = read_mask(write(tmp_path / "f.nrrd", values, spacing=(1.0, 2.0, 3.0)))
    assert mask.volume == pytest.approx(6e-9)
    at = np.unravel_index(np.argmax(mask.distance), mask.distance.shape)
    assert mask.grid.position(at) == pytest.approx(np.array([4e-3, 6e-3, 6e-3]), abs=0.6e-3)


def test_a_mask_at_the_edge_of_its_image_is_closed_there(tmp_path):
    values = np.ones((10, 10, 10), dtype=np.uint8)
    mask = read_mask(write(tmp_path / "f.nrrd", values))
    found = region_of_mask(mask).surface.reshape(-1, 3)
    assert found.min() == pytest.approx(-0.5e-3, abs=1e-6)
    assert found.max() == pytest.approx(9.5e-3, abs=1e-6)


def test_one_label_of_several(tmp_path):
    values = np.zeros((8, 8, 8), dtype=np.uint8)
    values[1:3, 1:3, 1:3], values[4:7, 4:7, 4:7] = 1, 2
    path = write(tmp_path / "f.nrrd", values)
    assert read_mask(path, 2).volume == pytest.approx(27e-9)
    with pytest.raises(CaseError, match=r"several labels \(1, 2\); choose one, such as --label 1"):
        read_mask(path)
    with pytest.raises(CaseError, match="there is no label 3; there are 1, 2; choose one"):
        read_mask(path, 3)


def test_what_marks_nothing_or_is_no_mask_is_refused(tmp_path):
    empty = write(tmp_path / "empty.nrrd", np.zeros((4, 4, 4), dtype=np.uint8))
    with pytest.raises(CaseError, match="marks nothing; give a mask with at least one voxel"):
        read_mask(empty)
    broken = np.ones((4, 4, 4), dtype=np.float32)
    broken[0, 0, 0] = np.nan
    with pytest.raises(CaseError, match="holds values that are no numbers"):
        read_mask(write(tmp_path / "nan.nrrd", broken))
    flat = sitk.GetImageFromArray(np.ones((4, 4), dtype=np.uint8))
    sitk.WriteImage(flat, str(tmp_path / "flat.nrrd"))
    with pytest.raises(CaseError, match="has 2 dimensions, 1 values a voxel; allowed is a mask"):
        read_mask(tmp_path / "flat.nrrd")
    (tmp_path / "text.nii").write_text("no image")
    with pytest.raises(CaseError, match="is no image that can be read; allowed are NIfTI"):
        read_mask(tmp_path / "text.nii")
    with pytest.raises(CaseError, match="there is no such file; give an image"):
        read_mask(tmp_path / "nothing.nii")


def test_a_left_handed_image_is_refused(tmp_path):
    mirrored = np.diag([1.0, 1.0, -1.0])
    path = write(tmp_path / "f.nrrd", np.ones((4, 4, 4), dtype=np.uint8), direction=mirrored)
    with pytest.raises(CaseError, match="axes are left-handed, as no patient is"):
        read_mask(path)


def test_without_simpleitk_the_extra_is_named(tmp_path, monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **keys):
        if name == "SimpleITK":
            raise ImportError(name)
        return real(name, *args, **keys)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(CaseError, match=r'pip install "ablsim\[imaging\]"'):
        read_mask(tmp_path / "f.nii")
