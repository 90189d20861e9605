"""Casts against whole runs in the same draws, on make-believe physics where both are exact."""

from dataclasses import replace

import numpy as np
import pytest

from ablsim.planning.candidates import Bench
from ablsim.planning.evaluator import Evaluator
from ablsim.planning.laid import infer, is_inferable, whole_runs
from ablsim.planning.prescription import Prescription, arrange, place_pattern
from ablsim.planning.request import Request
from ablsim.planning.subject import describe_subject, make_subject
from ablsim.planning.trials import Trials

DOWN = (0.0, 0.0, -1.0)


def subject(diameter="20 mm", changes=None):
    case = describe_subject(
        diameter=diameter, tissue="net_metastasis", perfusion="normal", margin="0 mm",
        background="liver",
    )  # fmt: skip
    return make_subject(case.replace(changes) if changes else case)


def square(*middles, energy=1500.0, count=2):
    tips = arrange("square", 12e-3, DOWN)
    placements = tuple(
        place_pattern(
            tips, middle, DOWN, energy=energy, illuminations=count, pull_back=8e-3, session=number
        )
        for number, middle in enumerate(middles)
    )
    return Prescription(DOWN, 5.0, placements, True, "square", 12e-3)


@pytest.fixture
def trials(make_believe):
    who, request = subject(), Request()
    return Trials(who, request, Bench(who, request, make_believe, 2.5e-3), make_believe)


def test_a_cast_moved_is_the_run_of_fibres_that_missed(trials):
    plan = square((0.0, 0.0, 0.0))
    points = trials.casts.points
    for draw in range(4):
        shift = trials.draws.shift(draw, 0)
        laid = trials.casts.depths(plan, draw, shift[None, None], points)[0]
        missed = trials.draws.misplace(plan, draw).placements[0]
        middles = [
            np.asarray(tip) - np.asarray(DOWN) * missed.pull_back * k
            for tip in missed.tips
            for k in range(2)
        ]
        away = np.linalg.norm(points[:, None] - np.array(middles), axis=-1).min(axis=1)
        size = laid + away  # the radius of the balls, the same everywhere
        near = np.abs(laid) < 4e-3
        low, high = np.quantile(size[near], [0.05, 0.95])
        assert high - low < 1.1e-3  # linear between points 2.5 mm apart, too deep in valleys
        assert abs(np.median(size[near]) - 8.5e-3) < 1.0e-3


def test_trials_say_what_whole_draws_say(trials):
    plan = square((0.0, 0.0, 0.0))
    (trial,) = trials.run([plan])
    whole = trials.draw([plan], 64)[0]
    assert trial.spare == pytest.approx(whole.spare(0.9), abs=1.2e-3)
    chance = whole.assess().complete.value
    assert trial.chance() == pytest.approx(chance, abs=0.12)
    assert trial.required == pytest.approx(trial.candidate.reserve - trial.spare)


def test_a_little_more_energy_has_more_to_spare(trials):
    plans = [square((0.0, 0.0, 0.0), energy=energy) for energy in (1400.0, 1450.0, 1500.0)]
    spares = [one.spare for one in trials.run(plans)]
    assert np.all(np.diff(spares) > 0.05e-3)
    assert np.diff(spares)[0] == pytest.approx(np.diff(spares)[1], rel=0.25)


def test_placements_laid_side_by_side_are_the_whole(trials):
    plan = square((-5e-3, 0.0, 0.0), (5e-3, 0.0, 0.0))
    (trial,) = trials.run([plan])
    whole = trials.draw([plan], 12)[0]
    inferred = infer(trials.casts, trial.candidate, replace(whole, outcomes=whole.outcomes[:6],
                     model_error=whole.model_error[:6]), 12, 12)  # fmt: skip
    assert inferred.whole == 6
    assert inferred.scatter < 0.4e-3
    laid = inferred.reserves()[6:]
    assert laid == pytest.approx(whole.reserves()[6:], abs=0.8e-3)
    assert np.mean(laid - whole.reserves()[6:]) == pytest.approx(0.0, abs=0.4e-3)


def test_what_one_layout_loses_in_its_worst_draw_another_need_not(trials):
    pilot = square((-5e-3, 0.0, 0.0), (5e-3, 0.0, 0.0), energy=1300.0)
    other = square((-5e-3, 0.0, 0.0), (5e-3, 0.0, 0.0), energy=1500.0)
    tried = trials.run([pilot, other])
    samples = [
        infer(trials.casts, one.candidate, trials.draw([one.candidate.plan], 6)[0], 64, 16)
        for one in tried
    ]
    apart = tuple(  # in two of sixteen draws the zones part
        one.deeper(-9e-3) if i % 16 in {5, 9} else one for i, one in enumerate(samples[0].outcomes)
    )
    trials.begin(tried[0].candidate, replace(samples[0], outcomes=apart))
    again = trials.run([pilot, other])
    assert len(trials.known) == 2
    assert replace(samples[0], outcomes=apart).spare(0.9) < samples[0].spare(0.9) - 2e-3
    for one, sample in zip(again, samples, strict=True):  # as cast, they do not
        assert one.spare == pytest.approx(sample.spare(0.9), abs=0.7e-3)
    trials.begin(tried[1].candidate, samples[1])  # the first will do for all
    assert trials.run([pilot, other]) == again


def test_what_is_inferred_is_less_sure_than_what_is_run(trials):
    plan = square((-5e-3, 0.0, 0.0), (5e-3, 0.0, 0.0))
    (trial,) = trials.run([plan])
    whole = trials.draw([plan], 6)[0]
    inferred = infer(trials.casts, trial.candidate, whole, 64, 16)
    found = inferred.assess()
    assert (found.draws, found.whole) == (64, 6)
    sure = replace(inferred, bias=0.0, clusters=0).assess()
    assert sure.complete.value == pytest.approx(found.complete.value, abs=0.05)
    assert found.complete.high - found.complete.low > sure.complete.high - sure.complete.low


def test_where_placements_cannot_be_run_only_whole_runs_count(trials, monkeypatch):
    plan = square((-5e-3, 0.0, 0.0), (5e-3, 0.0, 0.0))
    (trial,) = trials.run([plan])
    whole = trials.draw([plan], 4)[0]
    monkeypatch.setattr(type(trials.casts), "depths", lambda *_: None)
    assert infer(trials.casts, trial.candidate, whole, 16, 16) == whole


def test_organs_with_limits_take_whole_runs(make_believe):
    organ = {
        "name": "gallbladder", "tissue": "bile", "shape": "sphere", "diameter": "20 mm",
        "centre": ["40 mm", "0 mm", "0 mm"], "no_go": {"peak_temperature": "45 degC"},
    }  # fmt: skip
    plan, request = square((-5e-3, 0.0, 0.0), (5e-3, 0.0, 0.0)), Request()
    for changes, expected in (({}, True), ({"organ": [organ]}, False)):
        who = subject(changes=changes)
        trials = Trials(who, request, Bench(who, request, make_believe, 2.5e-3), make_believe)
        assert is_inferable(trials.casts, plan) is expected
        assert not is_inferable(trials.casts, square((0.0, 0.0, 0.0)))


def test_large_plans_get_fewer_whole_runs_and_no_more_casts(trials):
    two = square((-5e-3, 0.0, 0.0), (5e-3, 0.0, 0.0))
    many = square(*[(1e-3 * x, 0.0, 0.0) for x in range(40)])
    assert whole_runs(two) > whole_runs(many) >= 3
    tasks = {task.text for task in trials.casts.tasks(many, range(16))}
    assert len(tasks) == 1 + 16 * 3
    assert tasks >= {task.text for task in trials.casts.tasks(two, range(16))}


@pytest.mark.slow
def test_casts_of_the_real_physics_come_near_to_whole_runs(tmp_path):
    evaluator = Evaluator(tmp_path, workers=2, code="real")
    who, request = subject("15 mm"), Request()
    with evaluator.running():
        trials = Trials(who, request, Bench(who, request, evaluator, 2.5e-3), evaluator)
        plan = square((0.0, 0.0, 0.0), energy=1200.0)
        whole = trials.draw([plan], 8)[0].reserves()
        shifts = [trials.draws.shift(draw, 0)[None, None] for draw in range(8)]
        points = trials.casts.points
        laid = [trials.casts.depths(plan, draw, shifts[draw], points)[0] for draw in range(8)]
    off = whole - [np.quantile(depth, 0.01) for depth in laid]
    assert abs(off.mean()) < 0.8e-3
    assert off.std() < 0.4 * whole.std()
