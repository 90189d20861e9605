"""Each lesion, policy and draw as a complete case: exactly what is meant, and nothing of whose."""

import copy
from math import dist

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.cohort.cases import (
    CaseMaker,
    coordinate,
    draw_coordinate,
    is_law,
    model_error,
    typical_model_error,
)
from ablsim.cohort.chance import uniform
from ablsim.cohort.lesions import Lesion, Observed
from ablsim.cohort.population import find_population
from ablsim.cohort.protocol_text import aims_of
from ablsim.cohort.treatment import choose_treatment
from ablsim.uncertainty.posterior import shipped_posterior

EXACT = {
    "uncertainty.parameters": "none",
    "uncertainty.placement": {"lateral": "0 mm", "depth": "0 mm", "shift": "0 mm"},
}
FAR = [{"up_to": "60 mm", "pattern": "square", "illuminations": 2, "placements": 3, "sessions": 2}]


def lesion(mm=30.0, name="L1", **keys):
    return Lesion(name, (1e-3 * mm,) * 3, "net_metastasis", **keys)


def cases(study, one, policy=0):
    maker = CaseMaker(study, "code")
    return [Case.from_text(job.text) for job in maker.jobs(one, study.policies[policy])]


def tips(case):
    """Where each fibre is at its deepest in each placement."""
    deepest = [p for p in case.protocol.lit_positions if p.pulled_back == 0.0]
    return np.array([[p.place(f).tip for f in case.fibres_all] for p in deepest])


def test_without_uncertainty_a_case_is_what_lesion_and_policy_say(make_study):
    study = make_study({**EXACT, "policy.rule": FAR, "numerics": {"spacing": "3 mm"}})
    one, two = cases(study, lesion(50.0, margin=5e-3))
    assert one == two
    assert (one.tumour.diameter, one.tumour.margin) == (50e-3, 5e-3)
    protocol = one.protocol
    assert (protocol.placements, protocol.sessions, protocol.illuminations) == (3, 2, 6)
    assert protocol.energy_fired(["F1", "F2", "F3", "F4"]) == pytest.approx(3 * 2 * 4 * 1800.0)
    assert (one.numerics.spacing, one.physics.shutdown) == (3e-3, 1.0)
    treatment = choose_treatment(lesion(50.0, margin=5e-3), study.policies[0], study.seed)
    assert tips(one) == pytest.approx(np.array(aims_of(treatment)), abs=1e-9)
    assert not any(position.own for position in protocol.lit_positions)


def test_an_array_is_centred_on_its_placement_over_all_its_pull_backs(make_study):
    rule = [{"up_to": "60 mm", "pattern": "square", "illuminations": 3}]
    (case, _) = cases(make_study({**EXACT, "policy.rule": rule}), lesion(30.0))
    lit = [
        position.place(fibre).tip
        for position in case.protocol.lit_positions
        for fibre in case.fibres_all
    ]
    assert np.mean(lit, axis=0) == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    assert np.ptp(lit, axis=0) == pytest.approx([15e-3, 15e-3, 24e-3])


def test_every_fibre_misses_in_every_placement_in_its_own_way(make_study):
    study = make_study(
        {"policy.rule": FAR, "uncertainty.draws": 40, "uncertainty.parameters": "none"}
    )
    treatment = choose_treatment(lesion(50.0), study.policies[0], study.seed)
    aims = np.array(aims_of(treatment))
    off = np.array([tips(case) - aims for case in cases(study, lesion(50.0))])
    spread = 1e3 * off.reshape(-1, 3).std(axis=0)
    expected = [np.hypot(2.4, 2.5), np.hypot(2.4, 2.5), np.hypot(2.5, 2.5)]
    assert spread == pytest.approx(expected, rel=0.15)
    between = np.corrcoef(off[:, 0, 0, 0], off[:, 1, 0, 0])[0, 1]
    within = np.corrcoef(off[:, 0, 0, 0], off[:, 0, 1, 0])[0, 1]
    assert abs(between) < 0.4 < within + 0.2  # the shift is shared, and drawn for each placement


def test_cells_get_finer_where_errors_bring_fibres_together(make_study):
    study = make_study(
        {
            "uncertainty.draws": 60,
            "uncertainty.parameters": "none",
            "numerics": {"spacing": "3.5 mm"},
            "policy.rule": [{"up_to": "60 mm", "pattern": "line"}],
        }
    )
    found = cases(study, lesion())
    for case in found:
        (one, two) = tips(case)[0]
        assert case.numerics.spacing <= dist(one, two) / 4.0 + 1e-12
    spacings = {case.numerics.spacing for case in found}
    assert max(spacings) == 3.5e-3
    assert len(spacings) > 3


def test_nothing_in_a_case_says_whose_it_is(make_study):
    study = make_study(EXACT)
    seen = Observed(14e-6, 0.9, True)
    one = lesion(30.0, "Mrs Smith", stratum="left lobe", observed=seen, group=3)
    maker = CaseMaker(study, "code")
    (first, _) = maker.jobs(one, study.policies[0])
    (other, _) = maker.jobs(lesion(30.0), study.policies[0])
    assert first == other
    assert "Smith" not in first.text
    assert "lobe" not in first.text


def test_a_job_is_named_by_its_text_and_the_code(make_study):
    study = make_study(EXACT)
    (one, again) = CaseMaker(study, "code").jobs(lesion(), study.policies[0])
    assert one.key == again.key
    assert len(one.key) == 64
    (other, _) = CaseMaker(study, "other code").jobs(lesion(), study.policies[0])
    assert (other.text, other.key != one.key) == (one.text, True)
    (larger, _) = CaseMaker(study, "code").jobs(lesion(31.0), study.policies[0])
    assert larger.key != one.key


def draws(case):
    """What was drawn of a case, by name: perfusion, laws, transmission."""
    tissue = case.tissue
    return {
        "liver": tissue.overrides["liver"].perfusion_rate.value,
        "tumour": tissue.overrides["net_metastasis"].perfusion_rate.value,
        "stasis": case.physics.stasis_shift,
        "shutdown": case.physics.shutdown,
        "char": case.physics.char_fraction,
        "transmission": case.fibres_all[0].transmission,
    }


OWN, LAWS = ("liver", "tumour", "transmission"), ("stasis", "shutdown", "char")


def test_laws_are_the_same_in_all_lesions_of_a_draw_and_the_rest_is_each_ones_own(make_study):
    study = make_study()
    ours, theirs = ([draws(case) for case in cases(study, lesion(name=n))] for n in "AB")
    for name in LAWS:
        assert [d[name] for d in ours] == [d[name] for d in theirs]
        assert ours[0][name] != ours[1][name]
    for name in OWN:
        assert ours[0][name] != theirs[0][name]
    apart = make_study({"uncertainty.laws": "independent"})
    ours, theirs = ([draws(case) for case in cases(apart, lesion(name=n))] for n in "AB")
    assert all(ours[0][name] != theirs[0][name] for name in (*OWN, *LAWS))


def test_random_numbers_are_common_to_all_policies(make_study):
    policies = [
        {"kind": "rules", "name": "a", "rule": [{"up_to": "60 mm", "pattern": "square"}]},
        {"kind": "as_reported", "name": "b", "energy_per_treatment": "21600 J", "treatments": 2.0},
    ]
    study = make_study({"policy": policies})
    one, other = (cases(study, lesion(), policy) for policy in (0, 1))
    assert [draws(case) for case in one] == [draws(case) for case in other]
    shared = tips(one[0])[0] - tips(other[0])[0]  # the same errors about another aim
    assert shared == pytest.approx(np.broadcast_to(shared[0], shared.shape), abs=1e-9)


def test_lesions_of_a_pool_share_its_random_numbers(make_study):
    study = make_study({"uncertainty.pool": 3})
    maker = CaseMaker(study, "code")
    keys = [
        tuple(job.key for job in maker.jobs(lesion(name=f"L{i}"), study.policies[0]))
        for i in range(30)
    ]
    assert len(set(keys)) == 3


def test_every_varied_number_is_one_that_a_case_may_have(make_study):
    study = make_study()
    question = CaseMaker(study, "code").question(lesion(), study.policies[0])
    assert {is_law(factor) for factor in question.factors} == {True, False}
    for factor in question.factors:
        ends = [coordinate(factor, u) for u in (1e-12, 0.5, 1.0 - 1e-12)]
        assert ends == sorted(ends)
        assert max(map(abs, ends)) <= 2.5 + 1e-9
        assert ends[1] == pytest.approx(0.0, abs=1e-9)
        for x in ends:
            varied = copy.deepcopy(question.table)
            factor.apply(varied, x)
            Case.from_dict(varied)


def test_a_measured_perfusion_is_not_varied(make_study):
    known = lesion(perfusion_rate="50 mL/min/100g")
    rates = {draws(case)["tumour"] for case in cases(make_study(), known)}
    assert rates == {500.0}  # mL/min/kg


def test_a_lesion_that_makes_no_case_is_a_job_without_a_text(make_study):
    study = make_study({"policy.rule": [{"up_to": "20 mm", "pattern": "single"}]})
    one, two = CaseMaker(study, "code").jobs(lesion(30.0), study.policies[0])
    assert (one.text, two.text) == ("", "")
    assert "no rule holds for L1 of 30 mm" in one.reason


def test_ellipsoids_keep_their_axes(make_study):
    long = Lesion("L1", (20e-3, 15e-3, 10e-3), "net_metastasis")
    (case, _) = cases(make_study(EXACT), long)
    assert case.tumour.axes == pytest.approx((20e-3, 15e-3, 10e-3))


def test_the_error_of_the_model_is_partly_shared_by_the_lesions_of_a_draw(make_study):
    def errors(common):
        study = make_study(
            {"uncertainty.model_error_shared": common, "uncertainty.model_error": 0.15}
        )
        return np.array(
            [
                [model_error(study, lesion(name=f"L{i}"), draw) for i in (1, 2)]
                for draw in range(2000)
            ]
        )

    for common in (0.0, 0.5, 1.0):
        found = errors(common)
        assert found.std() == pytest.approx(0.15, rel=0.05)
        assert np.corrcoef(found.T)[0, 1] == pytest.approx(common, abs=0.06)


def test_calibrated_parameters_come_together_from_one_joint_draw(make_study):
    posterior = shipped_posterior()
    study = make_study()
    factors = CaseMaker(study, "code").question(lesion(), study.policies[0]).factors
    known = [factor for factor in factors if posterior.column(factor) is not None]
    assert {is_law(factor) for factor in known} == {True, False}
    for laws in (True, False):
        ours = [factor for factor in known if is_law(factor) == laws]
        columns = [posterior.column(factor) for factor in ours]
        x = [draw_coordinate(study, factor, "L1", 3) for factor in ours]
        assert (posterior.coordinates[:, columns] == x).all(axis=1).any()


def test_calibrated_parameters_are_spread_as_the_joint_draws_are(make_study):
    posterior = shipped_posterior()
    study = make_study({"uncertainty.laws": "independent"})
    factors = CaseMaker(study, "code").question(lesion(), study.policies[0]).factors
    known = [factor for factor in factors if posterior.column(factor) is not None]
    columns = [posterior.column(factor) for factor in known]
    found = np.array([[draw_coordinate(study, f, "L1", n) for f in known] for n in range(4000)])
    expected = posterior.coordinates[:, columns]
    assert found.mean(axis=0) == pytest.approx(expected.mean(axis=0), abs=0.06)
    assert np.cov(found.T) == pytest.approx(np.cov(expected.T), abs=0.06)


def test_parameters_may_keep_the_spreads_of_the_library(make_study):
    calibrated, library = make_study(), make_study({"uncertainty.parameters": "library"})
    factors = CaseMaker(library, "code").question(lesion(), library.policies[0]).factors
    for factor in factors:
        theirs, ours = (draw_coordinate(s, factor, "L1", 0) for s in (library, calibrated))
        assert theirs == coordinate(
            factor, uniform(7, "all" if is_law(factor) else "L1", 0, factor.name)
        )
        assert (theirs == ours) == (shipped_posterior().column(factor) is None)


def test_the_error_of_the_model_comes_with_the_joint_draws(make_study):
    posterior, study = shipped_posterior(), make_study()
    assert typical_model_error(study) == np.sqrt(np.mean(posterior.model_error**2))
    errors = [model_error(study, lesion(), draw) for draw in range(4000)]
    assert np.std(errors) == pytest.approx(typical_model_error(study), rel=0.05)
    assert typical_model_error(make_study({"uncertainty.parameters": "library"})) == 0.15
    assert typical_model_error(make_study({"uncertainty.model_error": 0.2})) == 0.2


def test_every_job_comes_lesion_by_lesion_and_draw_by_draw(make_study):
    study = make_study()
    population = find_population(study)
    maker = CaseMaker(study, "code")
    jobs = list(maker.every_job(population))
    assert len(jobs) == maker.count(population) == 12
    assert jobs[2:4] == list(maker.jobs(population.lesions[1], study.policies[0]))
