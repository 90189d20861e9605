"""One demand answered, from Python as from the command line."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from ablsim.case import Case
from ablsim.errors import AblsimError
from ablsim.grid import Point
from ablsim.planning.answer import Plan
from ablsim.planning.as_placed import PlacedPlanner
from ablsim.planning.binding import find_binding, find_concessions
from ablsim.planning.evaluation import code_of_evaluations
from ablsim.planning.evaluator import Evaluator
from ablsim.planning.front import find_front
from ablsim.planning.planner import Planner
from ablsim.planning.request import Request
from ablsim.planning.subject import Subject, make_subject
from ablsim.planning.warnings import find_warnings


class NoPlanError(AblsimError):
    """Nothing at all could be planned: no place for a fibre can be reached within the limits."""


def plan(
    case: Case,
    request: Request | None = None,
    *,
    folder: str | Path | None = None,
    workers: int = 0,
    say: Callable[[str], None] | None = None,
) -> Plan:
    """Return the treatment of least burden that meets a demand, or the nearest to it.

    Parameters
    ----------
    case : Case
        Tissue, tumour, vessels and organs; its fibres say which kind is used and, unless the
        request does, where needles come from. Its protocol is not used.
    request : Request, optional
        What is asked: probability, what may be chosen, limits, weights. By default a complete
        ablation with a probability of 0.9.
    folder : path, optional
        Where every run is kept; the same demand goes on there. Left out, nothing is kept.
    workers : int
        Processes that compute; 0 computes here. In a script of your own, call it below
        ``if __name__ == "__main__":`` if there are any.
    say : callable, optional
        Told in a few words what is done.

    Returns
    -------
    Plan
        The prescription, its probability, the front, what holds it; `Plan.to_toml` is its case.

    Raises
    ------
    CaseError
        If the case has no tumour or the request makes no sense.
    NoPlanError
        If no place for any fibre can be reached within the limits.

    Examples
    --------
    >>> import ablsim
    >>> case = ablsim.Case.from_toml("patient.toml")  # doctest: +SKIP
    >>> answer = ablsim.plan(case)  # doctest: +SKIP
    >>> answer.prescription.describe(), answer.found.probability.complete  # doctest: +SKIP
    """
    subject = make_subject(case)
    if request is None:
        directions = tuple(dict.fromkeys(fibre.direction for fibre in case.fibres_all))
        request = Request(directions=directions)
    with TemporaryDirectory() as nowhere:
        place = Path(nowhere) if folder is None else Path(folder)
        evaluator = Evaluator(place, workers=workers, code=code_of_evaluations())
        with evaluator.running():
            return make_plan(subject, request, evaluator, say)


def make_plan(
    subject: Subject,
    request: Request,
    evaluator: Evaluator,
    say: Callable[[str], None] | None = None,
    *,
    tips: tuple[Point, ...] | None = None,
) -> Plan:
    """Return the answer to one demand; `plan` with an evaluator of one's own.

    ``tips`` are where the fibres are already, if they are [m]: then only energy, power and
    pull-backs are planned.
    """
    began = time.perf_counter()
    evaluator.count_anew()
    computed = evaluator.tally.computed
    planner = (
        Planner(subject, request, evaluator, say)
        if tips is None
        else PlacedPlanner(tips, subject, request, evaluator, say)
    )
    found = planner.find()
    if found is None:
        msg = (
            "no plan: no place for fibres in the tumour can be reached within the limits, past "
            "vessels and organs; allow other directions (--direction), more energy or time in a "
            "session, or fewer fibres at a time"
        )
        raise NoPlanError(msg)
    if say is not None and not found.is_feasible:
        say("what would have to give")
    stuck = not found.is_feasible and tips is None
    concessions = find_concessions(found, planner) if stuck else ()
    tally = evaluator.tally
    return Plan(
        subject=subject,
        request=request,
        found=found,
        front=find_front(found, planner),
        binding=find_binding(found, request),
        concessions=concessions,
        warnings=find_warnings(subject, found, tally),
        evaluations=evaluator.asked,
        runs=tally.computed - computed,
        wall=time.perf_counter() - began,
        work=evaluator.asked_work,
    )
