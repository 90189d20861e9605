"""Shared set-up: the folder decides the marker, floating-point errors raise, threads are fixed."""

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # waiting threads leave the machine to others

import time
from pathlib import Path
from shutil import which

import numba
import numpy as np
import pytest

FOLDERS = ("unit", "verification", "validation", "regression", "examples")


WHOLE_RUNS = {"validation", "regression", "examples"}
TOO_LONG = pytest.mark.skip(reason="too many cells for loops that are not compiled")


def pytest_collection_modifyitems(items):
    for item in items:
        parts = Path(item.path).parts
        for folder in FOLDERS:
            if folder in parts:
                item.add_marker(getattr(pytest.mark, folder))
        if numba.config.DISABLE_JIT and (
            item.get_closest_marker("compiled") or WHOLE_RUNS.intersection(parts)
        ):
            item.add_marker(TOO_LONG)


@pytest.fixture(autouse=True)
def _floating_point_errors_raise():
    with np.errstate(all="raise", under="ignore"):
        yield


def pytest_addoption(parser):
    parser.addoption(
        "--update", action="store_true", help="store the numbers of the regression tests anew"
    )


BROWSER_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-unsafe-swiftshader", "--window-size=1400,1000",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
"""Nothing but this machine can be reached."""


@pytest.fixture(scope="session")
def browser():
    """Give a real browser."""
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, driver = which("chromium"), which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no chromium here: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    for flag in BROWSER_FLAGS:
        options.add_argument(flag)
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield found
    found.quit()


@pytest.fixture
def wait_for(browser):
    """Give a function that waits until a script in the browser returns something true."""
    browser.get_log("browser")  # what was said before is nothing to do with this test

    def wait(script, *arguments, seconds=120.0):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if value := browser.execute_script(script, *arguments):
                return value
            time.sleep(0.1)
        said = [entry["message"] for entry in browser.get_log("browser")]
        shown = browser.execute_script("return document.body.innerText")
        msg = f"never came true at {browser.current_url}: {script}\nconsole: {said}\npage: {shown}"
        raise AssertionError(msg)

    return wait
