"""Cells that lie together in memory, and what moves them on by a step.

A step conducts, perfuses and absorbs (`ablsim.heat.euler_step`, `ablsim.heat.super_step`); then the
tissue follows its temperature (`ablsim.heat.response`). Which cells these are, the solver says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Block
from ablsim.heat.active import Box, Opened, find_heated, whole
from ablsim.heat.euler_step import EulerStep
from ablsim.heat.evaporation import condense_steam
from ablsim.heat.medium import Medium
from ablsim.heat.operator import Boiling, Losses, Operator
from ablsim.heat.plain_rows import LONGEST, PlainRows
from ablsim.heat.response import Condition, Response
from ablsim.heat.settings import HeatSettings
from ablsim.heat.state import State
from ablsim.heat.step import Step
from ablsim.heat.super_step import SuperStep
from ablsim.heat.vessels import find_wall_faces
from ablsim.kernels import faces, region, rkl

LARGEST = 1.0 / 8.0
"""Share of the domain up to which a box gets memory of its own, lest a run takes much more."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a step has done, besides the state.

    Parameters
    ----------
    lost : ndarray of float64, shape (3,)
        Heat taken by perfusion, boundary and vessels [J/m^3], summed over cells.
    moved, condensed : float
        Heat moved from above the cap, and given back by steam [J/m^3], summed over cells.
    sub_steps, stages : int
        Sub-steps, summed over cells, and stages.
    """

    lost: Losses
    moved: float
    condensed: float
    sub_steps: int = 0
    stages: int = 0


def is_worth_cutting(box: Box, like: NDArray[np.floating]) -> bool:
    """Say whether a box of arrays ``like`` this moves on faster in memory of its own.

    In double precision, which is for reference, memory is dearer than time.
    """
    z0, z1, y0, y1, x0, x1 = box
    n_cells = (z1 - z0) * (y1 - y0) * (x1 - x0)
    from_wall_to_wall = x1 - x0 == like.shape[2] - 2  # its rows follow one another already
    is_short = x1 - x0 <= LONGEST and not from_wall_to_wall
    return is_short and n_cells <= LARGEST * like.size and like.itemsize <= 4


class Patch:
    """The cells that are moved on, in a box of a state.

    Parameters
    ----------
    state : State
        The cells.
    medium : Medium
        Heat properties, by the state's codes.
    settings : HeatSettings
        Temperatures, kinetics and numerics.
    limit : float
        Share of a cell's own longest step that it may use.
    corner : tuple of int
        Where the first ghost of the state lies in the domain with its ghosts (z, y, x).
    """

    def __init__(
        self,
        state: State,
        medium: Medium,
        settings: HeatSettings,
        limit: float,
        corner: tuple[int, int, int] = (0, 0, 0),
    ) -> None:
        self.state = state
        self.corner = corner
        self._medium = medium
        self._spacing = medium.grid.spacing
        self._table = medium.table.astype(state.theta.dtype)
        self._response = Response(medium, settings)
        self._base, self._cap = settings.base_temperature, settings.cap_temperature
        # rise below which a row needs no visit: nothing is damaged, dried or changed there
        self._skip = min(settings.skip_temperature - self._base, medium.first_change)
        self._condensing = settings.steam_condensation
        shape = state.theta.shape
        self._euler = EulerStep(shape, limit)
        self._super: SuperStep | None = None
        self._plain = PlainRows(shape)
        self._conducts = np.zeros(shape[:2], dtype=np.uint8)
        self._walls = find_wall_faces(state.held)
        self._work = np.empty(0 if state.water_seen is None else state.theta.size, np.int64)

    @classmethod
    def cut(
        cls,
        state: State,
        medium: Medium,
        settings: HeatSettings,
        limit: float,
        box: Box,
        opened: Opened,
    ) -> Self:
        """Return a patch in memory of its own for a ``box`` of the ``state`` of a domain."""
        corner = (box[0] - 1, box[2] - 1, box[4] - 1)
        patch = cls(state.cut(box), medium, settings, limit, corner)
        patch.enclose(whole(patch.state.theta.shape), opened)
        region.mirror(patch.state.theta, patch.box, opened)
        return patch

    def enclose(self, box: Box, opened: Opened) -> None:
        """Work on ``box`` from now on; sides not ``opened`` to the ghosts are insulated."""
        self.box, self.opened = box, opened
        z0, z1, y0, y1, x0, x1 = box
        # rows of a state of its own reach from ghost to ghost, and these are then kept as warm
        self._between = x0 == 1 and x1 == self.state.theta.shape[2] - 1
        within = np.zeros(self.state.theta.shape, dtype=np.bool_)
        within[z0:z1, y0:y1, x0:x1] = True
        inside, outside = self._walls
        seen = within.ravel()[inside] & within.ravel()[outside]
        self.inside, self.outside = inside[seen], outside[seen]
        rows = np.zeros(within.shape[:2], dtype=np.uint8)
        rows[[z for z, on in ((z0, opened[0]), (z1 - 1, opened[1])) if on]] = 1
        rows[:, [y for y, on in ((y0, opened[2]), (y1 - 1, opened[3])) if on]] = 1
        if opened[4] or opened[5]:
            rows[:] = 1
        self._wall_rows = rows

    def find_heated(self, tolerance: float, margin: int) -> Box | None:
        """Return the box of the domain in which the rise exceeds ``tolerance`` [K].

        None also if it does so nowhere within ``margin`` cells of a border that may be moved.
        """
        theta = self.state.theta
        limit = theta.dtype.type(tolerance)
        if not region.has_reached(theta, limit, self.box, self.opened, margin):
            return None
        found = find_heated(theta, tolerance, self.box)
        return None if found is None else self._in_domain(found)

    def light(self, q: NDArray[np.floating]) -> None:
        """Take over the absorbed power density of the domain, with its ghosts [W/m^3]."""
        self.state.q[...] = q[self._block]

    def give_back(self, state: State, names: Sequence[str] | None = None) -> None:
        """Bring the state of the domain up to date: the arrays ``names``, by default all."""
        state.paste(self.state, self._in_domain(self.box), names)

    def part(self, name: str, block: Block) -> NDArray[np.floating]:
        """Return what an array is in a block of the domain's cells that lies within the box."""
        array: NDArray[np.floating] = getattr(self.state, name)
        first = [one - 1 for one in self.corner]
        z, y, x = (slice(s.start - n, s.stop - n) for s, n in zip(block, first, strict=True))
        return array[z, y, x]

    def read(
        self, name: str, where: tuple[NDArray[np.intp], ...], values: NDArray[np.floating]
    ) -> None:
        """Write into ``values`` what an array is at those cells of the domain that lie here."""
        array, box = getattr(self.state, name), self.box
        index = [at + 1 - n for at, n in zip(where, self.corner, strict=True)]
        here = np.logical_and.reduce(
            [(i >= box[2 * axis]) & (i < box[2 * axis + 1]) for axis, i in enumerate(index)]
        )
        z, y, x = (i[here] for i in index)
        values[here] = array[z, y, x]

    def _in_domain(self, box: Box) -> Box:
        z, y, x = self.corner
        return (box[0] + z, box[1] + z, box[2] + y, box[3] + y, box[4] + x, box[5] + x)

    @property
    def _block(self) -> Block:
        """Where the state lies in the domain with its ghosts."""
        z, y, x = (
            slice(n, n + m) for n, m in zip(self.corner, self.state.theta.shape, strict=True)
        )
        return (z, y, x)

    def euler_step(self, dt: float, tips: NDArray[np.float64]) -> Done:
        """Make an Euler step of ``dt`` [s]; ``tips`` fire, (n, 3) in the domain with its ghosts."""
        state = self.state
        lost, n_sub = self._euler.step(
            self._operator(),
            self._boiling(tips),
            state.theta,
            state.theta_new,
            dt,
            stiff_rows=state.dried | (state.hot & self._wall_rows),
            skip=self._skip,
            hot=state.hot,
        )
        return Done(lost, *self._follow(dt, tips), sub_steps=n_sub)

    def super_step(self, dt: float, tips: NDArray[np.float64]) -> Done:
        """Make a super-step, as `euler_step` does."""
        state = self.state
        if self._super is None:
            self._super = SuperStep(state.theta)
        lost, n_stages = self._super.step(
            self._operator(), self._boiling(tips), state.theta, state.theta_new, dt
        )
        skip = state.theta.dtype.type(self._skip)
        rkl.mark_hot(state.theta, state.theta_new, self.box, skip, state.hot)
        return Done(lost, *self._follow(dt, tips), stages=n_stages)

    def _operator(self) -> Operator:
        state, box, opened = self.state, self.box, self.opened
        along = (*opened[:4], True, True) if self._between else opened
        rows = self._plain.find(state.faces, state.inv_c, state.w, box, along)
        fields = (state.faces, state.inv_c, state.w, state.q, rows)
        return Operator(*fields, box, opened, self.inside, self.outside, self._spacing)

    def _boiling(self, tips: NDArray[np.float64]) -> Boiling:
        """Return what turns heat into steam; the cap works only around firing tips."""
        state, cap = self.state, self._cap - self._base
        rise = self._medium.boiling_rise
        return Boiling(state.water, state.code, self._table, rise, cap if tips.size else np.inf)

    def _follow(self, dt: float, tips: NDArray[np.float64]) -> tuple[float, float]:
        """Let the tissue follow the new temperature; move heat that may not stay where it is.

        Returns what was moved from above the cap and what condensed [J/m^3].
        """
        state, box = self.state, self.box
        arrays = (state.water, state.inv_c, state.code, self._table, state.hot, state.dried)
        step = Step(state.theta, state.theta_new, *arrays, box, self._skip)
        damage = (state.stasis, state.whitening, state.death, state.alive)
        condition = Condition(state.char, *damage, state.k, state.w, self._conducts)
        self._response.react(step, condition, dt)
        faces.join(state.k, self._conducts, box, state.faces)
        self._plain.follow(state.hot, box)
        moved = condensed = 0.0
        tips = tips - np.array(self.corner, dtype=np.float64)
        if tips.size:
            moved = self._response.move_above_cap(step, tips)
        if state.water_seen is not None:
            share, rise = self._condensing, self._medium.boiling_rise
            condensed = condense_steam(share, rise, step, state.water_seen, tips, self._work)
        state.theta, state.theta_new = state.theta_new, state.theta
        return moved, condensed
