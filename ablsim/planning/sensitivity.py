"""What matters: by how much each thing that is not known of a plan moves what the plan comes to.

Morris' trajectories say on real runs how far each input moves an answer on average. Sobol's indices
say what share of an answer's variance an input has by itself and with all others; they take some
ten thousand answers, which a Gaussian process gives that was fitted to real runs. Where it does not
foretell runs that it has not seen, they are refused.

Both take every input with its prior spread and independently of all others. What published lesions
left is narrower and hangs together, and the probability of a plan goes by that.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.stats import qmc

from ablsim.errors import CaseError, UnfinishedError
from ablsim.planning.evaluation import read_evaluation
from ablsim.planning.evaluator import Evaluator, Task
from ablsim.planning.indices import (
    Influence,
    Surrogates,
    points_of,
    screen,
    share_out,
    walk_levels,
    whole_trajectories,
)
from ablsim.planning.influence import (
    ANSWERS,
    COMPLETE,
    MARGIN,
    RESERVE,
    VOLUME,
    Unknowns,
    collect,
)
from ablsim.planning.prescription import Prescription
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject
from ablsim.units import to_ml, to_mm

SCHEMA = "ablsim/sensitivity/1"
"""Name and version of the layout."""

R_SQUARED = 0.7
"""Share of an answer's variance that a surrogate must foretell for Sobol indices to be given."""

RARE = 0.01
"""Where complete or incomplete ablations are rarer, there is nothing to share out."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that a plan comes to, and what it hangs on.

    Parameters
    ----------
    name : str
        One of `ANSWERS`.
    mean, sd : float
        Over the designed runs and the error of the model, in SI units.
    r_squared, error : float, optional
        Share of the variance over runs that a surrogate foretold of runs left out, and by how much
        it was off, root mean square; the error of the model counts in neither.
    refusal : str
        Why there are no Sobol indices; empty if there are.
    influences : tuple of Influence
        Most influential first.
    """

    name: str
    mean: float
    sd: float
    r_squared: float | None
    error: float | None
    refusal: str
    influences: tuple[Influence, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a plan hangs on.

    Parameters
    ----------
    plan : Prescription
        The treatment.
    answers : tuple of Answer
        All of `ANSWERS`.
    trajectories, runs, failed : int
        Trajectories and designed runs that count, and runs that gave nothing.
    spacing : float
        Edge of a cell in all runs [m].
    seed : int
        Of all random numbers.
    """

    plan: Prescription
    answers: tuple[Answer, ...]
    trajectories: int
    runs: int
    failed: int
    spacing: float
    seed: int


def check_sensitivity(*, trajectories: int = 8, runs: int = 96, seed: int = 1) -> None:
    """Refuse what could not be done, before anything is computed.

    Raises
    ------
    CaseError
        If a number is out of range.
    UnfinishedError
        If a package is missing.
    """
    missing = [name for name in ("SALib", "sklearn") if find_spec(name) is None]
    if missing:
        msg = f'--sensitivity needs {" and ".join(missing)}: pip install "ablsim[study]"'
        raise UnfinishedError(msg)
    for name, value, low, high in (
        ("trajectories", trajectories, 4, 1000),
        ("runs", runs, 32, 1024),
        ("seed", seed, 0, 2**31 - 2),
    ):
        if not low <= value <= high:
            msg = f"{name} {value}: allowed is {low} to {high}; give another"
            raise CaseError(msg)


def analyse_sensitivity(
    subject: Subject,
    request: Request,
    plan: Prescription,
    evaluator: Evaluator,
    spacing: float,
    *,
    trajectories: int = 8,
    runs: int = 96,
    seed: int = 1,
    say: Say | None = None,
) -> Sensitivity:
    """Return what a plan's volume, reserve, smallest margin and completeness hang on.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        With the errors of placement and from which share on a tumour is complete.
    plan : Prescription
        The treatment.
    evaluator : Evaluator
        Runs it.
    spacing : float
        Edge of a cell [m]; all runs share a finer one where errors bring fibres together.
    trajectories, runs : int
        Morris' trajectories, each of one run for every input, and designed runs for surrogates.
    seed : int
        Of all random numbers.
    say : callable, optional
        Is told what is being done.

    Raises
    ------
    CaseError
        If a number is out of range.
    UnfinishedError
        If a package is missing or hardly any run succeeds.

    Notes
    -----
    Inputs are independent and have their prior spreads. The error of the model takes no runs: it
    scales the diameter of the zone. An ablation is complete or it is not; of a run that is a
    probability, which that error leaves open. So the effect of any other input is how likely it is
    to make a complete ablation incomplete, or the other way, and Sobol indices are those of what
    happens, complete or not, of whose variance the error of the model has its share.
    """
    check_sensitivity(trajectories=trajectories, runs=runs, seed=seed)
    say = say or (lambda words: None)
    unknowns = Unknowns(subject, request, plan)
    walk = walk_levels(unknowns, trajectories, seed)
    sequence = qmc.Sobol(unknowns.dimensions, scramble=True, seed=seed)
    design = sequence.random_base2(int(np.ceil(np.log2(runs))))[:runs]
    middle = np.full((1, unknowns.dimensions), 0.5)
    points = np.concatenate([middle, points_of(walk), design])
    shared = unknowns.spacing_for(points, spacing)
    say(f"what the plan hangs on: {len(points)} runs")
    records = evaluator.run([Task(text) for text in unknowns.texts(points, shared)])
    found = [None if record is None else read_evaluation(record) for record in records]
    outcomes = collect(found, request.complete_from, len(plan.placements))
    walked, designed = outcomes.at(slice(1, 1 + len(walk))), outcomes.at(slice(1 + len(walk), None))
    known = np.isfinite(designed.volume)
    kept = whole_trajectories(walked, len(unknowns.inputs))
    if found[0] is None or kept.sum() < 2 * len(unknowns.inputs) + 2 or known.sum() < 0.5 * runs:
        msg = (
            f"what the plan hangs on: {sum(one is None for one in found)} of {len(found)} runs "
            "fail, too many to say anything; the plan itself is not touched by that"
        )
        raise UnfinishedError(msg)
    screened = screen(unknowns, walk[kept], walked.at(kept), seed)
    say("what the plan hangs on: surrogates")
    surrogates = Surrogates(unknowns, found[0], design[known], designed.at(known))
    return Sensitivity(
        plan=plan,
        answers=_answer(unknowns, screened, surrogates, seed),
        trajectories=int(kept.sum()) // (len(unknowns.inputs) + 1),
        runs=int(known.sum()),
        failed=sum(one is None for one in found),
        spacing=shared,
        seed=seed,
    )


def _answer(
    unknowns: Unknowns, screened: dict[str, list[Influence]], surrogates: Surrogates, seed: int
) -> tuple[Answer, ...]:
    """Return everything about every answer; without Sobol indices where they are refused."""
    error = unknowns.error_of_model(surrogates.design)
    values = surrogates.runs.erring(error).values()
    chance = float(surrogates.runs.chances(unknowns.model_error).mean())
    checks = {name: surrogates.check(name) for name in ANSWERS}
    refusals = {name: _refuse(name, checks[name][0], chance) for name in ANSWERS}
    wanted = [name for name in ANSWERS if not refusals[name]]
    influences = share_out(unknowns, surrogates, screened, wanted, seed)
    found = []
    for name in ANSWERS:
        mean, sd = float(values[name].mean()), float(values[name].std())
        if name == COMPLETE:
            mean, sd = chance, float(np.sqrt(chance * (1.0 - chance)))
        rows = list(influences[name])
        rows.sort(key=lambda one: one.effect if one.total is None else one.total, reverse=True)
        found.append(Answer(name, mean, sd, *checks[name], refusals[name], tuple(rows)))
    return tuple(found)


def _refuse(name: str, r_squared: float | None, chance: float) -> str:
    """Say why an answer has no Sobol indices; nothing if it has."""
    if name == COMPLETE and not RARE <= chance <= 1.0 - RARE:
        return f"no Sobol indices: complete in {100.0 * chance:.1f} % of what may happen"
    if r_squared is None:
        return f"no Sobol indices: only the error of the model moves the {name}"
    if r_squared < R_SQUARED:
        return (
            f"no Sobol indices: of runs left out the surrogate foretells {max(0.0, r_squared):.2f} "
            f"of the variance, and {R_SQUARED:g} is needed; go by Morris"
        )
    return ""


SHOWN: dict[str, tuple[str, Callable[[float], float]]] = {
    VOLUME: ("mL", to_ml),
    RESERVE: ("mm", to_mm),
    MARGIN: ("mm", to_mm),
    COMPLETE: ("%", lambda share: 100.0 * share),
}
"""The unit that each answer is shown in, and what turns SI units into it."""


def describe_sensitivity(found: Sensitivity) -> str:
    """Return a text about what a plan hangs on: one table for each answer."""
    lines = [
        f"What the plan hangs on: {found.plan.describe()}",
        f"{found.trajectories} Morris trajectories and {found.runs} designed runs on cells of "
        f"{to_mm(found.spacing):.3g} mm; {found.failed} runs failed.",
        "Every input varies by itself with its prior spread; what published lesions left of",
        "that is narrower and hangs together, and the probability of the plan goes by that: the",
        "completeness here is another.",
    ]
    for answer in found.answers:
        unit, show = SHOWN[answer.name]
        head = f"{answer.name}: {show(answer.mean):.3g} {unit}"
        head += "" if answer.name == COMPLETE else f", SD {show(answer.sd):.2g} {unit}"
        if answer.r_squared is not None and answer.error is not None:
            head += f"; surrogate: R2 {answer.r_squared:.2f}, error {show(answer.error):.2g} {unit}"
        lines += ["", head[0].upper() + head[1:], *([answer.refusal] if answer.refusal else [])]
        lines.append(f"  {'':34}{f'mu* [{unit}]':>16}{'sigma':>8}{'first':>16}{'total':>16}")
        for one in answer.influences:
            sigma = "" if one.scatter is None else f"{show(one.scatter):.2f}"
            effect = _with_error(show(one.effect), show(one.effect_error))
            first = _with_error(one.first, one.first_error)
            total = _with_error(one.total, one.total_error)
            lines.append(f"  {one.name:34}{effect:>16}{sigma:>8}{first:>16}{total:>16}")
    return "\n".join(
        [
            *lines,
            "",
            "mu*: mean change, one way or the other, as an input goes from its 12.5 % to its",
            "87.5 % quantile; sigma: how that scatters. First, total: share of the variance",
            "that an input has by itself, and has a part in. +-: 95 % intervals, in which the",
            "surrogate's error does not count. Research software. Not for clinical decisions.",
        ]
    )


def _with_error(value: float | None, error: float | None) -> str:
    return "" if value is None or error is None else f"{value:.2f} +- {error:.2f}"


def summarise_sensitivity(found: Sensitivity) -> dict[str, Any]:
    """Return what a plan hangs on as the JSON object ``ablsim/sensitivity/1``, in shown units."""
    answers = []
    for answer in found.answers:
        unit, show = SHOWN[answer.name]
        table = asdict(answer)
        rows = (table, *table["influences"])
        for row, keys in zip(rows, (("mean", "sd", "error"), *[_EFFECT] * len(rows)), strict=False):
            row.update({key: show(row[key]) for key in keys if row[key] is not None})
        answers.append({**table, "unit": unit, "refusal": answer.refusal or None})
    return {
        "schema": SCHEMA,
        "plan": found.plan.describe(),
        "about": "Inputs are independent and have their prior spreads. "
        "Research software. Not for clinical decisions.",
        "trajectories": found.trajectories,
        "runs": found.runs,
        "failed": found.failed,
        "spacing_mm": to_mm(found.spacing),
        "seed": found.seed,
        "answers": answers,
    }


_EFFECT = ("effect", "effect_error", "scatter")
