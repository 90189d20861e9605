"""The tables of a case file for what lies in the tissue beside the tumour, in SI units."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ablsim.case_fields import Choice, Number, Table, Whole, Words
from ablsim.case_shapes import Orientation, Polyline, complete_frame
from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.quantities import LENGTH, TEMPERATURE, Position, PositiveLength, Size, UnitVector
from ablsim.shapes import Body, Ellipsoid, HalfSpace, Tube
from ablsim.vessel_masks import write_tubes
from ablsim.voxels import Outside, body_of, parse_voxels, with_voxels


class VesselTable(Table):
    """``[[vessel]]``: a large vessel, a tube of blood that keeps its flow unless it closes.

    ``file`` in place of ``points`` and ``diameter`` names a mask; each branch in it becomes a
    vessel.
    """

    model_config = ConfigDict(json_schema_extra={"required": ["name"]})
    section = ("vessel",)

    name: Annotated[str, Words("right hepatic vein")] = Field(description="unique among vessels")
    diameter: Annotated[
        float,
        LENGTH.within(
            "3 mm",
            "60 mm",
            example="6 mm",
            remedy="leave smaller vessels out: they are part of the perfusion",
        ),
    ] = Field(description="inner diameter")
    points: Annotated[tuple[Point, ...], Polyline()] = Field(
        description="centre line, point by point; may leave the domain"
    )
    wall: Annotated[Literal["free", "occludes"], Choice(("free", "occludes"))] = Field(
        "free",
        description="free: the vessel keeps its flow; occludes: it closes for good once its wall "
        "is coagulated all around at any cross-section",
    )
    file: Annotated[str, Words("vessels.nii.gz")] | None = Field(
        None,
        description="image with a mask of the lumen (NIfTI, NRRD, MetaImage, DICOM SEG), in place "
        "of points and diameter; every branch of 3 mm or more becomes a vessel",
    )
    label: Annotated[int, Whole(1, 1, 65535)] | None = Field(
        None, description="which label of the image"
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_tube(cls, data: Any) -> Any:
        """Read a mask that was not read with the case: it has to hold a single vessel."""
        if not isinstance(data, Mapping) or not isinstance(data.get("file"), str):
            return data
        if {"points", "diameter"} & set(data):
            msg = "file: a mask says itself where it is; leave out points and diameter, or file"
            raise CaseError(msg)
        tubes = write_tubes(data)
        if len(tubes) > 1:
            msg = f"file: {data['file']} holds {len(tubes)} vessels; read it with a whole case"
            raise CaseError(msg)
        return tubes[0]


class NoGoTable(Table):
    """``no_go``: what an organ must not be exposed to; either key may be left out."""

    peak_temperature: (
        Annotated[float, TEMPERATURE.within("0 degC", "100 degC", example="45 degC")] | None
    ) = Field(None, description="highest temperature allowed in any cell of the organ")
    damage: Annotated[float, Number(0.01, 0.0, 100.0, low_excluded=True)] | None = Field(
        None, description="largest damage integral of cell death allowed in any cell of the organ"
    )

    @model_validator(mode="after")
    def _check_limits(self) -> Self:
        if self.peak_temperature is None and self.damage is None:
            msg = (
                "there is no limit in it; write for example "
                'no_go = { peak_temperature = "45 degC", damage = 0.01 }, or leave it out'
            )
            raise CaseError(msg)
        return self


_KEYS = {
    "sphere": {"centre": '["0 mm", "30 mm", "0 mm"]', "diameter": '"30 mm"'},
    "ellipsoid": {"centre": '["0 mm", "30 mm", "0 mm"]', "axes": '["70 mm", "35 mm", "35 mm"]'},
    "capsule": {
        "points": '[["0 mm", "30 mm", "0 mm"], ["0 mm", "30 mm", "40 mm"]]',
        "diameter": '"30 mm"',
    },
    "half_space": {"point": '["0 mm", "0 mm", "40 mm"]', "normal": "[0, 0, 1]"},
    "mask": {"voxels": 'file = "gallbladder.nii.gz"'},
}
"""Keys that each shape of an organ needs, with an example."""


class OrganTable(Table):
    """``[[organ]]``: a part of the body with a tissue of its own, to be spared as it may be.

    Organs are painted over tumour and background, vessels over organs. They do not enlarge a
    domain that ablsim chooses, which reaches as far as the heat does.
    """

    section = ("organ",)

    name: Annotated[str, Words("gallbladder")] = Field(description="unique among organs")
    tissue: Annotated[str, Words("bile")] = Field(
        description="name of a tissue of the library: bile, gallbladder_wall, fat, muscle, ..."
    )
    shape: Annotated[
        Literal["sphere", "ellipsoid", "capsule", "half_space", "mask"], Choice(tuple(_KEYS))
    ] = Field(
        description="sphere: give centre, diameter; ellipsoid: centre, axes; capsule, a tube with "
        "round ends: points, diameter; half_space: point, normal; mask: file, and label where it "
        "has several"
    )
    centre: Position | None = Field(None, description="middle of a sphere or ellipsoid")
    diameter: PositiveLength | None = Field(None, description="of a sphere or capsule")
    axes: Annotated[Point, Size(LENGTH.within("0 mm", "400 mm", above=True))] | None = Field(
        None, description="full lengths of an ellipsoid's three axes"
    )
    orientation: Annotated[tuple[Point, Point], Orientation()] | None = Field(
        None, description="directions of an ellipsoid's first two axes"
    )
    points: Annotated[tuple[Point, ...], Polyline()] | None = Field(
        None, description="centre line of a capsule, point by point"
    )
    point: Position | None = Field(None, description="a point on the surface of a half-space")
    normal: UnitVector | None = Field(
        None, description="from the surface of a half-space into the organ"
    )
    file: Annotated[str, Words("gallbladder.nii.gz")] | None = Field(
        None, description="image with a mask (NIfTI, NRRD, MetaImage), in any orientation"
    )
    label: Annotated[int, Whole(1, 1, 65535)] | None = Field(
        None, description="which label of the image"
    )
    voxels: Annotated[str, Words("voxels/1;...")] | None = Field(
        None, description="a mask as it is kept, in place of its file"
    )
    outside: bool = Field(
        False,
        description="of a mask: the organ is everything outside it, as what lies around a liver",
    )
    no_go: NoGoTable | None = Field(None, description="what the organ must not be exposed to")

    @model_validator(mode="before")
    @classmethod
    def _fill_voxels(cls, data: Any) -> Any:
        return with_voxels(data) if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _check_shape(self) -> Self:
        needed = _KEYS[self.shape]
        others = {"ellipsoid": {"orientation"}, "mask": {"file", "label"}}
        allowed = {*needed, *others.get(self.shape, set())}
        every = dict.fromkeys(
            [*(key for keys in _KEYS.values() for key in keys), "orientation", "file", "label"]
        )
        problems = [
            f"{key}: belongs to another shape than {self.shape}; remove it or change shape"
            for key in every
            if key not in allowed and getattr(self, key) is not None
        ]
        problems += [
            f"file: is missing; write for example {example}"
            if key == "voxels"
            else f"{key}: is missing; write for example {key} = {example}"
            for key, example in needed.items()
            if getattr(self, key) is None
        ]
        if self.voxels is not None:
            parse_voxels(self.voxels)
        elif self.outside:
            problems.append("outside: belongs to a mask; remove it or change shape")
        if self.tissue == "blood":
            problems.append("tissue: blood belongs to vessels; write a [[vessel]] for it")
        if problems:
            raise CaseError("\n".join(problems))
        return self

    @property
    def body(self) -> Body:
        """Where the organ is."""
        if self.voxels is not None:
            marked = body_of(self.voxels)
            return Outside(marked) if self.outside else marked
        if self.point is not None and self.normal is not None:
            return HalfSpace(self.point, self.normal)
        if self.points is not None:
            return Tube(self.points, 0.5 * (self.diameter or 0.0))
        centre, width = self.centre or (0.0, 0.0, 0.0), self.diameter or 0.0
        if self.axes is None:
            return Ellipsoid(centre, (width, width, width))
        return Ellipsoid(centre, self.axes, complete_frame(self.orientation))


class ProbeTable(Table):
    """``[[probe]]``: a point whose temperature is recorded, as a thermometer there would do."""

    section = ("probe",)

    name: Annotated[str, Words("T1")] = Field(description="unique among probes")
    position: Position = Field(description="LPS position, inside the domain")
