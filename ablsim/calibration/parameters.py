"""What is inferred: the factors of all rows' cases, joined by what their coordinates mean.

Priors are those of the library, the same that a band without calibration varies
(`ablsim.uncertainty.factors`). A factor is one parameter for all rows whose cases have it.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from ablsim.case import Case
from ablsim.uncertainty.factors import Factor, find_factors

NORMAL_LIMIT = 2.5
"""A normal prior is cut off at so many SD either way: what the designed runs reach."""

MODEL_ERROR_SCALE = 0.2
"""Scale of the half-normal prior of the model error: the SD of ln(diameter), the same for all rows.

A model that misses diameters by more than 40 % would be useless; nothing else is put into it.
"""

_HALF_RANGE = math.sqrt(3.0)  # of an even distribution with SD 1

FloatArray = NDArray[np.float64]


def bearing_factors(case: Case) -> tuple[Factor, ...]:
    """Return the factors that bear on the zone that a case reports.

    Where blood flows stasis changes the heat, and whitening changes the light everywhere; cell
    death changes nothing but its own zone, and stasis without flow as little.
    """
    zone = case.physics.reported_zone
    idle = {"death threshold"}
    if case.tissue.perfusion != "normal" or case.physics.perfusion_law == "constant":
        idle.add("stasis threshold")
    idle.discard(f"{zone} threshold")
    return tuple(factor for factor in find_factors(case) if factor.name not in idle)


def join_factors(of_rows: Sequence[Sequence[Factor]]) -> tuple[Factor, ...]:
    """Return every factor of several cases once, in the order of the library.

    Raises
    ------
    ValueError
        If a coordinate of the same name means something else in another case.
    """
    joined: dict[str, Factor] = {}
    for factor in (factor for factors in of_rows for factor in factors):
        first = joined.setdefault(factor.name, factor)
        if not first.is_same(factor):
            msg = f"the {factor.name} of one row is not that of another"
            raise ValueError(msg)
    order = [name for name in _ORDER if name in joined]
    order += [name for name in joined if name not in order]
    return tuple(joined[name] for name in order)


_ORDER = (
    "stasis threshold",
    "whitening threshold",
    "death threshold",
    "perfusion of liver",
    "shutdown of perfusion",
    "transmission of bare fibres",
    "transmission of diffusers",
    "absorption by the char film",
    "absorption of light",
    "scattering of light",
)


def limits(factors: Sequence[Factor]) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and the highest coordinate of each factor that is computed with."""
    high = np.array([_HALF_RANGE if f.shape == "even" else NORMAL_LIMIT for f in factors])
    return -high, high


def make_transform(factors: Sequence[Factor]) -> Callable[[FloatArray], FloatArray]:
    """Return what turns numbers that are standard normal a priori into coordinates of factors.

    Their space, of shape (..., n_factors), is the one in which a sampler has no walls to run into:
    an even prior fills its range evenly.
    """
    even = np.array([i for i, factor in enumerate(factors) if factor.shape == "even"], dtype=int)

    def transform(z: FloatArray) -> FloatArray:
        x = z.copy()
        x[..., even] = _HALF_RANGE * (2.0 * ndtr(z[..., even]) - 1.0)
        return x

    return transform


def to_model_error(z: ArrayLike) -> FloatArray:
    """Return the SD of the model error from numbers that are standard normal a priori."""
    upper_tail = 0.5 * ndtr(-np.asarray(z, dtype=np.float64))
    return np.asarray(-MODEL_ERROR_SCALE * ndtri(upper_tail))
