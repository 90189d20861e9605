"""A treatment whose fibres miss their aims: every insertion by its own error."""

from collections.abc import Iterator

import numpy as np

from ablsim.case import Case
from ablsim.cohort.cases import finest
from ablsim.cohort.study_tables import PlacementTable
from ablsim.cohort.targeting import miss
from ablsim.grid import Point
from ablsim.position import HOME, Position
from ablsim.protocol import NewSession, Reposition, Rest, Step
from ablsim.quantities import LENGTH
from ablsim.steps import write_step
from ablsim.zone import mean_direction

_DIGITS = 6  # of a position in metres: micrometres


def misplace(case: Case, draw: int, *, errors: PlacementTable | None = None, seed: int = 1) -> Case:
    """Return a case whose fibres end up beside where they were to go.

    Parameters
    ----------
    case : Case
        Its fibres where they are meant to be.
    draw : int
        Which set of errors; the same number misses in the same way.
    errors : PlacementTable, optional
        How far fibres miss; by default as far as in a study.
    seed : int
        Of the random numbers.

    Returns
    -------
    Case
        With a reposition of each fibre by its error after every insertion. A pull-back keeps the
        error of its insertion. Cells are finer where errors bring fibres together.

    Raises
    ------
    CaseError
        If fibres hardly ever keep the distance that they are to keep.
    """
    errors = errors or PlacementTable()
    steps: list[Step] = []
    tips: list[tuple[Point, ...]] = []
    for step, placed in _missed_steps(case, draw, errors, seed):
        steps.append(step)
        tips += placed
    return case.replace(
        {
            "protocol.steps": [write_step(step) for step in steps],
            "numerics.spacing": LENGTH.write(finest(case.numerics.edge, tips)),
        }
    )


def _missed_steps(
    case: Case, draw: int, errors: PlacementTable, seed: int
) -> Iterator[tuple[Step, list[tuple[Point, ...]]]]:
    """Yield the steps with the errors among them, each with the placements it completes."""
    fibres = case.fibres_all
    direction = mean_direction([fibre.direction for fibre in fibres])
    missed = {fibre.name: HOME for fibre in fibres}
    inserted = set(missed)  # that have not been given their error yet
    position, number = Position(), 0
    for step in case.protocol.steps:
        if inserted and not isinstance(step, Reposition | NewSession | Rest):
            aims = [_add(fibre.tip, position.moved_of(fibre.name)) for fibre in fibres]
            words = ("explain", draw, "placement", number)
            tips = miss(aims, direction, errors, seed, *words)
            number += 1
            placed = []
            for fibre, aim, tip in zip(fibres, aims, tips, strict=True):
                if fibre.name in inserted:
                    error = _add(tip, aim, -1.0)
                    yield Reposition(_add(error, missed[fibre.name], -1.0), (fibre.name,)), []
                    missed[fibre.name] = error
                placed.append(_add(aim, missed[fibre.name]))
            inserted.clear()
            yield step, [tuple(placed)]
        else:
            yield step, []
        if isinstance(step, Reposition | NewSession):
            only = step.fibres if isinstance(step, Reposition) else None
            inserted |= set(missed if only is None else only)
        position = position.after(step)


def _add(point: Point, other: Point, sign: float = 1.0) -> Point:
    x, y, z = np.round(np.asarray(point) + sign * np.asarray(other), _DIGITS).tolist()
    return (x + 0.0, y + 0.0, z + 0.0)
