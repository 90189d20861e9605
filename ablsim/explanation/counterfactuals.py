"""What could be taken away that keeps a treatment from ablating more, one thing after the other.

Each is a change to the case file, so every run of an explanation is a case that anyone can run.
First come things that may have been so (more energy, a tumour without flow), then limits of the
method, and last what no patient offers: a liver without any flow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ablsim.case import Case
from ablsim.steps import Deliver

FULL_ENERGY = 1800.0
"""Energy of a full illumination, per fibre [J]."""

Changes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One thing that is taken away.

    Parameters
    ----------
    name : str
        What the case is like then, in a few words.
    find_changes : callable
        Returns the keys that change and their new values (`Case.replace`); none where the case
        has nothing of the kind.
    """

    name: str
    find_changes: Callable[[Case], Changes]

    def apply(self, case: Case) -> Case | None:
        """Return the case without it; None where there is nothing to take away."""
        changes = self.find_changes(case)
        return case.replace(changes) if changes else None


def _full_energy(case: Case) -> Changes:
    """Let every delivery of less than a full illumination go on until it is one."""
    steps = case.protocol.steps
    full = [
        replace(step, duration=FULL_ENERGY / step.power)
        if isinstance(step, Deliver) and 0.0 < step.power * step.duration < FULL_ENERGY
        else step
        for step in steps
    ]
    return {} if full == list(steps) else {"protocol.steps": full}


def _embolised(case: Case) -> Changes:
    """Take the flow from the tumour, as an embolisation does."""
    tumour = case.tumour
    if tumour is None or case.tissue.perfusion != "normal":
        return {}
    if tumour.perfusion not in ("normal", "hypovascular"):
        return {}
    changes: dict[str, Any] = {"tumour.perfusion": "embolised"}
    override = case.tissue.overrides.get(tumour.tissue)
    if override is not None and override.perfusion_rate is not None:
        changes[f"tissue.override.{tumour.tissue}.perfusion_rate"] = None
    return changes


def _lossless_fibres(case: Case) -> Changes:
    keys = [f"fibre#{number}" for number in range(1, len(case.single_fibres) + 1)]
    keys += ["fibres"] if case.fibre_array is not None else []
    lossy = any(fibre.transmission < 1.0 for fibre in case.fibres_all)
    return {f"{key}.transmission": 1.0 for key in keys} if lossy else {}


def _no_char(case: Case) -> Changes:
    has_film = case.physics.char != "none" and any(f.kind == "bare" for f in case.fibres_all)
    return {"physics.char": "none"} if has_film else {}


def _no_steam_lost(case: Case) -> Changes:
    physics = case.physics
    loses = physics.boiling == "water_state" and physics.steam_condensation < 1.0
    return {"physics.steam_condensation": 1.0} if loses else {}


def _no_vessels(case: Case) -> Changes:
    flows = case.vessels and case.tissue.perfusion == "normal"
    return {"vessel": None} if flows else {}


def _no_flow(case: Case) -> Changes:
    return {"tissue.perfusion": "occluded"} if case.tissue.perfusion == "normal" else {}


COUNTERFACTUALS = (
    Counterfactual(f"{FULL_ENERGY:g} J in every illumination", _full_energy),
    Counterfactual("tumour embolised before", _embolised),
    Counterfactual("no light lost in the fibres", _lossless_fibres),
    Counterfactual("no char on the tips", _no_char),
    Counterfactual("all steam condenses in the tissue", _no_steam_lost),
    Counterfactual("no large vessels", _no_vessels),
    Counterfactual("no blood flow at all", _no_flow),
)
"""In the order in which they are taken away, each on top of those before it."""
