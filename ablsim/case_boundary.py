"""Conditions on the outer faces of the domain, as the case file says them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ablsim.case_fields import Choice
from ablsim.case_written import as_written
from ablsim.errors import CaseError
from ablsim.quantities import HEAT_TRANSFER_COEFFICIENT, TEMPERATURE, FieldType

_COEFFICIENT = HEAT_TRANSFER_COEFFICIENT.within("0 W/(m^2 K)", "100000 W/(m^2 K)")
_AMBIENT = TEMPERATURE.within("-100 degC", "100 degC")
_CONVECTIVE = '{ kind = "convective", coefficient = "10 W/(m^2 K)", ambient = "22 degC" }'


@dataclass(frozen=True, slots=True)
class Boundary:
    """What holds on one face of the domain.

    Parameters
    ----------
    kind : {"body", "insulated", "convective"}
        Held at body temperature, no heat flow, or heat flow to the surroundings.
    coefficient : float
        Heat transfer coefficient of a convective face [W/(m^2 K)].
    ambient : float
        Temperature of the surroundings of a convective face [K].
    """

    kind: Literal["body", "insulated", "convective"]
    coefficient: float = 0.0
    ambient: float = 0.0


@dataclass(frozen=True, slots=True)
class BoundaryType(FieldType):
    """A word, or a table for a convective face."""

    def read(self, value: object) -> Boundary:
        """Return the condition."""
        kinds = Choice(("body", "insulated", "convective"))
        if isinstance(value, Boundary):
            return value
        if not isinstance(value, Mapping):
            kind = kinds.read(value)
            if kind == "convective":
                msg = f"a convective face needs more; write {_CONVECTIVE}"
                raise CaseError(msg)
            return Boundary("body" if kind == "body" else "insulated")
        unknown = [str(key) for key in value if key not in {"kind", "coefficient", "ambient"}]
        kind = kinds.read(value.get("kind"))
        wanted = {"coefficient", "ambient"} if kind == "convective" else set()
        if unknown or set(value) - {"kind"} != wanted:
            msg = f'{dict(value)!r} is not a condition; write "body", "insulated" or {_CONVECTIVE}'
            raise CaseError(msg)
        if kind != "convective":
            return Boundary("body" if kind == "body" else "insulated")
        numbers = {}
        for key, quantity in (("coefficient", _COEFFICIENT), ("ambient", _AMBIENT)):
            try:
                numbers[key] = quantity.read(value[key])
            except CaseError as error:
                msg = f"{key}: {error}"
                raise CaseError(msg) from None
        return Boundary("convective", numbers["coefficient"], numbers["ambient"])

    def write(self, value: Boundary) -> Any:
        """Return the word or the table."""
        if value.kind != "convective":
            return value.kind
        return {
            "kind": "convective",
            "coefficient": _COEFFICIENT.write(value.coefficient),
            "ambient": _AMBIENT.write(value.ambient),
        }

    def json_schema(self) -> dict[str, Any]:
        """Return the schema: word or table."""
        table = {
            "type": "object",
            "properties": {
                "kind": {"const": "convective"},
                "coefficient": _COEFFICIENT.json_schema(),
                "ambient": _AMBIENT.json_schema(),
            },
            "required": ["kind", "coefficient", "ambient"],
            "additionalProperties": False,
        }
        return {"anyOf": [{"enum": ["body", "insulated"]}, table]}


@as_written.register
def _(boundary: Boundary) -> Any:
    return BoundaryType().write(boundary)
