"""``[tissue.override.<name>]``: parameters of a tissue that the case gives in place of the library.

Each key has its unit, its plausible range and its place in the tissue here and nowhere else. What
a case gives goes first: over a published set named in the same table, which goes over the tissue's
own numbers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from ablsim.case_fields import Number, Table
from ablsim.errors import CaseError
from ablsim.quantities import (
    ABSORPTION,
    CONDUCTIVITY,
    DENSITY,
    HEAT_CAPACITY,
    SCATTERING,
    SPECIFIC_HEAT,
    TEMPERATURE,
    FieldType,
    Quantity,
    shown,
)
from ablsim.tissue.library import (
    get_conductivity,
    get_optics,
    get_perfusion,
    get_scattering,
    get_specific_heat,
    list_conductivities,
    list_optics,
    list_perfusions,
    list_scatterings,
    list_specific_heats,
)
from ablsim.tissue.properties import GIVEN, Sourced, Tissue
from ablsim.tissue.wavelength import REFERENCE, at_wavelength, get_composition, to_nanometres
from ablsim.units import read_quantity

PERFUSION_MAX = 0.1
"""Highest perfusion rate that is believed [1/s], some 5000 mL/min/kg."""

_RATE = Quantity("rate", "1/s", "0.0155 1/s", "0 1/s", f"{PERFUSION_MAX} 1/s")
_RATE_PER_MASS = Quantity(
    "perfusion per mass", "mL/min/kg", "860 mL/min/kg", "0 mL/min/kg", "5500 mL/min/kg"
)
_FRACTION = Number(0.72, 0.0, 1.0)
_ANISOTROPY = Number(0.95, 0.0, 1.0, high_excluded=True)
_GAIN_TEMPERATURE = TEMPERATURE.within("20 degC", "100 degC", example="65 degC")


@dataclass(frozen=True, slots=True)
class PerfusionRate(FieldType):
    """Blood per mass of tissue and time, or per volume, or the name of a published value."""

    def read(self, value: object) -> Sourced:
        """Return the rate with its source."""
        if isinstance(value, str) and value.strip()[:1].isalpha():
            return get_perfusion(value.strip())
        kind = _RATE if self._is_per_volume(value) else _RATE_PER_MASS
        return _given(kind.write(kind.read(value)))

    def write(self, value: Sourced) -> str:
        """Return the name of a published rate, or number and unit."""
        named = (name for name in list_perfusions() if get_perfusion(name) is value)
        return next(named, str(value))

    @staticmethod
    def _is_per_volume(value: object) -> bool:
        """Say whether a rate is per volume; refuse what is no rate of either kind."""
        try:
            read_quantity(value, _RATE.dimension, _RATE.example)
        except CaseError:
            try:
                read_quantity(value, _RATE_PER_MASS.dimension, _RATE_PER_MASS.example)
            except CaseError as error:
                msg = f"{error}; allowed too are 1/s and the names {', '.join(list_perfusions())}"
                raise CaseError(msg) from None
            return False
        return True

    def json_schema(self) -> dict[str, Any]:
        """Return the schema: a quantity or a name."""
        return {"anyOf": [_RATE_PER_MASS.json_schema(), {"enum": list(list_perfusions())}]}


@dataclass(frozen=True, slots=True)
class SpecificHeat(FieldType):
    """A specific heat capacity, or the name of a published one."""

    def read(self, value: object) -> Sourced:
        """Return the number with its source."""
        if isinstance(value, str) and value.strip()[:2] == "c_":
            return get_specific_heat(value.strip())
        return _given(SPECIFIC_HEAT.write(SPECIFIC_HEAT.read(value)))

    def write(self, value: Sourced) -> str:
        """Return the name of a published number, or number and unit."""
        named = (name for name in list_specific_heats() if get_specific_heat(name) is value)
        return next(named, str(value))

    def json_schema(self) -> dict[str, Any]:
        """Return the schema: a quantity or a name."""
        return {"anyOf": [SPECIFIC_HEAT.json_schema(), {"enum": list(list_specific_heats())}]}


@dataclass(frozen=True, slots=True)
class PublishedName(FieldType):
    """The name of a published set.

    Parameters
    ----------
    get : callable
        Returns the set of a name, or raises CaseError.
    names : tuple of str
        All names.
    """

    get: Callable[[str], object]
    names: tuple[str, ...]

    def read(self, value: object) -> str:
        """Return the name."""
        if not isinstance(value, str):
            msg = f"{shown(value)} is not a name; allowed are {', '.join(self.names)}"
            raise CaseError(msg)
        self.get(value)
        return value

    def json_schema(self) -> dict[str, Any]:
        """Return the schema: the names."""
        return {"enum": list(self.names)}


_Optics = PublishedName(get_optics, list_optics())
_ConductivityLaw = PublishedName(get_conductivity, list_conductivities())
_ScatteringLaw = PublishedName(get_scattering, list_scatterings())
_Share = Annotated[float, Number(0.1, 0.0, 1.0)]
_Absorption = Annotated[float, ABSORPTION]
_Scattering = Annotated[float, SCATTERING]
_Anisotropy = Annotated[float, _ANISOTROPY]
_Kelvin = Annotated[float, _GAIN_TEMPERATURE]


class OverrideTable(Table):
    """``[tissue.override.<name>]``: numbers that hold for one tissue in place of the library's."""

    section = ("tissue", "override")

    perfusion_rate: Annotated[Sourced, PerfusionRate()] | None = Field(
        None, description="blood flow of the capillaries, in mL/min/kg, mL/min/100g or 1/s"
    )
    optics: Annotated[str, _Optics] | None = Field(
        None, description="name of published optics, native and coagulated"
    )
    scattering: Annotated[str, _ScatteringLaw] | None = Field(
        None, description="name of a published law of mu_s' against wavelength"
    )
    blood_fraction: _Share | None = Field(
        None, description="volume of blood per volume of tissue; composes mu_a at 1064 nm too"
    )
    saturation: _Share | None = Field(
        None, description="share of haemoglobin that carries oxygen; composes mu_a at 1064 nm too"
    )
    fat_fraction: _Share | None = Field(
        None, description="volume of fat per volume of tissue; composes mu_a at 1064 nm too"
    )
    absorption: _Absorption | None = Field(None, description="mu_a of native tissue")
    reduced_scattering: _Scattering | None = Field(None, description="mu_s' of native tissue")
    anisotropy: _Anisotropy | None = Field(None, description="g of native tissue")
    coagulated_absorption: _Absorption | None = Field(None, description="mu_a once coagulated")
    coagulated_reduced_scattering: _Scattering | None = Field(
        None, description="mu_s' once coagulated"
    )
    coagulated_anisotropy: _Anisotropy | None = Field(None, description="g once coagulated")
    charred_absorption: _Absorption | None = Field(None, description="mu_a once charred")
    charred_reduced_scattering: _Scattering | None = Field(None, description="mu_s' once charred")
    charred_anisotropy: _Anisotropy | None = Field(None, description="g once charred")
    refractive_index: Annotated[float, Number(1.366, 1.0, 2.0)] | None = None
    conductivity_law: Annotated[str, _ConductivityLaw] | None = Field(
        None, description="name of a published law of thermal conductivity, of liver"
    )
    conductivity: Annotated[float, CONDUCTIVITY] | None = Field(
        None, description="thermal, at body temperature"
    )
    conductivity_gain: Annotated[float, Number(0.6, -0.5, 2.0)] | None = Field(
        None, description="relative rise of the conductivity from gain_start to gain_end"
    )
    gain_start: _Kelvin | None = Field(None, description="where the conductivity begins to rise")
    gain_end: _Kelvin | None = Field(None, description="where it stops rising")
    conductivity_dry: Annotated[float, CONDUCTIVITY] | None = Field(
        None, description="thermal, once all water is gone"
    )
    density: Annotated[float, DENSITY] | None = None
    specific_heat: Annotated[Sourced, SpecificHeat()] | None = Field(
        None, description="with all its water; a number or the name of a published one"
    )
    heat_capacity_dry: Annotated[float, HEAT_CAPACITY] | None = Field(
        None, description="per volume, once all water is gone"
    )
    water_fraction: Annotated[float, _FRACTION] | None = Field(
        None, description="mass of water per mass of tissue; absorbs where mu_a is composed"
    )

    def apply(self, tissue: Tissue, wavelength: float = REFERENCE) -> Tissue:
        """Return ``tissue`` with the numbers of this table, each marked as given in the case.

        Optics that the table does not give are those at ``wavelength`` [m].
        """
        if self.optics is not None:
            tissue = replace(tissue, optical=get_optics(self.optics))
        if self.conductivity_law is not None:
            law = get_conductivity(self.conductivity_law)
            tissue = replace(tissue, thermal=law.apply(tissue.thermal))
        if self.perfusion_rate is not None:
            tissue = replace(tissue, perfusion_rate=self.perfusion_rate)
        if self.specific_heat is not None:
            tissue = _put(tissue, ("thermal", "specific_heat"), self.specific_heat)
        given = {_place(key): _given(text) for key, text in self._given_texts().items()}
        for place, number in given.items():  # heat first: the absorption is composed of its water
            tissue = _put(tissue, place, number) if place[0] == "thermal" else tissue
        if not self.gives_all_light:
            tissue = self._light(tissue, wavelength)
        for place, number in given.items():
            tissue = _put(tissue, place, number) if place[0] == "optical" else tissue
        gain = tissue.thermal
        if gain.gain_end.si <= gain.gain_start.si:
            msg = (
                f"gain_end: {gain.gain_end} must be above gain_start, {gain.gain_start}; give a "
                "higher gain_end or a lower gain_start"
            )
            raise CaseError(msg)
        return tissue

    @property
    def gives_all_light(self) -> bool:
        """Whether nothing of the library's absorption and scattering is left."""
        return None not in {
            self.absorption,
            self.reduced_scattering,
            self.coagulated_absorption,
            self.coagulated_reduced_scattering,
        }

    def _light(self, tissue: Tissue, wavelength: float) -> Tissue:
        """Return ``tissue`` with the optics that the wavelength and this table ask for."""
        if self.optics is not None and to_nanometres(wavelength) != to_nanometres(REFERENCE):
            msg = (
                f"optics: {self.optics} holds at 1064 nm only; remove it, or write tissue."
                'wavelength = "1064 nm"'
            )
            raise CaseError(msg)
        fractions = {
            key: _given(value) for key in _FRACTIONS if (value := getattr(self, key)) is not None
        }
        composition = None
        if fractions:
            try:
                composition = replace(get_composition(tissue.name), **fractions)
            except CaseError as error:
                msg = f"{next(iter(fractions))}: {error}; give absorption instead"
                raise CaseError(msg) from None
        law = None if self.scattering is None else get_scattering(self.scattering)
        return at_wavelength(tissue, wavelength, composition=composition, scattering=law)

    def _given_texts(self) -> Mapping[str, object]:
        """Return number and unit of each parameter that the case gives, as it would say it."""
        written: dict[str, object] = self.model_dump(mode="json", exclude_none=True)
        return {key: text for key, text in written.items() if key not in _WHOLE}


_FRACTIONS = ("blood_fraction", "saturation", "fat_fraction")
_WHOLE = (
    "optics",
    "scattering",
    "conductivity_law",
    "perfusion_rate",
    "specific_heat",
    *_FRACTIONS,
)
_STATES = ("coagulated", "charred")
_LIGHT = ("absorption", "reduced_scattering", "anisotropy")


def _given(written: object) -> Sourced:
    """Return what a case gives, ``"0.5 1/cm"`` or a pure number, as a number with its source."""
    number, _, unit = str(written).partition(" ")
    value = float(number)
    return Sourced(
        value,
        unit or "1",
        GIVEN,
        low=value,
        high=value,
        how="given",
        no_spread="given in the case without one",
    )


def _place(key: str) -> tuple[str, ...]:
    """Return the attributes of a tissue that lead to a parameter."""
    if key in _LIGHT:
        return ("optical", "native", key)
    state, _, parameter = key.partition("_")
    if state in _STATES and parameter in _LIGHT:
        return ("optical", state, parameter)
    return ("optical" if key == "refractive_index" else "thermal", key)


def _put(item: Any, place: tuple[str, ...], number: Sourced) -> Any:
    """Return a copy of ``item`` with the number at the end of ``place`` exchanged."""
    name, *rest = place
    inner = _put(getattr(item, name), tuple(rest), number) if rest else number
    return replace(item, **{name: inner})
