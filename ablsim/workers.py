"""Processes that compute, mostly with one thread each, gone as soon as nobody waits for them.

Nothing heavy is imported here: a worker must fix its number of threads before the compiled loops
are loaded.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any

POLL = 0.3
"""How often the waiting process looks for an interrupt, and a worker for its end [s]."""


@contextmanager
def worker_pool(workers: int, threads: int = 1) -> Iterator[ProcessPoolExecutor]:
    """Return processes that end at once when this block is left by an exception.

    Each has so many threads, or as many as there are where that is fewer.
    """
    context = get_context("spawn")
    # no Event: to set one waits for all that sleep on it, also for workers that were killed
    stop = context.RawValue("b", 0)
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_set_up, initargs=(stop, threads)
    )
    try:
        yield pool
    except BaseException:
        stop.value = 1
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _set_up(stop: Any, threads: int) -> None:
    """Make a new process a worker: few threads, deaf to Ctrl-C, gone when no longer needed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the waiting process decides
    numba = sys.modules.get("numba")
    if numba is None:
        os.environ.update(NUMBA_NUM_THREADS=str(threads), OMP_NUM_THREADS=str(threads))
    else:  # loaded by the script that this process imported to find its work
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    parent = parent_process()

    def watch() -> None:
        while not stop.value and (parent is None or parent.is_alive()):
            time.sleep(POLL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
