"""What runs teach the search, and when it looks at several placements."""

from types import SimpleNamespace

import pytest

from ablsim.planning.planner import Planner
from ablsim.planning.request import Request
from ablsim.planning.search import DOUBT, Lessons
from ablsim.planning.subject import describe_subject, make_subject


def draft(group, reserve=2e-3, burden=60.0):
    return SimpleNamespace(group=group, reserve=reserve, burden=burden)


def run(reserve, burden=60.0):
    return SimpleNamespace(reserve=reserve, burden=burden)


ONE, OTHER, MANY = (
    ("square", 1, 1, True),
    ("triangle", 1, 1, True),
    ("square", 3, 2, True),
)


def test_guesses_of_a_group_are_corrected_by_its_runs():
    lessons = Lessons()
    assert lessons.reserve(draft(ONE)) == 2e-3
    assert lessons.doubt(draft(ONE)) == DOUBT
    lessons.learn(draft(ONE), run(3e-3, 70.0))
    lessons.learn(draft(ONE), run(4e-3, 66.0))
    assert lessons.reserve(draft(ONE)) == pytest.approx(3.5e-3)
    assert lessons.burden(draft(ONE)) == pytest.approx(68.0)
    assert lessons.doubt(draft(ONE)) == pytest.approx(0.5e-3)
    assert lessons.reserve(draft(OTHER)) == pytest.approx(3.5e-3)  # until it has runs of its own


def test_one_placement_teaches_nothing_about_several():
    lessons = Lessons()
    lessons.learn(draft(ONE), run(-4e-3))
    assert lessons.reserve(draft(MANY)) == 2e-3
    assert lessons.of_several() == 0.0
    lessons.learn(draft(MANY), run(3e-3))
    assert lessons.of_several() == pytest.approx(1e-3)
    assert lessons.reserve(draft(ONE)) == pytest.approx(-4e-3)


@pytest.fixture
def search(make_believe):
    case = describe_subject(
        diameter="24 mm", tissue="net_metastasis", perfusion="normal", margin="0 mm",
        background="liver",
    )  # fmt: skip
    return Planner(make_subject(case), Request(max_illuminations=2), make_believe).search


def test_several_placements_are_looked_at_only_where_one_is_not_enough(search):
    few = search.find(0.0)
    assert all(len(one.plan.placements) == 1 for one in few)
    far = max(one.reserve for one in few)
    within = search.find(far + 0.5e-3, slack=1e-3)
    assert all(len(one.plan.placements) == 1 for one in within)
    many = search.find(far + 3e-3)
    assert any(len(one.plan.placements) > 1 for one in many)
    assert max(one.reserve for one in many) > far + 1e-3


def test_the_first_batch_is_of_different_kinds_that_reach_far(search):
    scouts = search._scouts()
    assert len({one.group for one in scouts}) == len(scouts) > 3
    drafts = search._draft_singles()
    best = {}
    for one in drafts:
        best[one.group] = max(best.get(one.group, -1.0), one.reserve)
    assert all(one.reserve == best[one.group] for one in scouts)


def test_what_was_found_to_fall_short_keeps_nothing_dearer_from_being_looked_at(make_believe):
    case = describe_subject(
        diameter="24 mm", tissue="net_metastasis", perfusion="normal", margin="0 mm",
        background="liver",
    )  # fmt: skip
    refused = set()

    def least(search):
        known = [one for one in search.find(2e-3) if one.reserve >= 2e-3]
        return min((one for one in known if one.plan not in refused), key=lambda one: one.burden)

    planner = Planner(make_subject(case), Request(max_illuminations=2), make_believe)
    best = least(planner.search)
    refused.add(best.plan)
    planner.search._falls_short = refused.__contains__
    next_best = least(planner.search)
    assert next_best.plan != best.plan
    assert next_best.reserve >= 2e-3
    refused |= {one.plan for one in planner.bench.candidates}  # whatever was run till now
    before = len(planner.bench.candidates)
    assert least(planner.search).plan not in refused
    assert len(planner.bench.candidates) > before
