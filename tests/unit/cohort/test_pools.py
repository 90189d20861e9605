"""Workers of Dask: they die, and nothing is lost; the scheduler goes, and comes back."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from ablsim.cohort import pools
from ablsim.cohort.cases import Job
from ablsim.cohort.pools import DaskPool, InProcess, make_pool
from ablsim.cohort.run import DIED, Progress, run_jobs
from ablsim.cohort.store import code_of_outcomes
from ablsim.cohort.work import Setting, work
from ablsim.errors import CaseError, UnfinishedError

pytest.importorskip("distributed")


def jobs(n):
    return [Job(f"{number:064x}", f"case {number}") for number in range(n)]


def setting(store, make_study, compute, **changes):
    keys = {"study_sha256": make_study().sha256, "code": code_of_outcomes(), **changes}
    return Setting(str(store.folder), threads=1, compute=compute, **keys)


def slow(record, folder):
    """A computation of a quarter of a second that leaves word of who did it."""

    def compute(text, threads):
        import os
        import time
        from pathlib import Path

        with (Path(folder) / "log.txt").open("a") as log:
            log.write(f"{text} {os.getpid()}\n")
        time.sleep(0.25)
        return record

    return compute


def test_a_worker_keeps_its_result_in_the_folder_if_it_sees_it(store, make_study, fake_record):
    (job,) = jobs(1)
    here = setting(store, make_study, lambda text, threads: fake_record(0.5))
    assert work(job.key, job.text, here).record == fake_record(0.5)
    assert store.read(job.key) == fake_record(0.5)
    never = setting(store, make_study, lambda text, threads: 1 / 0)
    assert work(job.key, job.text, never).record == fake_record(0.5)  # found, not computed


def test_a_worker_that_does_not_see_the_folder_hands_its_result_back(
    store, make_study, fake_record
):
    (job,) = jobs(1)
    elsewhere = setting(store, make_study, lambda t, n: fake_record(), study_sha256="other")
    assert work(job.key, job.text, elsewhere).record == fake_record()
    assert not store.has(job.key)


def test_what_goes_wrong_in_a_case_becomes_a_reason(store, make_study):
    def raiser(error):
        def compute(text, threads):
            raise error

        return compute

    (job,) = jobs(1)
    reasons = [
        work(job.key, job.text, setting(store, make_study, raiser(error))).reason
        for error in (CaseError("too large"), MemoryError(), ZeroDivisionError("by zero"))
    ]
    assert reasons[:2] == ["too large", "not enough memory on the worker"]
    assert reasons[2].startswith("ZeroDivisionError: by zero (test_pools.py, line ")


def test_a_worker_with_other_code_says_so_and_computes_nothing(store, make_study):
    (job,) = jobs(1)
    other = setting(store, make_study, lambda t, n: 1 / 0, code="other")
    done = work(job.key, job.text, other)
    assert (done.stranger, done.reason) == (socket.gethostname(), "")


def test_without_workers_this_process_computes(store, make_study, fake_record):
    pool = make_pool(setting(store, make_study, lambda t, n: fake_record()), workers=0)
    assert isinstance(pool, InProcess)
    progress = Progress(3)
    run_jobs(iter(jobs(3)), store, pool, progress)
    assert (progress.computed, progress.workers) == (3, 1)


HOLDER = """
import sys, locket
with locket.lock_file(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_workers_start_while_another_process_holds_the_lock_of_their_folder(
    store, make_study, fake_record, tmp_path
):
    import dask

    folder = tmp_path / "dask-scratch-space"
    folder.mkdir()
    command = [sys.executable, "-c", HOLDER, str(folder / "global.lock")]
    with (
        dask.config.set({"temporary-directory": str(tmp_path)}),
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder,
    ):
        assert holder.stdout.readline() == b"held\n"
        release = threading.Timer(60.0, holder.stdin.close)  # or a mistake would hang for ever
        release.start()
        pool = DaskPool(setting(store, make_study, slow(fake_record(), store.folder)), workers=1)
        try:
            progress = Progress(2)
            run_jobs(iter(jobs(2)), store, pool, progress)
            assert progress.computed == 2
            assert not holder.stdin.closed
        finally:
            release.cancel()
            holder.stdin.close()
            pool.close()


def test_a_worker_killed_in_the_middle_loses_nothing(store, make_study, fake_record):
    pool = DaskPool(setting(store, make_study, slow(fake_record(), store.folder)), workers=2)
    killed = []

    def kill(progress):
        if progress.computed >= 3 and not killed:
            last = (store.folder / "log.txt").read_text().splitlines()[-1]
            killed.append(int(last.split()[-1]))
            os.kill(killed[0], signal.SIGKILL)

    try:
        progress = Progress(12)
        run_jobs(iter(jobs(12)), store, pool, progress, on_progress=kill)
    finally:
        pool.close()
    assert killed
    assert (progress.computed, progress.failed) == (12, 0)
    assert all(store.has(job.key) for job in jobs(12))


@pytest.mark.slow
def test_workers_that_are_all_gone_are_started_anew(store, make_study, fake_record, monkeypatch):
    monkeypatch.setattr(pools, "ALONE", 1.0)
    pool = DaskPool(setting(store, make_study, slow(fake_record(), store.folder)), workers=1)

    def lose(progress):
        if progress.computed == 2 and pool._revivals == 0 and pool._cluster.workers:
            pool._cluster.scale(0)

    try:
        progress = Progress(6)
        run_jobs(iter(jobs(6)), store, pool, progress, on_progress=lose)
    finally:
        pool.close()
    assert (progress.computed, progress.failed) == (6, 0)


@pytest.mark.slow
def test_a_study_without_workers_ends_with_what_to_do(store, make_study, fake_record, monkeypatch):
    monkeypatch.setattr(pools, "ALONE", -1.0)
    monkeypatch.setattr(DaskPool, "workers", property(lambda self: 0))
    monkeypatch.setattr(pools, "_start_cluster", lambda workers, threads: start_nothing())
    pool = DaskPool(setting(store, make_study, slow(fake_record(), store.folder)), workers=1)
    try:
        with pytest.raises(UnfinishedError, match="--workers 0"):
            run_jobs(iter(jobs(2)), store, pool, Progress(2))
    finally:
        pool.close()


def start_nothing():
    from distributed import LocalCluster

    return LocalCluster(n_workers=0, dashboard_address=None)


@pytest.mark.slow
def test_a_case_that_kills_its_workers_is_listed_and_the_others_are_not_blamed(
    store, make_study, fake_record
):
    record = fake_record()

    def compute(text, threads):
        import os
        import time

        if text == "case 4":
            os.kill(os.getpid(), 9)
        time.sleep(0.05)
        return record

    pool = DaskPool(setting(store, make_study, compute), workers=2)
    try:
        progress = Progress(12)
        run_jobs(iter(jobs(12)), store, pool, progress)
    finally:
        pool.close()
    assert (progress.computed, progress.failed) == (11, 1)
    assert store.failure(jobs(12)[4].key) == DIED


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def start_cluster(port):
    scheduler = start(
        "dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"
    )
    address = f"tcp://127.0.0.1:{port}"
    worker = start("dask_worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny")
    return [scheduler, worker]


@pytest.mark.slow
def test_a_scheduler_that_is_lost_and_restarted_is_found_again(store, make_study, fake_record):
    port = free_port()
    processes = start_cluster(port)
    pool, restarted = None, []
    try:
        deadline = time.monotonic() + 60
        while pool is None:
            try:
                made = setting(store, make_study, slow(fake_record(), store.folder))
                pool = DaskPool(made, workers=0, scheduler=f"tcp://127.0.0.1:{port}")
            except CaseError:
                assert time.monotonic() < deadline

        def lose(progress):
            assert time.monotonic() < deadline + 120
            if progress.computed >= 2 and not restarted:
                for process in processes:
                    process.kill()
                    process.wait()
                restarted.extend(start_cluster(port))

        progress = Progress(10)
        run_jobs(iter(jobs(10)), store, pool, progress, on_progress=lose)
    finally:
        if pool is not None:
            pool.close()
        for process in (*processes, *restarted):
            process.kill()
            process.wait()
    assert restarted
    assert all(store.has(job.key) for job in jobs(10))
    assert progress.failed == 0


def test_an_address_where_nobody_answers_is_refused(store, make_study):
    made = setting(store, make_study, None)
    for address in (f"tcp://127.0.0.1:{free_port()}", "nonsense://x"):
        with pytest.raises(CaseError, match=f"--scheduler {address}: no Dask scheduler"):
            make_pool(made, workers=0, scheduler=address)
