import json
from dataclasses import replace

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.cohort.study_tables import PlacementTable
from ablsim.errors import CaseError, UnfinishedError
from ablsim.geometry import ellipsoid_surface
from ablsim.planning import indices, sensitivity
from ablsim.planning.evaluation import SCHEMA, code_of_evaluations
from ablsim.planning.evaluator import Evaluator
from ablsim.planning.indices import Surrogates
from ablsim.planning.influence import (
    COMPLETE,
    DEPTH,
    LATERAL,
    MARGIN,
    MODEL,
    RESERVE,
    SHIFT,
    VOLUME,
    Outcomes,
    Unknowns,
    spread_apart,
)
from ablsim.planning.prescription import Prescription, arrange, place_pattern
from ablsim.planning.request import Request
from ablsim.planning.sensitivity import (
    analyse_sensitivity,
    check_sensitivity,
    describe_sensitivity,
    summarise_sensitivity,
)
from ablsim.planning.subject import describe_subject, make_subject
from ablsim.view.sensitivity import draw_sensitivity

DOWN = (0.0, 0.0, -1.0)
EXACT = PlacementTable(lateral="0 mm", depth="0 mm", shift="0 mm")
STASIS, SHUTDOWN = "stasis threshold", "shutdown of perfusion"


@pytest.fixture(scope="module", autouse=True)
def small():
    """Make samples small: what is asked of them here is simple."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("BASE", 256), ("_FOLDS", 3), ("_RESAMPLES", 40)):
            patch.setattr(indices, name, value)
        yield


@pytest.fixture(scope="module")
def subject():
    return make_subject(
        describe_subject(
            diameter="15 mm", tissue="net_metastasis", perfusion="normal", margin="0 mm",
            background="liver",
        )
    )  # fmt: skip


def triangle(spacing=10e-3, count=1):
    tips = arrange("triangle", spacing, DOWN)
    placements = tuple(
        place_pattern(
            tips, (0.0, 0.0, 6e-3 * i), DOWN,
            energy=1400.0, illuminations=1, pull_back=0.0, session=i,
        )
        for i in range(count)
    )  # fmt: skip
    return Prescription(DOWN, 5.0, placements, True, "triangle", spacing)


class Answers:
    """An evaluator whose volume [mL] and margin all around [mm] are functions of the case."""

    def __init__(self, volume, margin=lambda case: 1.0, fails=lambda number: False):
        self.texts = {}
        self._answer, self._fails = (volume, margin), fails

    def run(self, tasks):
        return [self._record(task.text) for task in tasks]

    def _record(self, text):
        if text not in self.texts:
            number = len(self.texts)
            case = Case.from_text(text)
            volume, margin = (float(answer(case)) for answer in self._answer)
            record = self._write(volume, margin)
            self.texts[text] = None if self._fails(number) else record
        return self.texts[text]

    @staticmethod
    def _write(volume, margin):
        tumour = np.pi / 6.0 * 15.0**3  # mm^3
        area = np.pi * 15.0**2
        fraction = min(1.0, 1.0 + margin * area / tumour)
        sites, _ = ellipsoid_surface((0.0,) * 3, (15.0,) * 3, np.eye(3), n_points=60)
        return {
            "schema": SCHEMA,
            "ablated_fraction": fraction,
            "ablated_fraction_with_margin": fraction,
            "margin_min_mm": margin,
            "margin_mean_mm": margin,
            "margin_asked_mm": 0.0,
            "tumour_ml": 1e-3 * tumour,
            "volume_ml": volume,
            "healthy_ml": 0.0,
            "area_cm2": 1e-2 * area,
            "margins_mm": [margin] * 101,
            "sites_mm": sites.tolist(),
            "site_margins_mm": [margin] * len(sites),
            "organs": [],
            "slices": [],
            "spacing_mm": 2.5,
            "balance_error": 0.0,
            "cells": 1,
            "wall_s": 0.0,
        }


def kelvin(case):
    return float(case.physics.stasis_shift)


def analyse(subject, evaluator, *, errors=EXACT, plan=None, **more):
    given = {"trajectories": 4, "runs": 32, **more}
    return analyse_sensitivity(
        subject, Request(errors=errors), plan or triangle(), evaluator, 2.5e-3, **given
    )


def rows(found, name):
    answer = next(one for one in found.answers if one.name == name)
    return {one.name: one for one in answer.influences}


@pytest.fixture(scope="module")
def by_stasis(subject):
    """What a plan hangs on whose volume and margin follow the threshold of stasis alone."""
    return analyse(subject, Answers(lambda c: 8.0 - kelvin(c), lambda c: 0.5 - kelvin(c)))


def silent_model(monkeypatch):
    monkeypatch.setattr(Unknowns, "model_error", 1e-9)


def test_what_alone_decides_has_everything(subject, monkeypatch):
    silent_model(monkeypatch)
    found = analyse(subject, Answers(lambda c: 8.0 - kelvin(c), lambda c: 0.5 - kelvin(c)))
    for name in (VOLUME, RESERVE, MARGIN):
        own = rows(found, name)
        assert next(iter(own)) == STASIS
        assert own[STASIS].first == pytest.approx(1.0, abs=0.03)
        assert own[STASIS].total == pytest.approx(1.0, abs=0.03)
        assert max(one.total for key, one in own.items() if key != STASIS) < 0.01
        assert max(one.effect for key, one in own.items() if key != STASIS) < 1e-9


def test_morris_is_exact_where_an_answer_is_linear(subject, by_stasis):
    # of four equally likely parts of a normal spread, from middle to middle but one
    factor = next(f for f in Unknowns(subject, Request(), triangle()).factors if f.name == STASIS)
    unknowns = Unknowns(subject, Request(errors=EXACT), triangle())
    padded = np.full((4, unknowns.dimensions), 0.5)
    padded[:, 0] = (np.arange(4) + 0.5) / 4
    x = unknowns.coordinates(padded)[:, 0]
    step = factor.sd * (x[2] - x[0])  # as large as from the second to the fourth
    expected = 1e-3 * step / (2.0 / 3.0)
    one = rows(by_stasis, MARGIN)[STASIS]
    # the model's error moves the radius, which hangs on the volume, a little
    assert one.effect == pytest.approx(expected, rel=0.1)
    assert rows(by_stasis, MARGIN)["absorption of light"].effect < 1e-9


def test_variance_is_shared_as_it_is_made(subject, monkeypatch):
    silent_model(monkeypatch)

    def volume(case):
        return 8.0 + kelvin(case) + 20.0 * (case.physics.shutdown - 0.95)

    own = rows(analyse(subject, Answers(volume), runs=48), VOLUME)
    unknowns = Unknowns(subject, Request(errors=EXACT), triangle())
    sd = {f.name: f.sd for f in unknowns.factors}
    normal = unknowns.coordinates(np.random.default_rng(1).random((20000, unknowns.dimensions)))
    parts = (sd[STASIS] * normal[:, 0].std()) ** 2, (20.0 * sd[SHUTDOWN]) ** 2
    for name, part in zip((STASIS, SHUTDOWN), parts, strict=True):
        assert own[name].total == pytest.approx(part / sum(parts), abs=0.05)
        assert own[name].first == pytest.approx(part / sum(parts), abs=0.08)


def test_the_error_of_the_model_shares_completeness_as_theory_says(subject):
    found = analyse(
        subject, Answers(lambda c: 8.0, lambda c: 0.5 - 2.0 * kelvin(c)), runs=64, trajectories=8
    )
    own = rows(found, COMPLETE)
    # total share of the model: what remains open once all else is known
    unknowns = Unknowns(subject, Request(errors=EXACT), triangle())
    factor = next(f for f in unknowns.factors if f.name == STASIS)
    points = np.random.default_rng(2).random((20000, unknowns.dimensions))
    shift = factor.middle + factor.sd * unknowns.coordinates(points)[:, 0]
    reserve = 1e-3 * (0.5 - 2.0 * shift) + 0.01 * 15e-3 / 6.0  # a shell of 1 % may be left
    some = Outcomes(np.full(20000, 8e-6), reserve, reserve, 1)
    p = some.chances(unknowns.model_error)
    whole = p.mean() * (1.0 - p.mean())
    assert own[MODEL].total == pytest.approx(np.mean(p * (1.0 - p)) / whole, abs=0.06)
    assert own[STASIS].first == pytest.approx(np.var(p) / whole, abs=0.08)
    # Morris looks at the middles of four parts of the threshold's spread
    levels = np.full((4, unknowns.dimensions), 0.5)
    levels[:, 0] = (np.arange(4) + 0.5) / 4
    shift = factor.middle + factor.sd * unknowns.coordinates(levels)[:, 0]
    reserve = 1e-3 * (0.5 - 2.0 * shift) + 0.01 * 15e-3 / 6.0
    p = Outcomes(np.full(4, 8e-6), reserve, reserve, 1).chances(unknowns.model_error)
    effects = 1.5 * 2.0 * np.minimum(p, 1.0 - p)
    assert effects.min() < own[MODEL].effect < effects.max()


def test_errors_of_placement_come_as_groups(subject, monkeypatch):
    silent_model(monkeypatch)

    def volume(case):
        return 30.0 + 1e3 * float(np.mean([fibre.tip[2] for fibre in case.fibres_all]))

    found = analyse(
        subject, Answers(volume), errors=PlacementTable(), plan=triangle(20e-3), runs=64
    )
    own = rows(found, VOLUME)
    # of the mean depth: what is shared, and a third of what is each fibre's own
    expected = 2.5**2 / (2.5**2 + 2.5**2 / 3.0)
    assert own[SHIFT].total == pytest.approx(expected, abs=0.06)
    assert own[DEPTH].total == pytest.approx(1.0 - expected, abs=0.06)
    assert own[LATERAL].total < 0.02
    assert own[LATERAL].scatter is None


def test_no_shares_where_the_surrogate_is_bad(subject):
    def volume(case):  # as good as noise
        return 8.0 + np.sin(1e4 * kelvin(case))

    found = analyse(subject, Answers(volume))
    answer = found.answers[0]
    assert answer.r_squared < sensitivity.R_SQUARED
    assert "0.7 is needed" in answer.refusal
    assert all(one.total is None and one.first is None for one in answer.influences)
    assert answer.influences[0].effect > 0.0
    assert "no Sobol indices" in describe_sensitivity(found)
    assert summarise_sensitivity(found)["answers"][0]["influences"][0]["total"] is None


def test_nothing_is_shared_out_where_all_is_complete(subject):
    found = analyse(subject, Answers(lambda c: 8.0, lambda c: 9.0 - 0.1 * kelvin(c)))
    assert "complete in 100.0 %" in found.answers[-1].refusal
    found = analyse(subject, Answers(lambda c: 8.0))
    assert "only the error of the model" in found.answers[0].refusal


def test_seeds_repeat_and_differ(subject, by_stasis):
    def run(seed):
        answers = Answers(lambda c: 8.0 - kelvin(c), lambda c: 0.5 - kelvin(c))
        return analyse(subject, answers, seed=seed)

    assert summarise_sensitivity(run(1)) == summarise_sensitivity(by_stasis)
    assert summarise_sensitivity(run(0)) != summarise_sensitivity(by_stasis)


def test_it_can_be_written_said_and_drawn(by_stasis, tmp_path):
    table = summarise_sensitivity(by_stasis)
    again = json.loads(json.dumps(table, allow_nan=False))
    assert again["schema"] == "ablsim/sensitivity/1"
    assert [answer["unit"] for answer in again["answers"]] == ["mL", "mm", "mm", "%"]
    assert again["answers"][0]["mean"] == pytest.approx(1e6 * by_stasis.answers[0].mean)
    text = describe_sensitivity(by_stasis)
    assert "Not for clinical decisions" in text
    assert "prior spread" in text
    assert max(len(line) for line in text.splitlines()) <= 100
    draw_sensitivity(by_stasis, tmp_path / "it.png")
    assert (tmp_path / "it.png").read_bytes()[:4] == b"\x89PNG"


def test_failed_runs_are_left_out_and_too_many_are_refused(subject):
    found = analyse(subject, Answers(lambda c: 8.0 - kelvin(c), fails=lambda n: n == 5))
    assert (found.failed, found.trajectories) == (1, 3)
    with pytest.raises(UnfinishedError, match="runs fail"):
        analyse(subject, Answers(lambda c: 8.0, fails=lambda n: n % 3 == 0))


def test_what_cannot_be_done_is_refused(monkeypatch):
    with pytest.raises(CaseError, match="runs 8: allowed is 32"):
        check_sensitivity(runs=8)
    monkeypatch.setattr(sensitivity, "find_spec", lambda name: None)
    with pytest.raises(UnfinishedError, match=r'pip install "ablsim\[study\]"'):
        check_sensitivity()


def test_the_surrogate_says_nothing_outside_its_box(subject):
    unknowns = Unknowns(subject, Request(errors=EXACT), triangle())
    points = np.random.default_rng(1).random((40, unknowns.dimensions))
    some = Outcomes(1e-6 * (8.0 + points[:, 0]), points[:, 1], points[:, 2], 1)
    surrogates = Surrogates(unknowns, None, points, some)
    assert np.isfinite(surrogates(points[:3]).volume).all()
    with pytest.raises(ValueError, match="outside the box"):
        surrogates(points[:3] + 1.0)


def test_fibres_that_come_too_near_are_spread():
    near = np.array([[0.0, 0.0, 0.0], [1e-3, 0.0, 0.0], [0.0, 1e-3, 0.0], [0.0, 0.0, 0.0]])
    found = np.array(spread_apart(near, 7.5e-3))
    away = np.linalg.norm(found[:, None] - found, axis=2)[~np.eye(4, dtype=bool)]
    assert away.min() >= 7.5e-3 - 3e-6
    apart = 10.0 * near[:3]
    assert np.array(spread_apart(apart, 7.5e-3)) == pytest.approx(apart)


def test_features_stay_few(subject):
    many = replace(triangle(20e-3, 6))
    unknowns = Unknowns(subject, Request(), many)
    assert unknowns.dimensions == len(unknowns.factors) + 6 * (3 + 9) + 1
    assert unknowns._alike.shape == (18, 4)


@pytest.mark.slow
def test_a_real_plan_hangs_on_where_its_fibres_go(subject, tmp_path):
    evaluator = Evaluator(tmp_path, workers=0, code=code_of_evaluations())
    with evaluator.running():
        found = analyse(subject, evaluator, errors=PlacementTable(), trajectories=4, runs=64)
    assert found.failed == 0
    assert found.answers[0].r_squared > 0.85
    leading = [one.name for one in found.answers[1].influences[:4]]
    assert MODEL in leading
    assert SHIFT in leading
