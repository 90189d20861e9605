"""Bodies that were marked in images: where they are, and that a case keeps them."""

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.domain import make_domain
from ablsim.errors import CaseError
from ablsim.voxels import Voxels, body_of, ellipsoid_of, parse_voxels, read_voxels

MIDDLE, RADIUS = np.array([-11.3, 4.4, 2.9]), 9.2  # mm
SPACING = np.array([0.8, 1.1, 2.0])

CASE = """
schema = "ablsim/case/1"
title = "Organ from a mask"
[domain]
size = "70 mm"
centre = ["0 mm", "0 mm", "0 mm"]
[tissue]
background = "liver"
[[organ]]
name = "gallbladder"
tissue = "bile"
shape = "mask"
file = "organs.nii.gz"
label = 7
no_go = { damage = 0.01 }
[[fibre]]
kind = "bare"
tip = ["8 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 3 W for 30 s", "rest for 120 s"]
[numerics]
spacing = "2 mm"
photons = 2000
"""


def frame():
    a, b = np.deg2rad(17.0), np.deg2rad(-9.0)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return about_z @ about_x


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with an oblique, anisotropic label map: a ball is 7, a corner of it 3."""
    sitk = pytest.importorskip("SimpleITK")
    folder, turned, shape = tmp_path_factory.mktemp("masks"), frame(), (20, 36, 48)
    origin = MIDDLE - turned @ (SPACING * np.array([23.3, 17.8, 9.6]))
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)[..., ::-1]
    points = origin + (index * SPACING) @ turned.T
    labels = np.where(np.linalg.norm(points - MIDDLE, axis=-1) <= RADIUS, 7, 0).astype(np.uint8)
    labels[0, 0, 0] = 3
    image = sitk.GetImageFromArray(labels)
    image.SetOrigin(origin.tolist())
    image.SetSpacing(SPACING.tolist())
    image.SetDirection(turned.ravel().tolist())
    sitk.WriteImage(image, str(folder / "organs.nii.gz"))
    return folder


def test_the_voxels_are_kept_as_they_are_through_a_text(folder):
    voxels = read_voxels(folder / "organs.nii.gz", 7)
    again = parse_voxels(voxels.to_text())
    np.testing.assert_array_equal(again.marked, voxels.marked)
    for name in ("origin", "spacing", "direction"):
        np.testing.assert_allclose(getattr(again, name), getattr(voxels, name), atol=1e-9)
    count = voxels.marked.sum() * np.prod(SPACING)
    assert count == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.02)
    assert len(voxels.to_text()) < 3000


def test_the_body_is_the_ball_that_was_marked(folder):
    body = body_of(read_voxels(folder / "organs.nii.gz", 7).to_text())
    points = 1e-3 * (MIDDLE + np.random.default_rng(1).uniform(-16, 16, (4000, 3)))
    exact = np.linalg.norm(1e3 * points - MIDDLE, axis=1) - RADIUS
    found = 1e3 * body.distance(points)
    assert np.abs(found - exact).mean() < 0.25 * SPACING.mean()
    assert np.abs(found - exact).max() < 0.75 * SPACING.max()
    clear = np.abs(exact) > 1.3
    np.testing.assert_array_equal(body.contains(points)[clear], (exact < 0)[clear])
    low, high = body.bounds()
    assert np.all(1e3 * low <= MIDDLE - RADIUS + 1.2)
    assert np.all(1e3 * high >= MIDDLE + RADIUS - 1.2)
    assert np.all(1e3 * (high - low) < 2 * RADIUS + 9.0)


def test_faces_of_a_cube_lie_half_way_between_voxels_and_beyond_distances_go_on():
    marked = np.zeros((14, 14, 14), bool)
    marked[2:12, 2:12, 2:12] = True
    body = body_of(Voxels(marked, np.zeros(3), np.full(3, 1e-3), np.eye(3)).to_text())
    face = 1e-3 * np.array([[11.5, 6.5, 6.5], [6.5, 1.5, 6.5], [6.5, 6.5, 11.5]])
    assert 1e3 * np.abs(body.distance(face)).max() < 0.1
    far = 1e-3 * np.array([[61.5, 6.5, 6.5], [6.5, 6.5, -48.5]])
    assert 1e3 * body.distance(far) == pytest.approx([50.0, 50.0], abs=0.1)
    # it holds what was marked, though its corners are cut
    line = 1e-3 * np.arange(0.125, 14.0, 0.25)
    inside = body.contains(np.stack(np.meshgrid(line, line, line), axis=-1)).sum() * 0.25**3
    assert inside == pytest.approx(1000.0, rel=0.02)


@pytest.mark.compiled
def test_a_case_keeps_its_masks_and_runs_without_their_files(folder, tmp_path):
    (folder / "case.toml").write_text(CASE, encoding="utf-8")
    case = Case.from_toml(folder / "case.toml")
    again = Case.from_text(case.to_toml())  # in another folder
    assert again == case
    assert 'file = "organs' not in case.to_toml()
    domain = make_domain(again)
    cells = np.argwhere(domain.organs == 1)
    assert len(cells) * 8.0 == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.1)
    np.testing.assert_allclose(1e3 * domain.grid.position(cells).mean(axis=0), MIDDLE, atol=0.4)
    import ablsim

    organ = ablsim.simulate(again).organ("gallbladder")
    assert organ.peak > 310.15


TUMOUR = """
schema = "ablsim/case/1"
title = "Tumour"
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
margin = "2 mm"
{shape}
[[fibre]]
kind = "bare"
tip = ["-11 mm", "4 mm", "1 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W for 240 s", "rest for 120 s"]
[numerics]
spacing = "2 mm"
light = "diffusion"
"""
MASK = 'shape = "mask"\nfile = "organs.nii.gz"\nlabel = 7'
SPHERE = 'diameter = "18.4 mm"\ncentre = ["-11.3 mm", "4.4 mm", "2.9 mm"]'


def test_points_all_over_a_surface_stand_for_its_area(folder):
    body = body_of(read_voxels(folder / "organs.nii.gz", 7).to_text())
    points, areas = body.surface(100_000)
    assert 1e6 * areas.sum() == pytest.approx(4 * np.pi * RADIUS**2, rel=0.03)
    away = np.linalg.norm(1e3 * points - MIDDLE, axis=1) - RADIUS
    assert np.abs(away).max() < SPACING.max()
    assert np.average(away, weights=areas) == pytest.approx(0.0, abs=0.1)
    few, their_areas = body.surface(200)
    assert 100 <= len(few) <= 400
    assert their_areas.sum() == pytest.approx(areas.sum())


def test_the_ellipsoid_of_a_mask_has_its_volume_middle_and_directions():
    turned, semi = frame(), np.array([14.0, 9.0, 6.0])
    index = np.argwhere(np.ones((34, 40, 60), bool))[:, ::-1] - np.array([29.5, 19.5, 16.5])
    marked = (np.sum((index / (2 * semi)) ** 2, axis=1) <= 1.0).reshape(34, 40, 60)
    origin = 1e-3 * (MIDDLE - turned @ (0.5 * np.array([29.5, 19.5, 16.5])))
    text = Voxels(marked, origin, np.full(3, 0.5e-3), turned).to_text()
    middle, axes, rows = ellipsoid_of(text)
    np.testing.assert_allclose(1e3 * middle, MIDDLE, atol=0.02)
    np.testing.assert_allclose(1e3 * axes, 2 * semi, rtol=0.01)
    np.testing.assert_allclose(np.abs(rows @ turned), np.eye(3), atol=0.02)
    assert np.linalg.det(rows) == pytest.approx(1.0)


@pytest.mark.compiled
def test_a_tumour_from_a_mask_is_treated_as_the_same_one_from_its_shape(folder):
    import ablsim

    found = {}
    for name, shape in (("mask", MASK), ("sphere", SPHERE)):
        case = Case.from_text(TUMOUR.format(shape=shape), folder=folder)
        assert Case.from_text(case.to_toml()) == case
        found[name] = ablsim.measure_zones(ablsim.simulate(case)).tumour, case
    (mask, case), (sphere, other) = found["mask"], found["sphere"]
    assert case.tumour.centre == pytest.approx(other.tumour.centre, abs=0.2e-3)
    assert case.tumour.axes == pytest.approx(other.tumour.axes, rel=0.03)
    assert case.grid().shape == pytest.approx(other.grid().shape, abs=2)
    assert mask.volume == pytest.approx(sphere.volume, rel=0.03)
    assert mask.ablated_fraction == pytest.approx(sphere.ablated_fraction, abs=0.02)
    assert mask.margin_mean == pytest.approx(sphere.margin_mean, abs=0.3e-3)
    assert mask.margin_min == pytest.approx(sphere.margin_min, abs=1.5e-3)


def test_a_tumour_that_is_a_mask_needs_its_file():
    with pytest.raises(CaseError, match=r'tumour\.file: is missing; write for example file = "tum'):
        Case.from_text(TUMOUR.format(shape='shape = "mask"'))


def test_a_mask_says_itself_where_it_is(folder):
    text = TUMOUR.format(shape=MASK + '\ncentre = ["0 mm", "0 mm", "0 mm"]')
    with pytest.raises(CaseError, match="centre: a mask says itself where it is"):
        Case.from_text(text, folder=folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"organs.nii.gz"', '"none.nii.gz"'), "there is no such file"),
        (("label = 7", "label = 5"), "there is no label 5; there are 3, 7"),
        (("label = 7\n", ""), "has several labels"),
        (('file = "organs.nii.gz"\nlabel = 7', ""), 'file: is missing; write for example file = "'),
        (('shape = "mask"', 'shape = "sphere"'), "belongs to another shape than sphere"),
        (('file = "organs.nii.gz"\nlabel = 7', 'voxels = "voxels/1;1 1"'), "no mask as ablsim"),
    ],
)
def test_what_is_wrong_with_a_mask_is_said(folder, change, said):
    with pytest.raises(CaseError) as caught:
        Case.from_text(CASE.replace(*change), folder=folder)
    assert said in str(caught.value)
    assert "organ" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "voxels/1;2 2 2;1 1 1;0 0 0;1 0 0 0 1 0 0 0 1;",
        "a;b;c;d;e;f",
        "voxels/1;0 2 2;1 1 1;0 0 0;1 0 0 0 1 0 0 0 1;eJwDAAAAAAE=",
    ],
)
def test_what_is_no_mask_is_refused(text):
    with pytest.raises(CaseError):
        parse_voxels(text)


def test_an_organ_may_be_all_that_lies_outside_a_mask(folder):
    text = CASE.replace('"gallbladder"', '"around the liver"').replace('"bile"', '"fat"')
    text = text.replace("label = 7", "label = 7\noutside = true").replace("no_go =", "# no_go =")
    case = Case.from_text(text, folder=folder)
    domain = make_domain(case)
    inside = np.argwhere(domain.organs == 0)
    assert len(inside) * 8.0 == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.1)
    np.testing.assert_allclose(1e3 * domain.grid.position(inside).mean(axis=0), MIDDLE, atol=0.4)
    body = case.organs[0].body
    there = 1e-3 * (MIDDLE + np.array([[RADIUS - 2.0, 0.0, 0.0], [RADIUS + 3.0, 0.0, 0.0]]))
    assert body.distance(there) == pytest.approx([2e-3, -3e-3], abs=0.5e-3)
    assert body.contains(there).tolist() == [False, True]
    assert Case.from_text(case.to_toml()) == case
    with pytest.raises(CaseError, match="outside: belongs to a mask"):
        Case.from_text(
            CASE.replace('shape = "mask"\nfile = "organs.nii.gz"\nlabel = 7', 'shape = "sphere"\n'
                         'centre = ["20 mm", "0 mm", "0 mm"]\ndiameter = "9 mm"\noutside = true')
        )  # fmt: skip
