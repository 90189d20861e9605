"""What is not known of a treatment, drawn evenly, and the same for every treatment compared.

Points of one scrambled Sobol sequence say for each draw which of the joint draws of parameters that
published lesions left is taken, where in its own spread every other parameter lies, and how far
each fibre of each placement misses. A placement has the same errors in the same draw whatever else
of a plan changes, so differences between plans are not chance. What fibres of one placement miss by
together is every placement's own; what each fibre misses by beside that repeats from the fourth
placement on, so that a placement is one of `VARIANTS` in a draw, wherever it ends up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import dist

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from ablsim.case import Case
from ablsim.case_text import write_toml
from ablsim.cohort.cases import coordinate
from ablsim.cohort.chance import normal
from ablsim.cohort.study_tables import PlacementTable
from ablsim.errors import CaseError
from ablsim.geometry import perpendiculars
from ablsim.grid import Point
from ablsim.planning.prescription import Placement, Prescription, add, moved
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject
from ablsim.uncertainty.factors import Factor, find_factors
from ablsim.uncertainty.posterior import shipped_posterior

FACTORS_MOST = 16
"""Parameters that a draw has room for."""

PLACEMENTS_MOST = 100
"""Placements that a draw has room for."""

VARIANTS = 3
"""How many placements of one draw have fibres that miss each in its own way."""

PER_PLACEMENT = 3 + 4 * 3
"""Numbers that one placement takes: a shift of all, and an error of each of four fibres."""

_TRIES = 1000

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """Draws of everything that is not known of one subject.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        With the errors of placement and the seed.
    count : int
        How many; a power of two fills the space most evenly.
    """

    subject: Subject
    request: Request
    count: int

    @cached_property
    def _points(self) -> FloatArray:
        dimensions = 1 + FACTORS_MOST + PLACEMENTS_MOST * PER_PLACEMENT
        sequence = qmc.Sobol(dimensions, scramble=True, seed=self.request.seed)
        return np.asarray(sequence.random_base2(int(np.ceil(np.log2(self.count)))))[: self.count]

    @cached_property
    def joint(self) -> NDArray[np.intp]:
        """Which of the joint draws of published lesions each draw takes."""
        n = len(shipped_posterior().model_error)
        return np.minimum(n - 1, (n * self._points[:, 0]).astype(np.intp))

    @property
    def model_error(self) -> FloatArray:
        """Standard deviation of ln(diameter) of the model itself in each draw, shape (n,)."""
        return np.asarray(shipped_posterior().model_error[self.joint])

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """What is not known of the subject's case."""
        return find_factors(self.subject.case)

    @cached_property
    def coordinates(self) -> FloatArray:
        """The coordinate of every factor in every draw, shape (n, n_factors)."""
        posterior = shipped_posterior()
        found = np.empty((self.count, len(self.factors)))
        for i, factor in enumerate(self.factors):
            column = posterior.column(factor)
            if column is not None:
                found[:, i] = posterior.coordinates[self.joint, column]
            else:
                found[:, i] = [coordinate(factor, u) for u in self._points[:, 1 + i]]
        return found

    def misplace(self, plan: Prescription, draw: int) -> Prescription:
        """Return a plan whose fibres lie where they end up in one draw."""
        if self.request.errors.is_exact:
            return plan
        placements = tuple(
            moved(self.variant(placement, plan.direction, draw, number), self.shift(draw, number))
            for number, placement in enumerate(plan.placements)
        )
        return replace(plan, placements=placements)

    def shift(self, draw: int, number: int) -> FloatArray:
        """Return what all fibres of a placement miss by together in one draw [m], shape (3,)."""
        first = 1 + FACTORS_MOST + number * PER_PLACEMENT
        return self.request.errors.shift * np.asarray(ndtri(self._points[draw, first : first + 3]))

    def variant(self, placement: Placement, direction: Point, draw: int, number: int) -> Placement:
        """Return a placement with what each of its fibres misses by alone in one draw."""
        if self.request.errors.is_exact:
            return placement
        which = number % VARIANTS
        first = 1 + FACTORS_MOST + which * PER_PLACEMENT + 3
        z = np.asarray(ndtri(self._points[draw, first : first + PER_PLACEMENT - 3]))
        return miss(placement, direction, self.request.errors, z, self.request.seed, draw, which)

    def text(self, plan: Prescription, draw: int, spacing: float) -> str:
        """Return the case of a plan in one draw, on cells of ``spacing`` [m] or finer."""
        missed = self.misplace(plan, draw)
        return write_draw(self.subject, self.factors, plan, missed, self.coordinates[draw], spacing)

    def case(self, plan: Prescription, draw: int, spacing: float) -> Case:
        """Return that case."""
        return Case.from_text(self.text(plan, draw, spacing), source="a draw of the plan")


def write_draw(
    subject: Subject,
    factors: Sequence[Factor],
    plan: Prescription,
    missed: Prescription,
    coordinates: FloatArray,
    spacing: float,
) -> str:
    """Return the case of a plan whose fibres ended up elsewhere, in tissue that differs.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    factors : sequence of Factor
        What is not known.
    plan, missed : Prescription
        What was planned, and where fibres ended up.
    coordinates : ndarray of float64, shape (n_factors,)
        Those of the factors.
    spacing : float
        Edge of a cell [m]; finer where errors bring fibres together.
    """
    table = subject.write(missed, spacing, plan.describe())
    for factor, x in zip(factors, coordinates, strict=True):
        factor.apply(table, float(x))
    return write_toml(table)


def miss(
    placement: Placement,
    direction: Point,
    errors: PlacementTable,
    z: FloatArray,
    seed: int,
    *words: object,
) -> Placement:
    """Return a placement whose fibres miss, each alone; anew where that brings two together.

    Parameters
    ----------
    placement : Placement
        Where fibres were to go.
    direction : Point
        From the hand to the tips.
    errors : PlacementTable
        How far they miss.
    z : ndarray of float64, shape (PER_PLACEMENT - 3,)
        Standard normal numbers: of each fibre across its direction twice and along it.
    seed : int
        Of the numbers of further tries.
    *words
        What these hang on.

    Raises
    ------
    CaseError
        If they hardly ever keep their distance.
    """
    across = np.array([*perpendiculars(direction), direction])
    spread = np.array([errors.lateral, errors.lateral, errors.depth])
    n = placement.fibres
    for attempt in range(_TRIES):
        if attempt:
            z = np.array([normal(seed, *words, attempt, i) for i in range(PER_PLACEMENT - 3)])
        own = (z[: 3 * n].reshape(n, 3) * spread) @ across
        found = tuple(add(tip, by) for tip, by in zip(placement.tips, own.tolist(), strict=True))
        if all(dist(a, b) >= errors.closest for a, b in combinations(found, 2)):
            return replace(placement, tips=found)
    msg = (
        f"the errors of placement: in {_TRIES} tries fibres never kept {1e3 * errors.closest:g} mm "
        "between them; allowed are spacings larger than that by a few standard deviations; give "
        "larger spacings or smaller errors"
    )
    raise CaseError(msg)
