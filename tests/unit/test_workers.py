import multiprocessing
import subprocess
import sys
import threading
import time
from concurrent.futures import wait

import numba
import pytest

from ablsim.workers import worker_pool

SCRIPT = """
import numba
import numpy as np

from ablsim.workers import worker_pool


@numba.njit(parallel=True)
def total(values):
    found = 0.0
    for i in numba.prange(len(values)):
        found += values[i]
    return found


def work(n):
    return total(np.ones(n)), numba.get_num_threads()


if __name__ == "__main__":
    total(np.ones(4))  # this process has its threads already
    with worker_pool(2) as pool:
        print([future.result() for future in [pool.submit(work, 10), pool.submit(work, 20)]])
"""


def test_leaving_does_not_wait_for_workers_that_were_killed():
    left = []

    def leave():
        try:
            with worker_pool(2) as pool:
                wait([pool.submit(time.sleep, 0.5) for _ in range(4)])
                for worker in multiprocessing.active_children():
                    worker.kill()
                time.sleep(0.5)
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            left.append(True)

    thread = threading.Thread(target=leave, daemon=True)
    thread.start()
    thread.join(60.0)
    assert left == [True]


def interrupt():
    """Leave while a worker computes for minutes."""
    with worker_pool(1) as pool:
        pool.submit(time.sleep, 0.1).result()
        pool.submit(time.sleep, 300.0)
        raise KeyboardInterrupt


def test_workers_end_at_once_when_nobody_waits_any_more():
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert time.monotonic() - began < 100.0


@pytest.mark.compiled
def test_workers_of_a_script_that_has_loaded_the_loops_have_one_thread(tmp_path):
    script = tmp_path / "study.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[(10.0, 1), (20.0, 1)]"


@pytest.mark.compiled
def test_a_worker_has_the_threads_that_it_is_given():
    for threads in (1, 3):
        with worker_pool(1, threads) as pool:
            assert pool.submit(numba.get_num_threads).result() == threads
