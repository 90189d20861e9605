"""Long explicit steps: Runge-Kutta-Legendre super-time-stepping of second order (RKL2).

A super-step of s stages is stable up to (s^2 + s - 2)/4 times the longest Euler step, so that its
cost grows with the square root of its length (Meyer, Balsara and Aslam 2014). The coefficients of
the heat equation stay as they are meanwhile.
"""

from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from ablsim.heat.operator import Boiling, Field, Losses, Operator
from ablsim.kernels import rkl

LEAST_STAGES = 3


def count_stages(reach: float) -> int:
    r"""Return how many stages carry a step that is ``reach`` times the longest Euler step.

    The smallest odd s of at least 3 with :math:`s^2 + s - 2 \ge 4\,\mathrm{reach}`. Odd numbers
    damp the fastest mode best: it keeps only 2/(s^2 + s) of its amplitude at the limit.

    Examples
    --------
    >>> [count_stages(reach) for reach in (0.1, 2.5, 2.6, 100.0)]
    [3, 3, 5, 21]
    """
    s = max(LEAST_STAGES, ceil((sqrt(9.0 + 16.0 * reach) - 1.0) / 2.0 * (1.0 - 1e-12)))
    return s + 1 - s % 2


def coefficients(n_stages: int) -> NDArray[np.float64]:
    """Return mu, nu, mu~ and gamma~ of stages 1 to ``n_stages``, shape (n_stages, 4).

    Those of RKL2 (Meyer, Balsara and Aslam 2014); the first row holds mu~ alone.
    """
    j = np.arange(n_stages + 1, dtype=np.float64)
    b = np.full(n_stages + 1, 1.0 / 3.0)
    b[2:] = (j[2:] ** 2 + j[2:] - 2.0) / (2.0 * j[2:] * (j[2:] + 1.0))
    w1 = 4.0 / (n_stages**2 + n_stages - 2.0)
    table = np.zeros((n_stages, 4))
    table[0, 2] = b[1] * w1
    mu = (2.0 * j[2:] - 1.0) / j[2:] * b[2:] / b[1:-1]
    table[1:, 0] = mu
    table[1:, 1] = -(j[2:] - 1.0) / j[2:] * b[2:] / b[:-2]
    table[1:, 2] = mu * w1
    table[1:, 3] = -(1.0 - b[1:-1]) * mu * w1
    return table


class SuperStep:
    """Makes super-steps; holds the memory that their stages need.

    Parameters
    ----------
    theta : ndarray of float32 or float64, shape (nz + 2, ny + 2, nx + 2)
        Any state with its ghosts: gives shape, type and the ghosts' temperatures.
    """

    def __init__(self, theta: Field) -> None:
        self._before = theta.copy()
        self._rate = np.zeros_like(theta)
        self._perfused = np.zeros(theta.shape[0])
        self._fastest = np.zeros(theta.shape[0])
        self._boils = np.zeros(theta.shape[:2], dtype=np.uint8)
        self._boils_next = np.zeros_like(self._boils)

    def step(
        self, operator: Operator, boiling: Boiling, theta: Field, theta_new: Field, dt: float
    ) -> tuple[Losses, int]:
        """Write the state ``dt`` [s] after ``theta`` into ``theta_new``, within the box.

        Returns the heat lost [J/m^3] and the number of stages: as few as the cell with the fastest
        exchange allows now, dried or wet. The eigenvalues of L lie within twice the largest sum of
        a cell's couplings (Gershgorin), and that sum is one over the longest Euler step.

        Notes
        -----
        What is stepped is heat content, written as the temperature it would make without boiling.
        A cell conducts by the temperature it really has: the boiling point while water is left, at
        most the cap (`ablsim.kernels.rkl.withdraw_excess`). Steam and surplus are taken out after
        the step. The losses go through the same recurrence as the state, so that the books close
        to rounding whatever the number of stages.
        """
        op, of = operator, theta.dtype.type
        fields, where = (op.faces, op.inv_c, op.w, op.q), (op.box, op.opened, op.inv_h2)
        boil = of(boiling.rise)
        rkl.mark_hot(theta, theta, op.box, boil, self._boils)
        rkl.first_rate(theta, *fields, *where, self._rate, self._perfused, self._fastest)
        power_first = self._losses(op, boiling, theta, 1.0, self._rate)
        n_stages = count_stages(dt * float(self._fastest[op.box[0] : op.box[1]].max()))
        table = coefficients(n_stages)
        table[:, 2:] *= dt

        last, before = theta_new, self._before
        step_first = of(table[0, 2])
        rkl.first_stage(theta, self._rate, op.box, step_first, boil, last, before, self._boils)
        lost, lost_before = table[0, 2] * power_first, np.zeros(3)
        op.insulate(last)
        for mu, nu, mt, gt in table[1:]:
            rkl.stage(
                theta,
                self._rate,
                last,
                *fields,
                *op.rows,
                *where,
                (of(mu), of(nu), of(mt), of(gt)),
                boil,
                before,
                self._perfused,
                self._boils_next,
            )
            power = self._losses(op, boiling, last, mt, before)
            lost, lost_before = mu * lost + nu * lost_before + mt * power + gt * power_first, lost
            last, before = before, last
            self._boils, self._boils_next = self._boils_next, self._boils
        return lost, n_stages  # an odd number, so the last stage lies in theta_new

    def _losses(
        self, op: Operator, boiling: Boiling, y: Field, factor: float, out: Field
    ) -> Losses:
        """Return the powers that leave state ``y``; correct ``out`` for the heat that boils."""
        of = y.dtype.type
        corrections = rkl.withdraw_excess(
            y,
            op.faces,
            op.inv_c,
            op.w,
            boiling.water,
            boiling.code,
            boiling.table,
            op.box,
            op.opened,
            op.inv_h2,
            of(boiling.rise),
            of(boiling.cap_rise),
            self._boils,
            of(factor),
            out,
        )
        losses: Losses = op.losses(y, self._perfused) + np.array(corrections)
        return losses
