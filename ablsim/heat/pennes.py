"""The Pennes bioheat equation with boiling, drying and perfusion shut-down, stepped in time.

    rho c d(theta)/dt = div(k grad theta) - omega rho_b c_b exp(-Omega_stasis) theta + q

for the rise ``theta`` above the temperature of the blood, on cubic cells, in conservative form,
with explicit Euler steps inside a proven limit (`ablsim.heat.stability`). What the temperature does
to the tissue follows each step (`ablsim.kernels.reaction`): water that reaches the boiling point
turns into steam and is gone, dried tissue conducts and stores less, damage accumulates, stasis ends
perfusion, heat above the cap is moved to the surrounding hot zone. On request steam condenses at
the front, or water follows a curve of temperature instead (`ablsim.heat.evaporation`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Boundary
from ablsim.grid import Grid
from ablsim.heat.active import Box, find_heated, grown, opened, whole
from ablsim.heat.boundary import set_ghosts
from ablsim.heat.evaporation import condense_steam, follow_curve, steam_books
from ablsim.heat.further_damage import advance_cell_death, reach_temperatures
from ablsim.heat.medium import Medium
from ablsim.heat.perfusion import FLOW_MAX, LAWS, PerfusionLaw
from ablsim.heat.stability import SAFETY, check_time_step, stable_time_step
from ablsim.heat.step import Step
from ablsim.heat.vessels import find_wall_faces
from ablsim.kernels import pennes, reaction
from ablsim.tissue.processes import CriticalTemperature, ThreeStateDeath

REGION_CHECK = 8
"""Steps between two looks at whether the active region must grow."""
LAZY_TIME = 5.0
"""Longest time [s] for which absorption outside the active region is left unbooked."""

STATE = (
    "theta", "k", "inv_c", "w", "q", "water", "char", "stasis", "whitening", "death",
    "_hot", "_dried", "_tips", "box", "books", "n_steps", "n_cell_steps", "n_sub_steps",
    "_held_power", "_pending", "_since_check", "code", "_held", "alive", "_water_seen",
    "_condensed",
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
    steam_condensation : float
        Share of the steam that condenses beside the boiling front.
    cell_death : ThreeStateDeath, optional
        Takes the place of the rate of death.
    critical : mapping of str to CriticalTemperature
        Takes the place of the rate of the processes named.
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
    steam_condensation: float = 0.0
    cell_death: ThreeStateDeath | None = None
    critical: Mapping[str, CriticalTemperature] = field(default_factory=dict)


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
        self.alive: NDArray[np.floating] | None = None
        if settings.cell_death is not None:
            self.alive = np.full(shape, settings.cell_death.alive.si, dtype=self.dtype)
        self._water_seen = self.water.copy() if settings.steam_condensation > 0.0 else None
        self._condensed = 0.0
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
        if self.medium.water_curve is not None:
            before += sum(self._steam())
            self.water[inner] = 1.0
            self.inv_c[inner] = np.where(
                self._held[inner], 0.0, 1.0 / table[:, 0][self.code[inner]]
            )
            self._dried[...] = 0
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
        """Let the tissue follow the new temperature; move heat that may not stay where it is."""
        of, settings = self.dtype.type, self.settings
        boiling = of(self.medium.boiling_rise)
        arrays = (self.water, self.inv_c, self.code, self._table, self._hot, self._dried)
        step = Step(self.theta, self._theta_new, *arrays, box)
        follow_curve(self.medium.water_curve, step)
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
        base = settings.base_temperature
        if self.alive is not None and settings.cell_death is not None:
            advance_cell_death(settings.cell_death, step, dt, base, self.alive, self.death)
        damage = {name: getattr(self, name) for name in settings.critical}
        reach_temperatures(settings.critical, step, base, damage)
        if self._tips.shape[0]:
            self._move_above_cap(step)
        if self._water_seen is not None:
            given = condense_steam(
                settings.steam_condensation,
                self.medium.boiling_rise,
                step,
                self._water_seen,
                self._tips,
                self._cells,
            )
            self._condensed += given * self.grid.cell_volume

    def _move_above_cap(self, step: Step) -> None:
        """Move the heat above the cap to the hot zone, and let water follow it."""
        of, settings = self.dtype.type, self.settings
        if self.medium.water_curve is not None:
            step = step._replace(before=step.theta.copy())
        moved = reaction.cap(
            step.theta,
            self.water,
            self.inv_c,
            self.code,
            self._table,
            of(self.medium.boiling_rise),
            of(self.medium.hot_rise),
            of(settings.cap_temperature - settings.base_temperature),
            self._tips,
            self._dried,
            step.box,
        )
        self.books["moved_by_cap"] += moved * self.grid.cell_volume
        if moved > 0.0:
            follow_curve(self.medium.water_curve, step)

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
        damaging = self.settings.skip_temperature - self.settings.base_temperature
        return min(damaging, self.medium.first_change)

    def _stable_step(self) -> float:
        inner = self._inner
        k_max = self.k.astype(np.float64)
        k = k_max.copy()
        k_max[inner] = self.medium.conductivity_max[self.medium.code]
        inv_c = self.inv_c[inner].astype(np.float64)
        still = self.medium.still[self.medium.code]  # the step must hold when vessels close, too
        closes = still != self.medium.code
        blood = still[closes]
        for bounds, bound in ((k, self.medium.table[:, 3]), (k_max, self.medium.conductivity_max)):
            bounds[inner][closes] = np.maximum(bounds[inner][closes], bound[blood])
        inv_c[closes] = 1.0 / self.medium.table[blood, 0]
        w = FLOW_MAX[self.settings.perfusion_law] * self.w[inner].astype(np.float64)
        return stable_time_step(k, k_max, inv_c, w, self.grid.spacing)

    def _sensible_heat(self) -> float:
        """Return the heat stored in the tissue relative to the base temperature [J]."""
        free = ~self._held[self._inner]
        theta = self.theta[self._inner][free].astype(np.float64)
        inv_c = self.inv_c[self._inner][free].astype(np.float64)
        return float(np.sum(theta / inv_c)) * self.grid.cell_volume

    def _steam(self) -> tuple[float, float]:
        """Return the latent and the sensible heat of the water that is steam [J]."""
        return steam_books(self.medium, self.water[self._inner], self.theta[self._inner])

    def balance(self) -> dict[str, float]:
        """Return what became of the absorbed heat so far [J], named as in `Ledger`.

        Steam that condensed in the tissue has brought its heat back: it counts as stored, and the
        latent and sensible heat that left are less by as much.
        """
        self._absorb_outside()
        latent, vapour = self._steam()
        escaped = 1.0 - self._condensed / (latent + vapour) if self._condensed > 0.0 else 1.0
        return {
            **self.books,
            "stored": self._sensible_heat() - self._stored_at_start,
            "latent": escaped * latent,
            "vapour": escaped * vapour,
        }
