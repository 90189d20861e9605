"""Casts: zones of single placements under draws, laid wherever draws put them.

What all fibres of a placement miss by together moves their zone as a whole, and placements of
different sessions hardly warm each other. So a placement is run once for each draw of the tissue
and of what its fibres miss by alone, and its zone is moved by as many shifts as one likes and laid
beside those of others. Against runs of the whole in the same draws the reserve scattered by
0.7 mm, of four placements by 1.6 mm; these lay about 1.5 mm deeper in the run, as they do with
nothing varied, which is known and added, and 1 mm beyond that. Casts rank and refine; what is
promised rests on whole runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from ablsim.planning.draws import PLACEMENTS_MOST, VARIANTS, Draws, write_draw
from ablsim.planning.evaluation import Footprint, read_footprint
from ablsim.planning.evaluator import Evaluator, Task
from ablsim.planning.footprints import alone, depth_of
from ablsim.planning.prescription import Placement, Prescription, middle_of, moved
from ablsim.planning.subject import Subject

SINGLE_DRAWS, SEVERAL_DRAWS = 6, 2
"""Draws that a plan of one placement is cast in, and of several: each of these is `VARIANTS`."""

SHIFTS = 64
"""Shifts that each cast of one placement is moved by; fewer, in proportion, of several."""

_POINTS = 2500  # of the tumour with its margin

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Casts:
    """Casts of one subject's plans.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    draws : Draws
        What is not known.
    evaluator : Evaluator
        Runs them.
    spacing : float
        Edge of a cell [m].
    complete_from : float
        Share of the tumour, with the margin asked for, from which on it is complete.
    """

    subject: Subject
    draws: Draws
    evaluator: Evaluator
    spacing: float
    complete_from: float

    def count(self, plan: Prescription) -> int:
        """Return in how many draws a plan is cast."""
        return SINGLE_DRAWS if len(plan.placements) == 1 else SEVERAL_DRAWS

    def tasks(self, plan: Prescription, draws: Sequence[int] | None = None) -> list[Task]:
        """Return the runs that a plan's casts take: with several placements one as planned first.

        ``draws`` are those that it is cast in; by default the first ones.
        """
        which = range(self.count(plan)) if draws is None else draws
        many = len(plan.placements)
        tasks = [] if many == 1 else [self._task(plan, plan.placements[0], None)]
        for draw in which:
            for number in range(min(many, VARIANTS)):
                one = self.draws.variant(plan.placements[0], plan.direction, draw, number)
                tasks.append(self._task(plan, one, draw))
        return tasks

    def reserves(
        self, plan: Prescription, nominal: float, draws: Sequence[int], shifts: FloatArray
    ) -> tuple[FloatArray, NDArray[np.intp]]:
        """Return the reserve in each draw under each shift [m], shape (draws, shifts).

        Parameters
        ----------
        plan : Prescription
            Whose casts are run if they are not yet.
        nominal : float
            Reserve of the run of it all with nothing varied [m].
        draws : sequence of int
            Which.
        shifts : ndarray of float64, shape (m, n_placements, 3)
            Of each placement [m].

        Returns
        -------
        ndarray of float64, shape (n, m), ndarray of int, shape (n,)
            Reserves; and the draws that did not fail.
        """
        found = self._read(plan, draws)
        beyond = 0.0
        if len(plan.placements) > 1 and found.planned is not None:
            beyond = nominal - self._reserve(plan, [found.planned], np.zeros_like(shifts[:1]))[0]
        rows = [self._reserve(plan, casts, shifts) + beyond for casts in found.casts.values()]
        many = shifts.shape[0]
        return np.array(rows).reshape(-1, many), np.array(list(found.casts), dtype=np.intp)

    def depths(
        self, plan: Prescription, draw: int, shifts: FloatArray, points: FloatArray
    ) -> FloatArray | None:
        """Return how deep points lie in the zones of a plan in one draw; None where it failed.

        Parameters
        ----------
        plan : Prescription
            What is planned.
        draw : int
            Which.
        shifts : ndarray of float64, shape (m, n_placements, 3)
            Of each placement [m].
        points : ndarray of float64, shape (n, 3)
            LPS [m].

        Returns
        -------
        ndarray of float64, shape (m, n)
            Depths [m].
        """
        casts = self._read(plan, [draw]).casts.get(draw)
        return None if casts is None else self._depths(plan, casts, shifts, points)

    def planned_depths(self, plan: Prescription, points: FloatArray) -> FloatArray | None:
        """Return the same with nothing varied, shape (n,), of several placements."""
        planned = self._read(plan, ()).planned
        if planned is None:
            return None
        still = np.zeros((1, len(plan.placements), 3))
        return np.asarray(self._depths(plan, [planned], still, points)[0])

    @cached_property
    def points(self) -> FloatArray:
        """Points that fill the tumour with its margin evenly, LPS [m], shape (n, 3)."""
        return self.subject.fill(_POINTS)

    @cached_property
    def _alone(self) -> Subject:
        return alone(self.subject)

    @cached_property
    def _unit_shifts(self) -> FloatArray:
        sequence = qmc.Sobol(3 * PLACEMENTS_MOST, scramble=True, seed=self.draws.request.seed)
        points = sequence.random_base2(int(np.log2(SHIFTS)))
        return np.asarray(ndtri(points)).reshape(SHIFTS, PLACEMENTS_MOST, 3)

    def shifts(self, placements: int) -> FloatArray:
        """Return many shifts [m], shape (m, placements, 3)."""
        errors = self.draws.request.errors
        if errors.is_exact:
            return np.zeros((1, placements, 3))
        many = max(4, SHIFTS // placements)
        return np.asarray(errors.shift * self._unit_shifts[:many, :placements])

    def _task(
        self,
        plan: Prescription,
        placement: Placement,
        draw: int | None,
    ) -> Task:
        """Return the run of one placement; of several in a tumour that has it in its middle."""
        is_one = len(plan.placements) == 1
        subject = self.subject if is_one else self._alone
        if not is_one:
            back = -middle_of(plan.placements[0], plan.direction)
            placement = moved(placement, back)
        one = Prescription(
            plan.direction, plan.power, (placement,), plan.together, plan.pattern, plan.spacing
        )
        factors = self.draws.factors if is_one else self._alone_draws.factors
        if draw is None:
            return Task(subject.text(one, self.spacing), "footprint")
        x = (self.draws if is_one else self._alone_draws).coordinates[draw]
        return Task(write_draw(subject, factors, one, one, x, self.spacing), "footprint")

    @cached_property
    def _alone_draws(self) -> Draws:
        return Draws(self._alone, self.draws.request, self.draws.count)

    def _read(self, plan: Prescription, draws: Sequence[int]) -> "_Found":
        records = self.evaluator.run(self.tasks(plan, draws))
        read = [None if record is None else read_footprint(record) for record in records]
        many = len(plan.placements)
        planned = read.pop(0) if many > 1 else None
        per = min(many, VARIANTS)
        casts = {}
        for number, draw in enumerate(draws):
            some = read[number * per : (number + 1) * per]
            if all(one is not None for one in some):
                casts[draw] = [one for one in some if one is not None]
        return _Found(planned, casts)

    def _reserve(
        self, plan: Prescription, casts: Sequence[Footprint], shifts: FloatArray
    ) -> FloatArray:
        """Return the reserve under each shift [m], shape (m,)."""
        depths = self._depths(plan, casts, shifts, self.points)
        return np.asarray(np.quantile(depths, 1.0 - self.complete_from, axis=1))

    def _depths(
        self,
        plan: Prescription,
        casts: Sequence[Footprint],
        shifts: FloatArray,
        points: FloatArray,
    ) -> FloatArray:
        deepest = np.full((len(shifts), len(points)), -np.inf)
        for number, placement in enumerate(plan.placements):
            middle = middle_of(placement, plan.direction)
            own = points if len(plan.placements) == 1 else points - middle
            local = own[None] - shifts[:, None, number]
            deepest = np.maximum(deepest, depth_of(casts[number % len(casts)], local))
        return deepest


@dataclass(frozen=True, slots=True)
class _Found:
    """What was run of a plan: as planned, and by draw the casts of its variants."""

    planned: Footprint | None
    casts: dict[int, list[Footprint]]
