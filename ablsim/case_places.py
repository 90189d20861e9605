"""Whether the places of a case fit: fibres, tumour, organs and probes, and the domain around."""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ablsim.domain_cells import holds_a_cell
from ablsim.geometry import unit_directions
from ablsim.grid import Grid, Point
from ablsim.light.fibre import NEEDLE_DIAMETER, Fibre, emitter_distance, needle_distance
from ablsim.units import write_quantity

if TYPE_CHECKING:
    from ablsim.case import Case

DOMAIN_MAX = 0.4
"""Longest edge of a domain [m]."""

_CELLS_BETWEEN_FIBRES = 4
_SLACK = 1e-9


def find_misplaced(case: "Case") -> list[str]:
    """Return what is wrong with the places of a case that has fibres."""
    problems = list(_distances(case))
    if too_large := list(_domain_size(case)):
        return problems + too_large
    return [*problems, *_outside(case), *_organs(case), *_probes_outside(case)]


def coarsest_spacing(case: "Case") -> float:
    """Return the longest edge of a cell that tells a case's fibres apart [m]; infinite for one."""
    pairs = (pair for fibres in _arrangements(case) for pair in combinations(fibres, 2))
    nearest = min((emitter_distance(one, other) for one, other in pairs), default=math.inf)
    return nearest / _CELLS_BETWEEN_FIBRES


def _arrangements(case: "Case") -> list[tuple[Fibre, ...]]:
    """Return the fibres as the case places them, and wherever they lie differently to each other.

    They do so where some were repositioned by themselves.
    """
    own = [position for position in case.protocol.lit_positions if position.own]
    moved = (tuple(position.place(fibre) for fibre in case.fibres_all) for position in own)
    return [case.fibres_all, *moved]


def _outside(case: "Case") -> list[str]:
    """Return what lies outside the domain; a track only counts where its fibre lies inside."""
    fibres = list(_fibres_outside(case))
    return [*fibres, *([] if fibres else _track_outside(case)), *_tumour_outside(case)]


def _distances(case: "Case") -> Iterator[str]:
    """Check that needles fit side by side and that cells are fine enough between fibres."""
    pairs = [
        (number, a, b)
        for number, fibres in enumerate(_arrangements(case))
        for a, b in combinations(enumerate(fibres), 2)
    ]
    if not pairs:
        return
    apart, number, (i, one), (j, other) = min(
        ((needle_distance(a[1], b[1]), n, a, b) for n, a, b in pairs), key=lambda entry: entry[0]
    )
    if apart < NEEDLE_DIAMETER - _SLACK:
        key = "fibres.spacing" if min(i, j) >= len(case.single_fibres) else _key(case, j)
        key = "protocol.steps" if number > 0 else key
        yield (
            f"{key}: {one.name} and {other.name} are {_mm(apart)} apart, axis to axis; their "
            f"21G needles need at least {_mm(NEEDLE_DIAMETER)}; move them apart"
        )
        return
    coarsest = coarsest_spacing(case)
    nearest = coarsest * _CELLS_BETWEEN_FIBRES
    if case.numerics.spacing is not None and case.numerics.spacing > coarsest + _SLACK:
        yield (
            f"numerics.spacing: {_mm(case.numerics.edge)} is over a quarter of the fibre "
            f"spacing, {_mm(nearest)}; at most {_mm(coarsest)} is allowed; "
            f'write for example "{_mm(math.floor(coarsest * 1e4) / 1e4)}"'
        )


def _key(case: "Case", index: int) -> str:
    """Return where the case file says how a fibre lies; ``index`` counts all fibres from 0."""
    return f"fibre#{index + 1}.tip" if index < len(case.single_fibres) else "fibres.centre"


def _domain_size(case: "Case") -> Iterator[str]:
    """Check that the automatic domain is not too large; a given one is checked as it is read."""
    length, axis = max(zip(case.grid().size, "xyz", strict=True))
    if length > DOMAIN_MAX + case.numerics.edge:
        yield (
            f"domain.size: what the tumour, fibres and pull-backs need is {_mm(length)} along "
            f"{axis}; at most {_mm(DOMAIN_MAX)} is allowed; bring them closer together or give "
            "domain.size and domain.centre"
        )


def _fibres_outside(case: "Case") -> Iterator[str]:
    """Check that every part that lights is in the domain, from the first step to the last."""
    grid = case.grid()
    for index, fibre in enumerate(case.fibres_all):
        for position in case.protocol.positions:
            moved = position.place(fibre)
            if bool(grid.contains(moved.emission_points()).all()):
                continue
            where, bounds = _text(_outer_point(grid, moved)), _bounds(grid)
            shift, pulled = position.moved_of(fibre.name), position.pulled_back_of(fibre.name)
            if any(shift):
                then = f" and pulled back by {_mm(pulled)}" if pulled > 0.0 else ""
                by = ", ".join(_mm(length) for length in shift)
                yield (
                    f"protocol.steps: {fibre.name} lies outside the domain when it is "
                    f"repositioned by {by}{then}, with {where}; the domain is {bounds}; correct "
                    "the move or give a larger domain.size"
                )
            elif pulled == 0.0:
                yield (
                    f"{_key(case, index)}: {fibre.name} lies outside the domain with {where}; the "
                    f"domain is {bounds}; move the fibre or give a larger domain.size"
                )
            else:
                yield (
                    f"protocol.steps: {fibre.name} leaves the domain when it is pulled back by "
                    f"{_mm(pulled)}, with {where}; the domain is {bounds}; shorten "
                    "the pull-back or give a larger domain.size"
                )
            break


def _track_outside(case: "Case") -> Iterator[str]:
    """Check that all tissue that gets the heat of the tracks is computed."""
    length = case.physics.track_length
    if case.physics.track_fraction == 0.0:
        return
    grid = case.grid()
    for fibre in case.fibres_all:
        for position in case.protocol.lit_positions:
            end = position.place(fibre).pulled_back(length).tip
            if fibre.kind == "bare" and not bool(grid.contains(end)):
                yield (
                    f"physics.track_length: {_mm(length)} behind the tip {fibre.name}'s track has "
                    f"left the domain, with {_text(end)}; the domain is {_bounds(grid)}; shorten "
                    "the track or give a larger domain.size"
                )
                return


def _tumour_outside(case: "Case") -> Iterator[str]:
    """Check that the whole tumour is computed, so that its ablated fraction can be told."""
    if case.tumour is None:
        return
    grid = case.grid()
    reach = case.tumour.half_extent
    sides = zip(case.tumour.centre, reach, grid.origin, grid.size, strict=True)
    slack = 1e-6 * grid.spacing
    for axis, (middle, half, low, size) in zip("xyz", sides, strict=True):
        if middle - half < low - slack or middle + half > low + size + slack:
            span = f"{_mm(middle - half)} to {_mm(middle + half)}"
            yield (
                f"tumour: it reaches from {span} along {axis}, out of the domain, which is "
                f"{_bounds(grid)}; give a larger domain.size, or leave domain.size out"
            )
            return


def _organs(case: "Case") -> Iterator[str]:
    """Check that organs lie in the domain and leave room for the tumour and for the light."""
    grid = case.grid()
    start = max(case.tissue.start_temperature, case.tissue.body_temperature)
    outline = _tumour_outline(case)
    for number, organ in enumerate(case.organs, start=1):
        key = f"organ#{number}"
        if not holds_a_cell(grid, organ.body):
            yield (
                f"{key}: no cell of the domain lies in {organ.name}; the domain is "
                f"{_bounds(grid)}, its cells are {_mm(grid.spacing)}; organs do not enlarge it: "
                "correct the place, give a larger domain.size or leave the organ out"
            )
            continue
        if outline is not None and bool(organ.body.contains(outline).all()):
            yield (
                f"{key}: nothing is left of the tumour, which lies wholly in {organ.name}; organs "
                "take the place of the tumour where both are: move or shrink one of them"
            )
        if organ.no_go is None:
            continue
        limit = organ.no_go.peak_temperature
        if limit is not None and limit <= start:
            yield (
                f"{key}.no_go.peak_temperature: {write_quantity(limit, 'degC')} is passed before "
                f"the treatment begins; allowed is more than {write_quantity(start, 'degC')}"
            )
        yield from _fibres_in(case, number)


def _tumour_outline(case: "Case") -> NDArray[np.float64] | None:
    """Return points all over the tumour's surface [m]; None without a tumour."""
    if case.tumour is None:
        return None
    if case.tumour.voxels is not None:
        return case.tumour.body.surface(400)[0]
    semi, rows = 0.5 * np.asarray(case.tumour.axes), np.asarray(case.tumour.orientation)
    return np.asarray((unit_directions(400) * semi) @ rows + case.tumour.centre)


def _fibres_in(case: "Case", number: int) -> Iterator[str]:
    """Check that no fibre gives light inside an organ that is to be spared."""
    organ = case.organs[number - 1]
    for index, fibre in enumerate(case.fibres_all):
        for position in case.protocol.lit_positions:
            points = position.place(fibre).emission_line()
            inside = organ.body.contains(points)
            if not bool(inside.any()):
                continue
            moved = position.place(fibre) != fibre
            key = "protocol.steps" if moved else _key(case, index)
            yield (
                f"{key}: {fibre.name} gives light inside {organ.name}, which is no-go, with "
                f"{_text(points[inside][0].tolist())}; move the fibre, or remove no_go from "
                f"organ#{number}"
            )
            break


def _probes_outside(case: "Case") -> Iterator[str]:
    """Check that there is a temperature where a probe is."""
    grid = case.grid()
    for number, probe in enumerate(case.probes, start=1):
        if not bool(grid.contains(probe.position)):
            yield (
                f"probe#{number}.position: {probe.name} lies outside the domain, at "
                f"{_text(probe.position).removeprefix('a point at ')}; the domain is "
                f"{_bounds(grid)}; move the probe or give a larger domain.size"
            )


def _outer_point(grid: Grid, fibre: Fibre) -> Point:
    return next(p for p in fibre.emission_points() if not bool(grid.contains(p)))


def _text(point: Sequence[float]) -> str:
    return f"a point at ({', '.join(_mm(number) for number in point)})"


def _bounds(grid: Grid) -> str:
    sides = zip("xyz", grid.origin, grid.size, strict=True)
    return ", ".join(f"{axis} {_mm(low)} to {_mm(low + size)}" for axis, low, size in sides)


def _mm(length: float) -> str:
    return write_quantity(round(length, 8), "mm")
