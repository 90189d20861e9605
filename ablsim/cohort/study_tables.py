"""The tables of a study file that say who is treated and what is known of it; SI units inside."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ablsim.band import MODEL_ERROR
from ablsim.case_fields import Choice, Number, Whole, Words
from ablsim.cohort.study_fields import PERFUSIONS, Listed, StudyTable
from ablsim.errors import CaseError
from ablsim.quantities import LENGTH
from ablsim.units import to_mm

LESIONS_MAX = 100_000
"""How many lesions a study may have."""

DIAMETER = LENGTH.within("2 mm", "300 mm", example="25 mm")
"""Of a tumour, and of its axes."""

_Diameter = Annotated[float, DIAMETER]
_Perfusion = Literal["normal", "hypovascular", "embolised", "none", "occluded"]
_PerfusionWord = Annotated[_Perfusion, Choice(PERFUSIONS)]
_Weight = Number(0.5, 0.0, 1e6, low_excluded=True)
_Step = Annotated[float, LENGTH.within("0.1 mm", "50 mm", example="1 mm")]


class DiameterTable(StudyTable):
    """``[population.diameter]``: how the diameters of virtual lesions are distributed."""

    section = ("population", "diameter")

    distribution: Annotated[
        Literal["lognormal", "uniform", "list"], Choice(("lognormal", "uniform", "list"))
    ] = Field(
        description="lognormal: give median, log_sd; list: give values; all but list: from, to"
    )
    median: _Diameter | None = Field(None, description="of the lognormal before its limits")
    log_sd: Annotated[float, Number(0.4, 0.0, 3.0, low_excluded=True)] | None = Field(
        None, description="standard deviation of ln(diameter)"
    )
    low: _Diameter | None = Field(None, alias="from", description="none is smaller")
    high: _Diameter | None = Field(None, alias="to", description="none is larger")
    values: Annotated[tuple[float, ...], Listed(DIAMETER, '["15 mm", "20 mm"]')] | None = Field(
        None, description="the diameters of a list"
    )
    weights: Annotated[tuple[float, ...], Listed(_Weight, "[0.3, 0.7]")] | None = Field(
        None, description="how often each of the list comes, relative to each other; alike"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        needed = {
            "lognormal": {"median": '"25 mm"', "log_sd": "0.4", "from": '"8 mm"', "to": '"60 mm"'},
            "uniform": {"from": '"10 mm"', "to": '"40 mm"'},
            "list": {"values": '["15 mm", "20 mm"]'},
        }[self.distribution]
        allowed = {*needed, "weights"} if self.distribution == "list" else set(needed)
        given = {
            "median": self.median,
            "log_sd": self.log_sd,
            "from": self.low,
            "to": self.high,
            "values": self.values,
            "weights": self.weights,
        }
        problems = [
            f"{key}: belongs to another distribution than {self.distribution}; remove it"
            for key, value in given.items()
            if value is not None and key not in allowed
        ]
        problems += [
            f"{key}: is missing; write for example {key} = {example}"
            for key, example in needed.items()
            if given[key] is None
        ]
        if self.low is not None and self.high is not None and self.low >= self.high:
            problems.append(_not_above(self.low, self.high))
        if self.weights and self.values and len(self.weights) != len(self.values):
            problems.append(
                f"weights: {len(self.weights)} weights do not go with {len(self.values)} values; "
                "give each value one, or none"
            )
        _refuse(problems)
        return self


class StratumTable(StudyTable):
    """``[[population.stratum]]``: lesions of one kind, and how common they are."""

    section = ("population", "stratum")

    name: Annotated[str, Words("vascular")] = Field(description="unique among strata")
    weight: Annotated[float, _Weight] = Field(description="relative to the other strata")
    tissue: Annotated[str, Words("net_metastasis")] = Field(
        description="name of a tissue of the library"
    )
    perfusion: _PerfusionWord = Field("normal", description="as in the [tumour] of a case")


class SizeClassTable(StudyTable):
    """``[[population.reported.class]]``: how many lesions were of which size."""

    section = ("population", "reported", "class")

    lesions: Annotated[int, Whole(9, 0, 100)] | None = Field(
        None, description="how many lie in this interval, no more and no fewer"
    )
    at_least: Annotated[int, Whole(9, 0, 100)] | None = Field(
        None, description="how many lie in it at least, in place of lesions"
    )
    low: _Diameter | None = Field(None, alias="from", description="left out, the smallest")
    high: _Diameter | None = Field(None, alias="to", description="left out, the largest")

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = []
        if (self.lesions is None) == (self.at_least is None):
            problems.append("lesions: give either lesions or at_least, for example lesions = 9")
        if self.low is None and self.high is None:
            problems.append('to: give from, to or both, for example to = "40 mm"')
        if self.low is not None and self.high is not None and self.low > self.high:
            problems.append(_not_above(self.low, self.high))
        _refuse(problems)
        return self


class ReportedTable(StudyTable):
    """``[population.reported]``: populations that satisfy what a report says of its lesions."""

    section = ("population", "reported")

    lesions: Annotated[int, Whole(15, 1, 100)] = Field(description="how many lesions it has")
    mean: _Diameter = Field(description="mean diameter")
    rounding: _Step = Field(1e-3, description="what the mean was rounded to")
    smallest: _Diameter = Field(description="diameter of the smallest lesion")
    largest: _Diameter = Field(description="diameter of the largest lesion")
    populations: Annotated[int, Whole(20, 1, 1000)] = Field(
        20, description="how many populations are drawn"
    )
    classes: tuple[SizeClassTable, ...] = Field(
        (), alias="class", description="how many lesions were of which size"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.smallest > self.largest:
            _refuse([_not_above(self.smallest, self.largest, "smallest", "largest")])
        return self


class PopulationTable(StudyTable):
    """``[population]``: the lesions, from a file, drawn, or as reported."""

    section = ("population",)

    csv: Annotated[str, Words("patients.csv")] | None = Field(
        None,
        description="file with one lesion a row: id, diameter [mm] or axis 1 [mm] to axis 3 [mm], "
        "and what else is known; its name counts from the study file",
    )
    lesions: Annotated[int, Whole(200, 1, LESIONS_MAX)] | None = Field(
        None, description="how many virtual lesions are drawn; give [population.diameter] too"
    )
    diameter: DiameterTable | None = Field(None, description="of virtual lesions")
    strata: tuple[StratumTable, ...] = Field(
        (), alias="stratum", description="kinds of virtual and reported lesions"
    )
    reported: ReportedTable | None = Field(None, description="what a report says of its lesions")
    tissue: Annotated[str, Words("net_metastasis")] = Field(
        "net_metastasis", description="of lesions of which nothing else says it"
    )
    perfusion: _PerfusionWord = Field(
        "normal", description="of lesions of which nothing else says it"
    )
    margin: Annotated[float, LENGTH.within("0 mm", "100 mm", example="5 mm")] = Field(
        0.0, description="asked for around lesions of which nothing else says it"
    )
    diameter_step: _Step | None = Field(
        None, description="what diameters are rounded to, so that equal cases are computed once"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        kinds = {
            "csv": self.csv is not None,
            "lesions": self.lesions is not None,
            "reported": self.reported is not None,
        }
        chosen = [kind for kind, given in kinds.items() if given]
        problems = []
        if len(chosen) != 1:
            said = " and ".join(chosen) or "none of them"
            problems.append(
                f"csv: exactly one of csv, lesions and reported says who is treated, here {said}; "
                'write for example csv = "patients.csv"'
            )
        elif (self.diameter is None) == (chosen == ["lesions"]):
            problems.append(
                "diameter: goes with lesions, and lesions with it; write for example "
                '[population.diameter] with distribution = "uniform", from = "10 mm", to = "40 mm"'
            )
        if self.csv is not None and self.strata:
            problems.append('stratum: of lesions in a file the column "stratum" says it; remove it')
        names = [stratum.name for stratum in self.strata]
        problems += [
            f'stratum: the name "{name}" is used {names.count(name)} times; use it once'
            for name in dict.fromkeys(name for name in names if names.count(name) > 1)
        ]
        _refuse(problems)
        return self


class PlacementTable(StudyTable):
    """``[uncertainty.placement]``: how far fibres lie from where they were to go.

    With a needle guide under ultrasound 88 % of the needles hit spheres of 10 mm in a phantom (doi
    10.1055/s-0031-1281852), which is 2.4 mm along each lateral axis; optical navigation with an
    aiming device misses laterally by 2.3 to 2.8 mm on average, freehand by 4.2 mm (Toporek2014),
    which is 1.8 to 2.2 and 3.4 mm along each axis. Depth and shared shift are assumed, between 2
    and 3 mm. For laser fibres in patients nothing was found.
    """

    section = ("uncertainty", "placement")

    lateral: Annotated[float, LENGTH.within("0 mm", "20 mm", example="2.4 mm")] = Field(
        2.4e-3, description="standard deviation of each fibre along each axis across its direction"
    )
    depth: Annotated[float, LENGTH.within("0 mm", "20 mm", example="2.5 mm")] = Field(
        2.5e-3, description="standard deviation of each fibre along its direction"
    )
    shift: Annotated[float, LENGTH.within("0 mm", "20 mm", example="2.5 mm")] = Field(
        2.5e-3, description="standard deviation along each axis of what all fibres have in common"
    )
    closest: Annotated[float, LENGTH.within("1 mm", "50 mm", example="7.5 mm")] = Field(
        7.5e-3, description="fibres that would come closer to each other are inserted anew"
    )

    @property
    def is_exact(self) -> bool:
        """Whether every fibre goes where it is meant to."""
        return self.lateral == self.depth == self.shift == 0.0


class UncertaintyTable(StudyTable):
    """``[uncertainty]``: what is not known, and how often each lesion is computed for it."""

    section = ("uncertainty",)

    draws: Annotated[int, Whole(8, 1, 100_000)] = Field(
        8, description="how often each lesion is computed, everything unknown drawn anew"
    )
    parameters: Annotated[
        Literal["calibrated", "library", "none"], Choice(("calibrated", "library", "none"))
    ] = Field(
        "calibrated",
        description="calibrated: as published lesions left them (ablsim calibrate), the spreads of "
        "the tissue library for all others; library: these alone; none: defaults",
    )
    laws: Annotated[Literal["shared", "independent"], Choice(("shared", "independent"))] = Field(
        "shared",
        description="shared: damage thresholds, shutdown and char are the same in all lesions of a "
        "draw; perfusion, optics and fibres are each lesion's own in any case",
    )
    placement: PlacementTable = Field(PlacementTable(), description="where fibres end up")
    model_error: Annotated[float, Number(MODEL_ERROR, 0.0, 1.0)] | None = Field(
        None,
        description="standard deviation of ln(diameter of a zone) of the model itself; left out, "
        f"that of the calibration's draws, and {MODEL_ERROR:g} without them",
    )
    model_error_shared: Annotated[float, Number(0.5, 0.0, 1.0)] = Field(
        0.5, description="share of its variance that all lesions of a draw have alike; assumed"
    )
    pool: Annotated[int, Whole(4, 1, 10_000)] | None = Field(
        None,
        description="lesions share so many sets of random numbers, so that equal ones are computed "
        "once; left out, each has its own",
    )


class ObservationTable(StudyTable):
    """``[[observation]]``: what was observed of all lesions of a size together."""

    section = ("observation",)

    low: _Diameter | None = Field(None, alias="from", description="left out, no lower limit")
    high: _Diameter | None = Field(None, alias="to", description="left out, no upper limit")
    stratum: Annotated[str, Words("vascular")] | None = Field(None, description="left out, all")
    lesions: Annotated[int, Whole(9, 1, LESIONS_MAX)] | None = Field(
        None, description="how many there were"
    )
    complete: Annotated[int, Whole(9, 0, LESIONS_MAX)] | None = Field(
        None, description="how many of them were ablated completely"
    )
    complete_rate: Annotated[float, Number(0.9, 0.0, 1.0)] | None = Field(
        None,
        description="share that was ablated completely, in place of complete, where only "
        "that was reported; it has no interval",
    )
    fraction_over: Annotated[float, Number(0.6, 0.0, 1.0)] | None = Field(
        None, description="ablated fraction that every one of them passed"
    )
    source: Annotated[str, Words("who reported it", may_be_empty=True)] = Field(
        "", description="where it was read"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = []
        if self.complete is self.complete_rate is self.fraction_over is None:
            problems.append(
                "complete: give complete, complete_rate or fraction_over, for example complete = 9"
            )
        if self.complete is not None and self.complete_rate is not None:
            problems.append("complete_rate: follows from complete and lesions; remove it")
        if self.complete is not None and self.lesions is None:
            problems.append("lesions: is missing; write how many there were, lesions = 9")
        if self.complete is not None and self.lesions is not None and self.complete > self.lesions:
            problems.append(
                f"complete: {self.complete} of {self.lesions} lesions cannot be; at most "
                f"{self.lesions}; correct one of the two"
            )
        if self.low is not None and self.high is not None and self.low > self.high:
            problems.append(_not_above(self.low, self.high))
        _refuse(problems)
        return self


class ReportTable(StudyTable):
    """``[report]``: how the answers are summed up; changes nothing that is computed."""

    section = ("report",)

    classes: Annotated[
        tuple[float, ...], Listed(DIAMETER, '["20 mm", "30 mm", "40 mm"]', rising=True)
    ] = Field((20e-3, 30e-3, 40e-3, 50e-3), description="upper ends of the classes by longest axis")
    complete_from: Annotated[float, Number(0.99, 0.5, 1.0)] = Field(
        0.99, description="ablated fraction from which on an ablation counts as complete"
    )


def _not_above(low: float, high: float, first: str = "from", second: str = "to") -> str:
    return (
        f"{second}: {to_mm(high):g} mm is not above {first}, {to_mm(low):g} mm; exchange or "
        "correct them"
    )


def _refuse(problems: list[str]) -> None:
    if problems:
        raise CaseError("\n".join(problems))
