"""The steps of a treatment: deliver, rest, pull back.

Typed steps are the truth; sentences such as ``"deliver 5 W for 360 s"`` are a way to write them.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ablsim.errors import CaseError
from ablsim.quantities import DURATION, ENERGY, LENGTH, POWER, refuse_later
from ablsim.units import write_quantity

POWER_MAX = 100.0
DELIVERY_MAX = 4.0 * 3600.0
REST_MAX = 48.0 * 3600.0
PULL_BACK_MAX = 0.2

EXAMPLES = {
    "deliver": '"deliver 5 W for 360 s", "deliver 5 W until 1800 J" or "deliver 5 W for 360 s '
    'with F1, F3"',
    "rest": '"rest for 180 s"',
    "pull back": '"pull back 12 mm"',
}

_KEYS: dict[str, tuple[str, ...]] = {
    "deliver": ("power", "duration", "energy", "fibres"),
    "rest": ("duration",),
    "pull back": ("distance",),
}

_PER_FIBRE = r"(?:\s+per\s+fib(?:re|er))?"
_DELIVER = re.compile(
    rf"deliver\s+(?P<power>.+?){_PER_FIBRE}(?:\s*,\s*|\s+)(?P<limit>for|until)\s+(?P<amount>.+?){_PER_FIBRE}"
    r"(?:(?:\s*,\s*|\s+)with\s+(?P<fibres>.+))?",
    re.IGNORECASE,
)
_REST = re.compile(r"rest\s+(?:for\s+)?(?P<duration>.+)", re.IGNORECASE)
_PULL_BACK = re.compile(r"pull[\s-]*back\s+(?:by\s+)?(?P<distance>.+)", re.IGNORECASE)
_LATER = {
    "ramp": "power ramps",
    "reposition": "new placements of the fibres",
    "new session": "further sessions",
    "log": "recorded laser logs",
}


@dataclass(frozen=True, slots=True)
class Deliver:
    """Fire at constant power.

    Parameters
    ----------
    power : float
        Set power of each firing fibre [W].
    duration : float
        How long [s].
    fibres : tuple of str, optional
        Names of the fibres that fire; all when left out.
    """

    power: float
    duration: float
    fibres: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _check_limits("the power of a fibre", self.power, 0.0, POWER_MAX, "W")
        _check_limits("one delivery", self.duration, 0.0, DELIVERY_MAX, "s", above=True)
        if self.fibres is not None and len(set(self.fibres)) != len(self.fibres):
            msg = f"a fibre is named twice in 'with {', '.join(self.fibres)}'; name it once"
            raise CaseError(msg)

    @property
    def sentence(self) -> str:
        """The step as it is written in a case file."""
        power, duration = write_quantity(self.power, "W"), write_quantity(self.duration, "s")
        chosen = "" if self.fibres is None else f" with {', '.join(self.fibres)}"
        return f"deliver {power} per fibre for {duration}{chosen}"


@dataclass(frozen=True, slots=True)
class Rest:
    """Fire nothing for ``duration`` [s]."""

    duration: float

    def __post_init__(self) -> None:
        _check_limits("one rest", self.duration, 0.0, REST_MAX, "s")

    @property
    def sentence(self) -> str:
        """The step as it is written in a case file."""
        return f"rest for {write_quantity(self.duration, 's')}"


@dataclass(frozen=True, slots=True)
class PullBack:
    """Draw all fibres ``distance`` [m] towards the hand; takes no time."""

    distance: float

    def __post_init__(self) -> None:
        _check_limits("one pull-back", self.distance, 0.0, PULL_BACK_MAX, "mm", above=True)

    @property
    def sentence(self) -> str:
        """The step as it is written in a case file."""
        return f"pull back {write_quantity(self.distance, 'mm')}"


Step = Deliver | Rest | PullBack


def parse_step(step: str | Mapping[str, Any]) -> Step:
    """Return the step that a sentence or a table of a case file says.

    Examples
    --------
    >>> parse_step("deliver 5 W per fibre until 1800 J per fibre with F1, F3")
    Deliver(power=5.0, duration=360.0, fibres=('F1', 'F3'))
    >>> parse_step({"pull back": "12 mm"})
    PullBack(distance=0.012)

    Raises
    ------
    CaseError
        If it cannot be read, is outside the limits, or belongs to a later version.
    """
    if isinstance(step, str):
        return _parse_sentence(" ".join(step.split()).rstrip("."))
    if isinstance(step, Mapping) and len(step) == 1:
        (kind, content), *_ = step.items()
        return _parse_table(str(kind).replace("_", " "), content)
    msg = f"{step!r} is not a step; write for example {EXAMPLES['deliver']}"
    raise CaseError(msg)


def _parse_sentence(text: str) -> Step:
    lowered = text.lower()
    for word, what in _LATER.items():
        if lowered.startswith(word):
            refuse_later(f'"{text}"', what, "remove the step")
    try:
        if found := _DELIVER.fullmatch(text):
            names = found["fibres"]
            energy = found["amount"] if found["limit"].lower() == "until" else None
            duration = None if energy is not None else found["amount"]
            return _deliver(found["power"], duration, energy, _split_names(names))
        if found := _REST.fullmatch(text):
            return Rest(DURATION.read(found["duration"]))
        if found := _PULL_BACK.fullmatch(text):
            return PullBack(LENGTH.read(found["distance"]))
    except CaseError as error:
        msg = f'in "{text}": {error}'
        raise CaseError(msg) from None
    start = re.sub(r"[\s-]+", " ", lowered)
    kind = next((word for word in EXAMPLES if start.startswith(word)), "")
    if not kind:
        first = difflib.get_close_matches(" ".join(start.split()[:2]), EXAMPLES, n=1, cutoff=0.5)
        first = first or difflib.get_close_matches(start.split(" ")[0], EXAMPLES, n=1, cutoff=0.5)
        kind = first[0] if first else ""
    example = EXAMPLES.get(kind) or ", ".join(EXAMPLES.values())
    msg = f'cannot read the step "{text}"; write for example {example}'
    raise CaseError(msg)


def _parse_table(kind: str, content: object) -> Step:
    if kind in _LATER:
        refuse_later(f"{{ {kind} = ... }}", _LATER[kind], "remove the step")
    if kind not in _KEYS:
        close = difflib.get_close_matches(kind, _KEYS, n=1)
        hint = f'did you mean "{close[0]}"? ' if close else ""
        msg = f'there is no step "{kind}"; {hint}allowed: deliver, rest, pull_back'
        raise CaseError(msg)
    table = content
    if kind != "deliver" and not isinstance(content, Mapping):
        table = {_KEYS[kind][0]: content}
    if not isinstance(table, Mapping):
        msg = f'deliver = {content!r} is not a table; write {{ power = "5 W", duration = "360 s" }}'
        raise CaseError(msg)
    if "log" in table:
        refuse_later("deliver = { log = ... }", _LATER["log"], "remove the step")
    for key in table:
        if key not in _KEYS[kind]:
            close = difflib.get_close_matches(str(key), _KEYS[kind], n=1)
            hint = f'did you mean "{close[0]}"? ' if close else ""
            msg = f'{kind} has no key "{key}"; {hint}allowed: {", ".join(_KEYS[kind])}'
            raise CaseError(msg)
    if kind == "rest":
        return Rest(DURATION.read(table.get("duration")))
    if kind == "pull back":
        return PullBack(LENGTH.read(table.get("distance")))
    return _deliver(
        table.get("power"), table.get("duration"), table.get("energy"), table.get("fibres")
    )


def _deliver(power: object, duration: object, energy: object, fibres: object) -> Deliver:
    """Return a delivery from texts; exactly one of ``duration`` and ``energy`` is given."""
    if (duration is None) == (energy is None):
        msg = (
            "deliver needs a power and either a duration or an energy; write for example "
            '{ power = "5 W", energy = "1800 J" }'
        )
        raise CaseError(msg)
    watts = POWER.read(power)
    if fibres is not None and not (
        isinstance(fibres, (list, tuple))
        and fibres
        and all(isinstance(name, str) and name for name in fibres)
    ):
        msg = f'{fibres!r} is not a list of fibre names; write for example ["F1", "F3"]'
        raise CaseError(msg)
    names = None if fibres is None else tuple(fibres)
    if energy is None:
        return Deliver(watts, DURATION.read(duration), names)
    joules = ENERGY.read(energy)
    _check_limits("the power of a fibre", watts, 0.0, POWER_MAX, "W")
    if watts == 0.0:
        msg = f"at 0 W {energy} are never reached; give a power above 0 W, or a time with 'for'"
        raise CaseError(msg)
    return Deliver(watts, joules / watts, names)


def _split_names(text: str | None) -> list[str] | None:
    """Return the names in ``F1, F3 and F4``."""
    if text is None:
        return None
    text = re.sub(r"^fib(?:re|er)s?\s+", "", text, flags=re.IGNORECASE)
    return [name for name in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s+", text) if name]


def _check_limits(
    what: str, value: float, low: float, high: float, unit: str, *, above: bool = False
) -> None:
    """Raise CaseError if an SI value is not within ``low`` and ``high`` (``above`` ``low``)."""
    if (low < value if above else low <= value) and value <= high:
        return
    shown, least, most = (write_quantity(number, unit) for number in (value, low, high))
    if unit == "s":
        most = f"{write_quantity(high, 'h')}"
    allowed = f"more than {least} and at most {most}" if above else f"{least} to {most}"
    remedy = "change the power" if unit == "W" else "shorten it or use several steps"
    msg = f"{shown} for {what} is outside what is allowed, {allowed}; {remedy}"
    raise CaseError(msg)
