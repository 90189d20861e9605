"""What is compared with what."""

import math

import pytest

import ablsim
from ablsim.validation import Quantity, log_ratio, make_case, predict, read_rows
from ablsim.validation.predicted import size_of
from ablsim.zone import Zone

ROWS = {row.id: row for row in read_rows()}
ZONE = Zone(volume=2e-6, axes=(0.03, 0.02, 0.01), along=0.018, across=0.022)


def test_axes_of_one_fibre_lie_along_and_across_it_and_of_several_anywhere():
    one, four = ROWS["heis97_bare"], ROWS["steger92_x4"]
    assert size_of(one, ZONE, "volume") == pytest.approx(2.0)
    alone = {n: size_of(one, ZONE, n) for n in ("long axis", "short axis", "diameter")}
    assert alone == pytest.approx({"long axis": 18.0, "short axis": 22.0, "diameter": 22.0})
    names = ("long axis", "middle axis", "short axis", "largest extent")
    array = [size_of(four, ZONE, name) for name in names]
    assert array == pytest.approx([30.0, 20.0, 10.0, 30.0])


def test_a_volume_counts_a_third_and_temperatures_differ_in_kelvin():
    volume = Quantity("volume", 2.0, None, "mL", "two-sided")
    length = Quantity("long axis", 20.0, None, "mm", "maximum")
    warm = Quantity("temperature at 5 mm", 43.0, None, "degC", "two-sided")
    assert log_ratio(volume, 2.0 * 1.1**3) == pytest.approx(math.log(1.1))
    assert log_ratio(length, 22.0) == pytest.approx(math.log(1.1))
    assert log_ratio(warm, 50.0) == pytest.approx(7.0)
    assert log_ratio(volume, 0.0) == -math.inf


@pytest.mark.compiled
def test_a_thermometer_is_read_as_its_row_says():
    row = ROWS["li20_myocardium"]
    result = ablsim.simulate(make_case(row, spacing="4 mm"))
    zones = ablsim.measure_zones(result)
    (value,) = predict(row, result, zones).values()
    curve = result.probe("temperature at 5 mm")
    at_240 = curve.temperatures[abs(curve.times - 240.0).argmin()] - 273.15
    assert value == pytest.approx(at_240, abs=0.3)
    assert value < curve.peak - 273.15 + 1e-6
