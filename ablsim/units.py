"""Conversions between the units people write and the SI units everything inside uses.

This is the only module that knows pint, the offset of the Celsius scale and the gas constant.
Conversions of text are done in decimal arithmetic, so that ``"0.3 mm"`` is exactly ``0.0003`` and
a number that is written out reads back to the same bits.
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from decimal import Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError

if TYPE_CHECKING:
    from pint import UnitRegistry

ZERO_CELSIUS = 273.15
"""0 degC on the absolute scale [K]."""

GAS_CONSTANT = 8.314462618
"""Molar gas constant [J/(mol K)]."""

Value = TypeVar("Value", float, NDArray[np.float64], NDArray[np.float32])

NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
"""Regular expression of a number as it is written in a case file."""

_UNIT = re.compile(r"[A-Za-zµμ°/*·^ ()\d²³⁻¹.-]{1,40}")
_TOWER = re.compile(r"\*\*|\^\s*-?\d\d|\^[^A-Za-z/*]*\^")
_PER_AMOUNT = re.compile(r"/\s*(\d+(?:\.\d+)?)\s*(?=[A-Za-zµμ])")
_QUANTITY = re.compile(rf"\s*({NUMBER})\s*(.*?)\s*", re.DOTALL)
_NOT_FINITE = re.compile(r"\s*[+-]?(nan|inf|infinity)\b.*", re.IGNORECASE | re.DOTALL)
_COMMA = re.compile(r"\s*[+-]?\d+(,\d+)+")

# Name of a dimension -> its SI unit and the units that people usually write.
_DIMENSIONS = {
    "length": ("m", "mm, cm, m, um, nm"),
    "duration": ("s", "s, min, h"),
    "power": ("W", "W, mW, kW"),
    "energy": ("J", "J, kJ"),
    "temperature": ("K", "degC, K"),
    "temperature difference": ("K", "K"),
    "angle": ("rad", "deg, rad"),
    "heat transfer coefficient": ("W/(m^2 K)", "W/(m^2 K)"),
    "thermal conductivity": ("W/(m K)", "W/(m K)"),
    "density": ("kg/m^3", "kg/m^3, g/mL"),
    "specific heat capacity": ("J/(kg K)", "J/(kg K)"),
    "heat capacity per volume": ("J/(m^3 K)", "J/(m^3 K)"),
    "area": ("m^2", "mm^2"),
    "volume": ("m^3", "mL"),
    "mass": ("kg", "g, kg"),
    "rate": ("1/s", "1/s"),
    "perfusion per mass": ("m^3/(s kg)", "mL/min/kg, mL/min/100g"),
    "attenuation coefficient": ("1/m", "1/cm, 1/mm"),
    "electric charge": ("C", "C"),
    "electric conductance": ("S", "S"),
    "capacitance": ("F", "F"),
    "power density": ("W/m^3", "W/cm^3"),
    "irradiance": ("W/m^2", "W/cm^2"),
    "speed": ("m/s", "mm/s"),
}
_ANGLE_UNITS = frozenset({"deg", "degree", "degrees", "°", "rad", "radian", "radians", "mrad"})


def to_celsius(kelvin: Value) -> Value:
    """Return an absolute temperature [K] in degrees Celsius."""
    return kelvin - ZERO_CELSIUS


def to_kelvin(celsius: Value) -> Value:
    """Return a temperature in degrees Celsius as absolute temperature [K]."""
    return celsius + ZERO_CELSIUS


def to_mm(metres: Value) -> Value:
    """Return a length [m] in millimetres."""
    return 1e3 * metres


def to_ml(cubic_metres: Value) -> Value:
    """Return a volume [m^3] in millilitres."""
    return 1e6 * cubic_metres


def to_si(value: float, unit: str) -> float:
    """Return ``value`` given in ``unit`` in SI units; temperatures become absolute [K].

    Parameters
    ----------
    value : float
        A finite number.
    unit : str
        For example ``"mm"``, ``"1/cm"``, ``"degC"``, ``"mL/min/kg"``, ``"mL/min/100g"``,
        ``"W/(m K)"``, ``"kJ/mol"``; ``"1"`` or ``""`` for a pure number.

    Raises
    ------
    CaseError
        If the number is not finite or the unit is unknown.

    Examples
    --------
    >>> to_si(0.5, "1/cm"), to_si(37.0, "degC"), to_si(0.3, "mm")
    (50.0, 310.15, 0.0003)
    """
    if not math.isfinite(value):
        msg = f"{value!r} {unit} is not a finite number"
        raise CaseError(msg)
    return float(_convert(Decimal(repr(float(value))), unit))


def read_quantity(text: object, dimension: str, example: str) -> float:
    """Return the SI value of a quantity written as text, such as ``"15 mm"``.

    Parameters
    ----------
    text : object
        What stands in the case file; anything but text is refused with the fix in the message.
    dimension : str
        What is wanted: ``"length"``, ``"power"``, ``"duration"``, ``"temperature"``, ...
    example : str
        A correct value, shown in the message.

    Raises
    ------
    CaseError
        If the unit is missing, unknown or of another dimension, or the number is not finite.
    """
    number, unit = _split(text, dimension, example)
    if unit in {"", "1"}:
        msg = f'{number} has no unit: {_wanted(dimension)}; write for example "{example}"'
        raise CaseError(msg)
    try:
        found = _dimension_of(unit)
    except CaseError as error:
        msg = f'{error}: {_wanted(dimension)}; write for example "{example}"'
        raise CaseError(msg) from None
    is_difference = dimension == "temperature difference" and unit in {"K", "mK", "kelvin"}
    if found != dimension and not is_difference:
        if dimension == "temperature difference" and found == "temperature":
            found = "point on a temperature scale"
        msg = f'"{text}" is {_with_article(found)}: {_wanted(dimension)}; write "{example}"'
        raise CaseError(msg)
    value = float(_convert(Decimal(number), unit))
    if not math.isfinite(value):
        msg = f'"{text}" is not a finite {dimension}; write for example "{example}"'
        raise CaseError(msg)
    return value


def write_quantity(value: float, unit: str) -> str:
    """Return an SI value as text in ``unit``; reading the text gives back the same bits.

    Examples
    --------
    >>> write_quantity(0.015, "mm"), write_quantity(310.15, "degC")
    ('15 mm', '37 degC')
    """
    exact = Decimal(repr(float(value)))
    with _precise():
        in_celsius = unit == "degC"
        number = exact - Decimal(repr(ZERO_CELSIUS)) if in_celsius else exact / _factor(unit)
    for digits in range(1, 26):
        with localcontext() as context:
            context.prec = digits
            rounded = +number
        if float(_convert(rounded, unit)) == value:
            return f"{_plain(rounded)} {unit}"
    si_unit = next(si for si, _ in _DIMENSIONS.values() if _same_dimension(si, unit))
    return f"{_plain(exact)} {si_unit}"


def _split(text: object, dimension: str, example: str) -> tuple[str, str]:
    """Return number and unit of a quantity's text."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        if abs(text) > 1e300 or not math.isfinite(text):
            msg = f'{_shown(text)} is not a finite number; write for example "{example}"'
            raise CaseError(msg)
        fix = _PRESUMED.get(dimension, example.split()[-1])
        msg = f'the bare number {text} has no unit: write it as text, for example "{text} {fix}"'
        raise CaseError(msg)
    if not isinstance(text, str):
        msg = f'{_shown(text)} is not {_with_article(dimension)}; write for example "{example}"'
        raise CaseError(msg)
    if _NOT_FINITE.fullmatch(text):
        msg = f'"{text}" is not a finite number; write for example "{example}"'
        raise CaseError(msg)
    if _COMMA.match(text):
        msg = (
            f'"{text}" has a comma in its number: write a point for decimals and nothing between '
            f'thousands, for example "{example}"'
        )
        raise CaseError(msg)
    parts = _QUANTITY.fullmatch(text)
    if parts is None:
        msg = f'"{text}" is not {_with_article(dimension)}; write for example "{example}"'
        raise CaseError(msg)
    return parts[1], parts[2]


_PRESUMED = {"length": "mm", "temperature": "degC", "angle": "deg"}


def _shown(value: object) -> str:
    if isinstance(value, int) and abs(value) > 1e300:
        return "a number of more than 300 digits"
    text = str(value).lower() if isinstance(value, bool | date | time) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _wanted(dimension: str) -> str:
    return f"{_with_article(dimension)} is needed (in {_DIMENSIONS[dimension][1]})"


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _plain(number: Decimal) -> str:
    """Return a decimal without trailing zeros, without an exponent where that is readable."""
    if number == 0:
        return "0"
    number = number.normalize()
    return f"{number:f}" if 1e-6 <= abs(number) < 1e15 else str(number)


@contextmanager
def _precise() -> Iterator[None]:
    """Work with 40 decimal digits, more than twice those of a float."""
    with localcontext() as context:
        context.prec = 40
        yield


@cache
def _registry() -> "UnitRegistry[Any]":
    """Return pint's units; loaded at the first conversion, because that takes a while."""
    from pint import UnitRegistry

    return UnitRegistry(non_int_type=Decimal, autoconvert_offset_to_baseunit=True)


def _convert(value: Decimal, unit: str) -> Decimal:
    """Return ``value`` in SI base units."""
    with _precise():
        if unit in {"degC", "°C", "celsius"}:
            return value + Decimal(repr(ZERO_CELSIUS))
        if _scaled_unit(unit)[0] in {"degF", "°F", "fahrenheit"}:
            return Decimal(str(_registry().Quantity(value, "degF").to("K").magnitude))
        return value * _factor(unit)


@cache
def _factor(unit: str) -> Decimal:
    """Return how many SI base units one ``unit`` is."""
    name, scale = _scaled_unit(unit)
    if name in {"", "1"}:
        return scale
    with _precise():
        return scale * Decimal(_parsed(name).to_base_units().magnitude)


@cache
def _dimension_of(unit: str) -> str:
    """Return the name of a unit's dimension, as a person would call it."""
    name, _ = _scaled_unit(unit)
    if name in _ANGLE_UNITS:
        return "angle"
    for dimension, (si_unit, _) in _DIMENSIONS.items():
        if dimension not in {"angle", "temperature difference"} and _same_dimension(si_unit, name):
            return dimension
    dimensions = str(_registry().get_dimensionality(_parsed(name).units))
    return "pure number" if dimensions == "dimensionless" else f"quantity of {dimensions}"


def _same_dimension(one: str, other: str) -> bool:
    registry = _registry()
    dimensions = [registry.get_dimensionality(_parsed(name).units) for name in (one, other)]
    return bool(dimensions[0] == dimensions[1])


def _scaled_unit(unit: str) -> tuple[str, Decimal]:
    """Split off numbers in a unit: ``mL/min/100g`` is ``mL/min/g`` divided by 100."""
    scale = Decimal(1)
    for amount in _PER_AMOUNT.findall(unit):
        scale /= Decimal(amount)
    return _PER_AMOUNT.sub("/", unit).strip(), scale


def _parsed(unit: str) -> Any:
    """Return pint's quantity of one ``unit``."""
    if not _UNIT.fullmatch(unit) or _TOWER.search(unit):
        msg = f'the unit "{_shown(unit)[1:-1]}" is unknown'
        raise CaseError(msg)
    registry = _registry()
    try:
        return registry.Quantity(Decimal(1), unit)
    except (AttributeError, ValueError, TypeError, AssertionError, ArithmeticError, SyntaxError):
        msg = f'the unit "{unit}" is unknown'
        raise CaseError(msg) from None
