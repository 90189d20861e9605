"""Several placements on coarse and on fine cells, on make-believe physics that coarse blur."""

from dataclasses import replace
from math import dist

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.planning import evaluation
from ablsim.planning.candidates import Bench
from ablsim.planning.drafts import Drafter, with_energy
from ablsim.planning.fine_cells import FineCells
from ablsim.planning.layouts import Ground
from ablsim.planning.prescription import Prescription, arrange, place_pattern
from ablsim.planning.request import Request
from ablsim.planning.span import Span
from ablsim.planning.subject import describe_subject, make_subject
from ablsim.planning.trials import Trials
from tests.unit.planning.conftest import MakeBelieve

DOWN = (0.0, 0.0, -1.0)
BLUR = 2e-3
"""How much deeper zones look on coarse cells of fibres that are far apart [m]."""


class Blurred(MakeBelieve):
    """Physics in which coarse cells make zones of fibres far apart look larger."""

    def _one(self, task):
        record = dict(super()._one(task))
        case = Case.from_text(task.text)
        tips = [fibre.tip for fibre in case.fibres_all[:4]]  # of one placement
        if case.numerics.spacing < 1.5e-3 or max(map(dist, tips, tips[2:]), default=0.0) < 20e-3:
            return record
        if task.kind == "footprint":
            depth = evaluation.read_footprint(record).depth
            return {**record, "depth": evaluation._packed(depth + BLUR)}
        larger = evaluation.read_evaluation(record).deeper(BLUR)
        return {
            **record,
            "ablated_fraction": larger.fraction,
            "ablated_fraction_with_margin": larger.fraction_with_margin,
            "margin_min_mm": 1e3 * larger.margin_min,
            "margin_mean_mm": 1e3 * larger.margin_mean,
            "margins_mm": (1e3 * larger.margins).tolist(),
        }


def subject(diameter="20 mm"):
    case = describe_subject(
        diameter=diameter, tissue="net_metastasis", perfusion="normal", margin="0 mm",
        background="liver",
    )  # fmt: skip
    return make_subject(case)


def square(*middles, spacing=18e-3, energy=1500.0, count=2):
    tips = arrange("square", spacing, DOWN)
    placements = tuple(
        place_pattern(
            tips, middle, DOWN, energy=energy, illuminations=count, pull_back=8e-3, session=number
        )
        for number, middle in enumerate(middles)
    )
    return Prescription(DOWN, 5.0, placements, True, "square", spacing)


ONE, TWO = ((0.0, 0.0, 0.0),), ((-6e-3, 0.0, 0.0), (6e-3, 0.0, 0.0))


@pytest.fixture
def blurred():
    return Blurred()


def cells_of(evaluator, coarse=2.5e-3, fine=1e-3):
    return FineCells(subject(), Request(), evaluator, coarse, fine)


def test_several_placements_lose_on_fine_cells_what_coarse_ones_blur(blurred):
    cells = cells_of(blurred)
    assert cells.deeper(square(*TWO)) == pytest.approx(-BLUR, abs=1e-5)
    assert cells.deeper(square(*TWO, spacing=12e-3)) == 0.0


def test_one_placement_and_cells_that_are_fine_already_take_no_comparing(blurred):
    assert cells_of(blurred).deeper(square(*ONE)) == 0.0
    assert cells_of(blurred).tasks(square(*ONE)) == []
    assert cells_of(blurred, coarse=1e-3).deeper(square(*TWO)) == 0.0
    assert blurred.asked == 0


def test_plans_of_a_kind_share_the_runs(blurred):
    cells, plan = cells_of(blurred), square(*TWO, energy=1200.0)
    cells.deeper(plan)
    assert blurred.asked == 2  # on fine and on coarse cells
    moved = square((-8e-3, 0.0, 0.0), (8e-3, 0.0, 0.0), energy=1200.0)
    for one in (moved, replace(plan, power=6.0)):
        cells.deeper(one)
    assert blurred.asked == 2
    cells.deeper(with_energy(plan, 1350.0))
    cells.deeper(with_energy(plan, 1650.0))
    assert blurred.asked == 4
    cells.deeper(replace(plan, together=False))  # which coarse cells blur in another way
    assert blurred.asked == 6


def test_between_energies_the_change_is_in_proportion(blurred, monkeypatch):
    cells, plan = cells_of(blurred), square(*TWO)
    changes = {600.0: -3e-3, 1200.0: -2e-3, 1800.0: 1e-3}
    monkeypatch.setattr(FineCells, "_change", lambda self, plan, one: changes[one.energy])
    for energy, wanted in ((600.0, -3e-3), (1200.0, -2e-3), (1500.0, -0.5e-3), (1300.0, -1.5e-3)):
        assert cells.deeper(with_energy(plan, energy)) == pytest.approx(wanted)


def test_runs_draws_and_casts_are_all_taken_to_fine_cells(blurred):
    # so little energy that no draw is complete on coarse cells, which forgets what was missed
    who, request, plan = subject(), Request(), square(*TWO, energy=1200.0)
    sharp, rough = (
        Trials(who, request, Bench(who, request, evaluator, 2.5e-3, "evaluation", cells), evaluator)
        for evaluator in (MakeBelieve(), blurred)
        for cells in (FineCells(who, request, evaluator, 2.5e-3, 1e-3),)
    )
    (wanted,), (found,) = sharp.run([plan]), rough.run([plan])
    assert found.candidate.reserve == pytest.approx(wanted.candidate.reserve, abs=1e-5)
    assert found.reserves == pytest.approx(wanted.reserves, abs=2e-5)
    draws = [trials.draw([plan], 4)[0].reserves() for trials in (sharp, rough)]
    assert draws[1] == pytest.approx(draws[0], abs=1e-5)


def test_drafts_are_ranked_on_fine_cells_and_few_are_run_there(blurred):
    who = subject("36 mm")
    request = Request(
        spacings=Span((12e-3, 18e-3)), energies=Span((1200.0, 1800.0)),
        pull_backs=Span((10e-3,)), max_illuminations=3, max_fibres=4,
    )  # fmt: skip
    ground = Ground(who, DOWN, np.zeros(len(who.points)))
    wanted = Drafter(who, request, MakeBelieve()).several(ground, 1e-3)
    found = Drafter(who, request, blurred).several(ground, 1e-3)
    reached = [one for one in found if one.reserve >= 1e-3]
    best = min(one.burden for one in reached)
    assert best == min(one.burden for one in wanted if one.reserve >= 1e-3)
    fine = [
        text for kind, text in blurred.texts
        if kind == "footprint" and Case.from_text(text).numerics.spacing < 1.5e-3
    ]  # fmt: skip
    kinds = {(one.family, one.plan.energy_per_fibre) for one in found}
    assert len(kinds) <= len(fine) < 12  # of 24
