"""The report in a real browser, from disk and without a network."""

import time

import pytest

from ablsim.report.result_page import write_report

webdriver = pytest.importorskip("selenium.webdriver")

pytestmark = [pytest.mark.browser, pytest.mark.compiled]

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-unsafe-swiftshader", "--window-size=1200,1000",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    from shutil import which

    chromium, driver = which("chromium"), which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no chromium here: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield found
    found.quit()


def wait_for(browser, script, seconds=60.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if value := browser.execute_script(script):
            return value
        time.sleep(0.2)
    msg = f"never came true: {script}"
    raise AssertionError(msg)


def test_the_scene_turns_up_with_its_legend_and_layers_can_be_hidden(stored, tmp_path, browser):
    write_report(stored, tmp_path / "report.html")
    browser.get((tmp_path / "report.html").as_uri())
    browser.switch_to.frame(browser.find_element("tag name", "iframe"))
    wait_for(browser, "return document.body.dataset.ready === 'yes'")
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
    errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []
