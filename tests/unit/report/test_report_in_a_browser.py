"""The report in a real browser, from disk and without a network."""

import pytest

from ablsim.report.result_page import write_report

pytestmark = [pytest.mark.browser, pytest.mark.compiled]


def test_the_scene_turns_up_with_its_legend_and_layers_can_be_hidden(
    stored, tmp_path, browser, wait_for
):
    write_report(stored, tmp_path / "report.html")
    browser.get((tmp_path / "report.html").as_uri())
    browser.switch_to.frame(browser.find_element("tag name", "iframe"))
    wait_for("return document.body.dataset.ready === 'yes'")
    names = browser.execute_script(
        "return [...document.querySelectorAll('#ablsim label')].map(label => label.textContent)"
    )
    assert "tumour" in names
    assert "gallbladder" in names
    visible = """
        const renderers = globalThis.global.renderWindow.getRenderers();
        return renderers.flatMap(r => r.getActors()).filter(a => a.getVisibility()).length"""
    before = browser.execute_script(visible)
    browser.execute_script(
        "[...document.querySelectorAll('#ablsim label')]"
        ".find(label => label.textContent === 'tumour').click()"
    )
    assert browser.execute_script(visible) == before - 1
    errors = [
        entry
        for entry in browser.get_log("browser")
        if entry["level"] == "SEVERE" and not entry["message"].startswith("http://")  # another page
    ]
    assert errors == []
