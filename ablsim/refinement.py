"""Cells as fine as a stated accuracy of the zone takes: ``spacing = "auto"``.

The case runs on ever finer cells, and from the third run on the last three say how accurate the
last one is. Each takes two to eight times the work of the one before, so that all the coarser ones
together cost a fifth to a half of the last.
"""

from collections.abc import Callable
from typing import Any

from ablsim.case import Case
from ablsim.case_places import coarsest_spacing
from ablsim.case_settings import ACCURACY
from ablsim.certificate import Certificate, on_cells
from ablsim.errors import CaseError
from ablsim.result import Result
from ablsim.simulation import simulate
from ablsim.units import to_mm
from ablsim.zone import Zones, measure_zones

LADDER = (2e-3, 1.5e-3, 1e-3, 0.75e-3, 0.5e-3, 0.375e-3, 0.25e-3)
"""Edges of the cells that are tried [m] ..."""

STEPS = (1.0, 0.75, 0.5, 0.375, 0.25)
"""... or, where fibres are too close for most of these, as shares of the longest that tells them
apart."""

OnProgress = Callable[[float, float], None]


class Refinement:
    """Runs a case on ever finer cells until the zone is as accurate as asked for.

    Whoever runs the cases asks for the `next_case` and gives back what was measured (`add`), until
    it `is_done`.

    Parameters
    ----------
    case : Case
        A case with ``spacing = "auto"``.

    Attributes
    ----------
    accuracy : float
        Error of the reported zone's volume that is asked for, as a share of it.
    stopped : str
        Why no finer cells were tried although they are not fine enough; empty otherwise.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self.accuracy = ACCURACY if case.numerics.accuracy is None else case.numerics.accuracy
        most = coarsest_spacing(case)
        self._left = [edge for edge in LADDER if edge <= most * (1.0 + 1e-9)]
        if len(self._left) < 3:
            self._left = [round(most * share, 8) for share in STEPS]
        self._runs: list[tuple[Case, Zones]] = []
        self.stopped = ""

    @property
    def is_coarse(self) -> bool:
        """Whether the next run can only serve to judge finer ones."""
        return len(self._runs) < 2

    @property
    def is_done(self) -> bool:
        """Whether the last run is accurate enough, or nothing finer can be run."""
        found = self.certificate
        if found is not None and found.volume.relative <= self.accuracy:
            return True
        return bool(self._runs) and (not self._left or bool(self.stopped))

    @property
    def certificate(self) -> Certificate | None:
        """How accurate the last run is; None before there are three."""
        if len(self._runs) < 3:
            return None
        last = self._runs[:-4:-1]
        spacings = tuple(case.numerics.edge for case, _ in last)
        return Certificate(last[0][0], spacings, tuple(zones for _, zones in last))

    def next_case(self) -> Case | None:
        """Return the case on the next finer cells; None if they do not fit this machine."""
        try:
            return on_cells(self._case, self._left[0])
        except CaseError as error:
            self.stopped = str(error)
            return None

    def add(self, case: Case, zones: Zones) -> None:
        """Note what was measured of a run."""
        self._runs.append((case, zones))
        self._left = [edge for edge in self._left if edge < case.numerics.edge]

    def summarise(self) -> dict[str, Any]:
        """Return the object ``error.grid`` of a summary, with what was asked for."""
        found = self.certificate
        if found is None:
            msg = "an error takes three runs"
            raise ValueError(msg)
        reached = found.volume.relative
        return {
            **found.summarise(),
            "asked": self.accuracy,
            "reached": reached,
            "is_met": reached <= self.accuracy,
        }


def refine(case: Case, *, on_progress: OnProgress | None = None) -> tuple[Result, Certificate]:
    """Run a case with ``spacing = "auto"``; return the result on cells as fine as it takes.

    Parameters
    ----------
    case : Case
        The case.
    on_progress : callable, optional
        As that of `simulate`, for each run anew.

    Returns
    -------
    result : Result
        Of the finest run; its case says on which cells.
    certificate : Certificate
        How accurate it is.

    Raises
    ------
    CaseError
        If the case says its cells, or if even coarse ones do not fit this machine.
    """
    if case.numerics.spacing is not None:
        msg = (
            f"numerics.spacing: {to_mm(case.numerics.spacing):g} mm leaves nothing to choose; "
            'write spacing = "auto", or ask ablsim.certify how accurate it is'
        )
        raise CaseError(msg)
    refinement = Refinement(case)
    result = None
    while not refinement.is_done:
        one = refinement.next_case()
        if one is None:
            break
        result = simulate(one, on_progress=on_progress)
        refinement.add(one, measure_zones(result))
    certificate = refinement.certificate
    if result is None or certificate is None:
        raise CaseError(refinement.stopped)
    return result, certificate
