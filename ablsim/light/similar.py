r"""Media that scatter like a given one and collide less often: few angles in place of all.

What light does some collisions away hangs on the first few Legendre moments of how much it
scatters, :math:`\sigma_n = \mu_s (1 - g^n)` for the phase function of Henyey and Greenstein: all
averages of where photons come to with up to n factors are those of any medium with the same first
n of them [Wyman1989b]_. A medium that turns by ``k`` fixed angles can have 2 k of them, as a Gauss
quadrature of the phase function weighted with :math:`1 - \mu`, which leaves out the many
scatterings that hardly turn [Franke2005]_. With g = 0.95 one angle collides 14 times less often,
two angles 7 times.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turns:
    """By which angles a medium scatters, and how often.

    Parameters
    ----------
    rate : ndarray of float64, shape (n,)
        Scatterings for each of the medium that it stands for [1].
    share : ndarray of float64, shape (n,)
        Of them, those by the first angle [1].
    one, other : ndarray of float64, shape (n,)
        Cosines of the angles [1].
    """

    rate: FloatArray
    share: FloatArray
    one: FloatArray
    other: FloatArray


def one_angle(g: FloatArray) -> Turns:
    """Return the angle that keeps two moments, for each mean cosine ``g`` [1], shape (n,)."""
    weight, first, *_ = _weighted_moments(g)
    cosine = first / weight
    return Turns(weight / (1.0 - cosine), np.ones_like(cosine), cosine, cosine)


def two_angles(g: FloatArray) -> Turns:
    """Return the angles that keep four moments, for each mean cosine ``g`` [1], shape (n,)."""
    weight, first, second, third = _weighted_moments(g)
    # the polynomial x^2 + b x + c that is orthogonal to 1 and to x
    determinant = weight * second - first * first
    b = (first * second - weight * third) / determinant
    c = (first * third - second * second) / determinant
    apart = np.sqrt(0.25 * b * b - c)
    one, other = -0.5 * b + apart, -0.5 * b - apart
    of_one = (first - weight * other) / (one - other)
    often, seldom = of_one / (1.0 - one), (weight - of_one) / (1.0 - other)
    return Turns(often + seldom, often / (often + seldom), one, other)


def _weighted_moments(g: FloatArray) -> tuple[FloatArray, ...]:
    """Return the means of (1 - mu) mu^j over the phase function, j = 0 to 3."""
    powers = (
        np.ones_like(g),
        g,
        (1.0 + 2.0 * g**2) / 3.0,
        (3.0 * g + 2.0 * g**3) / 5.0,
        (7.0 + 20.0 * g**2 + 8.0 * g**4) / 35.0,
    )
    return tuple(low - high for low, high in pairwise(powers))
