"""The case: what is treated, how, and how finely it is computed, as one frozen object.

A case is read from a TOML file, checked before anything is computed, and from then on holds SI
values only. ``resolved()`` writes every default out again with units.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from ablsim.case_boundary import Boundary
from ablsim.case_checks import find_problems
from ablsim.case_fibres import FibreArrayTable, FibreTable
from ablsim.case_fields import Choice, Table, Words
from ablsim.case_memory import check_memory
from ablsim.case_messages import describe_problems, join_problems
from ablsim.case_objects import OrganTable, ProbeTable, VesselTable
from ablsim.case_schema import EditorSchema
from ablsim.case_settings import NumericsTable, PhysicsTable, ProtocolTable
from ablsim.case_tables import DomainTable, TissueTable, TumourTable
from ablsim.case_text import parse_text, read_text, write_toml
from ablsim.case_written import as_written, change_keys
from ablsim.errors import CaseError
from ablsim.extent import find_extent
from ablsim.grid import Grid, Point
from ablsim.laser_log import include_logs
from ablsim.light.fibre import Fibre
from ablsim.notebook import make_card
from ablsim.protocol import Protocol
from ablsim.quantities import POSITION
from ablsim.steps import write_step
from ablsim.units import to_mm
from ablsim.vessel_masks import include_tubes
from ablsim.voxels import include_masks

__all__ = ["SCHEMA", "Boundary", "Case"]

SCHEMA = "ablsim/case/1"
"""Name and version of the case format."""


class Case(Table):
    """One treatment or bench experiment, and how finely it is computed.

    Read it with :meth:`from_toml`, :meth:`from_text` or :meth:`from_dict`, or make it from the
    tables of a case file, which are classes here (`TissueTable` is ``[tissue]``, and so on) with
    the same keys and the same texts with units. All values inside are SI. Two cases are equal when
    they ask for the same, whatever was written out and whatever left to defaults.

    Parameters
    ----------
    title : str
        What it is.
    tissue : TissueTable
        What surrounds the tumour.
    protocol : Protocol, or list of str or of steps
        What is done, such as ``["deliver 5 W for 360 s", "rest for 120 s"]``.
    tumour : TumourTable, optional
        What is treated.
    fibre : list of FibreTable or of Fibre, optional
        Fibres one by one.
    fibres : FibreArrayTable, optional
        Fibres in a pattern.
    **tables
        The other tables of a case file: ``notes``, ``domain``, ``vessel`` (a list), ``physics``,
        ``numerics``. Mappings will do for any table.

    Raises
    ------
    CaseError
        If anything is wrong; the message lists all problems with key, value and remedy.

    Examples
    --------
    >>> from ablsim import Case, FibreTable, TissueTable, TumourTable
    >>> case = Case(
    ...     title="NET metastasis, 14 mm, one fibre",
    ...     tissue=TissueTable(background="liver"),
    ...     tumour=TumourTable(tissue="net_metastasis", diameter="14 mm", margin="5 mm"),
    ...     fibre=[FibreTable(kind="bare", tip=["0 mm", "0 mm", "0 mm"], direction=[0, 0, -1])],
    ...     protocol=["deliver 5 W until 1800 J", "rest for 120 s"],
    ... )
    >>> larger = case.replace({"tumour.diameter": "18 mm", "numerics.spacing": "2 mm"})
    >>> case.tumour.diameter, larger.tumour.diameter
    (0.014, 0.018)

    The same from a mapping with the keys of a case file:

    >>> case = Case.from_dict({
    ...     "schema": "ablsim/case/1",
    ...     "title": "one fibre",
    ...     "tissue": {"background": "liver"},
    ...     "fibres": {"kind": "bare", "pattern": "single", "direction": [0, 0, -1]},
    ...     "protocol": {"steps": ["deliver 5 W until 1800 J"]},
    ... })
    >>> case.protocol.duration, case.grid().shape
    (480.0, (70, 70, 70))
    """

    schema_name: Annotated[Literal["ablsim/case/1"], Choice((SCHEMA,))] = Field(
        alias="schema", description="name and version of this format"
    )
    title: Annotated[str, Words("Bare fibre, 5 W for 360 s")] = Field(description="what it is")
    notes: Annotated[str, Words("source and what was assumed", may_be_empty=True)] = Field(
        "", description="free text: source, what was assumed"
    )
    domain: DomainTable = Field(DomainTable(), description="the block of tissue computed")
    tissue: TissueTable = Field(description="what surrounds the tumour")
    tumour: TumourTable | None = Field(None, description="what is treated")
    vessels: tuple[VesselTable, ...] = Field((), alias="vessel", description="large vessels")
    organs: tuple[OrganTable, ...] = Field(
        (), alias="organ", description="other organs, and what they must not be exposed to"
    )
    probes: tuple[ProbeTable, ...] = Field(
        (), alias="probe", description="points whose temperature is recorded"
    )
    single_fibres: tuple[FibreTable, ...] = Field(
        (), alias="fibre", description="fibres one by one"
    )
    fibre_array: FibreArrayTable | None = Field(
        None, alias="fibres", description="fibres in a pattern"
    )
    protocol_table: ProtocolTable = Field(alias="protocol", description="what is done")
    physics: PhysicsTable = Field(PhysicsTable(), description="which laws hold")
    numerics: NumericsTable = Field(NumericsTable(), description="how finely it is computed")

    _text: str = PrivateAttr("")

    def __init__(self, **tables: Any) -> None:
        table = {"schema": SCHEMA, **as_written(tables)}
        if isinstance(table.get("protocol"), list):
            table["protocol"] = {"steps": table["protocol"]}
        self._fill(table, "", "the case", Path(), stored=False)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # see Table

    @classmethod
    def from_toml(cls, path: str | Path, *, stored: bool = False) -> Self:
        """Return the case that a TOML file describes.

        Parameters
        ----------
        path : str or Path
            The file, UTF-8.
        stored : bool
            Whether the case was run before, so that this machine's memory does not matter.

        Raises
        ------
        CaseError
            If the file cannot be read or the case is wrong; the message lists all problems.
        """
        path = Path(path)
        text, folder = read_text(path), path.parent
        return cls.from_text(text, source=path.name, folder=folder, stored=stored)

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        source: str = "the case",
        folder: str | Path = ".",
        stored: bool = False,
    ) -> Self:
        """Return the case that a text describes, TOML or JSON.

        ``source`` names the text in messages; the names of laser logs count from ``folder``;
        ``stored`` is as in :meth:`from_toml`.
        """
        text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        table = parse_text(text, source)
        return cls._read(table, text, source, Path(folder), stored)

    @classmethod
    def from_dict(
        cls,
        table: Mapping[str, Any],
        *,
        source: str = "the case",
        folder: str | Path = ".",
        stored: bool = False,
    ) -> Self:
        """Return the case that a mapping describes, with the keys and texts of a case file."""
        return cls._read(table, "", source, Path(folder), stored)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of a case file, for editors."""
        schema = cls.model_json_schema(
            by_alias=True, mode="serialization", schema_generator=EditorSchema
        )
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            **schema,
            "title": SCHEMA,
            "description": "A case of ablsim. Research software. Not for clinical decisions.",
        }

    @property
    def text(self) -> str:
        """The case as it was read (line ends unified), or as TOML if it came as anything but text.

        A case with laser logs is written anew too, with their rows in place of their names, so
        that it says all that is needed to run it again.
        """
        return self._text

    @property
    def sha256(self) -> str:
        """Hash of :attr:`text`: the identity of a run."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def to_toml(self) -> str:
        """Return the case as the text of a case file, which `from_text` reads as an equal case.

        A case that was read from TOML keeps its own words and remarks; any other says what it was
        given, without the defaults. For a text with every default written out:
        ``Case.from_dict(case.resolved()).to_toml()``.

        Examples
        --------
        >>> text = case.to_toml()  # doctest: +SKIP
        >>> Path("again.toml").write_text(text, encoding="utf-8")  # doctest: +SKIP
        """
        return write_toml(json.loads(self._text)) if self._text.startswith("{") else self._text

    def replace(self, changes: Mapping[str, Any]) -> Self:
        """Return the case with other values at some of its keys, checked as a whole.

        Parameters
        ----------
        changes : mapping
            New values by key, as a case file would say them: ``"tumour.diameter"``,
            ``"physics.stasis"``, ``"fibre#2.tip"`` for the second fibre, ``"protocol.steps#1"`` for
            the first step, ``"tumour"`` for a whole table. None takes a key out, back to its
            default.

        Returns
        -------
        Case
            A new case; this one stays as it is.

        Raises
        ------
        CaseError
            If a key leads nowhere, or if the new case is wrong.
        """
        source = "the changed case"
        try:
            table = change_keys(parse_text(self._text, source), changes)
        except CaseError as error:
            raise CaseError(join_problems(source, str(error).splitlines())) from None
        return self._read(table, "", source, Path(), stored=False)

    @cached_property
    def protocol(self) -> Protocol:
        """The steps, with cool-down added where it is missing."""
        return Protocol.from_steps(self.protocol_table.steps)

    @cached_property
    def fibres_all(self) -> tuple[Fibre, ...]:
        """Every fibre: those given one by one, then those of the array."""
        fibres = tuple(fibre.place(i) for i, fibre in enumerate(self.single_fibres, start=1))
        return (
            fibres
            if self.fibre_array is None
            else (*fibres, *self.fibre_array.place(len(fibres) + 1))
        )

    def grid(self) -> Grid:
        """Return the cells: the given domain, or the automatic one (see :mod:`ablsim.extent`)."""
        centre, size = self._extent
        return Grid.centred(centre, size, self.numerics.edge)

    def resolved(self) -> dict[str, Any]:
        """Return the case with every default written out, as a case file would say it.

        The result can be read with :meth:`from_dict` and gives an equal case.
        """
        table = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        centre, size = self._extent
        table["domain"]["centre"] = POSITION.write(centre)
        table["domain"]["size"] = POSITION.write(size)
        faces = table["domain"]["boundary"]
        table["domain"]["boundary"] = {
            face: faces.get(face, faces["all"]) for face in self.domain.boundary
        }
        for entry, fibre in zip(table["fibre"], self.fibres_all, strict=False):
            entry["name"] = fibre.name
        for lists in ("vessel", "organ", "probe", "fibre"):
            if not table[lists]:
                del table[lists]
        table["protocol"]["steps"] = [write_step(step) for step in self.protocol.all_steps]
        if not table["tissue"]["override"]:
            del table["tissue"]["override"]
        for key in ("spacing", "time_step"):
            table["numerics"].setdefault(key, "auto")
        return table

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Case) and self.resolved() == other.resolved()

    def __hash__(self) -> int:
        return hash(json.dumps(self.resolved(), sort_keys=True))

    def __repr__(self) -> str:
        return f"<Case {self.title!r}: {', '.join(self._describe().values())}>"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        steps = "; ".join(str(write_step(step)) for step in self.protocol.all_steps)
        rows = [*self._describe().items(), ("steps", steps if len(steps) < 400 else "many")]
        return make_card(self.title, rows)

    def _describe(self) -> dict[str, str]:
        """Return what it is in a few words each."""
        fibres, tumour = self.fibres_all, self.tumour
        kinds = " and ".join(sorted({fibre.kind for fibre in fibres}))
        energy = self.protocol.energy_fired([fibre.name for fibre in fibres])
        described = {"tissue": f"{self.tissue.background}, perfusion {self.tissue.perfusion}"}
        if tumour is not None:
            sizes = " x ".join(f"{to_mm(a):g}" for a in dict.fromkeys(tumour.axes))
            described["tumour"] = f"{tumour.tissue} of {sizes} mm"
        described["fibres"] = f"{len(fibres)} {kinds}"
        described["protocol"] = f"{energy:.6g} J in {self.protocol.duration:g} s"
        described["grid"] = self.grid().text
        return described

    @classmethod
    def _read(
        cls, table: Mapping[str, Any], text: str, source: str, folder: Path, stored: bool
    ) -> Self:
        case = cls.__new__(cls)
        case._fill(table, text, source, folder, stored=stored)
        return case

    def _fill(
        self, table: Mapping[str, Any], text: str, source: str, folder: Path, *, stored: bool
    ) -> None:
        """Become the case that a table describes; ``text`` is empty where it does not say all."""
        if not isinstance(table, Mapping):
            msg = f"{source}: is not a table of keys; write it as a case file"
            raise CaseError(msg)
        complete = include_tubes(include_masks(include_logs(table, folder), folder), folder)
        if complete is not table:
            table, text = complete, ""
        try:
            self.__pydantic_validator__.validate_python(table, self_instance=self)
        except ValidationError as error:
            problems = describe_problems(error, table, type(self))
            raise CaseError(join_problems(source, problems)) from None
        if not stored:
            try:
                check_memory(self.grid(), self.numerics.precision)
            except CaseError as error:
                raise CaseError(join_problems(source, [str(error)])) from None
        order = [field.alias or name for name, field in type(self).model_fields.items()]
        self._text = text or write_toml({key: table[key] for key in order if key in table})

    @model_validator(mode="after")
    def _check(self) -> Self:
        if problems := find_problems(self):
            raise CaseError("\n".join(problems))
        return self

    @cached_property
    def _extent(self) -> tuple[Point, Point]:
        """Centre and size of the domain [m]."""
        return find_extent(self)
