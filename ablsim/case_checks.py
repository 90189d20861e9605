"""What only the whole case can tell: fibres against each other, the domain, names, memory."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ablsim.case_overrides import OverrideTable
from ablsim.domain_cells import holds_a_cell
from ablsim.errors import CaseError
from ablsim.geometry import ellipsoid_extent, unit_directions
from ablsim.grid import Grid, Point
from ablsim.light.fibre import NEEDLE_DIAMETER, Fibre, emitter_distance, needle_distance
from ablsim.tissue.constants import PERFUSION_STRATA
from ablsim.tissue.library import ONLY_FOR, get_kinetics, get_tissue, list_tissues
from ablsim.tissue.sets.ablsim_composition import COMPOSITIONS
from ablsim.tissue.sets.oneill2011 import THREE_STATE
from ablsim.units import write_quantity

if TYPE_CHECKING:
    from ablsim.case import Case

DOMAIN_MAX = 0.4
"""Longest edge of a domain [m]."""

BYTES_PER_CELL = 220
"""Peak memory of a run for each cell: measured 210 on 4 million cells, and 8 for super-steps;
beside `BYTES_BESIDE`."""
BYTES_BESIDE = 4e8
"""Memory of the interpreter with its libraries and of the picture."""

_CELLS_BETWEEN_FIBRES = 4
_ALONG_DIFFUSER = 41  # points at which a diffuser is held against the organs
_SLACK = 1e-9


def find_problems(case: "Case") -> list[str]:
    """Return everything that is wrong with a case whose keys are each right by themselves."""
    problems = [*_library_names(case), *_wavelength(case), *_overrides(case)]
    problems += [*_repeated_names(case), *_steam(case), *_shifts(case)]
    problems += case.protocol.find_unknown_fibres([fibre.name for fibre in case.fibres_all])
    if not case.fibres_all:
        problems.append("fibre: there is no fibre; add a [[fibre]] or [fibres]")
        return problems
    problems += _distances(case)
    too_large = list(_domain_size(case))
    if too_large:
        return problems + too_large
    return [*problems, *_outside(case), *_organs(case), *_probes_outside(case)]


def _outside(case: "Case") -> list[str]:
    """Return what lies outside the domain; a track only counts where its fibre lies inside."""
    fibres = list(_fibres_outside(case))
    return [*fibres, *([] if fibres else _track_outside(case)), *_tumour_outside(case)]


def check_memory(grid: Grid) -> None:
    """Raise CaseError if a run on this grid needs more memory than is free on this machine."""
    free = free_memory()
    needed = BYTES_BESIDE + BYTES_PER_CELL * grid.n_cells
    if free is None or needed <= free:
        return
    left = max(free - BYTES_BESIDE, 0.1 * free)
    excess = 1.1 * BYTES_PER_CELL * grid.n_cells / left  # coarser cells overhang the domain more
    coarser = math.ceil(grid.spacing * 1e5 * max(excess, 1.0) ** (1.0 / 3.0)) / 1e5
    msg = (
        f"numerics.spacing: at {_mm(grid.spacing)} the domain has {grid.n_cells / 1e6:.3g} million "
        f"cells and needs about {needed / 1e9:.3g} GB; free are {free / 1e9:.3g} GB; "
        f'write for example "{_mm(coarser)}" or give a smaller domain.size'
    )
    raise CaseError(msg)


def coarsest_spacing(fibres: Sequence[Fibre]) -> float:
    """Return the longest edge of a cell that tells fibres apart [m]; infinite for one fibre."""
    pairs = combinations(fibres, 2)
    nearest = min((emitter_distance(one, other) for one, other in pairs), default=math.inf)
    return nearest / _CELLS_BETWEEN_FIBRES


def free_memory() -> float | None:
    """Return how much memory a new run may take [bytes]; None where the system does not say it."""
    known = [value for value in (_free_in_system(), _free_in_container()) if value is not None]
    return min(known) if known else None


def _free_in_system() -> float | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * float(line.split()[1])
    except OSError:
        pass
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return None


def _free_in_container() -> float | None:
    """Return what a container's limit leaves (control groups, version 2)."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit, used = ((folder / f"memory.{name}").read_text() for name in ("max", "current"))
    except OSError:
        return None
    return None if limit.strip() == "max" else max(0.0, float(limit) - float(used))


def _library_names(case: "Case") -> Iterator[str]:
    """Ask the library for every tissue and every kinetics by name."""
    asked: list[tuple[str, Callable[[str], object], str]] = [
        ("tissue.background", get_tissue, case.tissue.background),
        ("physics.stasis", get_kinetics, case.physics.stasis),
        ("physics.whitening", get_kinetics, case.physics.whitening),
        ("physics.death", get_kinetics, case.physics.death),
    ]
    if case.tumour is not None:
        asked.append(("tumour.tissue", get_tissue, case.tumour.tissue))
    for number, organ in enumerate(case.organs, start=1):
        asked.append((f"organ#{number}.tissue", get_tissue, organ.tissue))
    for key, get, name in asked:
        try:
            get(name)
        except CaseError as error:
            yield f"{key}: {error}"
            continue
        only = ONLY_FOR.get(name) if get is get_kinetics else None
        if only is not None and key != f"physics.{only}":
            table = type(case.physics).model_fields[key.removeprefix("physics.")]
            yield (
                f'{key}: "{name}" describes {only} and is allowed for physics.{only} alone; write '
                f'for example "{table.default}" here'
            )


def _shifts(case: "Case") -> Iterator[str]:
    """Check that a process whose threshold is to be shifted has one."""
    for name in ("stasis", "whitening", "death"):
        law, shift = getattr(case.physics, name), getattr(case.physics, f"{name}_shift")
        if shift != 0.0 and law == THREE_STATE.name:
            yield (
                f'physics.{name}_shift: {shift:g} K has no meaning for "{law}", which has no '
                "single threshold; allowed is 0 K; remove the key or name other kinetics"
            )


def _steam(case: "Case") -> Iterator[str]:
    """Check that steam which is to condense can leave its cell at all."""
    share, boiling = case.physics.steam_condensation, case.physics.boiling
    if share > 0.0 and boiling != "water_state":
        yield (
            f'physics.steam_condensation: {share:g} has no meaning with boiling = "{boiling}", '
            'under which no steam leaves its place; allowed is 0; write boiling = "water_state" '
            "or remove the key"
        )


def _tissues_used(case: "Case") -> set[str]:
    """Return the names of all tissues of the case; blood carries heat away in any."""
    tumour = set() if case.tumour is None else {case.tumour.tissue}
    organs = {organ.tissue for organ in case.organs}
    return {case.tissue.background, "blood"} | tumour | organs


def _wavelength(case: "Case") -> Iterator[str]:
    """Check that the optics of every tissue are known at the wavelength of the laser."""
    for name in sorted(_tissues_used(case) & set(list_tissues())):
        if not case.tissue.knows_light_of(name):
            yield (
                f"tissue.wavelength: at {write_quantity(case.tissue.wavelength, 'nm')} nothing is "
                f"known of the optics of {name}; known are those of {', '.join(COMPOSITIONS)}; "
                f'use "1064 nm", or give absorption, reduced_scattering, coagulated_absorption and '
                f"coagulated_reduced_scattering in [tissue.override.{name}]"
            )


def _overrides(case: "Case") -> Iterator[str]:
    """Check that what the case says about a tissue fits together and changes something."""
    used = _tissues_used(case)
    for name in case.tissue.overrides:
        key = f"tissue.override.{name}"
        if name in list_tissues() and not case.tissue.knows_light_of(name):
            continue  # said already
        try:
            case.tissue.find(name)
        except CaseError as error:
            parameter = str(error).partition(":")[0]
            yield f"{key}.{error}" if parameter in OverrideTable.model_fields else f"{key}: {error}"
            continue
        stratum = case.tumour is not None and (
            case.tumour.perfusion in PERFUSION_STRATA
            and name == case.tumour.tissue != case.tissue.background
        )
        if stratum and case.tissue.overrides[name].perfusion_rate is not None:
            yield (
                f"{key}.perfusion_rate: [tumour] asks for another perfusion; remove one of the two "
                'or write perfusion = "normal" there'
            )
        if name not in used:
            yield (
                f"{key}: no part of the case is {name}; allowed are {', '.join(sorted(used))}; "
                "correct the name or remove the table"
            )


def _repeated_names(case: "Case") -> Iterator[str]:
    groups = {
        "fibre": [fibre.name for fibre in case.fibres_all],
        "vessel": [vessel.name for vessel in case.vessels],
        "organ": [organ.name for organ in case.organs],
        "probe": [probe.name for probe in case.probes],
    }
    for key, names in groups.items():
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            yield f'{key}: the name "{name}" is used {names.count(name)} times; use it once'


def _distances(case: "Case") -> Iterator[str]:
    """Check that needles fit side by side and that cells are fine enough between fibres."""
    pairs = list(combinations(enumerate(case.fibres_all), 2))
    if not pairs:
        return
    apart, (i, one), (j, other) = min(
        ((needle_distance(a[1], b[1]), a, b) for a, b in pairs), key=lambda entry: entry[0]
    )
    if apart < NEEDLE_DIAMETER - _SLACK:
        key = "fibres.spacing" if min(i, j) >= len(case.single_fibres) else _key(case, j)
        yield (
            f"{key}: {one.name} and {other.name} are {_mm(apart)} apart, axis to axis; their "
            f"21G needles need at least {_mm(NEEDLE_DIAMETER)}; move them apart"
        )
        return
    coarsest = coarsest_spacing(case.fibres_all)
    nearest = coarsest * _CELLS_BETWEEN_FIBRES
    if case.numerics.spacing > coarsest + _SLACK:
        yield (
            f"numerics.spacing: {_mm(case.numerics.spacing)} is over a quarter of the fibre "
            f"spacing, {_mm(nearest)}; at most {_mm(coarsest)} is allowed; "
            f'write for example "{_mm(math.floor(coarsest * 1e4) / 1e4)}"'
        )


def _key(case: "Case", index: int) -> str:
    """Return where the case file says how a fibre lies; ``index`` counts all fibres from 0."""
    return f"fibre#{index + 1}.tip" if index < len(case.single_fibres) else "fibres.centre"


def _domain_size(case: "Case") -> Iterator[str]:
    """Check that the automatic domain is not too large; a given one is checked as it is read."""
    length, axis = max(zip(case.grid().size, "xyz", strict=True))
    if length > DOMAIN_MAX + case.numerics.spacing:
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
            if any(position.moved):
                pulled = position.pulled_back
                then = f" and pulled back by {_mm(pulled)}" if pulled > 0.0 else ""
                by = ", ".join(_mm(length) for length in position.moved)
                yield (
                    f"protocol.steps: {fibre.name} lies outside the domain when it is "
                    f"repositioned by {by}{then}, with {where}; the domain is {bounds}; correct "
                    "the move or give a larger domain.size"
                )
            elif position.pulled_back == 0.0:
                yield (
                    f"{_key(case, index)}: {fibre.name} lies outside the domain with {where}; the "
                    f"domain is {bounds}; move the fibre or give a larger domain.size"
                )
            else:
                yield (
                    f"protocol.steps: {fibre.name} leaves the domain when it is pulled back by "
                    f"{_mm(position.pulled_back)}, with {where}; the domain is {bounds}; shorten "
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
    reach = ellipsoid_extent(case.tumour.axes, case.tumour.orientation)
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
    semi, rows = 0.5 * np.asarray(case.tumour.axes), np.asarray(case.tumour.orientation)
    return np.asarray((unit_directions(400) * semi) @ rows + case.tumour.centre)


def _fibres_in(case: "Case", number: int) -> Iterator[str]:
    """Check that no fibre gives light inside an organ that is to be spared."""
    organ = case.organs[number - 1]
    for index, fibre in enumerate(case.fibres_all):
        for position in case.protocol.lit_positions:
            ends = position.place(fibre).emission_points()
            points = np.linspace(ends[0], ends[-1], 1 if len(ends) == 1 else _ALONG_DIFFUSER)
            inside = organ.body.contains(points)
            if not bool(inside.any()):
                continue
            moved = any(position.moved) or position.pulled_back > 0.0
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
