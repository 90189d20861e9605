"""What the reader of a result should know beside its numbers, one sentence each."""

import numpy as np

from ablsim.case import Case
from ablsim.domain import Domain
from ablsim.result import Fields
from ablsim.tissue.boiling import BOILING_NUMBERS
from ablsim.tissue.constants import DAMAGE_GATE
from ablsim.tissue.library import get_kinetics
from ablsim.tissue.processes import ThreeStateDeath
from ablsim.tissue.wavelength import describe_wavelength
from ablsim.units import to_celsius


def explain(case: Case, domain: Domain, fields: Fields) -> tuple[str, ...]:
    """Return what was decided for the user, what the laws in use mean, and what is not settled.

    ``fields`` is the state at the end.
    """
    notes = []
    if case.protocol.cool_down_added > 0.0:
        where = "at the end" if case.protocol.sessions == 1 else "at the end of sessions"
        notes.append(
            f"{case.protocol.cool_down_added:g} s of rest were added {where}: damage goes on "
            "while tissue cools, and a zone is read after at least 120 s."
        )
    notes += describe_wavelength(case.tissue.wavelength, domain.tissues)
    return (*notes, *_laws(case), *_heat_left(case, fields))


def _laws(case: Case) -> tuple[str, ...]:
    """Say what laws for comparison mean."""
    notes, physics = [], case.physics
    if physics.boiling in BOILING_NUMBERS:
        notes.append(
            f"Boiling follows {physics.boiling}, a law for comparison: water comes back as tissue "
            "cools, and what the books give to steam is the heat that steam holds at the end."
        )
    death = get_kinetics(physics.death)
    if isinstance(death, ThreeStateDeath):
        notes.append(
            f"The zone of death is where at least {100.0 * death.dead.si:g} % of the cells are "
            f"dead; below {to_celsius(death.gate.si):g} degC cells neither die nor recover."
        )
    return tuple(notes)


def _heat_left(case: Case, fields: Fields) -> tuple[str, ...]:
    """Say so if tissue outside the reported zone is so hot at the end that it may join."""
    gate = DAMAGE_GATE.si - case.tissue.body_temperature
    omega = getattr(fields, case.physics.reported_zone)
    hottest = float(fields.rise.max(where=omega < 1.0, initial=-np.inf))
    if hottest < gate:
        return ()
    celsius = to_celsius(case.tissue.body_temperature + hottest)
    return (
        f"Tissue outside the {case.physics.reported_zone} zone is still at {celsius:.1f} degC when "
        'the run ends: the zone may still grow; add rest, for example "rest for 1800 s".',
    )
