"""Shared set-up: the folder decides the marker, floating-point errors raise, threads are fixed."""

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # waiting threads leave the machine to others

from pathlib import Path

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
