"""Optical coefficients: what follows from absorption and scattering, and how heat changes them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]


def transport_attenuation(mu_a: ArrayLike, mu_s_prime: ArrayLike) -> Floats:
    """Return mu_t' = mu_a + mu_s', which weakens a collimated beam [1/m].

    Scattering close to forward hardly leaves the beam, hence the reduced coefficient.

    Examples
    --------
    >>> float(transport_attenuation(50.0, 400.0))
    450.0
    """
    return np.asarray(np.add(mu_a, mu_s_prime))


def diffusion_coefficient(mu_a: ArrayLike, mu_s_prime: ArrayLike) -> Floats:
    """Return D = 1 / (3 (mu_a + mu_s')) [m].

    Notes
    -----
    The P1 value. Dropping mu_a makes the fluence 5 to 10 % wrong in liver, where absorption is a
    tenth of attenuation.

    Examples
    --------
    >>> round(float(diffusion_coefficient(50.0, 400.0)), 9)
    0.000740741
    """
    return np.asarray(1.0 / (3.0 * transport_attenuation(mu_a, mu_s_prime)))


def effective_attenuation(mu_a: ArrayLike, mu_s_prime: ArrayLike) -> Floats:
    """Return mu_eff = sqrt(mu_a / D) [1/m], the decay of diffuse light far from its source.

    Examples
    --------
    >>> round(float(effective_attenuation(50.0, 400.0)), 3)
    259.808
    """
    return np.asarray(np.sqrt(3.0 * np.asarray(mu_a) * transport_attenuation(mu_a, mu_s_prime)))


def mean_free_path(mu_a: ArrayLike, mu_s_prime: ArrayLike) -> Floats:
    """Return 1 / mu_t', the way light goes before it has lost its direction [m].

    Examples
    --------
    >>> float(mean_free_path(50.0, 450.0))
    0.002
    """
    return np.asarray(1.0 / transport_attenuation(mu_a, mu_s_prime))


N_RATES = 9
"""Rates that stand for a continuous spread: enough for 0.1 % of the tissue at a span of 10."""


def whitening_rates(rate_span: float) -> NDArray[np.float64]:
    """Return the rates at which parts of the tissue whiten, relative to the middle one, (n,) [1].

    See `coagulated_fraction`: `N_RATES` of them, or one if ``rate_span`` is 1.
    """
    if rate_span == 1.0:
        return np.ones(1)
    exponents = (2 * np.arange(N_RATES) + 1) / N_RATES - 1.0  # each the middle of its share
    return np.asarray(rate_span**exponents)


def coagulated_fraction(whitening: ArrayLike, rate_span: float = 1.0) -> Floats:
    """Return the share of tissue that has whitened, 1 - exp(-Omega).

    Parameters
    ----------
    whitening : array_like of float
        Damage integral Omega at the middle rate.
    rate_span : float
        The parts of the tissue whiten at rates from 1/``rate_span`` to ``rate_span`` times that,
        evenly spread in their logarithm (`N_RATES` of them): the share is the mean of
        1 - exp(-r Omega) over r (Jacques 1991). 1 stands for a single rate.

    Returns
    -------
    ndarray of float
        0 to 1, shape of ``whitening``; float32 stays float32.

    Examples
    --------
    >>> round(float(coagulated_fraction(1.0)), 4)
    0.6321
    >>> [round(float(coagulated_fraction(omega, 10.0)), 2) for omega in (0.1, 1.0, 10.0)]
    [0.17, 0.6, 0.95]
    """
    omega = np.asarray(whitening)
    rates = whitening_rates(rate_span)
    share = np.zeros_like(omega, dtype=np.result_type(omega, np.float32))
    for rate in rates:
        share -= np.expm1(-float(rate) * omega)
    return np.asarray(share / rates.size)


def mix(
    native: ArrayLike,
    coagulated: ArrayLike,
    charred: ArrayLike,
    coagulation: ArrayLike,
    char: ArrayLike,
) -> Floats:
    """Return a coefficient of tissue that is partly coagulated and partly charred.

    Parameters
    ----------
    native, coagulated, charred : array_like of float
        The coefficient (mu_a or mu_s') of the three states [1/m].
    coagulation : array_like of float
        Share of the uncharred tissue that has coagulated, 0 to 1.
    char : array_like of float
        Share of the tissue that is charred, 0 to 1.

    Returns
    -------
    ndarray of float
        ``(1 - char) ((1 - f) native + f coagulated) + char charred``: the mixture by volume.
        float32 stays float32.

    Examples
    --------
    >>> float(mix(400.0, 1500.0, 2000.0, 0.5, 0.0))
    950.0
    """
    unaltered = np.multiply(np.subtract(1.0, coagulation), native)
    soft = np.add(unaltered, np.multiply(coagulation, coagulated))
    return np.asarray(np.add(np.multiply(np.subtract(1.0, char), soft), np.multiply(char, charred)))
