"""The text of a case: how it is read, and what stands in the file of a case made in Python."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ablsim.case_messages import describe_syntax
from ablsim.errors import CaseError

_WIDTH = 96
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def read_text(path: Path) -> str:
    """Return the text of a case file; raise CaseError if there is none or it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        msg = f"{path}: there is no such file; check the name and the folder"
        raise CaseError(msg) from None
    except UnicodeDecodeError as error:
        msg = f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise CaseError(msg) from None
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); give the name of a case file"
        raise CaseError(msg) from None


def parse_text(text: str, source: str) -> dict[str, Any]:
    """Return the table that a text of TOML or JSON says."""
    try:
        table: dict[str, Any] = json.loads(text) if text.startswith("{") else tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{source}: {describe_syntax(error, text)}"
        raise CaseError(msg) from None
    except json.JSONDecodeError as error:
        msg = f"{source}: line {error.lineno}, column {error.colno} cannot be read ({error.msg})"
        raise CaseError(msg) from None
    except RecursionError:
        msg = f"{source}: cannot be read, it is nested too deeply; write it as a case file"
        raise CaseError(msg) from None
    except ValueError as error:
        msg = f"{source}: cannot be read ({error}); write it as a case file"
        raise CaseError(msg) from None
    return table


def write_toml(table: Mapping[str, Any]) -> str:
    """Return a table of a case as TOML, one ``[table]`` after the other.

    Parameters
    ----------
    table : mapping
        Texts, numbers, truth values, lists and tables; what is None is left out. Lists of tables
        at the top become ``[[tables]]``, all others stay within their line or lines.

    Returns
    -------
    str
        Text that `tomllib.loads` turns into an equal table (tuples into lists).

    Examples
    --------
    >>> print(write_toml({"title": "one", "tissue": {"background": "liver"}}), end="")
    title = "one"
    <BLANKLINE>
    [tissue]
    background = "liver"
    """
    return "\n\n".join(_sections(table, ())) + "\n"


def _sections(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """Return a table's own keys, then each table inside it, as blocks of lines."""
    said = {key: value for key, value in table.items() if value is not None}
    inner = {key: value for key, value in said.items() if _is_table(value)}
    lists = {key: value for key, value in said.items() if not path and _is_list_of_tables(value)}
    own = [
        f"{_key(key)} = {_value(value)}"
        for key, value in said.items()
        if key not in inner and key not in lists
    ]
    header = [f"[{'.'.join(map(_key, path))}]"] if path and (own or not inner) else []
    blocks = ["\n".join([*header, *own])] if header or own else []
    for key, value in said.items():
        if key in inner:
            blocks += _sections(value, (*path, key))
        for entry in value if key in lists else ():
            lines = [f"{_key(k)} = {_value(v)}" for k, v in entry.items() if v is not None]
            blocks.append("\n".join([f"[[{_key(key)}]]", *lines]))
    return blocks


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(map(_is_table, value))


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _line(key)


def _value(value: Any) -> str:
    """Return a value as it stands behind its key."""
    if isinstance(value, str):
        return _paragraph(value) if "\n" in value.strip() else _line(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float.__repr__(value)  # also of numpy's floats
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, Mapping):
        pairs = [f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    return _list([_value(entry) for entry in value])


def _list(entries: Sequence[str]) -> str:
    line = f"[{', '.join(entries)}]"
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    return "[\n" + "".join(f"  {entry},\n" for entry in entries) + "]"


def _line(text: str) -> str:
    """Return a text within a line; the escapes of JSON are those of TOML but for one."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _paragraph(text: str) -> str:
    """Return a text of several lines as such."""
    lines = []
    for line in text.split("\n"):
        escaped = _line(line)[1:-1]
        lines.append(escaped if '\\"\\"' in escaped else escaped.replace('\\"', '"'))
    if lines[-1].endswith('"'):
        lines[-1] = _line(text.split("\n")[-1])[1:-1]
    return '"""\n' + "\n".join(lines) + '"""'
