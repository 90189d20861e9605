"""What one case came to, against the simulation itself."""

import json

import numpy as np
import pytest

import ablsim
from ablsim.case import Case
from ablsim.cohort.outcome import compute_outcome, read_stages
from ablsim.errors import CaseError

CASE = """\
schema = "ablsim/case/1"
title = "Two sessions beside each other"

[tissue]
background = "liver"

[tumour]
tissue = "net_metastasis"
diameter = "16 mm"
margin = "2 mm"

[[fibre]]
kind = "bare"
tip = ["-4 mm", "0 mm", "0 mm"]
direction = [0, 0, -1]

[protocol]
steps = ["deliver 5 W for 120 s", "rest for 120 s"SECOND]

[numerics]
spacing = "2 mm"
light_interval = "20 s"
output_interval = "24 h"
"""
SECOND = """, "new session", "reposition by 8 mm, 0 mm, 0 mm", "pull back 2 mm",
"deliver 5 W for 120 s", "deliver 5 W for 60 s", "rest for 120 s\""""


def text_of(second=""):
    return CASE.replace("SECOND", second)


@pytest.fixture(scope="module")
def record():
    return compute_outcome(text_of(SECOND))


@pytest.mark.compiled
def test_the_last_stage_is_what_the_simulation_gives(record):
    zones = ablsim.measure_zones(ablsim.simulate(Case.from_text(text_of(SECOND))))
    last = read_stages(record)[-1]
    assert last.fraction == pytest.approx(zones.tumour.ablated_fraction, rel=1e-8)
    assert last.fraction_with_margin == pytest.approx(
        zones.tumour.ablated_fraction_with_margin, rel=1e-8
    )
    assert last.volume == pytest.approx(zones["stasis"].volume, rel=1e-8)
    assert last.margin_min == pytest.approx(zones.tumour.margin_min, rel=1e-8)
    assert (last.sessions, last.placements, last.illuminations) == (2, 2, 3)
    assert last.energy == pytest.approx(1500.0)
    assert record["volume_ml"]["death"] == pytest.approx(1e6 * zones["death"].volume)
    assert abs(record["energy_j"]["balance_error"]) < 1e-3
    assert json.loads(json.dumps(record)) == record


@pytest.mark.compiled
def test_an_earlier_stage_is_what_a_shorter_treatment_gives(record):
    """On the domain of the longer one, or cells would lie elsewhere."""
    whole = Case.from_text(text_of(SECOND)).resolved()
    steps = ["deliver 5 W for 120 s", "rest for 120 s"]
    short = compute_outcome(Case.from_dict({**whole, "protocol": {"steps": steps}}).to_toml())
    (first, _), (alone,) = read_stages(record), read_stages(short)
    assert first.fraction == pytest.approx(alone.fraction, rel=1e-6)
    assert first.volume == pytest.approx(alone.volume, rel=1e-6)
    assert first.energy == alone.energy == 600.0
    assert first.curve.offsets == pytest.approx(alone.curve.offsets, abs=1e-9)


@pytest.mark.compiled
def test_the_curve_gives_the_measured_share_back_and_rises(record):
    for stage in read_stages(record):
        assert float(stage.curve.share(np.array(0.0))) == pytest.approx(stage.fraction, abs=0.1)
        assert (np.diff(stage.curve.offsets) >= 0.0).all()


@pytest.mark.compiled
def test_a_record_hangs_on_the_text_alone(record):
    again = compute_outcome(text_of(SECOND), threads=2)
    clock = {"wall_s"}
    assert {k: v for k, v in again.items() if k not in clock} == {
        k: v for k, v in record.items() if k not in clock
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ('[tumour]\ntissue = "net_metastasis"\ndiameter = "16 mm"\nmargin = "2 mm"\n', ""),
            "tumour",
        ),
        (('background = "liver"', 'background = "lever"'), "did you mean"),
    ],
)
def test_a_text_that_is_no_such_case_is_refused(change, words):
    with pytest.raises(CaseError, match=words):
        compute_outcome(text_of().replace(*change))
