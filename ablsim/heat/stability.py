"""The step that keeps the explicit heat update between its neighbours' temperatures."""

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError
from ablsim.heat.medium import Medium
from ablsim.heat.settings import HeatSettings
from ablsim.kernels import stability

SAFETY = 0.9
"""Share of the proven limit that the automatic step uses."""


def longest_euler_step(
    medium: Medium, k: NDArray[np.floating], w: NDArray[np.floating], flow_max: float
) -> float:
    r"""Return the longest Euler step [s] under which no wet cell overshoots.

    Parameters
    ----------
    medium : Medium
        The cells, at the start.
    k : ndarray, shape (nz + 2, ny + 2, nx + 2)
        Their conductivity, with the ghosts of the boundary [W/(m K)].
    w : ndarray, shape (nz + 2, ny + 2, nx + 2)
        Their perfusion coefficient at rest [W/(m^3 K)].
    flow_max : float
        Largest perfusion that the law of perfusion can reach, relative to that at rest.

    Notes
    -----
    The new temperature is a mean of old ones with positive weights while
    :math:`\Delta t\,(\sum_f k_f/h^2 + w) \le \rho c`. Harmonic means grow with both arguments, so
    the largest conductivity that each cell can reach by heating bounds every face. Cells at the
    domain's wall are bounded by what they start with: should they become hot, and where tissue
    dries, the solver finds the cells that the step would overshoot and sub-steps them. The step
    holds when vessels close, too.
    """
    table, still = medium.table, medium.still
    closes = still != np.arange(len(still))
    most = np.where(closes, np.maximum(medium.conductivity_max, medium.conductivity_max[still]),
                    medium.conductivity_max)  # fmt: skip
    flows = medium.held & ~closes
    inv_c = np.where(flows, 0.0, 1.0 / table[:, 0][np.where(closes, still, np.arange(len(still)))])
    found = np.zeros(medium.grid.shape[0])
    stability.fastest(
        k,
        medium.code,
        np.where(closes, table[:, 3][still], 0.0),
        most,
        inv_c.astype(k.dtype).astype(np.float64),
        w,
        flow_max,
        medium.grid.spacing,
        found,
    )
    highest = float(found.max())
    return 1.0 / highest if highest > 0.0 else np.inf


def longest_dry_step(medium: Medium) -> float:
    """Return the longest Euler step [s] of a dried cell among its like, in the fastest tissue."""
    table = medium.table[~medium.held]
    capacity, dry = table[:, 1], table[:, 4]
    return medium.grid.spacing**2 / float(np.max(6.0 * dry / capacity))


def choose_time_step(stable: float, settings: HeatSettings) -> tuple[float, float]:
    """Return the Euler step [s], and the share of its own limit that a cell may use of it.

    Raises
    ------
    CaseError
        If the settings ask for Euler steps beyond the ``stable`` one [s].
    """
    given = settings.time_step
    if given is not None and settings.time_stepping == "euler":
        check_time_step(given, stable)
    if given is not None and given <= stable:
        return given, 1.0
    return SAFETY * stable, 0.5 * (1.0 + SAFETY)


def check_time_step(time_step: float, limit: float) -> None:
    """Raise CaseError when a chosen step is beyond the ``limit`` of the explicit scheme [s]."""
    if time_step > limit:
        msg = (
            f"numerics.time_step: {time_step:.3g} s is longer than the {limit:.3g} s that this "
            'grid and these tissues allow; shorten it, write "auto", use '
            'numerics.time_stepping = "rkl2", or coarsen numerics.spacing'
        )
        raise CaseError(msg)
