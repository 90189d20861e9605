"""Slices, curves and the whole picture: right numbers, right sides, every case drawable."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from ablsim import storage
from ablsim.errors import ResultError
from ablsim.result import Ledger
from ablsim.summary import summarise
from ablsim.units import to_celsius, to_ml
from ablsim.view import figures, gl, panels, pictures, style
from ablsim.view.course import follow
from ablsim.view.subject import make_subject, with_temperature
from ablsim.zone import measure_zones

ALL = ("full", "bench", "diffuser", "two", "oblique", "organs")


@pytest.fixture
def canvas():
    figure = Figure(figsize=(12, 5), dpi=60)
    return FigureCanvasAgg(figure)


@pytest.fixture
def no_gl(monkeypatch):
    monkeypatch.setattr(gl, "find_display", lambda: None)


def texts_of(figure):
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def keep_figure(monkeypatch):
    """Keep the figure that is about to be written."""
    kept = []
    write = pictures._write
    monkeypatch.setattr(
        pictures, "_write", lambda figure, path: kept.append(figure) or write(figure, path)
    )
    return kept


def test_the_course_finds_the_hottest_state_and_every_cells_peak(example):
    made = example("full")
    course = follow(made.result, made.snapshots)
    assert course.hottest.time == 60.0
    peak = made.snapshots[2].fields.rise + np.float32(310.15)
    np.testing.assert_array_equal(course.highest, peak)
    assert course.times == (0.0, 30.0, 60.0, 240.0)
    assert course.volumes["stasis"][0] == 0.0


def test_the_last_volume_of_the_course_is_the_one_that_is_reported(example):
    for name in ("bench", "full"):
        made = example(name)
        course = follow(made.result, made.snapshots)
        zones = measure_zones(made.result)
        for zone, volumes in course.volumes.items():
            assert volumes[-1] == pytest.approx(to_ml(zones[zone].volume), rel=0.01)


def test_a_course_without_stored_states_shows_the_end(example):
    made = example("bench")
    course = follow(made.result, ())
    assert course.hottest.time == 180.0
    assert course.times == (180.0,)


def test_slices_have_the_patients_left_on_the_right_and_millimetres(example, canvas):
    subject = make_subject(example("full").result)
    figures.draw_slices(canvas.figure, (0.0, 0.0, 1.0, 1.0), subject)
    axial, coronal, sagittal = canvas.figure.axes
    assert axial.get_title(loc="left") == "axial, z = 0.0 mm"
    assert axial.get_xlabel() == "R  ←  x [mm]  →  L"
    assert axial.get_ylabel() == "P  ←  y [mm]  →  A"
    assert coronal.get_ylabel() == "I  ←  z [mm]  →  S"
    assert sagittal.get_xlabel() == "A  ←  y [mm]  →  P"
    for axes in (axial, coronal, sagittal):
        for low, high in (axes.get_xlim(), axes.get_ylim()):
            assert -35.0 < low < -15.0
            assert 15.0 < high < 35.0
    canvas.draw()
    scale = [axes.get_window_extent().width / np.ptp(axes.get_xlim()) for axes in (axial, sagittal)]
    assert scale[0] == pytest.approx(scale[1], rel=0.01)


def drawn(subject, name):
    """The filled shapes of a slice by colour: width, height and middle [mm]."""
    figure = Figure()
    axes = figure.add_subplot()
    plane = figures.standard_planes(subject)[name]
    figures._draw_needles(axes, subject, plane, figures._shift(plane))
    shapes = {}
    for patch in axes.patches:
        corners = patch.get_xy()
        size, middle = np.ptp(corners, axis=0), 0.5 * (corners.min(axis=0) + corners.max(axis=0))
        shapes.setdefault(to_hex(patch.get_facecolor()), []).append((*size, *middle))
    return shapes


def test_in_slices_needle_fibre_and_light_have_their_true_size_and_place(example):
    """The fibre's tip is at the origin, its needle ends 7.5 mm above it."""
    subject = make_subject(example("bench").result)
    along = drawn(subject, "coronal")
    ((width, height, x, low),) = along[style.SHAFT]
    assert (width, x) == pytest.approx((0.82, 0.0), abs=1e-6)
    assert low - 0.5 * height == pytest.approx(7.5)
    assert along[style.GLASS] == [pytest.approx((0.4, 7.5, 0.0, 3.75), abs=1e-6)]
    assert along[style.TIP] == [pytest.approx((0.4, 2.0, 0.0, 1.0), abs=1e-6)]
    across = drawn(subject, "axial")
    assert style.SHAFT not in across
    assert across[style.TIP] == [pytest.approx((0.4, 0.4, 0.0, 0.0), abs=1e-2)]


def test_slices_far_from_every_fibre_show_none(example):
    subject = make_subject(example("full").result)  # the fibres stand 6 mm from the middle planes
    assert drawn(subject, "coronal") == {}
    assert [len(found) for found in drawn(subject, "axial").values()] == [4, 4]


def test_a_slice_shows_the_temperature_where_it_is(example, canvas):
    made = example("bench")
    moved = made.result.fields.rise.copy()
    moved[:] = 0.0
    index = made.result.grid.index((12e-3, -8e-3, 2e-3)).round().astype(int)
    moved[tuple(index)] = 50.0
    x, y, z = 1e3 * made.result.grid.position(index)
    subject = make_subject(made.result)
    warm = with_temperature(subject, moved + np.float32(310.15), "then")
    shown = replace(
        warm, result=replace(made.result, fields=replace(made.result.fields, rise=moved))
    )
    for plane_name, position in (("coronal", (x, z)), ("axial", (x, -y)), ("sagittal", (y, z))):
        plane = figures.standard_planes(shown)[plane_name]
        through = replace(plane, centre=made.result.grid.position(index))
        axes = canvas.figure.add_subplot()
        figures._draw_slice(axes, shown, through)
        (image,) = axes.images
        values = image.get_array().filled(0.0)
        row, column = np.unravel_index(np.argmax(values), values.shape)
        left, right, bottom, top = image.get_extent()
        at = (
            left + (right - left) * column / (values.shape[1] - 1),
            bottom + (top - bottom) * row / (values.shape[0] - 1),
        )
        assert at == pytest.approx(position, abs=0.3), plane_name
        assert values.max() == pytest.approx(87.0, abs=5.0)
        canvas.figure.clear()


def test_every_line_of_a_slice_is_in_the_legend(example, canvas):
    subject = make_subject(example("full").result)
    panels.fill_slices(canvas.figure, (0, 0, 1, 1), subject.result, None, with_legend=True)
    (legend,) = [axes.get_legend() for axes in canvas.figure.axes if axes.get_legend()]
    named = {handle.get_color() for handle in legend.get_lines()}
    for axes in canvas.figure.axes[:3]:
        assert {line.get_color() for line in axes.lines if len(line.get_xdata()) > 1} <= named


def test_the_scale_starts_where_colour_starts_and_never_goes_beyond_boiling():
    assert style.heat_range(300.0).vmin == pytest.approx(41.0)
    assert style.heat_range(330.0).vmax == pytest.approx(70.0)
    assert style.heat_range(600.0).vmax == pytest.approx(100.0)
    assert to_celsius(style.SHOWN_FROM) == pytest.approx(41.0)


def test_power_is_drawn_as_it_was_set(example, canvas):
    axes = canvas.figure.add_subplot()
    figures.draw_power(axes, example("full").result)
    time, power = axes.lines[0].get_data()
    assert np.trapezoid(power, time) == pytest.approx(4 * 5.0 * 120.0)
    assert axes.get_xlim() == (0.0, 240.0)
    assert [text.get_text() for text in axes.texts] == ["delivery 1", "delivery 2"]


def test_probes_are_drawn_as_they_were_read(example, canvas):
    result = example("organs").result
    axes = canvas.figure.add_subplot()
    figures.draw_probes(axes, result)
    for line, probe in zip(axes.get_lines(), result.probes, strict=True):
        assert line.get_label() == probe.name
        np.testing.assert_array_equal(line.get_xdata(), probe.times)
        np.testing.assert_allclose(line.get_ydata(), to_celsius(probe.temperatures))
    assert len({(line.get_color(), line.get_linestyle()) for line in axes.get_lines()}) == 2


def test_slices_mark_the_probes_that_lie_in_them(example, canvas):
    figures.draw_slices(canvas.figure, (0, 0, 1, 1), make_subject(example("organs").result))
    named = [{text.get_text() for text in axes.texts} for axes in canvas.figure.axes]
    # the slices cross at the tumour's middle, 2 mm left of the origin
    assert named == [{"T1", "T2"}, {"T1"}, set()]


def test_the_energy_stack_ends_at_what_was_fired(example, canvas):
    axes = canvas.figure.add_subplot()
    result = example("full").result
    figures.draw_ledger(axes, result)
    top = max(float(c.get_paths()[0].vertices[:, 1].max()) for c in axes.collections)
    assert top == pytest.approx(result.ledger.fired / 1e3)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == [
        "fired by the laser",
        "carried off by perfusion, 73 %",
        "still in the tissue, 27 %",
    ]


def test_every_sink_of_the_ledger_has_a_colour():
    sinks = dict.fromkeys(name for name in figures.SINKS if name != "fibres")
    books = Ledger(fired=12.0, emitted=float(len(sinks)), **dict.fromkeys(sinks, 1.0))
    assert books.balance_error == pytest.approx(0.0)
    spent = sum(figures._spent(books, name) for name in figures.SINKS)
    assert spent == pytest.approx(books.fired)


def test_the_headline_gives_the_measures(example):
    result = example("full").result
    text = pictures.headline(result, summarise(result, measure_zones(result)))
    zone = measure_zones(result).stasis
    assert f"Zone of vascular stasis {to_ml(zone.volume):.1f} mL" in text
    assert "ablated" in text
    assert "with 5 mm margin" in text
    assert text.endswith("4 fibres, 0.3 kJ in 120 s")
    cold = example("bench", 5.0).result
    text = pictures.headline(cold, summarise(cold, measure_zones(cold)))
    assert text == "No zone of vascular stasis  ·  1 fibre, 0.3 kJ in 60 s"


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "100 %"), (0.9999, "99.9 %"), (0.0, "0 %"), (1e-5, "0.1 %")]
)
def test_a_share_is_not_rounded_to_all_or_nothing(share, text):
    assert pictures._percent(share) == text


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("warmth", [80.0, 3.0])
def test_the_whole_picture_is_drawn_without_gl(example, tmp_path, monkeypatch, no_gl, name, warmth):
    made = example(name, warmth)
    path = storage.save(made.result, tmp_path / "r.vtkhdf", snapshots=made.snapshots)
    kept = keep_figure(monkeypatch)
    remark = pictures.draw(path, tmp_path / "r.png")
    assert "libosmesa6" in remark
    image = imread(tmp_path / "r.png")
    assert image.shape[1] == 1800
    texts = texts_of(kept[0])
    assert made.result.case.title in texts
    assert "Research software. Not for clinical decisions." in texts
    assert "r.vtkhdf" in texts
    if warmth > 4.0:
        assert "at 60 s, laser just off" in texts
        assert "highest at any time" in texts
    else:
        assert "Above 41 °C: no tissue" in texts


def test_the_picture_with_gl_says_nothing_is_missing(example, tmp_path):
    made = example("full")
    path = storage.save(made.result, tmp_path / "r.vtkhdf", snapshots=made.snapshots)
    remark = pictures.draw(path, tmp_path / "r.png")
    assert (remark == "") == (gl.find_display() is not None)
    assert imread(tmp_path / "r.png").shape[1] == 1800


def test_without_wanting_gl_nothing_is_missing(example, tmp_path):
    result = example("bench").result
    assert pictures.draw_scene(result, tmp_path / "s.png", use_gl=False) == ""


def test_parts_are_drawn_alone_from_a_result_in_memory(example, tmp_path, no_gl):
    made = example("full")
    course = follow(made.result, made.snapshots)
    assert "libosmesa6" in pictures.draw_scene(made.result, tmp_path / "scene.png", course=course)
    for given in (None, course):
        pictures.draw_slices(made.result, tmp_path / "slices.png", course=given)
        pictures.draw_curves(made.result, tmp_path / "curves.png", course=given)
        for name in ("scene", "slices", "curves"):
            image = imread(tmp_path / f"{name}.png")
            assert np.count_nonzero(image[..., :3] < 0.99) > 10_000


def test_a_result_without_history_is_drawn_too(example, tmp_path, no_gl):
    result = replace(example("bench").result, history=(), ledger=Ledger())
    path = storage.save(result, tmp_path / "r.vtkhdf")
    pictures.draw(path, tmp_path / "r.png")
    assert imread(tmp_path / "r.png").shape[1] == 1800


def test_a_picture_that_cannot_be_written_is_said_in_one_sentence(example, tmp_path):
    with pytest.raises(ResultError, match=r"cannot write the picture .*No such file"):
        pictures.draw_slices(example("bench").result, tmp_path / "no" / "s.png")


def test_long_titles_are_made_to_fit(example, tmp_path, monkeypatch, no_gl):
    result = example("bench").result
    case = result.case.model_copy(update={"title": "A very long title " * 12})
    kept = keep_figure(monkeypatch)
    pictures.draw_curves(replace(result, case=case), tmp_path / "c.png")
    (title,) = [text for text in kept[0].texts if text.get_text().startswith("A very long")]
    assert title.get_window_extent().x1 <= kept[0].bbox.x1


def make_tumour(edges, shares, asked=5.0):
    return {
        "margin_asked_mm": asked,
        "margin_histogram": {"edges_mm": edges, "share": shares},
    }


def test_the_margin_histogram_shows_shares_and_marks_what_falls_short(canvas):
    axes = canvas.figure.add_subplot()
    edges = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    shares = [0.05, 0.05, 0.1, 0.1, 0.2, 0.2, 0.2, 0.1]
    figures.draw_margin_histogram(axes, make_tumour(edges, shares))
    bars = axes.patches
    assert [bar.get_x() for bar in bars] == edges[:-1]
    assert [bar.get_height() for bar in bars] == pytest.approx([100.0 * s for s in shares])
    alphas = [bar.get_facecolor()[3] for bar in bars]
    assert len(set(alphas)) == 3
    assert alphas == sorted(alphas)
    assert (alphas.index(0.45), alphas.index(0.9)) == (2, 7)
    assert {line.get_xdata()[0] for line in axes.lines} == {0.0, 5.0}


@pytest.mark.parametrize("name", ["full", "bench"])
def test_the_whole_picture_has_the_margins_where_there_is_a_tumour(
    example, tmp_path, monkeypatch, no_gl, name
):
    made = example(name)
    path = storage.save(made.result, tmp_path / "r.vtkhdf", snapshots=made.snapshots)
    kept = keep_figure(monkeypatch)
    pictures.draw(path, tmp_path / "r.png")
    shown = "Tumour's surface by its" in texts_of(kept[0])
    assert shown == (made.result.case.tumour is not None)


def test_the_margin_histogram_gives_way_where_there_is_no_room(example, no_gl):
    result = example("full").result
    tumour = summarise(result, measure_zones(result))["tumour"]
    for height, shown in ((15.4, True), (7.0, False)):
        figure = Figure(figsize=(18, height), dpi=40)
        FigureCanvasAgg(figure)
        place = (0.014, 0.36, 0.672, 0.565)
        panels.fill_scene(figure, place, result, None, use_gl=False, all_zones=True, tumour=tumour)
        assert ("Tumour's surface by its" in texts_of(figure)) == shown
