"""Where fibres end up: as far off as stated, the same again for the same words."""

import numpy as np
import pytest

from ablsim.cohort.study_tables import PlacementTable
from ablsim.cohort.targeting import miss
from ablsim.errors import CaseError

AIMS = ((-7.5e-3, 0.0, 0.0), (7.5e-3, 0.0, 0.0))
DOWN = (0.0, 0.0, -1.0)


def misses(n=3000, direction=DOWN, **errors):
    table = PlacementTable(**{"closest": "1 mm", **errors})
    return np.array([miss(AIMS, direction, table, 1, i) for i in range(n)]) - AIMS


def test_without_errors_every_fibre_goes_where_it_is_meant_to():
    table = PlacementTable(lateral="0 mm", depth="0 mm", shift="0 mm")
    assert miss(AIMS, DOWN, table, 1, "a") == AIMS


def test_the_same_words_miss_in_the_same_way():
    table = PlacementTable()
    assert miss(AIMS, DOWN, table, 1, "a", 0) == miss(AIMS, DOWN, table, 1, "a", 0)
    assert miss(AIMS, DOWN, table, 1, "a", 0) != miss(AIMS, DOWN, table, 1, "a", 1)


def test_each_fibre_has_its_own_error_across_and_along():
    off = misses(lateral="2 mm", depth="3 mm", shift="0 mm")
    assert 1e3 * off.std(axis=0) == pytest.approx(np.array([[2, 2, 3], [2, 2, 3]]), rel=0.05)
    assert abs(np.corrcoef(off[:, 0, 1], off[:, 1, 1])[0, 1]) < 0.05
    assert 1e3 * np.abs(off.mean(axis=0)).max() < 0.2
    sideways = misses(direction=(1.0, 0.0, 0.0), lateral="2 mm", depth="3 mm", shift="0 mm")
    assert 1e3 * sideways[:, 0].std(axis=0) == pytest.approx([3, 2, 2], rel=0.05)


def test_a_shift_is_what_all_fibres_have_in_common():
    off = misses(lateral="0 mm", depth="0 mm", shift="2.5 mm")
    assert off[:, 0] == pytest.approx(off[:, 1], abs=1.1e-6)
    assert 1e3 * off[:, 0].std(axis=0) == pytest.approx([2.5, 2.5, 2.5], rel=0.05)


def test_fibres_that_come_too_close_are_inserted_anew():
    table = PlacementTable(lateral="4 mm", closest="9 mm")
    tips = np.array([miss(AIMS, DOWN, table, 1, i) for i in range(300)])
    apart = np.linalg.norm(tips[:, 0] - tips[:, 1], axis=1)
    assert 9e-3 <= apart.min() < 10e-3


def test_a_distance_that_is_hardly_ever_kept_is_refused():
    table = PlacementTable(lateral="0.1 mm", depth="0.1 mm", shift="0 mm", closest="30 mm")
    with pytest.raises(CaseError, match=r"placement.closest: .* never kept 30 mm"):
        miss(AIMS, DOWN, table, 1, "a")
