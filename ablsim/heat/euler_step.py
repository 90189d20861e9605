"""Explicit Euler steps, with short sub-steps where the step would overshoot."""

import numpy as np
from numpy.typing import NDArray

from ablsim.heat.operator import Boiling, Field, Losses, Operator
from ablsim.kernels import pennes, stiff


class EulerStep:
    """Makes Euler steps; holds the lists of the cells that must sub-step.

    Parameters
    ----------
    shape : tuple of int
        Shape of the state with its ghosts.
    limit : float
        Share of a cell's own longest step that it may use.
    """

    def __init__(self, shape: tuple[int, ...], limit: float) -> None:
        self._limit = limit
        self._cells = np.empty(int(np.prod([n - 2 for n in shape])), dtype=np.int64)
        self._slot = np.full(shape, -1, dtype=np.int32)
        self._perfused = np.zeros(shape[0])

    def step(
        self,
        operator: Operator,
        boiling: Boiling,
        theta: Field,
        theta_new: Field,
        dt: float,
        *,
        stiff_rows: NDArray[np.uint8],
        skip: float,
        hot: NDArray[np.uint8],
    ) -> tuple[Losses, int]:
        """Write the state ``dt`` [s] after ``theta`` into ``theta_new``, within the box.

        Cells that the step would overshoot are looked for in ``stiff_rows``; their water boils
        during the sub-steps. ``hot`` receives the rows with a cell above ``skip`` [K] before or
        after. Returns the heat lost [J/m^3] and the number of sub-steps, summed over cells.
        """
        op, of = operator, theta.dtype.type
        coefficients = (op.faces, op.inv_c, op.w)
        n_stiff, n_sub = stiff.find_stiff(
            *coefficients,
            stiff_rows,
            op.box,
            of(dt),
            op.inv_h2,
            of(self._limit),
            boiling.table[:, 1].min(),
            self._cells,
            self._slot,
        )
        pennes.conduct(
            theta,
            *coefficients,
            op.q,
            *op.rows,
            op.box,
            op.opened,
            of(dt),
            op.inv_h2,
            of(skip),
            theta_new,
            hot,
            self._perfused,
        )
        lost = dt * op.losses(theta, self._perfused)
        if n_stiff == 0:
            return lost, 0
        lost += stiff.substep(
            theta,
            *coefficients,
            op.q,
            boiling.water,
            boiling.code,
            boiling.table,
            of(boiling.rise),
            of(boiling.cap_rise),
            self._cells,
            n_stiff,
            self._slot,
            n_sub,
            of(dt),
            op.inv_h2,
            theta_new,
        )
        return lost, n_stiff * n_sub
