"""Runs of a plan in worker processes, each kept on disk under the hash of what it answers."""

import hashlib
import json
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ablsim.cohort.store import write_atomically
from ablsim.errors import AblsimError, UnfinishedError
from ablsim.workers import POLL, worker_pool

Kind = Literal["evaluation", "plan", "footprint"]
Record = dict[str, Any]

FOLDER = "evaluations"
"""Where runs are kept, in the folder of a plan."""

_DEATHS = 3  # of workers, under the same runs, before a plan is given up


@dataclass(frozen=True, slots=True)
class Task:
    """One run.

    Parameters
    ----------
    text : str
        The case file.
    kind : {"evaluation", "plan", "footprint"}
        What is asked of it: a plan is an evaluation with slices of the zone.
    """

    text: str
    kind: Kind = "evaluation"

    def key(self, code: str) -> str:
        """Return what identifies its answer."""
        return hashlib.sha256(f"{self.kind}\n{code}\n{self.text}".encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one run.

    Parameters
    ----------
    record : mapping or None
        Its answer; None where there is none.
    reason : str
        Why there is none.
    is_accident : bool
        Whether the same run might succeed another time, with more memory for instance.
    """

    record: Record | None
    reason: str = ""
    is_accident: bool = False


@dataclass(slots=True)
class Tally:
    """How much was done."""

    computed: int = 0
    found: int = 0
    failed: int = 0
    accidents: int = 0
    reasons: dict[str, str] = field(default_factory=dict)


class Evaluator:
    """Gives the answers of runs: from disk where they are there, else from a worker.

    Parameters
    ----------
    folder : Path
        Of the plan; runs are kept below it.
    workers : int
        How many processes; 0 computes here. Plans beside few other runs share as many threads.
    code : str
        Hash of the code that decides the answers.
    check : callable, optional
        Called now and then; what it raises ends the work. What is done stays on disk.
    on_run : callable, optional
        Called after each run with the `Tally`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        workers: int,
        code: str,
        check: Callable[[], None] | None = None,
        on_run: Callable[[Tally], None] | None = None,
    ) -> None:
        self._folder = folder / FOLDER
        self._workers = workers
        self._code = code
        self._check = check
        self._on_run = on_run
        self._pools: dict[int, ProcessPoolExecutor] = {}
        self._stack = ExitStack()
        self._lock = threading.RLock()
        self._memory: dict[str, Record | None] = {}
        self._asked: set[str] = set()
        self.tally = Tally()

    @contextmanager
    def running(self) -> Iterator["Evaluator"]:
        """Start no worker before one is needed, and leave none behind."""
        try:
            yield self
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        self._stack.close()

    def run(self, tasks: Sequence[Task]) -> list[Record | None]:
        """Return the answers of several runs, in their order; None where one failed.

        A task that comes twice is computed once. Safe to call from several threads.

        Raises
        ------
        UnfinishedError
            If workers die again and again, or the disk takes no more.
        """
        keys = [task.key(self._code) for task in tasks]
        with self._lock:
            self._asked.update(keys)
        new = {
            key: task
            for key, task in zip(keys, tasks, strict=True)
            if key not in self._memory and not self._find(key)
        }
        for _ in range(_DEATHS):
            new = self._compute(new) if self._workers else self._compute_here(new)
            if not new:
                return [self._memory[key] for key in keys]
        msg = (
            f"workers died {_DEATHS} times in a row under {len(new)} runs, perhaps killed for lack "
            "of memory; what is done is kept; run the same command again to go on"
        )
        raise UnfinishedError(msg)

    def count_anew(self) -> None:
        """Count what is asked for from here on: another plan begins."""
        self._asked.clear()

    @property
    def asked(self) -> int:
        """How many different runs were asked for."""
        return len(self._asked)

    @property
    def asked_work(self) -> float:
        """How long these took, now or earlier, all together [s]."""
        records = [self._memory.get(key) for key in self._asked]
        return sum(float(one["wall_s"]) for one in records if one is not None)

    def reason(self, task: Task) -> str:
        """Return why a run failed; empty if it did not."""
        return self.tally.reasons.get(task.key(self._code), "")

    def _find(self, key: str) -> bool:
        """Look whether an answer lies on disk."""
        try:
            kept = json.loads(self._path(key).read_text(encoding="utf-8"))
            record = kept["record"]
        except (FileNotFoundError, NotADirectoryError):
            return False
        except (OSError, ValueError, KeyError, TypeError):
            self._path(key).unlink(missing_ok=True)  # damaged
            return False
        with self._lock:
            self._memory[key] = record
            self.tally.found += 1
            if record is None:
                self.tally.reasons[key] = str(kept.get("reason", ""))
        return True

    def _compute_here(self, new: dict[str, Task]) -> dict[str, Task]:
        for key, task in new.items():
            self._keep(key, task, _work(task))
        return {}

    def _compute(self, new: dict[str, Task]) -> dict[str, Task]:
        """Compute tasks in workers; return those that were lost with one of them."""
        if not new:
            return {}
        pool = self._pool(self._threads(new.values()))
        lost: dict[str, Task] = {}
        try:
            waiting: dict[Future[Done], str] = {
                pool.submit(_work, task): key for key, task in new.items()
            }
        except BrokenProcessPool:
            self._forget(pool)
            return new
        while waiting:
            done, _ = wait(waiting, timeout=POLL)
            for future in done:
                key = waiting.pop(future)
                try:
                    self._keep(key, new[key], future.result())
                except BrokenProcessPool:
                    lost[key] = new[key]
                    self._forget(pool)
            if self._check is not None:
                self._check()
        return lost

    def _threads(self, tasks: Collection[Task]) -> int:
        """Return how many threads each of a few runs gets, a plan among them; of others one."""
        has_long = any(task.kind == "plan" for task in tasks)
        return max(1, self._workers // len(tasks)) if has_long else 1

    def _pool(self, threads: int) -> ProcessPoolExecutor:
        """Return processes with so many threads, as many as do not get into each other's way."""
        with self._lock:
            if threads not in self._pools:
                pool = worker_pool(self._workers // threads, threads)
                self._pools[threads] = self._stack.enter_context(pool)
            return self._pools[threads]

    def _forget(self, pool: ProcessPoolExecutor) -> None:
        """Leave a pool one of whose processes died."""
        with self._lock:
            self._pools = {key: one for key, one in self._pools.items() if one is not pool}

    def _keep(self, key: str, task: Task, done: Done) -> None:
        if not done.is_accident:
            self._write(key, task, done)
        with self._lock:
            self._memory[key] = done.record
            tally = self.tally
            tally.computed += 1
            tally.accidents += done.is_accident
            if done.record is None:
                tally.failed += 1
                tally.reasons[key] = done.reason
            if self._on_run is not None:
                self._on_run(tally)

    def _write(self, key: str, task: Task, done: Done) -> None:
        kept = {"record": done.record, "reason": done.reason, "kind": task.kind, "case": task.text}
        try:
            write_atomically(self._path(key), json.dumps(kept, ensure_ascii=False) + "\n")
        except OSError as error:
            msg = (
                f"{self._folder}: cannot be written any more ({error.strerror or error}); what is "
                "done is kept; make room and run the same command again to go on"
            )
            raise UnfinishedError(msg) from None

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"


def _work(task: Task) -> Done:
    """Compute one run in a worker."""
    from ablsim.planning.evaluation import evaluate, take_footprint

    try:
        if task.kind == "footprint":
            return Done(take_footprint(task.text))
        return Done(evaluate(task.text, with_slices=task.kind == "plan"))
    except AblsimError as error:
        return Done(None, str(error))
    except MemoryError:
        return Done(None, "not enough memory", is_accident=True)
    except Exception as error:  # one run must not end the search; it is counted and said
        return Done(None, f"{type(error).__name__}: {error}", is_accident=True)
