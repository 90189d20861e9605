"""The named tissues and damage kinetics that a case can ask for."""

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import TypeVar

from ablsim.errors import CaseError
from ablsim.tissue.properties import DamageKinetics, Tissue
from ablsim.tissue.sets.ablsim_blood import BLOOD
from ablsim.tissue.sets.ablsim_liver import LIVER, LIVER_EXVIVO
from ablsim.tissue.sets.ablsim_metastasis import COLORECTAL_METASTASIS, NET_METASTASIS
from ablsim.tissue.sets.borrelli1990 import BORRELLI_BHK
from ablsim.tissue.sets.brown1992 import BROWN_STASIS
from ablsim.tissue.sets.henriques1947 import HENRIQUES_SKIN
from ablsim.tissue.sets.hepatoma_cells import HEP3B, HEPG2
from ablsim.tissue.sets.jacques1991 import JACQUES_LIVER_WHITENING
from ablsim.tissue.sets.kim1996 import COMSOL_JACQUES_LIVER
from ablsim.tissue.sets.reddy2013 import REDDY_HCC_2013

_Set = TypeVar("_Set", Tissue, DamageKinetics)

_TISSUES: Mapping[str, Tissue] = MappingProxyType(
    {
        tissue.name: tissue
        for tissue in (LIVER, LIVER_EXVIVO, NET_METASTASIS, COLORECTAL_METASTASIS, BLOOD)
    }
)

_KINETICS: Mapping[str, DamageKinetics] = MappingProxyType(
    {
        kinetics.name: kinetics
        for kinetics in (
            BROWN_STASIS,
            JACQUES_LIVER_WHITENING,
            REDDY_HCC_2013,
            BORRELLI_BHK,
            HENRIQUES_SKIN,
            COMSOL_JACQUES_LIVER,
            HEPG2,
            HEP3B,
        )
    }
)


def _find(name: str, sets: Mapping[str, _Set], what: str) -> _Set:
    """Return the set called ``name`` or say which names come close."""
    if name in sets:
        return sets[name]
    close = get_close_matches(name, sets, n=2, cutoff=0.5)
    guess = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    msg = f"unknown {what} {name!r}: {guess}known are {', '.join(sets)}"
    raise CaseError(msg)


def get_tissue(name: str) -> Tissue:
    """Return the tissue called ``name``.

    Raises
    ------
    CaseError
        If there is none; the message names those that come close.

    Examples
    --------
    >>> get_tissue("liver").thermal.conductivity.value
    0.5191
    """
    return _find(name, _TISSUES, "tissue")


def get_kinetics(name: str) -> DamageKinetics:
    """Return the damage kinetics called ``name``.

    Raises
    ------
    CaseError
        If there are none; the message names those that come close.
    """
    return _find(name, _KINETICS, "damage kinetics")


def list_tissues() -> tuple[str, ...]:
    """Return the names of all tissues."""
    return tuple(_TISSUES)


def list_kinetics() -> tuple[str, ...]:
    """Return the names of all damage kinetics."""
    return tuple(_KINETICS)
