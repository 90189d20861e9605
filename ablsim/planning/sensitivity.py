"""What the outcome of a plan hangs on: Morris' screening and Sobol's indices, from runs alone.

Inputs are everything that is not known of a case, each with its own spread, the errors of placement
in three groups, and the error of the model itself, which costs no runs. Both designs are SALib's.
Sobol's indices need inputs that do not hang together, so parameters have the spreads of the library
here, not what published lesions left of them together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ablsim.cohort.cases import coordinate
from ablsim.errors import UnfinishedError
from ablsim.planning.draws import PER_PLACEMENT, miss, write_draw
from ablsim.planning.evaluation import RADIUS_OF_ONE, Evaluation, read_evaluation
from ablsim.planning.evaluator import Evaluator, Task
from ablsim.planning.prescription import Prescription
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject
from ablsim.uncertainty.factors import Factor, find_factors
from ablsim.units import to_ml, to_mm

if TYPE_CHECKING:
    pass

SCHEMA = "ablsim/sensitivity/1"
"""Name and version of the layout."""

MODEL_ERROR = 0.12
"""Standard deviation of ln(diameter) of the model itself, about what published lesions left."""

SHIFT, LATERAL, DEPTH, MODEL = (
    "shift of all fibres",
    "lateral error of each fibre",
    "depth error of each fibre",
    "error of the model",
)
"""Names of the groups that are no parameters."""

OUTPUTS = ("ablated volume", "smallest margin", "reserve", "complete")
"""What is looked at; completeness is 0 or 1."""

UNITS = ("mL", "mm", "mm", "1")

_LEVELS = 4  # of Morris' grid
_END = 0.01  # quantiles at which normal errors of placement end
_RESAMPLES = 200

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Influence:
    """What one input does to one output.

    Parameters
    ----------
    mu_star, mu_star_error : float
        Morris' mean absolute effect of crossing the input's range, in the output's unit, and half
        its 95 % interval.
    first, first_error : float
        Share of the variance that the input explains alone, and half its interval.
    total, total_error : float
        The share with everything it does together with others.
    """

    mu_star: float
    mu_star_error: float
    first: float
    first_error: float
    total: float
    total_error: float


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What the outcome of a plan hangs on.

    Parameters
    ----------
    plan : Prescription
        The plan.
    inputs : tuple of str
        Names of the inputs.
    influences : mapping
        By output and input.
    means, deviations : mapping
        Of each output over the runs of the Sobol design.
    runs, failed : int
        Different runs, and those without a result, which count as nothing ablated.
    trajectories, samples : int
        Sizes of the designs.
    """

    plan: Prescription
    inputs: tuple[str, ...]
    influences: Mapping[str, Mapping[str, Influence]]
    means: Mapping[str, float]
    deviations: Mapping[str, float]
    runs: int
    failed: int
    trajectories: int
    samples: int

    def ranked(self, output: str) -> list[str]:
        """Return the inputs, what matters most to an output first."""
        own = self.influences[output]
        return sorted(self.inputs, key=lambda name: -own[name].total)


def analyse_sensitivity(
    subject: Subject,
    request: Request,
    plan: Prescription,
    evaluator: Evaluator,
    spacing: float,
    *,
    trajectories: int = 8,
    samples: int = 32,
    seed: int = 1,
    say: Callable[[str], None] | None = None,
) -> Sensitivity:
    """Return what the outcome of a plan hangs on.

    Parameters
    ----------
    subject, request : Subject, Request
        Who is treated, and how far fibres miss.
    plan : Prescription
        The plan.
    evaluator : Evaluator
        Runs the designs.
    spacing : float
        Edge of a cell [m].
    trajectories : int
        Of Morris' design: so many times one run more than there are inputs.
    samples : int
        Of Sobol's, a power of two: so many times two runs more than there are inputs.
    seed : int
        Of both.
    say : callable, optional
        Told in a few words what is done.

    Raises
    ------
    UnfinishedError
        If SALib is not installed.
    """
    check_salib()
    from SALib.analyze import morris as morris_analysis
    from SALib.analyze import sobol as sobol_analysis
    from SALib.sample import morris as morris_sample
    from SALib.sample import sobol as sobol_sample

    design = _Design(subject, request, plan, spacing, seed)
    problem = design.problem
    tell = say or (lambda words: None)
    tell("what it hangs on: Morris")
    paths = morris_sample.sample(problem, trajectories, num_levels=_LEVELS, seed=seed)
    screened = design.run(paths, evaluator)
    tell("what it hangs on: Sobol")
    points = sobol_sample.sample(problem, samples, calc_second_order=False, seed=seed)
    found = design.run(points, evaluator)
    influences: dict[str, dict[str, Influence]] = {}
    for number, output in enumerate(OUTPUTS):
        crude = morris_analysis.analyze(
            problem, paths, screened[:, number], num_levels=_LEVELS, seed=seed
        )
        with np.errstate(divide="ignore", invalid="ignore"):  # of an output that never changes
            fine = sobol_analysis.analyze(
                problem,
                found[:, number],
                calc_second_order=False,
                num_resamples=_RESAMPLES,
                seed=seed,
            )
        influences[output] = {
            name: Influence(
                *(
                    float(np.nan_to_num(value))
                    for value in (
                        crude["mu_star"][i], crude["mu_star_conf"][i], fine["S1"][i],
                        fine["S1_conf"][i], fine["ST"][i], fine["ST_conf"][i],
                    )
                )
            )
            for i, name in enumerate(design.inputs)
        }  # fmt: skip
    return Sensitivity(
        plan=plan,
        inputs=design.inputs,
        influences=influences,
        means={name: float(found[:, i].mean()) for i, name in enumerate(OUTPUTS)},
        deviations={name: float(found[:, i].std()) for i, name in enumerate(OUTPUTS)},
        runs=len(design.texts),
        failed=design.failed,
        trajectories=trajectories,
        samples=samples,
    )


def check_salib() -> None:
    """Refuse to begin where the library of the designs is missing."""
    if find_spec("SALib") is None:
        msg = "--sensitivity needs SALib: pip install 'ablsim[study]'"
        raise UnfinishedError(msg)


class _Design:
    """Turns points of the unit cube into runs, and these into outputs."""

    def __init__(
        self, subject: Subject, request: Request, plan: Prescription, spacing: float, seed: int
    ) -> None:
        self._subject = subject
        self._request = request
        self._plan = plan
        self._spacing = spacing
        self._seed = seed
        self._factors: tuple[Factor, ...] = find_factors(subject.case)
        self.texts: set[str] = set()
        self.failed = 0
        names = [factor.name for factor in self._factors]
        groups = list(names)
        if not request.errors.is_exact:
            for number in range(len(plan.placements)):
                for i in range(PER_PLACEMENT):
                    kind = SHIFT if i < 3 else DEPTH if (i - 3) % 3 == 2 else LATERAL
                    names.append(f"{kind} {number} {i}")
                    groups.append(kind)
        names.append(MODEL)
        groups.append(MODEL)
        self._names = names
        self.inputs = tuple(dict.fromkeys(groups))
        self.problem: dict[str, Any] = {
            "num_vars": len(names),
            "names": names,
            "groups": groups,
            "bounds": [[0.0, 1.0]] * len(names),
        }

    def run(self, points: FloatArray, evaluator: Evaluator) -> FloatArray:
        """Return the outputs at points of the cube, one row for each."""
        texts = [self._text(point) for point in points]
        self.texts |= set(texts)
        records = evaluator.run([Task(text) for text in texts])
        rows = []
        for point, record in zip(points, records, strict=True):
            z = float(_normal(point[-1]))
            self.failed += record is None
            rows.append(
                [0.0] * len(OUTPUTS)
                if record is None
                else self._outputs(read_evaluation(record), MODEL_ERROR * z)
            )
        return np.array(rows)

    def _text(self, point: FloatArray) -> str:
        n = len(self._factors)
        x = np.array(
            [coordinate(f, float(u)) for f, u in zip(self._factors, point[:n], strict=True)]
        )
        missed = self._plan
        if len(point) > n + 1:
            z = _normal(point[n:-1]).reshape(-1, PER_PLACEMENT)
            missed = replace(
                self._plan,
                placements=tuple(
                    miss(one, self._plan.direction, self._request.errors, z[i], self._seed,
                         "sensitivity", i, z[i].tobytes().hex())
                    for i, one in enumerate(self._plan.placements)
                ),
            )  # fmt: skip
        return write_draw(self._subject, self._factors, self._plan, missed, x, self._spacing)

    def _outputs(self, outcome: Evaluation, error: float) -> list[float]:
        """Return the outputs of a run, with an error of the model of ln(diameter) on them."""
        radius = RADIUS_OF_ONE * np.cbrt(outcome.volume / len(self._plan.placements))
        shift = float(np.expm1(error)) * float(radius)
        reserve = outcome.reserve(self._request.complete_from) + shift
        return [
            to_ml(outcome.volume) * float(np.exp(3.0 * error)),
            to_mm(outcome.margin_min + shift),
            to_mm(reserve),
            float(reserve >= 0.0),
        ]


def _normal(u: "FloatArray | float") -> FloatArray:
    """Return standard normal numbers of even ones, which end short of 0 and 1."""
    return np.asarray(ndtri(_END + (1.0 - 2.0 * _END) * np.asarray(u)))


def describe_sensitivity(found: Sensitivity, most: int = 6) -> str:
    """Return what a plan hangs on as text, what matters most first."""
    lines = [
        "What the outcome hangs on: total and first-order share of the variance (Sobol) and the",
        f"mean effect of crossing an input's range (Morris); {found.runs} runs, +- 95 %",
    ]
    for output, unit in zip(OUTPUTS, UNITS, strict=True):
        scale = "" if unit == "1" else f" {unit}"
        lines.append(
            f"  {output}: {found.means[output]:.3g} +- {found.deviations[output]:.2g}{scale}"
        )
        for name in found.ranked(output)[:most]:
            one = found.influences[output][name]
            lines.append(
                f"    {name:<34} {one.total:5.2f} +- {one.total_error:.2f}   "
                f"{one.first:5.2f} +- {one.first_error:.2f}   "
                f"{one.mu_star:6.2f} +- {one.mu_star_error:.2f}{scale}"
            )
    if found.failed:
        lines.append(f"  {found.failed} runs gave no result and count as nothing ablated")
    return "\n".join(lines)


def summarise_sensitivity(found: Sensitivity) -> dict[str, Any]:
    """Return what a plan hangs on as the JSON object ``ablsim/sensitivity/1``."""
    return {
        "schema": SCHEMA,
        "runs": found.runs,
        "failed": found.failed,
        "trajectories": found.trajectories,
        "samples": found.samples,
        "outputs": {
            output: {
                "unit": unit,
                "mean": found.means[output],
                "sd": found.deviations[output],
                "inputs": {
                    name: {
                        "mu_star": [one.mu_star, one.mu_star_error],
                        "first": [one.first, one.first_error],
                        "total": [one.total, one.total_error],
                    }
                    for name, one in found.influences[output].items()
                },
            }
            for output, unit in zip(OUTPUTS, UNITS, strict=True)
        },
    }
