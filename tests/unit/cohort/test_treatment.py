"""Which lesion gets what: a table by size, or a budget in joules; nothing else decides."""

import numpy as np
import pytest

from ablsim.cohort.lesions import Lesion
from ablsim.cohort.policy_tables import WORKING_RULES, PolicyTable
from ablsim.cohort.treatment import choose_treatment, find_rule
from ablsim.errors import CaseError

RULES = PolicyTable(kind="rules")
REGISTER = PolicyTable(kind="as_reported", energy_per_treatment="7500 J", treatments=1.6)


def lesion(mm, name="L1", **keys):
    return Lesion(name, (1e-3 * mm,) * 3, "net_metastasis", **keys)


@pytest.mark.parametrize(
    ("mm", "fibres", "illuminations", "placements", "sessions", "joules"),
    [
        (10, 1, 1, 1, 1, 1800),
        (15, 1, 1, 1, 1, 1800),
        (15.1, 2, 1, 1, 1, 3600),
        (20, 2, 1, 1, 1, 3600),
        (30, 4, 1, 1, 1, 7200),
        (40, 4, 2, 1, 1, 14400),
        (50, 4, 3, 1, 1, 21600),
        (51, 4, 3, 3, 3, 64800),
    ],
)
def test_the_working_rules_by_size(mm, fibres, illuminations, placements, sessions, joules):
    treatment = choose_treatment(lesion(mm), RULES, 1)
    assert (treatment.fibres, treatment.illuminations) == (fibres, illuminations)
    assert (treatment.placements, len(treatment.sessions)) == (placements, sessions)
    assert treatment.placements * treatment.energy_of_placement == pytest.approx(joules)


def test_the_longest_axis_decides_and_beyond_the_last_rule_nothing_holds():
    long = Lesion("L1", (10e-3, 10e-3, 35e-3), "net_metastasis")
    assert find_rule(long, RULES) == WORKING_RULES[3]
    few = PolicyTable(kind="rules", rule=[{"up_to": "30 mm", "pattern": "square"}])
    with pytest.raises(CaseError, match=r'"rules": no rule holds for L1 of 35 mm; .* 30 mm'):
        choose_treatment(lesion(35), few, 1)


def test_a_treatment_hangs_on_lesion_and_policy_alone():
    assert choose_treatment(lesion(44), RULES, 1) == choose_treatment(lesion(44), RULES, 1)
    assert choose_treatment(lesion(44, "A"), RULES, 1) == choose_treatment(
        lesion(44, "B"), RULES, 9
    )


def test_placements_are_spread_over_the_sessions_in_their_order():
    rule = {"up_to": "90 mm", "pattern": "square", "placements": 5, "sessions": 2}
    policy = PolicyTable(kind="rules", rule=[rule])
    treatment = choose_treatment(lesion(60), policy, 1)
    assert [len(session) for session in treatment.sessions] == [2, 3]
    few = choose_treatment(lesion(60), PolicyTable(kind="rules", rule=[rule], placements_max=1), 1)
    assert [len(session) for session in few.sessions] == [1]


def test_as_many_placements_as_cover_the_tumour_with_its_margin():
    rule = {"up_to": "90 mm", "pattern": "square", "illuminations": 3, "placements": "cover"}
    policy = PolicyTable(kind="rules", rule=[rule], placements_max=30)
    counts = [choose_treatment(lesion(mm), policy, 1).placements for mm in (30, 45, 60)]
    assert (counts[0], counts) == (1, sorted(set(counts)))
    assert choose_treatment(lesion(45, margin=5e-3), policy, 1).placements > counts[1]


def test_until_complete_goes_on_one_placement_a_session():
    rule = {"up_to": "90 mm", "pattern": "square", "placements": 2, "sessions": 1}
    keys = {"kind": "rules", "rule": [rule], "placements_max": 5, "further": 3}
    planned = choose_treatment(lesion(40), PolicyTable(**keys), 1)
    going_on = choose_treatment(lesion(40), PolicyTable(**keys, until="complete"), 1)
    assert going_on.sessions[0] == planned.sessions[0]
    assert [len(session) for session in going_on.sessions] == [2, 1, 1, 1]
    assert (planned.until_complete, going_on.until_complete) == (False, True)
    few = choose_treatment(lesion(40), PolicyTable(**{**keys, "further": 1}, until="complete"), 1)
    assert few.placements == 3
    capped = {**keys, "placements_max": 4}
    assert choose_treatment(lesion(40), PolicyTable(**capped, until="complete"), 1).placements == 4


def test_the_reported_energy_is_given_whatever_divides_it():
    treatment = choose_treatment(lesion(30), REGISTER, 1)
    assert (treatment.fibres, treatment.illuminations) == (4, 1)
    assert treatment.energy_of_placement == pytest.approx(7500.0)
    own = lesion(30, energy=9000.0, pattern="line", illuminations=2, treatments=3)
    treatment = choose_treatment(own, REGISTER, 1)
    assert (treatment.fibres, treatment.illuminations, len(treatment.sessions)) == (2, 2, 3)
    assert treatment.energy_of_placement == pytest.approx(9000.0)
    large = PolicyTable(kind="as_reported", energy_per_treatment="21600 J")
    assert choose_treatment(lesion(30), large, 1).illuminations == 3


def test_an_energy_that_nobody_says_is_asked_for():
    policy = PolicyTable(kind="as_reported")
    with pytest.raises(CaseError, match=r"the energy of L1 is not known; .*\[J\]"):
        choose_treatment(lesion(30), policy, 1)


def count(policy, mm, seed=1):
    many = (lesion(mm, f"L{i}") for i in range(1000))
    return np.array([len(choose_treatment(one, policy, seed).sessions) for one in many])


def test_the_average_number_of_treatments_is_as_reported():
    counts = count(REGISTER, 20)
    assert set(counts) == {1, 2}
    assert counts.mean() == pytest.approx(1.6, abs=0.05)
    assert (counts == count(REGISTER, 20)).all()
    assert (counts != count(REGISTER, 20, seed=2)).any()


def test_larger_lesions_get_more_treatments_where_the_mean_diameter_is_known():
    policy = PolicyTable(
        kind="as_reported", energy_per_treatment="7500 J", treatments=1.6, mean_diameter="35 mm"
    )
    means = [count(policy, mm).mean() for mm in (15, 35, 120)]
    assert means == pytest.approx([1 + 0.6 * mm / 35 for mm in (15, 35, 120)], abs=0.05)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"kind": "rules", "energy_per_treatment": "7500 J"}, "energy_per_treatment: belongs to"),
        (
            {"kind": "as_reported", "rule": [{"up_to": "30 mm", "pattern": "square"}]},
            "rule: belongs to another kind than as_reported",
        ),
        (
            {
                "kind": "rules",
                "rule": [
                    {"up_to": "30 mm", "pattern": "square"},
                    {"up_to": "20 mm", "pattern": "single"},
                ],
            },
            "up_to must rise",
        ),
        ({"kind": "planned"}, "planned.*for a later version"),
        ({"kind": "rules", "fibre": "diffuser"}, "diffuser.*for a later version"),
    ],
)
def test_policies_that_contradict_themselves_are_refused(keys, words):
    with pytest.raises(CaseError, match=words):
        PolicyTable(**keys)
