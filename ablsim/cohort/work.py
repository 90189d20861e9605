"""What a worker does: one case, its result kept and handed back, its failure in words."""

import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablsim.cohort.store import Store, code_of_outcomes
from ablsim.errors import AblsimError

Record = dict[str, Any]
Compute = Callable[[str, int], Record]


@dataclass(frozen=True, slots=True)
class Setting:
    """What all jobs of a study have in common.

    Parameters
    ----------
    folder : str
        Of the study, as the one who asks sees it.
    study_sha256 : str
        Tells whether a worker sees the same folder.
    code : str
        Fingerprint of the code that the results are named by.
    threads : int
        How many threads each case has.
    compute : callable
        What is done with the text of a case and the number of threads.
    results : str, optional
        Where results are kept that several studies share; by default in the folder.
    """

    folder: str
    study_sha256: str
    code: str
    threads: int
    compute: Compute
    results: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a job.

    Parameters
    ----------
    key : str
        Which.
    record : dict, optional
        Its result.
    reason : str
        Why there is none.
    died : bool
        Whether the process that computed it died.
    stranger : str
        Where it ran on code other than that which its result would be named by.
    """

    key: str
    record: Record | None = None
    reason: str = ""
    died: bool = False
    stranger: str = ""


def work(key: str, text: str, setting: Setting) -> Done:
    """Compute one case; never raises what the case is to blame for.

    Where the folder of the study can be seen from here the result is kept there at once, so that
    nothing is lost with whoever asked for it.
    """
    if code_of_outcomes() != setting.code:
        return Done(key, stranger=_where())
    shared = None if setting.results is None else Path(setting.results)
    store = Store(Path(setting.folder), shared)
    is_here = store.is_of(setting.study_sha256)
    if is_here and (kept := store.read(key)) is not None:
        return Done(key, kept)
    try:
        record = setting.compute(text, setting.threads)
    except MemoryError:
        return Done(key, reason="not enough memory on the worker")
    except AblsimError as error:
        return Done(key, reason=str(error))
    except Exception as error:  # whatever it is, it must not stop the study
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}, line {last.lineno}"
        return Done(key, reason=f"{type(error).__name__}: {error} ({place})")
    if is_here:
        with suppress(OSError):  # a full disk: whoever asked gets the record, and says so
            store.write(key, record)
    return Done(key, record)


def _where() -> str:
    import socket

    return socket.gethostname()
