"""The publications behind the numbers, as text or as BibTeX."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ablsim.errors import CaseError

if TYPE_CHECKING:
    from pybtex.database import BibliographyData, Entry


@cache
def _bibliography() -> "BibliographyData":
    """Return the parsed ``references.bib``."""
    from pybtex.database import parse_string

    path = Path(__file__).with_name("references.bib")
    return parse_string(path.read_text(encoding="utf-8"), "bibtex")


def _entry(key: str) -> "Entry":
    """Return the entry of ``key``, which is looked up as it is written."""
    entries = _bibliography().entries
    known = list_keys()
    if key in known:
        return entries[key]
    close = get_close_matches(key, known, n=2, cutoff=0.5)
    guess = f"did you mean {' or '.join(map(repr, close))}?" if close else "see list_keys()"
    msg = f"unknown reference {key!r}: {guess}"
    raise CaseError(msg)


def list_keys() -> tuple[str, ...]:
    """Return the keys of all references, in alphabetical order."""
    return tuple(sorted(_bibliography().entries))


def cite(keys: Iterable[str], *, form: Literal["text", "bibtex"] = "text") -> str:
    """Return the references of ``keys``, each once, in alphabetical order of the keys.

    Parameters
    ----------
    keys : iterable of str
        Keys in ``references.bib``.
    form : {"text", "bibtex"}
        One readable line per reference, ``[key] ...``, or BibTeX entries.

    Returns
    -------
    str
        The references; empty for no keys.

    Raises
    ------
    CaseError
        If a key is unknown; the message names those that come close.
    """
    chosen = {key: _entry(key) for key in sorted(set(keys))}
    if form == "bibtex":
        return "\n".join(str(entry.to_string("bibtex")) for entry in chosen.values())
    return "\n".join(f"[{key}] {_plain(entry)}" for key, entry in chosen.items())


def _plain(entry: "Entry") -> str:
    """Return one reference as a line of text."""
    from pybtex.plugin import find_plugin

    style = find_plugin("pybtex.style.formatting", "plain")()
    backend = find_plugin("pybtex.backends", "text")()
    (formatted,) = style.format_entries([entry])
    return " ".join(str(formatted.text.render(backend)).split())
