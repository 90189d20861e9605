"""The cases of a study: each lesion, policy and draw as one complete case file.

Nothing in the text of a case says whose it is, so that equal questions are equal texts.
"""

import copy
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from math import dist, floor, inf, sqrt
from typing import Any

import numpy as np
from scipy.special import ndtr

from ablsim.band import MODEL_ERROR
from ablsim.case import SCHEMA, Case
from ablsim.case_text import write_toml
from ablsim.case_written import as_written
from ablsim.cohort.chance import normal, uniform, whole
from ablsim.cohort.lesions import Lesion, Observed, Population
from ablsim.cohort.policy_tables import PolicyTable
from ablsim.cohort.protocol_text import aims_of, write_fibres, write_steps
from ablsim.cohort.study import Study
from ablsim.cohort.targeting import miss
from ablsim.cohort.treatment import Treatment, choose_treatment
from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.quantities import LENGTH
from ablsim.uncertainty.factors import Factor, find_factors, writable
from ablsim.uncertainty.posterior import shipped_posterior
from ablsim.units import to_mm

LAWS = ("threshold", "shutdown", "char film")
"""Words in the names of factors that are laws, the same in all lesions of a draw."""

TAIL = 2.5
"""Standard deviations at which normal factors end."""

_CELLS_BETWEEN_FIBRES = 4  # as a case must have
_SPACING_STEP = 1e-4  # m; cells that errors make finer
_CACHE = 2048

Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """One case of a study.

    Parameters
    ----------
    key : str
        Hash of the text and of the code that computes it: the identity of its result.
    text : str
        The case file; empty where none could be made.
    reason : str
        Why none could be made.
    """

    key: str
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """A lesion and its treatment as tables of a case, nothing varied; what is not known of it.

    There is one for all lesions that are alike, so that it stands for them in a cache.
    """

    table: Table
    factors: tuple[Factor, ...]
    treatment: Treatment


class CaseMaker:
    """Makes the cases of a study.

    Parameters
    ----------
    study : Study
        What is asked.
    code : str
        Fingerprint of the code that computes a case.
    """

    def __init__(self, study: Study, code: str) -> None:
        self._study = study
        self.code = code
        self._ask = lru_cache(maxsize=_CACHE)(self._make_question)
        self._draw = lru_cache(maxsize=_CACHE)(self._make_job)

    def every_job(self, population: Population) -> Iterator[Job]:
        """Yield the jobs of all lesions: lesion by lesion, policy by policy, draw by draw."""
        for lesion in population.lesions:
            for policy in self._study.policies:
                yield from self.jobs(lesion, policy)

    def count(self, population: Population) -> int:
        """Return how many jobs that are, equal ones counted as often as they come."""
        per_lesion = len(self._study.policies) * self._study.uncertainty.draws
        return len(population.lesions) * per_lesion

    def jobs(self, lesion: Lesion, policy: PolicyTable) -> Iterator[Job]:
        """Yield the jobs of one lesion under one policy, one for each draw."""
        own = self._own_words(lesion)
        for draw in range(self._study.uncertainty.draws):
            try:
                job = self._draw(self.question(lesion, policy), own, draw)
            except CaseError as error:
                job = self._name("", str(error))
            yield job

    def question(self, lesion: Lesion, policy: PolicyTable) -> _Question:
        """Return the case of a lesion under a policy with nothing varied.

        Raises
        ------
        CaseError
            If the policy says nothing about the lesion, or what it says is no case.
        """
        treatment = choose_treatment(lesion, policy, self._study.seed)
        anonymous = replace(lesion, name="", group=0, stratum="", observed=Observed())
        try:
            return self._ask(anonymous, treatment)
        except CaseError as error:
            who = f'policy "{policy.label}", {lesion.name} of {to_mm(lesion.diameter):g} mm'
            msg = f"{who}: {error}"
            raise CaseError(msg) from None

    def _make_question(self, lesion: Lesion, treatment: Treatment) -> _Question:
        table = write_case(self._study, lesion, treatment)
        case = Case.from_dict(table, source="its case", stored=True)
        known = self._study.uncertainty.parameters == "none"
        return _Question(writable(case), () if known else find_factors(case), treatment)

    def _make_job(self, question: _Question, own: str, draw: int) -> Job:
        return self._name(self._text(question, own, draw))

    def _name(self, text: str, reason: str = "") -> Job:
        identity = f"{self.code}\n{text or reason}".encode()
        return Job(hashlib.sha256(identity).hexdigest(), text, reason)

    def _own_words(self, lesion: Lesion) -> str:
        """Return what a lesion's own random numbers hang on: itself, or its place in a pool."""
        pool, seed = self._study.uncertainty.pool, self._study.seed
        return lesion.name if pool is None else f"pool {whole(pool, seed, lesion.name, 'pool')}"

    def _text(self, question: _Question, own: str, draw: int) -> str:
        """Return the case file of one draw."""
        study, treatment = self._study, question.treatment
        table = copy.deepcopy(question.table)
        for factor in question.factors:
            factor.apply(table, draw_coordinate(study, factor, own, draw))
        errors = study.uncertainty.placement
        tips = [
            miss(aims, treatment.direction, errors, study.seed, own, draw, "placement", number)
            for number, aims in enumerate(aims_of(treatment))
        ]
        table["numerics"]["spacing"] = LENGTH.write(finest(study.numerics.edge, tips))
        table["fibre"] = _merge(table["fibre"], write_fibres(treatment, tips[0]))
        table["protocol"] = {"steps": write_steps(treatment, tips)}
        return write_toml(table)


def draw_coordinate(study: Study, factor: Factor, own: str, draw: int) -> float:
    """Return the coordinate of a factor in one draw of a lesion.

    Parameters
    ----------
    study : Study
        What is asked.
    factor : Factor
        What is not known.
    own : str
        What the lesion's own random numbers hang on.
    draw : int
        Which draw, from 0.

    Notes
    -----
    What published lesions bear on comes from their joint draws: one of them for the laws that all
    lesions have in common, one for what is a lesion's own. Within either, what goes together stays
    together.
    """
    known = study.uncertainty
    whose = "all" if known.laws == "shared" and is_law(factor) else own
    if known.parameters == "calibrated":
        posterior = shipped_posterior()
        column = posterior.column(factor)
        if column is not None:
            return float(posterior.coordinates[_joint_draw(study, whose, draw), column])
    return coordinate(factor, uniform(study.seed, whose, draw, factor.name))


def coordinate(factor: Factor, u: float) -> float:
    """Return the coordinate that a factor does not exceed with probability ``u``.

    Normal ones end at `TAIL` standard deviations either side: beyond, logarithmic spreads lead to
    numbers that no tissue has.
    """
    rare = float(ndtr(-TAIL)) if factor.shape == "normal" else 0.0
    return float(factor.coordinate(rare + (1.0 - 2.0 * rare) * u))


def is_law(factor: Factor) -> bool:
    """Say whether a factor is a law, the same in all lesions of a draw."""
    return any(word in factor.name for word in LAWS)


def model_error(study: Study, lesion: Lesion, draw: int) -> float:
    """Return the error of the model itself in one draw of a lesion: of ln(diameter of a zone)."""
    in_all = normal(study.seed, "all", lesion.group, draw, "model")
    in_one = normal(study.seed, lesion.name, draw, "model")
    common = study.uncertainty.model_error_shared
    return _spread_of_model(study, draw) * (sqrt(common) * in_all + sqrt(1.0 - common) * in_one)


def typical_model_error(study: Study) -> float:
    """Return the standard deviation of `model_error` over all draws that there could be."""
    known = study.uncertainty
    if known.model_error is not None:
        return known.model_error
    if known.parameters != "calibrated":
        return MODEL_ERROR
    return float(np.sqrt(np.mean(shipped_posterior().model_error ** 2)))


def _spread_of_model(study: Study, draw: int) -> float:
    """Return the standard deviation of the model's error in one draw."""
    known = study.uncertainty
    if known.model_error is None and known.parameters == "calibrated":
        return float(shipped_posterior().model_error[_joint_draw(study, "all", draw)])
    return typical_model_error(study)


def _joint_draw(study: Study, whose: str, draw: int) -> int:
    """Return which of the joint draws that published lesions left is taken."""
    return whole(len(shipped_posterior().model_error), study.seed, whose, draw, "joint draw")


def write_case(study: Study, lesion: Lesion, treatment: Treatment) -> Table:
    """Return the tables of the case file of a lesion whose fibres go where they are meant to."""
    tissue = as_written(study.tissue)
    if lesion.perfusion_rate is not None:
        given = tissue.get("override", {})
        own = {**given.get(lesion.tissue, {}), "perfusion_rate": lesion.perfusion_rate}
        tissue = {**tissue, "override": {**given, lesion.tissue: own}}
    tips = aims_of(treatment)
    return {
        "schema": SCHEMA,
        "title": _title(lesion, treatment),
        "tissue": tissue,
        "tumour": _write_tumour(lesion),
        "fibre": write_fibres(treatment, tips[0]),
        "protocol": {"steps": write_steps(treatment, tips)},
        "physics": as_written(study.physics),
        "numerics": as_written(study.numerics),
    }


def finest(spacing: float, tips: Sequence[Sequence[Point]]) -> float:
    """Return the edge of a cell [m]: as asked for, or finer where errors bring fibres together."""
    pairs = (pair for placed in tips for pair in combinations(placed, 2))
    nearest = min((dist(*pair) for pair in pairs), default=inf)
    if spacing <= nearest / _CELLS_BETWEEN_FIBRES:
        return spacing
    return round(floor(nearest / _CELLS_BETWEEN_FIBRES / _SPACING_STEP) * _SPACING_STEP, 9)


def _write_tumour(lesion: Lesion) -> Table:
    if lesion.is_sphere:
        size: Table = {"shape": "sphere", "diameter": LENGTH.write(lesion.axes[0])}
    else:
        size = {"shape": "ellipsoid", "axes": [LENGTH.write(axis) for axis in lesion.axes]}
    return {
        "tissue": lesion.tissue,
        "perfusion": lesion.perfusion,
        **size,
        "margin": LENGTH.write(lesion.margin),
    }


def _title(lesion: Lesion, treatment: Treatment) -> str:
    sizes = " x ".join(f"{to_mm(axis):g}" for axis in dict.fromkeys(lesion.axes))
    flow = "" if lesion.perfusion == "normal" else f", {lesion.perfusion}"
    placements, sessions = treatment.placements, len(treatment.sessions)
    return (
        f"{lesion.tissue} of {sizes} mm{flow}: {treatment.fibres} x {treatment.energy:g} J, "
        f"{_count(treatment.illuminations, 'illumination')} in each of "
        f"{_count(placements, 'placement')}, {_count(sessions, 'session')}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _merge(varied: Sequence[Table], placed: Sequence[Table]) -> list[Table]:
    """Return fibres as they were varied, with their tips where they ended up."""
    return [{**one, "tip": other["tip"]} for one, other in zip(varied, placed, strict=True)]
