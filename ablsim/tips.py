"""The tips of the fibres through a run: how hot they were, and when their char film forms.

Cells do not resolve a tip. `FibreTips` keeps the estimate that stands beside the solution
(`ablsim.heat.tip`), and with ``char = "film_when_hot"`` it decides from it when a film forms.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Grid, Point
from ablsim.heat.tip import equivalent_radius, tip_excess
from ablsim.light.fibre import Fibre
from ablsim.result import TipRecord
from ablsim.tissue.constants import CAP_TEMPERATURE, CHAR_TEMPERATURE

Char = Literal["none", "film", "film_when_hot"]

FILM_GROWTH = 2.0
"""Time [s] in which a film that forms in hot tissue grows to its full absorption."""
DRY = 0.05
"""Share of its water below which tissue counts as dry [1], as where cells char."""

STATE = ("_levels", "_peaks", "_session", "_moved")
"""Names of everything that a run changes here: what a checkpoint must hold."""


class Tissue(Protocol):
    """Where rise, conductivity and water of the cells are read, as from `PennesSolver`."""

    def inner(self, name: str) -> NDArray[np.floating]:
        """Return the cells of a state array, shape (nz, ny, nx)."""


class FibreTips:
    """What becomes of the fibres' tips.

    Parameters
    ----------
    grid : Grid
        The cells.
    n_fibres : int
        Number of fibres of the case.
    char : {"none", "film", "film_when_hot"}
        Whether bare tips have a char film: never, from the start, or from the moment their
        estimated temperature passes 200 degC in dry tissue.
    base_temperature, start_temperature : float
        What the rise counts from, and what all tissue begins at [K].

    Notes
    -----
    A film goes with its fibre. It stays when the fibre is pulled back; for another placement or
    another session the fibre is taken out and cleaned, so ``film_when_hot`` begins anew.

    The estimate adds what is missing of the film's heat. What the beam itself heats within the
    cells around the face is not added: without a film a tip is somewhat hotter than is said here,
    and a film forms somewhat later than it would, the later the larger the cells.
    """

    def __init__(
        self,
        grid: Grid,
        n_fibres: int,
        *,
        char: Char,
        base_temperature: float,
        start_temperature: float,
    ) -> None:
        self._grid = grid
        self._char = char
        self._base = base_temperature
        self._fibres: tuple[Fibre, ...] = ()
        self._lit = self._tips = _Places(grid, np.empty((0, 3)))
        self._ends = [0]
        self._radii: tuple[float, ...] = ()
        self._clean = (1.0 if char == "film" else 0.0,) * n_fibres
        self._levels: tuple[float, ...] = self._clean
        self._peaks: tuple[float, ...] = (start_temperature,) * n_fibres
        self._session = 1
        self._moved: tuple[Point, ...] = ((0.0, 0.0, 0.0),) * n_fibres

    def state(self) -> dict[str, Any]:
        """Return everything that the course of a run has changed, by name."""
        return {name: getattr(self, name) for name in STATE}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a ``state`` of the same case; `place` must follow, as in the run itself."""
        for name in STATE:
            setattr(self, name, state[name])

    def place(self, fibres: Sequence[Fibre], *, session: int, moved: Sequence[Point]) -> None:
        """Take the fibres where they lie now; films of another placement or session are gone.

        Parameters
        ----------
        fibres : sequence of Fibre
            All fibres of the case at their present position.
        session : int
            Number of the session.
        moved : sequence of Point
            How far each has been repositioned since the first placement [m].
        """
        same = session == self._session
        self._levels = tuple(
            level if same and now == before else clean
            for level, clean, now, before in zip(
                self._levels, self._clean, moved, self._moved, strict=True
            )
        )
        self._session, self._moved = session, tuple(moved)
        if tuple(fibres) == self._fibres:
            return
        self._fibres = tuple(fibres)
        lit = [_lit_points(fibre, self._grid.spacing) for fibre in fibres]
        self._lit = _Places(self._grid, np.concatenate(lit))
        self._ends = np.cumsum([len(points) for points in lit]).tolist()
        self._tips = _Places(self._grid, [fibre.tip for fibre in fibres])
        self._radii = tuple(
            equivalent_radius(self._grid, fibre) if fibre.kind == "bare" else math.inf
            for fibre in fibres
        )

    @property
    def film_levels(self) -> tuple[float, ...]:
        """How far the char film of each fibre has grown, 0 to 1."""
        return self._levels

    def follow(
        self, tissue: Tissue, film_powers: Mapping[str, float], level: float, duration: float
    ) -> bool:
        """Look at the tips after some steps; say whether a film has grown meanwhile.

        Parameters
        ----------
        tissue : Tissue
            The heat solver after these steps.
        film_powers : mapping of str to float
            Heat of the film [W] of each fibre that fires, at its highest power.
        level : float
            Share of that power in these steps.
        duration : float
            How long they took [s].
        """
        grown, peaks = list(self._levels), list(self._peaks)
        looks = self._look(tissue, [level * film_powers.get(f.name, 0.0) for f in self._fibres])
        for i, (fibre, (hottest, dry)) in enumerate(zip(self._fibres, looks, strict=True)):
            peaks[i] = max(peaks[i], hottest)
            if self._char != "film_when_hot" or fibre.name not in film_powers:
                continue
            if grown[i] > 0.0 or (dry and hottest >= CHAR_TEMPERATURE.si):
                grown[i] = min(1.0, grown[i] + duration / FILM_GROWTH)
        before, self._levels, self._peaks = self._levels, tuple(grown), tuple(peaks)
        return self._levels != before

    def _look(self, tissue: Tissue, film_powers: Sequence[float]) -> Iterator[tuple[float, bool]]:
        """Yield the temperature of each tip [K] and whether its tissue is dry.

        A diffuser spreads its light: where its active length is hottest counts, as computed.
        """
        rise = self._lit.read(tissue.inner("theta"))
        water, k = (self._tips.read(tissue.inner(name)) for name in ("water", "k"))
        starts = [0, *self._ends[:-1]]
        for i, (fibre, start, end) in enumerate(zip(self._fibres, starts, self._ends, strict=True)):
            hottest = self._base + float(rise[start:end].max())
            if fibre.kind != "bare":
                yield hottest, False
                continue
            face = 0.5 * fibre.core_diameter
            excess = tip_excess(film_powers[i], float(k[i]), face, self._radii[i])
            yield hottest + excess, bool(water[i] < DRY)

    def records(self) -> tuple[TipRecord, ...]:
        """Return what to report of each fibre; no temperature above the cap is a result."""
        cap = CAP_TEMPERATURE.si
        return tuple(
            TipRecord(fibre.name, min(peak, cap), peak >= cap, peak >= CHAR_TEMPERATURE.si)
            for fibre, peak in zip(self._fibres, self._peaks, strict=True)
        )


def _lit_points(fibre: Fibre, spacing: float) -> NDArray[np.float64]:
    """Return points of what lights, the tip first, at most half a cell apart, (n, 3) [m]."""
    pieces = math.ceil(2.0 * fibre.length / spacing)
    behind = np.linspace(0.0, fibre.length, pieces + 1)
    return np.asarray(np.asarray(fibre.tip) - behind[:, None] * np.asarray(fibre.direction))


class _Places:
    """Points ``(n, 3)`` [m] at which fields are read, trilinear between cell centres."""

    def __init__(self, grid: Grid, points: Sequence[Point] | NDArray[np.float64]) -> None:
        index = grid.index(np.reshape(points, (-1, 3)))
        last = np.array(grid.shape) - 1
        below = np.floor(np.clip(index, 0, last)).astype(np.intp)
        share = np.clip(index, 0, last) - below
        corners = np.array(list(np.ndindex(2, 2, 2)))[:, None]
        self._cells = tuple(np.moveaxis(np.minimum(below + corners, last), -1, 0))
        self._weights = np.where(corners == 1, share, 1.0 - share).prod(axis=-1)

    def read(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return a field at the points, shape (n,)."""
        return np.asarray((self._weights * values[self._cells]).sum(axis=0))
