import subprocess
import sys

import pytest

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


@pytest.mark.compiled
def test_workers_of_a_script_that_has_loaded_the_loops_have_one_thread(tmp_path):
    script = tmp_path / "study.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[(10.0, 1), (20.0, 1)]"
