"""Populations that satisfy a report: each as likely as any other, and what follows from it."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from scipy import stats

from ablsim.cohort.reported import find_populations
from ablsim.cohort.study_tables import ReportedTable
from ablsim.errors import CaseError

SERIES = {"lesions": 15, "mean": "35 mm", "smallest": "15 mm", "largest": "120 mm"}


def report(classes=(), **keys):
    return ReportedTable(**{**SERIES, **keys, "class": list(classes)})


def test_every_number_of_the_report_holds_in_every_population():
    table = report([{"at_least": 9, "to": "40 mm"}, {"lesions": 2, "from": "55 mm"}])
    found = find_populations(table, 1e-3)
    for number in range(50):
        sizes = np.array(found.draw(3, number))
        assert len(sizes) == 15
        assert (sizes[0], sizes[-1]) == (15e-3, 120e-3)
        assert sizes.mean() == pytest.approx(35e-3, abs=0.5e-3)
        assert np.count_nonzero(sizes <= 40e-3) >= 9
        assert np.count_nonzero(sizes >= 55e-3) == 2
    assert found.draw(3, 0) == found.draw(3, 0) != found.draw(3, 1)
    assert found.draw(4, 0) != found.draw(3, 0)


def test_all_populations_that_fit_are_as_likely():
    """Against all sequences, written out: one lesion is the smallest, one the largest."""
    keys = {"lesions": 4, "mean": "13 mm", "smallest": "10 mm", "largest": "20 mm"}
    found = find_populations(report(**keys, rounding="1 mm"), 1e-3)
    fitting = [
        tuple(sorted((10, 20, a, b)))
        for a, b in product(range(10, 21), repeat=2)
        if 50 <= 30 + a + b <= 54
    ]
    drawn = Counter(
        tuple(round(1e3 * size) for size in found.draw(1, number)) for number in range(3000)
    )
    expected = Counter(fitting)
    assert set(drawn) == set(expected)
    kinds = sorted(expected)
    weights = np.array([expected[kind] for kind in kinds]) / len(fitting)
    assert stats.chisquare([drawn[kind] for kind in kinds], 3000 * weights).pvalue > 0.01


def test_numbers_that_exclude_each_other_are_refused_with_what_would_go():
    with pytest.raises(
        CaseError, match=r"mean: 35 mm, rounded to 1 mm, .* allow 37 mm to .* give up"
    ):
        find_populations(report([{"lesions": 6, "from": "60 mm"}]), 1e-3)


def test_a_report_whose_numbers_hold_together_only_just_says_so():
    """Nine of at most 40 mm and six of 55 to 120 mm: the mean leaves the nine no room."""
    classes = [{"lesions": 9, "to": "40 mm"}, {"lesions": 6, "from": "55 mm"}]
    found = find_populations(report(classes), 1e-3)
    assert any("The 9 lesions up to 40 mm can only average 15 mm to 15.2" in n for n in found.notes)
    assert any("hold together only just" in note for note in found.notes)
    assert np.mean(found.draw(1, 0)[:9]) < 15.3e-3
    easy = [{"at_least": 9, "to": "40 mm"}, {"at_least": 2, "from": "55 mm"}]
    assert find_populations(report(easy), 1e-3).notes == ()


@pytest.mark.parametrize(
    ("classes", "keys", "words"),
    [
        ([{"lesions": 20, "to": "40 mm"}], {}, "classes hold 20 lesions, but there are 15"),
        ([{"lesions": 3, "to": "10 mm"}], {}, "class#1: no diameter"),
        (
            [{"lesions": 3, "to": "40 mm"}, {"lesions": 3, "from": "30 mm"}],
            {},
            "class#2: overlaps",
        ),
        ([{"lesions": 3, "from": "15 mm"}], {}, "12 of 15 lesions are in no class"),
        (
            [{"lesions": 0, "from": "100 mm"}],
            {},
            "largest: no lesion may be 120 mm",
        ),
    ],
)
def test_reports_that_cannot_be_are_refused(classes, keys, words):
    with pytest.raises(CaseError, match=words):
        find_populations(report(classes, **keys), 1e-3)


def test_one_lesion_is_its_own_mean_and_extremes():
    table = report(lesions=1, mean="30 mm", smallest="30 mm", largest="30 mm")
    assert find_populations(table, 1e-3).draw(1, 0) == (30e-3,)
