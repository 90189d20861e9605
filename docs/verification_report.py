"""Run verification and validation, and write what came out as a page of the documentation.

    python docs/verification_report.py            # about a quarter of an hour; --quick leaves out
                                                  # validation against published lesions

The page is ``docs/verification_report.md``: every test of ``tests/verification`` by what it says,
with its outcome, and the table of ``ablsim validate``.
"""

import argparse
import ast
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import ablsim

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "verification_report.md"


class Recorder:
    """Keeps the outcome of every test, by file and function."""

    def __init__(self):
        self.outcomes = {}

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            file, _, name = report.nodeid.partition("::")
            counts = self.outcomes.setdefault(file, {}).setdefault(name.split("[")[0], Counter())
            counts[report.outcome if report.when == "call" or report.skipped else "failed"] += 1


def said(path):
    """The first line of a file's own words."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]


def words(name):
    """A test's name as the sentence that it is."""
    return name.removeprefix("test_").replace("_", " ")


def outcome(counts):
    """What came of all cases of a test."""
    whole = counts.total()
    if counts["passed"] == whole:
        return "passed" if whole == 1 else f"{whole} cases passed"
    return ", ".join(f"{number} {kind}" for kind, number in counts.items())


def main():
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="verification alone")
    quick = parser.parse_args().quick
    os.chdir(ROOT)
    recorder, began = Recorder(), time.perf_counter()
    pytest.main(["-q", "-m", "not slow", "-p", "no:cacheprovider", "tests/verification"],
                plugins=[recorder])  # fmt: skip
    every = sum((c for tests in recorder.outcomes.values() for c in tests.values()), Counter())
    lines = [
        "# Verification and validation report",
        "",
        f"Made by `python docs/verification_report.py` with ablsim {ablsim.__version__}, Python "
        f"{platform.python_version()}, on {time.strftime('%Y-%m-%d')}: {outcome(every)}, in "
        f"{(time.perf_counter() - began) / 60.0:.0f} min.",
        "",
        "## Verification",
    ]
    for file, tests in sorted(recorder.outcomes.items()):
        lines += ["", f"### {said(ROOT / file).rstrip('.')}", "", f"`{file}`", ""]
        lines += ["| shown | outcome |", "| --- | --- |"]
        lines += [f"| {words(name)} | {outcome(counts)} |" for name, counts in tests.items()]
    if not quick:
        with TemporaryDirectory() as nowhere:
            run = subprocess.run([sys.executable, "-m", "ablsim", "validate", "-o", nowhere],
                                 capture_output=True, text=True, check=True)  # fmt: skip
        lines += ["", "## Validation", "", "`ablsim validate`, one set of defaults:", "", "```text",
                  run.stdout.rstrip(), "```"]  # fmt: skip
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
