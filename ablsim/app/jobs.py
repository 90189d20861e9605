"""What runs in the background of the planning page: full runs with their report, and plans."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from ablsim.app.design import FINE, MOMENTS
from ablsim.app.picture import send_answer
from ablsim.case import Case
from ablsim.certificate import on_cells
from ablsim.errors import AblsimError
from ablsim.interruption import Interruption
from ablsim.planning import make_plan, render_plan
from ablsim.planning.evaluation import code_of_evaluations
from ablsim.planning.evaluator import Evaluator
from ablsim.planning.subject import make_subject
from ablsim.planning.wish import Wish, make_request
from ablsim.report.result_page import write_report
from ablsim.result import Snapshot
from ablsim.running import simulate_into
from ablsim.storage import remove_checkpoint, snapshots


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: a share from 0 to 1, negative where nobody knows, and words."""

    share: float
    words: str


@dataclass(frozen=True, slots=True)
class RunDone:
    """A full run is there."""

    place: str
    result: Path
    report: Path
    remark: str


@dataclass(frozen=True, slots=True)
class PlanDone:
    """A plan is there: its case, and its sheet."""

    place: str
    text: str
    sheet: str
    is_feasible: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job could not be finished; empty where it was cancelled."""

    reason: str


ENDS = (RunDone, PlanDone, Failure)
"""The last that a job says."""


def run(pipe: Connection, place: str, text: str, folder: Path) -> None:
    """Simulate a case, store the result and its report, and show it.

    Parameters
    ----------
    pipe : Connection
        Takes `Progress`, the messages of `send_answer`, and at last `RunDone` or `Failure`.
    place : str
        Which layout it is.
    text : str
        Of the case file.
    folder : Path
        Where the result goes; it is made where it is missing.
    """

    def tell(time: float, duration: float) -> None:
        pipe.send(Progress(0.9 * time / duration, f"{time:.0f} of {duration:.0f} s simulated"))

    def compute() -> None:
        case = Case.from_text(text)
        if case.numerics.spacing is None:  # "auto", which takes several runs: here it is one
            case = on_cells(case, 1e-3 * FINE)
        folder.mkdir(parents=True, exist_ok=True)
        path = _free_name(folder, case)
        try:
            result, _, _ = simulate_into(case, path, None, quiet=True, tell=tell)
        except KeyboardInterrupt:
            remove_checkpoint(path)  # whoever cancels does not come back for it
            raise
        pipe.send(Progress(0.92, "looking at it"))
        send_answer(place, result, _some(list(snapshots(path))), pipe.send, lambda: None)
        pipe.send(Progress(0.95, "writing the report"))
        page = path.with_suffix(".html")
        remark = write_report(path, page)
        pipe.send(RunDone(place, path, page, remark))

    _guard(pipe, compute)


def plan(pipe: Connection, place: str, text: str, probability: float, folder: Path) -> None:
    """Plan for the tumour of a case.

    Parameters
    ----------
    pipe : Connection
        Takes `Progress`, and at last `PlanDone` or `Failure`.
    place : str
        Which layout it is for.
    text : str
        Of a case with the tumour, its vessels and its organs.
    probability : float
        What is demanded.
    folder : Path
        Where its runs are kept, to be used again.
    """

    def compute() -> None:
        case = Case.from_text(text)
        request = make_request(case, Wish(probability=probability))
        words = "first runs"

        def say(what: str) -> None:
            nonlocal words
            words = what
            show()

        def show() -> None:
            pipe.send(Progress(-1.0, f"{words} ({evaluator.tally.computed} runs)"))

        with Interruption() as interruption:
            evaluator = Evaluator(
                folder,
                workers=len(os.sched_getaffinity(0)),
                code=code_of_evaluations(),
                check=interruption.check,
                on_run=lambda _: show(),
            )
            with evaluator.running():
                found = make_plan(make_subject(case), request, evaluator, say)
        pipe.send(PlanDone(place, found.to_toml(), render_plan(found), found.is_feasible))

    _guard(pipe, compute)


def _guard(pipe: Connection, compute: Callable[[], None]) -> None:
    """Send what went wrong, in the words of whoever noticed it."""
    try:
        compute()
    except BrokenPipeError:
        return  # the page has gone
    except KeyboardInterrupt:
        pipe.send(Failure(""))
    except (AblsimError, OSError, MemoryError) as error:
        pipe.send(Failure(str(error) or "not enough memory"))


def _free_name(folder: Path, case: Case) -> Path:
    """Return the name of a result that is not there yet."""
    words = re.sub(r"[^A-Za-z0-9.]+", "-", case.title).strip("-.")[:60] or "case"
    number = 1
    while (path := folder / f"{words}-{number}.vtkhdf").exists():
        number += 1
    return path


def _some(states: Sequence[Snapshot]) -> Sequence[Snapshot]:
    """Return about as many moments as can be told apart, with the first and the last."""
    every = max(1, round(len(states) / MOMENTS))
    return [*states[:-1:every], states[-1]]
