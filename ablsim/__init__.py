"""ablsim predicts what laser light does to a liver tumour.

The public names are loaded when they are first used, so that ``import ablsim`` stays light.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ablsim.band import Band
    from ablsim.case import Case
    from ablsim.domain import Domain
    from ablsim.grid import Grid
    from ablsim.light.fibre import Fibre
    from ablsim.protocol import Protocol
    from ablsim.result import Result
    from ablsim.simulation import simulate
    from ablsim.storage import load, save
    from ablsim.uncertainty import estimate_band
    from ablsim.zone import measure_zones

__version__ = version("ablsim")

_HOMES = {
    "Band": "ablsim.band",
    "Case": "ablsim.case",
    "Domain": "ablsim.domain",
    "Fibre": "ablsim.light.fibre",
    "Grid": "ablsim.grid",
    "Protocol": "ablsim.protocol",
    "Result": "ablsim.result",
    "estimate_band": "ablsim.uncertainty",
    "load": "ablsim.storage",
    "measure_zones": "ablsim.zone",
    "save": "ablsim.storage",
    "simulate": "ablsim.simulation",
}

__all__ = [
    "Band",
    "Case",
    "Domain",
    "Fibre",
    "Grid",
    "Protocol",
    "Result",
    "estimate_band",
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
