"""Field types of study files that case files do not have, and what the study's tables share."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from ablsim.case_fields import Choice, Table, Whole
from ablsim.case_messages import Hints
from ablsim.errors import CaseError
from ablsim.quantities import FieldType, shown

COVER = "cover"
"""As many placements as cover the tumour."""

PERFUSIONS = ("normal", "hypovascular", "embolised", "none", "occluded")
"""What a tumour's perfusion may be called, as in a case file."""

_EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "schema": 'schema = "ablsim/study/1"',
        "title": 'title = "200 metastases, working rules"',
        "population": "[population] with lesions = 200, or csv, or reported",
        "population.diameter.distribution": 'distribution = "lognormal"',
        "population.stratum": "[[population.stratum]] with name, weight and tissue",
        "population.stratum.name": 'name = "vascular"',
        "population.stratum.weight": "weight = 0.7",
        "population.stratum.tissue": 'tissue = "net_metastasis"',
        "population.reported.lesions": "lesions = 15",
        "population.reported.mean": 'mean = "35 mm"',
        "population.reported.smallest": 'smallest = "15 mm"',
        "population.reported.largest": 'largest = "120 mm"',
        "population.reported.class": "[[population.reported.class]] with lesions and to",
        "policy": '[policy] with kind = "rules"',
        "policy.kind": 'kind = "rules"',
        "policy.rule": '[[policy.rule]] with up_to = "20 mm", pattern = "line"',
        "policy.rule.up_to": 'up_to = "30 mm"',
        "policy.rule.pattern": 'pattern = "square"',
        "observation": '[[observation]] with to = "40 mm", lesions = 9, complete = 9',
    }
)
_LATER: Mapping[str, str] = MappingProxyType(
    {
        "population.masks": "lesions from image masks",
        "observation.masks": "observed zones from image masks",
        "policy.plan": "the planner",
    }
)


class StudyTable(Table):
    """A table of a study file."""

    hints: ClassVar[Hints] = Hints(_EXAMPLES, _LATER)


@dataclass(frozen=True, slots=True)
class Listed(FieldType):
    """A list of values of one kind, at least one.

    Parameters
    ----------
    each : FieldType
        How one of them is read.
    example : str
        A correct list.
    rising : bool
        Whether each must be larger than the one before.
    """

    each: FieldType
    example: str
    rising: bool = False

    def read(self, value: object) -> tuple[Any, ...]:
        """Return the values."""
        if not isinstance(value, (list, tuple)) or not value:
            msg = f"{shown(value)} is not a list; write for example {self.example}"
            raise CaseError(msg)
        found: list[Any] = []
        for number, entry in enumerate(value, start=1):
            try:
                found.append(self.each.read(entry))
            except CaseError as error:
                msg = f"number {number}: {error}"
                raise CaseError(msg) from None
            if self.rising and len(found) > 1 and not found[-1] > found[-2]:
                msg = (
                    f"number {number}, {shown(entry)}, is not above the one before it, "
                    f"{shown(value[number - 2])}; sort them, for example {self.example}"
                )
                raise CaseError(msg)
        return tuple(found)

    def write(self, value: tuple[Any, ...]) -> list[Any]:
        """Return what stands in the file."""
        return [self.each.write(entry) for entry in value]

    def json_schema(self) -> dict[str, Any]:
        """Return the schema of the list."""
        return {"type": "array", "items": self.each.json_schema(), "minItems": 1}


@dataclass(frozen=True, slots=True)
class WholeOrCover(FieldType):
    """A whole number, or ``"cover"`` (inside: the word)."""

    number: Whole

    def read(self, value: object) -> int | str:
        """Return the number or the word."""
        if value == COVER:
            return COVER
        if isinstance(value, str):
            return Choice((COVER,)).read(value)
        try:
            return self.number.read(value)
        except CaseError as error:
            msg = f'{error}, or "{COVER}"'
            raise CaseError(msg) from None

    def json_schema(self) -> dict[str, Any]:
        """Return the schema: a number or the word."""
        return {"anyOf": [self.number.json_schema(), {"const": COVER}]}
