"""What is not known of a plan as independent inputs, and what a run of a plan comes to for them.

An input is one coordinate, such as a property of tissue, or a group of coordinates that mean the
same: what a fibre's depth is off by, for every fibre. Every coordinate is spread as it was before
any lesion was looked at and by itself: indices of sensitivity need inputs that do not hang
together, which those that published lesions left do (`ablsim.uncertainty.posterior`).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ablsim.case_text import write_toml
from ablsim.cohort.cases import TAIL, finest
from ablsim.geometry import perpendiculars
from ablsim.grid import Point
from ablsim.planning.evaluation import RADIUS_OF_ONE, Evaluation
from ablsim.planning.prescription import Placement, Prescription, nearest_tips
from ablsim.planning.prescription_text import write_fibres, write_steps
from ablsim.planning.probability import chances_of
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject
from ablsim.quantities import LENGTH
from ablsim.uncertainty.factors import Factor, find_factors
from ablsim.uncertainty.posterior import shipped_posterior
from ablsim.units import to_mm

SHIFT = "shift of all fibres"
LATERAL = "lateral error of each fibre"
DEPTH = "depth error of each fibre"
MODEL = "error of the model"
"""Names of the inputs that are not factors of the case."""

_RARE = float(ndtr(-TAIL))
_ROUNDS = 200  # of spreading fibres that are too near to each other
_TENTH = 0.1
_REACH = 0.6  # of the radius of one fibre's zone: how far what is near to a tip goes along with it
_FLAT = 1e-6  # share of the largest direction from which on tips count as spread in another one

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

    def misplace(self, coordinates: FloatArray) -> Prescription:
        """Return the plan with its fibres where they end up, shape of coordinates (n,).

        Fibres that come nearer to each other than the request allows are spread to that distance,
        where `Draws` inserts them anew: then where they lie stays a function of the coordinates.
        """
        if self.request.errors.is_exact:
            return self.plan
        moved = self._moves(coordinates[None])[0]
        placements, first = [], 0
        for placement in self.plan.placements:
            tips = np.asarray(placement.tips) + moved[first : first + placement.fibres]
            first += placement.fibres
            closest = min(self.request.errors.closest, nearest_tips(placement))
            placements.append(
                Placement(
                    spread_apart(tips, closest), placement.energies, placement.illuminations,
                    placement.pull_back, placement.session,
                )
            )  # fmt: skip
        plan = self.plan
        return Prescription(
            plan.direction, plan.power, tuple(placements), plan.together, plan.pattern,
            plan.spacing, plan.rotation,
        )  # fmt: skip

    def spacing_for(self, points: FloatArray, spacing: float) -> float:
        """Return the edge of a cell that all points can share [m]; ``spacing`` or finer.

        Cells that changed from run to run would pass for an effect.
        """
        plans = [self.misplace(row) for row in self.coordinates(points)]
        return finest(spacing, [placement.tips for plan in plans for placement in plan.placements])

    def texts(self, points: FloatArray, spacing: float) -> list[str]:
        """Return the case of each point on cells of ``spacing`` [m]."""
        base = self.subject.write(self.plan, spacing)
        keys = {key: base["fibre"][0][key] for key in self.subject.fibre_keys}
        return [self._text(base, keys, row, spacing) for row in self.coordinates(points)]

    def _text(
        self, base: dict[str, Any], keys: dict[str, Any], row: FloatArray, spacing: float
    ) -> str:
        table = copy.deepcopy(base)
        table["fibre"] = [dict(keys)]
        for factor, x in zip(self.factors, row, strict=False):  # what follows are errors
            factor.apply(table, float(x))
        misplaced = self.misplace(row)
        table["fibre"] = write_fibres(misplaced, table["fibre"][0])
        table["protocol"] = {"steps": write_steps(misplaced)}
        table["numerics"]["spacing"] = LENGTH.write(spacing)
        return write_toml(table)

    def features(self, points: FloatArray, middle: Evaluation) -> FloatArray:
        """Return what a surrogate goes by: few numbers, however many fibres there are.

        The factors' coordinates as they are. Of errors of placement, by how much all tips together
        are shifted, stretched, sheared and tilted, in units of how much that scatters; and margins
        of a zone whose every part went along with the tips near to it: the smallest, and the one
        that a tenth of the tumour's surface does not have [mm].

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
        basis, scale = self._common
        moves = self._moves(x)
        together = np.einsum("kr,nkx,ax->nra", basis, moves, self._axes)
        used = scale > 0.0
        along = self._moving_margins(middle).reshape(len(middle.sites), -1)
        margins = middle.site_margins + moves.reshape(len(x), -1) @ along.T
        guessed = to_mm(np.quantile(margins, [0.0, _TENTH], axis=1).T)
        return np.concatenate([own, together[:, used] / scale[used], guessed], axis=1)

    def _moving_margins(self, middle: Evaluation) -> FloatArray:
        """Return what moving each tip changes the margin of each site by, (n_sites, n_tips, 3).

        A part of the zone goes along with the tips that are near to it.
        """
        tips = np.array([tip for placement in self.plan.placements for tip in placement.tips])
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
    def _common(self) -> tuple[FloatArray, FloatArray]:
        """What moves many tips alike: a basis (n_tips, r), and how much it scatters [m], (r, 3)."""
        tips = np.array([tip for placement in self.plan.placements for tip in placement.tips])
        ones = np.full((len(tips), 1), 1.0 / np.sqrt(len(tips)))
        u, s, _ = np.linalg.svd(tips - tips.mean(axis=0), full_matrices=False)
        basis = np.concatenate([ones, u[:, s > _FLAT * max(1e-3, s[0])]], axis=1)
        moves = self._map.reshape(len(tips), 3, -1)
        together = np.einsum("kr,kxz,ax->raz", basis, moves, self._axes)
        return basis, np.asarray(np.linalg.norm(together, axis=2))

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
