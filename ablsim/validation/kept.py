"""Finished runs on disk: one small JSON file each, named by what was asked and with which code.

A file is written under a temporary name and moved into place, so it is whole or not there. Whoever
asks the same again finds it; another case, other numerics or other code have another name.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ablsim.case import Case
from ablsim.errors import CaseError
from ablsim.storage.checkpoints import fingerprint

Work = Literal["run", "band"]

RUNS = "runs"
"""Folder of the files, in that of the report."""


@dataclass(frozen=True)
class Task:
    """One thing to compute: the run of a case, or its band on coarse cells.

    Parameters
    ----------
    label : str
        Whose it is, for whoever waits.
    work : {'run', 'band'}
        What is computed.
    case : Case
        The case; for a band the one on the cells of its varied runs.
    """

    label: str
    work: Work
    case: Case

    @cached_property
    def key(self) -> str:
        """What identifies the answer: all that the case asks but its words, and the code."""
        table = self.case.resolved()
        asked = {name: table[name] for name in sorted(table) if name not in {"title", "notes"}}
        words = json.dumps([self.work, asked, fingerprint()], sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()[:20]

    @property
    def effort(self) -> float:
        """About how much work it is, to begin with the longest."""
        cells = self.case.grid().n_cells
        return cells * self.case.protocol.duration * (13.0 if self.work == "band" else 1.0)

    def path(self, folder: Path) -> Path:
        """Return where its answer lies in the folder of a report."""
        return folder / RUNS / f"{self.work}-{self.key}.json"


def prepare_folder(folder: Path) -> None:
    """Make the folder of a report and see that files can be written there.

    Raises
    ------
    CaseError
        If they cannot.
    """
    trial = folder / RUNS / f".trial-{os.getpid()}"
    try:
        (folder / RUNS).mkdir(parents=True, exist_ok=True)
        trial.touch()
        trial.unlink()
    except OSError as error:
        what = error.strerror or str(error)
        msg = f"output {folder}: no file can be written there ({what}); choose a folder with -o"
        raise CaseError(msg) from None


def read_kept(path: Path) -> Mapping[str, Any] | None:
    """Return what a finished task left, None if there is nothing, or nothing that can be read."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return entry["answer"] if isinstance(entry, dict) and "answer" in entry else None


def write_kept(path: Path, task_key: str, case: Case, answer: Mapping[str, Any]) -> None:
    """Write what a task found, with the case that a reader can run again; whole or not at all."""
    entry = {"key": task_key, "code": fingerprint(), "case": case.to_toml(), "answer": answer}
    write_text(path, json.dumps(entry, indent=1))


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
