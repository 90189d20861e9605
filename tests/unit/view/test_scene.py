"""Planes, camera and scene: the picture shows what is there, where it is."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from ablsim.view import gl
from ablsim.view.annotations import annotate, legend_entries
from ablsim.view.camera import look_at
from ablsim.view.outlines import dashed, plane_contours, tumour_lines
from ablsim.view.plane import Plane, sample
from ablsim.view.sketch import draw_sketch
from ablsim.view.style import (
    MARGIN_LINE,
    REPORTED_LINE,
    TIP,
    TUMOUR_LINE,
    VEIN,
    organ_colour,
    organ_line,
    vessel_colour,
)
from ablsim.view.subject import lit_parts, make_subject, rods
from ablsim.view.viewpoint import (
    choose_camera,
    choose_plane,
    covers,
    is_hidden,
    standard_planes,
)

ALL = ("full", "bench", "diffuser", "two", "oblique", "organs")
SIZE = (480, 400)
X, Y, Z = np.eye(3)


def make_scene(example, name, warmth=80.0):
    made = example(name, warmth)
    subject = make_subject(made.result, made.snapshots[2])
    plane = choose_plane(subject)
    return subject, plane, choose_camera(subject, plane, SIZE[0] / SIZE[1])


def test_a_linear_field_is_sampled_exactly_on_an_oblique_plane(example):
    grid = example("bench").result.grid
    x, y, z = grid.axes()
    field = (2.0 * x[None, None, :] - y[None, :, None] + 3.0 * z[:, None, None]).astype(np.float32)
    right = np.array([1.0, 1.0, 0.0]) / np.sqrt(2.0)
    plane = Plane(np.array([1e-3, 2e-3, 3e-3]), right, Z, (-9e-3, -5e-3), (7e-3, 8e-3))
    points = plane.points()
    expected = points @ [2.0, -1.0, 3.0]
    np.testing.assert_allclose(plane.sample(grid, field, np.nan), expected, atol=1e-7)
    np.testing.assert_allclose(plane.embed(plane.flatten(points)), points, atol=1e-15)
    np.testing.assert_allclose(plane.height(points + 4e-3 * plane.normal), 4e-3, atol=1e-15)


def test_outside_the_domain_a_plane_shows_nothing(example):
    grid = example("bench").result.grid
    plane = Plane(np.zeros(3), X, Z, (-40e-3, -1e-3), (40e-3, 1e-3))
    shown = plane.sample(grid, np.ones(grid.shape, np.float32), -5.0)
    along = plane.axes()[0]
    np.testing.assert_array_equal(shown[0] == 1.0, np.abs(along) <= 30e-3)


def test_a_contour_lies_where_the_value_is(example):
    plane = Plane(np.zeros(3), X, Z, (-20e-3, -20e-3), (20e-3, 20e-3))
    (line,) = plane.contours(np.linalg.norm(plane.points(), axis=-1), 12e-3)
    np.testing.assert_allclose(np.linalg.norm(line, axis=-1), 12e-3, atol=1e-6)


def test_the_patients_left_is_on_the_right_of_a_picture_from_the_front():
    plane = Plane(np.zeros(3), X, Z, (-1.0, -1.0), (1.0, 1.0))
    np.testing.assert_allclose(plane.normal, -Y)
    camera = look_at(plane, np.deg2rad(20.0), np.deg2rad(10.0))
    left, head, front = camera.project(X), camera.project(Z), camera.project(-Y)
    assert left[0] > 0.9
    assert head[1] > 0.9
    assert camera.toward @ -Y > 0.9
    assert front[0] < 0.0  # the viewer has walked to the patient's left
    assert front[1] < 0.0  # and looks down


def test_everything_fits_into_the_picture(example):
    for name in ALL:
        subject, _, camera = make_scene(example, name)
        ends = [end for n in subject.needles for end in (n.start, n.tip)]
        points = camera.project(np.concatenate([subject.solid_points(), ends]))
        frame = np.array([camera.half_width, camera.half_height])
        assert camera.half_width / camera.half_height == pytest.approx(1.2)
        assert np.all(np.abs(points) < frame)
        assert np.max(np.abs(points) / frame) > 0.8, "and it fills it"


def test_the_plane_contains_the_direction_of_the_fibres(example):
    for name in ALL:
        subject, plane, _ = make_scene(example, name)
        for needle in subject.needles:
            assert plane.normal @ needle.direction == pytest.approx(0.0, abs=1e-12)


def test_the_plane_of_a_square_runs_along_its_diagonal(example):
    subject, plane, _ = make_scene(example, "full")
    off = sorted(abs(float(plane.height(needle.tip))) for needle in subject.needles)
    assert off[1] < 1.5e-3 < off[2]


def test_the_plane_of_one_fibre_is_coronal(example):
    _, plane, _ = make_scene(example, "bench")
    np.testing.assert_allclose(plane.normal, -Y, atol=1e-9)
    np.testing.assert_allclose(plane.up, Z, atol=1e-9)


def test_needles_stick_out_and_mark_where_light_left(example):
    made = example("full")
    subject = make_subject(made.result)
    for needle, fibre in zip(subject.needles, made.result.case.fibres_all, strict=True):
        assert needle.name == fibre.name
        np.testing.assert_allclose(needle.tip, fibre.tip)
        deep, shallow = (end for _, end in needle.active)
        np.testing.assert_allclose(deep, fibre.tip)
        np.testing.assert_allclose(shallow, np.add(fibre.tip, (0.0, 0.0, 10e-3)), atol=1e-12)
        assert needle.start[2] > 20e-3
    (needle,) = make_subject(example("diffuser").result).needles
    ((start, end),) = lit_parts(needle)
    np.testing.assert_allclose(start, (0.0, 0.0, 8e-3), atol=1e-12)
    np.testing.assert_allclose(end, (0.0, 0.0, -8e-3), atol=1e-12)


def test_needle_fibre_and_lit_parts_are_drawn_at_true_size_where_they_lay(example):
    """The needle ends 7.5 mm behind the last place of light, after a pull-back of 10 mm."""
    needle, *_ = make_subject(example("full").result).needles
    steel, fibre, deep, shallow = rods(needle)
    np.testing.assert_allclose(steel.end, np.add(needle.tip, (0.0, 0.0, 17.5e-3)), atol=1e-12)
    np.testing.assert_allclose(fibre.start, steel.end)
    np.testing.assert_allclose(fibre.end, needle.tip)
    np.testing.assert_allclose(deep.end, needle.tip)
    np.testing.assert_allclose(shallow.end, np.add(needle.tip, (0.0, 0.0, 10e-3)), atol=1e-12)
    assert [rod.diameter for rod in (steel, fibre, deep, shallow)] == pytest.approx(
        [0.82e-3, 0.4e-3, 0.4e-3, 0.4e-3]
    )
    assert steel.start[2] >= steel.end[2] + 8e-3 - 1e-9, "and the needle is long enough to see"
    diffuser = make_subject(example("diffuser").result).needles[0]
    np.testing.assert_allclose(diffuser.steel_end, (0.0, 0.0, 15.5e-3), atol=1e-12)


def test_a_repositioned_fibre_is_drawn_at_both_places(example):
    first, second = make_subject(example("moved").result).needles
    assert (first.name, second.name) == ("F1", "F1 (2)")
    np.testing.assert_allclose(first.tip, [0.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(second.tip, [0.0, 10e-3, 0.0], atol=1e-12)
    assert len(first.active) == len(second.active) == 1


def test_the_zone_in_the_picture_is_the_zone_of_the_result(example):
    subject, plane, _ = make_scene(example, "bench")
    (flat,) = [c for c, line in plane_contours(subject, plane, ["stasis"]) if line is REPORTED_LINE]
    radius = 15e-3 * np.sqrt(np.log(80.0 / 30.0))
    np.testing.assert_allclose(np.linalg.norm(plane.embed(flat), axis=-1), radius, atol=0.1e-3)


def test_tumour_and_margin_lie_where_the_case_says(example):
    subject, plane, _ = make_scene(example, "diffuser")
    lines = dict.fromkeys((TUMOUR_LINE, MARGIN_LINE))
    for flat, line in plane_contours(subject, plane, []):
        lines[line] = plane.embed(flat)
    inside = (lines[TUMOUR_LINE] - (2e-3, 0.0, 0.0)) / (12e-3, 10e-3, 8e-3)
    np.testing.assert_allclose(np.linalg.norm(inside, axis=-1), 1.0, atol=1e-3)
    distance = subject.tumour_distance(lines[MARGIN_LINE])
    np.testing.assert_allclose(distance, 5e-3, atol=1e-5)
    for circle in tumour_lines(subject):
        np.testing.assert_allclose(subject.tumour_distance(circle), 0.0, atol=1e-9)


def test_dashes_cover_their_share_of_a_line():
    line = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    pieces = dashed(line, MARGIN_LINE, dash=1e-3)
    on, off = MARGIN_LINE.dashes
    length = sum(float(np.linalg.norm(piece[-1] - piece[0])) for piece in pieces)
    assert length == pytest.approx(on / (on + off), abs=0.01)
    assert dashed(line, TUMOUR_LINE) == [line]


def test_what_lies_behind_the_warm_cut_is_hidden_and_what_lies_before_covers(example):
    subject, plane, camera = make_scene(example, "bench")
    behind = np.array(
        [-8e-3 * camera.toward, 8e-3 * camera.toward, -8e-3 * camera.toward + 0.2 * X]
    )
    np.testing.assert_array_equal(is_hidden(subject, plane, camera, behind), [True, False, False])
    assert covers(subject, plane, camera, behind)
    assert not covers(subject, plane, camera, behind[[0, 2]])


def test_standard_planes_are_seen_as_radiologists_do(example):
    planes = standard_planes(make_subject(example("diffuser").result))
    np.testing.assert_array_equal(planes["axial"].normal, -Z)  # from the feet
    np.testing.assert_array_equal(planes["coronal"].normal, -Y)  # from the front
    np.testing.assert_array_equal(planes["sagittal"].normal, X)  # from the left
    for plane in planes.values():
        np.testing.assert_allclose(plane.centre, (2e-3, 0.0, 0.0))


def test_arteries_are_red_and_veins_blue():
    red, blue = to_rgb(vessel_colour("Left hepatic ARTERY")), to_rgb(vessel_colour("portal branch"))
    assert red[0] > 2.0 * red[2]
    assert blue[2] > 2.0 * blue[0]
    assert vessel_colour("aorta") == vessel_colour("hepatic artery")


def test_the_legend_names_what_is_there_and_nothing_else(example):
    entries = legend_entries(make_subject(example("full").result))
    labels = [str(entry.get_label()) for entry in entries]
    assert labels == [
        "tumour",
        "tumour + 5 mm margin",
        "vascular stasis (Ω ≥ 1)",
        "0.4 mm fibre in a 21G needle",
        "light leaves here (1st, 2nd, ...)",
        "middle hepatic vein",
    ]
    labels = [
        str(e.get_label()) for e in legend_entries(make_subject(example("bench", 5.0).result))
    ]
    assert labels == [
        "vascular stasis: none (Ω < 1)",
        "0.4 mm fibre in a 21G needle",
        "light leaves here",
    ]


def test_the_legend_names_organs_and_probes(example):
    labels = [str(e.get_label()) for e in legend_entries(make_subject(example("organs").result))]
    assert labels[-3:] == ["gallbladder, no-go", "diaphragm", "probe"]


def test_pictures_make_room_for_probes_and_for_organs_nearby(example):
    subject, _, camera = make_scene(example, "organs")
    for points in (subject.probe_points(), *subject.organ_points()):
        assert np.all(np.abs(camera.project(points)) <= [camera.half_width, camera.half_height])
    gallbladder, diaphragm = subject.organ_points()
    assert subject.result.case.organs[0].body.contains(gallbladder).all()
    assert 22e-3 <= diaphragm[:, 2].min() < 23.5e-3
    solid = subject.solid_points()
    gaps = np.linalg.norm(gallbladder[:, None] - solid, axis=-1).min(axis=1)
    assert gaps.max() <= 12e-3
    # without organs there is nothing to make room for
    assert make_scene(example, "bench")[0].neighbours().shape == (0, 3)


def test_an_organ_is_outlined_where_the_plane_cuts_it(example):
    subject, *_ = make_scene(example, "organs")
    plane = Plane(np.zeros(3), X, Z, (-28e-3, -28e-3), (28e-3, 28e-3))
    contours = plane_contours(subject, plane, [])
    (gallbladder,) = [flat for flat, line in contours if line == organ_line(0)]
    (diaphragm,) = [flat for flat, line in contours if line == organ_line(1)]
    radii = ((gallbladder - [26e-3, 0.0]) / [10e-3, 20e-3]) ** 2
    np.testing.assert_allclose(radii.sum(axis=1), 1.0, atol=2e-3)
    np.testing.assert_allclose(diaphragm[:, 1], 22e-3, atol=1e-9)


def test_organs_are_coloured_and_named_in_the_flat_drawing(example):
    subject, plane, camera = make_scene(example, "organs")
    image, texts = draw_flat(subject, plane, camera)
    assert {"gallbladder", "diaphragm", "T1", "T2"} <= texts
    pale = tuple(1.0 - 0.35 * (1.0 - c) for c in to_rgb(organ_colour(0)))
    assert count(image, pale) > 300


def test_organs_are_coloured_in_the_shaded_scene(example):
    display = gl.find_display()
    if display is None:
        pytest.skip("this machine has no OpenGL")
    gl.use_display(display)
    from ablsim.view.scene import render_scene

    subject, plane, camera = make_scene(example, "organs")
    image = render_scene(subject, plane, camera, SIZE).astype(float)
    greenish = (image[..., 1] > image[..., 2] + 25.0) & (image[..., 0] < image[..., 1])
    assert np.count_nonzero(greenish) > 300


def count(image, colour, tolerance=30.0):
    """Return how many pixels have nearly a colour."""
    target = 255.0 * np.array(to_rgb(colour))
    return int(np.count_nonzero(np.abs(image.astype(float) - target).max(axis=-1) < tolerance))


def draw_flat(subject, plane, camera):
    figure = Figure(figsize=(SIZE[0] / 50, SIZE[1] / 50), dpi=50)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    draw_sketch(axes, subject, plane, camera)
    annotate(axes, subject, plane, camera)
    canvas.draw()
    texts = {text.get_text().replace("\n", " ") for text in axes.texts}
    return np.asarray(canvas.buffer_rgba())[..., :3], texts


@pytest.mark.parametrize("name", ALL)
def test_the_flat_drawing_shows_heat_tips_and_names(example, name):
    subject, plane, camera = make_scene(example, name)
    image, texts = draw_flat(subject, plane, camera)
    assert count(image, TIP, 60.0) > 8
    red, blue = image[..., 0].astype(int), image[..., 2].astype(int)
    assert np.count_nonzero(red - blue > 100) > 0.05 * red.size
    assert {needle.name for needle in subject.needles} <= texts
    assert {vessel.name for vessel in subject.result.case.vessels} <= texts
    assert {"L left", "P back", "S head"} <= texts
    assert any(text.endswith(" mm") for text in texts)


def test_without_heat_and_zone_the_flat_drawing_still_shows_the_plan(example):
    image, texts = draw_flat(*make_scene(example, "full", warmth=0.0))
    assert count(image, TIP, 60.0) > 8
    assert "F1" in texts


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("warmth", [80.0, 0.0])
def test_the_shaded_scene_shows_heat_tips_and_vessels(example, name, warmth):
    display = gl.find_display()
    subject, plane, camera = make_scene(example, name, warmth)
    if display is None:  # the flat drawing stands in, and says what is missing
        assert "libosmesa6" in gl.REMEDY
        return
    gl.use_display(display)
    from ablsim.view.scene import render_scene

    image = render_scene(subject, plane, camera, SIZE)
    assert image.shape == (SIZE[1], SIZE[0], 3)
    assert count(image, "white", 1.0) > 0.15 * SIZE[0] * SIZE[1]
    assert count(image, TIP, 60.0) > 8
    red, blue = image[..., 0].astype(int), image[..., 2].astype(int)
    warm = np.count_nonzero(red - blue > 100)
    assert warm > 0.05 * red.size if warmth else warm < 0.05 * red.size
    if any(vessel_colour(v.name) == VEIN for v in subject.result.case.vessels):
        assert np.count_nonzero((blue - red > 60) & (image[..., 1] < 170)) > 50


def test_the_shaded_scene_and_the_flat_drawing_agree_on_where_things_are(example):
    display = gl.find_display()
    if display is None:
        return
    gl.use_display(display)
    from ablsim.view.scene import render_scene

    subject, plane, camera = make_scene(example, "diffuser")
    pictures = (render_scene(subject, plane, camera, SIZE), draw_flat(subject, plane, camera)[0])
    centres = []
    for image in pictures:
        near = np.abs(image.astype(float) - 255.0 * np.array(to_rgb(TIP))).max(axis=-1) < 70.0
        centres.append(np.argwhere(near).mean(axis=0))
    np.testing.assert_allclose(centres[0], centres[1], atol=4.0)
    ((start, end),) = lit_parts(subject.needles[0])
    u, v = camera.project(0.5 * (start + end))
    expected = [
        (0.5 - 0.5 * v / camera.half_height) * SIZE[1],
        (0.5 + 0.5 * u / camera.half_width) * SIZE[0],
    ]
    np.testing.assert_allclose(centres[0], expected, atol=5.0)


def test_sampling_a_point_needs_no_plane(example):
    grid = example("bench").result.grid
    x = np.broadcast_to(grid.axes()[0], grid.shape).astype(np.float32)
    assert sample(grid, x, [(3e-3, 1e-3, 0.0)]) == pytest.approx(3e-3, rel=1e-5)
