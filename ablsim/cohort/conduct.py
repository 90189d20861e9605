"""A study from its text to its summary: find the lesions, compute the cases, compare."""

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

from ablsim.case_messages import join_problems
from ablsim.cohort.cases import CaseMaker
from ablsim.cohort.lesions import Lesion, Population
from ablsim.cohort.outcome import compute_outcome
from ablsim.cohort.pools import LazyPool, count_cores, make_pool
from ablsim.cohort.population import find_population
from ablsim.cohort.run import OnProgress, Progress, Shard, run_jobs, unwritable
from ablsim.cohort.store import Store, code_of_outcomes, write_atomically
from ablsim.cohort.study import Study
from ablsim.cohort.summary import SumUp, sum_up, write_summary
from ablsim.cohort.work import Compute, Setting
from ablsim.errors import CaseError

_ROUNDS = 2  # through the jobs; the second for results that were found damaged


def run_cohort(
    study: Study,
    folder: str | Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    shard: Shard | None = None,
    compute: Compute = compute_outcome,
    on_progress: OnProgress | None = None,
    results: str | Path | None = None,
) -> dict[str, Any]:
    """Compute the cases of a study that are not there yet, and sum up.

    Parameters
    ----------
    study : Study
        What is asked.
    folder : str or Path
        Where results are kept; results that lie there already are never computed again.
    workers : int, optional
        Processes on this machine, each with one thread; by default one for each core. Scripts must
        start them below ``if __name__ == "__main__":``, because each loads the script anew. 0
        computes one case after the other in this process, without Dask.
    scheduler : str, optional
        Address of a Dask scheduler whose workers compute in place of this machine.
    shard : Shard, optional
        Which part of the cases is computed, for several runs side by side into one folder.
    compute : callable, optional
        What turns the text of a case, and a number of threads, into its record.
    on_progress : callable, optional
        Called every now and then with a `Progress`. What it raises ends the run and is passed on;
        everything computed by then is kept.
    results : str or Path, optional
        Where results are kept that several studies share; by default in the folder.

    Returns
    -------
    dict
        The summary, as it lies in ``summary.json``; ``missing`` counts the cases of other shards
        that are not there yet, and no summary is written while there are any.

    Raises
    ------
    CaseError
        If the study cannot be conducted as it is written.
    UnfinishedError
        If the scheduler is gone for good; run again to go on.

    Examples
    --------
    >>> from ablsim.cohort import Study, run_cohort
    >>> study = Study.from_toml("virtual_cohort.toml")  # doctest: +SKIP
    >>> summary = run_cohort(study, "virtual.cohort", workers=2)  # doctest: +SKIP
    >>> summary["classes"][0]["complete_rate"]  # doctest: +SKIP
    """
    began = time.perf_counter()
    population = find_population(study)
    maker = CaseMaker(study, code_of_outcomes())
    check_policies(study, population, maker)
    store = Store(Path(folder), None if results is None else Path(results))
    store.open(study)
    place = None if results is None else str(store.results.resolve())
    setting = Setting(str(store.folder.resolve()), study.sha256, maker.code, 1, compute, place)
    count = count_cores() if workers is None else workers
    for _ in range(_ROUNDS):
        pool = LazyPool(partial(make_pool, setting, workers=count, scheduler=scheduler))
        try:
            progress = Progress(maker.count(population))
            jobs = maker.every_job(population)
            run_jobs(jobs, store, pool, progress, shard=shard, on_progress=on_progress)
        finally:
            pool.close()
        with unwritable(store.folder):
            found = sum_up(study, population, maker, store)
        if found.missing == 0 or shard is not None:
            break
    if found.missing == 0:
        _keep(found, store, time.perf_counter() - began)
    return found.summary


def check_policies(study: Study, population: Population, maker: CaseMaker) -> None:
    """Raise CaseError if a policy makes no case of the lesions at the ends of its range.

    The smallest and the largest of each kind of lesion are looked at before anything is computed.
    """
    kinds: dict[tuple[str, str, str | None], list[Lesion]] = {}
    for lesion in population.lesions:
        kinds.setdefault((lesion.tissue, lesion.perfusion, lesion.perfusion_rate), []).append(
            lesion
        )
    problems: list[str] = []
    for lesions in kinds.values():
        ends = {min(lesions, key=_size), max(lesions, key=_size)}
        problems += [
            next(maker.jobs(lesion, policy)).reason
            for policy in study.policies
            for lesion in sorted(ends, key=_size)
        ]
    if any(problems):
        raise CaseError(join_problems(study.title, list(dict.fromkeys(filter(None, problems)))))


def _size(lesion: Lesion) -> float:
    return lesion.diameter


def _keep(found: SumUp, store: Store, wall: float) -> None:
    """Write the summary, and beside it what hangs on the clock."""
    times = {"wall_s": wall, "cases_s": found.computing}
    with unwritable(store.folder):
        write_summary(found.summary, store)
        write_atomically(store.folder / "wall.json", json.dumps(times) + "\n")
