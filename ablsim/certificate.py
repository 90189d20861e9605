"""What coarser cells make of a case, and so how far its numbers are from what ever finer would."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ablsim.case import Case
from ablsim.case_places import coarsest_spacing
from ablsim.discretisation import CHANCE, GridError, estimate, summarise_grid_error
from ablsim.errors import CaseError
from ablsim.simulation import simulate
from ablsim.units import to_mm
from ablsim.zone import Zones, measure_zones

COARSER = ((1.5, 2.0), (1.25, 1.5))
"""How much larger the cells of the two other runs are, by preference."""

SPACING_MAX = 4e-3
"""Edge of the largest cells that a case may have [m]."""

OnRun = Callable[[int, int], None]
OnProgress = Callable[[float, float], None]


@dataclass(frozen=True, slots=True)
class Certificate:
    """One case on three sizes of cells, finest first.

    Parameters
    ----------
    case : Case
        The case, on the finest.
    spacings : tuple of float, length 3
        Edges of the cells [m].
    zones : tuple of Zones, length 3
        What was measured on each.
    """

    case: Case
    spacings: tuple[float, ...]
    zones: tuple[Zones, ...]

    def error_of(self, measure: Callable[[Zones], float]) -> GridError:
        """Return the error of a number that ``measure`` reads off the zones.

        Examples
        --------
        >>> certificate.error_of(lambda zones: zones["death"].volume)  # doctest: +SKIP
        """
        chance = CHANCE if self._by_chance else 0.0
        return estimate(self.spacings, [measure(one) for one in self.zones], chance=chance)

    @property
    def volume(self) -> GridError:
        """The error of the volume of the reported zone [m^3]."""
        name = self.case.physics.reported_zone
        return self.error_of(lambda zones: zones[name].volume)

    @property
    def _by_chance(self) -> bool:
        return self.case.numerics.light != "diffusion"

    def summarise(self) -> dict[str, Any]:
        """Return the object ``error.grid`` of a summary, in millimetres and millilitres."""
        return summarise_grid_error(self.spacings, self.zones, by_chance=self._by_chance)


def coarser_cases(case: Case) -> tuple[Case, Case]:
    """Return a case on the two coarser sizes of cells that say how accurate it is.

    Raises
    ------
    CaseError
        If the cells are so large already that no coarser ones tell its fibres apart or are allowed.
    """
    edge = case.numerics.edge
    most = min(coarsest_spacing(case), SPACING_MAX)
    for factors in COARSER:
        if factors[-1] * edge <= most * (1.0 + 1e-9):
            one, other = (on_cells(case, factor * edge) for factor in factors)
            return one, other
    finest = most / COARSER[-1][-1]
    msg = (
        f"--certify: takes runs on cells of {to_mm(COARSER[-1][-1] * edge):g} mm, and at most "
        f"{to_mm(most):g} mm {'tell the fibres apart' if most < SPACING_MAX else 'are allowed'}; "
        "write for example "
        f'numerics.spacing = "{to_mm(int(finest * 1e5) / 1e5):g} mm"'
    )
    raise CaseError(msg)


def on_cells(case: Case, edge: float) -> Case:
    """Return the case on cells of another edge [m]."""
    return case.replace({"numerics.spacing": f"{to_mm(edge):.10g} mm", "numerics.accuracy": None})


def certify(
    case: Case,
    zones: Zones | None = None,
    *,
    on_run: OnRun | None = None,
    on_progress: OnProgress | None = None,
) -> Certificate:
    """Run a case on two coarser sizes of cells and say how accurate its numbers are.

    Parameters
    ----------
    case : Case
        The case, on cells of a size that it says.
    zones : Zones, optional
        What was measured of its result (`measure_zones`), if it is at hand.
    on_run : callable, optional
        Called before each run with its number, from 1, and how many there are.
    on_progress : callable, optional
        As that of `simulate`.

    Returns
    -------
    Certificate
        The errors of its numbers.

    Raises
    ------
    CaseError
        If the case leaves the size of its cells open, or it is too large for coarser ones.

    Notes
    -----
    Cells one and a half times and twice as large take an eighth and a thirtieth of the work. What
    they say is in `ablsim.discretisation`.

    Examples
    --------
    >>> certificate = ablsim.certify(ablsim.Case.from_toml("quick.toml"))  # doctest: +SKIP
    >>> certificate.volume.interval  # m^3  # doctest: +SKIP
    """
    if case.numerics.spacing is None:
        msg = 'numerics.spacing: "auto" certifies itself; take the error that its result comes with'
        raise CaseError(msg)
    cases = [*([case] if zones is None else []), *coarser_cases(case)]
    measured = [] if zones is None else [zones]
    for number, one in enumerate(cases, start=1):
        if on_run is not None:
            on_run(number, len(cases))
        measured.append(measure_zones(simulate(one, on_progress=on_progress)))
    spacings = (case.numerics.edge, *(one.numerics.edge for one in cases[-2:]))
    return Certificate(case, spacings, tuple(measured))
