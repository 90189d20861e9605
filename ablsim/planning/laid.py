"""Draws of several placements: zones laid side by side, held to whole runs of some of them.

A whole run of many placements takes long. Casts laid side by side follow it closely; by how much
the two differ is measured on whole runs of the first draws, added to all others, and what it
scatters by is part of their uncertainty. Where organs have limits, only whole runs know of their
temperature, and nothing is inferred.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablsim.planning.candidates import Candidate
from ablsim.planning.casts import Casts
from ablsim.planning.evaluation import QUANTILES, Evaluation
from ablsim.planning.prescription import Prescription
from ablsim.planning.probability import Sample

CAST_DRAWS = 16
"""Draws that placements are cast in; further draws are these again, under other shifts.

Also of a pilot: in one or two of them wide layouts fall apart, which decides what they are worth.
"""

PILOT_WHOLE_RUNS = 4
"""Draws of a pilot of which the whole is run."""

_SURFACE = 600  # points

FloatArray = NDArray[np.float64]


def is_inferable(casts: Casts, plan: Prescription) -> bool:
    """Say whether the draws of a plan may be inferred from casts."""
    limited = any(organ.no_go is not None for organ in casts.subject.case.organs)
    return len(plan.placements) > 1 and not limited


def whole_runs(plan: Prescription, *, is_pilot: bool = False) -> int:
    """Return of how many draws the whole is run: fewer where each takes long."""
    if is_pilot:
        return PILOT_WHOLE_RUNS
    return 8 if plan.illuminations <= 16 else 6 if plan.illuminations <= 60 else 4


def infer(casts: Casts, planned: Candidate, whole: Sample, count: int, distinct: int) -> Sample:
    """Return draws of a plan, of which whole runs say how far others are off.

    Parameters
    ----------
    casts : Casts
        Of its subject.
    planned : Candidate
        The plan and its run with nothing varied.
    whole : Sample
        Whole runs of the first draws.
    count, distinct : int
        How many draws, and how many of them are cast.

    Returns
    -------
    Sample
        Whole runs first; only these, where casts failed.
    """
    laid = _Laid(casts, planned)
    draws, plan = casts.draws, planned.plan
    distinct = min(count, distinct)
    placements = range(len(plan.placements))
    guesses: list[Evaluation | None] = [None] * count
    for draw in range(distinct):
        same = list(range(draw, count, distinct))  # its tissue under other shifts
        shifts = np.array([[draws.shift(i, number) for number in placements] for i in same])
        for i, outcome in zip(same, laid.outcomes(draw, shifts), strict=True):
            guesses[i] = outcome
    pairs = [
        run.reserve(casts.complete_from) - guess.reserve(casts.complete_from)
        for run, guess in zip(whole.outcomes, guesses, strict=False)
        if run is not None and guess is not None
    ]
    if len(pairs) < 3:
        return whole
    off, scatter = float(np.mean(pairs)), float(np.std(pairs, ddof=1))
    n = len(whole.outcomes)
    rest = [None if guess is None else guess.deeper(off) for guess in guesses[n:]]
    sigma = draws.model_error[[i % distinct for i in range(count)]]
    return replace(
        whole,
        outcomes=(*whole.outcomes, *rest)[:count],
        model_error=sigma,
        whole=n,
        clusters=distinct,
        scatter=scatter,
        bias=scatter / np.sqrt(len(pairs)),
    )


@dataclass(frozen=True)
class _Laid:
    """Zones of a plan laid side by side, as outcomes."""

    casts: Casts
    planned: Candidate

    @cached_property
    def _surface(self) -> tuple[FloatArray, FloatArray]:
        tumour = self.casts.subject.tumour
        points, areas = tumour.body.surface(_SURFACE)
        free = self.casts.subject.clearance(points) > 0.0
        return points[free], areas[free]

    @cached_property
    def _inside(self) -> NDArray[np.bool_]:
        """Which of the points that fill tumour and margin lie in the tumour."""
        tumour = self.casts.subject.tumour
        away = tumour.body.distance(self.casts.points)
        return np.asarray(away <= 0.0)

    @cached_property
    def _points(self) -> FloatArray:
        return np.concatenate([self._surface[0], self.casts.points])

    @cached_property
    def _beyond(self) -> float:
        """How much deeper the reserve of the run with nothing varied is than that of casts [m]."""
        depth = self.casts.planned_depths(self.planned.plan, self._points)
        if depth is None:
            return 0.0
        return self.planned.reserve - self._outcome(depth).reserve(self.casts.complete_from)

    def outcomes(self, draw: int, shifts: FloatArray) -> Sequence[Evaluation | None]:
        """Return the outcome of a draw under each of several shifts."""
        depths = self.casts.depths(self.planned.plan, draw, shifts, self._points)
        if depths is None:
            return [None] * len(shifts)
        return [self._outcome(depth + self._beyond) for depth in depths]

    def _outcome(self, depth: FloatArray) -> Evaluation:
        """Return the outcome of zones in which the points lie so deep [m]."""
        points, areas = self._surface
        on, within = depth[: len(points)], depth[len(points) :]
        order = np.argsort(on)
        share = np.cumsum(areas[order]) / areas.sum()
        at = (np.arange(QUANTILES) + 0.5) / QUANTILES
        return replace(
            self.planned.outcome,
            fraction=float((within[self._inside] > 0.0).mean()),
            fraction_with_margin=float((within > 0.0).mean()),
            margin_min=float(on.min()),
            margin_mean=float(on @ areas / areas.sum()),
            margins=np.interp(at, share, on[order]),
        )
