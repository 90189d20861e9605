"""The tables of a case file that say what is treated; inside, everything is in SI units."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, model_validator

from ablsim.case_boundary import Boundary, BoundaryType
from ablsim.case_fields import Choice, Table, Wavelength, Whole, Words
from ablsim.case_overrides import OverrideTable
from ablsim.case_shapes import Orientation, complete_frame
from ablsim.errors import CaseError
from ablsim.geometry import ellipsoid_extent
from ablsim.grid import Point
from ablsim.quantities import (
    LENGTH,
    POSITION,
    TEMPERATURE,
    Position,
    PositiveLength,
    Size,
    Temperature,
)
from ablsim.shapes import Ellipsoid
from ablsim.tissue.library import get_tissue
from ablsim.tissue.properties import Tissue
from ablsim.tissue.wavelength import REFERENCE, has_composition
from ablsim.units import to_kelvin
from ablsim.voxels import VoxelBody, body_of, ellipsoid_of, with_voxels

FACES = ("x_min", "x_max", "y_min", "y_max", "z_min", "z_max")
"""Outer faces of the domain: right and left, front and back, feet and head."""

_BODY = to_kelvin(37.0)

_Face = Annotated[Boundary, BoundaryType()]
_Edge = LENGTH.within("0 mm", "400 mm", above=True, example="80 mm")


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
    shape: Annotated[
        Literal["sphere", "ellipsoid", "mask"], Choice(("sphere", "ellipsoid", "mask"))
    ] = Field(
        "sphere",
        description="sphere: give diameter; ellipsoid: give axes; mask: give file, and label where "
        "it has several",
    )
    diameter: PositiveLength | None = Field(None, description="of a sphere")
    full_axes: Annotated[Point, Size(LENGTH.within("0 mm", "400 mm", above=True))] | None = Field(
        None, alias="axes", description="full lengths of an ellipsoid's three axes"
    )
    first_axes: Annotated[tuple[Point, Point], Orientation()] | None = Field(
        None, alias="orientation", description="directions of an ellipsoid's first two axes"
    )
    centre: Position = Field((0.0, 0.0, 0.0), description="LPS position of the middle")
    file: Annotated[str, Words("tumour.nii.gz")] | None = Field(
        None, description="image with a mask (NIfTI, NRRD, MetaImage), in any orientation"
    )
    label: Annotated[int, Whole(1, 1, 65535)] | None = Field(
        None, description="which label of the image"
    )
    voxels: Annotated[str, Words("voxels/1;...")] | None = Field(
        None, description="a mask as it is kept, in place of its file"
    )
    margin: Annotated[float, LENGTH.within("0 mm", "100 mm", example="5 mm")] = Field(
        0.0, description="the margin asked for around the tumour"
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_voxels(cls, data: Any) -> Any:
        """Read a mask, and lay the middle where it is."""
        if not isinstance(data, Mapping):
            return data
        table = with_voxels(data)
        if table is not data and "centre" in data:
            msg = "centre: a mask says itself where it is; remove it or change shape"
            raise CaseError(msg)
        if table.get("shape") != "mask" or "centre" in table or "voxels" not in table:
            return table
        middle = ellipsoid_of(str(table["voxels"]))[0]
        return {**table, "centre": POSITION.write(_point(middle))}

    @model_validator(mode="after")
    def _check_shape(self) -> Self:
        needed = {
            "sphere": ("diameter", self.diameter, 'diameter = "30 mm"'),
            "ellipsoid": ("axes", self.full_axes, 'axes = ["40 mm", "30 mm", "25 mm"]'),
            "mask": ("file", self.voxels, 'file = "tumour.nii.gz"'),
        }
        wanted, given, example = needed[self.shape]
        keys: dict[str, tuple[str, object]] = {
            "diameter": ("sphere", self.diameter),
            "axes": ("ellipsoid", self.full_axes),
            "orientation": ("ellipsoid", self.first_axes),
            "file": ("mask", self.file),
            "label": ("mask", self.label),
            "voxels": ("mask", self.voxels),
        }
        problems = [
            f"{key}: belongs to another shape than {self.shape}; remove it or change shape"
            for key, (shape, value) in keys.items()
            if value is not None and shape != self.shape
        ]
        if given is None:
            problems.append(f"{wanted}: is missing; write for example {example}")
        if problems:
            raise CaseError("\n".join(problems))
        return self

    @property
    def body(self) -> Ellipsoid | VoxelBody:
        """Where the tumour is."""
        if self.voxels is not None:
            return body_of(self.voxels)
        return Ellipsoid(self.centre, self.axes, self.orientation)

    @property
    def half_extent(self) -> Point:
        """How far it reaches from its middle along x, y and z [m]."""
        if self.voxels is None:
            return _point(ellipsoid_extent(self.axes, self.orientation))
        low, high = body_of(self.voxels).bounds()
        return _point(np.maximum(high - self.centre, self.centre - low))

    @property
    def axes(self) -> Point:
        """Full lengths of the three axes [m]; a sphere has its diameter thrice.

        A mask has those of the ellipsoid with its volume and second moments.
        """
        if self.voxels is not None:
            return _point(ellipsoid_of(self.voxels)[1])
        if self.full_axes is not None:
            return self.full_axes
        diameter = self.diameter or 0.0
        return (diameter, diameter, diameter)

    @property
    def orientation(self) -> tuple[Point, Point, Point]:
        """Unit directions of the three axes, one a row."""
        if self.voxels is not None:
            x, y, z = (_point(row) for row in ellipsoid_of(self.voxels)[2])
            return (x, y, z)
        return complete_frame(self.first_axes)


def _point(values: ArrayLike) -> Point:
    x, y, z = np.asarray(values, dtype=np.float64).tolist()
    return (x, y, z)
