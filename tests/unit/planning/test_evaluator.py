"""Runs of a plan on disk and in workers, and what a run says."""

import json
import os
import signal
import threading
import time

import numpy as np
import pytest

import ablsim
from ablsim.errors import UnfinishedError
from ablsim.planning import evaluation
from ablsim.planning import evaluator as evaluator_module
from ablsim.planning.evaluation import (
    code_of_evaluations,
    evaluate,
    read_evaluation,
    read_footprint,
    take_footprint,
)
from ablsim.planning.evaluator import Evaluator, Task
from ablsim.planning.footprints import depth_at, repeat
from ablsim.planning.prescription import Prescription, arrange, place_pattern
from ablsim.planning.subject import describe_subject, make_subject
from ablsim.workers import worker_pool
from ablsim.zone import depth_in_zone, measure_zones

DOWN = (0.0, 0.0, -1.0)

pytestmark = pytest.mark.compiled


def subject(diameter="12 mm", margin="0 mm"):
    return make_subject(
        describe_subject(
            diameter=diameter, tissue="net_metastasis", perfusion="normal", margin=margin,
            background="liver",
        )
    )  # fmt: skip


def one_fibre(energy=900.0, pattern="single", spacing=0.0):
    tips = arrange(pattern, spacing, DOWN)
    placement = place_pattern(
        tips, (0.0, 0.0, 0.0), DOWN, energy=energy, illuminations=1, pull_back=0.0, session=0
    )
    return Prescription(DOWN, 5.0, (placement,), True, pattern, spacing)


@pytest.fixture(scope="module")
def text():
    return subject().text(one_fibre(), 2e-3)


@pytest.fixture(scope="module")
def record(text):
    return evaluate(text, with_slices=True)


def test_a_run_says_what_measuring_its_result_says(text, record):
    result = ablsim.simulate(ablsim.Case.from_text(text))
    zones = measure_zones(result)
    found = read_evaluation(json.loads(json.dumps(record)))
    assert found.fraction == pytest.approx(zones.tumour.ablated_fraction)
    assert found.margin_min == pytest.approx(zones.tumour.margin_min, rel=1e-6)
    assert found.volume == pytest.approx(zones["stasis"].volume)
    assert found.healthy == pytest.approx(zones.healthy_ablated, abs=1e-9)
    assert found.margins[0] <= found.margins[-1]
    assert found.within_limits
    across = found.slices[0]
    middle = len(across.line) // 2
    assert across.depth[middle, middle] > 0.0
    width = across.line[across.depth[middle] > 0.0]
    assert np.ptp(width) == pytest.approx(zones["stasis"].across, abs=2.5e-3)


def test_depth_in_a_zone_is_the_distance_to_its_surface(text):
    result = ablsim.simulate(ablsim.Case.from_text(text))
    zones = measure_zones(result)
    radius = 0.5 * float(np.mean(zones["stasis"].axes))
    points = np.array([[0.0, 0.0, 0.0], [radius + 5e-3, 0.0, 0.0], [0.0, 0.5 * radius, 0.0]])
    depth = depth_in_zone(result, points)
    assert depth[0] == pytest.approx(radius, abs=1.5e-3)
    assert depth[1] == pytest.approx(-5e-3, abs=1.5e-3)
    assert depth[2] == pytest.approx(0.5 * radius, abs=1.5e-3)


def test_a_footprint_turns_and_repeats():
    who = subject("20 mm")
    found = read_footprint(take_footprint(who.text(one_fibre(1200.0, "line", 16e-3), 4e-3)))
    end = np.array([[8e-3, 0.0, 0.0]])
    aside = np.array([[0.0, 8e-3, 0.0]])
    straight = depth_at(found, end, DOWN, 0.0)[0]
    assert straight > depth_at(found, aside, DOWN, 0.0)[0] + 1e-3
    turned = depth_at(found, aside, DOWN, np.pi / 2)[0]
    assert turned == pytest.approx(straight, abs=0.6e-3)
    from_the_side = depth_at(found, np.array([[0.0, 0.0, 8e-3]]), (1.0, 0.0, 0.0), np.pi / 2)[0]
    first = np.array(arrange("line", 1.0, (1.0, 0.0, 0.0), np.pi / 2))
    along_z = abs(first[1, 2] - first[0, 2]) > 0.5
    assert from_the_side == pytest.approx(straight if along_z else turned, abs=3e-3)
    twice = repeat(found, 2, 10e-3)
    deep = np.array([[8e-3, 0.0, 5e-3]])
    assert depth_at(twice, deep, DOWN, 0.0)[0] == pytest.approx(straight, abs=0.7e-3)


def test_what_was_run_is_found_again(tmp_path, text):
    first = Evaluator(tmp_path, workers=0, code="c")
    (one,) = first.run([Task(text)])
    again = Evaluator(tmp_path, workers=0, code="c")
    (other,) = again.run([Task(text)])
    assert other == one
    assert (again.tally.computed, again.tally.found) == (0, 1)
    again.run([Task(text)])
    assert again.asked == 1
    assert again.asked_work == one["wall_s"] > 0.0  # though nothing was computed now
    again.count_anew()  # another plan, of which this run may be part as well
    assert again.asked == 0
    again.run([Task(text)])
    assert (again.asked, again.tally.found) == (1, 1)
    (kept,) = tmp_path.rglob("*.json")
    assert ablsim.Case.from_text(json.loads(kept.read_text())["case"]).tumour is not None
    kept.write_text(kept.read_text()[:100])
    third = Evaluator(tmp_path, workers=0, code="c")
    assert third.run([Task(text)])[0]["volume_ml"] == one["volume_ml"]
    assert third.tally.computed == 1
    assert Evaluator(tmp_path, workers=0, code="other").run([Task(text)])  # other code, other run
    assert len(list(tmp_path.rglob("*.json"))) == 2


def test_a_plan_beside_few_runs_shares_threads_and_has_the_same_answer(tmp_path, text, monkeypatch):
    started = []

    def start(workers, threads):
        started.append((workers, threads))
        return worker_pool(workers, threads)

    monkeypatch.setattr(evaluator_module, "worker_pool", start)
    other = text.replace("900 J", "890 J")
    answers = []
    alone, beside = [Task(text, "plan")], [Task(text, "plan"), Task(other)]
    many = [*beside, *(Task(text.replace("900 J", f"{energy} J")) for energy in (870, 880))]
    for workers, tasks in ((2, alone), (4, beside), (4, many)):
        folder = tmp_path / f"{workers} for {len(tasks)}"
        with Evaluator(folder, workers=workers, code="a").running() as evaluator:
            answers.append(evaluator.run(tasks)[0])
            assert evaluator.run(tasks)[0] == answers[-1]
    assert started == [(1, 2), (2, 2), (4, 1)]
    first, second, third = ({**one, "wall_s": 0.0} for one in answers)
    assert first == second == third


def test_what_is_no_case_is_said_and_kept(tmp_path, text):
    wrong = Task(text.replace('"liver"', '"cheese"'))
    evaluator = Evaluator(tmp_path, workers=0, code="c")
    assert evaluator.run([wrong]) == [None]
    assert "cheese" in evaluator.reason(wrong)
    again = Evaluator(tmp_path, workers=0, code="c")
    assert again.run([wrong]) == [None]
    assert "cheese" in again.reason(wrong)
    assert again.tally.computed == 0


@pytest.mark.parametrize("error", [MemoryError(), ZeroDivisionError("division by zero")])
def test_an_accident_is_counted_said_and_tried_again(tmp_path, text, monkeypatch, error):
    def fail(*_, **__):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(evaluation, "evaluate", fail)
        evaluator = Evaluator(tmp_path, workers=0, code="c")
        assert evaluator.run([Task(text)]) == [None]
    assert (evaluator.tally.accidents, evaluator.tally.failed) == (1, 1)
    assert evaluator.reason(Task(text))
    assert not list(tmp_path.rglob("*.json"))
    again = Evaluator(tmp_path, workers=0, code="c")
    assert again.run([Task(text)])[0] is not None
    assert again.tally.accidents == 0


def test_a_folder_that_takes_nothing_is_said(tmp_path, text):
    (tmp_path / "evaluations").write_text("in the way")
    with pytest.raises(UnfinishedError, match="cannot be written"):
        Evaluator(tmp_path, workers=0, code="c").run([Task(text)])


@pytest.mark.slow
def test_a_killed_worker_costs_nothing_but_time(tmp_path):
    who = subject("20 mm")
    tasks = [Task(who.text(one_fibre(500.0 + 10 * i, "line", 15e-3), 2e-3)) for i in range(10)]
    evaluator = Evaluator(tmp_path, workers=2, code=code_of_evaluations())
    killed = []

    def kill():
        while not killed:
            time.sleep(0.2)
            if evaluator.tally.computed >= 2 and evaluator._pools:
                victim = next(iter(evaluator._pools[1]._processes))
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

    threading.Thread(target=kill, daemon=True).start()
    with evaluator.running():
        records = evaluator.run(tasks)
    assert killed
    assert all(record is not None for record in records)
    assert len(list(tmp_path.rglob("*.json"))) == len(tasks)
