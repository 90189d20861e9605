"""Fibres where they really are: what energy, power and pull-backs make the best of it."""

import csv
from pathlib import Path

from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.planning.candidates import Candidate
from ablsim.planning.drafts import PULL_BACK_LEVELS, firings
from ablsim.planning.evaluator import Evaluator
from ablsim.planning.judgement import Found, Say
from ablsim.planning.planner import Planner
from ablsim.planning.prescription import Placement, Prescription
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject

COLUMNS = ("x_mm", "y_mm", "z_mm")
"""Columns that a table of positions must have; others are left alone."""

MOST = 4
"""Fibres of a table."""


def read_positions(path: Path) -> tuple[Point, ...]:
    """Return the tips that a table says, LPS [m].

    Raises
    ------
    CaseError
        If it cannot be read, or says something else.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"--as-placed {path}: cannot be read ({error}); give a CSV with {', '.join(COLUMNS)}"
        raise CaseError(msg) from None
    if not rows or any(name not in rows[0] for name in COLUMNS):
        msg = (
            f"--as-placed {path}: needs the columns {', '.join(COLUMNS)} and one row for each "
            "fibre; write their names in the first row"
        )
        raise CaseError(msg)
    if len(rows) > MOST:
        msg = f"--as-placed {path}: has {len(rows)} fibres; allowed are 1 to {MOST}"
        raise CaseError(msg)
    tips: list[Point] = []
    for number, row in enumerate(rows, start=2):
        try:
            x, y, z = (1e-3 * float(row[name]) for name in COLUMNS)
        except (TypeError, ValueError):
            msg = f"--as-placed {path}, line {number}: is not three numbers; write millimetres"
            raise CaseError(msg) from None
        if not all(abs(part) < 0.4 for part in (x, y, z)):
            msg = f"--as-placed {path}, line {number}: allowed are -400 to 400 mm; check the units"
            raise CaseError(msg)
        tips.append((round(x, 6), round(y, 6), round(z, 6)))
    return tuple(tips)


class PlacedPlanner(Planner):
    """Plans for fibres that are in already, at their deepest.

    Parameters
    ----------
    tips : tuple of Point
        Where they are [m].
    subject : Subject
        Who is treated.
    request : Request
        What is asked; its errors of placement should be none: it is known where fibres are.
    evaluator : Evaluator
        Runs everything.
    say : callable, optional
        Told in a few words what is done.
    """

    def __init__(
        self,
        tips: tuple[Point, ...],
        subject: Subject,
        request: Request,
        evaluator: Evaluator,
        say: Say | None = None,
    ) -> None:
        super().__init__(subject, request, evaluator, say)
        self._tips = tips
        self.bench.needles_are_in = self.fine_bench.needles_are_in = True

    def _begin(self) -> tuple[float, Found | None]:
        """Judge what lies nearest to complete; no more than that is looked for as it is."""
        some = self._look(0.0, 0.0)
        pilot = self.trials.run(
            [one.plan for one in sorted(some, key=lambda one: abs(one.reserve))[:1]]
        )
        if not pilot:
            return 0.0, None
        found = self.judge.assess(pilot[0], 0.0, is_pilot=True)
        self._learn(found)
        return 0.0, found

    def _look(self, reserve: float, slack: float) -> list[Candidate]:
        """Return what these fibres reach at a few energies and pull-backs."""
        self._say("what these fibres reach")
        return self._run_levels(self.request)

    def _run_levels(self, request: Request) -> list[Candidate]:
        """Run a few energies, pull-backs and numbers of illuminations."""
        plans = [
            self._plan(energy, count, step, together)
            for count in range(1, request.max_illuminations + 1)
            for step in (request.pull_backs.levels(PULL_BACK_LEVELS) if count > 1 else (0.0,))
            for energy in request.energies.levels(3)[1:] or request.energies.levels(3)
            for together in firings(request, len(self._tips))
        ]
        allowed = [plan for plan in plans if not request.limits.broken_by(plan)]
        found = self.bench.run(allowed)
        return [one for one in found if one is not None and one.is_allowed]

    def _plan(self, energy: float, count: int, step: float, together: bool) -> Prescription:
        placement = Placement(self._tips, (energy,) * len(self._tips), count, step)
        return Prescription(
            self.request.directions[0], self.request.reference_power, (placement,), together
        )
