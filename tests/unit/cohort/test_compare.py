"""Predicted beside observed: by class, over series, lesion by lesion."""

import numpy as np
import pytest

from ablsim.cohort.answers import Answer, LesionAnswers
from ablsim.cohort.compare import BINS, Comparison
from ablsim.cohort.lesions import Lesion, Observed, Population


def answer(fraction, *, volume_ml=10.0, energy=7200.0):
    return Answer(fraction, fraction >= 0.99, 1e-6 * volume_ml, 0.0, energy, 1, 1, 1)


def lesion(name, mm, **keys):
    return Lesion(name, (1e-3 * mm,) * 3, "net_metastasis", **keys)


def compare(study, entries):
    lesions = tuple(dict.fromkeys(entry.lesion for entry in entries))
    comparison = Comparison(study, Population(lesions))
    for entry in entries:
        comparison.add(entry)
    return comparison


def entry(one, *fractions, policy="rules", **keys):
    answers = tuple(None if f is None else answer(f, **keys) for f in fractions)
    return LesionAnswers(one, policy, answers)


def test_a_class_reaches_up_to_its_upper_end_and_no_further(make_study):
    found = compare(
        make_study(),
        [entry(lesion("a", 20.0), 1.0), entry(lesion("b", 20.1), 0.5), entry(lesion("c", 80), 0.2)],
    ).classes()
    assert [(e["diameter_mm"], e["n"]) for e in found] == [
        ([0.0, 20.0], 1), ([20.0, 30.0], 1), ([50.0, None], 1)
    ]  # fmt: skip


def test_a_class_counts_every_draw_that_has_a_result(make_study):
    (found,) = compare(
        make_study(),
        [entry(lesion("a", 15), 1.0, 0.9, None), entry(lesion("b", 15), 0.995, 0.8, 0.7)],
    ).classes()
    assert (found["n"], found["draws"]) == (2, 5)
    assert found["ablated_fraction"]["median"] == 0.9
    assert (found["complete_rate"]["count"], found["complete_rate"]["of"]) == (2, 5)
    assert found["complete_rate"]["in_a_series"]["p95"] == pytest.approx(1.0, abs=0.11)
    assert found["energy_per_volume_j_per_ml"]["median"] == 720.0


def test_strata_are_told_apart_and_together(make_study):
    found = compare(
        make_study(),
        [
            entry(lesion("a", 15, stratum="vascular"), 0.5),
            entry(lesion("b", 15, stratum="avascular"), 1.0),
        ],
    ).classes()
    rates = {e["stratum"]: e["complete_rate"]["rate"] for e in found}
    assert rates == {None: 0.5, "vascular": 0.0, "avascular": 1.0}


def test_what_was_observed_of_single_lesions_stands_beside_its_class(make_study):
    seen = [Observed(None, 0.9, False), Observed(None, 1.0, True), Observed()]
    entries = [entry(lesion(f"L{i}", 15, observed=one), 0.9) for i, one in enumerate(seen)]
    (found,) = compare(make_study(), entries).classes()
    assert (
        found["observed"]["complete_rate"]["count"],
        found["observed"]["complete_rate"]["of"],
    ) == (1, 2)
    assert found["observed"]["ablated_fraction"]["median"] == 0.95


def test_an_aggregate_observation_is_compared_series_by_series(make_study):
    """Three lesions up to 40 mm in two draws: all complete in the first, two in the second."""
    study = make_study({"observation": [
        {"to": "40 mm", "lesions": 3, "complete": 2}, {"from": "55 mm", "fraction_over": 0.6}
    ]})  # fmt: skip
    small = [
        entry(lesion(n, mm), 1.0, f)
        for n, mm, f in (("a", 15, 1.0), ("b", 40, 1.0), ("c", 30, 0.9))
    ]
    large = [entry(lesion("d", 60), 0.7, 0.7), entry(lesion("e", 90), 0.8, 0.5)]
    complete, over = compare(study, [*small, *large]).observations()
    assert complete["observed"]["complete_rate"]["of"] == 3
    predicted = complete["predicted"]
    assert (predicted["series"], predicted["lesions"]["median"]) == (2, 3)
    assert predicted["all_complete"]["rate"] == 0.5
    assert predicted["as_many_complete"]["rate"] == 1.0
    assert predicted["complete_rate"]["rate"] == pytest.approx(5 / 6, abs=1e-5)
    assert over["diameter_mm"] == [55.0, None]
    assert over["predicted"]["all_over"]["rate"] == 0.5
    assert over["predicted"]["over_rate"]["rate"] == 0.75


def test_a_series_takes_the_energy_of_all_its_lesions_together(make_study):
    study = make_study({"observation": [{"to": "40 mm", "lesions": 2, "complete": 2}]})
    entries = [entry(lesion(f"L{i}", 20, group=i // 2), 1.0, energy=5000.0 + i) for i in range(4)]
    comparison = compare(study, entries)
    (total,) = comparison.totals()
    assert total["energy_j"]["median"] == pytest.approx(10003.0, abs=1.0)
    assert (total["placements"]["median"], total["sessions"]["p95"]) == (2.0, 2.0)
    (found,) = comparison.observations()
    assert found["predicted"]["energy_j"]["p95"] == pytest.approx(5003.0, abs=1.0)


def test_populations_are_series_of_their_own(make_study):
    study = make_study({"observation": [{"to": "40 mm", "lesions": 1, "complete": 1}]})
    entries = [entry(lesion(f"P{g}", 20, group=g), 1.0 if g < 3 else 0.5) for g in range(4)]
    (found,) = compare(study, entries).observations()
    assert found["predicted"]["all_complete"]["of"] == 4
    assert found["predicted"]["all_complete"]["rate"] == 0.75


def test_single_lesions_agree_or_not(make_study):
    rng = np.random.default_rng(1)
    entries = []
    for i in range(40):
        truth = float(rng.uniform(0.4, 0.95))
        draws = np.clip(truth + rng.normal(0.05, 0.05, 20), 0.0, 1.0)
        one = lesion(f"L{i}", 30, observed=Observed(10e-6, truth, truth > 0.9))
        entries.append(entry(one, *draws, volume_ml=12.0))
    (found,) = compare(make_study(), entries).agreements()
    assert found["policy"] == "rules"
    assert found["fraction"]["bias"]["value"] == pytest.approx(0.05, abs=0.01)
    assert found["volume_ml"]["bias"]["value"] == pytest.approx(2.0)
    assert found["ln_volume"]["bias"]["value"] == pytest.approx(np.log(1.2), rel=1e-4)
    assert found["fraction"]["calibration"]["slope"]["value"] == pytest.approx(1.0, abs=0.05)
    assert 0.5 < found["fraction"]["within_p05_to_p95"]["rate"] < 1.0
    assert found["observed_energy_per_volume_j_per_ml"]["median"] == 720.0
    assert 0.0 <= found["complete"]["brier_score"] < 0.1


def test_without_single_observations_there_is_nothing_to_agree_with(make_study):
    assert compare(make_study(), [entry(lesion("a", 20), 1.0)]).agreements() == []


def test_a_curve_has_every_diameter_or_bins_as_full(make_study):
    few = [entry(lesion(f"L{i}", 10 + i), 0.5, 0.7) for i in range(5)]
    assert [row["n"] for row in compare(make_study(), few).curve()] == [2] * 5
    many = [entry(lesion(f"L{i}", 10 + 0.1 * i), 0.5) for i in range(200)]
    rows = compare(make_study(), many).curve()
    assert len(rows) == BINS
    assert sum(row["n"] for row in rows) == 200
    assert [row["diameter_mm"] for row in rows] == sorted(row["diameter_mm"] for row in rows)


def test_a_rate_of_an_unknown_number_stands_without_an_interval(make_study):
    study = make_study({"observation": [{"to": "30 mm", "complete_rate": 0.864}]})
    found = compare(study, [entry(lesion("a", 20.0), 1.0, 0.5), entry(lesion("b", 40.0), 1.0)])
    (seen,) = found.observations()
    assert seen["observed"]["complete_rate"]["rate"] == 0.864
    assert seen["observed"]["complete_rate"]["low"] is None
    assert seen["predicted"]["complete_rate"]["rate"] == 0.5
    assert seen["predicted"]["diameter_mm"]["median"] == 20.0
    assert "all_complete" not in seen["predicted"]
