"""Field types of the case file that are more than a quantity, and what all its tables share."""

import difflib
import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ablsim.case_messages import CASE_HINTS, Hints, describe_problems, join_problems
from ablsim.case_written import as_written
from ablsim.errors import CaseError
from ablsim.protocol import Step, parse_step
from ablsim.quantities import FieldType, Quantity, refuse_later, shown
from ablsim.steps import write_step
from ablsim.tissue.wavelength import NANOMETRES, to_nanometres

_NANOMETRES = Quantity("length", "nm", "1064 nm")


@dataclass(frozen=True, slots=True)
class Number(FieldType):
    """A pure number within limits."""

    example: float
    low: float
    high: float
    low_excluded: bool = False
    high_excluded: bool = False
    why: str = ""

    def read(self, value: object) -> float:
        """Return the number."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            msg = f"{shown(value)} is not a pure number; write for example {self.example}"
            raise CaseError(msg)
        too_low = value <= self.low if self.low_excluded else value < self.low
        too_high = value >= self.high if self.high_excluded else value > self.high
        if too_low or too_high or math.isnan(value):
            low = "more than" if self.low_excluded else "at least"
            high = "less than" if self.high_excluded else "at most"
            msg = (
                f"{shown(value)} is outside what is allowed, {low} {self.low:g} and {high} "
                f"{self.high:g}{self.why}; write for example {self.example}"
            )
            raise CaseError(msg)
        return float(value)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the number."""
        low = "exclusiveMinimum" if self.low_excluded else "minimum"
        high = "exclusiveMaximum" if self.high_excluded else "maximum"
        return {"type": "number", low: self.low, high: self.high, "examples": [self.example]}


@dataclass(frozen=True, slots=True)
class Whole(FieldType):
    """A whole number within limits."""

    example: int
    low: int
    high: int

    def read(self, value: object) -> int:
        """Return the number."""
        remedy = f"write for example {self.example}"
        if isinstance(value, bool) or not isinstance(value, int):
            msg = f"{shown(value)} is not a whole number; {remedy}"
            raise CaseError(msg)
        if not self.low <= value <= self.high:
            msg = f"{shown(value)} is outside what is allowed, {self.low} to {self.high}; {remedy}"
            raise CaseError(msg)
        return value

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the number."""
        return {
            "type": "integer",
            "minimum": self.low,
            "maximum": self.high,
            "examples": [self.example],
        }


@dataclass(frozen=True, slots=True)
class NamedNumber(FieldType):
    """A pure number, or a name that stands for one.

    Parameters
    ----------
    number : Number
        How a number is read.
    named : dict
        Values by name.
    """

    number: Number
    named: dict[str, float]

    def read(self, value: object) -> float:
        """Return the number, or that of the name."""
        if not isinstance(value, str):
            return self.number.read(value)
        return self.named[Choice(tuple(self.named)).read(value)]

    def json_schema(self) -> dict[str, Any]:
        """Return the schema: number or name."""
        return {"anyOf": [self.number.json_schema(), {"enum": list(self.named)}]}


@dataclass(frozen=True, slots=True)
class Words(FieldType):
    """Text that is not empty."""

    example: str
    one_word: bool = False
    may_be_empty: bool = False

    def read(self, value: object) -> str:
        """Return the text without blanks around it."""
        if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
            msg = f"{value!a} holds half a letter (a lone surrogate); write the text anew"
            raise CaseError(msg)
        if self.may_be_empty and isinstance(value, str):
            return value
        if not isinstance(value, str) or not value.strip():
            msg = f'{shown(value)} is not a text; write for example "{self.example}"'
            raise CaseError(msg)
        if self.one_word and ("," in value or len(value.split()) != 1):
            msg = (
                f'"{value}" must be one word without commas, so that steps can say '
                f'"with {self.example}, ..."; write for example "{self.example}"'
            )
            raise CaseError(msg)
        return value.strip()

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the text."""
        if self.may_be_empty:
            return {"type": "string"}
        pattern = r"^[^\s,]+$" if self.one_word else r"\S"
        return {"type": "string", "pattern": pattern, "examples": [self.example]}


@dataclass(frozen=True, slots=True)
class Choice(FieldType):
    """One of a few words.

    Parameters
    ----------
    allowed : tuple of str
        The words.
    later : dict
        Words that a later version will allow, and what they stand for.
    """

    allowed: tuple[str, ...]
    later: dict[str, str] = field(default_factory=dict)

    def read(self, value: object) -> str:
        """Return the word."""
        words = " or ".join(f'"{word}"' for word in self.allowed)
        if isinstance(value, str) and value in self.later:
            refuse_later(f'"{value}"', self.later[value], f"use {words} today")
        if not isinstance(value, str) or value not in self.allowed:
            close = difflib.get_close_matches(str(value), self.allowed, n=1)
            hint = f'did you mean "{close[0]}"? ' if close else ""
            msg = f"{shown(value)} is not known; {hint}allowed: {words}"
            raise CaseError(msg)
        return value

    def json_schema(self) -> dict[str, Any]:
        """Return the schema: the words."""
        return {"enum": list(self.allowed)}


@dataclass(frozen=True, slots=True)
class StepType(FieldType):
    """A sentence or a table."""

    def read(self, value: Any) -> Step:
        """Return the step."""
        return parse_step(value)

    def write(self, value: Step) -> str | dict[str, Any]:
        """Return the sentence, or the table of a laser log."""
        return write_step(value)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema: text or table."""
        sentence = {
            "type": "string",
            "pattern": r"^\s*(([Dd]eliver|[Rr]amp|[Rr]est|[Pp]ull[ -]*back|[Rr]eposition)\s"
            r"|[Nn]ew[ -]+session)",
            "description": "deliver ... for/until ..., ramp from ... to ... over ..., "
            "rest for ..., pull back ..., reposition by ..., new session",
            "examples": ["deliver 5 W until 1800 J", "pull back 12 mm", "rest for 180 s"],
        }
        table = {
            "type": "object",
            "properties": {
                "deliver": {"type": "object"},
                "ramp": {"type": "object"},
                "reposition": {"type": ["array", "object"]},
                "new_session": {"type": "object"},
                "rest": {"type": ["string", "object"]},
                "pull_back": {"type": ["string", "object"]},
            },
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        }
        return {"anyOf": [sentence, table]}


@dataclass(frozen=True, slots=True)
class Wavelength(FieldType):
    """The laser's wavelength, one of those at which the spectra of tissue are known."""

    def read(self, value: object) -> float:
        """Return the wavelength [m]; half a nanometre off is that of the spectra."""
        return to_nanometres(_NANOMETRES.read(value)) / 1e9

    def write(self, value: float) -> str:
        """Return what stands in the case file."""
        return _NANOMETRES.write(value)

    def json_schema(self) -> dict[str, Any]:
        """Return the schema."""
        known = ", ".join(map(str, NANOMETRES))
        return {**_NANOMETRES.json_schema(), "description": f"wavelength in nm: {known}"}


class Table(BaseModel):
    """A table of the case file: unknown keys are refused, values do not change.

    It is made with the keys of the case file and with what stands there behind them: quantities
    are texts with a unit.

    Raises
    ------
    CaseError
        If a key or a value is wrong; the message lists all problems of the table.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    section: ClassVar[tuple[str, ...]] = ()
    """Where the table stands in a case file."""
    hints: ClassVar[Hints] = CASE_HINTS
    """What messages say about the keys of its kind of file."""

    def __init__(self, **keys: Any) -> None:
        said = as_written(keys)
        try:
            super().__init__(**said)
        except ValidationError as error:
            problems = describe_problems(
                error, said, type(self), within=self.section, hints=self.hints
            )
            raise CaseError(join_problems(type(self).__name__, problems)) from None
        # what a table fills in by itself was not said: left out, it is filled in again
        fields = type(self).model_fields
        self.model_fields_set.intersection_update(
            name for name, field in fields.items() if (field.alias or name) in said
        )

    # pydantic then reads the tables within a case without coming by here, all their problems at
    # once
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]
