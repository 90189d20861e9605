r"""How hot a tip is that no cell resolves: an estimate beside the solution, no part of it.

A char film releases its heat on a face of some tenths of a millimetre. The solution spreads it over
:math:`r_\mathrm{eq}`, so what the film's heat :math:`P_c` adds between there and the face of radius
:math:`a` is missing,

.. math:: T_\mathrm{tip} = T_\mathrm{cell}
          + \frac{P_c}{4\pi k}\Bigl(\frac{1}{a} - \frac{1}{r_\mathrm{eq}}\Bigr),

as between the radius of a well and the cell that holds it in a model of a reservoir (Peaceman
1978). Within a millimetre of a tip heat flow follows its source in seconds, so it may be taken as
steady; the conductivity is that at the tip.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ive

from ablsim.deposition import spread
from ablsim.grid import Grid
from ablsim.heat.film import film_points
from ablsim.light.fibre import Fibre

Array64 = NDArray[np.float64]

# Trapezoidal rule in the logarithm of time; what comes after the last time falls off as t^(-3/2).
_STEP = 0.25
_TIMES = np.exp(np.arange(-19.0, 17.0, _STEP))
_WEIGHTS = _STEP * _TIMES
_WEIGHTS[-1] /= -math.expm1(-0.5 * _STEP)


def lattice_potential(shares: ArrayLike, first: ArrayLike, index: ArrayLike) -> float:
    r"""Return the steady temperature that heat in the cells of an endless grid gives at a point.

    Parameters
    ----------
    shares : array_like of float, shape (nz, ny, nx)
        Power released in each cell of a block [W].
    first : array_like of int, shape (3,)
        Array index ``(z, y, x)`` of the block's first cell.
    index : array_like of float, shape (3,)
        Fractional array index ``(z, y, x)`` of the point; trilinear between the cells around it.

    Returns
    -------
    float
        Temperature times conductivity and spacing [W].

    Notes
    -----
    The Green's function of the seven-point Laplacian is the integral over time of three
    one-dimensional random walks,
    :math:`G_{lmn} = \int_0^\infty e^{-6t} I_l(2t) I_m(2t) I_n(2t)\,dt`; the first value is
    Watson's, :math:`G_{000} = 0.252731`.
    """
    block = np.asarray(shares, dtype=np.float64)
    z, y, x = (
        _walk(np.arange(n) + start, float(place))
        for n, start, place in zip(
            block.shape, np.asarray(first, dtype=int), np.asarray(index), strict=True
        )
    )
    total = np.einsum("zyq,yq->zq", np.tensordot(block, x, axes=(2, 0)), y)
    return float(np.einsum("zq,zq,q->", total, z, _WEIGHTS))


def _walk(cells: NDArray[np.int_], place: float) -> Array64:
    """Return how much of a walk from each cell is at ``place`` at each time, shape (n, times).

    The cells are neighbours in rising order.
    """
    below = math.floor(place)
    share = place - below
    # from a cell to the far end is as from the cell before it to the near end
    steps = np.append(cells[0] - 1, cells) - below
    walks = ive(np.abs(steps)[:, None], 2.0 * _TIMES)
    return np.asarray((1.0 - share) * walks[1:] + share * walks[:-1])


def equivalent_radius(grid: Grid, fibre: Fibre) -> float:
    """Return the radius [m] at which a point's heat gives the temperature that the tip's cells get.

    The film's heat, as it is spread over the cells, warms the point of the tip (interpolated
    between its cells) as much as a point source warms this distance, in tissue of one conductivity.
    """
    points, amounts = film_points(fibre)
    where, shares = spread(grid, points, amounts)
    potential = lattice_potential(shares, [part.start for part in where], grid.index(fibre.tip))
    return grid.spacing / (4.0 * math.pi * potential)


def tip_excess(film_power: float, conductivity: float, face_radius: float, radius: float) -> float:
    """Return what a tip is hotter than its cells [K].

    Parameters
    ----------
    film_power : float
        Heat released by its film [W].
    conductivity : float
        Of the tissue at the tip as it is [W/(m K)].
    face_radius, radius : float
        Radius of the light-guiding core, and `equivalent_radius` [m].
    """
    missing = 1.0 / face_radius - 1.0 / radius
    return film_power / (4.0 * math.pi * conductivity) * max(0.0, missing)
