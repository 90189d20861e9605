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
from ablsim.heat.active import MARGIN, Box, Region, cells, find_heated, grown, padded, reach, whole
from ablsim.heat.books import sensible_heat
from ablsim.heat.evaporation import steam_books
from ablsim.heat.medium import Medium
from ablsim.heat.operator import Scheme
from ablsim.heat.patch import Done, Patch, is_worth_cutting
from ablsim.heat.perfusion import FLOW_MAX
from ablsim.heat.settings import HeatSettings
from ablsim.heat.stability import choose_time_step, longest_euler_step
from ablsim.heat.state import make_state
from ablsim.kernels import region

REGION_CHECK = 8
"""Steps between two looks at whether the active region must grow."""
LAZY_TIME = 5.0
"""Longest time [s] for which absorption outside the active region is left unbooked."""

CELLS = (
    "theta", "k", "inv_c", "w", "q", "water", "char", "stasis", "whitening", "death", "hot",
    "dried", "code", "held", "alive", "water_seen",
)  # fmt: skip
"""Names of the arrays that a checkpoint must hold ..."""
COUNTED = (
    "_tips", "_lit", "box", "books", "n_steps", "n_cell_steps", "n_sub_steps", "n_stages",
    "_held_power", "_pending", "_since_check", "_condensed", "_brightest", "_outside",
)  # fmt: skip
"""... and of the rest of what a step changes."""


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
    ``books`` holds the energies [J] that cannot be read off the state: what perfusion, boundary and
    vessels have taken, what the cap has moved, and what was left at the end of a session. The
    active region moves on in a patch of memory of its own where that is faster; what it holds is
    then more recent than the state of the domain, into which `field` brings it.
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
        self._inner = (slice(1, -1),) * 3
        self._state, drives = make_state(medium, boundary, settings)
        self._shape = self._state.theta.shape
        self._table = medium.table.astype(self.dtype)
        self._tips = np.zeros((0, 3))
        self._lit = whole(self._shape)
        self._held_power = 0.0
        self._pending = 0.0
        self._condensed = 0.0
        self._brightest = 0.0  # K/s, the fastest that light heats a cell outside the region
        self._outside = 0.0  # K, no cell outside the region is warmer
        self._since_check = 0

        flow_max = FLOW_MAX[settings.perfusion_law]
        self.stable_step = longest_euler_step(medium, self._state.k, self._state.w, flow_max)
        self.time_step, self._limit = choose_time_step(self.stable_step, settings)
        self._always_whole = settings.tolerance <= 0.0 or settings.start_rise != 0.0 or drives
        self._region = Region(self._shape)
        self._patch: Patch | None = None
        self._domain: Patch | None = None
        if self._always_whole:
            self._enclose(whole(self._shape))
        self._stored_at_start = self._sensible_heat()

    def set_source(
        self, q: NDArray[np.floating], tips: NDArray[np.float64], block: Block | None = None
    ) -> None:
        """Set the absorbed power density [W/m^3] and the emitting tips, LPS ``(n, 3)`` [m].

        ``q`` is that of the cells ``block``, by default all; the others absorb nothing.
        """
        self._absorb_outside()
        absorbed = self._state.q
        absorbed[cells(self._lit)] = 0.0
        self._lit = whole(self._shape) if block is None else padded(block)
        lit = cells(self._lit)
        absorbed[lit] = q
        if self._apart is not None:
            self._apart.light(absorbed)
        self._held_power = float(np.sum(absorbed[lit][self._state.held[lit]], dtype=np.float64))
        self._tips = self.grid.index(tips).reshape(-1, 3) + 1.0
        self._brightest = 0.0
        if self.box != whole(self._shape) and q.any():
            soon = np.zeros_like(absorbed)
            soon[lit] = absorbed[lit] * self.field("inv_c")[lit] * self.dtype.type(LAZY_TIME)
            tolerance = min(self.settings.tolerance, 0.5 * float(soon[lit].max()))
            self._grow(find_heated(soon, tolerance, self._lit))
            if self.box is not None:
                self._brightest = float(region.warmest_outside(soon, self.box)) / LAZY_TIME

    def state(self) -> dict[str, Any]:
        """Return everything that the next step needs, by name; arrays are not copies."""
        self._rejoin()
        arrays = {name: getattr(self._state, name) for name in CELLS}
        return arrays | {name: getattr(self, name) for name in COUNTED}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a ``state`` of the same case's solver; the next step gives the same bits."""
        self._leave()
        for name in CELLS:
            value = state[name]
            setattr(self._state, name, value if value is None else value.copy())
        for name in COUNTED:
            value = state[name]
            if name != "box":
                setattr(self, name, value.copy() if hasattr(value, "copy") else value)
        self._state.theta_new = self._state.theta.copy()
        self._state.join_faces()
        self._enclose_anew(state["box"])

    def stop_flow(self, lumen: NDArray[np.bool_]) -> None:
        """Let the blood stand still in ``lumen``, shape (nz, ny, nx): it is tissue from now on.

        It starts at the temperature at which the flow has held it, so no heat comes or goes. Light
        that it absorbs heats it henceforth; what it absorbed before is booked under ``vessels``.
        """
        self._absorb_outside()
        box = self._leave()
        inner, table, state = self._inner, self.medium.table, self._state
        code = self.medium.still[state.code[inner][lumen]]
        state.code[inner][lumen] = code
        state.k[inner][lumen] = table[code, 3]
        state.inv_c[inner][lumen] = 1.0 / table[code, 0]
        state.w[inner][lumen] = table[code, 8]
        state.join_faces()
        state.held[inner][lumen] = False
        self._held_power = float(np.sum(state.q[state.held], dtype=np.float64))
        self._enclose_anew(box)

    def start_session(self) -> None:
        """Bring all tissue to body temperature; damage, water, char and perfusion stay.

        The heat that was still in it is booked under ``between_sessions``.
        """
        self._absorb_outside()
        box = self._leave()
        inner, table, state = self._inner, self._table, self._state
        code = state.code[inner]
        before = self._sensible_heat()
        if self.medium.water_curve is not None:
            before += sum(self._steam())
        state.theta[inner] = 0.0
        state.theta_new[...] = state.theta
        if self.medium.water_curve is not None:
            state.water[inner] = 1.0
            state.inv_c[inner] = np.where(state.held[inner], 0.0, 1.0 / table[:, 0][code])
            state.dried[...] = 0
        wet, dry = table[:, 3][code], table[:, 4][code]
        state.k[inner] = dry + (wet - dry) * state.water[inner]
        state.join_faces()
        self.books["between_sessions"] += before - self._sensible_heat()
        if not self._always_whole:
            self._since_check = 0
            self._outside = 0.0
        self._enclose_anew(box if self._always_whole else None)

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
        patch = self._patch
        if patch is None:
            return
        if scheme == "euler":
            self._book(patch.euler_step(dt, self._tips))
        elif self._tips.size and dt > 2.0 * self.time_step and patch.state.dried.any():
            # the heat that the cap has moved into dried cells would fade by half in a super-step
            self._book(patch.super_step(dt - self.time_step, self._tips))
            self._book(patch.euler_step(self.time_step, self._tips))
        else:
            self._book(patch.super_step(dt, self._tips))
        self._since_check += 1
        if self._since_check >= REGION_CHECK:
            self._check_region()

    def _book(self, done: Done) -> None:
        """Book what a step has moved out of the tissue, and how much work it was."""
        volume = self.grid.cell_volume
        for name, density in zip(("perfusion", "boundary", "vessels"), done.lost, strict=True):
            self.books[name] += float(density) * volume
        self.books["moved_by_cap"] += done.moved * volume
        self._condensed += done.condensed * volume
        self.n_sub_steps += done.sub_steps
        self.n_stages += done.stages
        self.n_cell_steps += max(done.stages, 1) * self.n_active_cells

    def _check_region(self, margin: int = MARGIN) -> None:
        """Let the region grow with the heat, which then stays ``margin`` cells off its border."""
        self._since_check = 0
        if self._region.is_whole:
            self._pending = 0.0
            return
        tolerance = self.settings.tolerance
        warmest = self._outside + self._pending * self._brightest
        if self._patch is not None and (self._pending < LAZY_TIME or warmest <= tolerance):
            self._grow(self._patch.find_heated(tolerance, margin), margin)
            return
        self._absorb_outside()
        self._grow(find_heated(self.field("theta"), tolerance, whole(self._shape)), margin)
        if self.box is not None:
            self._outside = float(region.warmest_outside(self._state.theta, self.box))

    def _grow(self, heated: Box | None, margin: int = MARGIN) -> None:
        box = grown(self.box, heated, self._shape, margin)
        if box is not None and box != self.box:
            self._absorb_outside()
            self._enclose(box)

    def _enclose(self, box: Box) -> None:
        """Let ``box`` be the active region, in a patch of its own where that is worth it."""
        self._rejoin()
        self._patch = None  # its memory is free before more is taken
        self._region.box = box
        opened = self._region.opened
        if is_worth_cutting(box, self._state.theta):
            laws = (self.medium, self.settings, self._limit)
            self._patch = Patch.cut(self._state, *laws, box, opened)
            return
        if self._domain is None:
            self._domain = Patch(self._state, self.medium, self.settings, self._limit)
        self._patch = self._domain
        self._patch.enclose(box, opened)

    def _rejoin(self) -> None:
        """Bring the state of the domain up to date."""
        if self._apart is not None:
            self._apart.give_back(self._state)

    def _leave(self) -> Box | None:
        """Bring the state of the domain up to date, to be changed; return what the region was."""
        self._rejoin()
        box = self._region.box
        self._region.box = None
        self._patch = self._domain = None
        return box

    def _enclose_anew(self, box: Box | None) -> None:
        """Go on after `_leave`; None: nothing is hot."""
        if box is not None:
            self._enclose(box)

    @property
    def _apart(self) -> Patch | None:
        """The active region, if it lies in memory of its own."""
        return None if self._patch is self._domain else self._patch

    def _absorb_outside(self) -> None:
        """Give the cells outside the active region the light they have absorbed meanwhile."""
        if self.box is not None and self._pending > 0.0 and not self._region.is_whole:
            state = self._state
            light = (state.q, state.inv_c, self.box, self._lit, self.dtype.type(self._pending))
            region.absorb_outside(state.theta, state.theta_new, *light)
        self._outside += self._pending * self._brightest
        self._pending = 0.0

    def field(self, name: str) -> NDArray[np.floating]:
        """Return a state array (``"theta"``, ``"water"``, ...) of the domain with its ghosts."""
        if self._apart is not None:
            self._apart.give_back(self._state, (name,))
        array: NDArray[np.floating] = getattr(self._state, name)
        return array

    def inner(self, name: str) -> NDArray[np.floating]:
        """Return a view of a state array without its ghosts, as it is until the next step."""
        return self.field(name)[self._inner]

    def part(self, name: str, block: Block) -> NDArray[np.floating]:
        """Return what a state array is in the cells ``block``: as `inner`, but seldom a copy."""
        if self._apart is not None and all(
            own.start <= of.start < of.stop <= own.stop
            for of, own in zip(block, self.region, strict=True)
        ):
            return self._apart.part(name, block)
        return self.inner(name)[block]

    def at(self, name: str, where: tuple[NDArray[np.intp], ...]) -> NDArray[np.floating]:
        """Return what a state array is at some cells, given by their indices (z, y, x)."""
        array: NDArray[np.floating] = getattr(self._state, name)
        values = array[self._inner][where]
        if self._apart is not None:
            self._apart.read(name, where, values)
        return values

    @property
    def box(self) -> Box | None:
        """The active region, in indices that count the ghosts; None before anything is heated."""
        return self._region.box

    @property
    def region(self) -> Block:
        """The active region as slices ``(z, y, x)`` of arrays without ghosts."""
        return self._region.slices

    @property
    def n_active_cells(self) -> int:
        """Number of cells in the active region."""
        return self._region.n_cells

    def _sensible_heat(self) -> float:
        return sensible_heat(self.field("theta"), self.field("inv_c"), self.grid.cell_volume)

    def _steam(self) -> tuple[float, float]:
        """Return the latent and the sensible heat of the water that is steam [J]."""
        code = self._state.code
        return steam_books(self.medium, code, self.field("water"), self.field("theta"))

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
