"""What matters: by how much each thing that is not known of a plan moves what the plan comes to.

Morris' trajectories say on real runs how far each input moves an answer on average. Sobol's indices
say what share of an answer's variance an input has by itself and with all others; they take some
ten thousand answers, which a Gaussian process gives that was fitted to real runs. Where it does not
predict runs that it has not seen, they are refused.

Both take every input with its own spread and independently of all others. What published lesions
left is narrower and hangs together, and the probability of a plan goes by that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from ablsim.errors import CaseError, UnfinishedError
from ablsim.planning.evaluation import Evaluation, read_evaluation
from ablsim.planning.evaluator import Evaluator, Task
from ablsim.planning.influence import MODEL, Input, Outcomes, Unknowns, collect
from ablsim.planning.prescription import Prescription
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject
from ablsim.units import to_ml, to_mm

SCHEMA = "ablsim/sensitivity/1"
"""Name and version of the layout."""

VOLUME, RESERVE, MARGIN, COMPLETE = "ablated volume", "reserve", "smallest margin", "completeness"
"""What is looked at."""

R_SQUARED = 0.7
"""Share of an answer's variance that a surrogate must foretell for Sobol indices to be given."""

BASE = 2048
"""Base sample of the Sobol indices."""

LEVELS = 4
"""Of each coordinate in Morris' trajectories: the middles of as many equally likely parts."""

NEVER = 0.005
"""Share of complete treatments, or of incomplete ones, below which there is nothing to share out.
"""

_STEP = 0.5 * LEVELS / (LEVELS - 1)  # of a trajectory, where all levels are 1
_FOLDS = 12
_Z = 1.96
_RESAMPLES = 400

FloatArray = NDArray[np.float64]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Screening:
    """What Morris' trajectories say of an input.

    Parameters
    ----------
    effect : float
        mu*: by how much the answer moves on average, one way or the other, as the input goes from
        its 12.5 % to its 87.5 % quantile, in the unit of the answer.
    error : float
        Half of its 95 % interval.
    scatter : float, optional
        sigma: how differently it moves elsewhere; None for an input of several coordinates.
    """

    effect: float
    error: float
    scatter: float | None


@dataclass(frozen=True, slots=True)
class Share:
    """Sobol's indices of an input.

    Parameters
    ----------
    first, total : float
        Share of the variance of the answer that it has by itself, and together with all others.
    first_error, total_error : float
        Halves of their 95 % intervals, for the size of the sample.
    """

    first: float
    first_error: float
    total: float
    total_error: float


@dataclass(frozen=True, slots=True)
class Influence:
    """What one input does to one answer."""

    input: Input
    screening: Screening
    share: Share | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that a plan comes to, and what it hangs on.

    Parameters
    ----------
    name : str
        `VOLUME`, `RESERVE`, `MARGIN` or `COMPLETE`.
    mean, sd : float
        Over the designed runs and the error of the model [m^3], [m], [m] or a probability.
    r_squared, error : float, optional
        Share of the variance over runs that the surrogate foretold of those left out, and the root
        mean square of what it was off by.
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
        The plan.
    answers : tuple of Answer
        Of volume, reserve, smallest margin and completeness.
    trajectories, runs, failed : int
        Complete trajectories, designed runs, and runs that gave nothing.
    spacing : float
        Edge of a cell in all of them [m].
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
        ("runs", runs, 32, 4096),
        ("seed", seed, 0, 2**31 - 1),
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
        Morris' trajectories, each of one run more than there are inputs, and designed runs that
        surrogates are fitted to.
    seed : int
        Of all random numbers.
    say : callable, optional
        Is told what is being done.

    Notes
    -----
    Inputs are independent and have their prior spreads. The error of the model takes no runs: it
    scales the diameter of the zone. An ablation is complete or not; its probability in a run is
    what that error leaves open. The effect of any other input on that probability is therefore
    how likely it is to make one of the other, and Sobol indices are those of "complete or not".

    Raises
    ------
    CaseError
        If a number is out of range.
    UnfinishedError
        If a package is missing or hardly any run succeeds.
    """
    check_sensitivity(trajectories=trajectories, runs=runs, seed=seed)
    say = say or (lambda words: None)
    unknowns = Unknowns(subject, request, plan)
    walk = _walk(unknowns, trajectories, seed)
    steps = _points_of(walk)
    designed = qmc.Sobol(unknowns.dimensions, scramble=True, seed=seed)
    design = designed.random_base2(int(np.ceil(np.log2(runs))))[:runs]
    middle = np.full((1, unknowns.dimensions), 0.5)
    points = np.concatenate([middle, steps, design])
    shared = unknowns.spacing_for(points, spacing)
    say(f"what it hangs on: up to {len(points)} runs")
    records = evaluator.run([Task(text) for text in unknowns.texts(points, shared)])
    found = [None if record is None else read_evaluation(record) for record in records]
    screenings, complete = _screen(
        unknowns, walk, collect(found[1 : 1 + len(steps)], request.complete_from, len(plan.placements))
    )
    if found[0] is None or complete < 2:
        msg = "what the plan hangs on: hardly any of its runs succeeds, so nothing can be said of it"
        raise UnfinishedError(msg)
    say("what it hangs on: surrogates and Sobol indices")
    runs_of = collect(found[1 + len(steps):], request.complete_from, len(plan.placements))
    shares = _share_out(unknowns, found[0], design, runs_of, seed)
    return Sensitivity(
        plan,
        tuple(_answer(unknowns, name, design, runs_of, screenings[name], shares[name])
              for name in screenings),
        complete,
        int(np.isfinite(runs_of.volume).sum()),
        sum(one is None for one in found),
        shared,
        seed,
    )
