import json

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.cohort.study_tables import PlacementTable
from ablsim.planning.evaluator import Tally
from ablsim.planning.prescription import Prescription, arrange, place_pattern
from ablsim.planning.request import Request
from ablsim.planning.sensitivity import (
    LATERAL,
    MODEL,
    SHIFT,
    analyse_sensitivity,
    describe_sensitivity,
    summarise_sensitivity,
)
from ablsim.planning.subject import describe_subject, make_subject

DOWN = (0.0, 0.0, -1.0)
EXACT = PlacementTable(lateral="0 mm", depth="0 mm", shift="0 mm")


@pytest.fixture(scope="module")
def subject():
    return make_subject(
        describe_subject(
            diameter="20 mm", tissue="net_metastasis", perfusion="normal", margin="0 mm",
            background="liver",
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def plan():
    placement = place_pattern(
        arrange("square", 20e-3, DOWN), (0.0, 0.0, 0.0), DOWN,
        energy=1800.0, illuminations=1, pull_back=0.0, session=0,
    )  # fmt: skip
    return Prescription(DOWN, 5.0, (placement,), pattern="square", spacing=20e-3)


class Answers:
    """An evaluator whose volume [mL] is a function of the case and whose margins are the same."""

    def __init__(self, volume):
        self.tally = Tally()
        self._volume = volume

    def run(self, tasks):
        return [self._record(Case.from_text(task.text)) for task in tasks]

    def _record(self, case):
        margin = 5.0
        return {
            "schema": "ablsim/evaluation/1",
            "ablated_fraction": 1.0,
            "ablated_fraction_with_margin": 1.0,
            "margin_min_mm": margin,
            "margin_mean_mm": margin,
            "margin_asked_mm": 0.0,
            "tumour_ml": 4.19,
            "volume_ml": self._volume(case),
            "healthy_ml": 1.0,
            "area_cm2": 12.6,
            "margins_mm": [margin] * 101,
            "sites_mm": [],
            "site_margins_mm": [],
            "organs": [],
            "slices": [],
            "spacing_mm": 3.0,
            "cells": 1,
            "wall_s": 0.0,
        }


def analyse(subject, plan, volume, *, errors=EXACT, **more):
    request = Request(errors=errors)
    return analyse_sensitivity(subject, request, plan, Answers(volume), 3e-3, **more)


def test_what_alone_decides_has_everything(subject, plan, monkeypatch):
    monkeypatch.setattr("ablsim.planning.sensitivity.MODEL_ERROR", 0.0)
    found = analyse(subject, plan, lambda case: 10.0 + case.physics.stasis_shift, samples=16)
    own = found.influences["ablated volume"]
    assert found.ranked("ablated volume")[0] == "stasis threshold"
    one = own["stasis threshold"]
    assert one.total == pytest.approx(1.0, abs=2.5 * one.total_error)
    assert one.first == pytest.approx(1.0, abs=2.5 * one.first_error)
    others = [one for name, one in own.items() if name != "stasis threshold"]
    assert max(one.total for one in others) == pytest.approx(0.0, abs=1e-6)
    assert max(one.mu_star for one in others) == pytest.approx(0.0, abs=1e-9)
    assert one.mu_star > 1.0


def test_the_error_of_the_model_is_one_of_them(subject, plan):
    found = analyse(subject, plan, lambda case: 30.0, samples=16)
    for output in ("smallest margin", "reserve"):
        assert found.ranked(output)[0] == MODEL
        one = found.influences[output][MODEL]
        assert one.total == pytest.approx(1.0, abs=2.5 * one.total_error)
        others = [x.total for name, x in found.influences[output].items() if name != MODEL]
        assert max(others) == pytest.approx(0.0, abs=1e-9)


def test_errors_of_placement_come_as_groups(subject, plan):
    def volume(case):
        tips = np.array([fibre.tip for fibre in case.fibres_all])
        return 30.0 + 1e3 * float(tips.mean(axis=0)[0])  # mm

    found = analyse(subject, plan, volume, errors=PlacementTable(), samples=16)
    own = found.influences["ablated volume"]
    assert SHIFT in found.inputs
    assert LATERAL in found.inputs
    # of the variance of the mean place: 2.5^2 shared, 2.4^2 / 4 from the fibres
    expected = 2.5**2 / (2.5**2 + 2.4**2 / 4)
    without_model = own[SHIFT].total / (own[SHIFT].total + own[LATERAL].total)
    assert without_model == pytest.approx(expected, abs=0.3)


def test_it_can_be_said_written_and_repeated(subject, plan):
    def volume(case):
        return 10.0 + case.physics.stasis_shift

    one, other = (analyse(subject, plan, volume, samples=16, seed=3) for _ in range(2))
    assert summarise_sensitivity(one) == summarise_sensitivity(other)
    assert json.loads(json.dumps(summarise_sensitivity(one)))["schema"] == "ablsim/sensitivity/1"
    text = describe_sensitivity(one)
    assert "stasis threshold" in text
    assert "ablated volume" in text
