"""Field types of the case file: text with a unit outside, SI floats inside.

Each type reads, checks, writes and describes itself, so that a key's unit, limits, message and
JSON Schema have one home.
"""

import math
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Annotated, Any, NoReturn

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.units import NUMBER, read_quantity, write_quantity

PATTERN = rf"^\s*{NUMBER}\s*[A-Za-zµμ°].*$"
"""JSON Schema pattern of a quantity: a number followed by a unit."""


class FieldType:
    """How a value of the case file is read, written and described; subclasses say it."""

    __slots__ = ()

    def read(self, value: object) -> Any:
        """Return the value inside; raise CaseError with what is wrong and the fix."""
        raise CaseError(str(value))

    def write(self, value: Any) -> Any:
        """Return what stands in a case file for ``value``."""
        return value

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the text or table in a case file."""
        return {}

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(self.write),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return self.json_schema()


@dataclass(frozen=True, slots=True)
class Quantity(FieldType):
    """A number with a unit, written as text.

    Parameters
    ----------
    dimension : str
        What it is: ``"length"``, ``"power"``, ...
    unit : str
        The unit it is written in.
    example : str
        A correct value.
    low, high : str
        Limits, with their units; empty for none.
    above : bool
        Whether ``low`` itself is excluded.
    remedy : str
        What to do about a value outside the limits, if an example does not say it.
    """

    dimension: str
    unit: str
    example: str
    low: str = ""
    high: str = ""
    above: bool = False
    remedy: str = ""

    def within(
        self, low: str, high: str, *, above: bool = False, example: str = "", remedy: str = ""
    ) -> "Quantity":
        """Return the same quantity with limits, and an example that fits them."""
        example = example or self.example
        return replace(self, low=low, high=high, above=above, example=example, remedy=remedy)

    def read(self, value: object) -> float:
        """Return the SI value."""
        number = read_quantity(value, self.dimension, self.example)
        low = self._limit(self.low, -math.inf)
        high = self._limit(self.high, math.inf)
        too_low = number <= low if self.above else number < low
        if too_low or number > high:
            remedy = self.remedy or f'write for example "{self.example}"'
            msg = f"{value} is outside what is allowed, {self.allowed}; {remedy}"
            raise CaseError(msg)
        return number

    def write(self, value: float) -> str:
        """Return the text of an SI value, in this quantity's unit."""
        return write_quantity(value, self.unit)

    @property
    def allowed(self) -> str:
        """The limits in words."""
        low = f"more than {self.low}" if self.above else f"at least {self.low}"
        high = f"at most {self.high}"
        if self.low and self.high:
            return f"{low} and {high}" if self.above else f"{self.low} to {self.high}"
        return low if self.low else high if self.high else "any finite value"

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the text."""
        limits = f", {self.allowed}" if self.low or self.high else ""
        return {
            "type": "string",
            "pattern": PATTERN,
            "description": f"{self.dimension} with its unit{limits}",
            "examples": [self.example],
        }

    def _limit(self, text: str, otherwise: float) -> float:
        return read_quantity(text, self.dimension, self.example) if text else otherwise


@dataclass(frozen=True, slots=True)
class Triple(FieldType):
    """Three quantities along the LPS axes x, y and z."""

    each: Quantity

    def read(self, value: object) -> Point:
        """Return the three SI values."""
        if not isinstance(value, (list, tuple)) or len(value) != 3:
            msg = f"{shown(value)} is not a list of three; write for example {self._example()}"
            raise CaseError(msg)
        numbers, problems = [], []
        for axis, text in zip("xyz", value, strict=True):
            try:
                numbers.append(self.each.read(text))
            except CaseError as error:
                problems.append(f"{axis}: {error}")
        if problems:
            raise CaseError("; ".join(problems))
        return (numbers[0], numbers[1], numbers[2])

    def write(self, value: Point) -> list[str]:
        """Return the three texts."""
        return [self.each.write(number) for number in value]

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the list."""
        return {
            "type": "array",
            "items": self.each.json_schema(),
            "minItems": 3,
            "maxItems": 3,
            "description": f"three {self.each.dimension}s along x (left), y (back), z (head)",
        }

    def _example(self) -> str:
        return str([self.each.example] * 3).replace("'", '"')


@dataclass(frozen=True, slots=True)
class Size(Triple):
    """Three lengths, or one length for all three."""

    def read(self, value: object) -> Point:
        """Return the three SI values."""
        if isinstance(value, (list, tuple)):
            return Triple.read(self, value)
        number = self.each.read(value)
        return (number, number, number)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema: text or list."""
        return {"anyOf": [self.each.json_schema(), Triple.json_schema(self)]}


@dataclass(frozen=True, slots=True)
class Direction(FieldType):
    """Three pure numbers that point somewhere; inside, a unit vector."""

    def read(self, value: object) -> Point:
        """Return the unit vector."""
        if not isinstance(value, (list, tuple)) or len(value) != 3:
            msg = f"{shown(value)} is not a list of three numbers; write for example [0, 0, -1]"
            raise CaseError(msg)
        for number in value:
            if isinstance(number, bool) or not isinstance(number, (int, float)):
                msg = f"{shown(number)} is not a pure number; write for example [0, 0, -1]"
                raise CaseError(msg)
            if abs(number) > 1e300 or not math.isfinite(number):
                msg = f"{shown(number)} is not finite; write for example [0, 0, -1]"
                raise CaseError(msg)
        return unit_vector((float(value[0]), float(value[1]), float(value[2])))

    def write(self, value: Point) -> list[float]:
        """Return the three numbers."""
        return [int(number) if number == int(number) else number for number in value]

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the list."""
        return {
            "type": "array",
            "items": {"type": "number"},
            "minItems": 3,
            "maxItems": 3,
            "description": "a direction in LPS axes, of any length but zero",
            "examples": [[0, 0, -1]],
        }


@dataclass(frozen=True, slots=True)
class Auto(FieldType):
    """Either ``"auto"`` (inside: None) or a quantity."""

    given: Quantity

    def read(self, value: object) -> float | None:
        """Return None for "auto", otherwise the SI value."""
        if value is None or value == "auto":
            return None
        try:
            return self.given.read(value)
        except CaseError as error:
            msg = f'{error}, or "auto"'
            raise CaseError(msg) from None

    def write(self, value: float | None) -> str:
        """Return "auto" or the quantity's text."""
        return "auto" if value is None else self.given.write(value)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema: the word or a quantity."""
        return {"anyOf": [{"const": "auto"}, self.given.json_schema()]}


def shown(value: object) -> str:
    """Return a value as it stands in a case file, shortened."""
    if isinstance(value, int) and abs(value) > 1e300:
        return "a number of more than 300 digits"
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    if isinstance(value, bool | date | time):
        text = str(value).lower()  # as TOML writes it
    return text if len(text) <= 60 else f"{text[:57]}..."


def unit_vector(vector: Point) -> Point:
    """Return ``vector`` with length 1; a vector that has it already is returned as it is.

    Raises
    ------
    CaseError
        If the vector has no length.
    """
    largest = max(abs(number) for number in vector)
    if not (math.isfinite(largest) and largest > 0.0):
        msg = f"{list(vector)} points nowhere; write for example [0, 0, -1]"
        raise CaseError(msg)
    x, y, z = (number / largest for number in vector)
    length = math.hypot(x, y, z)
    if abs(length * largest - 1.0) < 1e-14:
        x, y, z = vector
    else:
        x, y, z = x / length, y / length, z / length
    return (x + 0.0, y + 0.0, z + 0.0)


def refuse_later(what: str, capability: str, remedy: str) -> NoReturn:
    """Raise CaseError about something that a later version of ablsim will do."""
    msg = f"not yet: {what} ({capability}) is for a later version of ablsim; {remedy}"
    raise CaseError(msg)


LENGTH = Quantity("length", "mm", "15 mm")
POWER = Quantity("power", "W", "5 W")
ENERGY = Quantity("energy", "J", "1800 J")
DURATION = Quantity("duration", "s", "360 s")
TEMPERATURE = Quantity("temperature", "degC", "37 degC")
TEMPERATURE_DIFFERENCE = Quantity("temperature difference", "K", "0.01 K")
ANGLE = Quantity("angle", "deg", "30 deg")
HEAT_TRANSFER_COEFFICIENT = Quantity("heat transfer coefficient", "W/(m^2 K)", "10 W/(m^2 K)")
ABSORPTION = Quantity("attenuation coefficient", "1/cm", "0.5 1/cm", "0.001 1/cm", "500 1/cm")
SCATTERING = Quantity("attenuation coefficient", "1/cm", "4 1/cm", "0.01 1/cm", "1000 1/cm")
CONDUCTIVITY = Quantity(
    "thermal conductivity", "W/(m K)", "0.52 W/(m K)", "0.02 W/(m K)", "2 W/(m K)"
)
DENSITY = Quantity("density", "kg/m^3", "1079 kg/m^3", "300 kg/m^3", "2500 kg/m^3")
SPECIFIC_HEAT = Quantity(
    "specific heat capacity", "J/(kg K)", "3540 J/(kg K)", "500 J/(kg K)", "5000 J/(kg K)"
)
HEAT_CAPACITY = Quantity(
    "heat capacity per volume", "J/(m^3 K)", "440000 J/(m^3 K)", "1e5 J/(m^3 K)", "5e6 J/(m^3 K)"
)
DIRECTION = Direction()
POSITION = Triple(LENGTH.within("-2 m", "2 m", example="0 mm"))

Length = Annotated[float, LENGTH]
PositiveLength = Annotated[float, LENGTH.within("0 mm", "400 mm", above=True)]
Temperature = Annotated[float, TEMPERATURE.within("0 degC", "100 degC")]
Angle = Annotated[float, ANGLE.within("-360 deg", "360 deg")]
Position = Annotated[Point, POSITION]
UnitVector = Annotated[Point, DIRECTION]
