"""Predicted against observed: by diameter and stratum, over whole series, lesion by lesion."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ablsim.cohort.answers import LesionAnswers
from ablsim.cohort.lesions import Lesion, Population
from ablsim.cohort.pairs import Pairs
from ablsim.cohort.statistics import clustered_rate, rate, rate_alone, short, spread
from ablsim.cohort.study import Study
from ablsim.cohort.study_tables import ObservationTable
from ablsim.units import to_ml, to_mm

ALL = ""
"""The stratum of all lesions together."""

BINS = 16
"""How many bins a curve against the diameter has, where there are more diameters."""

Interval = tuple[float, float]
Series = tuple[int, int]
"""One treatment of all lesions of a population: which population, and which draw."""


@dataclass(slots=True)
class _Cell:
    """All draws of the lesions of one policy, stratum and class."""

    lesions: int = 0
    diameters: "array[float]" = field(default_factory=lambda: array("d"))
    fractions: "array[float]" = field(default_factory=lambda: array("d"))
    volumes: "array[float]" = field(default_factory=lambda: array("d"))
    energies: "array[float]" = field(default_factory=lambda: array("d"))
    placements: "array[float]" = field(default_factory=lambda: array("d"))
    sessions: "array[float]" = field(default_factory=lambda: array("d"))
    series: dict[Series, list[int]] = field(default_factory=dict)
    observed_fractions: "array[float]" = field(default_factory=lambda: array("d"))
    observed_complete: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, entry: LesionAnswers) -> None:
        """Count one lesion."""
        lesion, seen = entry.lesion, entry.lesion.observed
        self.lesions += 1
        for draw, answer in enumerate(entry.answers):
            if answer is None:
                continue
            self.diameters.append(lesion.diameter)
            self.fractions.append(answer.fraction)
            self.volumes.append(answer.volume)
            self.energies.append(answer.energy)
            self.placements.append(answer.placements)
            self.sessions.append(answer.sessions)
            counts = self.series.setdefault((lesion.group, draw), [0, 0])
            counts[0] += answer.is_complete
            counts[1] += 1
        if seen.fraction is not None:
            self.observed_fractions.append(seen.fraction)
        if seen.complete is not None:
            self.observed_complete[0] += seen.complete
            self.observed_complete[1] += 1


@dataclass(slots=True)
class _Watch:
    """What an aggregate observation is compared with, for one policy: counts by series."""

    lesions: dict[Series, int] = field(default_factory=lambda: defaultdict(int))
    complete: dict[Series, int] = field(default_factory=lambda: defaultdict(int))
    over: dict[Series, int] = field(default_factory=lambda: defaultdict(int))
    diameters: "array[float]" = field(default_factory=lambda: array("d"))
    energies: "array[float]" = field(default_factory=lambda: array("d"))
    placements: "array[float]" = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class _Total:
    """What all lesions of a series took together."""

    energy: float = 0.0
    placements: int = 0
    sessions: int = 0


class Comparison:
    """Takes lesions one by one and keeps no more of them than what is summed up.

    Parameters
    ----------
    study : Study
        What is compared.
    population : Population
        Whose lesions come.
    """

    def __init__(self, study: Study, population: Population) -> None:
        self._study = study
        ends = study.report.classes
        self._classes: list[Interval] = list(zip((0.0, *ends), (*ends, np.inf), strict=True))
        strata = sorted({lesion.stratum for lesion in population.lesions})
        self._strata = [ALL, *[s for s in strata if s]] if len(strata) > 1 else [ALL]
        self._cells: dict[tuple[str, str, int], _Cell] = {}
        self._watches: dict[tuple[str, int], _Watch] = {}
        self._pairs: dict[str, Pairs] = {}
        self._totals: dict[str, dict[Series, _Total]] = {}

    def add(self, entry: LesionAnswers) -> None:
        """Count one lesion under one policy."""
        lesion, policy = entry.lesion, entry.policy
        number = int(np.searchsorted(self._study.report.classes, lesion.diameter - 1e-9))
        for stratum in dict.fromkeys((ALL, lesion.stratum)):
            if stratum in self._strata:
                self._cells.setdefault((policy, stratum, number), _Cell()).add(entry)
        for i, observation in enumerate(self._study.observations):
            if _concerns(observation, lesion):
                _watch(self._watches.setdefault((policy, i), _Watch()), observation, entry)
        self._pairs.setdefault(policy, Pairs()).add(entry)
        totals = self._totals.setdefault(policy, {})
        for draw, answer in enumerate(entry.answers):
            if answer is not None:
                total = totals.setdefault((lesion.group, draw), _Total())
                total.energy += answer.energy
                total.placements += answer.placements
                total.sessions += answer.sessions

    def classes(self) -> list[dict[str, Any]]:
        """Return what came out by policy, stratum and diameter, where there are lesions."""
        return [
            _describe_cell(self._cells[key], policy.label, stratum, interval)
            for policy in self._study.policies
            for stratum in self._strata
            for number, interval in enumerate(self._classes)
            if (key := (policy.label, stratum, number)) in self._cells
        ]

    def curve(self) -> list[dict[str, Any]]:
        """Return the ablated fraction against the diameter for each policy, in narrow bins."""
        return [
            {"policy": policy.label, **entry}
            for policy in self._study.policies
            for entry in _bins(
                [cell for key, cell in self._cells.items() if key[:2] == (policy.label, ALL)]
            )
        ]

    def totals(self) -> list[dict[str, Any]]:
        """Return what all lesions of a population took together, by policy."""
        return [
            {
                "policy": policy.label,
                "energy_j": spread([total.energy for total in totals]),
                "placements": spread([total.placements for total in totals]),
                "sessions": spread([total.sessions for total in totals]),
            }
            for policy in self._study.policies
            if (totals := list(self._totals.get(policy.label, {}).values()))
        ]

    def observations(self) -> list[dict[str, Any]]:
        """Return each aggregate observation beside what each policy would have given."""
        return [
            _describe_watch(self._watches.get((policy.label, i), _Watch()), policy.label, observed)
            for i, observed in enumerate(self._study.observations)
            for policy in self._study.policies
        ]

    def agreements(self) -> list[dict[str, Any]]:
        """Return how single lesions agree with what was observed, for policies with any such."""
        return [
            {"policy": policy, **pairs.describe()}
            for policy, pairs in self._pairs.items()
            if pairs.has_any
        ]


def _bins(cells: Sequence[_Cell]) -> list[dict[str, Any]]:
    """Return quantiles of the ablated fraction by diameter: each diameter, or bins as full."""
    diameters = np.concatenate([np.asarray(cell.diameters) for cell in cells] or [np.empty(0)])
    fractions = np.concatenate([np.asarray(cell.fractions) for cell in cells] or [np.empty(0)])
    if len(diameters) == 0:
        return []
    values = np.unique(diameters)
    if len(values) > BINS:
        ends = np.quantile(diameters, np.linspace(0.0, 1.0, BINS + 1)[1:-1], method="nearest")
        number = np.searchsorted(np.unique(ends), diameters)
    else:
        number = np.searchsorted(values, diameters)
    found = []
    for i in np.unique(number):
        here = number == i
        middle = short(to_mm(float(np.median(diameters[here]))))
        found.append(
            {"diameter_mm": middle, "n": int(here.sum()), **(spread(fractions[here]) or {})}
        )
    return found


def _concerns(observation: ObservationTable, lesion: Lesion) -> bool:
    low, high = observation.low or 0.0, observation.high or np.inf
    within = low - 1e-9 <= lesion.diameter <= high + 1e-9
    return within and observation.stratum in {None, lesion.stratum}


def _watch(watch: _Watch, observation: ObservationTable, entry: LesionAnswers) -> None:
    for draw, answer in enumerate(entry.answers):
        if answer is None:
            continue
        series = (entry.lesion.group, draw)
        watch.lesions[series] += 1
        watch.complete[series] += answer.is_complete
        watch.diameters.append(entry.lesion.diameter)
        watch.energies.append(answer.energy)
        watch.placements.append(answer.placements)
        if observation.fraction_over is not None:
            watch.over[series] += answer.fraction > observation.fraction_over


def _describe_cell(cell: _Cell, policy: str, stratum: str, interval: Interval) -> dict[str, Any]:
    complete = clustered_rate(_by_draw({s: (k, n) for s, (k, n) in cell.series.items()}))
    if complete is not None:
        rates = [done / n for done, n in cell.series.values()]
        complete["in_a_series"] = spread(rates)
    return {
        "policy": policy,
        "stratum": stratum or None,
        "diameter_mm": _span(*interval),
        "n": cell.lesions,
        "draws": len(cell.fractions),
        "ablated_fraction": spread(cell.fractions),
        "complete_rate": complete,
        "zone_volume_ml": spread([to_ml(volume) for volume in cell.volumes]),
        "energy_j": spread(cell.energies),
        "energy_per_volume_j_per_ml": spread(_per_volume(cell.energies, cell.volumes)),
        "placements": spread(cell.placements),
        "sessions": spread(cell.sessions),
        "observed": {
            "ablated_fraction": spread(cell.observed_fractions),
            "complete_rate": rate(*cell.observed_complete),
        },
    }


def _describe_watch(watch: _Watch, policy: str, observed: ObservationTable) -> dict[str, Any]:
    series = sorted(watch.lesions)
    counts = [watch.lesions[s] for s in series]
    said: dict[str, Any] = {"lesions": observed.lesions}
    predicted: dict[str, Any] = {
        "series": len(series),
        "lesions": spread(counts),
        "diameter_mm": spread([to_mm(diameter) for diameter in watch.diameters]),
        "energy_j": spread(watch.energies),
        "placements": spread(watch.placements),
    }
    each = {s: (watch.complete[s], watch.lesions[s]) for s in series}
    if observed.complete is not None:
        said |= {"complete": observed.complete}
        said["complete_rate"] = rate(observed.complete, observed.lesions or 0)
        wanted = observed.complete
        predicted |= {
            "complete": spread([k for k, _ in each.values()]),
            "all_complete": _share_of(each, lambda k, n: k == n),
            "as_many_complete": _share_of(each, lambda k, n: k >= wanted),
            "complete_rate": clustered_rate(_by_draw(each)),
        }
    if observed.complete_rate is not None:
        said["complete_rate"] = rate_alone(observed.complete_rate)
        predicted |= {"complete_rate": clustered_rate(_by_draw(each))}
    each = {s: (watch.over[s], watch.lesions[s]) for s in series}
    if observed.fraction_over is not None:
        said |= {"fraction_over": observed.fraction_over}
        predicted |= {
            "over": spread([k for k, _ in each.values()]),
            "all_over": _share_of(each, lambda k, n: k == n),
            "over_rate": clustered_rate(_by_draw(each)),
        }
    return {
        "policy": policy,
        "stratum": observed.stratum,
        "diameter_mm": _span(observed.low or 0.0, observed.high or np.inf),
        "source": observed.source,
        "observed": said,
        "predicted": predicted,
    }


def _by_draw(series: Mapping[Series, tuple[int, int]]) -> list[tuple[int, int]]:
    """Return successes and trials of each draw, all populations together: they share its laws."""
    totals: dict[int, tuple[int, int]] = {}
    for (_, draw), (k, n) in series.items():
        before = totals.get(draw, (0, 0))
        totals[draw] = (before[0] + k, before[1] + n)
    return [totals[draw] for draw in sorted(totals)]


def _share_of(
    series: Mapping[Series, tuple[int, int]], holds: Callable[[int, int], bool]
) -> dict[str, Any] | None:
    """Return the rate of the series of which something holds, by successes and trials."""
    counted = {s: (int(holds(k, n)), 1) for s, (k, n) in series.items()}
    return clustered_rate(_by_draw(counted))


def _per_volume(energies: Sequence[float], volumes: Sequence[float]) -> list[float]:
    return [e / to_ml(v) for e, v in zip(energies, volumes, strict=True) if v > 0.0]


def _span(low: float, high: float) -> list[float | None]:
    return [short(to_mm(low)), None if high == np.inf else short(to_mm(high))]
