"""What coarse cells blur of several placements, from one of them alone on coarse and on fine cells.

On cells of 2 and 3 mm the gaps between fibres and the necks between pull-backs are blurred, most
where both are wide: 16.7 mm apart with pull-backs of 11 mm ablate a fifth more than on cells of
1 mm, 10 mm apart about the same. Where several zones meet this decides, so they are compared on the
cells of the treatment: by how one placement, laid wherever they are, differs there from itself on
coarse cells. A run of them all, on coarse cells, says the rest.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ablsim.planning.drafts import ENERGY_LEVELS
from ablsim.planning.evaluation import Footprint, read_footprint
from ablsim.planning.evaluator import Evaluator, Task
from ablsim.planning.footprints import Illumination, depth_at, footprint_task
from ablsim.planning.prescription import Prescription, middle_of
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class FineCells:
    """By how much several placements lie deeper on fine cells than on coarse ones.

    Parameters
    ----------
    subject : Subject
        Who is treated.
    request : Request
        What may be chosen: plans with about the same energy share the runs.
    evaluator : Evaluator
        Runs one placement alone.
    coarse, fine : float
        Edges of the cells [m].
    """

    subject: Subject
    request: Request
    evaluator: Evaluator
    coarse: float
    fine: float
    _known: dict[Illumination, tuple[Footprint, Footprint] | None] = field(
        default_factory=dict, init=False, repr=False
    )

    def tasks(self, plan: Prescription) -> list[Task]:
        """Return the runs that comparing a plan takes: of one placement none."""
        if not self.is_compared(plan):
            return []
        return [task for one in self._beside(plan) for task in self._pair(one)]

    def is_compared(self, plan: Prescription) -> bool:
        """Say whether a plan is: one of several placements that are alike."""
        return len(plan.placements) > 1 and plan.pattern is not None and self.fine < self.coarse

    def deeper(self, plan: Prescription) -> float:
        """Return how much deeper its zone reaches on fine cells [m]: mostly less, so negative.

        It is the change of the reserve of its placements laid side by side, between energies that
        plans begin with in proportion; 0 for one placement.
        """
        if not self.is_compared(plan):
            return 0.0
        beside = self._beside(plan)
        energies = [one.energy for one in beside]
        changes = [self._change(plan, one) for one in beside]
        return float(np.interp(plan.energy_per_fibre, energies, changes))

    def _change(self, plan: Prescription, one: Illumination) -> float:
        """Return the same were its placements like one of another energy; 0 where that failed."""
        pair = self._footprints(one)
        if pair is None:
            return 0.0
        deepest = [np.full(len(self.subject.points), -np.inf) for _ in pair]
        for placement in plan.placements:
            offsets = self.subject.points - middle_of(placement, plan.direction)
            for depth, footprint in zip(deepest, pair, strict=True):
                at = depth_at(footprint, offsets, plan.direction, plan.rotation)
                np.maximum(depth, at, out=depth)
        share = 1.0 - self.request.complete_from
        fine, coarse = (float(np.quantile(depth, share)) for depth in deepest)
        return fine - coarse

    def _footprints(self, one: Illumination) -> tuple[Footprint, Footprint] | None:
        """Return one placement alone on fine and on coarse cells; None where either failed."""
        if one not in self._known:
            fine, coarse = self.evaluator.run(self._pair(one))
            self._known[one] = None
            if fine is not None and coarse is not None:
                self._known[one] = read_footprint(fine), read_footprint(coarse)
        return self._known[one]

    def _pair(self, one: Illumination) -> list[Task]:
        power = self.request.reference_power
        edges = (self.fine, self.coarse)
        return [footprint_task(self.subject, one, power, edge) for edge in edges]

    def _beside(self, plan: Prescription) -> list[Illumination]:
        """Return what one placement is with the energies that plans begin with beside the plan's.

        One where the plan begins with it or lies beyond them all, else two, the lesser first.
        """
        if plan.pattern is None:
            msg = "fibres that lie as they lie are not compared"
            raise ValueError(msg)
        first, energy = plan.placements[0], plan.energy_per_fibre
        levels = sorted(self.request.energies.levels(ENERGY_LEVELS))
        below = [one for one in levels if one <= energy][-1:]
        above = [one for one in levels if one >= energy][:1]
        whole = Illumination(
            plan.pattern, plan.spacing, energy, first.illuminations, first.pull_back, plan.together
        )
        return [replace(whole, energy=one) for one in dict.fromkeys([*below, *above])]
