r"""How fibres launch light: where on its way a beam turns into diffuse light, or is absorbed.

The beam of a plane-cut tip runs straight on along the axis and keeps the share
:math:`w(s) = \exp(-\int\mu_t'\,ds)`. A piece of the axis loses exactly the difference of w at its
ends: :math:`\mu_s'/\mu_t'` of it becomes diffuse light, the rest is absorbed at once. A diffuser
sends out scattered light evenly along its active length.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.deposition import SOURCE_WIDTH
from ablsim.errors import CaseError
from ablsim.grid import Grid, Point
from ablsim.kernels import beam

Array64 = NDArray[np.float64]
Floats = NDArray[np.floating]

_BEAM_END = 1e-9  # share of the beam at which its last piece takes the rest


@dataclass(frozen=True, slots=True)
class Emission:
    """Light that leaves one fibre.

    Parameters
    ----------
    tip : tuple of float
        LPS position of the cut face, or of the far end of the active length [m].
    direction : tuple of float
        From the hand to the tip; any length but zero.
    length : float
        0.0 for a plane-cut tip, the active length of a diffuser [m].
    share : float
        Share of the power emitted by all fibres; the shares of one solve add up to 1.
    radius : float
        Of the face, or of the sheath of a diffuser [m].
    half_angle : float
        Of the cone into which a plane-cut tip shines, in tissue [rad].
    """

    tip: Point
    direction: Point
    length: float
    share: float
    radius: float = 0.0
    half_angle: float = 0.0


@dataclass(frozen=True, slots=True)
class Launch:
    """Where the light of an emission goes first.

    ``scattered`` and ``absorbed`` are powers per emitted watt at ``points`` (n, 3) [m];
    ``escaped`` is what leaves the box without having met anything.
    """

    points: Array64
    scattered: Array64
    absorbed: Array64
    escaped: float


def launch(grid: Grid, mu_a: Floats, mu_s_prime: Floats, emission: Emission) -> Launch:
    """Return where an emission is scattered or absorbed for the first time.

    Parameters
    ----------
    grid : Grid
        The cells.
    mu_a, mu_s_prime : ndarray of float, shape (nz, ny, nx)
        Absorption and reduced scattering coefficient [1/m].
    emission : Emission
        One fibre's light.

    Returns
    -------
    Launch
        Pieces that add up to the emission's share.

    Notes
    -----
    The axis is cut into pieces of half a cell or half the source width. Their coefficients are
    interpolated linearly between cell centres, so that a beam along a row of cell edges belongs
    to all its neighbours alike and nothing jumps when a fibre is shifted.
    """
    tip = np.asarray(emission.tip, dtype=np.float64)
    axis = np.asarray(emission.direction, dtype=np.float64)
    axis = axis / np.linalg.norm(axis)
    if emission.length > 0.0:
        return _launch_diffuser(grid, tip, axis, emission)
    if not grid.contains(tip):
        x, y, z = tip * 1e3
        msg = (
            f"the fibre tip at ({x:.4g}, {y:.4g}, {z:.4g}) mm lies outside the computed box: "
            "make domain.size larger or move the fibre"
        )
        raise CaseError(msg)
    return _launch_beam(grid, mu_a, mu_s_prime, tip, axis, emission.share)


def _step(grid: Grid) -> float:
    return 0.5 * min(grid.spacing, SOURCE_WIDTH)


def _launch_diffuser(grid: Grid, tip: Array64, axis: Array64, emission: Emission) -> Launch:
    pieces = max(1, int(np.ceil(emission.length / _step(grid))))
    behind = emission.length * (np.arange(pieces) + 0.5) / pieces
    points = tip - behind[:, None] * axis
    inside = grid.contains(points)
    scattered = np.full(int(inside.sum()), emission.share / pieces)
    escaped = emission.share * float(np.mean(~inside))
    return Launch(points[inside], scattered, np.zeros_like(scattered), escaped)


def _launch_beam(
    grid: Grid, mu_a: Floats, mu_s_prime: Floats, tip: Array64, axis: Array64, share: float
) -> Launch:
    way = _way_out(grid, tip, axis)
    pieces = int(np.ceil(way / _step(grid)))
    if pieces == 0:
        nothing = np.zeros(0)
        return Launch(np.zeros((0, 3)), nothing, nothing, share)
    ds = way / pieces
    step = axis[::-1] * (ds / grid.spacing)
    distance, scattered, absorbed, left = beam.lose(
        mu_a, mu_s_prime, grid.index(tip), step, ds, pieces, _BEAM_END
    )
    points = tip + distance[:, None] * axis
    return Launch(points, share * scattered, share * absorbed, share * left)


def _way_out(grid: Grid, tip: Array64, axis: Array64) -> float:
    """Return the distance from the tip to the outer wall along the axis [m]."""
    low = np.asarray(grid.origin)
    wall = np.where(axis > 0.0, low + grid.size, low)
    moving = axis != 0.0
    return float(max(0.0, np.min((wall[moving] - tip[moving]) / axis[moving])))
