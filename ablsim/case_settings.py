"""The tables of a case file for the protocol, the laws that hold and the numerics, in SI units."""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from ablsim.case_fields import Choice, NamedNumber, Number, StepType, Table, Whole, Words
from ablsim.errors import CaseError
from ablsim.protocol import Protocol, Step
from ablsim.quantities import DURATION, LENGTH, TEMPERATURE_DIFFERENCE, Auto
from ablsim.tissue.constants import CHAR_FILMS

_Interval = DURATION.within("0.1 s", "24 h", example="30 s")


class ProtocolTable(Table):
    """``[protocol]``: what is done, step by step."""

    section = ("protocol",)

    steps: tuple[Annotated[Step, StepType()], ...] = Field(
        description="sentences or tables; power and energy are per fibre"
    )

    @model_validator(mode="after")
    def _check_steps(self) -> Self:
        Protocol.from_steps(self.steps)
        return self


_Shift = TEMPERATURE_DIFFERENCE.within("-20 K", "20 K", example="1 K")
_LAWS = ("stasis", "stasis_hyperaemia", "cutoff_60C", "constant")
_BOILING = ("water_state", "none", "apparent_enthalpy_99_101", "effective_c_yang2007")


_CHARS = ("film", "film_when_hot", "none")
_FilmFraction = NamedNumber(
    Number(0.65, 0.0, 1.0), {name: film.si for name, film in CHAR_FILMS.items()}
)


class PhysicsTable(Table):
    """``[physics]``: which laws hold."""

    section = ("physics",)

    perfusion_law: Annotated[
        Literal["stasis", "stasis_hyperaemia", "cutoff_60C", "constant"], Choice(_LAWS)
    ] = Field(
        "stasis",
        description="stasis: perfusion fades with the stasis damage; stasis_hyperaemia: rises "
        "before it fades, in normal tissue; cutoff_60C: ends for good at 60 degC",
    )
    shutdown: Annotated[float, Number(1.0, 0.0, 1.0)] = Field(
        1.0, description="share of the perfusion that follows its law; the rest goes on for ever"
    )
    boiling: Annotated[
        Literal["water_state", "none", "apparent_enthalpy_99_101", "effective_c_yang2007"],
        Choice(_BOILING),
    ] = Field(
        "water_state",
        description="water_state: water boils off and is gone; for comparison, water that comes "
        "back on cooling: apparent_enthalpy_99_101 and effective_c_yang2007",
    )
    steam_condensation: Annotated[float, Number(0.5, 0.0, 1.0)] = Field(
        0.0, description="share of the steam that condenses beside the boiling front"
    )
    char: Annotated[Literal["film", "film_when_hot", "none"], Choice(_CHARS)] = Field(
        "film",
        description="film: a charred bare tip turns part of the light into heat; film_when_hot: "
        "once the tip is dry and its estimated temperature has passed 200 degC",
    )
    char_fraction: Annotated[float, _FilmFraction] = Field(
        0.65,
        description="share of the emitted power that the char film absorbs; film_8um is 0.44, "
        "film_26um 0.85",
    )
    track_fraction: Annotated[float, Number(0.3, 0.0, 1.0)] = Field(
        0.0,
        description="share of a bare fibre's emitted power that is released as heat along its "
        "track; the char film has its share of the rest",
    )
    track_length: Annotated[float, LENGTH.within("0 mm", "100 mm", above=True, example="10 mm")] = (
        Field(10e-3, description="how far back from the tip the track is heated")
    )
    stasis: Annotated[str, Words("brown_stasis")] = Field(
        "brown_stasis", description="kinetics of vascular stasis"
    )
    whitening: Annotated[str, Words("jacques_liver_whitening")] = Field(
        "jacques_liver_whitening", description="kinetics of the optical change"
    )
    death: Annotated[str, Words("reddy_hcc_2013")] = Field(
        "reddy_hcc_2013", description="kinetics of cell death"
    )
    stasis_shift: Annotated[float, _Shift] = Field(
        0.0,
        description="how much higher the temperature is that completes stasis within 360 s; the "
        "activation energy stays",
    )
    whitening_shift: Annotated[float, _Shift] = Field(0.0, description="the same of whitening")
    death_shift: Annotated[float, _Shift] = Field(0.0, description="the same of cell death")
    reported_zone: Annotated[
        Literal["stasis", "whitening", "death"], Choice(("stasis", "whitening", "death"))
    ] = Field("stasis", description="the zone that margins and ablated fraction refer to")


_Spacing = Auto(LENGTH.within("0.01 mm", "4 mm", example="1 mm"))
COARSEST = 2e-3
"""Edge of the largest cells that are tried where the case leaves the choice [m]."""
ACCURACY = 0.02
"""Accuracy of the reported zone's volume then, unless the case names another [1]."""
_Engine = Literal["diffusion", "monte_carlo", "monte_carlo_exact"]


class NumericsTable(Table):
    """``[numerics]``: how finely the answer is computed; never changes the question."""

    section = ("numerics",)

    spacing: Annotated[float | None, _Spacing] = Field(
        1e-3, description="edge length of a cell; auto: as short as accuracy takes"
    )
    accuracy: Annotated[float | None, Number(ACCURACY, 0.002, 0.2)] = Field(
        None,
        description="error of the volume of the reported zone, as a share of it, that cells may "
        f'make where spacing is "auto"; {ACCURACY:g} unless given',
    )
    light: Annotated[_Engine, Choice(get_args(_Engine))] = Field(
        "monte_carlo",
        description="how the light is computed: monte_carlo follows photons, which soon scatter by "
        "a few angles that do as much; monte_carlo_exact as they are to the end; diffusion is free "
        "of noise, and wrong near what is clear or black",
    )
    photons: Annotated[int, Whole(10000, 1000, 4_000_000)] = Field(
        10000,
        description="photons of one light update; diffusion has no use for it",
    )
    light_interval: Annotated[float, _Interval] = Field(
        5.0, description="longest time for which the light is kept while the optics change"
    )
    time_stepping: Annotated[
        Literal["auto", "euler", "rkl2"], Choice(("auto", "euler", "rkl2"))
    ] = Field(
        "auto", description="euler: short steps; rkl2: long ones; auto: whichever is less work"
    )
    time_step: Annotated[
        float | None, Auto(DURATION.within("0 s", "60 s", above=True, example="0.1 s"))
    ] = Field(
        None, description="longest step; auto: as the scheme and the phase of treatment allow"
    )
    active_region_tolerance: Annotated[float, TEMPERATURE_DIFFERENCE.within("0 K", "1 K")] = Field(
        0.01, description="what counts as unheated; 0 K computes the whole domain"
    )
    precision: Annotated[Literal["float32", "float64"], Choice(("float32", "float64"))] = Field(
        "float32", description="float64 for reference"
    )
    seed: Annotated[int, Whole(1, 0, 2**63 - 1)] = Field(
        1, description="of every random number; engines without any have no use for it"
    )
    output_interval: Annotated[float, _Interval] = Field(
        30.0, description="time between stored states"
    )
    checkpoint_interval: Annotated[float, _Interval] = Field(
        60.0, description="wall time between two checkpoints, from which a run can be resumed"
    )

    @property
    def edge(self) -> float:
        """Edge of a cell [m]; where ablsim is to choose it, the longest it may come to."""
        return COARSEST if self.spacing is None else self.spacing

    @model_validator(mode="after")
    def _check_accuracy(self) -> Self:
        if self.accuracy is not None and self.spacing is not None:
            msg = (
                f"accuracy: {self.accuracy:g} says how fine cells are to be chosen; write "
                'spacing = "auto" with it, or leave it out'
            )
            raise CaseError(msg)
        return self
