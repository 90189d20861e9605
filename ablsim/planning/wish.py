"""What a planner is asked, as words and texts with units: read, checked, made a request."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ablsim.case import Case
from ablsim.cohort.study_tables import PlacementTable
from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.planning.burden import Weights
from ablsim.planning.request import Limits, Request
from ablsim.planning.span import Span, parse_span
from ablsim.planning.subject import LARGEST, describe_subject
from ablsim.quantities import DURATION, ENERGY, LENGTH, POWER, Quantity, unit_vector

ERRORS: dict[str, dict[str, str]] = {
    "guide": {},
    "freehand": {"lateral": "4 mm"},
    "navigated": {"lateral": "1.5 mm", "depth": "1.5 mm", "shift": "1.5 mm"},
    "none": {"lateral": "0 mm", "depth": "0 mm", "shift": "0 mm"},
}
"""Errors of placement by name: what differs from those of a needle guide under ultrasound."""

_SPANS: dict[str, Quantity] = {
    "spacings": LENGTH.within("5 mm", "60 mm", example="15 mm"),
    "energies": ENERGY.within("50 J", "20 kJ", example="1800 J"),
    "powers": POWER.within("0.5 W", "30 W", example="5 W"),
    "pull_backs": LENGTH.within("2 mm", "60 mm", example="12 mm"),
}
_FIRINGS = ("together", "one by one", "any")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a planner may choose from, as the command line says it; None for the default."""

    probability: float = 0.9
    max_fibres: int = 4
    spacings: str | None = None
    energies: str | None = None
    powers: str | None = None
    pull_backs: str | None = None
    max_illuminations: int = 6
    directions: tuple[str, ...] = ()
    firing: str = "together"
    sessions: int | None = None
    placements: int = 100
    session_energy: str | None = None
    session_time: str | None = None
    session_insertions: int | None = None
    weights: str | None = None
    placement_error: str | None = None
    draws: int = 0
    seed: int = 1
    cells: str | None = None


def find_subject(
    case: Path | None,
    *,
    diameter: str | None,
    tissue: str | None,
    perfusion: str | None,
    margin: str | None,
) -> Case:
    """Return the case of the tumour that is to be planned for, from a file or a few words."""
    if case is None and diameter is not None:
        return describe_subject(
            diameter=diameter,
            tissue=tissue or "net_metastasis",
            perfusion=perfusion or "normal",
            margin=margin or "0 mm",
            background="liver",
        )
    if case is None or diameter is not None:
        msg = (
            'plan: give a case file or --diameter "35 mm", one of the two'
            if case is None
            else "--diameter: the case file says which tumour it is; leave one of the two out"
        )
        raise CaseError(msg)
    found = Case.from_toml(case)
    changes: dict[str, object] = {
        f"tumour.{key}": value
        for key, value in (("tissue", tissue), ("perfusion", perfusion), ("margin", margin))
        if value is not None
    }
    if found.tumour is None:
        msg = f"{case}: has no tumour; a plan needs a [tumour]"
        raise CaseError(msg)
    return found.replace(changes) if changes else found


def make_request(case: Case, wish: Wish) -> Request:
    """Return the request of a wish.

    Raises
    ------
    CaseError
        With the option, its value and what is allowed.
    """
    default = Request()
    chosen = {
        name: getattr(default, name) if text is None else _read_span(name, text)
        for name in _SPANS
        for text in (getattr(wish, name),)
    }
    limits = Limits(
        sessions=wish.sessions,
        placements=wish.placements,
        energy=_read("--session-energy", wish.session_energy, ENERGY.within("50 J", "1000 kJ")),
        laser_time=_read("--session-time", wish.session_time, DURATION.within("1 s", "48 h")),
        insertions=wish.session_insertions,
    )
    if wish.firing not in _FIRINGS:
        msg = f'--firing "{wish.firing}": allowed are together, one by one, any; write one of them'
        raise CaseError(msg)
    name = wish.placement_error or "guide"
    if name not in ERRORS:
        msg = f'--placement-error "{name}": allowed are {", ".join(ERRORS)}; write one of them'
        raise CaseError(msg)
    return Request(
        probability=wish.probability,
        max_fibres=wish.max_fibres,
        max_illuminations=wish.max_illuminations,
        directions=tuple(_direction(text) for text in wish.directions) or _directions_of(case),
        firing=wish.firing,
        limits=limits,
        weights=Weights() if wish.weights is None else Weights.parse(wish.weights),
        errors=PlacementTable(**ERRORS[name]),
        draws=wish.draws,
        seed=wish.seed,
        cells=_read("--cells", wish.cells, LENGTH.within("0.5 mm", "2.5 mm", example="2 mm")),
        spacings=chosen["spacings"],
        energies=chosen["energies"],
        powers=chosen["powers"],
        pull_backs=chosen["pull_backs"],
    )


def knowing_positions(request: Request) -> Request:
    """Return a request for fibres that are in: where they are is no longer uncertain."""
    return replace(request, errors=PlacementTable(**ERRORS["none"]))


def _read_span(name: str, text: str) -> Span:
    return parse_span(text, f"--{name.replace('_', '-')}", _SPANS[name])


def _read(option: str, text: str | None, quantity: Quantity) -> float | None:
    if text is None:
        return None
    try:
        return float(quantity.read(text))
    except CaseError as error:
        msg = f"{option}: {error}"
        raise CaseError(msg) from None


def _direction(text: str) -> Point:
    try:
        x, y, z = (float(part) for part in text.split(","))
        return unit_vector((x, y, z))
    except (ValueError, CaseError):
        msg = f'--direction "{text}": is no direction; write three numbers, such as "0, 0, -1"'
        raise CaseError(msg) from None


def _directions_of(case: Case) -> tuple[Point, ...]:
    """Return the directions of a case's own fibres."""
    return tuple(dict.fromkeys(fibre.direction for fibre in case.fibres_all))


def parse_diameters(texts: Sequence[str]) -> tuple[float, ...]:
    """Return diameters [m] of a size table, each by itself or several between commas."""
    quantity = LENGTH.within("5 mm", f"{1e3 * LARGEST:.0f} mm", example="35 mm")
    found = []
    for text in (one for some in texts for one in some.split(",")):
        value = _read("--diameters", text, quantity)
        if value is not None:
            found.append(value)
    return tuple(sorted(set(found)))
