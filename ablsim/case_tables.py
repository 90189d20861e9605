"""The tables of a case file, one class each; inside, everything is in SI units."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ablsim.case_fields import (
    WAVELENGTH,
    Boundary,
    BoundaryType,
    Choice,
    Later,
    Number,
    Orientation,
    Polyline,
    StepType,
    Wavelength,
    Words,
)
from ablsim.case_overrides import OverrideTable
from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.light.fibre import TRANSMISSION, Fibre, FibreKind, Pattern, make_array
from ablsim.protocol import Protocol, Step
from ablsim.quantities import (
    DURATION,
    LENGTH,
    TEMPERATURE,
    TEMPERATURE_DIFFERENCE,
    Angle,
    Auto,
    Position,
    PositiveLength,
    Size,
    Temperature,
    UnitVector,
    unit_vector,
)
from ablsim.tissue.library import get_tissue
from ablsim.tissue.properties import Tissue
from ablsim.units import to_kelvin

REFRACTIVE_INDEX = 1.366
"""Of liver at 1064 nm; a numerical aperture above it has no meaning."""

FACES = ("x_min", "x_max", "y_min", "y_max", "z_min", "z_max")
"""Outer faces of the domain: right and left, front and back, feet and head."""

_BODY = to_kelvin(37.0)

_Face = Annotated[Boundary, BoundaryType()]
_Edge = LENGTH.within("0 mm", "400 mm", above=True, example="80 mm")
_Interval = DURATION.within("0.1 s", "24 h", example="30 s")
_MASKS = {"mask": "tumours from image masks"}


class Table(BaseModel):
    """A table of the case file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BoundaryTable(Table):
    """``[domain.boundary]``: the condition on all faces, or one by one."""

    all: _Face = Field(Boundary("body"), description="what holds where no other key says it")
    x_min: _Face | None = Field(None, description="the face to the patient's right")
    x_max: _Face | None = Field(None, description="the face to the patient's left")
    y_min: _Face | None = Field(None, description="the front face")
    y_max: _Face | None = Field(None, description="the back face")
    z_min: _Face | None = Field(None, description="the face towards the feet")
    z_max: _Face | None = Field(None, description="the face towards the head")


class DomainTable(Table):
    """``[domain]``: the block of tissue that is computed; left out, it is chosen."""

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
    wavelength: Annotated[float, Wavelength()] = Field(WAVELENGTH, description="of the laser")
    overrides: Mapping[str, OverrideTable] = Field(
        default_factory=dict,
        alias="override",
        description="single parameters of a tissue, by the tissue's name",
    )

    def find(self, name: str) -> Tissue:
        """Return the tissue called ``name`` with what this case says differently about it."""
        tissue = get_tissue(name)
        return self.overrides[name].apply(tissue) if name in self.overrides else tissue

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
    def axes(self) -> Point:
        """Full lengths of the three axes [m]; a sphere has its diameter thrice."""
        if self.full_axes is not None:
            return self.full_axes
        diameter = self.diameter or 0.0
        return (diameter, diameter, diameter)

    @property
    def orientation(self) -> tuple[Point, Point, Point]:
        """Unit directions of the three axes, one a row."""
        if self.first_axes is None:
            return ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
        (x, y, z), given = self.first_axes
        lean = x * given[0] + y * given[1] + z * given[2]
        u, v, w = unit_vector((given[0] - lean * x, given[1] - lean * y, given[2] - lean * z))
        third = (y * w - z * v + 0.0, z * u - x * w + 0.0, x * v - y * u + 0.0)
        return (x, y, z), (u, v, w), third


class VesselTable(Table):
    """``[[vessel]]``: a large vessel, a tube of blood that keeps its flow."""

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
    wall: Annotated[
        Literal["free"], Choice(("free",), {"occludes": "vessels that close when heated"})
    ] = Field("free", description="free: the vessel keeps its flow")


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


class ProtocolTable(Table):
    """``[protocol]``: what is done, step by step."""

    steps: tuple[Annotated[Step, StepType()], ...] = Field(
        description="sentences or tables; power and energy are per fibre"
    )

    @model_validator(mode="after")
    def _check_steps(self) -> Self:
        Protocol.from_steps(self.steps)
        return self


_LAWS = ("stasis", "stasis_hyperaemia", "cutoff_60C", "constant")
_BOILING = {
    "apparent_enthalpy_99_101": "boiling models for comparison",
    "effective_c_yang2007": "boiling models for comparison",
}
_DEATHS = {
    "three_state": "three-state cell death models",
}


class PhysicsTable(Table):
    """``[physics]``: which laws hold."""

    perfusion_law: Annotated[
        Literal["stasis", "stasis_hyperaemia", "cutoff_60C", "constant"], Choice(_LAWS)
    ] = Field(
        "stasis",
        description="stasis: perfusion fades with the stasis damage; stasis_hyperaemia: rises "
        "before it fades, in normal tissue; cutoff_60C: ends for good at 60 degC",
    )
    boiling: Annotated[
        Literal["water_state", "none"], Choice(("water_state", "none"), _BOILING)
    ] = Field("water_state", description="water_state: water boils off and is gone")
    char: Annotated[Literal["film", "none"], Choice(("film", "none"))] = Field(
        "film", description="film: a charred bare tip turns part of the light into heat"
    )
    char_fraction: Annotated[float, Number(0.65, 0.0, 1.0)] = Field(
        0.65, description="share of the emitted power that the char film absorbs"
    )
    stasis: Annotated[str, Words("brown_stasis")] = Field(
        "brown_stasis", description="kinetics of vascular stasis"
    )
    whitening: Annotated[str, Words("jacques_liver_whitening")] = Field(
        "jacques_liver_whitening", description="kinetics of the optical change"
    )
    death: Annotated[str, Later(Words("reddy_hcc_2013"), _DEATHS, 'use "reddy_hcc_2013" today')] = (
        Field("reddy_hcc_2013", description="kinetics of cell death")
    )
    reported_zone: Annotated[
        Literal["stasis", "whitening", "death"], Choice(("stasis", "whitening", "death"))
    ] = Field("stasis", description="the zone that margins and ablated fraction refer to")


_Spacing = Later(
    LENGTH.within("0.01 mm", "4 mm", example="1 mm"),
    {"auto": "spacings that ablsim chooses"},
    'use "1 mm" today',
)
_ENGINES = {
    "monte_carlo": "Monte Carlo light engines",
    "monte_carlo_exact": "Monte Carlo light engines",
}


class NumericsTable(Table):
    """``[numerics]``: how finely the answer is computed; never changes the question."""

    spacing: Annotated[float, _Spacing] = Field(1e-3, description="edge length of a cell")
    light: Annotated[Literal["diffusion"], Choice(("diffusion",), _ENGINES)] = Field(
        "diffusion", description="how the light is computed"
    )
    light_interval: Annotated[float, _Interval] = Field(
        5.0, description="longest time for which the light is kept while the optics change"
    )
    time_stepping: Annotated[
        Literal["auto", "euler"],
        Choice(("auto", "euler"), {"rkl2": "stabilised long time steps"}),
    ] = Field("auto", description="how time advances")
    time_step: Annotated[
        float | None, Auto(DURATION.within("0 s", "60 s", above=True, example="0.1 s"))
    ] = Field(None, description="auto: the longest stable one")
    active_region_tolerance: Annotated[float, TEMPERATURE_DIFFERENCE.within("0 K", "1 K")] = Field(
        0.01, description="what counts as unheated; 0 K computes the whole domain"
    )
    precision: Annotated[Literal["float32", "float64"], Choice(("float32", "float64"))] = Field(
        "float32", description="float64 for reference"
    )
    output_interval: Annotated[float, _Interval] = Field(
        30.0, description="time between stored states"
    )
