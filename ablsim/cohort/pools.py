"""Who computes: this process, or workers that Dask looks after."""

import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

from ablsim.cohort.cases import Job
from ablsim.cohort.work import Done, Setting, work
from ablsim.errors import CaseError, UnfinishedError

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

ALLOWED_DEATHS = 5
"""How many workers may die under a job before it is set aside and tried alone; more than one,
because each death also counts against the job that the worker would have done next."""

PATIENCE = 600.0
"""How long a lost scheduler is waited for [s]."""

ALONE = 60.0
"""How long this machine may be without any worker before they are all started anew [s]."""

REVIVALS = 3
"""How often that is done before a study is given up for the time being."""

_AHEAD = 4  # jobs per thread of a worker that are handed out at a time
_TIMEOUT = 5.0  # s to connect
_ASK_EVERY = 2.0  # s between two questions who is there


class Pool(Protocol):
    """Takes jobs and gives back what became of them, in any order."""

    @property
    def window(self) -> int:
        """How many jobs it can use at a time."""

    @property
    def workers(self) -> int:
        """How many processes compute."""

    @property
    def flying(self) -> Mapping[str, Job]:
        """The jobs that are not done yet, by key."""

    @property
    def state(self) -> str:
        """What a waiting person should know, in a few words; mostly nothing."""

    def submit(self, job: Job) -> None:
        """Take a job."""

    def collect(self, timeout: float) -> list[tuple[Job, Done]]:
        """Return the jobs that are done, after waiting for one of them at most so long [s]."""

    def close(self) -> None:
        """Give up whatever is not done."""


class InProcess:
    """One case after the other, in this process."""

    window = 1
    workers = 1
    state = ""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.flying: dict[str, Job] = {}

    def submit(self, job: Job) -> None:
        """Take a job."""
        self.flying[job.key] = job

    def collect(self, timeout: float) -> list[tuple[Job, Done]]:
        """Compute what was taken."""
        done = [(job, work(job.key, job.text, self._setting)) for job in self.flying.values()]
        self.flying.clear()
        return done

    def close(self) -> None:
        """Forget what was taken."""
        self.flying.clear()


class LazyPool:
    """A pool that is only made when there is a first job for it.

    Parameters
    ----------
    make : callable
        Makes it.
    """

    def __init__(self, make: Callable[[], Pool]) -> None:
        self._make = make
        self._pool: Pool | None = None

    @property
    def flying(self) -> Mapping[str, Job]:
        """The jobs that are not done yet, by key."""
        return {} if self._pool is None else self._pool.flying

    @property
    def window(self) -> int:
        """How many jobs are handed out at a time."""
        return 1 if self._pool is None else self._pool.window

    @property
    def workers(self) -> int:
        """How many processes compute."""
        return 0 if self._pool is None else self._pool.workers

    @property
    def state(self) -> str:
        """What a waiting person should know."""
        return "" if self._pool is None else self._pool.state

    def submit(self, job: Job) -> None:
        """Take a job."""
        if self._pool is None:
            self._pool = self._make()
        self._pool.submit(job)

    def collect(self, timeout: float) -> list[tuple[Job, Done]]:
        """Return the jobs that are done."""
        return [] if self._pool is None else self._pool.collect(timeout)

    def close(self) -> None:
        """Give up whatever is not done."""
        if self._pool is not None:
            self._pool.close()


class DaskPool:
    """Workers of Dask, on this machine or wherever a scheduler has them.

    Parameters
    ----------
    setting : Setting
        What all jobs have in common.
    workers : int
        How many processes to start on this machine, if there is no scheduler.
    scheduler : str, optional
        Address of one, such as ``"tcp://10.0.0.1:8786"``.

    Notes
    -----
    A worker that dies is started anew by Dask and its job given to another. A job under which
    workers die again and again comes back as ``died``. When the scheduler is lost, it is waited
    for, and then given anew whatever was not done. Where all workers of this machine are gone and
    Dask does not bring them back, they are started anew.
    """

    def __init__(self, setting: Setting, *, workers: int, scheduler: str | None = None) -> None:
        self._setting = setting
        self._address = scheduler
        self._cluster: LocalCluster | None = None
        self._jobs: dict[str, Job] = {}
        self._futures: dict[str, Future[Any]] = {}
        self._woken = Event()
        self._threads: Mapping[str, int] = {}
        self._asked_at = -math.inf
        self._lost_since: float | None = None
        self._alone_since: float | None = None
        self._count, self._revivals = workers, 0
        _quieten()
        if scheduler is None:
            self._cluster = _start_cluster(workers, setting.threads)
        self._client: Client = self._connect()

    @property
    def flying(self) -> Mapping[str, Job]:
        """The jobs that are not done yet, by key."""
        return self._jobs

    @property
    def workers(self) -> int:
        """How many processes compute."""
        return len(self._find_threads())

    @property
    def window(self) -> int:
        """How many jobs are handed out at a time."""
        return _AHEAD * max(1, sum(self._find_threads().values()))

    @property
    def state(self) -> str:
        """What a waiting person should know."""
        if self._lost_since is not None:
            return f"the scheduler {self._address} is gone; waiting for it"
        return "" if self.workers else "no worker is connected; waiting for one"

    def submit(self, job: Job) -> None:
        """Take a job."""
        self._jobs[job.key] = job
        self._hand_out(job)

    def collect(self, timeout: float) -> list[tuple[Job, Done]]:
        """Return the jobs that are done."""
        self._woken.wait(timeout)
        self._woken.clear()
        if not self._is_connected():
            return []
        if self._is_left_alone():
            self._revive()
        done = []
        for key, future in list(self._futures.items()):
            if future.status in {"cancelled", "lost"}:
                self._hand_out(self._jobs[key])
            elif future.done():
                done.append((self._jobs.pop(key), self._look_at(key, future)))
                del self._futures[key]
                self._revivals = 0
        return done

    def close(self) -> None:
        """Give up whatever is not done, and stop the workers that were started here."""
        for future in self._futures.values():
            future.cancel()
        self._futures.clear()
        self._jobs.clear()
        self._close_dask()

    def _close_dask(self) -> None:
        self._client.close(timeout=_TIMEOUT)
        if self._cluster is not None:
            with suppress(TimeoutError):  # workers that do not answer are killed all the same
                self._cluster.close(timeout=_TIMEOUT)

    def _hand_out(self, job: Job) -> None:
        future = self._client.submit(
            work, job.key, job.text, self._setting, key=f"ablsim-{job.key}", pure=False
        )
        future.add_done_callback(lambda _: self._woken.set())
        self._futures[job.key] = future

    def _look_at(self, key: str, future: "Future[Any]") -> Done:
        """Return what became of a job that is over."""
        from distributed import KilledWorker

        if future.status == "finished":
            done: Done = future.result()
            return done
        error = future.exception()
        died = isinstance(error, KilledWorker)
        return Done(key, reason=f"{type(error).__name__}: {error}", died=died)

    def _find_threads(self) -> Mapping[str, int]:
        """Return the workers with their threads; none while the scheduler is gone."""
        now = time.monotonic()
        if self._client.status != "running":
            self._threads = {}
        elif now - self._asked_at > _ASK_EVERY:
            self._asked_at = now
            with suppress(OSError, TimeoutError):
                self._threads = self._client.nthreads()
        return self._threads

    def _is_connected(self) -> bool:
        """Say whether the scheduler is there; try to find it again if it is not."""
        if self._client.status == "running":
            self._lost_since = None
            return True
        now = time.monotonic()
        self._lost_since = self._lost_since or now
        if self._client.status == "closed" and self._address is not None:
            try:
                self._client = self._connect()
            except CaseError:
                self._check_patience(now)
            return False  # what was handed out is looked at next time
        self._check_patience(now)
        return False

    def _is_left_alone(self) -> bool:
        """Say whether this machine has had jobs but no worker for too long."""
        if self._cluster is None or not self._futures or self.workers > 0:
            self._alone_since = None
            return False
        now = time.monotonic()
        self._alone_since = self._alone_since or now
        return now - self._alone_since > ALONE

    def _revive(self) -> None:
        """Start the workers of this machine anew and give them whatever was not done."""
        if self._revivals == REVIVALS:
            msg = (
                f"no worker stayed for {ALONE:.0f} s, {REVIVALS} times in a row; what is done is "
                "kept; run the same command again to go on, or add --workers 0 to compute one "
                "case after the other without Dask"
            )
            raise UnfinishedError(msg)
        self._revivals += 1
        self._alone_since = None
        self._close_dask()
        self._cluster = _start_cluster(self._count, self._setting.threads)
        self._client = self._connect()
        self._asked_at = -math.inf
        for job in self._jobs.values():
            self._hand_out(job)

    def _check_patience(self, now: float) -> None:
        if self._lost_since is not None and now - self._lost_since > PATIENCE:
            msg = (
                f"the scheduler {self._address or 'of this machine'} has been gone for "
                f"{PATIENCE / 60.0:.0f} minutes; what is done is kept, run the same command again "
                "to go on"
            )
            raise UnfinishedError(msg)

    def _connect(self) -> "Client":
        from distributed import Client

        target = self._address if self._cluster is None else self._cluster
        try:
            return Client(target, timeout=_TIMEOUT, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            msg = (
                f"--scheduler {self._address}: no Dask scheduler answers there ({error}); start "
                "one with: dask scheduler, or leave the option out to compute on this machine"
            )
            raise CaseError(msg) from None


def make_pool(setting: Setting, *, workers: int, scheduler: str | None = None) -> Pool:
    """Return who computes: Dask, or this process for no workers.

    Raises
    ------
    CaseError
        If Dask is not installed, or no scheduler answers.
    """
    if workers == 0 and scheduler is None:
        return InProcess(setting)
    try:
        import distributed  # noqa: F401
    except ImportError:
        msg = (
            'studies need Dask: pip install "ablsim[cluster]"; or add --workers 0 to compute one '
            "case after the other without it"
        )
        raise CaseError(msg) from None
    return DaskPool(setting, workers=workers, scheduler=scheduler)


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _quieten() -> None:
    """Keep Dask's own log from the terminal: what matters of it the study says itself."""
    for name in ("distributed", "distributed.nanny", "distributed.scheduler", "distributed.core"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _start_cluster(workers: int, threads: int) -> "LocalCluster":
    """Start workers on this machine: processes that are spawned, each with its threads."""
    import dask
    from distributed import LocalCluster

    variables = {
        "NUMBA_NUM_THREADS": str(threads),
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
    }
    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": ALLOWED_DEATHS,
            "distributed.scheduler.worker-ttl": None,  # long loops hold up the heartbeat
            "distributed.worker.multiprocessing-method": "spawn",
            "distributed.worker.profile.enabled": False,
            # else no worker starts while any other process of this machine, perhaps one that is
            # stopped, holds the lock of the folder that all clusters share
            "distributed.worker.use-file-locking": False,
            "distributed.nanny.pre-spawn-environ": variables,
        }
    )
    try:
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            preload="ablsim.cohort.calm",
        )
    except RuntimeError as error:
        msg = (
            f"no workers could be started on this machine ({error}); in a script of your own, call "
            'run_cohort below: if __name__ == "__main__":, or every worker would call it too'
        )
        raise UnfinishedError(msg) from None
