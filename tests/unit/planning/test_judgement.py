"""What is judged of a plan: fine cells, in the plan and in its draws; what fell short stays so."""

from dataclasses import replace

import pytest

from ablsim.planning.drafts import with_energy
from ablsim.planning.judgement import CELLS_SCATTER
from ablsim.planning.planner import Planner
from ablsim.planning.request import Request
from tests.unit.planning.test_fine_cells import BLUR, ONE, TWO, Blurred, square, subject


@pytest.fixture
def planner():
    return Planner(subject(), Request(draws=8), Blurred())


def judge(planner, plan, **more):
    (trial,) = planner.trials.run([plan])
    return planner.judge.assess(trial, 0.0, **more)


def test_what_fine_cells_change_is_measured_on_the_plan_and_on_draws(planner):
    found = judge(planner, square(*ONE))
    assert found.finer.runs == 4
    assert found.finer.reserve == pytest.approx(-BLUR, abs=1e-5)
    assert found.finer.margin == pytest.approx(-BLUR, abs=1e-5)
    assert found.sample.bias == pytest.approx(0.5 * CELLS_SCATTER)
    wanted = found.sample.assess(found.finer.reserve, found.finer.margin)
    assert found.probability.complete == wanted.complete
    # how little four runs say of it widens every interval
    sure = replace(found.sample, bias=0.0).assess(found.finer.reserve).complete
    assert sure.value == found.probability.complete.value
    assert sure.high - sure.low < wanted.complete.high - wanted.complete.low


def test_several_placements_are_taken_to_fine_cells_before_and_checked_there(planner):
    plan = square(*TWO)
    pilot, found = judge(planner, plan, is_pilot=True), judge(planner, plan)
    assert (pilot.finer.runs, pilot.is_checked) == (0, False)
    assert (found.finer.runs, found.is_checked) == (2, True)
    assert found.finer.reserve == pytest.approx(0.0, abs=1e-5)
    assert pilot.best.reserve == found.best.reserve
    assert planner.judge.spare(found) == found.sample.spare(0.9) + found.finer.reserve


def test_draws_that_are_on_such_fine_cells_already_are_not_run_twice(planner):
    plan = square(*ONE)
    planner.fine_bench.spacing = planner.bench.spacing
    fine = planner.judge._fine_tasks(plan)[1:]
    assert len(fine) == 3
    assert fine == planner.trials.tasks(plan, range(3))


def test_less_energy_of_what_fell_short_falls_short(planner):
    short = square(*ONE, energy=1000.0)
    assert not judge(planner, short).is_reached
    assert planner._fell_short(short)
    assert planner._fell_short(with_energy(short, 900.0))
    assert not planner._fell_short(with_energy(short, 1100.0))
    assert not planner._fell_short(square(*ONE, energy=900.0, spacing=12e-3))
