"""The Pennes bioheat equation with boiling, drying and perfusion shut-down, stepped in time.

    rho c d(theta)/dt = div(k grad theta) - omega rho_b c_b exp(-Omega_stasis) theta + q

for the rise ``theta`` above the temperature of the blood, on cubic cells, in conservative form,
with explicit steps inside proven limits (`ablsim.heat.euler_step`, `ablsim.heat.super_step`). What
the temperature does to the tissue follows each step (`ablsim.heat.response`): water that reaches
the boiling point turns into steam and is gone, dried tissue conducts and stores less, damage
accumulates, stasis ends perfusion, heat above the cap is moved to the surrounding hot zone. On
request steam condenses at the front, or water follows a curve of temperature instead
(`ablsim.heat.evaporation`).
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Boundary
from ablsim.grid import Block, Grid
from ablsim.heat.active import (
    MARGIN,
    Box,
    Region,
    cells,
    find_heated,
    grown,
    padded,
    reach,
    whole,
)
from ablsim.heat.books import sensible_heat
from ablsim.heat.boundary import set_ghosts
from ablsim.heat.euler_step import EulerStep
from ablsim.heat.evaporation import condense_steam, steam_books
from ablsim.heat.medium import Medium
from ablsim.heat.operator import Boiling, Losses, Operator, Scheme
from ablsim.heat.perfusion import FLOW_MAX
from ablsim.heat.plain_rows import PlainRows
from ablsim.heat.response import Condition, Response
from ablsim.heat.settings import HeatSettings
from ablsim.heat.stability import choose_time_step, longest_euler_step
from ablsim.heat.step import Step
from ablsim.heat.super_step import SuperStep
from ablsim.kernels import faces, region, rkl

REGION_CHECK = 8
"""Steps between two looks at whether the active region must grow."""
LAZY_TIME = 5.0
"""Longest time [s] for which absorption outside the active region is left unbooked."""

STATE = (
    "theta", "k", "inv_c", "w", "q", "water", "char", "stasis", "whitening", "death",
    "_hot", "_dried", "_tips", "_lit", "box", "books", "n_steps", "n_cell_steps", "n_sub_steps",
    "n_stages", "_held_power", "_pending", "_since_check", "code", "_held", "alive", "_water_seen",
    "_condensed", "_brightest", "_outside",
)  # fmt: skip
"""Names of everything that a step of the solver changes: what a checkpoint must hold."""


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
        self.n_steps = self.n_cell_steps = self.n_sub_steps = self.n_stages = 0

        inner = (slice(1, -1),) * 3
        self._inner = inner
        shape = tuple(n + 2 for n in self.grid.shape)
        self.code = np.zeros(shape, dtype=np.uint8)
        self.code[inner] = medium.code
        table = medium.table
        self._table = table.astype(self.dtype)
        self._response = Response(medium, settings)
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
        self._faces = np.zeros((3, *shape), dtype=self.dtype)
        self._plain = PlainRows(shape)
        self._conducts = np.zeros(shape[:2], dtype=np.uint8)
        self._join_all()
        self._theta_new = self.theta.copy()
        self.inv_c = np.zeros(shape, dtype=self.dtype)
        self.inv_c[inner] = np.where(self._held[inner], 0.0, 1.0 / table[medium.code, 0])
        self.w = np.zeros(shape, dtype=self.dtype)
        self.w[inner] = table[medium.code, 8]
        self.water = np.ones(shape, dtype=self.dtype)
        nothing = (np.zeros(shape, dtype=self.dtype) for _ in range(5))
        self.q, self.char, self.stasis, self.whitening, self.death = nothing
        self.alive: NDArray[np.floating] | None = None
        if settings.cell_death is not None:
            self.alive = np.full(shape, settings.cell_death.alive.si, dtype=self.dtype)
        self._water_seen = self.water.copy() if settings.steam_condensation > 0.0 else None
        self._work = np.empty(0 if self._water_seen is None else self.grid.n_cells, np.int64)
        self._condensed = 0.0
        self._hot = np.zeros(shape[:2], dtype=np.uint8)
        self._dried = np.zeros(shape[:2], dtype=np.uint8)
        self._tips = np.zeros((0, 3))
        self._lit = whole(shape)
        self._held_power = 0.0
        self._pending = 0.0
        self._brightest = 0.0  # K/s, the fastest that light heats a cell outside the region
        self._outside = 0.0  # K, no cell outside the region is warmer
        self._since_check = 0

        self._always_whole = settings.tolerance <= 0.0 or settings.start_rise != 0.0 or drives
        self._region = Region(self._held)
        if self._always_whole:
            self._region.enclose(whole(shape))
        flow_max = FLOW_MAX[settings.perfusion_law]
        self.stable_step = longest_euler_step(medium, self.k, self.w, flow_max)
        self.time_step, share = choose_time_step(self.stable_step, settings)
        self._euler = EulerStep(shape, share)
        self._super: SuperStep | None = None
        self._stored_at_start = self._sensible_heat()

    def set_source(
        self, q: NDArray[np.floating], tips: NDArray[np.float64], block: Block | None = None
    ) -> None:
        """Set the absorbed power density [W/m^3] and the emitting tips, LPS ``(n, 3)`` [m].

        ``q`` is that of the cells ``block``, by default all; the others absorb nothing.
        """
        self._absorb_outside()
        self.q[cells(self._lit)] = 0.0
        self._lit = whole(self.theta.shape) if block is None else padded(block)
        lit = cells(self._lit)
        self.q[lit] = q
        self._held_power = float(np.sum(self.q[lit][self._held[lit]], dtype=np.float64))
        self._tips = self.grid.index(tips).reshape(-1, 3) + 1.0
        self._brightest = 0.0
        if self.box != whole(self.theta.shape) and q.any():
            soon = np.zeros_like(self.theta)
            soon[lit] = self.q[lit] * self.inv_c[lit] * self.dtype.type(LAZY_TIME)
            tolerance = min(self.settings.tolerance, 0.5 * float(soon[lit].max()))
            self._grow(find_heated(soon, tolerance, self._lit))
            if self.box is not None:
                self._brightest = float(region.warmest_outside(soon, self.box)) / LAZY_TIME

    def state(self) -> dict[str, Any]:
        """Return everything that the next step needs, by name; arrays are not copies."""
        return {name: getattr(self, name) for name in STATE}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a ``state`` of the same case's solver; the next step gives the same bits."""
        for name in STATE:
            value = state[name]
            if name != "box":
                setattr(self, name, value.copy() if hasattr(value, "copy") else value)
        self._join_all()
        self._theta_new = self.theta.copy()
        self._enclose_anew(state["box"])

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
        self._join_all()
        self._held[inner][lumen] = False
        self._held_power = float(np.sum(self.q[self._held], dtype=np.float64))
        self._enclose_anew(self.box)

    def _join_all(self) -> None:
        """Have the faces conduct as the cells beside them do now."""
        everywhere = np.zeros_like(self._conducts)
        everywhere[1:-1, 1:-1] = 1
        faces.join(self.k, everywhere, whole(self.theta.shape), self._faces)
        self._plain.forget()

    def _enclose_anew(self, box: Box | None) -> None:
        """Find the walls of the vessels that flow, and those of them in the active region."""
        self._region = Region(self._held)
        if box is not None:
            self._region.enclose(box)

    def start_session(self) -> None:
        """Bring all tissue to body temperature; damage, water, char and perfusion stay.

        The heat that was still in it is booked under ``between_sessions``.
        """
        self._absorb_outside()
        inner, table = self._inner, self._table
        before = self._sensible_heat()
        if self.medium.water_curve is not None:
            before += sum(self._steam())
        self.theta[inner] = 0.0
        self._theta_new[...] = self.theta
        if self.medium.water_curve is not None:
            self.water[inner] = 1.0
            self.inv_c[inner] = np.where(
                self._held[inner], 0.0, 1.0 / table[:, 0][self.code[inner]]
            )
            self._dried[...] = 0
        wet, dry = table[:, 3][self.code[inner]], table[:, 4][self.code[inner]]
        self.k[inner] = dry + (wet - dry) * self.water[inner]
        self._join_all()
        self.books["between_sessions"] += before - self._sensible_heat()
        if not self._always_whole:
            self._region.forget()
            self._since_check = 0
            self._outside = 0.0

    def advance(
        self, duration: float, n_steps: int | None = None, scheme: Scheme = "euler"
    ) -> None:
        """Move on by ``duration`` [s] in equal steps, by default as many as Euler's need."""
        n = n_steps or max(1, ceil(duration / self.time_step * (1.0 - 1e-12)))
        for _ in range(n):
            self._step(duration / n, scheme)
        self.n_steps += n

    def _step(self, dt: float, scheme: Scheme) -> None:
        if scheme == "rkl2":
            self._check_region(reach(dt / self.stable_step))
        self._pending += dt
        self.books["vessels"] += self._held_power * dt * self.grid.cell_volume
        if self.box is None:
            return
        if scheme == "euler":
            self._euler_step(dt, self.box)
        elif self._tips.size and dt > 2.0 * self.time_step and self._dried.any():
            # the heat that the cap has moved into dried cells would fade by half in a super-step
            self._super_step(dt - self.time_step, self.box)
            self._euler_step(self.time_step, self.box)
        else:
            self._super_step(dt, self.box)
        self._since_check += 1
        if self._since_check >= REGION_CHECK:
            self._check_region()

    def _euler_step(self, dt: float, box: Box) -> None:
        lost, n_sub = self._euler.step(
            self._operator(box),
            self._boiling(),
            self.theta,
            self._theta_new,
            dt,
            stiff_rows=self._dried | (self._hot & self._region.wall_rows),
            skip=self._skip_rise,
            hot=self._hot,
        )
        self._finish(dt, box, lost)
        self.n_sub_steps += n_sub
        self.n_cell_steps += self.n_active_cells

    def _super_step(self, dt: float, box: Box) -> None:
        if self._super is None:
            self._super = SuperStep(self.theta)
        lost, n_stages = self._super.step(
            self._operator(box), self._boiling(), self.theta, self._theta_new, dt
        )
        rkl.mark_hot(self.theta, self._theta_new, box, self.dtype.type(self._skip_rise), self._hot)
        self._finish(dt, box, lost)
        self.n_stages += n_stages
        self.n_cell_steps += n_stages * self.n_active_cells

    def _operator(self, box: Box) -> Operator:
        region = self._region
        rows = self._plain.find(self._faces, self.inv_c, self.w, box, region.opened)
        fields = (self._faces, self.inv_c, self.w, self.q, rows)
        walls = (region.opened, region.inside, region.outside)
        return Operator(*fields, box, *walls, self.grid.spacing)

    def _boiling(self) -> Boiling:
        """Return what turns heat into steam; the cap works only around firing tips."""
        cap = self.settings.cap_temperature - self.settings.base_temperature
        rise = self.medium.boiling_rise
        return Boiling(self.water, self.code, self._table, rise, cap if self._tips.size else np.inf)

    def _finish(self, dt: float, box: Box, lost: Losses) -> None:
        """Book what a step has moved out of the tissue; let the tissue follow."""
        for name, density in zip(("perfusion", "boundary", "vessels"), lost, strict=True):
            self.books[name] += float(density) * self.grid.cell_volume
        self._follow(dt, box)
        self.theta, self._theta_new = self._theta_new, self.theta

    def _follow(self, dt: float, box: Box) -> None:
        """Let the tissue follow the new temperature; move heat that may not stay where it is."""
        arrays = (self.water, self.inv_c, self.code, self._table, self._hot, self._dried)
        step = Step(self.theta, self._theta_new, *arrays, box, self._skip_rise)
        damage = (self.stasis, self.whitening, self.death, self.alive)
        self._response.react(
            step, Condition(self.char, *damage, self.k, self.w, self._conducts), dt
        )
        faces.join(self.k, self._conducts, box, self._faces)
        self._plain.follow(self._hot, box)
        if self._tips.size:
            moved = self._response.move_above_cap(step, self._tips)
            self.books["moved_by_cap"] += moved * self.grid.cell_volume
        if self._water_seen is not None:
            share, rise = self.settings.steam_condensation, self.medium.boiling_rise
            given = condense_steam(share, rise, step, self._water_seen, self._tips, self._work)
            self._condensed += given * self.grid.cell_volume

    def _check_region(self, margin: int = MARGIN) -> None:
        """Let the region grow with the heat, which then stays ``margin`` cells off its border."""
        self._since_check = 0
        if self._region.is_whole:
            self._pending = 0.0
            return
        full, tolerance = whole(self.theta.shape), self.settings.tolerance
        warmest = self._outside + self._pending * self._brightest
        if self.box is not None and (self._pending < LAZY_TIME or warmest <= tolerance):
            self._grow(find_heated(self.theta, tolerance, self.box), margin)
            return
        self._absorb_outside()
        self._grow(find_heated(self.theta, tolerance, full), margin)
        if self.box is not None:
            self._outside = float(region.warmest_outside(self.theta, self.box))

    def _grow(self, heated: Box | None, margin: int = MARGIN) -> None:
        box = grown(self.box, heated, self.theta.shape, margin)
        if box is not None and box != self.box:
            self._absorb_outside()
            self._region.enclose(box)

    def _absorb_outside(self) -> None:
        """Give the cells outside the active region the light they have absorbed meanwhile."""
        if self.box is not None and self._pending > 0.0 and not self._region.is_whole:
            light = (self.q, self.inv_c, self.box, self._lit, self.dtype.type(self._pending))
            region.absorb_outside(self.theta, self._theta_new, *light)
        self._outside += self._pending * self._brightest
        self._pending = 0.0

    def inner(self, name: str) -> NDArray[np.floating]:
        """Return a view of a state array (``"theta"``, ``"water"``, ...) without its ghosts."""
        array: NDArray[np.floating] = getattr(self, name)
        return array[self._inner]

    @property
    def box(self) -> Box | None:
        """The active region, in indices that count the ghosts; None before anything is heated."""
        return self._region.box

    @property
    def region(self) -> tuple[slice, slice, slice]:
        """The active region as slices ``(z, y, x)`` of arrays without ghosts."""
        return self._region.slices

    @property
    def n_active_cells(self) -> int:
        """Number of cells in the active region."""
        return self._region.n_cells

    @property
    def _skip_rise(self) -> float:
        """Rise below which a row needs no visit: nothing is damaged, dried or changed there."""
        damaging = self.settings.skip_temperature - self.settings.base_temperature
        return min(damaging, self.medium.first_change)

    def _sensible_heat(self) -> float:
        return sensible_heat(self.inner("theta"), self.inner("inv_c"), self.grid.cell_volume)

    def _steam(self) -> tuple[float, float]:
        """Return the latent and the sensible heat of the water that is steam [J]."""
        return steam_books(self.medium, self.inner("water"), self.inner("theta"))

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
