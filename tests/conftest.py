"""Shared set-up: the folder decides the marker, floating-point errors raise, threads are fixed."""

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from pathlib import Path

import numpy as np
import pytest

FOLDERS = ("unit", "verification", "validation", "regression", "examples")


def pytest_collection_modifyitems(items):
    for item in items:
        parts = Path(item.path).parts
        for folder in FOLDERS:
            if folder in parts:
                item.add_marker(getattr(pytest.mark, folder))


@pytest.fixture(autouse=True)
def _floating_point_errors_raise():
    with np.errstate(all="raise", under="ignore"):
        yield


def pytest_addoption(parser):
    parser.addoption(
        "--update", action="store_true", help="store the numbers of the regression tests anew"
    )
