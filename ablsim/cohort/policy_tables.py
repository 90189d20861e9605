"""The tables of a study file that say which lesion gets which treatment; SI units inside."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ablsim.case_fields import Choice, Number, Whole, Words
from ablsim.cohort.study_fields import StudyTable, WholeOrCover
from ablsim.errors import CaseError
from ablsim.light.fibre import Pattern
from ablsim.quantities import ENERGY, LENGTH, POWER, UnitVector

PATTERNS = ("single", "line", "triangle", "square")
"""Patterns of one, two, three and four fibres."""

_Pattern = Annotated[Pattern, Choice(PATTERNS)]
_UpTo = LENGTH.within("2 mm", "400 mm", example="30 mm")
_PLANNED = {"planned": "treatments by the planner"}
_DIFFUSER = {"diffuser": "cohorts treated with diffusers"}


class RuleTable(StudyTable):
    """``[[policy.rule]]``: what lesions up to a size get."""

    section = ("policy", "rule")

    up_to: Annotated[float, _UpTo] = Field(description="longest axis up to which it holds")
    pattern: _Pattern = Field(description="one, two, three or four fibres")
    illuminations: Annotated[int, Whole(2, 1, 20)] = Field(
        1, description="deliveries of each placement, pulled back between them"
    )
    placements: Annotated[int | str, WholeOrCover(Whole(2, 1, 100))] = Field(
        1, description='how often fibres are inserted in all; "cover": until the tumour is covered'
    )
    sessions: Annotated[int, Whole(1, 1, 100)] = Field(
        1, description="visits that the placements are spread over, as evenly as can be"
    )


class PolicyTable(StudyTable):
    """``[policy]``: who gets what; several as ``[[policy]]``."""

    section = ("policy",)

    kind: Annotated[Literal["as_reported", "rules"], Choice(("as_reported", "rules"), _PLANNED)] = (
        Field(description="as_reported: a budget in joules per treatment; rules: a table by size")
    )
    name: Annotated[str, Words("maximal")] | None = Field(
        None, description="unique among policies; left out, the kind"
    )
    fibre: Annotated[Literal["bare"], Choice(("bare",), _DIFFUSER)] = Field(
        "bare", description="kind of the fibres"
    )
    power: Annotated[float, POWER.within("0.1 W", "100 W")] = Field(
        5.0, description="of each fibre"
    )
    energy: Annotated[float, ENERGY.within("1 J", "100 kJ")] = Field(
        1800.0, description="of each fibre and illumination"
    )
    spacing: Annotated[float, LENGTH.within("4 mm", "100 mm")] = Field(
        15e-3, description="side length of the pattern"
    )
    pull_back: Annotated[float, LENGTH.within("1 mm", "100 mm", example="12 mm")] = Field(
        12e-3, description="between two illuminations of a placement"
    )
    direction: UnitVector = Field((0.0, 0.0, -1.0), description="from the hand to the tips")
    reach: Annotated[float, LENGTH.within("1 mm", "50 mm", example="9 mm")] = Field(
        9e-3,
        description="how far around its tips a placement is counted on to ablate, to choose where "
        "placements go; half of what one fibre ablates in perfused liver",
    )
    cover: Annotated[float, Number(0.99, 0.1, 1.0)] = Field(
        0.99, description='share of the tumour that placements = "cover" are to cover'
    )
    placements_max: Annotated[int, Whole(12, 1, 100)] = Field(
        12, description="more placements are given to no lesion"
    )
    until: Annotated[Literal["planned", "complete"], Choice(("planned", "complete"))] = Field(
        "planned",
        description="planned: what is planned is given, no more and no less; complete: they end "
        "once the tumour is ablated completely, and go on beyond what was planned until then",
    )
    further: Annotated[int, Whole(2, 0, 100)] = Field(
        2,
        description="until complete: placements beyond those planned, each a session of its own; "
        "at most placements_max in all",
    )
    rules: tuple[RuleTable, ...] = Field(
        (), alias="rule", description="of rules: by size, smallest first; left out, working rules"
    )
    energy_per_treatment: Annotated[float, ENERGY.within("10 J", "1000 kJ", example="7500 J")] | (
        None
    ) = Field(None, description="of as_reported: over all fibres; left out, the population says it")
    pattern: _Pattern = Field("square", description="of as_reported: the fibres")
    illuminations: Annotated[int, Whole(1, 1, 20)] | None = Field(
        None, description="of as_reported: per treatment; left out, as many as energy asks for"
    )
    treatments: Annotated[float, Number(1.6, 1.0, 100.0)] = Field(
        1.0, description="of as_reported: per lesion on average, each a session of one placement"
    )
    mean_diameter: Annotated[float, LENGTH.within("2 mm", "300 mm", example="35 mm")] | None = (
        Field(
            None,
            description="of as_reported: lesions of this size get the average number of treatments "
            "and larger ones more; left out, all alike",
        )
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        reported = (
            "energy_per_treatment", "pattern", "illuminations", "treatments", "mean_diameter"
        )  # fmt: skip
        foreign = ("rules",) if self.kind == "as_reported" else reported
        problems = [
            f"{'rule' if key == 'rules' else key}: belongs to another kind than {self.kind}; "
            "remove it or change kind"
            for key in foreign
            if key in self.model_fields_set
        ]
        ends = [rule.up_to for rule in self.rules]
        if any(b <= a for a, b in pairwise(ends)):
            problems.append("rule: up_to must rise from rule to rule; sort them, smallest first")
        if problems:
            raise CaseError("\n".join(problems))
        return self

    @property
    def label(self) -> str:
        """What the policy is called."""
        return self.name or self.kind


WORKING_RULES: tuple[RuleTable, ...] = (
    RuleTable(up_to="15 mm", pattern="single"),
    RuleTable(up_to="20 mm", pattern="line"),
    RuleTable(up_to="30 mm", pattern="square"),
    RuleTable(up_to="40 mm", pattern="square", illuminations=2),
    RuleTable(up_to="50 mm", pattern="square", illuminations=3),
    RuleTable(up_to="400 mm", pattern="square", illuminations=3, placements=3, sessions=3),
)
"""What is said to be done, by size: from memory and unverified, a default to be tested."""
