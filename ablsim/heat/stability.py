"""The step that keeps the explicit heat update between its neighbours' temperatures."""

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError
from ablsim.heat.medium import Medium

SAFETY = 0.9
"""Share of the proven limit that the automatic step uses."""


def _harmonic(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    total = a + b
    return np.divide(2.0 * a * b, total, out=np.zeros_like(total), where=total > 0.0)


def face_weight(k: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
    """Return the sum of face conductivities over spacing squared [W/(m^3 K)] of each inner cell.

    ``k`` [W/(m K)] has one ghost layer; the answer has none.
    """
    total = np.zeros(tuple(n - 2 for n in k.shape))
    for axis in range(3):
        face = _harmonic(np.moveaxis(k, axis, 0)[:-1].copy(), np.moveaxis(k, axis, 0)[1:].copy())
        face = np.moveaxis(face, 0, axis)
        inner = [slice(1, -1)] * 3
        inner[axis] = slice(None, -1)
        total += face[tuple(inner)]
        inner[axis] = slice(1, None)
        total += face[tuple(inner)]
    return total / spacing**2


def stable_time_step(
    k: NDArray[np.float64],
    k_max: NDArray[np.float64],
    inv_c: NDArray[np.float64],
    w: NDArray[np.float64],
    spacing: float,
) -> float:
    r"""Return the largest step [s] under which no wet cell overshoots.

    Parameters
    ----------
    k, k_max : ndarray of float64, shape (nz + 2, ny + 2, nx + 2)
        Conductivity at body temperature, and the largest that each cell can reach by heating, with
        the ghosts of the boundary [W/(m K)].
    inv_c : ndarray of float64, shape (nz, ny, nx)
        Reciprocal volumetric heat capacity of the wet tissue [m^3 K/J], 0 where held.
    w : ndarray of float64, shape (nz, ny, nx)
        Perfusion coefficient [W/(m^3 K)].
    spacing : float
        Cell edge [m].

    Notes
    -----
    The new temperature is a mean of old ones with positive weights while
    :math:`\Delta t\,(\sum_f k_f/h^2 + w) \le \rho c`. Harmonic means grow with both arguments, so
    ``k_max`` bounds every face. Cells at the domain's wall are bounded by ``k``: should they become
    hot, and where tissue dries, the solver finds the cells that the step would overshoot and
    sub-steps them.
    """
    weight = face_weight(k_max, spacing)
    native = face_weight(k, spacing)
    for axis in range(3):
        for end in (0, -1):
            np.moveaxis(weight, axis, 0)[end] = np.moveaxis(native, axis, 0)[end]
    fastest = float(np.max((weight + w) * inv_c))
    return 1.0 / fastest if fastest > 0.0 else np.inf


def longest_euler_step(
    medium: Medium,
    k: NDArray[np.floating],
    inv_c: NDArray[np.floating],
    w: NDArray[np.floating],
    flow_max: float,
) -> float:
    """Return the longest Euler step [s] of a domain at its start, as `stable_time_step` bounds it.

    ``k``, ``inv_c`` and ``w`` carry ghosts; ``flow_max`` is the largest perfusion that the law of
    perfusion can reach, relative to that at rest.
    """
    inner = (slice(1, -1),) * 3
    native = k.astype(np.float64)
    k_max = native.copy()
    k_max[inner] = medium.conductivity_max[medium.code]
    capacity = inv_c[inner].astype(np.float64)
    still = medium.still[medium.code]  # the step must hold when vessels close, too
    closes = still != medium.code
    blood = still[closes]
    for conductivity, bound in ((native, medium.table[:, 3]), (k_max, medium.conductivity_max)):
        conductivity[inner][closes] = np.maximum(conductivity[inner][closes], bound[blood])
    capacity[closes] = 1.0 / medium.table[blood, 0]
    return stable_time_step(
        native,
        k_max,
        capacity,
        flow_max * w[inner].astype(np.float64),
        medium.grid.spacing,
    )


def longest_dry_step(medium: Medium) -> float:
    """Return the longest Euler step [s] of a dried cell among its like, in the fastest tissue."""
    table = medium.table[~medium.held]
    capacity, dry = table[:, 1], table[:, 4]
    return medium.grid.spacing**2 / float(np.max(6.0 * dry / capacity))


def check_time_step(time_step: float, limit: float) -> None:
    """Raise CaseError when a chosen step is beyond the ``limit`` of the explicit scheme [s]."""
    if time_step > limit:
        msg = (
            f"numerics.time_step: {time_step:.3g} s is longer than the {limit:.3g} s that this "
            'grid and these tissues allow; shorten it, write "auto", use '
            'numerics.time_stepping = "rkl2", or coarsen numerics.spacing'
        )
        raise CaseError(msg)
