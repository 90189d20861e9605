"""The report of a result: everything is there, and the scene shows what was measured."""

import html
import re
import socket

import pytest

from ablsim.report import result_page
from ablsim.report.limits import LIMITS
from ablsim.report.result_page import write_report
from ablsim.storage import load, load_summary
from ablsim.view import gl
from ablsim.zone import measure_zones

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def report(stored, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    return path, write_report(stored, path)


def test_a_report_holds_all_that_a_summary_says(stored, report):
    path, remark = report
    text = path.read_text(encoding="utf-8")
    summary = load_summary(stored)
    assert "<h1>Report &lt;&amp;&gt; test</h1>" in text
    assert f"{summary['zones']['stasis']['volume_ml']:.2f}" in text
    assert f"{100 * summary['tumour']['ablated_fraction']:.1f} %" in text
    for section in (
        "Scene", "Slices", "Zones and tumour", "Organs and probes", "Course", "Energy", "Plan",
        "How sure", "How it was computed", "What the model leaves out", "Sources",
    ):  # fmt: skip
        assert f">{section}</h2>" in text
    assert "deliver 5 W per fibre for 180 s" in text
    assert "gallbladder" in text
    assert "T1" in text
    assert "[Hasgall2022]" in text
    assert html.escape(LIMITS[0], quote=False) in text
    assert "Damage-volume histogram" in text
    assert "Where the margin is small" in text
    assert remark == ("" if gl.find_display() else gl.REMEDY)


def test_a_report_fetches_nothing(report):
    text = report[0].read_text(encoding="utf-8")
    assert re.findall(r"(?:src|href)=&#34;https?://|(?:src|href)=\"https?://", text) == []
    assert "favicon" not in text


def test_the_scene_names_its_layers_and_shows_the_tumour_as_large_as_it_is(stored):
    from ablsim.report.layers import make_layers
    from ablsim.view.subject import make_subject
    from ablsim.view.viewpoint import choose_plane

    result = load(stored)
    subject, zones = make_subject(result), measure_zones(result)
    layers = {x.name: x for x in make_layers(subject, choose_plane(subject), zones.tumour)}
    assert {"tumour", "tumour with 5 mm margin", "zone of vascular stasis", "vein", "gallbladder",
            "needles", "fibres", "where light leaves", "tumour left"} <= set(layers)  # fmt: skip
    volume = {name: layer.meshes[0][0].volume / 1e3 for name, layer in layers.items()}
    assert volume["tumour"] == pytest.approx(2.1447, rel=0.01)  # 16 mm
    assert volume["tumour with 5 mm margin"] == pytest.approx(9.2028, rel=0.01)  # 26 mm
    measured = 1e6 * zones["stasis"].volume
    assert volume["zone of vascular stasis"] == pytest.approx(measured, rel=0.15)  # coarse cells
    assert not layers["zone of whitening"].shown


def test_without_opengl_the_scene_still_turns_in_the_browser_and_its_picture_is_flat(
    stored, tmp_path, monkeypatch
):
    monkeypatch.setattr(gl, "find_display", lambda **_: None)
    monkeypatch.setattr(result_page.gl, "find_display", lambda **_: None)
    remark = write_report(stored, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "iframe title" in text
    assert "libosmesa6" in remark
    assert "The zone, cut open along the fibres" in text


def test_writing_a_report_asks_nobody_and_listens_to_nobody(stored, tmp_path, monkeypatch):
    def refuse(*arguments, **_):
        pytest.fail(f"the network was used: {arguments}")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    for name in ("bind", "connect"):
        monkeypatch.setattr(socket.socket, name, refuse)
    write_report(stored, tmp_path / "report.html")
    assert "iframe title" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_without_the_extra_the_scene_is_a_picture_and_it_is_said(stored, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "trame_vtk", None)
    remark = write_report(stored, tmp_path / "report.html")
    assert 'pip install "ablsim[web]"' in remark
    assert "iframe title" not in (tmp_path / "report.html").read_text(encoding="utf-8")
