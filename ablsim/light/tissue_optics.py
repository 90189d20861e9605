"""The optical state of the tissue as heat changes it: native, coagulated, charred."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

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
        self._table = {
            name: np.array(
                [self._coefficients(getattr(tissue.optical, name)) for tissue in tissues],
                dtype=np.float32,
            )
            for name in ("native", "coagulated", "charred")
        }

    @staticmethod
    def _coefficients(state: OpticalState) -> tuple[float, float]:
        return state.absorption.si, state.reduced_scattering.si

    def mix(self, coagulation: Array32, char: Array32) -> tuple[Array32, Array32]:
        """Return absorption and reduced scattering [1/m] for the shares of changed tissue [1]."""
        absorption, scattering = (
            mix(
                *(table[:, column][self._labels] for table in self._table.values()),
                coagulation,
                char,
            ).astype(np.float32, copy=False)
            for column in (0, 1)
        )
        return absorption, scattering
