"""The Pennes bioheat equation with boiling, drying and perfusion shut-down, stepped in time.

    rho c d(theta)/dt = div(k grad theta) - omega rho_b c_b exp(-Omega_stasis) theta + q

for the rise ``theta`` above the temperature of the blood, on cubic cells, in conservative form,
with explicit Euler steps inside a proven limit (`ablsim.heat.stability`). What the temperature does
to the tissue follows each step (`ablsim.kernels.reaction`): water that reaches the boiling point
turns into steam and is gone, dried tissue conducts and stores less, damage accumulates, stasis ends
perfusion, heat above the cap is moved to the surrounding hot zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Boundary
from ablsim.grid import Grid
from ablsim.heat.active import Box, find_heated, grown, opened, whole
from ablsim.heat.boundary import set_ghosts
from ablsim.heat.medium import Medium
from ablsim.heat.perfusion import FLOW_MAX, LAWS, PerfusionLaw
from ablsim.heat.stability import SAFETY, check_time_step, stable_time_step
from ablsim.heat.vessels import find_wall_faces
from ablsim.kernels import pennes, reaction

REGION_CHECK = 8
"""Steps between two looks at whether the active region must grow."""
LAZY_TIME = 5.0
"""Longest time [s] for which absorption outside the active region is left unbooked."""

STATE = (
    "theta", "k", "inv_c", "w", "q", "water", "char", "stasis", "whitening", "death",
    "_hot", "_dried", "_tips", "box", "books", "n_steps", "n_cell_steps", "n_sub_steps",
    "_held_power", "_pending", "_since_check", "code", "_held",
)  # fmt: skip
"""Names of everything that a step of the solver changes: what a checkpoint must hold."""


@dataclass(frozen=True, slots=True)
class HeatSettings:
    """How the heat equation is to be solved.

    Parameters
    ----------
    base_temperature : float
        Temperature of the blood, from which the rise counts [K].
    start_rise : float
        Rise of the whole domain at the start [K].
    kinetics : ndarray of float64, shape (3, 5)
        Rates of stasis, whitening and death (`ablsim.kernels.reaction`).
    skip_temperature : float
        Temperature below which none of the three adds anything that matters [K].
    char_temperature, cap_temperature : float
        Where dry tissue chars, and above which heat is moved on [K].
    perfusion_law : {"stasis", "stasis_hyperaemia", "cutoff_60C", "constant"}
        How perfusion follows stasis or temperature.
    shutdown : float
        Share of the perfusion that does so [1].
    time_step : float, optional
        Longest step [s]; by default a share of the stable one.
    tolerance : float
        Rise that the active region may miss [K]; 0 computes every cell.
    precision : {"float32", "float64"}
        Type of the state.
    """

    base_temperature: float
    start_rise: float
    kinetics: NDArray[np.float64]
    skip_temperature: float
    char_temperature: float
    cap_temperature: float
    perfusion_law: PerfusionLaw = "stasis"
    shutdown: float = 1.0
    time_step: float | None = None
    tolerance: float = 0.01
    precision: Literal["float32", "float64"] = "float32"


class PennesSolver:
    """The thermal state of a domain, and how it moves on.

    Parameters
    ----------
    medium : Medium
        Heat properties of the cells.
    boundary : mapping of str to Boundary
        Conditions of the six outer faces.
    settings : HeatSettings
        Temperatures, kinetics and numerics.

    Notes
    -----
    All arrays carry one layer of ghost cells. ``books`` holds the energies [J] that cannot be read
    off the state: what perfusion, boundary and vessels have taken, what the cap has moved, and what
    was left at the end of a session.
    """

    def __init__(
        self, medium: Medium, boundary: Mapping[str, Boundary], settings: HeatSettings
    ) -> None:
        self.medium = medium
        self.settings = settings
        self.dtype = np.dtype(settings.precision)
        self.grid: Grid = medium.grid
        books = ("perfusion", "boundary", "vessels", "moved_by_cap", "between_sessions")
        self.books = dict.fromkeys(books, 0.0)
        self.n_steps = 0
        self.n_cell_steps = 0
        self.n_sub_steps = 0

        inner = (slice(1, -1),) * 3
        self._inner = inner
        shape = tuple(n + 2 for n in self.grid.shape)
        self.code = np.zeros(shape, dtype=np.uint8)
        self.code[inner] = medium.code
        table = medium.table
        self._table = table.astype(self.dtype)
        self._kinetics = settings.kinetics.astype(self.dtype)
        self._held = np.zeros(shape, dtype=np.bool_)
        self._held[inner] = medium.held[medium.code]

        self.theta = np.zeros(shape, dtype=self.dtype)
        self.theta[inner] = np.where(self._held[inner], 0.0, settings.start_rise)
        self.k = np.zeros(shape, dtype=self.dtype)
        self.k[inner] = table[medium.code, 3]
        drives = set_ghosts(
            self.theta,
            self.k,
            boundary,
            spacing=self.grid.spacing,
            base_temperature=settings.base_temperature,
        )
        self._theta_new = self.theta.copy()
        self.inv_c = np.zeros(shape, dtype=self.dtype)
        self.inv_c[inner] = np.where(self._held[inner], 0.0, 1.0 / table[medium.code, 0])
        self.w = np.zeros(shape, dtype=self.dtype)
        self.w[inner] = table[medium.code, 8]
        self.q = np.zeros(shape, dtype=self.dtype)
        self.water = np.ones(shape, dtype=self.dtype)
        self.char = np.zeros(shape, dtype=self.dtype)
        self.stasis = np.zeros(shape, dtype=self.dtype)
        self.whitening = np.zeros(shape, dtype=self.dtype)
        self.death = np.zeros(shape, dtype=self.dtype)
        self._hot = np.zeros(shape[:2], dtype=np.uint8)
        self._dried = np.zeros(shape[:2], dtype=np.uint8)
        self._perfused = np.zeros(shape[0], dtype=np.float64)
        self._inv_h2 = self.dtype.type(1.0 / self.grid.spacing**2)
        self._cells = np.empty(self.grid.n_cells, dtype=np.int64)
        self._slot = np.full(shape, -1, dtype=np.int32)
        self._tips = np.zeros((0, 3))
        self._wall = find_wall_faces(self._held)
        self._held_power = 0.0
        self._pending = 0.0
        self._since_check = 0

        whole_domain = settings.tolerance <= 0.0 or settings.start_rise != 0.0 or drives
        self.box: Box | None = None
        if whole_domain:
            self._set_box(whole(shape))
        self.stable_step = self._stable_step()
        self.time_step = SAFETY * self.stable_step
        self._step_limit = 0.5 * (1.0 + SAFETY)  # share of a cell's own limit that it may use
        if settings.time_step is not None:
            check_time_step(settings.time_step, self.stable_step)
            self.time_step, self._step_limit = settings.time_step, 1.0
        self._stored_at_start = self._sensible_heat()

    def set_source(self, q: NDArray[np.floating], tips: NDArray[np.float64]) -> None:
        """Set the absorbed power density [W/m^3] and the emitting tips, LPS ``(n, 3)`` [m]."""
        self._absorb_outside()
        self.q[self._inner] = q
        self._held_power = float(np.sum(self.q[self._held], dtype=np.float64))
        self._tips = self.grid.index(tips).reshape(-1, 3) + 1.0
        full = whole(self.theta.shape)
        if self.box != full and q.any():
            soon = self.q * self.inv_c
            soon *= self.dtype.type(LAZY_TIME)
            tolerance = min(self.settings.tolerance, 0.5 * float(soon.max()))
            self._grow(find_heated(soon, tolerance, full))

    def state(self) -> dict[str, Any]:
        """Return everything that the next step needs, by name; arrays are not copies."""
        return {name: getattr(self, name) for name in STATE}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a ``state`` of the same case's solver; the next step gives the same bits."""
        for name in STATE:
            value = state[name]
            setattr(self, name, value.copy() if hasattr(value, "copy") else value)
        self._theta_new = self.theta.copy()
        self._find_walls()

    def stop_flow(self, lumen: NDArray[np.bool_]) -> None:
        """Let the blood stand still in ``lumen``, shape (nz, ny, nx): it is tissue from now on.

        It starts at the temperature at which the flow has held it, so no heat comes or goes. Light
        that it absorbs heats it henceforth; what it absorbed before is booked under ``vessels``.
        """
        self._absorb_outside()
        inner, table = self._inner, self.medium.table
        code = self.medium.still[self.code[inner][lumen]]
        self.code[inner][lumen] = code
        self.k[inner][lumen] = table[code, 3]
        self.inv_c[inner][lumen] = 1.0 / table[code, 0]
        self.w[inner][lumen] = table[code, 8]
        self._held[inner][lumen] = False
        self._held_power = float(np.sum(self.q[self._held], dtype=np.float64))
        self._find_walls()

    def _find_walls(self) -> None:
        """Find the walls of the vessels that flow, and those of them in the active region."""
        self._wall = find_wall_faces(self._held)
        if self.box is not None:
            self._set_box(self.box)

    def start_session(self) -> None:
        """Bring all tissue to body temperature; damage, water, char and perfusion stay.

        The heat that was still in it is booked under ``between_sessions``.
        """
        self._absorb_outside()
        inner, table = self._inner, self._table
        before = self._sensible_heat()
        self.theta[inner] = 0.0
        self._theta_new[...] = self.theta
        wet, dry = table[:, 3][self.code[inner]], table[:, 4][self.code[inner]]
        self.k[inner] = dry + (wet - dry) * self.water[inner]
        self.books["between_sessions"] += before - self._sensible_heat()

    def advance(self, duration: float, n_steps: int | None = None) -> None:
        """Move on by ``duration`` [s] in equal steps, by default as few as ``time_step`` allows."""
        n = n_steps or max(1, ceil(duration / self.time_step * (1.0 - 1e-12)))
        for _ in range(n):
            self._step(duration / n)
        self.n_steps += n

    def _step(self, dt: float) -> None:
        self._pending += dt
        self.books["vessels"] += self._held_power * dt * self.grid.cell_volume
        box = self.box
        if box is None:
            return
        self._book_losses(dt, box)
        self._conduct(dt, box)
        self._react(dt, box)
        self.theta, self._theta_new = self._theta_new, self.theta
        self.n_cell_steps += self.n_active_cells
        self._since_check += 1
        if self._since_check >= REGION_CHECK:
            self._check_region()

    def _book_losses(self, dt: float, box: Box) -> None:
        """Book what the coming step will move through the domain's wall and into vessels."""
        energy = dt * self.grid.cell_volume
        if any(self._open):
            out = pennes.ghost_flux(self.theta, self.k, box, self._open, self._inv_h2)
            self.books["boundary"] += out * energy
        if self._wall_in_box[0].size:
            taken = pennes.held_flux(self.theta, self.k, *self._wall_in_box, self._inv_h2)
            self.books["vessels"] += taken * energy

    def _conduct(self, dt: float, box: Box) -> None:
        """Conduction, perfusion and absorption; the cells that ``dt`` would overshoot sub-step."""
        of, volume = self.dtype.type, self.grid.cell_volume
        coefficients = (self.k, self.inv_c, self.w)
        n_stiff, n_sub = pennes.find_stiff(
            *coefficients,
            self._stiff_rows(),
            box,
            of(dt),
            self._inv_h2,
            of(self._step_limit),
            self._table[:, 1].min(),
            self._cells,
            self._slot,
        )
        pennes.conduct(
            self.theta,
            *coefficients,
            self.q,
            box,
            self._open,
            of(dt),
            self._inv_h2,
            of(self._skip_rise),
            self._theta_new,
            self._hot,
            self._perfused,
        )
        taken = float(self._perfused[box[0] : box[1]].sum())
        self.books["perfusion"] += taken * dt * volume
        if n_stiff == 0:
            return
        corrections = pennes.substep(
            self.theta,
            *coefficients,
            self.q,
            self.water,
            self.code,
            self._table,
            of(self.medium.boiling_rise),
            self._cells,
            n_stiff,
            self._slot,
            n_sub,
            of(dt),
            self._inv_h2,
            self._theta_new,
        )
        for name, density in zip(("perfusion", "boundary", "vessels"), corrections, strict=True):
            self.books[name] += density * volume
        self.n_sub_steps += n_stiff * n_sub

    def _react(self, dt: float, box: Box) -> None:
        """Let the tissue follow the new temperature; move heat above the cap."""
        of, settings = self.dtype.type, self.settings
        boiling = of(self.medium.boiling_rise)
        reaction.react(
            self.theta,
            self._theta_new,
            self.water,
            self.char,
            self.stasis,
            self.whitening,
            self.death,
            self.k,
            self.inv_c,
            self.w,
            self.code,
            self._table,
            self._kinetics,
            self._hot,
            self._dried,
            box,
            of(dt),
            of(settings.base_temperature),
            boiling,
            of(settings.char_temperature - settings.base_temperature),
            LAWS[settings.perfusion_law],
            of(settings.shutdown),
        )
        if self._tips.shape[0]:
            moved = reaction.cap(
                self._theta_new,
                self.water,
                self.inv_c,
                self.code,
                self._table,
                boiling,
                of(settings.cap_temperature - settings.base_temperature),
                self._tips,
                self._dried,
                box,
            )
            self.books["moved_by_cap"] += moved * self.grid.cell_volume

    def _set_box(self, box: Box) -> None:
        self.box = box
        self._open = opened(box, self.theta.shape)
        inside, outside = self._wall
        z, y, x = np.unravel_index(outside, self.theta.shape)
        z0, z1, y0, y1, x0, x1 = box
        seen = (z >= z0) & (z < z1) & (y >= y0) & (y < y1) & (x >= x0) & (x < x1)
        self._wall_in_box = (inside[seen], outside[seen])
        rows = np.zeros_like(self._hot)
        rows[[z for z, on in ((z0, self._open[0]), (z1 - 1, self._open[1])) if on]] = 1
        rows[:, [y for y, on in ((y0, self._open[2]), (y1 - 1, self._open[3])) if on]] = 1
        if self._open[4] or self._open[5]:
            rows[:] = 1
        self._wall_rows = rows

    def _stiff_rows(self) -> NDArray[np.uint8]:
        """Rows in which a cell may be stiff: dried ones, and hot ones at the domain's wall."""
        return self._dried | (self._hot & self._wall_rows)

    def _check_region(self) -> None:
        self._since_check = 0
        full = whole(self.theta.shape)
        where = self.box or full
        if where == full:
            self._pending = 0.0
            return
        if self._pending >= LAZY_TIME:
            self._absorb_outside()
            where = full
        self._grow(find_heated(self.theta, self.settings.tolerance, where))

    def _grow(self, heated: Box | None) -> None:
        box = grown(self.box, heated, self.theta.shape)
        if box is not None and box != self.box:
            self._absorb_outside()
            self._set_box(box)

    def _absorb_outside(self) -> None:
        """Give the cells outside the active region the light they have absorbed meanwhile."""
        if self.box is not None and self._pending > 0.0 and self.box != whole(self.theta.shape):
            pennes.absorb_outside(
                self.theta,
                self._theta_new,
                self.q,
                self.inv_c,
                self.box,
                self.dtype.type(self._pending),
            )
        self._pending = 0.0

    def inner(self, name: str) -> NDArray[np.floating]:
        """Return a view of a state array (``"theta"``, ``"water"``, ...) without its ghosts."""
        array: NDArray[np.floating] = getattr(self, name)
        return array[self._inner]

    @property
    def region(self) -> tuple[slice, slice, slice]:
        """The active region as slices ``(z, y, x)`` of arrays without ghosts."""
        if self.box is None:
            return (slice(0), slice(0), slice(0))
        z0, z1, y0, y1, x0, x1 = self.box
        return (slice(z0 - 1, z1 - 1), slice(y0 - 1, y1 - 1), slice(x0 - 1, x1 - 1))

    @property
    def n_active_cells(self) -> int:
        """Number of cells in the active region."""
        if self.box is None:
            return 0
        z0, z1, y0, y1, x0, x1 = self.box
        return (z1 - z0) * (y1 - y0) * (x1 - x0)

    @property
    def _skip_rise(self) -> float:
        """Rise below which a row needs no visit: nothing is damaged, dried or changed there."""
        first_change = min(float(self.medium.table[:, 6].min()), self.medium.boiling_rise)
        return min(self.settings.skip_temperature - self.settings.base_temperature, first_change)

    def _stable_step(self) -> float:
        inner = self._inner
        k_max = self.k.astype(np.float64)
        k = k_max.copy()
        k_max[inner] = self.medium.conductivity_max[self.medium.code]
        inv_c = self.inv_c[inner].astype(np.float64)
        still = self.medium.still[self.medium.code]  # the step must hold when vessels close, too
        closes = still != self.medium.code
        blood = still[closes]
        for field, bound in ((k, self.medium.table[:, 3]), (k_max, self.medium.conductivity_max)):
            field[inner][closes] = np.maximum(field[inner][closes], bound[blood])
        inv_c[closes] = 1.0 / self.medium.table[blood, 0]
        w = FLOW_MAX[self.settings.perfusion_law] * self.w[inner].astype(np.float64)
        return stable_time_step(k, k_max, inv_c, w, self.grid.spacing)

    def _sensible_heat(self) -> float:
        """Return the heat stored in the tissue relative to the base temperature [J]."""
        free = ~self._held[self._inner]
        theta = self.theta[self._inner][free].astype(np.float64)
        inv_c = self.inv_c[self._inner][free].astype(np.float64)
        return float(np.sum(theta / inv_c)) * self.grid.cell_volume

    def balance(self) -> dict[str, float]:
        """Return what became of the absorbed heat so far [J], named as in `Ledger`."""
        self._absorb_outside()
        lost = 1.0 - self.water[self._inner].astype(np.float64)
        by_code = np.bincount(
            self.code[self._inner].ravel(), weights=lost.ravel(), minlength=len(self.medium.table)
        )
        heat_wet, heat_dry, latent = self.medium.table[:, :3].T
        boiling = self.medium.boiling_rise if np.isfinite(self.medium.boiling_rise) else 0.0
        volume = self.grid.cell_volume
        return {
            **self.books,
            "stored": self._sensible_heat() - self._stored_at_start,
            "latent": float(by_code @ latent) * volume,
            "vapour": float(by_code @ (heat_wet - heat_dry)) * boiling * volume,
        }
