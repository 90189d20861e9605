"""Units: text with a unit becomes SI and back, to the bit; what is no quantity is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablsim.errors import CaseError
from ablsim.quantities import (
    ANGLE,
    DURATION,
    LENGTH,
    TEMPERATURE,
    TEMPERATURE_DIFFERENCE,
    unit_vector,
)
from ablsim.units import (
    read_quantity,
    to_celsius,
    to_kelvin,
    to_ml,
    to_mm,
    to_si,
    write_quantity,
)


@pytest.mark.parametrize(
    ("value", "unit", "si"),
    [
        (0.3, "mm", 3e-4),
        (0.5, "1/cm", 50.0),
        (37.0, "degC", 310.15),
        (98.6, "degF", 310.15),
        (257.7, "kJ/mol", 257700.0),
        (0.5, "W/(m K)", 0.5),
        (1.06, "g/cm^3", 1060.0),
        (3.6, "kJ/(kg K)", 3600.0),
        (0.0155, "1/s", 0.0155),
        (1.0, "1", 1.0),
        (6.0, "min", 360.0),
        (180.0, "deg", math.pi),
    ],
)
def test_a_value_in_a_customary_unit_becomes_si(value, unit, si):
    assert to_si(value, unit) == pytest.approx(si, rel=1e-15)


@pytest.mark.parametrize("unit", ["mL/min/100g", "mL/min/100 g", "mL/(min hg)"])
def test_perfusion_per_hundred_grams_is_ten_times_perfusion_per_kilogram(unit):
    assert to_si(100.0, unit) == pytest.approx(to_si(1000.0, "mL/min/kg"), rel=1e-14)
    assert to_si(1000.0, "mL/min/kg") == pytest.approx(1e-3 / 60.0, rel=1e-14)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_refused(value):
    with pytest.raises(CaseError, match="not a finite number"):
        to_si(value, "mm")


def test_an_unknown_unit_is_named():
    with pytest.raises(CaseError, match='"furlongs per fortnigth" is unknown'):
        to_si(1.0, "furlongs per fortnigth")


def test_edges_of_the_program_work_on_numbers_and_arrays():
    assert to_celsius(to_kelvin(37.0)) == pytest.approx(37.0)
    assert to_mm(0.015) == 15.0
    assert to_ml(1e-6) == 1.0
    field = np.array([310.15, 373.15], dtype=np.float32)
    assert to_celsius(field).dtype == np.float32
    assert to_celsius(field) == pytest.approx([37.0, 100.0], abs=1e-4)


@pytest.mark.parametrize(
    ("text", "dimension", "complaint"),
    [
        (5, "length", "bare number 5 has no unit.*5 mm"),
        (37.0, "temperature", "bare number 37.0 has no unit.*37.0 degC"),
        ("5", "length", "5 has no unit"),
        ("5 W", "length", '"5 W" is a power: a length is needed'),
        ("37 C", "temperature", "is an electric charge: a temperature is needed"),
        ("300 S", "duration", "is an electric conductance: a duration is needed"),
        ("30 mm", "angle", "is a length: an angle is needed"),
        ("1 degC", "temperature difference", "point on a temperature scale"),
        ("5 W/m^2", "heat transfer coefficient", "is an irradiance"),
        ("nan mm", "length", "not a finite number"),
        ("-inf W", "power", "not a finite number"),
        (math.nan, "length", "not a finite number"),
        ("1e999 m", "length", "not a finite length"),
        ("1,5 mm", "length", "comma in its number"),
        ("5 mmm", "length", '"mmm" is unknown'),
        ("9 m^9^9^9", "length", "is unknown"),
        ("9**9**9 m", "length", "is unknown"),
        ("long", "length", "is not a length"),
        (True, "length", "true is not a length"),
        (["1 mm"], "length", "is not a length"),
    ],
)
def test_what_is_no_such_quantity_is_refused_with_the_fix(text, dimension, complaint):
    with pytest.raises(CaseError, match=complaint) as caught:
        read_quantity(text, dimension, "15 mm")
    assert (
        "15 mm" in str(caught.value) or "degC" in str(caught.value) or "5 mm" in str(caught.value)
    )


@pytest.mark.parametrize(
    "text", ["5mm", " 5 mm ", "0.5 cm", "0.005 m", "5e0 mm", "5000 um", "5000 µm"]
)
def test_spacing_and_choice_of_unit_do_not_matter(text):
    assert read_quantity(text, "length", "15 mm") == 0.005


@pytest.mark.parametrize("quantity", [LENGTH, DURATION, TEMPERATURE, TEMPERATURE_DIFFERENCE, ANGLE])
@given(value=st.floats(1e-9, 1e6))
def test_a_quantity_that_is_written_reads_back_to_the_same_bits(quantity, value):
    assert quantity.read(quantity.write(value)) == value


def test_a_quantity_is_written_as_people_write_it():
    assert write_quantity(0.015, "mm") == "15 mm"
    assert write_quantity(310.15, "degC") == "37 degC"
    assert write_quantity(1064e-9, "nm") == "1064 nm"
    assert write_quantity(-0.0, "mm") == "0 mm"
    assert write_quantity(ANGLE.read("30 deg"), "deg") == "30 deg"


def test_limits_are_told_with_their_units():
    quantity = LENGTH.within("0 mm", "4 mm", above=True, example="1 mm")
    assert quantity.read("4 mm") == 0.004
    for text in ("0 mm", "-1 mm", "4.001 mm"):
        with pytest.raises(CaseError, match=r"more than 0 mm and at most 4 mm.*1 mm"):
            quantity.read(text)


@given(st.tuples(*[st.floats(-1e3, 1e3)] * 3).filter(lambda v: max(map(abs, v)) > 1e-6))
def test_a_unit_vector_has_length_one_and_stays_as_it_is(vector):
    unit = unit_vector(vector)
    assert math.hypot(*unit) == pytest.approx(1.0, abs=1e-14)
    assert unit_vector(unit) == unit


@pytest.mark.parametrize("vector", [(0.0, 0.0, 0.0), (math.nan, 0.0, 1.0), (math.inf, 0.0, 0.0)])
def test_a_vector_without_length_points_nowhere(vector):
    with pytest.raises(CaseError, match="points nowhere"):
        unit_vector(vector)
