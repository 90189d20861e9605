"""What all lines of a validation say together."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ablsim.validation.acceptance import DIFFUSER_RATIO, VERDICTS, Verdict, is_covered, judge
from ablsim.validation.comparisons import find_pairs
from ablsim.validation.reasons import Reason, read_reasons
from ablsim.validation.report import Line


@dataclass(frozen=True, slots=True)
class Ratio:
    """Occluded over perfused volume of two rows that differ in the flow alone."""

    name: str
    measured: float
    predicted: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Lesions:
    """How far whole lesions are off.

    Each counts once, by ln of the diameter of the ellipsoid that its axes or its volume make.

    Parameters
    ----------
    errors : mapping of str to float
        ln D of every row; -inf where nothing was predicted.
    """

    errors: Mapping[str, float]

    @property
    def rms(self) -> float | None:
        """Root mean square of ln D."""
        return root_mean_square(self.errors.values())

    @property
    def excess(self) -> float | None:
        """Root mean square counting only what was predicted larger: how maxima are scored."""
        return root_mean_square(max(0.0, error) for error in self.errors.values())


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many measured sizes lie in the band of their prediction, and how wide bands are.

    ``width`` is the median of upper over lower end, per length.
    """

    n: int
    inside: int
    width: float | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The sum of a validation.

    Parameters
    ----------
    rows, simulated : int
        Rows asked for, and how many of them have a prediction.
    verdicts : mapping of str to int
        Lines by verdict.
    lesions, maxima : Lesions
        Two-sided ones, and largest ones of a series.
    lesions_shrunk : tuple of two Lesions
        Two-sided ones, those on the bench as read after 22 % and after 12 % of shrinkage.
    temperatures : tuple of float
        Differences of two-sided temperatures [K].
    ratios : tuple of Ratio
        Rows measured with and without flow, to be within ``accepted_ratio``.
    coverage, coverage_parameters : Coverage
        Of the bands, with and without the error of the model itself.
    off : mapping of str to Reason or None
        Rows with a line outside or a wrong sign, each with its documented reason.
    """

    rows: int
    simulated: int
    verdicts: Mapping[Verdict, int]
    lesions: Lesions
    maxima: Lesions
    lesions_shrunk: tuple[Lesions, Lesions]
    temperatures: tuple[float, ...]
    ratios: tuple[Ratio, ...]
    coverage: Coverage
    coverage_parameters: Coverage
    off: Mapping[str, Reason | None]
    accepted_ratio: tuple[float, float] = DIFFUSER_RATIO


def sum_up(lines: Sequence[Line]) -> Totals:
    """Return what all lines say together."""
    counted = Counter(line.verdict for line in lines)
    ids = dict.fromkeys(line.row.id for line in lines)
    predicted = {line.row.id for line in lines if line.verdict != "not simulated"}
    reasons = read_reasons()
    off = [line.row.id for line in lines if line.verdict in {"outside", "sign wrong"}]
    return Totals(
        rows=len(ids),
        simulated=len(predicted),
        verdicts={verdict: counted[verdict] for verdict in VERDICTS},
        lesions=_lesions(lines, "two-sided"),
        maxima=_lesions(lines, "maximum"),
        lesions_shrunk=(_lesions(lines, "two-sided", 0), _lesions(lines, "two-sided", 1)),
        temperatures=tuple(
            line.error
            for line in lines
            if line.unit == "degC" and line.error is not None and not line.is_one_sided
        ),
        ratios=_ratios(lines),
        coverage=_coverage(lines, of_parameters=False),
        coverage_parameters=_coverage(lines, of_parameters=True),
        off={name: reasons.get(name) for name in dict.fromkeys(off)},
    )


def root_mean_square(values: Iterable[float]) -> float | None:
    """Return the root mean square; None of nothing."""
    numbers = list(values)
    if not numbers:
        return None
    return math.sqrt(math.fsum(value * value for value in numbers) / len(numbers))


def median(values: Iterable[float]) -> float | None:
    """Return the middle one of some values; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else 0.5 * (ordered[half - 1] + ordered[half])


def _lesions(lines: Sequence[Line], kind: str, shrunk: int | None = None) -> Lesions:
    sizes = [
        line
        for line in lines
        if line.counts and line.quantity is not None and line.quantity.kind == kind
    ]
    errors = {}
    for name, group in groupby(sizes, key=lambda line: line.row.id):
        known = [(line.counts, _error(line, shrunk)) for line in group]
        errors[name] = sum(n * error for n, error in known) / sum(n for n, _ in known)
    return Lesions(errors)


def _error(line: Line, shrunk: int | None) -> float:
    """Return ln D of a line, or of the least or the most that shrinkage leaves of it."""
    error = -math.inf if line.error is None else line.error
    if shrunk is None or line.shrunk is None or not line.predicted:
        return error
    ratio = math.log(line.shrunk[shrunk] / line.predicted)
    return error + (ratio / 3.0 if line.unit == "mL" else ratio)


def _ratios(lines: Sequence[Line]) -> tuple[Ratio, ...]:
    volumes = {
        line.row.id: line.predicted
        for line in lines
        if line.name == "volume" and line.predicted is not None
    }
    found = []
    for pair in find_pairs(tuple({line.row.id: line.row for line in lines}.values())):
        perfused, occluded = (volumes.get(row.id) for row in (pair.perfused, pair.occluded))
        verdict: Verdict = "not simulated"
        predicted = None
        if occluded is not None and perfused is not None:
            predicted = occluded / perfused if perfused > 0.0 else None
            verdict = "outside" if predicted is None else judge(DIFFUSER_RATIO, predicted)
        found.append(Ratio(pair.name, pair.measured, predicted, verdict))
    return tuple(found)


def _coverage(lines: Sequence[Line], *, of_parameters: bool) -> Coverage:
    inside, widths = [], []
    for line in lines:
        band = line.parameters_only if of_parameters else line.band
        if band is None or line.quantity is None:
            continue
        inside.append(is_covered(line.quantity, band))
        power = 1.0 / 3.0 if line.unit == "mL" else 1.0
        widths.append((band[1] / band[0]) ** power if band[0] > 0.0 else math.inf)
    return Coverage(len(inside), sum(inside), median(widths))
