r"""How fibres launch light: where on its way a beam turns into diffuse light, or is absorbed.

The beam of a plane-cut tip runs straight on along the axis and keeps the share
:math:`w(s) = \exp(-\int\mu_t'\,ds)`. A piece of the axis loses exactly the difference of w at its
ends: :math:`\mu_s'/\mu_t'` of it becomes diffuse light, the rest is absorbed at once. A diffuser
sends out scattered light evenly along its active length.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ablsim.deposition import SOURCE_WIDTH
from ablsim.errors import CaseError
from ablsim.grid import Grid, Point
from ablsim.kernels import beam

Array64 = NDArray[np.float64]
Floats = NDArray[np.floating]

_BEAM_END = 1e-9  # share of the beam at which its last piece takes the rest
_WAYS_KEPT = 256  # ways through a grid, which the tissue's changes leave as they are


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
    if emission.length > 0.0:
        return _launch_diffuser(grid, emission)
    way, share = _way(grid, emission.tip, emission.direction), emission.share
    if way.pieces == 0:
        nothing = np.zeros(0)
        return Launch(np.zeros((0, 3)), nothing, nothing, share)
    distance, scattered, absorbed, left = beam.lose(
        mu_a, mu_s_prime, way.start, way.step, way.ds, way.pieces, _BEAM_END
    )
    points = way.tip + distance[:, None] * way.axis
    return Launch(points, share * scattered, share * absorbed, share * left)


def _step(grid: Grid) -> float:
    return 0.5 * min(grid.spacing, SOURCE_WIDTH)


def _line(tip: Point, direction: Point) -> tuple[Array64, Array64]:
    """Return where a fibre ends [m] and its axis as a unit vector."""
    axis = np.asarray(direction, dtype=np.float64)
    return np.asarray(tip, dtype=np.float64), axis / np.linalg.norm(axis)


@lru_cache(maxsize=_WAYS_KEPT)
def _launch_diffuser(grid: Grid, emission: Emission) -> Launch:
    tip, axis = _line(emission.tip, emission.direction)
    pieces = max(1, int(np.ceil(emission.length / _step(grid))))
    behind = emission.length * (np.arange(pieces) + 0.5) / pieces
    points = tip - behind[:, None] * axis
    inside = grid.contains(points)
    scattered = np.full(int(inside.sum()), emission.share / pieces)
    escaped = emission.share * float(np.mean(~inside))
    return Launch(points[inside], scattered, np.zeros_like(scattered), escaped)


@dataclass(frozen=True, slots=True)
class _Way:
    """The way of a beam from the ``tip`` along the ``axis`` to the outer wall, in even pieces.

    ``start`` and ``step`` are the tip and a piece in array indices (z, y, x), ``ds`` is the length
    of a piece [m].
    """

    tip: Array64
    axis: Array64
    start: Array64
    step: Array64
    ds: float
    pieces: int


@lru_cache(maxsize=_WAYS_KEPT)
def _way(grid: Grid, tip: Point, direction: Point) -> _Way:
    at, axis = _line(tip, direction)
    if not grid.contains(at):
        x, y, z = at * 1e3
        msg = (
            f"the fibre tip at ({x:.4g}, {y:.4g}, {z:.4g}) mm lies outside the computed box: "
            "make domain.size larger or move the fibre"
        )
        raise CaseError(msg)
    low = np.asarray(grid.origin)
    wall = np.where(axis > 0.0, low + grid.size, low)
    moving = axis != 0.0
    length = float(max(0.0, np.min((wall[moving] - at[moving]) / axis[moving])))
    pieces = int(np.ceil(length / _step(grid)))
    ds = length / max(1, pieces)
    return _Way(at, axis, grid.index(at), axis[::-1] * (ds / grid.spacing), ds, pieces)
