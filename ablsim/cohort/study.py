"""The study: many lesions, a policy, what is not known, and what was observed."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from ablsim.case_fields import Choice, Whole, Words
from ablsim.case_messages import describe_problems, join_problems
from ablsim.case_schema import EditorSchema
from ablsim.case_settings import NumericsTable, PhysicsTable
from ablsim.case_tables import TissueTable
from ablsim.case_text import parse_text, read_text, write_toml
from ablsim.case_written import as_written
from ablsim.cohort.policy_tables import PolicyTable
from ablsim.cohort.study_fields import StudyTable
from ablsim.cohort.study_tables import (
    ObservationTable,
    PopulationTable,
    ReportTable,
    UncertaintyTable,
)
from ablsim.errors import CaseError

SCHEMA = "ablsim/study/1"
"""Name and version of the study format."""

_COARSE: Mapping[str, str] = {"spacing": "2 mm", "output_interval": "24 h"}


class Study(StudyTable):
    """Many lesions under one or several policies, and what is to be compared with them.

    Read it with :meth:`from_toml`, :meth:`from_text` or :meth:`from_dict`.

    Raises
    ------
    CaseError
        If anything is wrong; the message lists all problems with key, value and remedy.

    Examples
    --------
    >>> study = Study.from_dict({
    ...     "schema": "ablsim/study/1",
    ...     "title": "ten lesions",
    ...     "population": {
    ...         "lesions": 10,
    ...         "diameter": {"distribution": "uniform", "from": "10 mm", "to": "30 mm"},
    ...     },
    ...     "policy": {"kind": "rules"},
    ... })
    >>> study.policies[0].label, study.uncertainty.draws, study.numerics.spacing
    ('rules', 8, 0.002)
    """

    schema_name: Annotated[Literal["ablsim/study/1"], Choice((SCHEMA,))] = Field(
        alias="schema", description="name and version of this format"
    )
    title: Annotated[str, Words("200 metastases, working rules")] = Field(description="what it is")
    notes: Annotated[str, Words("source and what was assumed", may_be_empty=True)] = Field(
        "", description="free text: source, what was assumed"
    )
    seed: Annotated[int, Whole(1, 0, 2**63 - 1)] = Field(1, description="of every random number")
    population: PopulationTable = Field(description="who is treated")
    policies: tuple[PolicyTable, ...] = Field(
        alias="policy", description="who gets what; a single table or several"
    )
    uncertainty: UncertaintyTable = Field(UncertaintyTable(), description="what is not known")
    tissue: TissueTable = Field(
        TissueTable(background="liver"), description="what surrounds every tumour"
    )
    physics: PhysicsTable = Field(PhysicsTable(), description="which laws hold")
    numerics: NumericsTable = Field(
        NumericsTable(**_COARSE), description="how finely it is computed; cells of 2 mm"
    )
    observations: tuple[ObservationTable, ...] = Field(
        (), alias="observation", description="what was observed of all lesions of a size together"
    )
    report: ReportTable = Field(ReportTable(), description="how the answers are summed up")

    _text: str = PrivateAttr("")
    _folder: Path = PrivateAttr(Path())

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Return the study that a TOML file describes; file names in it count from its folder."""
        path = Path(path)
        return cls.from_text(read_text(path), source=path.name, folder=path.parent)

    @classmethod
    def from_text(cls, text: str, *, source: str = "the study", folder: str | Path = ".") -> Self:
        """Return the study that a text describes, TOML or JSON."""
        text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        return cls._read(parse_text(text, source), text, source, Path(folder))

    @classmethod
    def from_dict(
        cls, table: Mapping[str, Any], *, source: str = "the study", folder: str | Path = "."
    ) -> Self:
        """Return the study that a mapping describes, with the keys and texts of a study file."""
        return cls._read(as_written(table), "", source, Path(folder))

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of a study file, for editors."""
        schema = cls.model_json_schema(
            by_alias=True, mode="serialization", schema_generator=EditorSchema
        )
        policies = schema["properties"]["policy"]
        schema["properties"]["policy"] = {
            "anyOf": [policies["items"], {"type": "array", "items": policies["items"]}],
            "description": policies["description"],
        }
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            **schema,
            "title": SCHEMA,
            "description": "A study of ablsim. Research software. Not for clinical decisions.",
        }

    @property
    def text(self) -> str:
        """The study as it was read (line ends unified), or as TOML."""
        return self._text

    @property
    def sha256(self) -> str:
        """Hash of :attr:`text`."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def folder(self) -> Path:
        """Where the names of files in it count from."""
        return self._folder

    def __repr__(self) -> str:
        policies = ", ".join(policy.label for policy in self.policies)
        return f"<Study {self.title!r}: {policies}>"

    __str__ = __repr__

    @model_validator(mode="before")
    @classmethod
    def _fill_numerics(cls, data: Any) -> Any:
        """Write out the coarser cells of a study, and that no states in between are kept."""
        if not isinstance(data, Mapping) or not isinstance(data.get("numerics", {}), Mapping):
            return data
        return {**data, "numerics": {**_COARSE, **data.get("numerics", {})}}

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = []
        if self.numerics.spacing is None:
            problems.append(
                'numerics.spacing: "auto" would compute every lesion on other cells; a study '
                'compares them on the same: write for example "2 mm"'
            )
        if not self.policies:
            problems.append('policy: there is none; add [policy] with kind = "rules"')
        labels = [policy.label for policy in self.policies]
        problems += [
            f'policy: {labels.count(label)} policies are called "{label}"; give each its own name'
            for label in dict.fromkeys(label for label in labels if labels.count(label) > 1)
        ]
        is_file = self.population.csv is not None
        for number, policy in enumerate(self.policies, start=1):
            lacks_energy = policy.kind == "as_reported" and policy.energy_per_treatment is None
            if lacks_energy and not is_file:
                problems.append(
                    f"policy#{number}.energy_per_treatment: is missing, and no file of the "
                    'population says it; write for example energy_per_treatment = "7500 J"'
                )
        names = {stratum.name for stratum in self.population.strata}
        for number, observed in enumerate(self.observations, start=1):
            if observed.stratum is not None and not is_file and observed.stratum not in names:
                problems.append(
                    f'observation#{number}.stratum: there is no stratum "{observed.stratum}"; '
                    f"allowed are {', '.join(sorted(names)) or 'none'}; correct the name"
                )
        if problems:
            raise CaseError("\n".join(problems))
        return self

    @classmethod
    def _read(cls, table: Mapping[str, Any], text: str, source: str, folder: Path) -> Self:
        if not isinstance(table, Mapping):
            msg = f"{source}: is not a table of keys; write it as a study file"
            raise CaseError(msg)
        given = dict(table)
        is_single = isinstance(given.get("policy"), Mapping)
        if is_single:
            given["policy"] = [given["policy"]]
        study = cls.__new__(cls)
        try:
            study.__pydantic_validator__.validate_python(given, self_instance=study)
        except ValidationError as error:
            problems = describe_problems(error, given, cls, hints=cls.hints)
            if is_single:  # who wrote one table looks for no first of several
                problems = [problem.replace("policy#1", "policy") for problem in problems]
            raise CaseError(join_problems(source, problems)) from None
        study._text = text or write_toml(table)
        study._folder = folder
        return study
