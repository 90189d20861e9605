"""A plan as one JSON object."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ablsim.planning.binding import Concession
from ablsim.planning.candidates import Candidate
from ablsim.planning.front import FrontPoint
from ablsim.planning.judgement import Found
from ablsim.planning.prescription import Prescription
from ablsim.planning.probability import Estimate
from ablsim.planning.request import Request
from ablsim.planning.span import Span
from ablsim.planning.subject import Subject
from ablsim.planning.warnings import Warned
from ablsim.units import to_ml, to_mm

SCHEMA = "ablsim/plan/1"
"""Name and version of the layout."""


@dataclass(frozen=True)
class Plan:
    """The answer to one demand.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        What was asked.
    found : Found
        The plan, or the nearest one.
    front : tuple of FrontPoint
        What a higher probability costs.
    binding : tuple of str
        Limits that the plan touches; for an impossible demand also why.
    concessions : tuple of Concession
        For an impossible demand, what would have to give.
    warnings : tuple of Warned
        What whoever reads it must know.
    evaluations, runs : int
        Runs that it rests on, and those computed now.
    wall, work : float
        Time it took now, and that of all its runs together, whenever they were made [s].
    """

    subject: Subject
    request: Request
    found: Found
    front: tuple[FrontPoint, ...]
    binding: tuple[str, ...]
    concessions: tuple[Concession, ...]
    warnings: tuple[Warned, ...]
    evaluations: int
    runs: int
    wall: float
    work: float

    @property
    def is_feasible(self) -> bool:
        """Whether the demand is met within all limits."""
        return self.found.is_feasible

    @property
    def prescription(self) -> Prescription:
        """The treatment."""
        return self.found.best.plan

    def to_toml(self) -> str:
        """Return the plan as the text of a case that can be run."""
        from ablsim.case_text import write_toml

        return write_toml(write_plan(self))


def write_plan(plan: Plan) -> dict[str, Any]:
    """Return the tables of the plan's case, on the cells that it was checked on."""
    subject, found = plan.subject, plan.found
    tumour = subject.tumour
    sizes = " x ".join(f"{to_mm(axis):g}" for axis in dict.fromkeys(tumour.axes))
    title = f"Plan for {tumour.tissue} of {sizes} mm: {plan.prescription.describe()}"
    table = subject.write(plan.prescription, found.fine.outcome.spacing, title, whole=True)
    chance = found.probability.complete
    table["notes"] = (
        f"Made by ablsim plan. Complete ablation with a probability of {chance.value:.2f} "
        f"({chance.low:.2f} to {chance.high:.2f}); asked for {plan.request.probability:g}. "
        "Research software. Not for clinical decisions."
    )
    return table


def summarise(plan: Plan) -> dict[str, Any]:
    """Return the answer as the JSON object ``ablsim/plan/1``."""
    found, feasible = plan.found, plan.is_feasible
    treatment = _treatment(found.best)
    return {
        "schema": SCHEMA,
        "feasible": feasible,
        "request": _request(plan.subject, plan.request),
        "plan": treatment if feasible else None,
        "predicted": _predicted(found) if feasible else None,
        "active_constraints": list(plan.binding),
        "nearest": None if feasible else {"plan": treatment, "predicted": _predicted(found)},
        "concessions": [
            {
                "gives": one.words,
                "plan": _treatment(one.candidate),
                "p_complete": one.probability,
                "enough": one.is_enough,
            }
            for one in plan.concessions
        ],
        "pareto": [
            {
                "burden_min": point.candidate.burden,
                "p_complete": point.probability,
                "basis": point.basis,
                "chosen": point.is_chosen,
                "plan": _treatment(point.candidate),
            }
            for point in plan.front
        ],
        "warnings": [asdict(one) for one in plan.warnings],
        "evaluations": plan.evaluations,
        "computed": plan.runs,
        "wall_s": plan.wall,
        "work_s": plan.work,
    }


def _treatment(one: Candidate) -> dict[str, Any]:
    plan = one.plan
    first = plan.placements[0]
    return {
        "fibres": plan.fibres,
        "pattern": plan.pattern,
        "spacing_mm": to_mm(plan.spacing) if plan.fibres > 1 else None,
        "illuminations": plan.illuminations,
        "placements": len(plan.placements),
        "sessions": plan.sessions,
        "insertions": plan.insertions,
        "energy_per_fibre_j": plan.energy_per_fibre,
        "energy_total_j": plan.energy,
        "laser_time_s": plan.laser_time,
        "power_w": plan.power,
        "pull_back_mm": to_mm(first.pull_back),
        "illuminations_per_placement": first.illuminations,
        "together": plan.together,
        "burden_min": one.burden,
    }


def _predicted(found: Found) -> dict[str, Any]:
    fine, chance = found.fine.outcome, found.probability
    return {
        "ablated_fraction": fine.fraction,
        "ablated_fraction_with_margin": fine.fraction_with_margin,
        "margin_min_mm": to_mm(fine.margin_min),
        "p_complete": chance.complete.value,
        "p_complete_ci": [chance.complete.low, chance.complete.high],
        "p_margin": {f"{to_mm(m):g} mm": _estimate(e) for m, e in chance.margins.items()},
        "expected_fraction": _estimate(chance.fraction),
        "residual_ml": {
            f"{level:g}": {key: to_ml(value) for key, value in asdict(e).items()}
            for level, e in chance.residual.items()
        },
        "p_within_limits": _estimate(chance.limits),
        "draws": chance.draws,
        "draws_whole": chance.whole,
        "draws_failed": chance.failed,
        "reserve_mm": to_mm(found.fine.reserve),
        "reserve_spread_mm": to_mm(chance.spread),
        "zone_ml": to_ml(fine.volume),
        "healthy_ablated_ml": to_ml(fine.healthy),
        "spacing_mm": to_mm(fine.spacing),
        "search_spacing_mm": to_mm(found.best.outcome.spacing),
        "fine_minus_coarse": {
            "ablated_fraction": fine.fraction - found.best.outcome.fraction,
            "margin_min_mm": to_mm(found.shift_of_margin),
            "reserve_mm": to_mm(found.finer.reserve),
            "reserve_error_mm": to_mm(found.finer.error),
            "runs": found.finer.runs,
        },
        "organs": [dict(organ) for organ in fine.organs],
    }


def _request(subject: Subject, request: Request) -> dict[str, Any]:
    tumour, limits = subject.tumour, request.limits
    return {
        "tissue": tumour.tissue,
        "perfusion": tumour.perfusion,
        "axes_mm": [to_mm(axis) for axis in tumour.axes],
        "margin_mm": to_mm(tumour.margin),
        "zone": subject.case.physics.reported_zone,
        "probability": request.probability,
        "complete_from": request.complete_from,
        "max_fibres": request.max_fibres,
        "spacings_mm": _span(request.spacings, 1e3),
        "energies_j": _span(request.energies, 1.0),
        "powers_w": _span(request.powers, 1.0),
        "pull_backs_mm": _span(request.pull_backs, 1e3),
        "max_illuminations": request.max_illuminations,
        "directions": [list(direction) for direction in request.directions],
        "firing": request.firing,
        "limits": {
            "sessions": limits.sessions,
            "placements": limits.placements,
            "energy_per_session_j": limits.energy,
            "laser_time_per_session_s": limits.laser_time,
            "insertions_per_session": limits.insertions,
        },
        "weights": asdict(request.weights),
        "errors_mm": {
            name: to_mm(getattr(request.errors, name))
            for name in ("lateral", "depth", "shift", "closest")
        },
        "seed": request.seed,
        "cells_mm": request.cells and to_mm(request.cells),
    }


def _span(span: Span, factor: float) -> dict[str, Any]:
    values: Sequence[float] = [round(factor * value, 9) for value in span.values]
    return {"between" if span.is_continuous else "one_of": values}


def _estimate(estimate: Estimate) -> list[float]:
    """Return a number and its 95 % interval."""
    return [estimate.value, estimate.low, estimate.high]
