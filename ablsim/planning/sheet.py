"""The plan sheet: a plan in plain words and tables, as it is read beside the bed."""

from collections.abc import Iterator
from math import degrees

import numpy as np

from ablsim.notebook import DISCLAIMER
from ablsim.planning.answer import Plan
from ablsim.planning.evaluation import guide_axes
from ablsim.planning.prescription import Placement
from ablsim.planning.probability import Estimate
from ablsim.units import to_ml, to_mm

_SIDES = (("left", "right"), ("back", "front"), ("head", "feet"))  # of +x, +y, +z


def render_plan(plan: Plan) -> str:
    """Return the plan sheet as text."""
    parts = [_headline(plan), _demand(plan), _treatment(plan), _fibres(plan), _expected(plan)]
    if plan.concessions or not plan.is_feasible:
        parts.append(_concessions(plan))
    parts += [_front(plan), _notes(plan), DISCLAIMER]
    return "\n\n".join(part for part in parts if part)


def _headline(plan: Plan) -> str:
    tumour = plan.subject.tumour
    sizes = " x ".join(f"{to_mm(axis):g}" for axis in dict.fromkeys(tumour.axes))
    flow = "" if tumour.perfusion == "normal" else f", {tumour.perfusion}"
    margin = f", {to_mm(tumour.margin):g} mm margin" if tumour.margin else ""
    what = f"{tumour.tissue} of {sizes} mm{flow}{margin}"
    if plan.is_feasible:
        return f"PLAN for {what}"
    return f"NO PLAN MEETS THE DEMAND for {what}\nThe nearest one follows."


def _demand(plan: Plan) -> str:
    request = plan.request
    chance = plan.found.probability.complete
    return (
        f"Complete ablation (at least {100 * request.complete_from:g} % at 24 h) with a "
        f"probability of {_percent(chance)}; asked for {100 * request.probability:g} %."
    )


def _treatment(plan: Plan) -> str:
    found, treatment = plan.found, plan.prescription
    first = treatment.placements[0]
    name = treatment.pattern or "as placed"
    spacing = f", side {to_mm(treatment.spacing):.4g} mm" if treatment.spacing else ""
    most = "up to " if len(set(first.energies)) > 1 else ""
    turn = f", turned by {degrees(treatment.rotation):.0f} deg" if treatment.rotation else ""
    fired = "" if treatment.fibres == 1 else ", together" if treatment.together else ", one by one"
    rows = [
        ("Fibres", f"{treatment.fibres} ({name}{spacing}{turn})"),
        (
            "Power, energy",
            f"{treatment.power:.3g} W, {most}{treatment.energy_per_fibre:.0f} J each{fired}",
        ),
        ("Illuminations", f"{first.illuminations} per placement" + _pulls(first)),
        ("Placements", f"{len(treatment.placements)} in {_count(treatment.sessions, 'session')}"),
        (
            "In all",
            f"{treatment.insertions} insertions, {treatment.energy / 1e3:.2f} kJ, "
            f"{treatment.laser_time / 60:.0f} min of laser; burden {found.best.burden:.0f} min",
        ),
    ]
    return _table(rows)


def _pulls(first: Placement) -> str:
    if first.illuminations == 1:
        return ""
    return f", pulled back {to_mm(first.pull_back):.4g} mm between them"


def _fibres(plan: Plan) -> str:
    """Return where every fibre goes, in the grid of a guide that looks along the fibres."""
    treatment, subject = plan.prescription, plan.subject
    right, up = guide_axes(treatment.direction)
    centre = np.asarray(subject.tumour.centre)
    axis = np.asarray(treatment.direction)
    lines = [
        "Fibres in the guide's grid: u and v across the needles, from the middle of the tumour",
        f"(u to the {_side(right)}, v to the {_side(up)}), depth along them beyond that middle;",
        f"tips at their deepest. Needles point to the {_side(axis)}.",
        "",
        "  session  placement  fibre     u mm     v mm  depth mm    LPS x, y, z mm             J",
    ]
    for number, placement in enumerate(treatment.placements, start=1):
        for fibre, (tip, energy) in enumerate(
            zip(placement.tips, placement.energies, strict=True), start=1
        ):
            away = np.asarray(tip) - centre
            where = (float(away @ right), float(away @ up), float(away @ axis))
            u, v, depth = (f"{to_mm(part):8.1f}" for part in where)
            place = ", ".join(f"{to_mm(part):.1f}" for part in tip)
            each = f"{placement.illuminations} x {energy:.0f}"
            lines.append(
                f"  {placement.session + 1:7d}  {number:9d}     F{fibre} {u} {v}  {depth}"
                f"    {place:<22} {each:>10}"
            )
    return "\n".join(lines)


def _expected(plan: Plan) -> str:
    found, chance = plan.found, plan.found.probability
    fine = found.fine.outcome
    rows = [
        (
            "As planned",
            f"{100 * fine.fraction:.1f} % of the tumour, smallest margin "
            f"{to_mm(fine.margin_min):+.1f} mm, zone {to_ml(fine.volume):.1f} mL, "
            f"healthy tissue {to_ml(fine.healthy):.1f} mL",
        ),
        ("Complete", _percent(chance.complete)),
    ]
    for margin, estimate in chance.margins.items():
        rows.append((f"Margin >= {to_mm(margin):g} mm", _percent(estimate)))
    rows.append(("Mean share", _percent(chance.fraction)))
    for level, estimate in chance.residual.items():
        rows.append(
            (
                f"Left in {100 * (1 - level):.0f} %",
                f"more than {to_ml(estimate.value):.2f} mL "
                f"({to_ml(estimate.low):.2f} to {to_ml(estimate.high):.2f})",
            )
        )
    for organ in fine.organs:
        state = "within" if organ["within_limits"] else "BEYOND"
        if organ["within_limits"] is None:
            continue
        rows.append(
            (
                str(organ["name"]),
                f"{organ['peak_degc']:.1f} degC, damage {organ['damage']:.2g}: {state} its limits; "
                f"all organs within theirs with {_percent(chance.limits)}",
            )
        )
    inferred = (
        f", {chance.whole} of them whole runs and the others laid side by side, to within "
        f"{to_mm(chance.scatter):.1f} mm"
        if chance.whole < chance.draws
        else ""
    )
    basis = (
        f"{_cells(plan)}: smallest margin {to_mm(found.shift_of_margin):+.1f} mm, "
        f"share {100 * (fine.fraction - found.best.outcome.fraction):+.1f} points, reserve "
        f"{to_mm(found.finer.reserve):+.1f} mm in the mean of {found.finer.runs} runs, to within "
        f"{to_mm(found.finer.error):.1f} mm. Probability "
        f"from {chance.draws} draws of tissue, light, damage and placement{inferred} (reserve "
        f"{to_mm(found.fine.reserve):.1f} mm as planned, standard deviation "
        f"{to_mm(chance.spread):.1f} mm) and an error of the model of "
        f"{100 * chance.model_error:.0f} % in diameter; 95 % intervals in brackets."
    )
    return f"What to expect\n{_table(rows)}\n{_wrapped(basis)}"


def _cells(plan: Plan) -> str:
    """Return on which cells a plan was made and checked."""
    found, fine = plan.found, plan.request.fine
    coarse, checked = found.best.outcome.spacing, found.fine.outcome.spacing
    taken = f"taken to {to_mm(fine):.2g} mm by a run of one placement alone"
    if len(found.best.plan.placements) == 1 or coarse <= fine:
        taken = ""
    first = f"Planned on cells of {to_mm(coarse):.2g} mm"
    if taken and checked > fine:
        return f"{first} and checked on {to_mm(checked):.2g} mm, both {taken}"
    return f"{first}{', ' + taken if taken else ''}, checked on {to_mm(checked):.2g} mm"


def _concessions(plan: Plan) -> str:
    lines = ["What would have to give"]
    for one in plan.concessions:
        enough = "" if one.is_enough else ", still short of the demand"
        lines.append(
            f"  {one.words}: {one.candidate.plan.describe()}; complete with about "
            f"{100 * one.probability:.0f} %{enough}"
        )
    if not plan.concessions:
        lines.append("  nothing that a limit of this demand could give: see what holds the plan")
    return "\n".join(lines)


def _front(plan: Plan) -> str:
    lines = [
        "What more certainty costs: burden in minutes, probability (~ from few draws or from the",
        "reserve alone), plan; * is this one",
    ]
    for point in plan.front:
        mark = "*" if point.is_chosen else " "
        about = " " if point.basis == "draws" else "~"
        lines.append(
            f"{mark} {point.candidate.burden:6.0f} {about}{100 * point.probability:4.0f} %  "
            f"{point.candidate.plan.describe()}"
        )
    return "\n".join(lines)


def _notes(plan: Plan) -> str:
    parts = []
    if plan.binding:
        parts.append(_wrapped("What holds the plan: " + "; ".join(plan.binding) + "."))
    parts += [_wrapped(f"WARNING ({one.about}): {one.words}.") for one in plan.warnings]
    parts.append(
        f"{plan.evaluations} runs, {plan.runs} of them now, in {plan.wall:.0f} s; all of them took "
        f"{plan.work:.0f} s of one processor."
    )
    return "\n".join(parts)


def _table(rows: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {text}" for name, text in rows)


def _percent(estimate: Estimate) -> str:
    low, high = 100 * estimate.low, 100 * estimate.high
    return f"{100 * estimate.value:.0f} % ({low:.0f} to {high:.0f})"


def _side(vector: np.ndarray) -> str:
    """Say in words which way a direction points."""
    parts = sorted(zip(np.abs(vector), range(3), strict=True), reverse=True)
    return " and ".join(_words_of(vector, [i for size, i in parts if size > 0.3]))


def _words_of(vector: np.ndarray, axes: list[int]) -> Iterator[str]:
    for i in axes:
        yield _SIDES[i][0] if vector[i] > 0.0 else _SIDES[i][1]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _wrapped(text: str, width: int = 100) -> str:
    import textwrap

    return textwrap.fill(text, width, subsequent_indent="  ", break_long_words=False)
