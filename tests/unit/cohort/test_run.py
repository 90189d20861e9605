"""Every case once: what is there is not computed, what fails is noted, what dies is tried alone."""

import errno
import hashlib
import os
from collections import Counter

import pytest

from ablsim.cohort.cases import Job
from ablsim.cohort.run import DIED, Progress, Shard, run_jobs
from ablsim.cohort.work import Done
from ablsim.errors import CaseError, UnfinishedError


def job(number, text=None):
    text = text or f"case {number}"
    return Job(hashlib.sha256(text.encode()).hexdigest(), text)


class Workers:
    """A pool without processes: it computes what it is given as a test says."""

    workers, state = 2, ""

    def __init__(self, window, answer):
        self.window = window
        self.flying = {}
        self.submitted = Counter()
        self.most = 0
        self._answer = answer

    def submit(self, job):
        self.flying[job.key] = job
        self.submitted[job.key] += 1
        self.most = max(self.most, len(self.flying))

    def collect(self, timeout):
        alone = len(self.flying) == 1
        done = [(job, self._answer(job, alone)) for job in self.flying.values()]
        self.flying.clear()
        return done

    def close(self):
        self.flying.clear()


@pytest.fixture
def make_pool(fake_record):
    """Makes workers; their answer is a record unless a test has another."""

    def make(window=4, answer=None):
        return Workers(window, answer or (lambda job, alone: Done(job.key, fake_record())))

    return make


def run(jobs, store, pool, **keys):
    progress = Progress(len(jobs))
    run_jobs(iter(jobs), store, pool, progress, **keys)
    return progress


def test_a_case_is_computed_once_however_often_it_comes(store, make_pool):
    pool = make_pool()
    progress = run([job(1), job(2), job(1), job(1), job(3), job(2)], store, pool)
    assert set(pool.submitted.values()) == {1}
    assert (progress.computed, progress.failed, progress.settled) == (3, 0, 6)
    again = make_pool()
    assert run([job(1), job(2), job(3), job(4)], store, again).computed == 1
    assert list(again.submitted) == [job(4).key]
    third = run([job(1), job(2), job(5), job(3)], store, make_pool())
    assert (third.there_before, third.computed) == (2, 1)


def test_no_more_jobs_are_made_than_the_pool_can_take(store, make_pool):
    made = []

    def jobs():
        for number in range(100):
            made.append(number)
            yield job(number)

    pool = make_pool(window=5)
    ahead = []

    def follow(progress):
        ahead.append(len(made) - progress.computed)

    run_jobs(jobs(), store, pool, Progress(100), on_progress=follow)
    assert (pool.most, max(ahead)) == (5, 5)
    assert len(made) == 100


def test_shards_are_a_partition_of_the_work(store, make_pool):
    jobs = [job(7919 * number) for number in range(60)]
    shared = [make_pool() for _ in range(3)]
    for number, pool in enumerate(shared, start=1):
        run(jobs, store, pool, shard=Shard(number, 3))
    taken = [key for pool in shared for key in pool.submitted]
    assert sorted(taken) == sorted(job.key for job in jobs)
    assert all(len(pool.submitted) > 8 for pool in shared)


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1.5/3"])
def test_shards_that_are_no_part_of_a_whole_are_refused(text):
    with pytest.raises(CaseError, match=f"--shard {text}: .*write"):
        Shard.parse(text)
    assert Shard.parse(" 2/ 4") == Shard(2, 4)


def test_a_failed_case_is_noted_and_stops_nothing(store, make_pool, fake_record):
    def answer(job, alone):
        failed = job.text == "case 2"
        return Done(job.key, reason="no light") if failed else Done(job.key, fake_record())

    progress = run([job(1), job(2), job(3), job(2)], store, make_pool(answer=answer))
    assert (progress.computed, progress.failed) == (2, 1)
    assert store.failure(job(2).key) == "no light"
    assert (store.folder / "failed" / f"{job(2).key}.toml").read_text() == "case 2"
    mended = make_pool()
    assert run([job(2)], store, mended).computed == 1  # tried again by the next run
    assert store.failure(job(2).key) is None


def test_a_job_without_a_case_fails_with_its_reason(store, make_pool):
    progress = run([Job(job(1).key, "", "no rule holds"), job(2)], store, make_pool())
    assert (progress.computed, progress.failed) == (1, 1)
    assert store.failure(job(1).key) == "no rule holds"


def test_jobs_whose_worker_died_are_tried_alone_before_they_are_blamed(
    store, make_pool, fake_record
):
    guilty = {"case 3"}

    def answer(job, alone):
        dies = job.text in guilty or not alone
        return Done(job.key, reason="x", died=True) if dies else Done(job.key, fake_record())

    pool = make_pool(answer=answer)
    progress = run([job(n) for n in range(5)], store, pool)
    assert (progress.computed, progress.failed) == (4, 1)
    assert store.failure(job(3).key) == DIED
    assert set(pool.submitted.values()) == {1, 2}


def test_a_worker_with_other_code_ends_the_run(store, make_pool):
    answer = lambda job, alone: Done(job.key, stranger="node7")  # noqa: E731
    with pytest.raises(UnfinishedError, match="worker on node7 has other code"):
        run([job(1)], store, make_pool(answer=answer))
    assert not store.has(job(1).key)


def test_an_interrupt_keeps_what_is_done(store, make_pool):
    def stop(progress):
        if progress.computed >= 3:
            raise KeyboardInterrupt

    jobs = [job(number) for number in range(10)]
    with pytest.raises(KeyboardInterrupt):
        run(jobs, store, make_pool(window=1), on_progress=stop)
    assert sum(store.has(job.key) for job in jobs) == 3


def test_a_full_disk_ends_a_study_in_a_sentence(store, make_pool, monkeypatch):
    def full(key, record):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run([job(1)], store, make_pool())
    monkeypatch.setattr(store, "write", full)
    with pytest.raises(
        UnfinishedError, match=r"No space left on device.*make room and run the same"
    ):
        run([job(1), job(2)], store, make_pool())
    assert store.has(job(1).key)
    assert not store.has(job(2).key)
