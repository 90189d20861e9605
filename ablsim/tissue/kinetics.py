"""Arrhenius pairs: a frequency factor and an activation energy belong to each other."""

import math
from typing import NamedTuple

from ablsim.tissue.properties import How, Sourced
from ablsim.units import GAS_CONSTANT, to_kelvin

TIE_TEMPERATURE = to_kelvin(50.0)
"""Temperature [K] at which a varied pair keeps its rate: the middle of what is measured."""


class ArrheniusPair(NamedTuple):
    """Frequency factor and activation energy of one process."""

    frequency_factor: Sourced
    activation_energy: Sourced


def make_pair(
    frequency_factor: float,
    activation_energy: float,
    source: str,
    *,
    how: How,
    note: str = "",
    half_range: float = 10e3,
    spread: float | None = None,
    related: tuple[str, ...] = (),
) -> ArrheniusPair:
    """Return the pair of a source, with plausible ranges that keep the rate at 50 degC.

    Parameters
    ----------
    frequency_factor : float
        Frequency factor A [1/s].
    activation_energy : float
        Activation energy E_a [J/mol].
    source : str
        Key in ``references.bib``.
    how : {"measured", "derived", "remembered", "assumed"}
        How the pair is known.
    note : str
        What a reader must know; kept with both numbers.
    half_range : float
        Half width of the plausible range of the energy [J/mol]. The range of A follows from it:
        the two numbers come from one straight line and neither can move alone.
    spread : float, optional
        Standard deviation of the energy [J/mol].
    related : tuple of str
        Further keys that bear on the pair.
    """
    factor = math.exp(half_range / (GAS_CONSTANT * TIE_TEMPERATURE))
    return ArrheniusPair(
        Sourced(
            frequency_factor,
            "1/s",
            source,
            low=frequency_factor / factor,
            high=frequency_factor * factor,
            how=how,
            no_spread="tied to the activation energy: vary that and keep the rate at 50 degC",
            note=note,
            related=related,
        ),
        Sourced(
            activation_energy,
            "J/mol",
            source,
            low=activation_energy - half_range,
            high=activation_energy + half_range,
            how=how,
            spread=spread,
            spread_kind="none" if spread is None else "absolute",
            no_spread="none could be read in the source; other sets show how far it goes"
            if spread is None
            else "",
            note=note,
            related=related,
        ),
    )
