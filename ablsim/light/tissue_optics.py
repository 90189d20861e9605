"""The optical state of the tissue as heat changes it: native, coagulated, charred."""

from collections.abc import Sequence
from types import EllipsisType

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Block
from ablsim.light.coefficients import mix
from ablsim.tissue.properties import OpticalState, Tissue

Array32 = NDArray[np.float32]


class TissueOptics:
    """Absorption and reduced scattering of every cell, re-mixed as the tissue changes.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
        Index of each cell's tissue.
    tissues : sequence of Tissue
        The tissues.

    Notes
    -----
    Coefficients are mixed linearly, first native with coagulated in the share
    ``1 - exp(-Omega_whitening)``, then that with charred; dried tissue keeps the coagulated
    coefficients, for want of any measurement.
    """

    def __init__(self, labels: NDArray[np.uint8], tissues: Sequence[Tissue]) -> None:
        self._labels = labels
        self._native = _table([tissue.optical.native for tissue in tissues])
        self._coagulated = _table([tissue.optical.coagulated for tissue in tissues])
        self._charred = _table([tissue.optical.charred for tissue in tissues])

    def mix(
        self, coagulation: Array32, char: Array32, where: Block | EllipsisType = ...
    ) -> tuple[Array32, Array32]:
        """Return absorption and reduced scattering [1/m] for the shares of changed tissue [1].

        Both shares, and what is returned, are those of the cells ``where``; by default all.
        """
        labels = self._labels[where]
        absorption, scattering = (
            mix(
                self._native[:, column][labels],
                self._coagulated[:, column][labels],
                self._charred[:, column][labels],
                coagulation,
                char,
            ).astype(np.float32, copy=False)
            for column in (0, 1)
        )
        return absorption, scattering


def _table(states: Sequence[OpticalState]) -> Array32:
    """Return absorption and reduced scattering [1/m] of each state, one row each."""
    rows = [(state.absorption.si, state.reduced_scattering.si) for state in states]
    return np.array(rows, dtype=np.float32)
