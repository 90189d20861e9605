"""The tables of a case file that say what is treated; inside, everything is in SI units."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from ablsim.case_boundary import Boundary, BoundaryType
from ablsim.case_fields import Choice, Table, Wavelength, Words
from ablsim.case_overrides import OverrideTable
from ablsim.case_shapes import Orientation, complete_frame
from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.quantities import (
    LENGTH,
    TEMPERATURE,
    Position,
    PositiveLength,
    Size,
    Temperature,
)
from ablsim.shapes import Body, Ellipsoid
from ablsim.tissue.library import get_tissue
from ablsim.tissue.properties import Tissue
from ablsim.tissue.wavelength import REFERENCE, has_composition
from ablsim.units import to_kelvin

FACES = ("x_min", "x_max", "y_min", "y_max", "z_min", "z_max")
"""Outer faces of the domain: right and left, front and back, feet and head."""

_BODY = to_kelvin(37.0)

_Face = Annotated[Boundary, BoundaryType()]
_Edge = LENGTH.within("0 mm", "400 mm", above=True, example="80 mm")
_MASKS = {"mask": "tumours from image masks"}


class BoundaryTable(Table):
    """``[domain.boundary]``: the condition on all faces, or one by one."""

    section = ("domain", "boundary")

    all: _Face = Field(Boundary("body"), description="what holds where no other key says it")
    x_min: _Face | None = Field(None, description="the face to the patient's right")
    x_max: _Face | None = Field(None, description="the face to the patient's left")
    y_min: _Face | None = Field(None, description="the front face")
    y_max: _Face | None = Field(None, description="the back face")
    z_min: _Face | None = Field(None, description="the face towards the feet")
    z_max: _Face | None = Field(None, description="the face towards the head")


class DomainTable(Table):
    """``[domain]``: the block of tissue that is computed; left out, it is chosen."""

    section = ("domain",)

    size: Annotated[Point, Size(_Edge)] | None = Field(
        None, description="edge lengths along x, y and z; one length for a cube"
    )
    centre: Position | None = Field(None, description="middle of the domain")
    boundary_table: BoundaryTable = Field(
        BoundaryTable(), alias="boundary", description="what holds on the outer faces"
    )

    @property
    def boundary(self) -> dict[str, Boundary]:
        """The condition on each face, ``x_min`` to ``z_max``."""
        return {
            face: getattr(self.boundary_table, face) or self.boundary_table.all for face in FACES
        }


class TissueTable(Table):
    """``[tissue]``: what surrounds the tumour, and the state of the body."""

    section = ("tissue",)

    background: Annotated[str, Words("liver")] = Field(
        description="name of a tissue of the library: liver, liver_exvivo, ..."
    )
    body_temperature: Temperature = Field(
        _BODY, description='of blood and boundary; with perfusion = "none" the start temperature'
    )
    start_temperature: Temperature = Field(
        _BODY, description="of all tissue; left out, the body temperature"
    )
    perfusion: Annotated[
        Literal["normal", "none", "occluded"], Choice(("normal", "none", "occluded"))
    ] = Field("normal", description="none: bench; occluded: no flow, body temperature kept")
    wavelength: Annotated[float, Wavelength()] = Field(
        REFERENCE, description="of the laser; elsewhere than at 1064 nm the optics are composed"
    )
    overrides: Mapping[str, OverrideTable] = Field(
        default_factory=dict,
        alias="override",
        description="single parameters of a tissue, by the tissue's name",
    )

    def find(self, name: str) -> Tissue:
        """Return the tissue called ``name`` with what this case says differently about it."""
        return self.overrides.get(name, OverrideTable()).apply(get_tissue(name), self.wavelength)

    def knows_light_of(self, name: str) -> bool:
        """Say whether the optics of a tissue are known at this case's wavelength."""
        override = self.overrides.get(name, OverrideTable())
        return self.wavelength == REFERENCE or has_composition(name) or override.gives_all_light

    @model_validator(mode="before")
    @classmethod
    def _fill_temperatures(cls, data: Any) -> Any:
        """Write out what the temperatures default to, which hangs on the other keys."""
        if not isinstance(data, Mapping):
            return data
        table = dict(data)
        bench = table.get("perfusion") == "none"
        body = table.get("start_temperature", TEMPERATURE.example) if bench else TEMPERATURE.example
        table.setdefault("body_temperature", body)
        table.setdefault("start_temperature", table["body_temperature"])
        return table


class TumourTable(Table):
    """``[tumour]``: what is treated."""

    section = ("tumour",)

    tissue: Annotated[str, Words("net_metastasis")] = Field(
        description="name of a tissue of the library: net_metastasis, colorectal_metastasis, ..."
    )
    perfusion: Annotated[
        Literal["normal", "hypovascular", "embolised", "none", "occluded"],
        Choice(("normal", "hypovascular", "embolised", "none", "occluded")),
    ] = Field("normal", description="none and occluded of [tissue] hold here too")
    shape: Annotated[Literal["sphere", "ellipsoid"], Choice(("sphere", "ellipsoid"), _MASKS)] = (
        Field("sphere", description="sphere: give diameter; ellipsoid: give axes")
    )
    diameter: PositiveLength | None = Field(None, description="of a sphere")
    full_axes: Annotated[Point, Size(LENGTH.within("0 mm", "400 mm", above=True))] | None = Field(
        None, alias="axes", description="full lengths of an ellipsoid's three axes"
    )
    first_axes: Annotated[tuple[Point, Point], Orientation()] | None = Field(
        None, alias="orientation", description="directions of an ellipsoid's first two axes"
    )
    centre: Position = Field((0.0, 0.0, 0.0), description="LPS position of the middle")
    margin: Annotated[float, LENGTH.within("0 mm", "100 mm", example="5 mm")] = Field(
        0.0, description="the margin asked for around the tumour"
    )

    @model_validator(mode="after")
    def _check_shape(self) -> Self:
        if self.shape == "sphere":
            wanted, example = "diameter", '"30 mm"'
            others: dict[str, object] = {
                "axes": self.full_axes,
                "orientation": self.first_axes,
            }
            given: object = self.diameter
        else:
            wanted, example = "axes", '["40 mm", "30 mm", "25 mm"]'
            others, given = {"diameter": self.diameter}, self.full_axes
        problems = [
            f"{key}: belongs to another shape than {self.shape}; remove it or change shape"
            for key, value in others.items()
            if value is not None
        ]
        if given is None:
            problems.append(f"{wanted}: is missing; write for example {wanted} = {example}")
        if problems:
            raise CaseError("\n".join(problems))
        return self

    @property
    def body(self) -> Body:
        """Where the tumour is."""
        return Ellipsoid(self.centre, self.axes, self.orientation)

    @property
    def axes(self) -> Point:
        """Full lengths of the three axes [m]; a sphere has its diameter thrice."""
        if self.full_axes is not None:
            return self.full_axes
        diameter = self.diameter or 0.0
        return (diameter, diameter, diameter)

    @property
    def orientation(self) -> tuple[Point, Point, Point]:
        """Unit directions of the three axes, one a row."""
        return complete_frame(self.first_axes)
