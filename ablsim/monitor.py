"""Readings taken while the treatment goes on: temperatures at probes, peaks in organs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.case import Case
from ablsim.damage.chosen import chosen_processes
from ablsim.damage.curve import damage_of
from ablsim.domain import Domain
from ablsim.exposure import OrganExposure, ProbeCurve
from ablsim.extent import REACH_PERFUSED, REACH_WITHOUT_FLOW
from ablsim.grid import Grid
from ablsim.units import to_mm

FloatArray = NDArray[np.float64]


class Monitor:
    """Reads probes and organs whenever it is shown the temperature.

    Parameters
    ----------
    case : Case
        Whose probes and organs are read.
    domain : Domain
        Where the organs are.

    Notes
    -----
    Probes are read by trilinear interpolation between cell centres, continued linearly over the
    outer half of the outermost cells: exact for linear fields. Beside a vessel the cells that hold
    the temperature of the blood count as they are.
    """

    def __init__(self, case: Case, domain: Domain) -> None:
        self._case = case
        self._domain = domain
        self._cells, self._weights = _corners(domain.grid, [p.position for p in case.probes])
        self._organs = [_where(domain.organs == i + 1) for i in range(len(case.organs))]
        self._times: list[float] = []
        self._rises: list[FloatArray] = []
        self._peaks = np.full(len(case.organs), -np.inf)
        self._peak_times = np.zeros(len(case.organs))

    @property
    def watches(self) -> bool:
        """Whether there is anything to read."""
        return bool(self._case.probes or self._organs)

    def read(self, time: float, rise: NDArray[np.floating]) -> None:
        """Take readings of the ``rise`` [K], shape ``(nz, ny, nx)``, at ``time`` [s]."""
        if self._case.probes:
            self._times.append(time)
            corners = rise[self._cells].astype(np.float64)
            self._rises.append(np.einsum("pc,pc->p", corners, self._weights))
        for i, (box, cells) in enumerate(self._organs):
            hottest = float(np.max(rise[box], where=cells, initial=-np.inf))
            if hottest > self._peaks[i]:
                self._peaks[i], self._peak_times[i] = hottest, time

    def state(self) -> dict[str, Any]:
        """Return all readings so far, by name."""
        return {
            "times": np.array(self._times),
            "rises": np.array(self._rises).reshape(len(self._times), len(self._case.probes)),
            "peaks": self._peaks.copy(),
            "peak_times": self._peak_times.copy(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to the readings of a ``state`` of the same case's monitor."""
        self._times = [float(time) for time in state["times"]]
        self._rises = list(np.array(state["rises"], dtype=np.float64))
        self._peaks = np.array(state["peaks"], dtype=np.float64)
        self._peak_times = np.array(state["peak_times"], dtype=np.float64)

    def probes(self) -> tuple[ProbeCurve, ...]:
        """Return what the probes have recorded, with the damage it does."""
        base, processes = self._case.tissue.body_temperature, chosen_processes(self._case)
        times = np.array(self._times)
        curves = []
        for i, probe in enumerate(self._case.probes):
            temperatures = base + np.array([rises[i] for rises in self._rises])
            stasis, whitening, death = (
                damage_of(process, times, temperatures) for process in processes.values()
            )
            curves.append(
                ProbeCurve(
                    probe.name, probe.position, times, temperatures, stasis, whitening, death
                )
            )
        return tuple(curves)

    def organs(self, death: NDArray[np.floating]) -> tuple[OrganExposure, ...]:
        """Return what the organs went through; ``death`` is the damage of that name at the end."""
        base = self._case.tissue.body_temperature
        return tuple(
            OrganExposure(
                organ.name,
                base + float(self._peaks[i]),
                float(self._peak_times[i]),
                float(np.max(death[box], where=cells, initial=0.0)),
            )
            for i, (organ, (box, cells)) in enumerate(
                zip(self._case.organs, self._organs, strict=True)
            )
        )

    def notes(self) -> tuple[str, ...]:
        """Return one sentence for each no-go organ that is cut off where heat may reach it."""
        case, grid = self._case, self._domain.grid
        flows = case.tissue.perfusion == "normal"
        reach = (REACH_PERFUSED if flows else REACH_WITHOUT_FLOW) - grid.spacing
        lit = np.array(
            [
                point
                for position in case.protocol.lit_positions
                for fibre in case.fibres_all
                for point in position.place(fibre).emission_points()
            ]
        ).reshape(-1, 3)
        notes = []
        for number, organ in enumerate(case.organs, start=1):
            if organ.no_go is None or len(lit) == 0:
                continue
            cells = np.argwhere(self._domain.organs == number)
            cut = np.any((cells == 0) | (cells == np.array(grid.shape) - 1), axis=1)
            points = grid.position(cells[cut])
            gap = min(
                (float(np.linalg.norm(points - p, axis=1).min(initial=np.inf)) for p in lit),
                default=np.inf,
            )
            if gap < reach:
                notes.append(
                    f"{organ.name} is cut off by the wall of the domain {to_mm(gap):.0f} mm from "
                    "the light, where heat may reach it: its peak temperature and damage hold for "
                    "the part inside; enlarge domain.size."
                )
        return tuple(notes)


def _corners(grid: Grid, points: ArrayLike) -> tuple[tuple[NDArray[np.intp], ...], FloatArray]:
    """Return the eight cells around each point, (3 of (n, 8)), and their weights, (n, 8)."""
    index = grid.index(np.asarray(points, dtype=np.float64).reshape(-1, 3))
    first = np.clip(np.floor(index), 0, np.maximum(np.array(grid.shape) - 2, 0)).astype(np.intp)
    share = np.where(np.array(grid.shape) > 1, index - first, 0.0)
    corner = np.stack(np.meshgrid(*[[0, 1]] * 3, indexing="ij"), axis=-1).reshape(8, 3)
    cells = np.minimum(first[:, None] + corner, np.array(grid.shape) - 1)
    weights = np.where(corner == 1, share[:, None], 1.0 - share[:, None]).prod(axis=-1)
    z, y, x = np.moveaxis(cells, -1, 0)
    return (z, y, x), weights


def _where(cells: NDArray[np.bool_]) -> tuple[tuple[slice, ...], NDArray[np.bool_]]:
    """Return the smallest box that holds some cells, and which they are in it."""
    spans = [np.flatnonzero(cells.any(axis=other)) for other in ((1, 2), (0, 2), (0, 1))]
    box = tuple(slice(int(span[0]), int(span[-1]) + 1) for span in spans)
    return box, cells[box]
