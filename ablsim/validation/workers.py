"""Tasks in worker processes, each with one thread; one that fails stops no other.

Nothing heavy is imported here: a worker must fix its number of threads before the compiled loops
are loaded.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ablsim.workers import POLL, worker_pool

if TYPE_CHECKING:
    from ablsim.validation.kept import Task

OnDone = Callable[["Task", str], None]
Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Order:
    """A task as it travels to a worker."""

    work: str
    text: str
    key: str
    path: str


def compute(
    tasks: Sequence["Task"],
    folder: Path,
    *,
    workers: int,
    on_done: OnDone | None = None,
    check: Check | None = None,
) -> dict[str, str]:
    """Compute tasks and keep their answers in a folder.

    Parameters
    ----------
    tasks : sequence of Task
        What is to be done; each is written to its own file as soon as it is.
    folder : Path
        The folder of the report.
    workers : int
        How many processes.
    on_done : callable, optional
        Called with each task as it ends, and what went wrong with it or nothing.
    check : callable, optional
        Called now and then; what it raises ends the work. Finished tasks stay on disk.

    Returns
    -------
    dict
        By the key of every task that failed, the reason.
    """
    failed: dict[str, str] = {}
    ordered = sorted(tasks, key=lambda task: -task.effort)

    def note(task: "Task", reason: str) -> None:
        if reason:
            failed[task.key] = reason
        if on_done is not None:
            on_done(task, reason)

    lost = _run(ordered, folder, workers, note, check)
    for task in lost:  # a process died: whose fault it was shows when each has one of its own
        for again in _run([task], folder, 1, note, check):
            note(again, "its process was ended from outside, for example for want of memory")
    return failed


def _run(
    tasks: Sequence["Task"],
    folder: Path,
    workers: int,
    note: OnDone,
    check: Check | None,
) -> list["Task"]:
    """Compute tasks in a pool of processes; return those that were lost with one of them."""
    lost: list[Task] = []
    with worker_pool(min(workers, len(tasks)) or 1) as pool:
        waiting: dict[Future[str], Task] = {}
        for task in tasks:
            order = _Order(task.work, task.case.to_toml(), task.key, str(task.path(folder)))
            waiting[pool.submit(_work, order)] = task
        while waiting:
            done, _ = wait(waiting, timeout=POLL, return_when=FIRST_COMPLETED)
            for future in done:
                task = waiting.pop(future)
                try:
                    note(task, future.result())
                except BrokenProcessPool:
                    lost.append(task)
            if check is not None:
                check()
    return lost


def _work(order: _Order) -> str:
    """Compute one task and write its answer; return what went wrong, or nothing."""
    from ablsim.errors import AblsimError

    try:
        _compute(order)
    except AblsimError as error:
        return str(error)
    except MemoryError:
        return "not enough memory"
    except Exception as error:  # whatever it is, the other rows go on and this one says it
        return f"{type(error).__name__}: {error}"
    return ""


def _compute(order: _Order) -> None:
    from ablsim.case import Case
    from ablsim.simulation import simulate
    from ablsim.uncertainty import estimate_band
    from ablsim.validation.answer import RelativeBand, make_answer
    from ablsim.validation.kept import write_kept
    from ablsim.zone import measure_zones

    case = Case.from_text(order.text)
    result = simulate(case)
    zones = measure_zones(result)
    if order.work == "band":
        # not the posterior: it has seen these very rows
        band = estimate_band(case, result, uncertainty="prior")
        answer = RelativeBand.of(band, zones).to_json()
    else:
        answer = make_answer(result, zones).to_json()
    write_kept(Path(order.path), order.key, case, answer)
