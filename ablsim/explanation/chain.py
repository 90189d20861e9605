"""Nested what-if runs of one case, and what they say about the tumour that is left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ablsim.case import Case
from ablsim.errors import CaseError
from ablsim.explanation.counterfactuals import COUNTERFACTUALS
from ablsim.explanation.readings import Readings, read_slice
from ablsim.explanation.shells import Shells, find_box, front_in
from ablsim.quantities import LENGTH, POSITION
from ablsim.result import Result
from ablsim.simulation import simulate
from ablsim.units import to_kelvin
from ablsim.zone import measure_zones

OnRun = Callable[[str, int, int], None]
OnProgress = Callable[[float, float], None]

COAGULATED = to_kelvin(60.0)
"""Temperature at which tissue coagulates at once [K]."""


@dataclass(frozen=True, slots=True)
class Step:
    """One run of the chain.

    Parameters
    ----------
    name : str
        What was taken away last; "as it is" for the first.
    case : Case
        What was simulated.
    ablated : float
        Tumour ablated [m^3].
    fraction : float
        Its share of the tumour.
    fired : float
        Energy fired [J].
    """

    name: str
    case: Case
    ablated: float
    fraction: float
    fired: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a tumour is not wholly ablated.

    Parameters
    ----------
    zone : str
        The zone that counts.
    volume : float
        Tumour [m^3].
    steps : tuple of Step
        The case as it is, then with one limit after the other taken away, each on top of those
        before it.
    misplaced : tuple of float
        Ablated fractions of the case with errors of placement, if there were any.
    readings : Readings
        How the ablated share reads on a slice.
    floor : float
        Energy that heats what is left of the tumour to coagulation with no loss at all [J].
    shells : Shells
        Which step is the first to reach a point of the tumour.
    """

    zone: str
    volume: float
    steps: tuple[Step, ...]
    misplaced: tuple[float, ...]
    readings: Readings
    floor: float
    shells: Shells

    @property
    def fraction(self) -> float:
        """Ablated share of the tumour as it is."""
        return self.steps[0].fraction


def explain(
    case: Case,
    *,
    spacing: float | None = None,
    misplaced: Sequence[Case] = (),
    on_run: OnRun | None = None,
    on_progress: OnProgress | None = None,
) -> Explanation:
    """Find out what keeps a treatment from ablating the whole tumour.

    Parameters
    ----------
    case : Case
        A treatment with a tumour, its fibres where they were meant to be.
    spacing : float, optional
        Edge length of a cell [m]; by default the case's own.
    misplaced : sequence of Case, optional
        The same treatment with errors of placement, whose mean loss comes first.
    on_run : callable, optional
        Called before each run with its name, its number from 1 and how many there are.
    on_progress : callable, optional
        Called now and then during a run, as that of `simulate`.

    Returns
    -------
    Explanation
        Ablated volume of every run, the shells of tumour that each added, and how the result of
        the first one would read on a slice.

    Raises
    ------
    CaseError
        If the case has no tumour.

    Examples
    --------
    >>> import ablsim
    >>> found = ablsim.explain(ablsim.Case.from_toml("patient.toml"))  # doctest: +SKIP
    >>> [(step.name, step.fraction) for step in found.steps]  # doctest: +SKIP
    """
    if case.tumour is None:
        msg = "tumour: is missing; add a [tumour], or there is nothing that could be left of one"
        raise CaseError(msg)
    chain = make_chain(case, spacing)
    grid = chain[0][1].grid()
    names = [name for name, _ in chain]
    total = len(chain) + len(misplaced)

    def run(name: str, number: int, one: Case) -> Result:
        if on_run is not None:
            on_run(name, number, total)
        return simulate(one, on_progress=on_progress)

    box, fronts = find_box(case, grid), []
    steps: list[Step] = []
    readings = Readings()
    volume = 0.0
    for number, (name, one) in enumerate(chain):
        result = run(name, number + 1, one)
        coverage = measure_zones(result).tumour
        if coverage is None:
            msg = "a case with a tumour has no coverage"
            raise AssertionError(msg)
        fronts.append(front_in(box, getattr(result.fields, case.physics.reported_zone)))
        if number == 0:
            volume = coverage.volume
            readings = read_slice(result)
        # of the tumour as it is: without its vessels it has a little more tissue
        ablated = coverage.ablated_fraction * volume
        steps.append(Step(name, one, ablated, coverage.ablated_fraction, result.ledger.fired))
    found = []
    for number, other in enumerate(misplaced, start=len(names) + 1):
        here = _on_grid_of(other, chain[0][1], other.numerics.edge)
        result = run("with errors of placement", number, here)
        coverage = measure_zones(result).tumour
        found.append(0.0 if coverage is None else coverage.ablated_fraction)
    return Explanation(
        zone=case.physics.reported_zone,
        volume=volume,
        steps=tuple(steps),
        misplaced=tuple(found),
        readings=readings,
        floor=_energy_floor(case) * (volume - steps[0].ablated),
        shells=Shells(chain[0][1], grid, box, tuple(fronts)),
    )


def make_chain(case: Case, spacing: float | None = None) -> list[tuple[str, Case]]:
    """Return name and case of every run, on cells that all of them share."""
    if spacing is None and case.numerics.spacing is None:
        msg = (
            'numerics.spacing: "auto" may choose other cells for each run, which are compared cell '
            'by cell; write for example "2 mm"'
        )
        raise CaseError(msg)
    first = case if spacing is None else case.replace({"numerics.spacing": LENGTH.write(spacing)})
    chain = [("as it is", first)]
    for counterfactual in COUNTERFACTUALS:
        changed = counterfactual.apply(chain[-1][1])
        if changed is not None:
            chain.append((counterfactual.name, changed))
    widest = max((one for _, one in chain), key=lambda one: one.grid().n_cells)
    return [(name, _on_grid_of(one, widest)) for name, one in chain]


def _on_grid_of(case: Case, other: Case, spacing: float | None = None) -> Case:
    """Return the case in the domain of another, on its cells or on finer ones."""
    grid = other.grid()
    edge = grid.spacing if spacing is None else min(spacing, grid.spacing)
    return case.replace(
        {
            "domain.centre": POSITION.write(grid.centre),
            "domain.size": POSITION.write(grid.size),
            "numerics.spacing": LENGTH.write(edge),
        }
    )


def _energy_floor(case: Case) -> float:
    """Return the heat that takes tumour tissue from body to coagulation temperature [J/m^3]."""
    if case.tumour is None:
        return 0.0
    thermal = case.tissue.find(case.tumour.tissue).thermal
    rise = max(0.0, COAGULATED - case.tissue.body_temperature)
    return float(thermal.density.si * thermal.specific_heat.si * rise)
