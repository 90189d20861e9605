"""The planner on make-believe physics, where the best plan is found by trying all."""

import dataclasses
from itertools import product

import numpy as np
import pytest

from ablsim.cohort.study_tables import PlacementTable
from ablsim.errors import CaseError
from ablsim.planning.as_placed import PlacedPlanner
from ablsim.planning.binding import find_binding, find_concessions
from ablsim.planning.burden import Weights, burden_of
from ablsim.planning.drafts import Drafter, with_energy
from ablsim.planning.front import MOST, FrontPoint, _thinned, _without_promises, find_front
from ablsim.planning.make import NoPlanError, make_plan
from ablsim.planning.planner import Planner
from ablsim.planning.prescription import FIBRES, Prescription, arrange, place_pattern
from ablsim.planning.request import Limits, Request
from ablsim.planning.span import Span
from ablsim.planning.subject import Subject, describe_subject, make_subject

DOWN = (0.0, 0.0, -1.0)
EXACT = PlacementTable(lateral="0 mm", depth="0 mm", shift="0 mm")


def subject(diameter="20 mm", changes=None):
    case = describe_subject(
        diameter=diameter, tissue="net_metastasis", perfusion="normal", margin="0 mm",
        background="liver",
    )  # fmt: skip
    return make_subject(case.replace(changes) if changes else case)


def small(**more):
    """A request whose every choice can be tried."""
    return Request(
        **{
            "spacings": Span((12e-3, 15e-3)),
            "energies": Span((900.0, 1350.0, 1800.0)),
            "powers": Span((5.0,)),
            "pull_backs": Span((10e-3,)),
            "max_illuminations": 2,
            "errors": EXACT,
            "draws": 8,
            **more,
        }
    )


def every_plan(request):
    """All single placements at the middle that a small request allows."""
    for pattern, energy, count in product(
        request.patterns, request.energies.values, range(1, request.max_illuminations + 1)
    ):
        spacings = request.spacings.values if FIBRES[pattern] > 1 else (0.0,)
        steps = request.pull_backs.values if count > 1 else (0.0,)
        for spacing, step in product(spacings, steps):
            tips = arrange(pattern, spacing, DOWN)
            placement = place_pattern(
                tips, (0.0, 0.0, 0.0), DOWN,
                energy=energy, illuminations=count, pull_back=step, session=0,
            )  # fmt: skip
            yield Prescription(DOWN, 5.0, (placement,), True, pattern, spacing)


@pytest.mark.parametrize("diameter", ["12 mm", "15 mm"])
def test_the_plan_is_within_2_percent_of_the_best_of_all(make_believe, diameter):
    request, who = small(), subject(diameter)
    planner = Planner(who, request, make_believe)
    found = planner.find()
    assert found.is_feasible
    burdens = []
    for plan in every_plan(request):
        one = planner.bench.run([plan])[0]
        if one is None:
            continue
        sample = planner.trials.draw([plan], 8)[0]
        if sample.assess().complete.value >= request.probability - 0.005:
            burdens.append(one.burden)
    assert found.best.burden <= 1.02 * min(burdens)


def test_more_certainty_costs_more(make_believe):
    who = subject("18 mm")
    burdens = [
        Planner(who, small(probability=p), make_believe).find().best.burden
        for p in (0.5, 0.8, 0.95)
    ]
    assert burdens == sorted(burdens)
    assert burdens[0] < burdens[-1]


def test_refining_saves_burden_and_keeps_the_probability(make_believe):
    who = subject("20 mm")
    coarse = small()
    fine = small(
        spacings=Span((12e-3, 18e-3), is_continuous=True),
        energies=Span((900.0, 1800.0), is_continuous=True),
    )
    rough, refined = (Planner(who, request, make_believe).find() for request in (coarse, fine))
    assert refined.is_feasible
    assert refined.best.burden <= rough.best.burden + 1e-9
    energy = refined.best.plan.energy_per_fibre
    assert energy % 10.0 == pytest.approx(0.0, abs=1e-6)


def test_what_all_the_energy_would_not_save_is_judged_again_only_where_nothing_else_is_left(
    make_believe,
):
    energies = Span((900.0, 1800.0), is_continuous=True)
    planner = Planner(subject("24 mm"), small(energies=energies), make_believe)
    tips = arrange("single", 0.0, DOWN)
    placement = place_pattern(
        tips, (0.0, 0.0, 0.0), DOWN, energy=900.0, illuminations=1, pull_back=0.0, session=0
    )
    trial = planner.trials.run([Prescription(DOWN, 5.0, (placement,), True, "single", 0.0)])[0]
    short = planner.judge.assess(trial, 0.0)
    assert planner.settler.settle(short, others_left=True) is short
    assert len(planner.judge.judged) == 1
    assert planner.settler.settle(short).best.plan.energy_per_fibre > 900.0


def square(energy, illuminations, spacing=12e-3):
    placement = place_pattern(
        arrange("square", spacing, DOWN), (0.0, 0.0, 0.0), DOWN,
        energy=energy, illuminations=illuminations, pull_back=10e-3, session=0,
    )  # fmt: skip
    return Prescription(DOWN, 5.0, (placement,), True, "square", spacing)


@pytest.mark.parametrize(("lack", "kept"), [(-0.5e-3, True), (-1.5e-3, False)])
def test_what_lacks_a_little_with_all_the_energy_is_kept_to_be_looked_at_again(
    make_believe, monkeypatch, lack, kept
):
    energies = Span((900.0, 1800.0), is_continuous=True)
    planner = Planner(subject("24 mm"), small(energies=energies), make_believe)
    short = planner.judge.assess(planner.trials.run([square(900.0, 1)])[0], 0.0)
    monkeypatch.setattr(planner.judge, "spare", lambda found: lack - 0.9e-3)
    monkeypatch.setattr(planner.settler, "_slope", lambda found, before: 1e-6)
    assert planner.settler.settle(short, others_left=True) is short
    assert planner.settler.left == ([square(1800.0, 1)] if kept else [])


@pytest.mark.parametrize("diameter", ["12 mm", "28 mm"])
def test_what_was_left_is_judged_where_the_plan_is_much_dearer(make_believe, diameter):
    planner = Planner(subject(diameter), small(), make_believe)
    dear, cheap = square(1800.0, 2), square(1800.0, 1, spacing=5e-3)
    best = planner.judge.assess(planner.trials.run([dear])[0], 0.0)
    assert planner._reconsider(best) is best  # nothing was left
    planner.settler.left.append(cheap)
    found = planner._reconsider(best)
    assert planner.judge.has_judged(planner.bench.run([cheap])[0])
    judged = planner.judge.judged[-1]
    assert (found is best) == (diameter == "28 mm") == (not judged.is_reached)
    if found is not best:
        assert found.best.burden < 0.85 * best.best.burden


def test_plans_are_checked_on_the_cells_that_are_asked_for(make_believe):
    found = Planner(subject("15 mm"), small(cells=2e-3), make_believe).find()
    assert found.fine.outcome.spacing == pytest.approx(2e-3)


def test_a_front_that_is_thinned_keeps_all_that_was_judged(make_believe):
    planner = Planner(subject("15 mm"), small(), make_believe)
    candidate = planner.find().best
    points = [
        FrontPoint(candidate, i / 40.0, "draws" if i in {3, 17} else "reserve") for i in range(40)
    ]
    kept = _thinned(points)
    assert [one for one in kept if one.basis == "draws"] == [points[3], points[17]]
    assert len(kept) <= MOST + 1


def test_large_tumours_get_several_placements(make_believe):
    found = Planner(subject("50 mm"), small(), make_believe).find()
    plan = found.best.plan
    assert found.is_feasible
    assert len(plan.placements) > 1
    assert plan.sessions == len(plan.placements)  # each its own visit, unless told otherwise


def test_a_plan_of_fewer_placements_that_falls_short_is_not_the_last_one_looked_at(make_believe):
    planner = Planner(subject("50 mm"), small(), make_believe)
    planner.find()
    most = max(planner.bench.candidates, key=lambda one: (one.reserve, one.burden))
    ample = planner.judge.assess(planner.trials.run([most.plan])[0], 0.0)
    assert planner.judge.spare(ample) > 2e-3
    assess, looked_at = planner.judge.assess, []

    def fails_once(trial, reserve):
        found = assess(trial, reserve)
        looked_at.append(found)
        if len(looked_at) == 1:
            found = dataclasses.replace(found, is_reached=False)
            planner.judge.judged[-1] = found
        return found

    planner.judge.judged[:] = [ample]
    planner.judge.assess = fails_once
    thinner = planner._thin(ample)
    assert len(looked_at) > 1
    assert thinner is not ample
    assert thinner.is_reached
    assert thinner.best.burden < ample.best.burden
    assert thinner.best.plan != looked_at[0].best.plan


def test_placements_that_lack_nothing_but_energy_get_it(make_believe, monkeypatch):
    request = small(energies=Span((600.0, 1800.0), is_continuous=True))
    plan = Planner(subject("50 mm"), request, make_believe).find().best.plan
    assert len(plan.placements) > 1
    planner = Planner(subject("50 mm"), request, make_believe)
    weak = planner.trials.run([with_energy(plan, 0.85 * plan.energy_per_fibre)])[0]
    pilot = planner.judge.assess(weak, 0.0, is_pilot=True)
    assert not pilot.is_reached
    monkeypatch.setattr(planner, "_begin", lambda: (20e-3, pilot))  # more than any has
    found = planner.find()
    assert found.is_feasible
    assert found.is_checked
    energy = found.best.plan.energy_per_fibre
    assert energy > pilot.best.plan.energy_per_fibre
    assert with_energy(pilot.best.plan, energy) == found.best.plan


def test_layouts_that_reach_a_little_further_are_tried_before_far_larger_ones(
    make_believe, monkeypatch
):
    energies = Span((1800.0,))
    request = small(energies=energies, probability=0.5)
    plan = Planner(subject("40 mm"), request, make_believe).find().best.plan
    planner = Planner(subject("40 mm"), small(energies=energies), make_believe)
    pilot = planner.judge.assess(planner.trials.run([plan])[0], 0.0, is_pilot=True)
    assert not pilot.is_reached
    # as where the pilot's zones part in its worst draws, which others need not do
    monkeypatch.setattr(planner, "_begin", lambda: (pilot.best.reserve + 6e-3, pilot))
    found = planner.find()
    assert found.is_feasible
    assert len(plan.placements) < len(found.best.plan.placements) < 1.5 * len(plan.placements)
    looked_at = [len(one.best.plan.placements) for one in planner.judge.judged]
    assert max(looked_at) <= 2 * len(plan.placements)


def test_placements_share_the_sessions_that_there_are(make_believe):
    request = small(limits=Limits(sessions=2))
    found = Planner(subject("50 mm"), request, make_believe).find()
    assert found.best.plan.sessions == 2
    assert found.is_feasible


def test_limits_of_a_session_hold(make_believe):
    limits = Limits(energy=8000.0, laser_time=1500.0, insertions=4)
    found = Planner(subject("45 mm"), small(limits=limits), make_believe).find()
    assert not limits.broken_by(found.best.plan)
    assert found.best.is_allowed


def test_an_impossible_demand_gets_the_nearest_plan_and_what_would_have_to_give(make_believe):
    request = small(limits=Limits(sessions=1, placements=1), max_illuminations=1)
    planner = Planner(subject("45 mm"), request, make_believe)
    found = planner.find()
    assert not found.is_feasible
    assert found.is_checked
    others = [one for one in planner.bench.candidates if one.is_allowed]
    assert found.best.reserve >= max(one.reserve for one in others) - 0.5e-3
    gives = find_concessions(found, planner)
    assert any("placements" in one.words for one in gives)
    assert all(one.candidate.reserve > found.best.reserve for one in gives)
    assert any("placements" in words for words in find_binding(found, request))


@pytest.mark.parametrize("away", [21, 22, 23, 24, 25, 26])
def test_organs_with_limits_are_spared(make_believe, away):
    """Also those whose limits only the cells of the treatment say to be passed."""
    organ = {
        "name": "gallbladder",
        "tissue": "bile",
        "shape": "sphere",
        "diameter": "20 mm",
        "centre": [f"{away} mm", "0 mm", "0 mm"],
        "no_go": {"peak_temperature": "45 degC"},
    }
    planner = Planner(subject("20 mm", {"organ": [organ]}), small(), make_believe)
    found = planner.find()
    assert found.best.outcome.within_limits
    known = planner.bench.candidates
    broken = [one for one in known if not one.is_allowed]
    if len(broken) < len(known):  # so near an organ there may be no plan within the limits
        assert found.is_allowed
        assert all(one.plan != found.best.plan for one in broken)


def test_a_plan_whose_needle_would_hit_a_vessel_is_not_allowed_unless_it_is_in(make_believe):
    vein = {"name": "vein", "diameter": "8 mm"}
    vein["points"] = [["-40 mm", "0 mm", "15 mm"], ["40 mm", "0 mm", "15 mm"]]
    planner = Planner(subject("15 mm", {"vessel": [vein]}), small(), make_believe)
    place = place_pattern(
        arrange("single", 0.0, DOWN), (0.0, 0.0, 0.0), DOWN,
        energy=1800.0, illuminations=1, pull_back=0.0, session=0,
    )  # fmt: skip
    through = Prescription(DOWN, 5.0, (place,), True, "single", 0.0)
    assert planner.bench.run([through])[0].broken == ("needle's way",)
    planner.fine_bench.needles_are_in = True
    assert planner.fine_bench.run([through])[0].is_allowed


def test_nothing_goes_through_a_vessel(make_believe):
    vein = {
        "name": "vein",
        "diameter": "8 mm",
        "points": [["-60 mm", "0 mm", "16 mm"], ["60 mm", "0 mm", "16 mm"]],
    }
    found = Planner(subject("20 mm", {"vessel": [vein]}), small(), make_believe).find()
    tips = np.array([tip for p in found.best.plan.placements for tip in p.tips])
    assert (np.abs(tips[:, 1]) >= 4e-3 + 1.4e-3).all()


def test_where_no_needle_comes_through_it_is_said(make_believe):
    wall = {
        "name": "bowel",
        "tissue": "muscle",
        "shape": "half_space",
        "point": ["0 mm", "0 mm", "14 mm"],
        "normal": [0, 0, 1],
        "no_go": {"peak_temperature": "45 degC"},
    }
    who = subject("20 mm", {"organ": [wall]})
    with pytest.raises(NoPlanError, match="no place for fibres"):
        make_plan(who, small(), make_believe)


def test_the_front_rises(make_believe):
    planner = Planner(subject("20 mm"), small(), make_believe)
    found = planner.find()
    front = find_front(found, planner)
    burdens = [point.candidate.burden for point in front]
    assert burdens == sorted(burdens)
    assert sum(point.is_chosen for point in front) == 1
    chances = [point.probability for point in front]
    assert chances == sorted(chances)


def test_no_estimate_stands_above_the_plan_that_was_chosen(make_believe):
    best = Planner(subject("15 mm"), small(), make_believe).find().best

    def point(burden, chance, basis, *, is_chosen=False):
        return FrontPoint(dataclasses.replace(best, burden=burden), chance, basis, is_chosen)

    chosen = point(50.0, 0.91, "draws", is_chosen=True)
    stay = [
        point(48.0, 0.80, "reserve"),
        point(49.0, 0.95, "draws"),
        chosen,
        point(51.0, 0.95, "few draws"),
    ]
    go = [point(48.0, 0.97, "reserve"), point(49.0, 0.92, "few draws")]
    assert _without_promises([*go, *stay]) == stay
    assert _without_promises(go) == go


def test_what_no_fine_cells_have_seen_counts_in_the_front_as_tried_not_as_judged(make_believe):
    planner = Planner(subject("20 mm"), small(), make_believe)
    found = planner.find()
    for is_checked in (True, False):
        planner.judge.judged[:] = [dataclasses.replace(found, is_checked=is_checked)]
        (chosen,) = (point for point in find_front(found, planner) if point.is_chosen)
        assert (chosen.basis == "draws") == is_checked


def test_weights_decide_what_is_best(make_believe):
    who = subject("24 mm")
    dear = small(weights=Weights(insertion=200.0))
    few = Planner(who, dear, make_believe).find().best.plan
    usual = Planner(who, small(), make_believe).find().best.plan
    assert few.insertions <= usual.insertions


def test_the_burden_is_the_sum_of_its_parts():
    tips = arrange("line", 15e-3, DOWN)
    placement = place_pattern(
        tips, (0.0, 0.0, 0.0), DOWN, energy=1500.0, illuminations=2, pull_back=1e-2, session=0
    )
    plan = Prescription(DOWN, 5.0, (placement,), True, "line", 15e-3)
    # a session, two insertions, two illuminations, ten minutes, six kilojoules, four millilitres
    assert burden_of(plan, 4e-6, Weights()) == pytest.approx(30 + 10 + 2 + 10 + 3 + 2)
    assert with_energy(plan, 900.0).energy == pytest.approx(3600.0)


def test_a_plan_can_be_found_twice(make_believe):
    who = subject("22 mm")
    one, other = (Planner(who, small(), make_believe).find() for _ in range(2))
    assert one.best.plan == other.best.plan
    assert one.probability.complete == other.probability.complete


def test_drafts_are_sorted_and_say_what_they_reach(make_believe):
    who, request = subject("20 mm"), small()
    planner = Planner(who, request, make_believe)
    drafts = planner.search._draft_singles()
    assert [d.burden for d in drafts] == sorted(d.burden for d in drafts)
    some = drafts[:: len(drafts) // 12]
    for draft, one in zip(some, planner.bench.run([d.plan for d in some]), strict=True):
        assert one.reserve == pytest.approx(draft.reserve, abs=1.7e-3)  # balls side by side


def test_other_requests_of_the_drafter_are_refused():
    with pytest.raises(CaseError, match=r"probability 1\.5"):
        Request(probability=1.5)
    with pytest.raises(CaseError, match="max fibres 5"):
        Request(max_fibres=5)
    with pytest.raises(CaseError, match='weights "sesion=3"'):
        Weights.parse("sesion=3")
    assert dataclasses.replace(Weights(), session=3.0) == Weights.parse("session=3")
    assert isinstance(Drafter, type)
    assert isinstance(Subject, type)


def test_fibres_that_are_in_stay_where_they_are(make_believe):
    tips = ((-5e-3, 1e-3, -2e-3), (6e-3, -1e-3, 0.0))
    request = small(energies=Span((600.0, 1800.0), is_continuous=True), powers=Span((5.0,)))
    planner = PlacedPlanner(tips, subject("10 mm"), request, make_believe)
    found = planner.find()
    assert found.is_feasible
    (placement,) = found.best.plan.placements
    assert placement.tips == tips
    assert all(one.plan.placements[0].tips == tips for one in planner.bench.candidates)
    assert "as placed" in found.best.plan.describe()
    worst = found.best.outcome.margin_min
    assert worst >= -1e-3
