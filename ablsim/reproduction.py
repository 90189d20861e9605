"""A stored result computed once more from what it says about itself, and held against itself."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablsim.case_memory import check_memory
from ablsim.domain import make_domain
from ablsim.result import Result
from ablsim.simulation import simulate
from ablsim.storage import Difference, Recorder, compare_results, load

OnProgress = Callable[[float, float], None]

_INCIDENTAL = {"finished", "case_sha256"}
"""What provenance says that has no part in how the answer came about."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of computing a stored result again.

    Parameters
    ----------
    compared : int
        Items that were compared: fields at each stored time, books, history, probes, organs.
    differences : tuple of Difference
        Those that are not the same bit by bit.
    changed : mapping of str to tuple of str
        What computed the two, where it is not the same: version or machine then and now.
    """

    compared: int
    differences: tuple[Difference, ...]
    changed: Mapping[str, tuple[str, str]]

    @property
    def is_same(self) -> bool:
        """Whether every bit came out as it was."""
        return not self.differences


def reproduce(path: str | Path, *, on_progress: OnProgress | None = None) -> Reproduction:
    """Run the case of a stored result again and compare the two bit by bit.

    Parameters
    ----------
    path : str or Path
        A result (``.vtkhdf``).
    on_progress : callable, optional
        As that of `simulate`.

    Returns
    -------
    Reproduction
        What differs, and what has changed in the program and the machine since.

    Raises
    ------
    ResultError
        If the result cannot be read, or its case no longer by this version.
    CaseError
        If this machine has not the memory for it.

    Notes
    -----
    The same program gives the same bits at any number of threads, resumed or not. The second
    result is written to the folder for temporary files, compared, and removed.

    Examples
    --------
    >>> import ablsim
    >>> ablsim.reproduce("patient.vtkhdf").is_same  # doctest: +SKIP
    True
    """
    stored = load(path)
    check_memory(stored.grid, stored.case.numerics.precision)
    with tempfile.TemporaryDirectory(prefix="ablsim-") as folder:
        again = Path(folder) / "again.vtkhdf"
        result = _run_again(stored, again, on_progress)
        compared, differences = compare_results(path, again)
    return Reproduction(compared, differences, _changes(stored.provenance, result.provenance))


def describe(reproduction: Reproduction, name: str) -> str:
    """Return what came of it as text."""
    found = reproduction
    if found.is_same:
        lines = [f"{name}: the same bits again; {found.compared} items compared, none differs"]
    else:
        lines = [
            f"{name}: not the same bits; {len(found.differences)} of {found.compared} items differ"
        ]
        for item in found.differences:
            if item.total == 0:
                lines.append(f"  {item.item}: missing in one of the two, or of another shape")
                continue
            by = f", by at most {item.largest:.3g}" if item.largest == item.largest else ""
            lines.append(f"  {item.item}: {item.count:,} of {item.total:,} numbers{by}")
    for what, (then, now) in found.changed.items():
        lines.append(f"  since then {what} changed: {_short(then)} -> {_short(now)}")
    if not found.is_same and not found.changed:
        lines.append("  nothing that is known of program and machine has changed since")
    return "\n".join(lines)


def summarise(reproduction: Reproduction) -> dict[str, Any]:
    """Return what came of it as the JSON object ``ablsim/reproduction/1``."""
    return {
        "schema": "ablsim/reproduction/1",
        "same": reproduction.is_same,
        "compared": reproduction.compared,
        "differences": [
            {
                "item": item.item,
                "count": item.count,
                "total": item.total,
                "largest": item.largest if item.largest == item.largest else None,
            }
            for item in reproduction.differences
        ],
        "changed": {
            what: {"then": then, "now": now} for what, (then, now) in reproduction.changed.items()
        },
    }


def _run_again(stored: Result, path: Path, on_progress: OnProgress | None) -> Result:
    case = stored.case
    domain = make_domain(case)
    with Recorder(
        path,
        case,
        domain.grid,
        domain.labels,
        domain.materials,
        case.tissue.body_temperature,
    ) as recorder:
        result = simulate(
            case, domain=domain, on_snapshot=recorder.snapshot, on_progress=on_progress
        )
        recorder.finish(result)
    return result


def _changes(then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return what provenance says differently; a version that was not written down is unknown."""
    names = [name for name in now if name not in _INCIDENTAL]
    return {
        name: (then.get(name, "unknown"), now[name])
        for name in names
        if then.get(name, "unknown") != now[name]
    }


def _short(text: str) -> str:
    """Return a text with hashes cut to what tells them apart."""
    return text[:12] if len(text) == 64 else text
