"""ablsim predicts what laser light does to a liver tumour.

The public names are loaded when they are first used, so that ``import ablsim`` stays light.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ablsim.case import Case
    from ablsim.case_fibres import FibreArrayTable, FibreTable
    from ablsim.case_objects import VesselTable
    from ablsim.case_settings import NumericsTable, PhysicsTable
    from ablsim.case_tables import DomainTable, TissueTable, TumourTable
    from ablsim.domain import Domain
    from ablsim.grid import Grid
    from ablsim.light.fibre import Fibre
    from ablsim.protocol import Protocol
    from ablsim.result import Result
    from ablsim.simulation import simulate
    from ablsim.storage import load, save
    from ablsim.zone import measure_zones

__version__ = version("ablsim")

_HOMES = {
    "Case": "ablsim.case",
    "Domain": "ablsim.domain",
    "DomainTable": "ablsim.case_tables",
    "FibreArrayTable": "ablsim.case_fibres",
    "FibreTable": "ablsim.case_fibres",
    "NumericsTable": "ablsim.case_settings",
    "PhysicsTable": "ablsim.case_settings",
    "TissueTable": "ablsim.case_tables",
    "TumourTable": "ablsim.case_tables",
    "VesselTable": "ablsim.case_objects",
    "Fibre": "ablsim.light.fibre",
    "Grid": "ablsim.grid",
    "Protocol": "ablsim.protocol",
    "Result": "ablsim.result",
    "load": "ablsim.storage",
    "measure_zones": "ablsim.zone",
    "save": "ablsim.storage",
    "simulate": "ablsim.simulation",
}

__all__ = [
    "Case",
    "Domain",
    "DomainTable",
    "Fibre",
    "FibreArrayTable",
    "FibreTable",
    "Grid",
    "NumericsTable",
    "PhysicsTable",
    "Protocol",
    "Result",
    "TissueTable",
    "TumourTable",
    "VesselTable",
    "load",
    "measure_zones",
    "save",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module 'ablsim' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
