"""The likeliest reasons why rows are off: a fixed table, each with where it comes from."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row may be off.

    Parameters
    ----------
    id : str
        The row.
    reason : str
        The likeliest reason.
    source : str
        Where that comes from: a publication, or a command that shows it.
    """

    id: str
    reason: str
    source: str


@cache
def read_reasons() -> dict[str, Reason]:
    """Return the documented reason of every row that has one, by its name."""
    text = files("ablsim").joinpath("data", "validation_reasons.csv").read_text(encoding="utf-8")
    return {entry["id"]: Reason(**entry) for entry in csv.DictReader(text.splitlines())}
