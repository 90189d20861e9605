"""The steps of a treatment: deliver, ramp, rest, pull back, reposition, new session.

Typed steps are the truth; sentences such as ``"deliver 5 W for 360 s"`` are a way to write them.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.laser_log import DELIVERY_MAX, POWER_MAX, LaserLog, Stretch, parse_log
from ablsim.quantities import DURATION, ENERGY, LENGTH, POWER, Triple
from ablsim.units import write_quantity

REST_MAX = 48.0 * 3600.0
PULL_BACK_MAX = 0.2

EXAMPLES = {
    "deliver": '"deliver 5 W for 360 s", "deliver 5 W until 1800 J" or "deliver 5 W for 360 s '
    'with F1, F3"',
    "rest": '"rest for 180 s"',
    "pull back": '"pull back 12 mm"',
    "ramp": '"ramp from 2 W to 5 W over 60 s"',
    "reposition": '"reposition by 0 mm, 20 mm, 0 mm" or "reposition by 0 mm, 2 mm, 0 mm with F1"',
    "new session": '"new session"',
}

_KEYS: dict[str, tuple[str, ...]] = {
    "deliver": ("power", "duration", "energy", "fibres"),
    "rest": ("duration",),
    "pull back": ("distance",),
    "ramp": ("from", "to", "duration", "fibres"),
    "reposition": ("by", "fibres"),
    "new session": (),
}

_ONE_VALUE = ("rest", "pull back", "reposition")  # steps whose first key may stand alone

_TABLES = {
    "deliver": '{ power = "5 W", duration = "360 s" }',
    "ramp": '{ from = "2 W", to = "5 W", duration = "60 s" }',
    "reposition": '{ by = ["0 mm", "20 mm", "0 mm"] }',
    "new session": "{ new_session = {} }",
}

_PER_FIBRE = r"(?:\s+per\s+fib(?:re|er))?"
_DELIVER = re.compile(
    rf"deliver\s+(?P<power>.+?){_PER_FIBRE}(?:\s*,\s*|\s+)(?P<limit>for|until)\s+(?P<amount>.+?){_PER_FIBRE}"
    r"(?:(?:\s*,\s*|\s+)with\s+(?P<fibres>.+))?",
    re.IGNORECASE,
)
_REST = re.compile(r"rest\s+(?:for\s+)?(?P<duration>.+)", re.IGNORECASE)
_PULL_BACK = re.compile(r"pull[\s-]*back\s+(?:by\s+)?(?P<distance>.+)", re.IGNORECASE)
_RAMP = re.compile(
    rf"ramp\s+from\s+(?P<start>.+?){_PER_FIBRE}\s+to\s+(?P<end>.+?){_PER_FIBRE}"
    r"(?:\s*,\s*|\s+)over\s+(?P<duration>.+?)(?:(?:\s*,\s*|\s+)with\s+(?P<fibres>.+))?",
    re.IGNORECASE,
)
_REPOSITION = re.compile(
    r"reposition\s+by\s+(?P<by>.+?)(?:(?:\s*,\s*|\s+)with\s+(?P<fibres>.+))?", re.IGNORECASE
)
_NEW_SESSION = re.compile(r"new[\s-]+session", re.IGNORECASE)

_MOVE = Triple(LENGTH.within("-400 mm", "400 mm", example="20 mm"))


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
        _check_names(self.fibres)

    @property
    def laser_time(self) -> float:
        """Time during which the laser is switched on [s]."""
        return self.duration

    @property
    def sentence(self) -> str:
        """The step as it is written in a case file."""
        power, duration = write_quantity(self.power, "W"), write_quantity(self.duration, "s")
        return f"deliver {power} per fibre for {duration}{_chosen(self.fibres)}"

    def stretches(self, names: Sequence[str]) -> tuple[Stretch, ...]:
        """Return the delivery as one stretch, with power in the order of ``names``."""
        power = _spread(self.power, self.fibres, names)
        return (Stretch(0.0, self.duration, power, power),)


@dataclass(frozen=True, slots=True)
class Ramp:
    """Fire at a power that changes linearly in time.

    Parameters
    ----------
    start_power, end_power : float
        Set power of each firing fibre at the beginning and at the end [W].
    duration : float
        How long [s].
    fibres : tuple of str, optional
        Names of the fibres that fire; all when left out.
    """

    start_power: float
    end_power: float
    duration: float
    fibres: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _check_limits("the power a ramp starts from", self.start_power, 0.0, POWER_MAX, "W")
        _check_limits("the power a ramp ends at", self.end_power, 0.0, POWER_MAX, "W")
        _check_limits("one ramp", self.duration, 0.0, DELIVERY_MAX, "s", above=True)
        _check_names(self.fibres)

    @property
    def laser_time(self) -> float:
        """Time during which the laser is switched on [s]."""
        return self.duration

    @property
    def sentence(self) -> str:
        """The step as it is written in a case file."""
        start, end = (write_quantity(p, "W") for p in (self.start_power, self.end_power))
        duration = write_quantity(self.duration, "s")
        return f"ramp from {start} to {end} per fibre over {duration}{_chosen(self.fibres)}"

    def stretches(self, names: Sequence[str]) -> tuple[Stretch, ...]:
        """Return the ramp as one stretch, with power in the order of ``names``."""
        start, end = (
            _spread(power, self.fibres, names) for power in (self.start_power, self.end_power)
        )
        return (Stretch(0.0, self.duration, start, end),)


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


@dataclass(frozen=True, slots=True)
class Reposition:
    """Insert fibres anew, ``by`` (x, y, z) [m] from where they were inserted before.

    The vector counts from the placement itself, whatever was pulled back since. ``fibres`` names
    those that are inserted anew, all when left out; the others stay as they are. Takes no time.
    """

    by: Point
    fibres: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _check_names(self.fibres)
        for axis, length in zip("xyz", self.by, strict=True):
            _check_limits(f"a move along {axis}", length, -0.4, 0.4, "mm")

    @property
    def sentence(self) -> str:
        """The step as it is written in a case file."""
        by = ", ".join(write_quantity(length, "mm") for length in self.by)
        return f"reposition by {by}{_chosen(self.fibres)}"


@dataclass(frozen=True, slots=True)
class NewSession:
    """Come back another day: tissue at body temperature, damage, water and char as they were.

    The fibres are inserted where the placement before began, unless they are repositioned next.
    """

    @property
    def sentence(self) -> str:
        """The step as it is written in a case file."""
        return "new session"


Firing = Deliver | Ramp | LaserLog
"""The steps during which fibres fire."""

Step = Firing | Rest | PullBack | Reposition | NewSession


def write_step(step: Step) -> str | dict[str, Any]:
    """Return a step as a case file says it: a sentence, or a table for a laser log."""
    return step.table if isinstance(step, LaserLog) else step.sentence


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
        if found := _RAMP.fullmatch(text):
            return _ramp(
                found["start"], found["end"], found["duration"], _split_names(found["fibres"])
            )
        if found := _REPOSITION.fullmatch(text):
            by = _MOVE.read(re.split(r"\s*,\s*", found["by"]))
            return Reposition(by, _read_names(_split_names(found["fibres"])))
        if _NEW_SESSION.fullmatch(text):
            return NewSession()
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
    if kind not in _KEYS:
        close = difflib.get_close_matches(kind, _KEYS, n=1)
        hint = f'did you mean "{close[0]}"? ' if close else ""
        allowed = ", ".join(name.replace(" ", "_") for name in _KEYS)
        msg = f'there is no step "{kind}"; {hint}allowed: {allowed}'
        raise CaseError(msg)
    table = content
    if kind in _ONE_VALUE and not isinstance(content, Mapping):
        table = {_KEYS[kind][0]: content}
    if not isinstance(table, Mapping):
        msg = f"{kind} = {content!r} is not a table; write for example {_TABLES[kind]}"
        raise CaseError(msg)
    if kind == "deliver" and "log" in table:
        if len(table) > 1:
            msg = 'a log says all of a delivery; write { deliver = { log = "laser_log.csv" } } only'
            raise CaseError(msg)
        return parse_log(table["log"])
    for key in table:
        if key not in _KEYS[kind]:
            close = difflib.get_close_matches(str(key), _KEYS[kind], n=1)
            hint = f'did you mean "{close[0]}"? ' if close else ""
            msg = f'{kind} has no key "{key}"; {hint}allowed: {", ".join(_KEYS[kind]) or "none"}'
            raise CaseError(msg)
    if kind == "rest":
        return Rest(DURATION.read(table.get("duration")))
    if kind == "pull back":
        return PullBack(LENGTH.read(table.get("distance")))
    if kind == "reposition":
        return Reposition(_MOVE.read(table.get("by")), _read_names(table.get("fibres")))
    if kind == "new session":
        return NewSession()
    if kind == "ramp":
        return _ramp(table.get("from"), table.get("to"), table.get("duration"), table.get("fibres"))
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
    names = _read_names(fibres)
    if energy is None:
        return Deliver(watts, DURATION.read(duration), names)
    joules = ENERGY.read(energy)
    _check_limits("the power of a fibre", watts, 0.0, POWER_MAX, "W")
    if joules <= 0.0:
        msg = f"{energy} is outside what is allowed, more than 0 J; give more or leave the step out"
        raise CaseError(msg)
    if watts == 0.0:
        msg = f"at 0 W {energy} are never reached; give a power above 0 W, or a time with 'for'"
        raise CaseError(msg)
    return Deliver(watts, joules / watts, names)


def _ramp(start: object, end: object, duration: object, fibres: object) -> Ramp:
    """Return a ramp from texts."""
    return Ramp(POWER.read(start), POWER.read(end), DURATION.read(duration), _read_names(fibres))


def _read_names(fibres: object) -> tuple[str, ...] | None:
    if fibres is None:
        return None
    if not (
        isinstance(fibres, (list, tuple))
        and fibres
        and all(isinstance(name, str) and name for name in fibres)
    ):
        msg = f'{fibres!r} is not a list of fibre names; write for example ["F1", "F3"]'
        raise CaseError(msg)
    return tuple(fibres)


def _spread(
    power: float, fibres: tuple[str, ...] | None, names: Sequence[str]
) -> tuple[float, ...]:
    """Return the power of each of ``names``: ``power`` where it fires."""
    return tuple(power if fibres is None or name in fibres else 0.0 for name in names)


def _chosen(fibres: tuple[str, ...] | None) -> str:
    return "" if fibres is None else f" with {', '.join(fibres)}"


def _check_names(fibres: tuple[str, ...] | None) -> None:
    if fibres is not None and len(set(fibres)) != len(fibres):
        msg = f"a fibre is named twice in 'with {', '.join(fibres)}'; name it once"
        raise CaseError(msg)


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
    if unit != "W" and value <= low:
        remedy = "give more or leave the step out"
    msg = f"{shown} for {what} is outside what is allowed, {allowed}; {remedy}"
    raise CaseError(msg)
