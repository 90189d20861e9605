"""Which lesion gets what: a pure function of the lesion and the policy."""

from dataclasses import dataclass
from math import ceil, floor

from ablsim.cohort.chance import uniform
from ablsim.cohort.covering import Shape, count_to_cover, place
from ablsim.cohort.lesions import Lesion
from ablsim.cohort.policy_tables import WORKING_RULES, PolicyTable, RuleTable
from ablsim.cohort.study_fields import COVER
from ablsim.errors import CaseError
from ablsim.grid import Point
from ablsim.light.fibre import Pattern
from ablsim.quantities import ENERGY
from ablsim.units import to_mm

FIBRES = {"single": 1, "line": 2, "triangle": 3, "square": 4}
"""How many fibres a pattern has."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """What one lesion gets.

    Parameters
    ----------
    pattern : {"single", "line", "triangle", "square"}
        Of the fibres.
    spacing : float
        Side length of the pattern [m].
    direction : Point
        From the hand to the tips.
    power : float
        Of each fibre [W].
    energy : float
        Of each fibre and illumination [J].
    illuminations : int
        Of each placement.
    pull_back : float
        Between two illuminations of a placement [m].
    sessions : tuple of tuple of Point
        The middles of the placements of each session, from the middle of the lesion [m].
    until_complete : bool
        Whether it ends with the session after which the tumour is ablated completely.
    """

    pattern: Pattern
    spacing: float
    direction: Point
    power: float
    energy: float
    illuminations: int
    pull_back: float
    sessions: tuple[tuple[Point, ...], ...]
    until_complete: bool = False

    @property
    def fibres(self) -> int:
        """How many fibres each placement has."""
        return FIBRES[self.pattern]

    @property
    def placements(self) -> int:
        """How often the fibres are inserted in all."""
        return sum(len(session) for session in self.sessions)

    @property
    def energy_of_placement(self) -> float:
        """Fired in each placement over all fibres [J]."""
        return self.fibres * self.illuminations * self.energy


def choose_treatment(lesion: Lesion, policy: PolicyTable, seed: int) -> Treatment:
    """Return what a lesion gets under a policy.

    Parameters
    ----------
    lesion : Lesion
        Who.
    policy : PolicyTable
        By which rule.
    seed : int
        Decides who gets one treatment more where the average is not a whole number.

    Raises
    ------
    CaseError
        If the policy says nothing about a lesion of that size, or lacks its energy.
    """
    if policy.kind == "as_reported":
        return _as_reported(lesion, policy, seed)
    return _by_rule(lesion, policy, find_rule(lesion, policy))


def find_rule(lesion: Lesion, policy: PolicyTable) -> RuleTable:
    """Return the rule that holds for a lesion: the first that reaches up to its longest axis."""
    rules = policy.rules or WORKING_RULES
    for rule in rules:
        if lesion.diameter <= rule.up_to * (1.0 + 1e-9):
            return rule
    msg = (
        f'policy "{policy.label}": no rule holds for {lesion.name} of '
        f"{to_mm(lesion.diameter):g} mm; the last one ends at {to_mm(rules[-1].up_to):g} mm; "
        "add a rule or limit the population"
    )
    raise CaseError(msg)


def _by_rule(lesion: Lesion, policy: PolicyTable, rule: RuleTable) -> Treatment:
    shape = _shape(policy, rule.pattern, rule.illuminations)
    axes = _with_margin(lesion)
    planned = (
        min(int(rule.placements), policy.placements_max)
        if rule.placements != COVER
        else (count_to_cover(axes, shape, policy.cover, policy.placements_max))
    )
    sessions = min(rule.sessions, planned)
    count = _most(policy, planned)
    middles = place(axes, shape, count, planned)
    parts = _deal(middles[:planned], sessions)
    parts += [(middle,) for middle in middles[planned:]]
    return _treatment(policy, rule.pattern, rule.illuminations, policy.energy, tuple(parts))


def _as_reported(lesion: Lesion, policy: PolicyTable, seed: int) -> Treatment:
    """Return a treatment whose energy is that of the report, whatever it takes to divide it."""
    pattern = lesion.pattern or policy.pattern
    energy = lesion.energy or policy.energy_per_treatment
    if energy is None:
        msg = (
            f'policy "{policy.label}": the energy of {lesion.name} is not known; fill in its '
            'column "energy per treatment [J]", or write energy_per_treatment in the policy'
        )
        raise CaseError(msg)
    fibres = FIBRES[pattern]
    illuminations = lesion.illuminations or policy.illuminations
    if illuminations is None:
        illuminations = max(1, floor(energy / (fibres * policy.energy) + 0.5))
    count = lesion.treatments or _count_treatments(lesion, policy, seed)
    planned = min(count, policy.placements_max)
    count = _most(policy, planned)
    shape = _shape(policy, pattern, illuminations)
    middles = place(_with_margin(lesion), shape, count, planned)
    per_fibre = energy / (fibres * illuminations)
    return _treatment(policy, pattern, illuminations, per_fibre, tuple((m,) for m in middles))


def _most(policy: PolicyTable, planned: int) -> int:
    """Return how many placements there are at the utmost."""
    further = policy.further if policy.until == "complete" else 0
    return min(planned + further, max(planned, policy.placements_max))


def _count_treatments(lesion: Lesion, policy: PolicyTable, seed: int) -> int:
    """Return how many treatments a lesion has where an average is reported.

    All have one; those beyond are in proportion to the diameter where the policy names the mean
    one, so that the average stays. Chance, the same under every policy, rounds them.
    """
    beyond = policy.treatments - 1.0
    if policy.mean_diameter is not None:
        beyond *= lesion.diameter / policy.mean_diameter
    whole = floor(beyond)
    return 1 + whole + (uniform(seed, lesion.name, "treatments") < beyond - whole)


def _shape(policy: PolicyTable, pattern: Pattern, illuminations: int) -> Shape:
    length = (illuminations - 1) * policy.pull_back
    return Shape(pattern, policy.spacing, policy.direction, length, policy.reach)


def _with_margin(lesion: Lesion) -> Point:
    """Return the axes that are to be covered [m]: with the margin, up to the next millimetre."""
    x, y, z = (1e-3 * ceil(1e3 * (axis + 2.0 * lesion.margin) - 1e-6) for axis in lesion.axes)
    return (x, y, z)


def _deal(middles: tuple[Point, ...], sessions: int) -> list[tuple[Point, ...]]:
    """Return the placements in their order, spread over the sessions as evenly as can be."""
    n = len(middles)
    ends = [n * (i + 1) // sessions for i in range(sessions)]
    return [middles[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _treatment(
    policy: PolicyTable,
    pattern: Pattern,
    illuminations: int,
    energy: float,
    sessions: tuple[tuple[Point, ...], ...],
) -> Treatment:
    return Treatment(
        pattern=pattern,
        spacing=policy.spacing,
        direction=policy.direction,
        power=policy.power,
        energy=ENERGY.read(ENERGY.write(energy)),
        illuminations=illuminations,
        pull_back=policy.pull_back,
        sessions=sessions,
        until_complete=policy.until == "complete",
    )
