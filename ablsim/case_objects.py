"""The tables of a case file for what lies in the tissue beside the tumour, in SI units."""

from typing import Annotated, Literal

from pydantic import Field

from ablsim.case_fields import Choice, Polyline, Table, Words
from ablsim.grid import Point
from ablsim.quantities import LENGTH


class VesselTable(Table):
    """``[[vessel]]``: a large vessel, a tube of blood that keeps its flow."""

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
    wall: Annotated[
        Literal["free"], Choice(("free",), {"occludes": "vessels that close when heated"})
    ] = Field("free", description="free: the vessel keeps its flow")
