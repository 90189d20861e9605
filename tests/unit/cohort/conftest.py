"""Studies and results to test with: whole ones, small, and quick to change."""

import copy
import hashlib
import sys
from contextlib import suppress

import pytest

from ablsim.cohort.outcome import SCHEMA, SHARES
from ablsim.cohort.store import Store
from ablsim.cohort.study import Study

with suppress(ImportError):  # workers cannot import the tests: what these send goes as a whole
    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])

STUDY = {
    "schema": "ablsim/study/1",
    "title": "Small study",
    "seed": 7,
    "population": {
        "lesions": 6,
        "diameter": {"distribution": "uniform", "from": "10 mm", "to": "40 mm"},
    },
    "policy": {"kind": "rules"},
    "uncertainty": {"draws": 2},
}


def change(table, changes):
    """A copy of a table with other values at dotted keys; None takes a key out."""
    changed = copy.deepcopy(table)
    for key, value in changes.items():
        *path, last = key.split(".")
        inner = changed
        for part in path:
            inner = inner.setdefault(part, {})
        if value is None:
            inner.pop(last, None)
        else:
            inner[last] = value
    return changed


@pytest.fixture
def make_study():
    """Makes the small study with changes at dotted keys."""

    def make(changes=(), **rest):
        return Study.from_dict(change(STUDY, dict(changes)), **rest)

    return make


@pytest.fixture
def quick():
    """Stands for a simulation: a record that hangs on the text alone, at once."""

    def compute(text, threads=1):
        share = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32
        return _record(0.8 + 0.2 * share)

    return compute


def _record(fraction=0.9, volume_ml=10.0, sessions=1, margin_mm=-1.0):
    stages = [
        {
            "sessions": n,
            "placements": n,
            "illuminations": n,
            "energy_j": 7200.0 * n,
            "volume_ml": volume_ml * n / sessions,
            "ablated_fraction": fraction * n / sessions,
            "ablated_fraction_with_margin": 0.5 * fraction * n / sessions,
            "margin_min_mm": margin_mm,
            "margin_mean_mm": 0.0,
            "offset_mm": [10.0 * (share - fraction * n / sessions) for share in SHARES],
        }
        for n in range(1, sessions + 1)
    ]
    return {"schema": SCHEMA, "stages": stages, "wall_s": 0.25}


@pytest.fixture
def fake_record():
    """Makes the record of a case with the numbers that a test wants."""
    return _record


@pytest.fixture
def store(tmp_path, make_study):
    """The folder of the small study."""
    store = Store(tmp_path / "study.cohort")
    store.open(make_study())
    return store
