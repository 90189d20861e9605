"""The runs of a calibration: in worker processes, each computed once and kept as a small file.

What is there is not computed again: not after an interruption, nor for another selection of rows,
nor with more runs. The workers and the files are those of `ablsim.validation`, but a run here goes
by the code that its numbers may depend on, so that a changed table or picture does not cost hours.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path

import ablsim
from ablsim.case import Case
from ablsim.validation.answer import Answer
from ablsim.validation.kept import Task, prepare_folder, read_kept
from ablsim.validation.workers import compute

_NO_NUMBERS = {
    "__main__", "band", "band_text", "calibrating", "calibration", "cli", "cohort", "data",
    "doctor", "interruption", "notebook", "planning", "progress", "running", "storage",
    "summary", "summary_objects", "summary_text", "uncertainty", "validating", "validation",
    "view",
}  # fmt: skip  # parts of the package that no measured size depends on

OnDone = Callable[[int, int], None]


@dataclass(frozen=True)
class Run(Task):
    """One run of a calibration."""

    @cached_property
    def key(self) -> str:
        """What identifies the answer: all that the case asks but its words, and the code."""
        table = self.case.resolved()
        asked = {name: table[name] for name in sorted(table) if name not in {"title", "notes"}}
        words = json.dumps([asked, code_fingerprint()], sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of many runs.

    Parameters
    ----------
    answers : mapping of str to Answer
        What was measured, by the name of the run.
    failed : mapping of str to str
        Why a run has no answer, by its name.
    computed : int
        How many of them were computed now; the others were there.
    """

    answers: Mapping[str, Answer]
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
        Their files are in its folder ``runs``; made if it is not there.
    workers : int
        Processes that compute at the same time, with one thread each.
    on_done : callable, optional
        Called with how many runs are done and how many there are, each time that one ends.
    check : callable, optional
        Called now and then; what it raises stops everything. Finished runs are kept.
    """
    prepare_folder(folder)
    runs = {name: Run(name, "run", case) for name, case in cases.items()}
    missing = {run.key: run for run in runs.values() if read_kept(run.path(folder)) is None}
    done = sum(run.key not in missing for run in runs.values())

    def tell(task: Task | None = None, reason: str = "") -> None:
        nonlocal done
        if task is not None:
            done += sum(run.key == task.key for run in runs.values())
        if on_done is not None:
            on_done(done, len(runs))

    tell()
    reasons = compute(list(missing.values()), folder, workers=workers, on_done=tell, check=check)
    answers, failed = {}, {}
    for name, run in runs.items():
        kept = read_kept(run.path(folder))
        if kept is None:
            failed[name] = reasons.get(run.key, "its file cannot be read")
        else:
            answers[name] = Answer.from_json(kept)
    return Outcome(answers, failed, len(missing) - len(reasons))


@cache
def code_fingerprint() -> str:
    """Return a hash of all code that a measured size may depend on, and of the compiler."""
    root = Path(ablsim.__file__).parent
    found = hashlib.sha256(f"numba {version('numba')} numpy {version('numpy')}".encode())
    for path in sorted([*root.rglob("*.py"), *(root / "kernels").glob("*.py")]):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[0] not in _NO_NUMBERS:
            found.update("/".join(parts).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()
