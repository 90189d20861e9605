"""What every engine says of the light: where each emitted watt goes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LightField:
    """Where each emitted watt goes.

    Parameters
    ----------
    absorbed_per_watt : ndarray of float32, shape (nz, ny, nx)
        Absorbed power density per emitted watt [1/m^3].
    absorbed : float
        Share of the emitted light absorbed in the grid: sum of the above times the cell volume.
    escaped : float
        Share that leaves through the outer wall, diffuse or still in the beam.
    residual : float
        Relative residual of the linear solver; ``absorbed + escaped`` misses 1 by about as much.
        0 where photons are followed, whose books close.
    iterations : int
        Iterations of the linear solver.
    photons : int
        Photons that were followed.
    noise : float
        Relative standard error of the power in a cell, its root mean square over the power; 0
        without photons.
    """

    absorbed_per_watt: NDArray[np.float32]
    absorbed: float
    escaped: float
    residual: float
    iterations: int
    photons: int = 0
    noise: float = 0.0
