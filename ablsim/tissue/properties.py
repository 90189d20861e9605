"""What a tissue is to light and heat: numbers with their unit, source and spread."""

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.errors import CaseError
from ablsim.units import GAS_CONSTANT, to_si

ASSUMED = "assumed"
"""The ``source`` of a number that no publication at hand holds."""

GIVEN = "given in the case"
"""The ``source`` of a number that the user's case holds."""

SpreadKind = Literal["absolute", "log", "range", "none"]
How = Literal["measured", "derived", "remembered", "assumed", "given"]


@dataclass(frozen=True, slots=True)
class Sourced:
    """A number with its unit, where it comes from, and how far it may be off.

    Parameters
    ----------
    value : float
        The number, in ``unit``.
    unit : str
        Unit as people write it, read by `ablsim.units.to_si`; ``"1"`` for a pure number.
    source : str
        Key in ``references.bib``, ``"assumed"`` or ``"given in the case"``.
    low, high : float
        Plausible range, in ``unit``; the value lies within.
    how : {"measured", "derived", "remembered", "assumed", "given"}
        Read as measured in the source; computed from numbers read there; from memory, the source
        not seen; chosen without a measurement; or given in the case.
    spread : float, optional
        Standard deviation: in ``unit`` (kelvin for temperatures) for "absolute", of the natural
        logarithm for "log"; absent for "range" and "none".
    spread_kind : {"absolute", "log", "range", "none"}
        "range" means that anything from ``low`` to ``high`` is equally likely.
    no_spread : str
        Why there is no spread; required for "none" and only then.
    note : str
        Whatever a reader must know before trusting the number.
    related : tuple of str
        Further keys of ``references.bib`` that bear on the number without holding it.
    """

    value: float
    unit: str
    source: str
    low: float = field(kw_only=True)
    high: float = field(kw_only=True)
    how: How = field(kw_only=True)
    spread: float | None = field(default=None, kw_only=True)
    spread_kind: SpreadKind = field(default="none", kw_only=True)
    no_spread: str = field(default="", kw_only=True)
    note: str = field(default="", kw_only=True)
    related: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        name = f"{self.value!r} {self.unit} ({self.source})"
        if not all(map(math.isfinite, (self.value, self.low, self.high))):
            msg = f"{name}: value and plausible range must be finite"
            raise CaseError(msg)
        if not self.low <= self.value <= self.high:
            msg = f"{name} is outside its plausible range {self.low!r} to {self.high!r}"
            raise CaseError(msg)
        if self.source == ASSUMED and self.how in {"measured", "derived"}:
            msg = f"{name}: a {self.how} number needs the key of its source"
            raise CaseError(msg)
        if (self.spread is not None) != (self.spread_kind in {"absolute", "log"}):
            msg = f"{name}: a spread goes with the kinds 'absolute' and 'log', and only with them"
            raise CaseError(msg)
        if self.spread is not None and not self.spread > 0.0:
            msg = f"{name}: the spread must be above 0, got {self.spread!r}"
            raise CaseError(msg)
        if (self.spread_kind == "none") != bool(self.no_spread):
            msg = f"{name}: a number without spread says why in 'no_spread', others do not"
            raise CaseError(msg)

    def __str__(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.value:.10g}{unit}"

    @property
    def si(self) -> float:
        """The value in SI units; temperatures absolute [K]."""
        return to_si(self.value, self.unit)


@dataclass(frozen=True, slots=True)
class OpticalState:
    """How tissue in one state absorbs and scatters light of the treatment wavelength.

    Parameters
    ----------
    absorption : Sourced
        Absorption coefficient mu_a.
    reduced_scattering : Sourced
        Reduced scattering coefficient mu_s' = mu_s (1 - g).
    anisotropy : Sourced
        Mean cosine g of the scattering angle.
    """

    absorption: Sourced
    reduced_scattering: Sourced
    anisotropy: Sourced


@dataclass(frozen=True, slots=True)
class OpticalProperties:
    """Optics of a tissue as it is, after coagulation, and as char.

    Parameters
    ----------
    native, coagulated, charred : OpticalState
        The three states that heating leads through.
    refractive_index : Sourced
        Refractive index n.
    """

    native: OpticalState
    coagulated: OpticalState
    charred: OpticalState
    refractive_index: Sourced


@dataclass(frozen=True, slots=True)
class Composition:
    """What tissue is made of, as far as its light at several wavelengths goes.

    Parameters
    ----------
    blood_fraction : Sourced
        Volume of blood per volume of tissue.
    saturation : Sourced
        Share of the haemoglobin that carries oxygen.
    fat_fraction : Sourced
        Volume of fat per volume of tissue.
    residual_absorption : Sourced
        Absorption coefficient of everything that is neither blood, water nor fat.
    scattering_power : Sourced
        Power b by which the reduced scattering falls, as wavelength^-b.

    Notes
    -----
    Water is that of the tissue's `ThermalProperties`.
    """

    blood_fraction: Sourced
    saturation: Sourced
    fat_fraction: Sourced
    residual_absorption: Sourced
    scattering_power: Sourced


@dataclass(frozen=True, slots=True)
class ScatteringLaw:
    """Reduced scattering against wavelength: a (wavelength/500 nm)^-b.

    Parameters
    ----------
    amplitude : Sourced
        Reduced scattering coefficient a at 500 nm.
    power : Sourced
        Power b.
    """

    amplitude: Sourced
    power: Sourced

    def at(self, wavelength: float) -> float:
        """Return the reduced scattering coefficient [1/m] at a wavelength [m]."""
        return float(self.amplitude.si * (wavelength / 500e-9) ** -self.power.si)


@dataclass(frozen=True, slots=True)
class ThermalProperties:
    """How tissue stores and conducts heat, wet and dried.

    Parameters
    ----------
    conductivity : Sourced
        Thermal conductivity at body temperature, with all its water.
    conductivity_gain : Sourced
        Fraction by which the conductivity has risen at ``gain_end``.
    gain_start, gain_end : Sourced
        Temperatures between which it rises linearly; flat before and after.
    conductivity_dry : Sourced
        Thermal conductivity once all water is gone.
    density : Sourced
        Density with all its water.
    specific_heat : Sourced
        Specific heat capacity with all its water.
    heat_capacity_dry : Sourced
        Heat capacity per volume once all water is gone.
    water_fraction : Sourced
        Mass fraction of water.
    """

    conductivity: Sourced
    conductivity_gain: Sourced
    gain_start: Sourced
    gain_end: Sourced
    conductivity_dry: Sourced
    density: Sourced
    specific_heat: Sourced
    heat_capacity_dry: Sourced
    water_fraction: Sourced

    def conductivity_at(
        self, temperature: ArrayLike, water: ArrayLike = 1.0
    ) -> NDArray[np.float64]:
        r"""Return the thermal conductivity [W/(m K)] of heated and partly dried tissue.

        Parameters
        ----------
        temperature : array_like of float
            Absolute temperature [K].
        water : array_like of float
            Remaining share of the tissue's own water, 1 = all, 0 = dry; same shape or a scalar.

        Returns
        -------
        ndarray of float64
            Conductivity [W/(m K)], of the broadcast shape.

        Notes
        -----
        :math:`k = k_\mathrm{dry} + (k_\mathrm{wet}(T) - k_\mathrm{dry})\,w` with
        :math:`k_\mathrm{wet} = k\,(1 + \gamma\,x)`, where :math:`x` goes from 0 at ``gain_start``
        to 1 at ``gain_end`` and stays there. The rise is that of Mohammadi2021; the steeper one
        they see above 92 degC is vapour moving, which the water balance carries instead.
        """
        start = self.gain_start.si
        t = np.asarray(temperature, dtype=np.float64)
        w = np.asarray(water, dtype=np.float64)
        x = np.clip((t - start) / (self.gain_end.si - start), 0.0, 1.0)
        wet = self.conductivity.si * (1.0 + self.conductivity_gain.si * x)
        dry = self.conductivity_dry.si
        return np.asarray(dry + (wet - dry) * w)


@dataclass(frozen=True, slots=True)
class ConductivityLaw:
    """How the thermal conductivity changes with temperature, as one source has it.

    Parameters
    ----------
    gain : Sourced
        Fraction by which it has risen at ``gain_end``.
    gain_start, gain_end : Sourced, optional
        Temperatures between which it rises linearly; without them those of the tissue stay.
    conductivity : Sourced, optional
        At body temperature; without it that of the tissue stays.
    """

    gain: Sourced
    gain_start: Sourced | None = None
    gain_end: Sourced | None = None
    conductivity: Sourced | None = None

    def apply(self, thermal: ThermalProperties) -> ThermalProperties:
        """Return ``thermal`` with this law."""
        return replace(
            thermal,
            conductivity=self.conductivity or thermal.conductivity,
            conductivity_gain=self.gain,
            gain_start=self.gain_start or thermal.gain_start,
            gain_end=self.gain_end or thermal.gain_end,
        )


@dataclass(frozen=True, slots=True)
class Tissue:
    """A named tissue: its light, its heat, its blood.

    Parameters
    ----------
    name : str
        Name used in case files.
    title : str
        What it is, in words.
    optical : OpticalProperties
        Light.
    thermal : ThermalProperties
        Heat.
    perfusion_rate : Sourced
        Blood per mass of tissue and time (``"mL/min/kg"``), or per volume (``"1/s"``).
    note : str
        What is not known about it.
    composition : Composition, optional
        What ``optical`` was computed from, if it was computed and not taken as it stands.
    """

    name: str
    title: str
    optical: OpticalProperties
    thermal: ThermalProperties
    perfusion_rate: Sourced
    note: str = ""
    composition: Composition | None = None

    @property
    def perfusion(self) -> float:
        """Volume of blood per volume of tissue and time [1/s]."""
        rate = self.perfusion_rate
        return rate.si if rate.unit == "1/s" else rate.si * self.thermal.density.si


@dataclass(frozen=True, slots=True)
class DamageKinetics:
    """One thermal damage process as an Arrhenius rate: A exp(-E_a / (R T)) above a gate.

    Parameters
    ----------
    name : str
        Name used in case files.
    title : str
        What it is, in words.
    frequency_factor : Sourced
        Frequency factor A.
    activation_energy : Sourced
        Activation energy E_a.
    gate : Sourced
        Temperature below which the process does not run.
    endpoint : str
        What was observed where the damage integral reaches 1.
    """

    name: str
    title: str
    frequency_factor: Sourced
    activation_energy: Sourced
    gate: Sourced
    endpoint: str

    def time_to_threshold(self, temperature: float, *, damage: float = 1.0) -> float:
        """Return the time [s] at constant ``temperature`` [K] to reach a damage integral.

        Infinite below the gate.
        """
        if temperature < self.gate.si:
            return math.inf
        exponent = self.activation_energy.si / (GAS_CONSTANT * temperature)
        return damage * math.exp(exponent - math.log(self.frequency_factor.si))
