"""Virtual populations: as distributed as they say, and reproducible from the seed alone."""

import math

import numpy as np
import pytest
from scipy import stats

from ablsim.cohort.population import (
    choose_stratum,
    draw_diameter,
    find_population,
    round_length,
)
from ablsim.cohort.study_tables import DiameterTable, StratumTable
from ablsim.errors import CaseError

LOGNORMAL = {
    "distribution": "lognormal", "median": "25 mm", "log_sd": 0.5, "from": "10 mm", "to": "60 mm"
}  # fmt: skip
MANY = np.linspace(0.0005, 0.9995, 1000)


def quantiles(**keys):
    table = DiameterTable(**keys)
    return np.array([draw_diameter(table, u) for u in MANY])


def test_a_lognormal_keeps_its_shape_between_its_limits():
    drawn = quantiles(**LOGNORMAL)
    ends = [(math.log(end) - math.log(25.0)) / 0.5 for end in (10.0, 60.0)]
    expected = 25e-3 * np.exp(0.5 * stats.truncnorm(*ends).ppf(MANY))
    assert drawn == pytest.approx(expected, rel=1e-9)
    assert (drawn.min() >= 10e-3, drawn.max() <= 60e-3) == (True, True)


def test_a_uniform_distribution_is_even():
    drawn = quantiles(distribution="uniform", **{"from": "10 mm", "to": "30 mm"})
    assert drawn == pytest.approx(10e-3 + 20e-3 * MANY)


def test_a_list_comes_as_often_as_its_weights_say():
    drawn = quantiles(distribution="list", values=["15 mm", "25 mm", "40 mm"], weights=[1, 2, 1])
    values, counts = np.unique(drawn, return_counts=True)
    assert values == pytest.approx([15e-3, 25e-3, 40e-3])
    assert counts.tolist() == [250, 500, 250]
    alike = quantiles(distribution="list", values=["15 mm", "25 mm"])
    assert np.unique(alike, return_counts=True)[1].tolist() == [500, 500]


def test_strata_come_as_often_as_their_weights_say():
    strata = [
        StratumTable(name="a", weight=3, tissue="net_metastasis"),
        StratumTable(name="b", weight=1, tissue="net_metastasis", perfusion="hypovascular"),
    ]
    chosen = [choose_stratum(strata, u).name for u in MANY]
    assert (chosen.count("a"), chosen.count("b")) == (750, 250)
    assert choose_stratum([], 0.3) is None


@pytest.mark.parametrize(
    ("length", "step", "rounded"),
    [(0.0123456, 2e-3, 0.012), (0.0123456, None, 0.01235), (0.0004, 1e-3, 0.001)],
)
def test_lengths_are_rounded_to_whole_steps_and_never_to_nothing(length, step, rounded):
    assert round_length(length, step) == rounded


def test_a_population_is_the_same_for_the_same_seed_and_another_for_another(make_study):
    strata = [
        {"name": "a", "weight": 1, "tissue": "net_metastasis"},
        {"name": "b", "weight": 1, "tissue": "colorectal_metastasis", "perfusion": "embolised"},
    ]
    changes = {"population.lesions": 40, "population.stratum": strata, "population.margin": "5 mm"}
    one, two = (find_population(make_study(changes)) for _ in range(2))
    assert one == two
    other = find_population(make_study({**changes, "seed": 8}))
    assert other.lesions[0].diameter != one.lesions[0].diameter
    kinds = {(lesion.stratum, lesion.tissue, lesion.perfusion) for lesion in one.lesions}
    assert kinds == {
        ("a", "net_metastasis", "normal"),
        ("b", "colorectal_metastasis", "embolised"),
    }
    assert {lesion.margin for lesion in one.lesions} == {5e-3}


def test_more_lesions_leave_the_first_ones_as_they_were(make_study):
    few, many = (find_population(make_study({"population.lesions": n})).lesions for n in (5, 120))
    assert many[:5] == few


def test_reported_populations_are_groups_of_lesions(make_study):
    report = {
        "lesions": 4, "mean": "20 mm", "smallest": "10 mm", "largest": "40 mm", "populations": 3
    }  # fmt: skip
    changes = {
        "population.lesions": None, "population.diameter": None, "population.reported": report
    }  # fmt: skip
    population = find_population(make_study(changes))
    assert (population.groups, len(population.lesions)) == (3, 12)
    for group in range(3):
        sizes = [lesion.diameter for lesion in population.lesions if lesion.group == group]
        assert (min(sizes), max(sizes)) == (10e-3, 40e-3)
        assert np.mean(sizes) == pytest.approx(20e-3, abs=0.501e-3)


def test_unknown_tissues_are_refused_by_key(make_study):
    with pytest.raises(CaseError, match=r"population.tissue: .*did you mean"):
        find_population(make_study({"population.tissue": "net_metastases"}))
