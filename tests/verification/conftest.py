"""A heat solver below the case layer: one or two made-up materials, exact sources."""

from math import ceil

import numba
import numpy as np
import pytest

from ablsim.case import Boundary
from ablsim.grid import Grid
from ablsim.heat.medium import Medium
from ablsim.heat.pennes import PennesSolver
from ablsim.heat.settings import HeatSettings

BASE = 310.15
GATE = 316.15
KINETICS = np.array(
    [
        (np.log(1.98e106), 6.67e5 / 8.314462618, GATE, 0.0, 0.0),
        (np.log(5.49e41), 2.768e5 / 8.314462618, GATE, 0.0, 0.0),
        (np.log(3.25e43), 2.81e5 / 8.314462618, GATE, 0.0, 0.0),
    ]
)
UNCOMPILED_BUDGET = 100_000
"""Cells times steps that a test may take where loops are not compiled: some seconds."""
SIDES = ("x_min", "x_max", "y_min", "y_max", "z_min", "z_max")


def material(*, k=0.52, c=3.816e6, w=0.0, gain=0.0, c_dry=4.4e5, latent=1.75e9, k_dry=None):
    """A row of the heat solver's table; by default it never changes."""
    return [c, c_dry, latent, k, k if k_dry is None else k_dry, gain, 28.0, 1.0 / 27.0, w, 1.0]


def within_budget(solver, spent):
    """Let a solver skip its test rather than go beyond the budget; ``spent`` adds up a test's."""
    advance = solver.advance

    def careful(duration, n_steps=None, scheme="euler"):
        steps = n_steps or max(1, ceil(duration / solver.time_step))
        spent.append(steps * solver.grid.n_cells)
        if sum(spent) > UNCOMPILED_BUDGET:
            pytest.skip("too many cells for loops that are not compiled")
        advance(duration, n_steps, scheme)

    solver.advance = careful
    return solver


@pytest.fixture
def heat():
    """Return a factory of heat solvers on cubic cells."""
    spent = []

    def make(
        grid,
        *,
        rows=None,
        code=None,
        held=None,
        boiling=np.inf,
        water_curve=None,
        boundary="body",
        sides=None,
        **settings,
    ):
        rows = np.array([material()] if rows is None else rows)
        medium = Medium(
            grid=grid,
            code=np.zeros(grid.shape, np.uint8) if code is None else code,
            table=rows,
            held=np.zeros(len(rows), bool) if held is None else np.array(held),
            still=np.arange(len(rows), dtype=np.uint8),
            boiling_rise=boiling,
            water_curve=water_curve,
        )
        faces = {side: Boundary(kind=boundary) for side in SIDES} | (sides or {})
        defaults = {
            "base_temperature": BASE,
            "start_rise": 0.0,
            "kinetics": KINETICS,
            "skip_temperature": GATE,
            "char_temperature": 473.15,
            "cap_temperature": 673.15,
            "tolerance": 0.0,
        }
        solver = PennesSolver(medium, faces, HeatSettings(**(defaults | settings)))
        return within_budget(solver, spent) if numba.config.DISABLE_JIT else solver

    return make


@pytest.fixture
def row():
    """Return the maker of table rows."""
    return material


@pytest.fixture
def kinetics():
    """Return ln A, E/R and gate of stasis, whitening and death as the solver gets them."""
    return KINETICS


@pytest.fixture
def cube():
    """Return a maker of cubic grids around the origin: edge [m], spacing [m]."""

    def make(edge, spacing):
        return Grid.centred((0.0, 0.0, 0.0), (edge, edge, edge), spacing)

    return make
