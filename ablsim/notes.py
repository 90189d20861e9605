"""What the reader of a result should know beside its numbers, one sentence each."""

import numpy as np
from scipy.spatial import cKDTree

from ablsim.case import Case
from ablsim.damage.chosen import chosen_processes
from ablsim.damage.rate import damage_rate
from ablsim.domain import Domain
from ablsim.geometry import distance_to_tube
from ablsim.light.coefficients import effective_attenuation, mean_free_path
from ablsim.result import Fields
from ablsim.tissue.boiling import BOILING_NUMBERS
from ablsim.tissue.library import get_kinetics
from ablsim.tissue.processes import CriticalTemperature, ThreeStateDeath
from ablsim.tissue.wavelength import describe_wavelength
from ablsim.units import to_celsius, to_mm

STAYS_HOT = 600.0
"""How long [s] tissue is taken to stay as hot as it is at the end."""
GROWTH_SAID = 0.02
"""Growth of the reported zone in that time, relative to it, from which on it is said."""

CLEAR = 5e-3
"""Mean free path of light [m] beyond which tissue is so clear that diffusion does not hold."""
NEAR_CLEAR = 15e-3
"""Distance from where light leaves a fibre [m] within which such tissue is said."""


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
    beyond = _beyond_diffusion(case, domain)
    near = (*_in_vessels(case), *_shallow(case, domain), *beyond)
    return (*notes, *_laws(case), *near, *_growing(case, fields))


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


def _in_vessels(case: Case) -> tuple[str, ...]:
    """Say so if a fibre gives light inside a vessel."""
    notes = []
    for fibre in case.fibres_all:
        points = [position.place(fibre).emission_line() for position in case.protocol.lit_positions]
        for vessel in case.vessels:
            away = distance_to_tube(np.concatenate(points), vessel.points, 0.5 * vessel.diameter)
            if bool((away < 0.0).any()):
                notes.append(
                    f"{fibre.name} gives light inside {vessel.name}, whose blood carries off what "
                    "it takes up. That blood boils, clots or chars is not in the model: do not "
                    "rely on the zone around that tip."
                )
    return tuple(notes)


def _shallow(case: Case, domain: Domain) -> tuple[str, ...]:
    """Say so if light does not reach from one cell to the next."""
    tumour = domain.tissues[: 1 if domain.tumour_label is None else domain.tumour_label + 1]
    depths = {}
    for tissue in tumour:  # and the background before it; blood is no place for a fibre
        native = tissue.optical.native
        attenuation = effective_attenuation(native.absorption.si, native.reduced_scattering.si)
        depths[tissue.name] = 1.0 / float(attenuation)
    name, depth = min(depths.items(), key=lambda entry: entry[1])
    if depth >= case.numerics.edge:
        return ()
    return (
        f"Light fades within {to_mm(depth):.2f} mm in {name}, less than a cell: what is hot near a "
        "tip hangs on the cells; use a finer numerics.spacing.",
    )


def _beyond_diffusion(case: Case, domain: Domain) -> tuple[str, ...]:
    """Say so if light is taken to diffuse near tissue that it crosses almost unscattered."""
    if case.numerics.light != "diffusion":
        return ()
    places = (
        position.place(fibre)
        for position in case.protocol.lit_positions
        for fibre in case.fibres_all
    )
    lit = cKDTree([point for fibre in places for point in fibre.emission_points()])
    notes = []
    for label, tissue in enumerate(domain.tissues):
        native = tissue.optical.native
        path = mean_free_path(native.absorption.si, native.reduced_scattering.si)
        if path < CLEAR:
            continue
        cells = domain.grid.position(np.argwhere(domain.labels == label))
        nearest = float(np.min(lit.query(cells)[0], initial=np.inf))
        if nearest < NEAR_CLEAR:
            notes.append(
                f"Light was computed by diffusion {to_mm(nearest):.0f} mm from {tissue.name}, "
                "which hardly scatters: there it is 14 to 46 % off, too little at the near wall, "
                'too much inside and at the far one. numerics.light = "monte_carlo" follows '
                "photons instead."
            )
    return tuple(notes)


def _growing(case: Case, fields: Fields) -> tuple[str, ...]:
    """Say so if the reported zone would grow much on the heat that is left at the end."""
    name = case.physics.reported_zone
    process = chosen_processes(case)[name]
    if isinstance(process, CriticalTemperature | ThreeStateDeath):
        return ()
    now = joining = 0
    hottest = 0.0
    for omega, rise in zip(getattr(fields, name), fields.rise, strict=True):  # for the memory
        begun = (omega > 0.0) & (omega < 1.0)  # what is hot enough to join has some damage by now
        temperature = case.tissue.body_temperature + rise[begun].astype(np.float64)
        joins = omega[begun] + STAYS_HOT * damage_rate(process, temperature) >= 1.0
        now += int(np.count_nonzero(omega >= 1.0))
        joining += int(joins.sum())
        hottest = max(hottest, float(temperature[joins].max(initial=0.0)))
    share = joining / max(1, now)
    if share < GROWTH_SAID:
        return ()
    return (
        f"The {name} zone was still growing when the run ended: it would gain {100.0 * share:.0f} "
        f"% if the tissue around it, now at up to {to_celsius(hottest):.0f} degC, stayed as hot "
        'for ten minutes; add rest to see, for example "rest for 1800 s".',
    )
