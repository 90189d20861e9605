"""Large vessels that close when heat has coagulated their wall.

A vessel whose ``wall`` is "occludes" keeps its flow until, at any cross-section, the tissue around
its whole circumference has reached vascular stasis (Omega_stasis >= 1 in every wall cell of a ring
two cells long). A tube that is shut in one place carries no blood anywhere, so the whole vessel
stops then, up- and downstream, for good.

The rule needs no number of its own, and makes small vessels close and large ones stay open: blood
keeps the far wall of a vessel beside the zone at body temperature, so only a vessel that is heated
from all sides at once can close. Amid four fibres of 5 W, 3 to 4 mm from its wall, one of 3 mm
closes after 27 s, one of 6 mm after 53 s, one of 10 mm not within 120 s. No measured time was found
to hold this against, and it depends on the grid, whose wall cells reach half a cell into the
tissue: 22, 27 and 33 s for the first on cells of 1.5, 1 and 0.75 mm.

What it leaves out: clotting from the damaged lining before the wall is coagulated all around,
spasm, branches that would keep feeding a part of the vessel, and the perfusion of what the vessel
supplied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Case
from ablsim.domain import Domain
from ablsim.grid import Grid, Point
from ablsim.heat.vessels import find_wall_faces

FloatArray = NDArray[np.float64]
Cells = tuple[NDArray[np.intp], ...]


@dataclass(frozen=True, slots=True)
class Rings:
    """The wall of one vessel, ring by ring.

    Parameters
    ----------
    cells : tuple of three ndarray of int, each of shape (n,)
        Indices (z, y, x) of the tissue cells that touch the lumen, one ring after the other; a
        cell belongs to every ring that it lies in.
    starts : ndarray of int, shape (n_rings,)
        Where each ring begins.
    """

    cells: Cells
    starts: NDArray[np.intp]

    def coagulated(self, stasis: NDArray[np.floating]) -> FloatArray:
        """Return the share of each ring's cells that has come to stasis, shape (n_rings,)."""
        if self.starts.size == 0:
            return np.zeros(0)
        done = (stasis[self.cells] >= 1.0).astype(np.float64)
        lengths = np.diff(np.append(self.starts, done.size))
        return np.asarray(np.add.reduceat(done, self.starts) / lengths)


class Occlusion:
    """Which vessels have closed, and when.

    Parameters
    ----------
    case : Case
        Its vessels with ``wall = "occludes"`` are watched, where blood flows at all.
    domain : Domain
        Where they are.
    """

    def __init__(self, case: Case, domain: Domain) -> None:
        self._vessels: list[tuple[int, str, Rings]] = []
        if case.tissue.perfusion == "normal":
            for number, vessel in enumerate(case.vessels, start=1):
                if vessel.wall == "occludes" and bool((domain.lumen == number).any()):
                    rings = find_rings(domain.grid, domain.lumen, number, vessel.points)
                    self._vessels.append((number, vessel.name, rings))
        self._closed_at: list[float | None] = [None] * len(self._vessels)
        self._furthest = [0.0] * len(self._vessels)

    @property
    def watches(self) -> bool:
        """Whether a vessel is left that may close."""
        return None in self._closed_at

    def find_closing(self, time: float, stasis: NDArray[np.floating]) -> tuple[int, ...]:
        """Return the numbers (from 1, as in `Domain.lumen`) of the vessels that close at ``time``.

        ``stasis``, shape ``(nz, ny, nx)``, is the damage integral of vascular stasis [1]. A vessel
        closes once.
        """
        closing = []
        for i, (number, _, rings) in enumerate(self._vessels):
            if self._closed_at[i] is None:
                self._furthest[i] = float(np.max(rings.coagulated(stasis), initial=0.0))
                if self._furthest[i] == 1.0:
                    self._closed_at[i] = time
                    closing.append(number)
        return tuple(closing)

    def state(self) -> dict[str, Any]:
        """Return what has closed when, by name."""
        return {"closed_at": tuple(self._closed_at), "furthest": tuple(self._furthest)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a ``state`` of the same case."""
        self._closed_at = list(state["closed_at"])
        self._furthest = list(state["furthest"])

    def notes(self) -> tuple[str, ...]:
        """Return one sentence for each vessel that could close: when it did, or why it did not."""
        notes = []
        for i, (_, name, rings) in enumerate(self._vessels):
            closed = self._closed_at[i]
            if closed is not None:
                notes.append(
                    f"{name} closed at {closed:.0f} s: its wall was coagulated all around; from "
                    "then on its blood stands still."
                )
            elif rings.starts.size == 0:
                notes.append(f"{name} stayed open: no whole cross-section of it is in the domain.")
            else:
                notes.append(
                    f"{name} stayed open: its wall was coagulated around at most "
                    f"{100.0 * self._furthest[i]:.0f} % of a cross-section."
                )
        return tuple(notes)


def find_rings(grid: Grid, lumen: NDArray[np.uint8], number: int, line: Sequence[Point]) -> Rings:
    """Return the rings of tissue cells around a vessel, one for each cell's length of it.

    Parameters
    ----------
    grid : Grid
        The cells.
    lumen : ndarray of uint8, shape (nz, ny, nx)
        ``number`` in the vessel's cells, 0 outside all vessels.
    number : int
        Which vessel.
    line : sequence of points
        Its centre line [m].

    Notes
    -----
    A ring holds the wall cells within one cell of a station along the centre line: two cells long,
    so that it goes all around a tube however it lies to the grid. Rings are left out where not all
    of the circumference is tissue of the domain: at the domain's wall, and where another vessel
    opens into this one.
    """
    inside, outside = find_wall_faces(lumen == number)
    flat = lumen.ravel()
    wall = np.unique(outside[flat[outside] == 0])
    own = np.argwhere(lumen == number)
    at_the_end = np.any((own == 0) | (own == np.array(lumen.shape) - 1), axis=1)
    junction = np.stack(np.unravel_index(inside[flat[outside] != 0], lumen.shape), axis=-1)
    unknown = np.concatenate([own[at_the_end], junction])
    cells = np.stack(np.unravel_index(wall, lumen.shape), axis=-1)
    at = _stations(grid.position(cells), line)
    broken = _stations(grid.position(unknown), line)
    reach = grid.spacing * (1.0 + 1e-9)
    rings: list[NDArray[np.intp]] = []
    for station in np.arange(at.min(initial=0.0), at.max(initial=0.0), grid.spacing):
        if np.any(np.abs(broken - station) <= reach):
            continue
        ring = np.flatnonzero(np.abs(at - station) <= reach)
        if ring.size:
            rings.append(ring)
    chosen = cells[np.concatenate(rings)] if rings else cells[:0]
    sizes = np.array([0, *(ring.size for ring in rings)][: len(rings)], dtype=np.intp)
    z, y, x = chosen.T
    return Rings((z, y, x), np.cumsum(sizes, dtype=np.intp))


def _stations(points: FloatArray, line: Sequence[Point]) -> FloatArray:
    """Return how far along a line of points the nearest place to each point (n, 3) lies [m]."""
    best = np.full(len(points), np.inf)
    station = np.zeros(len(points))
    passed = 0.0
    for start, end in pairwise(np.asarray(line, dtype=np.float64)):
        length = float(np.linalg.norm(end - start))
        along = np.clip((points - start) @ (end - start) / length, 0.0, length)
        gap = np.linalg.norm(points - start - np.outer(along / length, end - start), axis=1)
        nearer = gap < best
        station = np.where(nearer, passed + along, station)
        best = np.where(nearer, gap, best)
        passed += length
    return station
