"""What is accepted of a prediction, and how maxima are scored."""

from dataclasses import replace

import pytest

from ablsim.validation import Quantity, read_rows
from ablsim.validation.acceptance import (
    DIFFUSER_RATIO,
    LENGTH_SHARE,
    TEMPERATURE_DIFFERENCE,
    VOLUME_FACTOR,
    accepted,
    is_covered,
    judge,
)

ROWS = {row.id: row for row in read_rows()}
IN_VIVO, BENCH = ROWS["bosman91"], ROWS["sheep_4W"]


def test_the_bands_are_those_fixed_beforehand():
    assert (LENGTH_SHARE, VOLUME_FACTOR, TEMPERATURE_DIFFERENCE) == (0.15, 1.5, 7.0)
    assert DIFFUSER_RATIO == (2.5, 4.0)


def test_each_kind_of_number_has_its_band():
    length = Quantity("short axis", 20.0, None, "mm", "two-sided")
    volume = Quantity("volume", 3.0, 1.0, "mL", "two-sided")
    warm = Quantity("temperature at 5 mm", 43.0, None, "degC", "two-sided")
    ratio = Quantity("occluded / perfused volume", 3.0, None, "1", "two-sided")
    assert accepted(BENCH, length) == accepted(IN_VIVO, length) == pytest.approx((17.0, 23.0))
    assert accepted(IN_VIVO, volume) == accepted(IN_VIVO, ratio) == pytest.approx((2.0, 4.5))
    on_bench = (3.0 * 0.85**3, 3.0 * 1.15**3)
    assert accepted(BENCH, volume) == pytest.approx(on_bench)
    assert accepted(ROWS["heis97_x4_20mm"], volume) == pytest.approx(on_bench)  # flow not stated
    assert accepted(IN_VIVO, warm) == pytest.approx((36.0, 50.0))


def test_a_maximum_is_wrong_only_above_it_and_a_minimum_only_below():
    most = Quantity("long axis", 20.0, None, "mm", "maximum")
    least = Quantity("long axis", 20.0, None, "mm", "minimum")
    assert [judge(accepted(BENCH, most), x) for x in (0.0, 5.0, 22.9, 23.1)] == [
        "within",
        "within",
        "within",
        "outside",
    ]
    assert [judge(accepted(BENCH, least), x) for x in (16.9, 17.1, 99.0)] == [
        "outside",
        "within",
        "within",
    ]


def test_the_row_says_what_is_a_maximum_and_nothing_else_does():
    for row in read_rows():
        of_columns = [
            q for q in row.quantities if q.name not in {r.quantity.name for r in row.readings}
        ]
        for quantity in of_columns:
            assert (quantity.kind == "maximum") == (row.scoring == "measured is a maximum")
    turned = replace(ROWS["heis97_bare"], scoring="two-sided")
    assert {quantity.kind for quantity in turned.quantities} == {"two-sided"}


def test_a_measured_number_lies_in_a_band_or_a_maximum_not_below_it():
    mean = Quantity("volume", 3.0, None, "mL", "two-sided")
    assert is_covered(mean, (2.0, 4.0))
    assert not is_covered(mean, (3.1, 4.0))
    assert not is_covered(mean, (1.0, 2.9))
    most, least = mean._replace(kind="maximum"), mean._replace(kind="minimum")
    assert is_covered(most, (1.0, 2.0))
    assert not is_covered(most, (3.1, 4.0))
    assert is_covered(least, (3.1, 4.0))
    assert not is_covered(least, (1.0, 2.0))
