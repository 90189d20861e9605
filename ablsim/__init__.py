"""ablsim predicts what laser light does to a liver tumour.

A `Case` says what is treated, how, and how finely it is computed; `simulate` turns it into a
`Result`; `measure_zones` measures the ablation zones on it and `summarise` gives all numbers of the
command line. `save` and `load` keep results as files, `cite` names the sources of every number.
Quantities that are given to a case are texts with a unit; all numbers that come back are SI.

>>> import ablsim
>>> case = ablsim.Case.from_toml("patient.toml")  # doctest: +SKIP
>>> result = ablsim.simulate(case)  # doctest: +SKIP
>>> print(ablsim.measure_zones(result))  # doctest: +SKIP

The public names are loaded when they are first used, so that ``import ablsim`` stays light.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ablsim.band import Band
    from ablsim.bibliography import cite
    from ablsim.case import Case
    from ablsim.case_fibres import FibreArrayTable, FibreTable
    from ablsim.case_objects import NoGoTable, OrganTable, ProbeTable, VesselTable
    from ablsim.case_settings import NumericsTable, PhysicsTable
    from ablsim.case_tables import DomainTable, TissueTable, TumourTable
    from ablsim.cohort import Study, run_cohort
    from ablsim.cohort.study_tables import PlacementTable
    from ablsim.domain import Domain, make_domain
    from ablsim.errors import AblsimError, CaseError, ResultError, UnfinishedError
    from ablsim.explanation import Explanation, explain
    from ablsim.grid import Grid
    from ablsim.light.fibre import Fibre
    from ablsim.planning import Limits, Plan, Request, Span, Weights, plan
    from ablsim.protocol import Protocol
    from ablsim.reproduction import Reproduction, reproduce
    from ablsim.result import Result, Snapshot
    from ablsim.simulation import simulate
    from ablsim.steps import Deliver, NewSession, PullBack, Ramp, Reposition, Rest
    from ablsim.storage import load, save
    from ablsim.summary import summarise
    from ablsim.uncertainty import estimate_band
    from ablsim.zone import Zones, measure_zones

__version__ = version("ablsim")

_HOMES = {
    "ablsim.band": ("Band",),
    "ablsim.bibliography": ("cite",),
    "ablsim.case": ("Case",),
    "ablsim.case_fibres": ("FibreArrayTable", "FibreTable"),
    "ablsim.case_objects": ("NoGoTable", "OrganTable", "ProbeTable", "VesselTable"),
    "ablsim.case_settings": ("NumericsTable", "PhysicsTable"),
    "ablsim.case_tables": ("DomainTable", "TissueTable", "TumourTable"),
    "ablsim.cohort": ("Study", "run_cohort"),
    "ablsim.cohort.study_tables": ("PlacementTable",),
    "ablsim.domain": ("Domain", "make_domain"),
    "ablsim.errors": ("AblsimError", "CaseError", "ResultError", "UnfinishedError"),
    "ablsim.explanation": ("Explanation", "explain"),
    "ablsim.grid": ("Grid",),
    "ablsim.certificate": ("Certificate", "certify"),
    "ablsim.light.fibre": ("Fibre",),
    "ablsim.planning": ("Limits", "Plan", "Request", "Span", "Weights", "plan"),
    "ablsim.protocol": ("Protocol",),
    "ablsim.refinement": ("refine",),
    "ablsim.reproduction": ("Reproduction", "reproduce"),
    "ablsim.result": ("Result", "Snapshot"),
    "ablsim.simulation": ("simulate",),
    "ablsim.steps": ("Deliver", "NewSession", "PullBack", "Ramp", "Reposition", "Rest"),
    "ablsim.storage": ("load", "save"),
    "ablsim.summary": ("summarise",),
    "ablsim.uncertainty": ("estimate_band",),
    "ablsim.zone": ("Zones", "measure_zones"),
}

__all__ = [
    "AblsimError",
    "Band",
    "Case",
    "CaseError",
    "Certificate",
    "Deliver",
    "Domain",
    "DomainTable",
    "Explanation",
    "Fibre",
    "FibreArrayTable",
    "FibreTable",
    "Grid",
    "Limits",
    "NewSession",
    "NoGoTable",
    "NumericsTable",
    "OrganTable",
    "PhysicsTable",
    "PlacementTable",
    "Plan",
    "ProbeTable",
    "Protocol",
    "PullBack",
    "Ramp",
    "Reposition",
    "Reproduction",
    "Request",
    "Rest",
    "Result",
    "ResultError",
    "Snapshot",
    "Span",
    "Study",
    "TissueTable",
    "TumourTable",
    "UnfinishedError",
    "VesselTable",
    "Weights",
    "Zones",
    "certify",
    "cite",
    "estimate_band",
    "explain",
    "load",
    "make_domain",
    "measure_zones",
    "plan",
    "refine",
    "reproduce",
    "run_cohort",
    "save",
    "simulate",
    "summarise",
]


def __getattr__(name: str) -> Any:
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        msg = f"module 'ablsim' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
