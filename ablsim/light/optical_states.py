"""Optical states of the cells in steps, as Monte Carlo looks them up: one number for each cell."""

from collections.abc import Sequence
from types import EllipsisType

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Block
from ablsim.light.coefficients import mix
from ablsim.tissue.properties import OpticalProperties, OpticalState, Tissue

COAGULATION_STEPS = 31
"""Steps from native to coagulated tissue. In liver the first changes the scattering by 9 %, the
last by 2 %; a cell is off by half of that at most."""

CHAR_STEPS = 7
"""Steps from tissue to char."""

Array32 = NDArray[np.float32]


class OpticalStates:
    """The state of every cell, kept up with the changing tissue, and what each state means.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
        Index of each cell's tissue.
    tissues : sequence of Tissue
        The tissues.

    Attributes
    ----------
    cells : ndarray of uint16, shape (nz, ny, nx)
        State of each cell: its tissue, its step to char, its step to coagulation.
    absorption, scattering, anisotropy : ndarray of float64, shape (n,)
        mu_a [1/m], mu_s [1/m] and g of each state.

    Notes
    -----
    Absorption and reduced scattering are mixed as in `ablsim.light.tissue_optics`. A mixture
    scatters with the sum of its parts' mu_s, by a phase function whose mean cosine is theirs
    weighted by mu_s; so its mu_s' is the mixed one.
    """

    def __init__(self, labels: NDArray[np.uint8], tissues: Sequence[Tissue]) -> None:
        char, coagulation = (
            axis.ravel()
            for axis in np.meshgrid(
                np.linspace(0.0, 1.0, CHAR_STEPS + 1),
                np.linspace(0.0, 1.0, COAGULATION_STEPS + 1),
                indexing="ij",
            )
        )
        columns = [
            _mixed(tissue.optical, coagulation[:, None], char[:, None]) for tissue in tissues
        ]
        self.absorption, self.scattering, reduced = np.concatenate(columns).T
        scatters = self.scattering > 0.0
        safe = np.where(scatters, self.scattering, 1.0)
        self.anisotropy = np.where(scatters, 1.0 - reduced / safe, 0.0)
        self._first = (labels * np.uint16(len(char))).astype(np.uint16)
        self.cells = self._first.copy()

    def change(
        self, coagulation: Array32, char: Array32, where: Block | EllipsisType = ...
    ) -> None:
        """Take over the shares of changed tissue [1] of the cells ``where``."""
        steps = np.rint(char * np.float32(CHAR_STEPS)) * np.float32(COAGULATION_STEPS + 1)
        steps += np.rint(coagulation * np.float32(COAGULATION_STEPS))
        self.cells[where] = self._first[where] + steps.astype(np.uint16)


def _mixed(
    optical: OpticalProperties, coagulation: NDArray[np.float64], char: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return mu_a, mu_s and mu_s' [1/m] of a tissue in all its states, (n, 3)."""
    native, coagulated, charred = (
        _numbers(state) for state in (optical.native, optical.coagulated, optical.charred)
    )
    return np.asarray(mix(native, coagulated, charred, coagulation, char), dtype=np.float64)


def _numbers(state: OpticalState) -> NDArray[np.float64]:
    """Return mu_a, mu_s and mu_s' of a state [1/m]."""
    reduced, g = state.reduced_scattering.si, state.anisotropy.si
    return np.array([state.absorption.si, reduced / (1.0 - g), reduced])
