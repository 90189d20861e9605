"""What only the whole case can tell: names, laws, tissues and places against each other."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ablsim.case_overrides import OverrideTable
from ablsim.case_places import find_misplaced
from ablsim.errors import CaseError
from ablsim.tissue.boiling import BOILING_NUMBERS
from ablsim.tissue.constants import PERFUSION_STRATA
from ablsim.tissue.library import ONLY_FOR, get_kinetics, get_tissue, list_tissues
from ablsim.tissue.sets.ablsim_composition import COMPOSITIONS
from ablsim.tissue.sets.oneill2011 import THREE_STATE
from ablsim.units import write_quantity

if TYPE_CHECKING:
    from ablsim.case import Case


def find_problems(case: "Case") -> list[str]:
    """Return everything that is wrong with a case whose keys are each right by themselves."""
    problems = [*_library_names(case), *_wavelength(case), *_overrides(case)]
    problems += [*_repeated_names(case), *_steam(case), *_shifts(case), *_super_steps(case)]
    problems += case.protocol.find_unknown_fibres([fibre.name for fibre in case.fibres_all])
    if not case.fibres_all:
        problems.append("fibre: there is no fibre; add a [[fibre]] or [fibres]")
        return problems
    return problems + find_misplaced(case)


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


def _super_steps(case: "Case") -> Iterator[str]:
    """Check that super-steps know the law of boiling."""
    boiling = case.physics.boiling
    if case.numerics.time_stepping == "rkl2" and boiling in BOILING_NUMBERS:
        yield (
            f'numerics.time_stepping: "rkl2" does not know boiling = "{boiling}"; allowed are '
            '"auto" and "euler", which are the same then; write "auto" or boiling = "water_state"'
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
