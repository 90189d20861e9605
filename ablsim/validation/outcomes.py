"""Published rates of complete ablation, and what virtual cohorts of the same lesions give.

Every series is a study of `ablsim.cohort` (``ablsim/data/outcomes``) that says what was read of it
and what had to be assumed; anyone can copy one and run it. Equal cases of all series are computed
once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from ablsim.cohort import Study, run_cohort
from ablsim.cohort.outcome import compute_outcome
from ablsim.cohort.run import Progress
from ablsim.cohort.work import Compute

FOLDER = "cohorts"
"""Where studies and their shared results lie in the folder of a validation."""

Verdict = Literal["compatible", "too high", "too low", "no interval"]
OnProgress = Callable[[str, Progress], None]


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with its 95 % interval; None where nothing is known of it.

    Parameters
    ----------
    rate : float
        Share of the lesions.
    low, high : float, optional
        Ends of the interval.
    count, of : int, optional
        How many of how many there were.
    """

    rate: float
    low: float | None
    high: float | None
    count: int | None
    of: int | None

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "Rate":
        """Return the rate of an entry of a study's summary."""
        return cls(entry["rate"], entry["low"], entry["high"], entry["count"], entry["of"])


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """One published rate beside that which a policy gives.

    Parameters
    ----------
    row : str
        Name of the published row.
    series : str
        Name of the study.
    title : str
        What it is.
    low, high : float or None
        Limits of the diameter [mm].
    policy : str
        Who got what.
    observed, predicted : Rate
        Both.
    diameter : float
        Median diameter of the lesions of that size in the virtual cohort [mm].
    """

    row: str
    series: str
    title: str
    low: float | None
    high: float | None
    policy: str
    observed: Rate
    predicted: Rate
    diameter: float

    @property
    def verdict(self) -> Verdict:
        """Whether the two intervals meet, and else on which side the prediction lies."""
        ours, theirs = self.predicted, self.observed
        if None in (ours.low, ours.high, theirs.low, theirs.high):
            return "no interval"
        if (ours.low or 0.0) > (theirs.high or 0.0):
            return "too high"
        return "too low" if (ours.high or 0.0) < (theirs.low or 0.0) else "compatible"


@cache
def read_outcomes() -> dict[str, Study]:
    """Return the study of every published series, by its name."""
    folder = files("ablsim").joinpath("data", "outcomes")
    found = sorted(one.name for one in folder.iterdir() if one.name.endswith(".toml"))
    return {
        name.removesuffix(".toml"): Study.from_text(
            folder.joinpath(name).read_text(encoding="utf-8"), source=name
        )
        for name in found
    }


def rows_of(study: Study) -> list[str]:
    """Return the names of the published rows that a study predicts."""
    return [observation.source for observation in study.observations]


def predict_outcomes(
    folder: Path,
    *,
    names: Sequence[str] | None = None,
    workers: int | None = None,
    compute: Compute = compute_outcome,
    on_progress: OnProgress | None = None,
) -> tuple[OutcomeLine, ...]:
    """Return published rates beside predicted ones; compute what a folder does not hold yet.

    Parameters
    ----------
    folder : Path
        Of the validation.
    names : sequence of str, optional
        Published rows; left out, all.
    workers : int, optional
        As for `ablsim.run_cohort`.
    compute : callable, optional
        As for `ablsim.run_cohort`.
    on_progress : callable, optional
        Called every now and then with the name of a series and how far it is; what it raises ends
        the work, and what was computed is kept.
    """
    lines: list[OutcomeLine] = []
    for series, study in read_outcomes().items():
        if names is not None and not set(names) & set(rows_of(study)):
            continue

        def follow(state: Progress, series: str = series) -> None:
            if on_progress is not None:
                on_progress(series, state)

        summary = run_cohort(
            study,
            folder / FOLDER / series,
            workers=workers,
            compute=compute,
            on_progress=follow,
            results=folder / FOLDER / "results",
        )
        lines += [line for line in _lines(series, summary) if names is None or line.row in names]
    return tuple(lines)


def _lines(series: str, summary: Mapping[str, Any]) -> Iterator[OutcomeLine]:
    for entry in summary["observations"]:
        predicted = entry["predicted"]["complete_rate"]
        if predicted is None:
            continue
        low, high = entry["diameter_mm"]
        yield OutcomeLine(
            row=entry["source"],
            series=series,
            title=summary["study"]["title"],
            low=low or None,
            high=high,
            policy=entry["policy"],
            observed=Rate.from_json(entry["observed"]["complete_rate"]),
            predicted=Rate(predicted["rate"], predicted["low"], predicted["high"], None, None),
            diameter=entry["predicted"]["diameter_mm"]["median"],
        )
