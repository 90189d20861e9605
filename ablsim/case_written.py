"""What a case file would say for an object, and a case's table with single keys changed."""

import copy
import re
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import numpy as np
from pydantic import BaseModel

from ablsim.errors import CaseError
from ablsim.laser_log import LaserLog
from ablsim.light.fibre import Fibre
from ablsim.protocol import Protocol
from ablsim.quantities import DIRECTION, LENGTH, POSITION
from ablsim.steps import Deliver, NewSession, PullBack, Ramp, Reposition, Rest, Step, write_step

_PART = re.compile(r"(?P<name>[^.#]+)(?P<numbers>(?:#\d+)*)")


@singledispatch
def as_written(value: Any) -> Any:
    """Return what stands in a case file for a table, step, protocol or fibre, alone or in lists.

    What is written there as it is (texts, numbers) is returned unchanged.

    Examples
    --------
    >>> from ablsim.steps import PullBack
    >>> as_written({"steps": [PullBack(0.012), "rest for 180 s"]})
    {'steps': ['pull back 12 mm', 'rest for 180 s']}
    """
    return value


@as_written.register(Mapping)
def _(table: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: as_written(value) for key, value in table.items()}


@as_written.register(list)
@as_written.register(tuple)
def _(values: list[Any] | tuple[Any, ...]) -> list[Any]:
    return [as_written(value) for value in values]


@as_written.register(np.ndarray)
@as_written.register(np.generic)
def _(values: Any) -> Any:
    return values.tolist()


@as_written.register
def _(table: BaseModel) -> dict[str, Any]:
    return table.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


@as_written.register(Deliver)
@as_written.register(LaserLog)
@as_written.register(NewSession)
@as_written.register(PullBack)
@as_written.register(Ramp)
@as_written.register(Reposition)
@as_written.register(Rest)
def _(step: Step) -> str | dict[str, Any]:
    return write_step(step)


@as_written.register
def _(protocol: Protocol) -> dict[str, Any]:
    return {"steps": [write_step(step) for step in protocol.steps]}


@as_written.register
def _(fibre: Fibre) -> dict[str, Any]:
    length = {"length": LENGTH.write(fibre.length)} if fibre.kind == "diffuser" else {}
    return {
        "name": fibre.name,
        "kind": fibre.kind,
        **length,
        "tip": POSITION.write(fibre.tip),
        "direction": DIRECTION.write(fibre.direction),
        "core_diameter": LENGTH.write(fibre.core_diameter),
        "numerical_aperture": fibre.numerical_aperture,
        "transmission": fibre.transmission,
    }


def change_keys(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a case's table with other values at some of its keys.

    Parameters
    ----------
    table : mapping
        The case as a case file says it.
    changes : mapping
        New values by key: ``"tumour.diameter"``, and ``"fibre#2.tip"`` for the second fibre. None
        takes the key out.

    Raises
    ------
    CaseError
        If a key leads nowhere. Whether keys and values are right is left to the reading.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(table))
    problems = []
    for key, value in changes.items():
        try:
            _put(changed, key, _steps_of(key), as_written(value))
        except CaseError as error:
            problems.append(str(error))
    if problems:
        raise CaseError("\n".join(problems))
    return changed


def _steps_of(key: str) -> list[str | int]:
    """Return the names, and the numbers from 0, that lead to a key."""
    steps: list[str | int] = []
    for part in str(key).split("."):
        found = _PART.fullmatch(part)
        if found is None:
            msg = f'"{key}" is not a key; write for example "tumour.diameter" or "fibre#2.tip"'
            raise CaseError(msg)
        steps.append(found["name"])
        steps += [int(number) - 1 for number in found["numbers"].split("#")[1:]]
    return steps


def _put(item: Any, key: str, steps: list[str | int], value: Any) -> None:
    """Put ``value`` where ``steps`` lead in ``item``; tables on the way come into being."""
    step, *rest = steps
    if isinstance(step, int):
        if not isinstance(item, list) or not 0 <= step < len(item):
            n = len(item) if isinstance(item, list) else 0
            msg = f"{key}: there is no number {step + 1} of {n}; numbers count from 1"
            raise CaseError(msg)
    elif not isinstance(item, dict):
        hint = "add the number, as in fibre#1" if isinstance(item, list) else "correct the key"
        msg = f'{key}: what comes before "{step}" is not a table; {hint}'
        raise CaseError(msg)
    elif rest and item.get(step) is None:
        item[step] = [] if isinstance(rest[0], int) else {}
    if rest:
        _put(item[step], key, rest, value)
    elif value is None:
        if isinstance(step, int) or step in item:
            del item[step]
    else:
        item[step] = value
