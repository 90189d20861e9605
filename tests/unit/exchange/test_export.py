"""What is written is read back by programs that have nothing to do with ablsim."""

import csv
import json

import numpy as np
import pytest

from ablsim.errors import CaseError, ResultError
from ablsim.exchange.export import check_request, export_result
from ablsim.exchange.frame import Frame
from ablsim.exchange.segments import segment
from ablsim.view import gl

NAMES = {
    1: "ablated tumour", 2: "tumour left", 3: "ablated tissue around the tumour", 4: "vein",
    5: "gallbladder",
}  # fmt: skip


def counts(labels):
    return dict(zip(*map(np.ndarray.tolist, np.unique(labels, return_counts=True)), strict=True))


def expected(points):
    """Return the labels of the phantom at LPS points [mm], from its description alone."""
    ablated = np.linalg.norm(points - [5, -4, 9], axis=-1) < 7.3
    tumour = np.sum(((points - [4, -3, 8]) / [9, 7, 6]) ** 2, axis=-1) <= 1.0
    labels = np.where(ablated, 3, 0)
    labels[tumour] = np.where(ablated[tumour], 1, 2)
    labels[np.linalg.norm(points - [-9, -3, 8], axis=-1) <= 4.0] = 5
    labels[np.hypot(points[..., 0] - 15, points[..., 2] - 8) <= 2.0] = 4
    return labels


def test_the_labels_are_what_the_phantom_is_on_cells_and_on_oblique_voxels(made, oblique):
    for frame in (Frame.of_grid(made.grid), Frame.of_image(oblique)):
        found = segment(made, frame)
        assert dict(found.names) == NAMES
        points = 1e3 * np.stack([frame.plane(i) for i in range(frame.shape[0])])
        wrong = found.labels != expected(points)
        # the ball's border is interpolated between cells: voxels on it may fall either way
        near = np.abs(np.linalg.norm(points - [5, -4, 9], axis=-1) - 7.3) < 0.1
        assert not np.any(wrong & ~near)


def test_the_oblique_voxels_are_where_the_slices_say(oblique):
    frame = Frame.of_image(oblique)
    assert frame.shape == (18, 60, 50)
    np.testing.assert_allclose(1e3 * frame.plane(0)[0, 0], [-18.0, -24.0, -16.3], atol=1e-3)
    along = np.array([np.cos(np.deg2rad(12)), np.sin(np.deg2rad(12)), 0])
    np.testing.assert_allclose(
        1e3 * (frame.plane(0)[0, 1] - frame.plane(0)[0, 0]), 0.9 * along, atol=1e-6
    )


@pytest.mark.parametrize("on_series", [False, True])
def test_nifti_is_read_back_by_nibabel(made, oblique, tmp_path, on_series):
    nibabel = pytest.importorskip("nibabel")
    like = oblique if on_series else None
    frame = Frame.of_image(oblique) if on_series else Frame.of_grid(made.grid)
    written = export_result(made, ["nifti"], tmp_path, "x", like=like)
    assert written[0].name == "x_labels.nii.gz"
    image = nibabel.load(written[0])
    labels = np.asarray(image.dataobj).transpose(2, 1, 0)
    assert counts(labels) == counts(segment(made, frame).labels)
    for index in ((0, 0, 0), (3, 7, 11), (16, 30, 20)):
        z, y, x = index
        place = image.affine @ [x, y, z, 1.0]  # RAS
        np.testing.assert_allclose(place[:3] * [-1, -1, 1], 1e3 * frame.plane(z)[y, x], atol=1e-3)
    heat = nibabel.load(next(path for path in written if "temperature" in path.name))
    assert float(np.max(heat.dataobj)) == pytest.approx(37.0 + 50.0, abs=2.0)


def test_nrrd_is_read_back_by_pynrrd_with_names(made, oblique, tmp_path):
    nrrd = pytest.importorskip("nrrd")
    written = export_result(made, ["nrrd"], tmp_path, "x", like=oblique)
    assert written[0].name == "x_labels.seg.nrrd"
    labels, header = nrrd.read(str(written[0]))
    frame = Frame.of_image(oblique)
    assert counts(labels.transpose(2, 1, 0)) == counts(segment(made, frame).labels)
    assert header["space"] == "left-posterior-superior"
    np.testing.assert_allclose(header["space origin"], frame.origin, atol=1e-3)
    np.testing.assert_allclose(
        header["space directions"].T, frame.direction * frame.spacing, atol=1e-6
    )
    assert header["Segment0_Name"] == "ablated tumour"
    assert header["Segment4_LabelValue"] == "5"


def test_dicom_seg_is_read_back_slice_by_slice(made, oblique, tmp_path):
    highdicom = pytest.importorskip("highdicom")
    import pydicom

    (written,) = export_result(made, ["dicom-seg"], tmp_path, "x", like=oblique)
    found = highdicom.seg.segread(written)
    assert [found.get_segment_description(i).segment_label for i in range(1, 6)] == list(
        NAMES.values()
    )
    whole = segment(made, Frame.of_image(oblique)).labels
    slices = [pydicom.dcmread(path) for path in sorted(oblique.iterdir())]
    uids = [one.SOPInstanceUID for one in slices]
    pixels = found.get_pixels_by_source_instance(uids, combine_segments=True)
    assert counts(pixels) == counts(whole)
    # each slice by its own place: the order of files says nothing
    heights = [1e3 * Frame.of_image(oblique).plane(i)[0, 0] for i in range(len(whole))]
    for one, plane in zip(slices, pixels, strict=True):
        away = [np.linalg.norm(h - np.array(one.ImagePositionPatient, float)) for h in heights]
        assert min(away) < 1e-3
        np.testing.assert_array_equal(plane, whole[int(np.argmin(away))])


@pytest.mark.parametrize("kind", ["stl", "ply"])
def test_surfaces_are_read_back_by_trimesh(made, tmp_path, kind):
    trimesh = pytest.importorskip("trimesh")
    written = {path.name: path for path in export_result(made, [kind], tmp_path, "x")}
    body = trimesh.load(written[f"x_tumour_LPS_mm.{kind}"])
    assert body.is_watertight
    assert abs(body.volume) == pytest.approx(4.0 / 3.0 * np.pi * 9 * 7 * 6, rel=0.01)
    np.testing.assert_allclose(body.center_mass, [4.0, -3.0, 8.0], atol=0.01)
    zone = trimesh.load(written[f"x_zone_of_vascular_stasis_LPS_mm.{kind}"])
    np.testing.assert_allclose(zone.center_mass, [5.0, -4.0, 9.0], atol=0.1)


def test_gltf_is_read_back_by_trimesh_in_metres(made, tmp_path):
    trimesh = pytest.importorskip("trimesh")
    if gl.find_display() is None:
        pytest.skip("there is no OpenGL here, by way of which glTF is written")
    (written,) = export_result(made, ["gltf"], tmp_path, "x")
    scene = trimesh.load(written)
    assert len(scene.geometry) >= 8
    low, high = scene.bounds
    assert np.all(np.abs([*low, *high]) < 0.1)
    assert float((high - low).max()) > 0.03


def test_vti_is_read_back_by_vtk(made, tmp_path):
    import pyvista

    (written,) = export_result(made, ["vti"], tmp_path, "x")
    block = pyvista.read(written)
    assert counts(block.cell_data["labels"]) == counts(segment(made).labels)
    hottest = block.cell_centers().points[int(np.argmax(block.cell_data["temperature_degC"]))]
    np.testing.assert_allclose(hottest, [5.0, -4.0, 9.0], atol=0.9)


def test_tables_and_markups_say_where_things_are(made, tmp_path):
    written = {path.name: path for path in export_result(made, ["csv", "markups"], tmp_path, "x")}
    rows = list(csv.DictReader(written["x_fibres.csv"].open()))
    assert [rows[0][f"tip_{axis}_mm"] for axis in "xyz"] == ["4.0", "-3.0", "6.0"]
    labels = {row["name"]: float(row["volume_ml"]) for row in csv.DictReader(
        written["x_labels.csv"].open())}  # fmt: skip
    assert labels["gallbladder"] == pytest.approx(4 / 3 * np.pi * 4**3 / 1e3, rel=0.05)
    margins = list(csv.DictReader(written["x_margins.csv"].open()))
    assert len(margins) > 1000
    line = json.loads(written["x_fibre_F1.mrk.json"].read_text())["markups"][0]
    assert line["coordinateSystem"] == "LPS"
    assert line["controlPoints"][1]["position"] == pytest.approx([4.0, -3.0, 6.0])
    probe = json.loads(written["x_probes.mrk.json"].read_text())["markups"][0]
    assert probe["controlPoints"][0]["position"] == pytest.approx([4.0, 5.0, 8.0])


@pytest.mark.parametrize(
    ("formats", "like", "said"),
    [
        ([], None, "--to: is missing"),
        (["dicom-seg"], None, "give their folder with --like"),
        (["stl"], ".", "only nifti, nrrd, dicom-seg can take"),
        (["nifti"], "nowhere.nii", "there is no such file"),
    ],
)
def test_what_makes_no_sense_is_refused(formats, like, said, tmp_path):
    from pathlib import Path

    with pytest.raises(CaseError, match=said):
        check_request(formats, None if like is None else Path(like))


def test_files_are_not_replaced_unasked_and_none_is_left_half_written(made, tmp_path):
    export_result(made, ["csv"], tmp_path, "x")
    with pytest.raises(CaseError, match="exists already; choose another folder with -o"):
        export_result(made, ["csv"], tmp_path, "x")
    export_result(made, ["csv"], tmp_path, "x", force=True)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    with pytest.raises(CaseError, match="there is no such folder"):
        export_result(made, ["csv"], tmp_path / "none", "x")


def test_a_folder_of_several_series_is_refused(made, oblique, tmp_path):
    pydicom = pytest.importorskip("pydicom")
    for path in oblique.iterdir():
        one = pydicom.dcmread(path)
        if path.name == "03.dcm":
            one.SeriesInstanceUID = pydicom.uid.generate_uid()
        one.save_as(tmp_path / path.name)
    with pytest.raises(CaseError, match="slices of several series"):
        export_result(made, ["dicom-seg"], tmp_path, "x", like=tmp_path)


def test_without_opengl_gltf_is_refused_and_all_else_is_written(made, tmp_path, monkeypatch):
    monkeypatch.setattr(gl, "find_display", lambda **_: None)
    with pytest.raises(ResultError, match=r"libosmesa6, or write STL or PLY"):
        export_result(made, ["gltf"], tmp_path, "x")
    assert not list(tmp_path.iterdir())
    assert len(export_result(made, ["stl", "vti", "markups"], tmp_path, "x")) > 8


def test_a_segmentation_comes_back_as_masks_where_it_was(made, oblique, tmp_path):
    pytest.importorskip("highdicom")
    from ablsim.imaging import read_mask
    from ablsim.voxels import read_voxels

    (written,) = export_result(made, ["dicom-seg"], tmp_path, "x", like=oblique)
    frame = Frame.of_image(oblique)
    whole = segment(made, frame).labels
    present = np.unique(whole[whole > 0])
    for number, label in enumerate(present.tolist(), start=1):
        marked = read_voxels(written, number)
        assert np.count_nonzero(marked.marked) == np.count_nonzero(whole == label)
        index = np.argwhere(marked.marked)[:, ::-1]
        found = marked.origin + (index * marked.spacing) @ marked.direction.T
        planes = np.stack([frame.plane(i) for i in range(len(whole))])
        expected = planes[whole == label]
        np.testing.assert_allclose(found.mean(axis=0), expected.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(np.sort(found, axis=0), np.sort(expected, axis=0), atol=1e-6)
    with pytest.raises(CaseError, match="several labels"):
        read_mask(written)
    with pytest.raises(CaseError, match="there is no label 77"):
        read_mask(written, 77)
