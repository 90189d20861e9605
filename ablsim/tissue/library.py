"""The named tissues, kinetics and published parameters that a case can ask for."""

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import TypeVar

from ablsim.errors import CaseError
from ablsim.tissue.constants import PERFUSION_STRATA
from ablsim.tissue.dose import Kinetics
from ablsim.tissue.properties import (
    ConductivityLaw,
    OpticalProperties,
    ScatteringLaw,
    Sourced,
    Tissue,
)
from ablsim.tissue.sets.ablsim_blood import BLOOD
from ablsim.tissue.sets.ablsim_diseased_liver import CIRRHOTIC_LIVER, HCC
from ablsim.tissue.sets.ablsim_liver import LIVER, LIVER_EXVIVO
from ablsim.tissue.sets.ablsim_metastasis import COLORECTAL_METASTASIS, NET_METASTASIS
from ablsim.tissue.sets.ablsim_muscle import DIAPHRAGM, MUSCLE
from ablsim.tissue.sets.ablsim_perfusion import CRLM_CORE, CRLM_RIM, RFA_LEGACY
from ablsim.tissue.sets.ablsim_surroundings import BILE, FAT, GALLBLADDER_WALL, VESSEL_WALL
from ablsim.tissue.sets.agah1994 import AGAH_ARTERY
from ablsim.tissue.sets.borrelli1990 import BORRELLI_BHK
from ablsim.tissue.sets.brown1992 import BROWN_STASIS
from ablsim.tissue.sets.carlisle1992 import CARLISLE_LIVER
from ablsim.tissue.sets.choi2013 import CHOI
from ablsim.tissue.sets.guntur2013 import GUNTUR
from ablsim.tissue.sets.haemmerich2006 import HAEMMERICH
from ablsim.tissue.sets.hasgall2022 import CONSTANT_CONDUCTIVITY
from ablsim.tissue.sets.henriques1947 import HENRIQUES_SKIN
from ablsim.tissue.sets.hepatoma_cells import HEP3B, HEPG2
from ablsim.tissue.sets.huebner2017 import FRANKFURT_LITT
from ablsim.tissue.sets.isotherms import ISOTHERMS
from ablsim.tissue.sets.jacques1991 import JACQUES_LIVER_WHITENING, LIVER_WHITENING_DISTRIBUTED
from ablsim.tissue.sets.jacques2013 import (
    SCATTER_ALEXANDRAKIS,
    SCATTER_BLOOD,
    SCATTER_PARSA,
    SCATTER_SOFT_TISSUE,
    SCATTER_YI_BACKMAN,
)
from ablsim.tissue.sets.kim1996 import COMSOL_JACQUES_LIVER
from ablsim.tissue.sets.mdacc_litt import MDACC_LITT, MDACC_LITT_TUMOUR, MDACC_LITT_VESSEL
from ablsim.tissue.sets.mohammadi2021 import MOHAMMADI
from ablsim.tissue.sets.mohammed2005 import BLOOD_OPTICS, MUSCLE_OPTICS
from ablsim.tissue.sets.oneill2011 import THREE_STATE
from ablsim.tissue.sets.reddy2013 import REDDY_HCC_2013
from ablsim.tissue.sets.sapareto1984 import THERMAL_DOSES
from ablsim.tissue.sets.silva2020 import SILVA
from ablsim.tissue.sets.valvano1985 import VALVANO
from ablsim.tissue.sets.wang2019 import VESSEL_OPTICS

_Set = TypeVar("_Set", Tissue, Kinetics, OpticalProperties, ConductivityLaw, ScatteringLaw, Sourced)

_TISSUES: Mapping[str, Tissue] = MappingProxyType(
    {
        tissue.name: tissue
        for tissue in (
            LIVER,
            LIVER_EXVIVO,
            CIRRHOTIC_LIVER,
            NET_METASTASIS,
            COLORECTAL_METASTASIS,
            HCC,
            BLOOD,
            BILE,
            GALLBLADDER_WALL,
            VESSEL_WALL,
            FAT,
            MUSCLE,
            DIAPHRAGM,
        )
    }
)

_KINETICS: Mapping[str, Kinetics] = MappingProxyType(
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
            AGAH_ARTERY,
            *THERMAL_DOSES,
            *ISOTHERMS,
            THREE_STATE,
            LIVER_WHITENING_DISTRIBUTED,
        )
    }
)

ONLY_FOR: Mapping[str, str] = MappingProxyType(
    {THREE_STATE.name: "death", LIVER_WHITENING_DISTRIBUTED.name: "whitening"}
)
"""Kinetics that describe one process and make no sense for the others."""

_OPTICS: Mapping[str, OpticalProperties] = MappingProxyType(
    {
        "liver_default_1064": LIVER.optical,
        "crlm_default_1064": COLORECTAL_METASTASIS.optical,
        "net_default_1064": NET_METASTASIS.optical,
        "liver_exvivo_bled_1064": LIVER_EXVIVO.optical,
        "frankfurt_litt_1064": FRANKFURT_LITT,
        "mdacc_litt": MDACC_LITT,
        "mdacc_litt_tumour": MDACC_LITT_TUMOUR,
        "mdacc_litt_vessel": MDACC_LITT_VESSEL,
        "muscle_mohammed2005": MUSCLE_OPTICS,
        "blood_mohammed2005": BLOOD_OPTICS,
        "vessel_wang2019": VESSEL_OPTICS,
    }
)

_SCATTERINGS: Mapping[str, ScatteringLaw] = MappingProxyType(
    {
        "scatter_parsa": SCATTER_PARSA,
        "scatter_alexandrakis": SCATTER_ALEXANDRAKIS,
        "scatter_yi_backman": SCATTER_YI_BACKMAN,
        "scatter_soft_tissue": SCATTER_SOFT_TISSUE,
        "scatter_blood": SCATTER_BLOOD,
    }
)

_SPECIFIC_HEATS: Mapping[str, Sourced] = MappingProxyType(
    {"c_itis": LIVER.thermal.specific_heat, "c_haemmerich": HAEMMERICH}
)

_CONDUCTIVITIES: Mapping[str, ConductivityLaw] = MappingProxyType(
    {
        "constant_itis": CONSTANT_CONDUCTIVITY,
        "k_mohammadi_dry": MOHAMMADI,
        "k_guntur2013": GUNTUR,
        "k_silva2020": SILVA,
        "k_choi2013": CHOI,
        "k_valvano": VALVANO,
    }
)

_PERFUSIONS: Mapping[str, Sourced] = MappingProxyType(
    {
        "itis_860": LIVER.perfusion_rate,
        "carlisle_790": CARLISLE_LIVER,
        "rfa_legacy_356": RFA_LEGACY,
        "crlm_400": COLORECTAL_METASTASIS.perfusion_rate,
        "crlm_rim_600": CRLM_RIM,
        "crlm_core_150": CRLM_CORE,
        "net_1200": NET_METASTASIS.perfusion_rate,
        "hcc_800": HCC.perfusion_rate,
        "cirrhosis_500": CIRRHOTIC_LIVER.perfusion_rate,
        **PERFUSION_STRATA,
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


def get_kinetics(name: str) -> Kinetics:
    """Return the damage kinetics called ``name``.

    Raises
    ------
    CaseError
        If there are none; the message names those that come close.
    """
    return _find(name, _KINETICS, "damage kinetics")


def get_optics(name: str) -> OpticalProperties:
    """Return the published optics called ``name``, for any tissue.

    Raises
    ------
    CaseError
        If there are none; the message names those that come close.
    """
    return _find(name, _OPTICS, "set of optics")


def get_conductivity(name: str) -> ConductivityLaw:
    """Return the published law of thermal conductivity called ``name``, of liver.

    Raises
    ------
    CaseError
        If there is none; the message names those that come close.
    """
    return _find(name, _CONDUCTIVITIES, "law of conductivity")


def get_scattering(name: str) -> ScatteringLaw:
    """Return the published law of reduced scattering called ``name``.

    Raises
    ------
    CaseError
        If there is none; the message names those that come close.

    Examples
    --------
    >>> round(get_scattering("scatter_parsa").at(1064e-9))
    565
    """
    return _find(name, _SCATTERINGS, "law of scattering")


def get_specific_heat(name: str) -> Sourced:
    """Return the published specific heat called ``name``, of liver.

    Raises
    ------
    CaseError
        If there is none; the message names those that come close.
    """
    return _find(name, _SPECIFIC_HEATS, "specific heat")


def get_perfusion(name: str) -> Sourced:
    """Return the published perfusion called ``name``, per mass of tissue or per volume.

    Raises
    ------
    CaseError
        If there is none; the message names those that come close.
    """
    return _find(name, _PERFUSIONS, "perfusion")


def list_tissues() -> tuple[str, ...]:
    """Return the names of all tissues."""
    return tuple(_TISSUES)


def list_kinetics() -> tuple[str, ...]:
    """Return the names of all damage kinetics."""
    return tuple(_KINETICS)


def list_optics() -> tuple[str, ...]:
    """Return the names of all published optics."""
    return tuple(_OPTICS)


def list_conductivities() -> tuple[str, ...]:
    """Return the names of all published laws of thermal conductivity."""
    return tuple(_CONDUCTIVITIES)


def list_scatterings() -> tuple[str, ...]:
    """Return the names of all published laws of reduced scattering."""
    return tuple(_SCATTERINGS)


def list_specific_heats() -> tuple[str, ...]:
    """Return the names of all published specific heats."""
    return tuple(_SPECIFIC_HEATS)


def list_perfusions() -> tuple[str, ...]:
    """Return the names of all published perfusions."""
    return tuple(_PERFUSIONS)
