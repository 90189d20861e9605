"""What is not known of a plan as independent inputs, and what a run of a plan comes to for them.

An input is one coordinate, such as a property of tissue, or a group of coordinates that mean the
same: what a fibre's depth is off by, for every fibre. Every coordinate is spread as it was before
any lesion was looked at and by itself: indices of sensitivity need inputs that do not hang
together, which those that published lesions left do (`ablsim.uncertainty.posterior`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ablsim.cohort.cases import TAIL, finest
from ablsim.geometry import perpendiculars
from ablsim.grid import Point
from ablsim.planning.draws import write_draw
from ablsim.planning.evaluation import RADIUS_OF_ONE, Evaluation
from ablsim.planning.prescription import Prescription, nearest_tips
from ablsim.planning.probability import chances_of
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject
from ablsim.uncertainty.factors import Factor, find_factors
from ablsim.uncertainty.posterior import shipped_posterior
from ablsim.units import to_mm

SHIFT = "shift of all fibres"
LATERAL = "lateral error of each fibre"
DEPTH = "depth error of each fibre"
MODEL = "error of the model"
"""Names of the inputs that are not factors of the case."""

VOLUME, RESERVE, MARGIN, COMPLETE = "ablated volume", "reserve", "smallest margin", "completeness"
ANSWERS = (VOLUME, RESERVE, MARGIN, COMPLETE)
"""What a plan comes to."""

_RARE = float(ndtr(-TAIL))
_ROUNDS = 200  # of spreading fibres that are too near to each other
_TENTH = 0.1
_REACH = 0.6  # of the radius of one fibre's zone: how far what is near to a tip goes along with it
_FLAT = 1e-4  # m of all tips in a direction, from which on they count as spread in it

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that is not known.

    Parameters
    ----------
    name, spread : str
        What it is, and how it is spread, in words.
    coordinates : int
        How many numbers it is.
    """

    name: str
    spread: str
    coordinates: int = 1


@dataclass(frozen=True)
class Unknowns:
    """Everything that is not known of a plan.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        With the errors of placement.
    plan : Prescription
        The treatment.

    Notes
    -----
    A point is a row of numbers between 0 and 1, one for each coordinate in the order of `inputs`:
    the probability with which the coordinate is not exceeded. Normal ones end at 2.5 standard
    deviations. The error of the model is the last one.
    """

    subject: Subject
    request: Request
    plan: Prescription

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """What is not known of tissue, light and physics."""
        return find_factors(self.subject.case)

    @cached_property
    def model_error(self) -> float:
        """Typical standard deviation of ln(diameter) of the model itself."""
        return float(np.sqrt(np.mean(shipped_posterior().model_error ** 2)))

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """All of them, in the order of their coordinates."""
        errors, many = self.request.errors, len(self.plan.placements)
        fibres = self.plan.insertions
        words = "SD {:.3g} mm along each axis"
        placed = (
            (errors.shift, Input(SHIFT, words.format(to_mm(errors.shift)), 3 * many)),
            (errors.lateral, Input(LATERAL, words.format(to_mm(errors.lateral)), 2 * fibres)),
            (errors.depth, Input(DEPTH, f"SD {to_mm(errors.depth):.3g} mm", fibres)),
        )
        return (
            *(Input(factor.name, factor.spread) for factor in self.factors),
            *(one for size, one in placed if size > 0.0),
            Input(MODEL, f"SD {100.0 * self.model_error:.2g} % of the diameter"),
        )

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """Name of the input that each coordinate belongs to."""
        return tuple(one.name for one in self.inputs for _ in range(one.coordinates))

    @property
    def dimensions(self) -> int:
        """How many coordinates there are."""
        return len(self.owners)

    def coordinates(self, points: FloatArray) -> FloatArray:
        """Return the coordinates, in standard deviations, of points, shape (n, n_coordinates)."""
        normal = _RARE + (1.0 - 2.0 * _RARE) * points
        found = ndtri(normal)
        for i, factor in enumerate(self.factors):
            found[:, i] = factor.coordinate(
                normal[:, i] if factor.shape == "normal" else points[:, i]
            )
        return np.asarray(found)

    def error_of_model(self, points: FloatArray) -> FloatArray:
        """Return the model's error in ln(diameter) at points, shape (n,)."""
        return np.asarray(self.model_error * self.coordinates(points)[:, -1])

    def misplace(self, coordinates: FloatArray) -> Prescription:
        """Return the plan with its fibres where they end up, shape of coordinates (n,).

        Fibres that come nearer to each other than the request allows are spread to that distance,
        where `miss` inserts them anew: then where they lie stays a function of the coordinates.
        """
        if self.request.errors.is_exact:
            return self.plan
        moved = self._moves(coordinates[None])[0]
        placements, first = [], 0
        for one in self.plan.placements:
            tips = np.asarray(one.tips) + moved[first : first + one.fibres]
            first += one.fibres
            apart = spread_apart(tips, min(self.request.errors.closest, nearest_tips(one)))
            placements.append(replace(one, tips=apart))
        return replace(self.plan, placements=tuple(placements))

    def spacing_for(self, points: FloatArray, spacing: float) -> float:
        """Return the edge of a cell that all points can share [m]; ``spacing`` or finer.

        Cells that changed from run to run would pass for an effect.
        """
        plans = [self.misplace(row) for row in self.coordinates(points)]
        return finest(spacing, [placement.tips for plan in plans for placement in plan.placements])

    def texts(self, points: FloatArray, spacing: float) -> list[str]:
        """Return the case of each point on cells of ``spacing`` [m]."""
        subject, factors, plan, n = self.subject, self.factors, self.plan, len(self.factors)
        return [
            write_draw(subject, factors, plan, self.misplace(row), row[:n], spacing)
            for row in self.coordinates(points)
        ]

    def features(self, points: FloatArray, middle: Evaluation) -> FloatArray:
        """Return what a surrogate goes by: few numbers, however many fibres there are.

        The factors' coordinates as they are. Of errors of placement, by how much all tips together
        are shifted, stretched, sheared and tilted [m]; and margins of a zone whose every part went
        along with the tips near to it: the smallest, and the one that a tenth of the tumour's
        surface does not have [m].

        Parameters
        ----------
        points : ndarray of float64, shape (n, n_coordinates)
            Between 0 and 1; the error of the model does not matter here.
        middle : Evaluation
            What the plan comes to with every coordinate in its middle.
        """
        x = self.coordinates(points)
        own = x[:, : len(self.factors)]
        if self.request.errors.is_exact:
            return own
        moves = self._moves(x)
        together = np.einsum("kr,nkx->nrx", self._alike, moves).reshape(len(x), -1)
        by_move = self._moving_margins(middle).reshape(len(middle.sites), -1)
        margins = middle.site_margins + moves.reshape(len(x), -1) @ by_move.T
        return np.concatenate(
            [own, together, np.quantile(margins, [0.0, _TENTH], axis=1).T], axis=1
        )

    def _moving_margins(self, middle: Evaluation) -> FloatArray:
        """Return what moving each tip changes the margin of each site by, (n_sites, n_tips, 3).

        A part of the zone goes along with the tips that are near to it.
        """
        tips = self._tips
        out = middle.sites - np.asarray(self.subject.tumour.centre)
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
        reach = _REACH * RADIUS_OF_ONE * np.cbrt(max(middle.volume, 1e-9) / len(tips))
        square = np.sum((middle.sites[:, None] - tips) ** 2, axis=2)
        weight = np.exp(-0.5 * (square - square.min(axis=1, keepdims=True)) / reach**2)
        weight /= weight.sum(axis=1, keepdims=True)
        return np.asarray(weight[:, :, None] * out[:, None, :])

    @cached_property
    def _axes(self) -> FloatArray:
        """Two directions across the fibres and that along them, as rows."""
        return np.array([*perpendiculars(self.plan.direction), self.plan.direction])

    @cached_property
    def _alike(self) -> FloatArray:
        """What moves many tips alike: one thing a column, a basis, shape (n_tips, up to 4)."""
        tips = self._tips
        ones = np.full((len(tips), 1), 1.0 / np.sqrt(len(tips)))
        u, s, _ = np.linalg.svd(tips - tips.mean(axis=0), full_matrices=False)
        return np.concatenate([ones, u[:, s > _FLAT]], axis=1)

    @property
    def _tips(self) -> FloatArray:
        """Where all tips are meant to be [m], shape (n_tips, 3)."""
        return np.array([tip for placement in self.plan.placements for tip in placement.tips])

    def _moves(self, coordinates: FloatArray) -> FloatArray:
        """Return by how much each tip misses [m], shape (n, n_tips, 3)."""
        first = len(self.factors)
        errors = coordinates[:, first : first + self._map.shape[1]]
        return np.asarray((errors @ self._map.T).reshape(len(coordinates), -1, 3))

    @cached_property
    def _map(self) -> FloatArray:
        """What each coordinate of the errors of placement moves each tip by [m]."""
        errors = self.request.errors
        placement_of = np.repeat(
            np.arange(len(self.plan.placements)), [p.fibres for p in self.plan.placements]
        )
        own = np.eye(len(placement_of))
        together = (placement_of[:, None] == np.arange(len(self.plan.placements))).astype(float)
        columns = []
        for size, which, axes in (
            (errors.shift, together, np.eye(3)),
            (errors.lateral, own, self._axes[:2]),
            (errors.depth, own, self._axes[2:]),
        ):
            if size > 0.0:
                moved = size * np.einsum("kp,ax->kxpa", which, axes)
                columns.append(moved.reshape(3 * len(which), -1))
        return np.concatenate(columns, axis=1)


def spread_apart(tips: FloatArray, closest: float) -> tuple[Point, ...]:
    """Return tips [m] of which none is nearer to another than ``closest`` [m].

    Both of two that are too near are moved by the same distance, away from each other.
    """
    tips = tips.copy()
    for _ in range(_ROUNDS):
        is_apart = True
        for i, j in combinations(range(len(tips)), 2):
            away = tips[j] - tips[i]
            distance = float(np.linalg.norm(away))
            if distance >= closest * (1.0 - 1e-6):
                continue
            is_apart = False
            along = away / distance if distance > 0.0 else np.array([1.0, 0.0, 0.0])
            tips[i] -= 0.5 * (closest - distance) * along
            tips[j] += 0.5 * (closest - distance) * along
        if is_apart:
            break
    found: list[Point] = [(x, y, z) for x, y, z in tips.round(6).tolist()]
    return tuple(found)


@dataclass(frozen=True)
class Outcomes:
    """What points came to, without the error of the model.

    Parameters
    ----------
    volume, reserve, margin : ndarray of float64, shape (n,)
        Ablated volume [m^3], how far the zone may recede [m], smallest margin [m]; not a number
        where a run failed.
    placements : int
        Of the plan.
    """

    volume: FloatArray
    reserve: FloatArray
    margin: FloatArray
    placements: int

    @property
    def radius(self) -> FloatArray:
        """Equivalent radius of the zone of one placement [m]."""
        return np.asarray(RADIUS_OF_ONE * np.cbrt(np.maximum(self.volume, 1e-9) / self.placements))

    def erring(self, error: FloatArray) -> "Outcomes":
        """Return the same where the model errs by so much in ln(diameter), shape (n,)."""
        further = self.radius * np.expm1(error)
        return Outcomes(
            self.volume * np.exp(3.0 * error),
            self.reserve + further,
            self.margin + further,
            self.placements,
        )

    def values(self) -> dict[str, FloatArray]:
        """Return every answer by its name; an ablation is complete, 1, or it is not, 0."""
        complete = (self.reserve >= 0.0).astype(np.float64)
        return dict(zip(ANSWERS, (self.volume, self.reserve, self.margin, complete), strict=True))

    def at(self, which: slice | NDArray[np.bool_]) -> "Outcomes":
        """Return those of some points."""
        kept = (self.volume[which], self.reserve[which], self.margin[which])
        return Outcomes(*kept, self.placements)

    def chances(self, model_error: float) -> FloatArray:
        """Return how likely each is complete, the error of the model with this SD."""
        sigma = np.full(len(self.reserve), model_error)
        return chances_of(self.reserve, self.radius, sigma)


def collect(
    evaluations: Sequence[Evaluation | None], complete_from: float, placements: int
) -> Outcomes:
    """Return the outcomes of runs; None is one that failed."""
    rows = [
        (np.nan,) * 3 if one is None else (one.volume, one.reserve(complete_from), one.margin_min)
        for one in evaluations
    ]
    volume, reserve, margin = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return Outcomes(volume, reserve, margin, placements)
