"""The folder of a study: small results named by what they answer, failures, and the summary.

A file with its final name is always complete: it is written under another name, brought to the disk
and only then renamed. So any number of processes may write into one folder, and whatever was killed
leaves nothing that looks finished.
"""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from ablsim.cohort import outcome
from ablsim.cohort.study import Study
from ablsim.errors import CaseError
from ablsim.fingerprint import fingerprint

ABOVE = (
    "__main__.py", "app", "calibrating.py", "cli.py", "cli_app.py", "cli_exchange.py",
    "cli_laboratory.py", "cli_planning.py", "cohorting.py", "doctor.py", "exchange",
    "interruption.py", "prescribing.py", "progress.py", "refining.py", "report", "running.py",
    "serving.py", "ultrasound", "validating.py", "view",
)  # fmt: skip
"""Parts of ablsim that stand above every simulation and so decide nothing about its answer."""

BESIDE = ("agreement", "calibration", "certificate.py", "cohort", "explanation", "imaging",
          "planning", "refinement.py", "reproduction.py", "validation", "workers.py")  # fmt: skip
"""Parts that ask simulations, or look at their answers, in other ways than cohorts do."""

_STALE = 86400.0  # s after which an unfinished file is taken for one of a process that died

Record = dict[str, Any]


def code_of_outcomes() -> str:
    """Return a hash of all code that decides what one case comes to."""
    own = Path(outcome.__file__).read_bytes()
    return hashlib.sha256(fingerprint((*ABOVE, *BESIDE)).encode() + own).hexdigest()


@contextmanager
def written_atomically(path: Path) -> Iterator[TextIO]:
    """Give a text stream whose content is at ``path`` once all of it is there, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, text: str) -> None:
    """Write a text so that the file is there as a whole or not at all."""
    with written_atomically(path) as stream:
        stream.write(text)


class Store:
    """The folder of a study.

    Parameters
    ----------
    folder : Path
        Where it is; made by :meth:`open`.
    results : Path, optional
        Where results are kept that several studies share; by default in the folder itself. Their
        names say what they answer, so that nothing is mixed up.
    """

    def __init__(self, folder: Path, results: Path | None = None) -> None:
        self.folder = folder
        self.results = folder / "results" if results is None else results

    @property
    def summary_path(self) -> Path:
        """Where the summary goes."""
        return self.folder / "summary.json"

    @property
    def lesions_path(self) -> Path:
        """Where the table of lesions goes."""
        return self.folder / "lesions.csv"

    @property
    def picture_path(self) -> Path:
        """Where the picture goes."""
        return self.folder / "cohort.png"

    def open(self, study: Study) -> None:
        """Make the folder, or take it up again, and put the study into it.

        Raises
        ------
        CaseError
            If it holds something else than a study.
        """
        copy = self.folder / "study.toml"
        if self.folder.is_file() or (
            self.folder.is_dir() and any(self.folder.iterdir()) and not copy.exists()
        ):
            msg = (
                f"output {self.folder}: is there already and is not the folder of a study; choose "
                "another one with -o"
            )
            raise CaseError(msg)
        try:
            write_atomically(copy, study.text)
        except OSError as error:
            msg = f"output {self.folder}: cannot be written ({error.strerror}); choose another"
            raise CaseError(msg) from None
        self._sweep()

    def is_of(self, study_sha256: str) -> bool:
        """Say whether the folder of a certain study can be seen from here."""
        try:
            text = (self.folder / "study.toml").read_bytes()
        except OSError:
            return False
        return hashlib.sha256(text).hexdigest() == study_sha256

    def path_of(self, key: str) -> Path:
        """Return where a result lies."""
        return self.results / key[:2] / f"{key}.json"

    def has(self, key: str) -> bool:
        """Say whether a result is there."""
        return self.path_of(key).exists()

    def write(self, key: str, record: Record) -> None:
        """Keep a result, and forget that its case had failed before."""
        write_atomically(self.path_of(key), json.dumps(record, ensure_ascii=False) + "\n")
        for path in self._failure_paths(key):
            path.unlink(missing_ok=True)

    def read(self, key: str) -> Record | None:
        """Return a result; None if it is not there. A damaged one is removed."""
        path = self.path_of(key)
        try:
            record: Record = json.loads(path.read_text(encoding="utf-8"))
            outcome.read_stages(record)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            path.unlink(missing_ok=True)
            return None
        return record

    def fail(self, key: str, text: str, reason: str) -> None:
        """Note why a case has no result, and keep the case so that anyone can run it."""
        case, note = self._failure_paths(key)
        if text:
            write_atomically(case, text)
        write_atomically(note, json.dumps({"reason": reason}, ensure_ascii=False) + "\n")

    def failure(self, key: str) -> str | None:
        """Return why a case has no result; None if it did not fail."""
        try:
            noted = json.loads(self._failure_paths(key)[1].read_text(encoding="utf-8"))
            return str(noted["reason"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def command(self, key: str) -> str | None:
        """Return the command that runs a failed case in this folder; None if there is no case."""
        case, _ = self._failure_paths(key)
        return f"ablsim run failed/{case.name} --force" if case.exists() else None

    def _failure_paths(self, key: str) -> tuple[Path, Path]:
        folder = self.folder / "failed"
        return folder / f"{key}.toml", folder / f"{key}.json"

    def _sweep(self) -> None:
        """Remove what processes left that died long ago while they wrote."""
        inside = (place.glob("*/**/*.part") for place in {self.folder, self.results})
        for path in [*self.folder.glob("*.part"), *chain.from_iterable(inside)]:
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE:
                    path.unlink(missing_ok=True)
