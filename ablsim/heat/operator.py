"""What drives the heat at one moment: conduction, perfusion and absorption, coefficients frozen.

    d(theta)/dt = L(theta) = 1/c (div(k grad theta) - w theta + q)

in a box of cells, on which the time-stepping schemes work (`ablsim.heat.euler_step`,
`ablsim.heat.super_step`). What the temperature does to the coefficients comes between steps.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ablsim.heat.active import Box, Opened
from ablsim.heat.plain_rows import Rows
from ablsim.kernels import region

Scheme = Literal["euler", "rkl2"]
"""Who makes a step: `ablsim.heat.euler_step` or `ablsim.heat.super_step`."""

Field = NDArray[np.floating]
Losses = NDArray[np.float64]
"""Heat taken by perfusion, boundary and vessels, in this order, as sums of densities over cells:
powers [W/m^3], or energies [J/m^3]."""


@dataclass(frozen=True, slots=True)
class Boiling:
    """What turns heat into steam instead of temperature.

    Parameters
    ----------
    water : ndarray of float32 or float64, shape (nz + 2, ny + 2, nx + 2)
        Share of the water left.
    code : ndarray of uint8, same shape
        Row of ``table`` that holds for the cell.
    table : ndarray, shape (n_codes, 10)
        Properties of the tissues (`ablsim.heat.medium`), in the type of the state.
    rise : float
        Boiling point above the base temperature [K]; infinite without boiling.
    cap_rise : float
        Rise above which heat is moved on [K]; infinite where nothing fires.
    """

    water: Field
    code: NDArray[np.uint8]
    table: Field
    rise: float
    cap_rise: float


@dataclass(frozen=True, slots=True)
class Operator:
    """The right-hand side of the heat equation within a box.

    Parameters
    ----------
    faces : ndarray of float32 or float64, shape (3, nz + 2, ny + 2, nx + 2)
        Conductivity [W/(m K)] of the face between each cell and the next along z, y and x.
    inv_c, w, q : ndarray of float32 or float64, shape (nz + 2, ny + 2, nx + 2)
        Reciprocal heat capacity [m^3 K/J] (0 in held cells), perfusion coefficient [W/(m^3 K)],
        absorbed power density [W/m^3].
    rows : Rows
        Which rows of cells are alike and can be done in one go.
    box : tuple of int
        The active region.
    opened : tuple of bool
        Which of its sides lie on the wall of the domain; the others are insulated.
    inside, outside : ndarray of int64
        Flat indices of the held and the free cell of every face between the two in the box.
    spacing : float
        Cell edge [m].
    """

    faces: Field
    inv_c: Field
    w: Field
    q: Field
    rows: Rows
    box: Box
    opened: Opened
    inside: NDArray[np.int64]
    outside: NDArray[np.int64]
    spacing: float

    @property
    def inv_h2(self) -> np.floating:
        """One over the spacing squared [1/m^2], in the type of the arrays."""
        one: np.floating = self.w.dtype.type(1.0 / self.spacing**2)
        return one

    def insulate(self, theta: Field) -> None:
        """Let no heat cross the sides along x of joined rows that are not opened.

        These conduct to the ghosts at their ends, which are made as warm as the cells beside them;
        steps keep them so.
        """
        if self.rows.joined and not (self.opened[4] and self.opened[5]):
            region.mirror(theta, self.box, self.opened)

    def losses(self, theta: Field, perfused: NDArray[np.float64]) -> Losses:
        """Return the powers that leave ``theta`` [W/m^3].

        ``perfused`` is what perfusion takes in each plane, as the kernels sum it up.
        """
        out, taken = 0.0, 0.0
        if any(self.opened):
            out = region.ghost_flux(theta, self.faces, self.box, self.opened, self.inv_h2)
        if self.inside.size:
            taken = region.held_flux(theta, self.faces, self.inside, self.outside, self.inv_h2)
        planes = slice(self.box[0], self.box[1])
        return np.array([float(perfused[planes].sum()), out, taken])
