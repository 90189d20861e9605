"""Many cases in worker processes, each computed once and kept as a small file.

The file of a run is named by the hash of its case and of the code that computes it, and written
under another name first, so that a name means a complete file. What is there is not computed
again: not after an interruption, nor for another selection of rows, nor with more runs.
"""

import hashlib
import json
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import ablsim
from ablsim.case import Case
from ablsim.zone import PROCESSES, Zone, Zones, measure_zones

SCHEMA = "ablsim/measured/1"
"""Name and version of the layout of a run's file."""

_NO_NUMBERS = {
    "__main__", "band", "band_text", "calibrating", "calibration", "cli", "cohort", "data",
    "doctor", "interruption", "notebook", "planning", "progress", "running", "storage",
    "summary", "summary_objects", "summary_text", "uncertainty", "validation", "view",
}  # fmt: skip  # parts of the package that no measured size depends on
_LOOK = 0.5  # s between two looks at whether to stop

OnDone = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of many runs.

    Parameters
    ----------
    zones : mapping of str to Zones
        What was measured, by the name of the run.
    failed : mapping of str to str
        Why a run has no result, by its name.
    computed : int
        How many of them were computed now; the others were there.
    """

    zones: Mapping[str, Zones]
    failed: Mapping[str, str]
    computed: int


def measure_all(
    cases: Mapping[str, Case],
    folder: Path,
    *,
    workers: int,
    on_done: OnDone | None = None,
    check: Callable[[], None] | None = None,
) -> Outcome:
    """Simulate and measure what is not there yet; a run that fails does not stop the others.

    Parameters
    ----------
    cases : mapping of str to Case
        The runs by name.
    folder : Path
        Where their files are; made if it is not there.
    workers : int
        Processes that compute at the same time, with one thread each.
    on_done : callable, optional
        Called with how many runs are done and how many there are, each time that one ends.
    check : callable, optional
        Called now and then; what it raises stops everything. Finished runs are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    places = {name: folder / _file_name(case) for name, case in cases.items()}
    failed: dict[str, str] = {}
    needed: dict[Path, str] = {}
    for name, place in places.items():
        if not place.is_file():
            needed.setdefault(place, name)
    done = len(cases) - len(needed)
    if on_done is not None:
        on_done(done, len(cases))
    jobs = [(place, cases[name].text) for place, name in needed.items()]
    for place, problem in _work_off(jobs, workers, check or _nothing):
        done += 1
        if problem:
            failed |= {name: problem for name, at in places.items() if at == place}
        if on_done is not None:
            on_done(done, len(cases))
    zones = {name: _read(place) for name, place in places.items() if name not in failed}
    return Outcome(zones, failed, len(needed) - len({places[name] for name in failed}))


@cache
def code_fingerprint() -> str:
    """Return a hash of all code that a measured size may depend on."""
    root = Path(ablsim.__file__).parent
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[0] not in _NO_NUMBERS:
            found.update("/".join(parts).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def _file_name(case: Case) -> str:
    text = f"{case.sha256} {code_fingerprint()}"
    return f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def _write(place: Path, case: Case, zones: Zones) -> None:
    """Write what was measured; only a complete file gets the name."""
    table = {
        "schema": SCHEMA,
        "case": {"title": case.title, "sha256": case.sha256},
        "code": code_fingerprint(),
        "ablsim": ablsim.__version__,
        "zones": {name: asdict(zones[name]) for name in PROCESSES},
        "notes": list(zones.notes),
    }
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(table, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(place)


def _read(place: Path) -> Zones:
    table = json.loads(place.read_text(encoding="utf-8"))
    zones = {name: _zone(entry) for name, entry in table["zones"].items()}
    return Zones(
        **zones,
        tumour=None,
        healthy_ablated=0.0,
        boiled=0.0,
        charred=0.0,
        notes=tuple(table["notes"]),
    )


def _zone(entry: dict[str, Any]) -> Zone:
    return Zone(**{**entry, "axes": tuple(entry["axes"])})


def _nothing() -> None:
    """Let the runs go on."""


class _Worker:
    """One process that simulates what it is given, one case after the other."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a forked process may not run numba
        self.link, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other,), daemon=True)
        self._process.start()
        other.close()
        self.job: Path | None = None

    def give(self, place: Path, text: str) -> None:
        self.job = place
        self.link.send((place, text))

    def take(self) -> str:
        """Return what went wrong with the job, nothing if it is done."""
        try:
            return str(self.link.recv())
        except (EOFError, ConnectionError):
            self._process.join()
            return (
                f"its process died (exit status {self._process.exitcode}), as one does that the "
                "system stops for lack of memory"
            )

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def stop(self) -> None:
        self.link.close()
        self._process.terminate()
        self._process.join()


def _work_off(
    jobs: Iterable[tuple[Path, str]], workers: int, check: Callable[[], None]
) -> Iterable[tuple[Path, str]]:
    """Yield each job's place with what went wrong, as they end."""
    waiting = deque(jobs)
    crew = [_Worker() for _ in range(min(workers, len(waiting)))]
    try:
        for worker in crew:
            worker.give(*waiting.popleft())
        while busy := [worker for worker in crew if worker.job is not None]:
            check()
            ready = wait([worker.link for worker in busy], _LOOK)
            for worker in [worker for worker in busy if worker.link in ready]:
                place, problem = worker.job or Path(), worker.take()
                worker.job = None
                if not worker.is_alive:
                    crew.remove(worker)
                    worker.stop()
                    if waiting:
                        worker = _Worker()  # in its place
                        crew.append(worker)
                if waiting:
                    worker.give(*waiting.popleft())
                yield place, problem
    finally:
        for worker in crew:
            worker.stop()


def _serve(link: Connection) -> None:
    """Simulate and measure what comes, until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to stop
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    from ablsim.simulation import simulate

    while True:
        try:
            place, text = link.recv()
        except EOFError:
            return
        try:
            case = Case.from_text(text, source="a run of the calibration")
            _write(place, case, measure_zones(simulate(case)))
            link.send("")
        except Exception as error:  # any failure of one run is reported, not fatal
            link.send(f"{type(error).__name__}: {error}")
