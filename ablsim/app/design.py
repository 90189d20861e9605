"""What the sliders of the planning page say, and the case that it means."""

import json
from dataclasses import dataclass, fields, replace
from typing import Any, Self, get_args

from ablsim.case import Case
from ablsim.case_text import write_toml
from ablsim.certificate import on_cells
from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.light.fibre import Pattern
from ablsim.planning.prescription import Prescription, arrange, place_pattern
from ablsim.planning.subject import (
    LIGHT_INTERVAL,
    PHOTONS,
    describe_subject,
    make_subject,
)
from ablsim.uncertainty.factors import writable
from ablsim.units import to_mm

PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
"""Of fibres."""

OWN = "own"
"""In place of a pattern: fibres and protocol stay as the case file has them."""

COARSE = (2.0, 2.5)
"""Cells [mm] of the picture that follows the sliders, and those of large domains."""

FINE = 1.0
"""Cells [mm] of a full run."""

CELLS = 170_000
"""Cells beyond which a domain is large."""

MOMENTS = 12
"""About how many moments of a treatment can be looked at."""

REMARK = "# Settings of ablsim's planning page: "
"""Begins the line by which the page knows its own files again."""

LARGEST_FILE = 20_000_000
"""Bytes of a case file that is taken; one with a mask in it has a few megabytes."""

_DOWN: Point = (0.0, 0.0, -1.0)
_HALF_VESSEL = 150.0  # mm


@dataclass(frozen=True, slots=True)
class Design:
    """A tumour, a vessel beside it and one placement of fibres; lengths in millimetres.

    Parameters
    ----------
    diameter : float
        Of a spherical tumour [mm].
    tissue, perfusion : str
        Of the tumour.
    margin : float
        Asked for around it [mm].
    vessel : float
        Diameter of a vessel that passes beside it [mm]; 0 for none.
    gap : float
        From the tumour's surface to the vessel's wall [mm].
    pattern : str
        Of the fibres, or `OWN`.
    spacing : float
        Between neighbouring fibres [mm].
    power : float
        Of each fibre [W].
    energy : float
        Of each fibre in each illumination [J].
    illuminations : int
        Deliveries, pulled back between them.
    pull_back : float
        Between two of them [mm].
    together : bool
        Whether the fibres fire at the same time.
    base : Case, optional
        A case that was loaded: then tumour, vessels and organs are its own.
    """

    diameter: float = 30.0
    tissue: str = "net_metastasis"
    perfusion: str = "normal"
    margin: float = 0.0
    vessel: float = 0.0
    gap: float = 5.0
    pattern: str = "square"
    spacing: float = 15.0
    power: float = 5.0
    energy: float = 1800.0
    illuminations: int = 1
    pull_back: float = 10.0
    together: bool = True
    base: Case | None = None

    @classmethod
    def of_case(cls, case: Case) -> Self:
        """Return the design of a case that stays as it is, with its own fibres."""
        tumour = case.tumour
        if tumour is None:
            return cls(base=case, pattern=OWN)
        return cls(
            diameter=round(to_mm(max(tumour.axes)), 3),
            tissue=tumour.tissue,
            perfusion=tumour.perfusion,
            margin=round(to_mm(tumour.margin), 3),
            pattern=OWN,
            base=case,
        )

    @classmethod
    def from_text(cls, text: str, source: str, folder: str = ".") -> Self:
        """Return the design that a case file says.

        A file that the page wrote itself, and that nobody changed since, puts the sliders where
        they were; any other keeps its tumour, vessels, organs and fibres.

        Raises
        ------
        CaseError
            If the text is no case; the message names the file and lists all problems.
        """
        if len(text) > LARGEST_FILE:
            msg = f"{source}: has {len(text)} characters; a case file has at most {LARGEST_FILE}"
            raise CaseError(msg)
        case = Case.from_text(text, source=source, folder=folder)
        line = text.lstrip("\ufeff").splitlines()[0] if text.strip() else ""
        if line.startswith(REMARK):
            try:
                design = cls(**json.loads(line.removeprefix(REMARK)))
                if design.case(FINE, whole=True) == case:
                    return design
            except (ValueError, TypeError, KeyError, CaseError):
                pass  # a remark that somebody changed: the case itself is what counts
        return cls.of_case(case)

    def to_text(self) -> str:
        """Return the case as the text of a file that runs, and that the page reads again."""
        text = write_toml(self.tables(FINE, whole=True))
        if self.base is not None:
            return text
        return f"{REMARK}{json.dumps(self.settings())}\n{text}"

    def settings(self) -> dict[str, Any]:
        """Return what the sliders say, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "base"}

    def patient(self) -> Case:
        """Return the tumour with vessels and organs, as a case; its fibres do not count."""
        if self.base is not None:
            return self._changed_base(self.base)
        case = describe_subject(
            diameter=_mm(self.diameter),
            tissue=self.tissue,
            perfusion=self.perfusion,
            margin=_mm(self.margin),
            background="liver",
        )
        if self.vessel <= 0.0:
            return case
        across = 0.5 * self.diameter + self.gap + 0.5 * self.vessel
        ends = [[_mm(across), _mm(y), "0 mm"] for y in (-_HALF_VESSEL, _HALF_VESSEL)]
        vessel = {"name": "hepatic vein", "diameter": _mm(self.vessel), "points": ends}
        return case.replace({"vessel": [vessel]})

    def prescription(self) -> Prescription:
        """Return where the fibres go and what they fire.

        Raises
        ------
        CaseError
            If there is no such pattern, or no tumour to lay it into.
        """
        pattern = next((one for one in PATTERNS if one == self.pattern), None)
        if pattern is None:
            msg = f'pattern "{self.pattern}": allowed are {", ".join(PATTERNS)}; choose one of them'
            raise CaseError(msg)
        case = self.patient()
        if case.tumour is None:
            msg = "the loaded case has no tumour, so only its own fibres can be shown"
            raise CaseError(msg)
        direction = _DOWN if self.base is None else self.base.fibres_all[0].direction
        placement = place_pattern(
            arrange(pattern, 1e-3 * self.spacing, direction),
            case.tumour.centre,
            direction,
            energy=self.energy,
            illuminations=self.illuminations,
            pull_back=1e-3 * self.pull_back,
            session=0,
        )
        return Prescription(
            direction, self.power, (placement,), self.together, pattern, 1e-3 * self.spacing
        )

    def tables(self, cells: float, *, whole: bool) -> dict[str, Any]:
        """Return the tables of the case on cells of a size [mm].

        ``whole`` is as in `ablsim.planning.subject.Subject.write`: without it the domain is
        smaller and the light renewed less often, as in a planner's runs.
        """
        if self.pattern != OWN:
            return make_subject(self.patient()).write(
                self.prescription(), 1e-3 * cells, whole=whole
            )
        if self.base is None:
            msg = "own fibres: no case is loaded whose fibres could be kept; choose a pattern"
            raise CaseError(msg)
        base = self._changed_base(self.base)
        if whole:
            return writable(base)
        table = writable(on_cells(base, 1e-3 * cells))
        table["numerics"]["light_interval"] = LIGHT_INTERVAL
        table["numerics"]["photons"] = min(PHOTONS, base.numerics.photons)
        return table

    def case(self, cells: float, *, whole: bool) -> Case:
        """Return the case on cells of a size [mm]; see `tables`."""
        return Case.from_dict(self.tables(cells, whole=whole), source="the design")

    def coarse_case(self) -> Case:
        """Return the case of the picture that follows the sliders."""
        for cells in COARSE:
            case = self.case(cells, whole=False)
            nz, ny, nx = case.grid().shape
            if nz * ny * nx <= CELLS:
                break
        between = max(5.0, round(case.protocol.duration / MOMENTS))
        return case.replace({"numerics.output_interval": f"{between:g} s"})

    def changed(self, **values: Any) -> Self:
        """Return a design with other values."""
        return replace(self, **values)

    def _changed_base(self, base: Case) -> Case:
        tumour = base.tumour
        if tumour is None:
            return base
        said: dict[str, tuple[object, object, object]] = {
            "tissue": (tumour.tissue, self.tissue, self.tissue),
            "perfusion": (tumour.perfusion, self.perfusion, self.perfusion),
            "margin": (round(to_mm(tumour.margin), 3), self.margin, _mm(self.margin)),
        }
        changes = {f"tumour.{key}": text for key, (old, new, text) in said.items() if old != new}
        return base.replace(changes) if changes else base


def _mm(length: float) -> str:
    return f"{length:.10g} mm"
