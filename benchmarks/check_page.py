"""The planning page against full runs, and how long it takes from a key to the new picture.

    python benchmarks/check_page.py coarse           # random layouts, coarse and on 1 mm cells
    python benchmarks/check_page.py clicks           # in a real browser (chromium, chromedriver)

Add --smoke for a minute's worth of each.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from shutil import which
from tempfile import TemporaryDirectory

import numpy as np

from ablsim.app.design import FINE, Design
from ablsim.likely_error import likely_error
from ablsim.simulation import simulate
from ablsim.units import to_ml, to_mm
from ablsim.zone import measure_zones

SEED = 20261129


def draw(random):
    """Return a layout such as somebody might try."""
    return Design(
        diameter=float(random.integers(12, 46)),
        perfusion=str(random.choice(["normal", "hypovascular", "embolised"])),
        tissue=str(random.choice(["net_metastasis", "colorectal_metastasis"])),
        vessel=float(random.choice([0, 0, 6])),
        gap=float(random.integers(0, 8)),
        pattern=str(random.choice(["single", "line", "triangle", "square"])),
        spacing=float(random.integers(24, 41)) / 2.0,
        power=float(random.integers(6, 15)) / 2.0,
        energy=float(random.integers(12, 41)) * 50.0,
        illuminations=int(random.integers(1, 4)),
        pull_back=float(random.integers(6, 16)),
    )


def measure(case):
    """Return volume [mL], ablated share, smallest margin [mm] and likely error of a case."""
    zones = measure_zones(simulate(case))
    zone, tumour = zones[case.physics.reported_zone], zones.tumour
    return (
        to_ml(zone.volume), tumour.ablated_fraction, to_mm(tumour.margin_min),
        likely_error(case.numerics, zone.volume),
    )  # fmt: skip


def coarse(smoke):
    """Compare the picture that follows the sliders with full runs of the same layouts."""
    random = np.random.default_rng(SEED)
    rows = []
    for _ in range(2 if smoke else 60):
        design = draw(random)
        rough = design.coarse_case()
        cell = to_mm(rough.numerics.edge)
        (v, f, m, e), (v1, f1, m1, _) = measure(rough), measure(design.case(FINE, whole=True))
        row = {
            **design.settings(), "cell_mm": cell, "volume_ml": v, "fine_ml": v1,
            "said": e, "volume_error": v / v1 - 1.0, "share_error": f - f1,
            "margin_mm": m, "fine_margin_mm": m1, "margin_error_cells": (m - m1) / cell,
        }  # fmt: skip
        rows.append(row)
        print(json.dumps(row), flush=True)
    error = np.abs([row["margin_error_cells"] for row in rows])
    within = [abs(row["volume_error"]) <= row["said"] for row in rows if row["said"] is not None]
    print(
        json.dumps(
            {
                "layouts": len(rows),
                "margin_error_cells_50_95_max": np.quantile(error, [0.5, 0.95, 1.0]).tolist(),
                "share_error_95": float(
                    np.quantile(np.abs([row["share_error"] for row in rows]), 0.95)
                ),
                "volume_within_said": f"{sum(within)} of {len(within)}",
            }
        )
    )


def clicks(smoke):
    """Press a key on a slider and wait for the new numbers, ten times."""
    from selenium import webdriver
    from selenium.webdriver.common.keys import Keys

    options = webdriver.ChromeOptions()
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader",
                 "--window-size=1400,1000"):  # fmt: skip
        options.add_argument(flag)
    options.binary_location = which("chromium")
    with TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "ablsim", "app", "--port", "0", "-o", folder],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        browser = webdriver.Chrome(
            options=options, service=webdriver.ChromeService(which("chromedriver"))
        )
        try:
            address = server.stdout.readline().split()[-1]
            began = time.perf_counter()
            browser.get(address)
            wait_until(lambda: text(browser, "verdict-A"))
            print(f"first picture {time.perf_counter() - began:.1f} s after the page was asked for")
            time.sleep(5.0)
            taken = []
            for number in range(2 if smoke else 10):
                before = text(browser, "figures")
                slider = browser.execute_script(
                    "return document.querySelector('#energy').closest('.v-slider')"
                    ".querySelector('[role=slider]')"
                )
                began = time.perf_counter()
                slider.send_keys(Keys.ARROW_LEFT if number % 2 else Keys.ARROW_RIGHT)
                wait_until(lambda before=before: text(browser, "figures") != before)
                taken.append(time.perf_counter() - began)
                time.sleep(2.5)
            print(json.dumps({"seconds": taken, "median": statistics.median(taken)}))
        finally:
            browser.quit()
            server.terminate()
            server.wait()


def text(browser, name):
    """Return the words of a part of the page; none while it is not there."""
    return browser.execute_script(
        "return (document.getElementById(arguments[0]) || {}).innerText || ''", name
    )


def wait_until(is_true, seconds=180.0):
    """Wait for something to come true."""
    until = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.02)


def main():
    """Check what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["coarse", "clicks"])
    parser.add_argument("--smoke", action="store_true")
    asked = parser.parse_args()
    {"coarse": coarse, "clicks": clicks}[asked.what](asked.smoke)


if __name__ == "__main__":
    main()
