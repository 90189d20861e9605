"""The tips of the fibres through a run: how hot they were, and when their char film forms.

Cells do not resolve a tip. `FibreTips` keeps the estimate that stands beside the solution
(`ablsim.heat.tip`), and with ``char = "film_when_hot"`` it decides from it when a film forms.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

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

    def at(self, name: str, where: tuple[NDArray[np.intp], ...]) -> NDArray[np.floating]:
        """Return what a state array is at some cells, given by their indices (z, y, x)."""


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
        self._charring = CHAR_TEMPERATURE.si  # a unit takes longer to convert than a tip to look at
        self._fibres: tuple[Fibre, ...] = ()
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
        self._starts = np.cumsum([0, *map(len, lit[:-1])])
        self._tips = _Places(self._grid, [fibre.tip for fibre in fibres])
        self._bare = np.array([fibre.kind == "bare" for fibre in fibres])
        # a diffuser has no face: its light is spread, and nothing is missing where it is hottest
        self._faces = tuple(0.5 * f.core_diameter if f.kind == "bare" else math.inf for f in fibres)
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
        powers = [level * film_powers.get(fibre.name, 0.0) for fibre in self._fibres]
        hottest = self._hottest(tissue, powers)
        self._peaks = tuple(np.maximum(self._peaks, hottest).tolist())
        if self._char != "film_when_hot":
            return False
        chars = self._dry(tissue) & (hottest >= self._charring)
        before = self._levels
        self._levels = tuple(
            min(1.0, grown + duration / FILM_GROWTH)
            if fibre.name in film_powers and (grown > 0.0 or begins)
            else grown
            for fibre, grown, begins in zip(self._fibres, before, chars, strict=True)
        )
        return self._levels != before

    def _hottest(self, tissue: Tissue, film_powers: Sequence[float]) -> NDArray[np.float64]:
        """Return the temperature of each tip [K]; of a diffuser, where its length is hottest."""
        rise = np.maximum.reduceat(self._lit.read(tissue, "theta"), self._starts)
        k = self._tips.read(tissue, "k").tolist()
        columns = zip(film_powers, k, self._faces, self._radii, strict=True)
        return np.asarray(self._base + rise + [tip_excess(*of_one) for of_one in columns])

    def _dry(self, tissue: Tissue) -> NDArray[np.bool_]:
        """Say at which bare tips the tissue is dry."""
        return np.asarray(self._bare & (self._tips.read(tissue, "water") < DRY))

    def records(self) -> tuple[TipRecord, ...]:
        """Return what to report of each fibre; no temperature above the cap is a result."""
        cap = CAP_TEMPERATURE.si
        return tuple(
            TipRecord(fibre.name, min(peak, cap), peak >= cap, peak >= self._charring)
            for fibre, peak in zip(self._fibres, self._peaks, strict=True)
        )


def _lit_points(fibre: Fibre, spacing: float) -> NDArray[np.float64]:
    """Return points of what lights, the tip first, at most half a cell apart, (n, 3) [m]."""
    pieces = math.ceil(2.0 * fibre.length / spacing)
    behind = np.linspace(0.0, fibre.length, pieces + 1)
    return np.asarray(np.asarray(fibre.tip) - behind[:, None] * np.asarray(fibre.direction))


class _Places:
    """Points ``(n, 3)`` [m] where fields are read, trilinear between cell centres.

    Which cells count, and how much, is found once: fields are read there after every few steps.
    Beyond the outermost centres a field goes on as it is at them.
    """

    def __init__(self, grid: Grid, points: ArrayLike) -> None:
        last = np.array(grid.shape) - 1
        index = np.clip(grid.index(points), 0.0, last)
        below = np.floor(index).astype(np.intp)
        share = index - below
        corners = np.array(list(product((0, 1), repeat=3)))[:, None]
        z, y, x = np.moveaxis(np.minimum(below + corners, last), -1, 0)
        self._cells = z, y, x
        self._weights = np.where(corners == 1, share, 1.0 - share).prod(axis=-1)

    def read(self, tissue: Tissue, name: str) -> NDArray[np.float64]:
        """Return a state array at the points, shape (n,)."""
        return np.asarray((self._weights * tissue.at(name, self._cells)).sum(axis=0))
