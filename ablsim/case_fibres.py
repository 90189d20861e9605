"""The tables of a case file for fibres, one by one or as an array, in SI units."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from ablsim.case_fields import Choice, Number, Table, Words
from ablsim.errors import CaseError
from ablsim.light.fibre import TRANSMISSION, Fibre, FibreKind, Pattern, make_array
from ablsim.quantities import LENGTH, Angle, Position, PositiveLength, UnitVector

REFRACTIVE_INDEX = 1.366
"""Of liver at 1064 nm; a numerical aperture above it has no meaning."""


class _FibreKeys(Table):
    """What single fibres and arrays have in common."""

    kind: Annotated[FibreKind, Choice(("bare", "diffuser"))] = Field(
        description="bare: plane-cut face; diffuser: cylinder that lights along its length"
    )
    direction: UnitVector = Field(description="from the hand to the tip")
    core_diameter: Annotated[float, LENGTH.within("0.05 mm", "3 mm", example="0.3 mm")] = Field(
        0.3e-3, description="of the light-guiding core"
    )
    numerical_aperture: Annotated[
        float,
        Number(0.22, 0.0, REFRACTIVE_INDEX, True, True, " (the refractive index of tissue)"),
    ] = 0.22
    length: (
        Annotated[float, LENGTH.within("0 mm", "100 mm", above=True, example="20 mm")] | None
    ) = Field(None, description="active length of a diffuser")
    transmission: Annotated[float, Number(0.95, 0.0, 1.0, low_excluded=True)] = Field(
        TRANSMISSION["bare"], description="emitted over fired energy; 0.95 bare, 0.70 diffuser"
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_transmission(cls, data: Any) -> Any:
        """Write out the transmission, which defaults by the kind of fibre."""
        if not isinstance(data, Mapping) or data.get("kind") not in ("bare", "diffuser"):
            return data
        return {"transmission": TRANSMISSION[data["kind"]], **data}

    @model_validator(mode="after")
    def _check_length(self) -> Self:
        if self.kind == "bare" and self.length is not None:
            msg = "length: belongs to diffusers, a bare fibre lights from its face; remove it"
            raise CaseError(msg)
        if self.kind == "diffuser" and self.length is None:
            msg = 'length: is missing; write the active length, for example length = "20 mm"'
            raise CaseError(msg)
        return self


class FibreTable(_FibreKeys):
    """``[[fibre]]``: one fibre."""

    section = ("fibre",)

    name: Annotated[str, Words("F1", one_word=True)] | None = Field(
        None, description="unique among fibres; left out, F and the fibre's number"
    )
    tip: Position = Field(description="the cut face, or the far end of the active length")

    def place(self, number: int) -> Fibre:
        """Return the fibre; without a name it is called F and its number."""
        return Fibre(
            name=self.name or f"F{number}",
            kind=self.kind,
            tip=self.tip,
            direction=self.direction,
            core_diameter=self.core_diameter,
            numerical_aperture=self.numerical_aperture,
            length=self.length or 0.0,
            transmission=self.transmission,
        )


class FibreArrayTable(_FibreKeys):
    """``[fibres]``: parallel fibres in a pattern."""

    section = ("fibres",)

    pattern: Annotated[Pattern, Choice(("single", "line", "triangle", "square"))] = Field(
        description="one, two, three or four fibres"
    )
    spacing: PositiveLength | None = Field(None, description="side length of the pattern")
    centre: Position = Field((0.0, 0.0, 0.0), description="centroid of the tips")
    rotation: Angle = Field(0.0, description="of the pattern about the direction")

    @model_validator(mode="after")
    def _check_spacing(self) -> Self:
        if self.pattern != "single" and self.spacing is None:
            msg = f'spacing: is missing for a {self.pattern}; write for example spacing = "15 mm"'
            raise CaseError(msg)
        return self

    def place(self, first_number: int) -> tuple[Fibre, ...]:
        """Return the fibres, numbered from ``first_number``."""
        return make_array(
            kind=self.kind,
            pattern=self.pattern,
            centre=self.centre,
            direction=self.direction,
            spacing=self.spacing or 0.0,
            rotation=self.rotation,
            first_number=first_number,
            core_diameter=self.core_diameter,
            numerical_aperture=self.numerical_aperture,
            length=self.length or 0.0,
            transmission=self.transmission,
        )
