"""What is wrong with a case file, in sentences: key, value, what is allowed, what to do."""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

_EXAMPLES = {
    "schema": 'schema = "ablsim/case/1"',
    "title": 'title = "Bare fibre, 5 W for 360 s"',
    "tissue": '[tissue] with background = "liver"',
    "tissue.background": 'background = "liver"',
    "tumour.tissue": 'tissue = "net_metastasis"',
    "vessel.name": 'name = "right hepatic vein"',
    "vessel.diameter": 'diameter = "6 mm"',
    "vessel.points": 'points = [["22 mm", "-40 mm", "0 mm"], ["22 mm", "40 mm", "0 mm"]]',
    "organ.name": 'name = "gallbladder"',
    "organ.tissue": 'tissue = "bile"',
    "organ.shape": 'shape = "ellipsoid"',
    "probe.name": 'name = "T1"',
    "probe.position": 'position = ["5 mm", "0 mm", "0 mm"]',
    "fibre.kind": 'kind = "bare"',
    "fibre.tip": 'tip = ["0 mm", "0 mm", "0 mm"]',
    "fibre.direction": "direction = [0, 0, -1]",
    "fibres.kind": 'kind = "bare"',
    "fibres.pattern": 'pattern = "square"',
    "fibres.direction": "direction = [0, 0, -1]",
    "protocol": '[protocol] with steps = ["deliver 5 W for 360 s", "rest for 120 s"]',
    "protocol.steps": 'steps = ["deliver 5 W for 360 s", "rest for 120 s"]',
}

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")
_UNQUOTED = re.compile(r"=\s*\[?\s*[+-]?[\d.]+\s*[A-Za-zµ°]")

PROBLEMS_SHOWN = 30
"""How many problems a message lists; of any more it says the number."""

Location = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Hints:
    """What the messages about one kind of file say beyond what its models know.

    Parameters
    ----------
    examples : mapping of str to str
        What may be written where a key is missing, by key.
    later : mapping of str to str
        What keys of later versions stand for, by key.
    """

    examples: Mapping[str, str]
    later: Mapping[str, str]


CASE_HINTS = Hints(_EXAMPLES, {})


def describe_problems(
    error: ValidationError,
    table: Mapping[str, Any],
    root: type[BaseModel],
    *,
    within: Location = (),
    hints: Hints = CASE_HINTS,
) -> list[str]:
    """Return one line for each problem that pydantic found.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    table : mapping
        The case as it was given.
    root : type of BaseModel
        The model of the whole case, or of one table.
    within : tuple of str
        Where that table stands in the case.
    hints : Hints
        What is known about the keys of this kind of file.
    """
    problems: list[str] = []
    for entry in error.errors(include_url=False):
        location: Location = entry["loc"]
        kind = entry["type"]
        if kind != "missing" and not _is_given(location, table):
            continue  # a default that was copied from a key which is reported itself
        place = (*within, *location)
        path = _path(place)
        if kind == "extra_forbidden":
            problems.append(_unknown_key(location, root, within, hints.later))
        elif kind == "missing":
            example = hints.examples.get(_plain_path(place), "")
            remedy = f"; write for example {example}" if example else "; add it"
            problems.append(f"{path}: is missing{remedy}")
        elif kind == "value_error":
            lines = str(entry["ctx"]["error"]).splitlines()
            problems += [_with_key(path, line) for line in lines]
        elif kind in {"model_type", "tuple_type", "dict_type"}:
            is_list = _holds_tables(location, root)
            problems.append(f"{path}: {_wrong_brackets(place, kind, is_list, hints.examples)}")
        else:
            problems.append(f"{path}: {entry['input']!r}: {entry['msg']}")
    return list(dict.fromkeys(problems))


def join_problems(source: str, problems: Sequence[str]) -> str:
    """Return all problems as one message, one line each."""
    if len(problems) == 1:
        return f"{source}: {problems[0]}"
    listed = "\n".join(f"  {problem}" for problem in problems[:PROBLEMS_SHOWN])
    more = len(problems) - PROBLEMS_SHOWN
    ending = f"\n  and {more} more" if more > 0 else ""
    return f"{source} has {len(problems)} problems:\n{listed}{ending}"


def describe_syntax(error: tomllib.TOMLDecodeError, text: str) -> str:
    """Return where and why a text is not TOML, as a sentence."""
    lines = text.splitlines() or [""]
    place = _PLACE.search(str(error))
    reason = _PLACE.sub("", str(error)).strip()
    number, column = len(lines), len(lines[-1]) + 1
    if place and place[1]:
        number, column = int(place[1]), int(place[2])
    line = lines[number - 1].strip() if number <= len(lines) else ""
    remedy = "correct this line"
    if "overwrite" in reason or "twice" in reason:
        remedy = "it is there twice: keep one of the two"
    elif _UNQUOTED.search(line):
        remedy = 'write quantities in quotes, for example "1 mm"'
    return f"line {number}, column {column} cannot be read ({reason}): {line!r}; {remedy}"


def _with_key(path: str, line: str) -> str:
    """Return a problem with its key in front; it may name a key further in itself."""
    if not path:
        return line
    key, colon, rest = line.partition(": ")
    if colon and key.isidentifier():
        return f"{path}.{key}: {rest}"
    return f"{path}: {line}"


def _path(location: Location) -> str:
    """Return a key as people read it: ``fibre#2.tip`` is the tip of the second fibre."""
    parts = [f"#{part + 1}" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).lstrip(".")


def _plain_path(location: Location) -> str:
    return ".".join(part for part in location if isinstance(part, str))


def _is_given(location: Location, table: Any) -> bool:
    """Say whether the case itself holds a value at this place."""
    for part in location:
        is_entry = isinstance(part, int) and isinstance(table, (list, tuple)) and part < len(table)
        if not is_entry and not (isinstance(table, Mapping) and part in table):
            return False
        table = table[part]
    return True


def _unknown_key(
    location: Location, root: type[BaseModel], within: Location, later: Mapping[str, str]
) -> str:
    """Say that a key is unknown, or not known yet, and which one may be meant."""
    place = (*within, *location)
    path, plain, key = _path(place), _plain_path(place), str(location[-1])
    if plain in later:
        return (
            f"{path}: not yet: {key} ({later[plain]}) is for a later version of ablsim; "
            "remove the key"
        )
    here = _keys_of(_model_at(location[:-1], root))
    everywhere = _all_paths(root, "".join(f"{table}." for table in within))
    close = difflib.get_close_matches(key, here, n=1)
    elsewhere = [other for other in everywhere if other.rpartition(".")[2] == key]
    hint = ""
    if close:
        hint = f'did you mean "{close[0]}"? '
    elif elsewhere:
        hint = f"did you mean {' or '.join(elsewhere)}? "
    return f"{path}: unknown key; {hint}allowed here: {', '.join(here)}"


def _keys_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(location: Location, root: type[BaseModel]) -> type[BaseModel]:
    """Return the model of the table at a place in the case."""
    model = root
    for part in location:
        if isinstance(part, int):
            continue
        for name, field in model.model_fields.items():
            if part == (field.alias or name):
                model = _model_in(field.annotation) or model
    return model


def _holds_tables(location: Location, root: type[BaseModel]) -> bool:
    """Say whether a list of tables is wanted at a place in the case."""
    model = _model_at(location[:-1], root)
    for name, field in model.model_fields.items():
        if location[-1] == (field.alias or name):
            return get_origin(field.annotation) is tuple and _model_in(field.annotation) is not None
    return False


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the table that a field holds, alone, in a list or optionally."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _all_paths(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Return every key of the case with its tables."""
    paths = []
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        paths.append(key)
        if get_origin(field.annotation) is Mapping:
            key += ".<name>"
        if inner := _model_in(field.annotation):
            paths += _all_paths(inner, f"{key}.")
    return paths


def _wrong_brackets(
    location: Location, kind: str, is_list: bool, examples: Mapping[str, str]
) -> str:
    """Say how a table or a list of tables is written."""
    plain = _plain_path(location)
    if is_list:
        return f"is a list of tables; write [[{plain}]] with double brackets"
    if kind == "dict_type":
        return f"holds tables by name; write [{plain}.liver] with its keys below"
    if kind == "tuple_type":
        example = examples.get(plain, "[...]")
        return f"is a list; write for example {example}"
    return f"is a single table; write [{plain}] with its keys below"
