"""The lesions of a study: read, drawn, or as reported."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtr, ndtri

from ablsim.cohort.chance import uniform
from ablsim.cohort.lesions import Lesion, Population
from ablsim.cohort.patients import read_patients
from ablsim.cohort.reported import find_populations
from ablsim.cohort.study import Study
from ablsim.cohort.study_tables import DiameterTable, PopulationTable, StratumTable
from ablsim.errors import CaseError
from ablsim.tissue.library import get_tissue

STEP = 1e-3
"""What reported diameters are rounded to if the study does not say it [m]."""

_FINE_STEP = 1e-5  # m; nobody measures finer, and shorter numbers read better


def find_population(study: Study) -> Population:
    """Return the lesions of a study; the same study always has the same.

    Raises
    ------
    CaseError
        If a file cannot be read, a tissue is unknown, or reported numbers exclude each other.
    """
    table = study.population
    _check_tissues(table)
    if table.csv is not None:
        lesions = read_patients(study.folder / table.csv, table)
        return Population(tuple(_rounded(lesion, table.diameter_step) for lesion in lesions))
    if table.reported is not None:
        return _reported(study)
    return Population(tuple(_virtual(study)))


def draw_diameter(table: DiameterTable, u: float) -> float:
    """Return the diameter [m] that is not exceeded with probability ``u``.

    A distribution that is cut off at its limits keeps its shape between them: nothing piles up at
    the ends.
    """
    if table.values is not None:
        weights = np.cumsum(table.weights or (1.0,) * len(table.values))
        return table.values[int(np.searchsorted(weights, u * weights[-1], side="right"))]
    low, high = table.low or 0.0, table.high or 0.0
    if table.distribution == "uniform":
        return low + u * (high - low)
    middle, sd = math.log(table.median or 1.0), table.log_sd or 1.0
    below, upto = (float(ndtr((math.log(end) - middle) / sd)) for end in (low, high))
    drawn = math.exp(middle + sd * float(ndtri(below + u * (upto - below))))
    return min(max(drawn, low), high)


def choose_stratum(strata: Sequence[StratumTable], u: float) -> StratumTable | None:
    """Return the stratum of a lesion: each with the probability that its weight says."""
    if not strata:
        return None
    weights = np.cumsum([stratum.weight for stratum in strata])
    return strata[int(np.searchsorted(weights, u * weights[-1], side="right"))]


def round_length(length: float, step: float | None) -> float:
    """Return a length on whole steps, one step at least; steps of 0.01 mm if none is given [m]."""
    step = step or _FINE_STEP
    return round(max(1.0, round(length / step)) * step, 12)


def _check_tissues(table: PopulationTable) -> None:
    named = [("population.tissue", table.tissue)] + [
        (f"population.stratum#{number}.tissue", stratum.tissue)
        for number, stratum in enumerate(table.strata, start=1)
    ]
    problems = []
    for key, name in named:
        try:
            get_tissue(name)
        except CaseError as error:
            problems.append(f"{key}: {error}")
    if problems:
        raise CaseError("\n".join(problems))


def _rounded(lesion: Lesion, step: float | None) -> Lesion:
    x, y, z = (round_length(axis, step) for axis in lesion.axes)
    return replace(lesion, axes=(x, y, z))


def _virtual(study: Study) -> list[Lesion]:
    table = study.population
    count, diameter = table.lesions or 0, table.diameter
    if diameter is None:
        return []
    lesions = []
    for number in range(1, count + 1):
        name = f"L{number}"
        drawn = draw_diameter(diameter, uniform(study.seed, name, "diameter"))
        lesions.append(_lesion(study, name, round_length(drawn, table.diameter_step)))
    return lesions


def _reported(study: Study) -> Population:
    table, report = study.population, study.population.reported
    if report is None:
        return Population(())
    found = find_populations(report, table.diameter_step or STEP)
    lesions = [
        _lesion(study, f"P{group + 1}-{number}", diameter, group)
        for group in range(report.populations)
        for number, diameter in enumerate(found.draw(study.seed, group), start=1)
    ]
    return Population(tuple(lesions), report.populations, found.notes)


def _lesion(study: Study, name: str, diameter: float, group: int = 0) -> Lesion:
    table = study.population
    stratum = choose_stratum(table.strata, uniform(study.seed, name, "stratum"))
    return Lesion(
        name=name,
        axes=(diameter, diameter, diameter),
        tissue=table.tissue if stratum is None else stratum.tissue,
        perfusion=table.perfusion if stratum is None else stratum.perfusion,
        stratum="" if stratum is None else stratum.name,
        margin=table.margin,
        group=group,
    )
