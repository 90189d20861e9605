r"""The optics of a tissue at another wavelength, composed from what the tissue is made of.

The library's optics hold at 1064 nm. Elsewhere the absorption is that of blood, water and fat,

.. math:: \mu_a = B\,[S\,\mu_\mathrm{HbO_2} + (1 - S)\,\mu_\mathrm{Hb}] + W \mu_\mathrm{water}
          + F \mu_\mathrm{fat} + \mu_\mathrm{res},

and reduced scattering falls as a power of the wavelength (Jacques2013). Only the wavelengths are
known at which all three spectra were read: between them water and fat have peaks that no
interpolation would find.

Assumed to be those of 1064 nm, for want of data: what coagulation multiplies absorption and
scattering by, char, anisotropy, the refractive index of all but liver, and what fibres transmit.
The film of char on a tip is measured to be nearly as dense from 950 to 1650 nm (Amzayyb2010).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ablsim.errors import CaseError
from ablsim.tissue.properties import (
    ASSUMED,
    Composition,
    How,
    OpticalProperties,
    OpticalState,
    ScatteringLaw,
    Sourced,
    Tissue,
)
from ablsim.tissue.sets.ablsim_composition import COMPOSITIONS
from ablsim.tissue.sets.giannios2016 import LIVER_REFRACTIVE_INDEX, liver_refractive_index
from ablsim.tissue.sets.kedenburg2012 import WATER
from ablsim.tissue.sets.prahl1998 import DEOXYGENATED, OXYGENATED
from ablsim.tissue.sets.vanveen2004 import FAT

NANOMETRES = tuple(WATER)
"""The wavelengths that are known [nm]."""

REFERENCE = 1064e-9
"""The wavelength of the library's optics [m]."""

_SPECTRA: Mapping[str, Mapping[int, Sourced]] = {
    "oxygenated blood": OXYGENATED,
    "deoxygenated blood": DEOXYGENATED,
    "water": WATER,
    "fat": FAT,
}


def to_nanometres(wavelength: float) -> int:
    """Return the known wavelength [nm] that ``wavelength`` [m] stands for, within 0.5 nm.

    Raises
    ------
    CaseError
        If it is none of them.
    """
    nearest = min(NANOMETRES, key=lambda known: abs(known - 1e9 * wavelength))
    if abs(nearest - 1e9 * wavelength) > 0.5:
        *most, last = map(str, NANOMETRES)
        msg = (
            f"{1e9 * wavelength:.6g} nm is not known; the spectra of blood, water and fat are held "
            f'at {", ".join(most)} and {last} nm only; write for example "{nearest} nm"'
        )
        raise CaseError(msg)
    return nearest


def absorption_spectra(wavelength: float) -> Mapping[str, Sourced]:
    """Return the absorption coefficients that a composition mixes, by what absorbs."""
    nanometres = to_nanometres(wavelength)
    return {
        f"absorption of {name} at {nanometres} nm": spectrum[nanometres]
        for name, spectrum in _SPECTRA.items()
    }


def compose_absorption(composition: Composition, water_fraction: float, wavelength: float) -> float:
    """Return the absorption coefficient of a composition [1/m].

    Parameters
    ----------
    composition : Composition
        Blood, fat and the rest.
    water_fraction : float
        Share of water; that of the mass, which tissue compositions are given in, is taken.
    wavelength : float
        Wavelength [m]; one of `NANOMETRES`.

    Raises
    ------
    CaseError
        If the wavelength is not known.

    Examples
    --------
    >>> round(compose_absorption(COMPOSITIONS["liver"], 0.72, 980e-9), 1)
    99.8
    """
    oxygenated, deoxygenated, water, fat = (
        number.si for number in absorption_spectra(wavelength).values()
    )
    saturation = composition.saturation.si
    blood = saturation * oxygenated + (1.0 - saturation) * deoxygenated
    return (
        composition.blood_fraction.si * blood
        + water_fraction * water
        + composition.fat_fraction.si * fat
        + composition.residual_absorption.si
    )


def get_composition(name: str) -> Composition:
    """Return what the tissue called ``name`` is made of.

    Raises
    ------
    CaseError
        If too little is known of it.
    """
    if name not in COMPOSITIONS:
        msg = f"what {name} is made of is not known; known are {', '.join(COMPOSITIONS)}"
        raise CaseError(msg)
    return COMPOSITIONS[name]


def has_composition(name: str) -> bool:
    """Say whether the optics of the tissue called ``name`` can be composed."""
    return name in COMPOSITIONS


def at_wavelength(
    tissue: Tissue,
    wavelength: float,
    *,
    composition: Composition | None = None,
    scattering: ScatteringLaw | None = None,
) -> Tissue:
    """Return a tissue with its optics at a wavelength.

    Parameters
    ----------
    tissue : Tissue
        The tissue at 1064 nm.
    wavelength : float
        Wavelength [m]; one of `NANOMETRES`.
    composition : Composition, optional
        What it is made of in place of what the library says; then the absorption is composed at
        1064 nm too.
    scattering : ScatteringLaw, optional
        Reduced scattering in place of the library's, which is then drawn through its value at
        1064 nm with the power of the composition.

    Returns
    -------
    Tissue
        At 1064 nm, with nothing else asked for, ``tissue`` itself. Otherwise coagulated tissue
        differs from native by the same factors as in ``tissue``.

    Raises
    ------
    CaseError
        If the wavelength or the composition of the tissue is not known.
    """
    nanometres = to_nanometres(wavelength)
    elsewhere = nanometres != to_nanometres(REFERENCE)
    if not elsewhere and composition is None and scattering is None:
        return tissue
    native = tissue.optical.native
    absorb = scatter = None
    if elsewhere or composition is not None:
        composition = composition or get_composition(tissue.name)
        composed = compose_absorption(composition, tissue.thermal.water_fraction.si, wavelength)
        absorb = _Change(
            composed / native.absorption.si,
            note=f"composed of blood, water, fat and the rest at {nanometres} nm; range and spread "
            "as at 1064 nm",
            related=("Kedenburg2012", "Prahl1998", "VanVeen2004"),
        )
        tissue = replace(tissue, composition=composition)
    if scattering is not None:
        scatter = _Change(
            scattering.at(wavelength) / native.reduced_scattering.si,
            note=f"{scattering.amplitude} (wavelength/500 nm)^-{scattering.power} at {nanometres} "
            f"nm, {scattering.amplitude.note}; range as in the library",
            source=scattering.amplitude.source,
            how="derived",
        )
    elif elsewhere and composition is not None:
        power = composition.scattering_power
        scatter = _Change(
            (nanometres / 1e9 / REFERENCE) ** -power.si,
            note=f"that at 1064 nm, carried to {nanometres} nm as wavelength^-{power}",
            related=("Jacques2013",),
        )
    optical = _changed(tissue.optical, absorb, scatter)
    if elsewhere and optical.refractive_index is LIVER_REFRACTIVE_INDEX:
        optical = replace(optical, refractive_index=liver_refractive_index(nanometres))
    return replace(tissue, optical=optical)


def describe_wavelength(wavelength: float, tissues: Sequence[Tissue]) -> tuple[str, ...]:
    """Return what to know of optics at a wavelength [m], one sentence each; none at 1064 nm."""
    nanometres = to_nanometres(wavelength)
    if nanometres == to_nanometres(REFERENCE):
        return ()
    sentences = [
        f"Optics at {nanometres} nm are composed of blood, water and fat in assumed shares; "
        "anisotropy, char, transmission of the fibres and what coagulation changes are those of "
        "1064 nm."
    ]
    black = [
        tissue.name
        for tissue in tissues
        if tissue.optical.native.absorption.si > tissue.optical.native.reduced_scattering.si
    ]
    if black:
        sentences.append(
            f"At {nanometres} nm light is absorbed more than scattered in {' and '.join(black)}: "
            "diffusion theory does not hold there."
        )
    return tuple(sentences)


@dataclass(frozen=True, slots=True)
class _Change:
    """A factor on a coefficient of native tissue, and where the product comes from."""

    factor: float
    note: str
    source: str = ASSUMED
    how: How = "assumed"
    related: tuple[str, ...] = ()
    adds: bool = False  # whether what bears on the number at 1064 nm still does

    def apply(self, number: Sourced) -> Sourced:
        """Return the coefficient times the factor; its relative range and spread stay."""
        value, low, high = (
            float(f"{self.factor * part:.4g}") for part in (number.value, number.low, number.high)
        )
        return replace(
            number,
            value=value,
            low=min(low, value),
            high=max(high, value),
            source=self.source,
            how=self.how,
            note=self.note,
            related=tuple(dict.fromkeys((*(number.related if self.adds else ()), *self.related))),
        )

    def of_coagulated(self) -> "_Change":
        """Return the same change of coagulated tissue, which is an assumption."""
        note = "what coagulation multiplies it by at 1064 nm is assumed to hold for this one too"
        return _Change(self.factor, note, related=self.related, adds=True)


def _changed(
    optical: OpticalProperties, absorb: _Change | None, scatter: _Change | None
) -> OpticalProperties:
    """Return optics whose native and coagulated coefficients are changed by the same factors."""

    def change(
        state: OpticalState, absorb: _Change | None, scatter: _Change | None
    ) -> OpticalState:
        return OpticalState(
            absorb.apply(state.absorption) if absorb else state.absorption,
            scatter.apply(state.reduced_scattering) if scatter else state.reduced_scattering,
            state.anisotropy,
        )

    native = change(optical.native, absorb, scatter)
    if optical.coagulated is optical.native:  # it does not change when it is heated
        return replace(optical, native=native, coagulated=native)
    after = (absorb and absorb.of_coagulated(), scatter and scatter.of_coagulated())
    return replace(optical, native=native, coagulated=change(optical.coagulated, *after))
