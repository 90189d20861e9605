"""The cases of a study through workers: each once, whatever stops or dies on the way."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ablsim.cohort.cases import Job
from ablsim.cohort.pools import Pool
from ablsim.cohort.store import Store
from ablsim.cohort.work import Done
from ablsim.errors import CaseError, UnfinishedError

DIED = "the process that computed it died again and again, perhaps killed for lack of memory"
"""Why a case has no result under which even a worker of its own dies."""

_WAIT = 0.5  # s between two looks at what is done

OnProgress = Callable[["Progress"], None]


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Say in a sentence that a folder takes no more files, and what to do about it."""
    try:
        yield
    except OSError as error:
        msg = (
            f"{folder}: cannot be written any more ({error.strerror or error}); what is done is "
            "kept; make room and run the same command again to go on"
        )
        raise UnfinishedError(msg) from None


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of the cases of a study, which their hashes decide.

    Parameters
    ----------
    number, of : int
        The first of three is 1 of 3.
    """

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Return the shard that a text such as ``2/3`` says.

        Examples
        --------
        >>> Shard.parse("2/3")
        Shard(number=2, of=3)
        """
        number, slash, of = text.partition("/")
        if not (slash and number.strip().isdecimal() and of.strip().isdecimal()):
            msg = f'--shard {text}: is not a part of a whole; write for example "--shard 1/4"'
            raise CaseError(msg)
        shard = cls(int(number), int(of))
        if not 1 <= shard.number <= shard.of:
            msg = (
                f"--shard {text}: the first part of {shard.of} is 1, the last {shard.of}; write one"
            )
            raise CaseError(msg)
        return shard

    def holds(self, key: str) -> bool:
        """Say whether a case belongs to it."""
        return int(key[:15], 16) % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(slots=True)
class Progress:
    """How far a study is; counts cases as often as they come in it.

    Parameters
    ----------
    total : int
        Cases of the study.
    looked_at : int
        Cases that were there, are in work, or belong to another shard.
    computed : int
        Cases computed by this run.
    failed : int
        Cases of this run without a result.
    there_before : int
        Cases that needed nothing before the first one that did.
    """

    total: int
    looked_at: int = 0
    computed: int = 0
    failed: int = 0
    there_before: int = 0
    in_work: int = 0
    workers: int = 0
    state: str = ""
    started: float = field(default_factory=time.monotonic)

    @property
    def settled(self) -> int:
        """Cases that need nothing more."""
        return self.looked_at - self.in_work

    @property
    def per_hour(self) -> float:
        """Cases computed in an hour, at the speed so far."""
        elapsed = time.monotonic() - self.started
        return 3600.0 * (self.computed + self.failed) / elapsed if elapsed > 0.0 else 0.0

    @property
    def time_left(self) -> float:
        """How long the rest takes at that speed, if as much of it is new as so far [s]."""
        if not self.per_hour:
            return math.inf
        since = max(1, self.looked_at - self.there_before)
        new = (self.computed + self.failed + self.in_work) / since
        return 3600.0 * (self.in_work + new * (self.total - self.looked_at)) / self.per_hour


def run_jobs(
    jobs: Iterable[Job],
    store: Store,
    pool: Pool,
    progress: Progress,
    *,
    shard: Shard | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Compute the jobs whose results are not there yet.

    Jobs are made one by one as workers can take them, so that memory does not hang on their number.

    Parameters
    ----------
    jobs : iterable of Job
        What is asked.
    store : Store
        Where results lie.
    pool : Pool
        Who computes.
    progress : Progress
        Is kept up to date.
    shard : Shard, optional
        Which part of the jobs is computed here; left out, all.
    on_progress : callable, optional
        Called every now and then; what it raises ends the run.

    Raises
    ------
    UnfinishedError
        If a worker runs other code than this, or the scheduler stays away.
    """
    run = _Run(store, pool, progress, on_progress)
    part = shard or Shard()
    for job in jobs:
        progress.looked_at += 1
        if part.holds(job.key):
            run.take(job)
    run.finish()


class _Run:
    """Hands jobs to a pool and settles what comes back."""

    def __init__(
        self, store: Store, pool: Pool, progress: Progress, on_progress: OnProgress | None
    ) -> None:
        self._store = store
        self._pool = pool
        self._progress = progress
        self._on_progress = on_progress
        self._failed: set[str] = set()
        self._orphans: dict[str, Job] = {}
        self._has_begun = False

    def take(self, job: Job) -> None:
        """Hand out a job that is neither done nor in work, as soon as the pool has room."""
        if job.key in self._failed or job.key in self._orphans or job.key in self._pool.flying:
            return
        if job.reason:
            self._fail(job, job.reason)
        elif not self._store.has(job.key):
            if not self._has_begun:
                self._has_begun = True
                self._progress.there_before = self._progress.looked_at - 1
            self._pool.submit(job)
        while len(self._pool.flying) >= self._pool.window:
            self._collect()

    def finish(self) -> None:
        """Wait for everything that is in work."""
        while self._pool.flying:
            self._collect()
        # one at a time, so that none is blamed for what another does to its worker
        for job in list(self._orphans.values()):
            self._pool.submit(job)
            while self._pool.flying:
                self._collect(alone=True)
        self._tell()

    def _collect(self, *, alone: bool = False) -> None:
        self._tell()
        for job, done in self._pool.collect(_WAIT):
            self._settle(job, done, alone)

    def _settle(self, job: Job, done: Done, alone: bool) -> None:
        if done.stranger:
            msg = (
                f"the worker on {done.stranger} has other code of ablsim than this; install the "
                "same version there; what is done is kept, run the same command again to go on"
            )
            raise UnfinishedError(msg)
        if done.died and not alone:
            self._orphans[job.key] = job
            return
        self._orphans.pop(job.key, None)
        if done.record is None:
            self._fail(job, DIED if done.died else done.reason)
            return
        if not self._store.has(job.key):
            with unwritable(self._store.folder):
                self._store.write(job.key, done.record)
        self._progress.computed += 1

    def _fail(self, job: Job, reason: str) -> None:
        with unwritable(self._store.folder):
            self._store.fail(job.key, job.text, reason)
        self._failed.add(job.key)
        self._progress.failed += 1

    def _tell(self) -> None:
        progress, pool = self._progress, self._pool
        progress.in_work = len(pool.flying) + len(self._orphans.keys() - pool.flying.keys())
        progress.workers, progress.state = pool.workers, pool.state
        if self._on_progress is not None:
            self._on_progress(progress)
