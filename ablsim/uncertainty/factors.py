"""What is not known about a case, and how far off each of it may be.

Every factor is a change to the case file, so each run of a band is a case that anyone can run.
Spreads are those of the tissue library; where published sets of kinetics contradict each other,
their contradiction is the spread. What a case gives itself, and not as the library has it, is
taken as known.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from ablsim.case import Case
from ablsim.quantities import TEMPERATURE_DIFFERENCE
from ablsim.tissue.constants import CHAR_FILM_FRACTION, TRANSMISSION_BARE, TRANSMISSION_DIFFUSER
from ablsim.tissue.properties import ASSUMED, GIVEN, Sourced
from ablsim.uncertainty.thresholds import threshold_spread

SHUTDOWN = Sourced(
    1.0,
    "1",
    ASSUMED,
    low=0.9,
    high=1.0,
    how="assumed",
    spread_kind="range",
    note="share of the perfusion that stasis stops; lesions in pig liver are three times as large "
    "with the inflow clamped as with normal flow, and 0.9 already makes that 4.5 times",
)

_HALF_RANGE = math.sqrt(3.0)  # of an even distribution with SD 1

Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing that is not known.

    Parameters
    ----------
    name : str
        What it is, in words.
    spread : str
        How it is spread, in words with units.
    source : str
        Where the spread comes from.
    shape : {"normal", "even"}
        How its coordinate x, with mean 0 and SD 1, is distributed; "even" ends at +-sqrt(3).
    write : callable
        Writes a value into the tables of a case file.
    middle, sd : float
        Value at the coordinate 0, and how much further it is at 1.
    log_spread : float, optional
        Where the value is how many SD of a logarithm a number is scaled by: that SD.
    unit : str
        Unit of what `level` returns: "K", or "1" for a share or a factor.
    default : float
        What `level` is in the case as it stands.
    """

    name: str
    spread: str
    source: str
    shape: Literal["normal", "even"]
    write: Callable[[Table, float], None]
    middle: float = 0.0
    sd: float = 1.0
    log_spread: float | None = None
    unit: str = "1"
    default: float = 1.0

    def apply(self, table: Table, x: float) -> None:
        """Write the value at a coordinate into the tables of a case file."""
        self.write(table, self.middle + self.sd * x)

    def coordinate(self, probability: ArrayLike) -> NDArray[np.float64]:
        """Return the coordinate that is not exceeded with a probability between 0 and 1."""
        p = np.asarray(probability, dtype=np.float64)
        return np.asarray(ndtri(p) if self.shape == "normal" else _HALF_RANGE * (2.0 * p - 1.0))

    def level(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return what a coordinate stands for: shift [K], share, or factor up or down."""
        value = self.middle + self.sd * np.asarray(x, dtype=np.float64)
        return np.asarray(value if self.log_spread is None else np.exp(self.log_spread * value))

    def is_same(self, other: "Factor") -> bool:
        """Say whether a coordinate means the same of another case's factor.

        Of a number that is scaled, so many SD of its logarithm mean the same, however wide each is.
        """
        if (self.name, self.shape) != (other.name, other.shape):
            return False
        if self.log_spread is not None or other.log_spread is not None:
            return self.log_spread is not None and other.log_spread is not None
        numbers = zip((self.middle, self.sd), (other.middle, other.sd), strict=True)
        return all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) for a, b in numbers)

    def describe(self, mean: float, sd: float) -> str:
        """Say in words how a coordinate with this mean and SD is spread."""
        if self.log_spread is not None:
            factor, scatter = (math.exp(self.log_spread * number) for number in (mean, sd))
            around = "" if f"{factor:.2f}" == "1.00" else f"x {factor:.2f}, "
            return f"{around}factor {scatter:.2f} up or down"
        value, spread = self.middle + self.sd * mean, self.sd * sd
        if self.unit == "K":
            return f"{value:+.2f} K, SD {spread:.2f} K"
        return f"{value:.3f}, SD {spread:.3f}"


def vary(
    case: Case, factors: Sequence[Factor], at: ArrayLike, *, spacing: float | None = None
) -> Case:
    """Return the case with its factors at other coordinates.

    Parameters
    ----------
    case : Case
        What is asked.
    factors : sequence of Factor
        Its factors (`find_factors`).
    at : array_like of float, shape (n_factors,)
        Their coordinates.
    spacing : float, optional
        Edge length of a cell [m]; by default the case's own.
    """
    table = writable(case, spacing)
    for factor, x in zip(factors, np.asarray(at, dtype=np.float64), strict=True):
        factor.apply(table, float(x))
    return Case.from_dict(table, source="a run of the band")


def with_spacing(case: Case, spacing: float) -> Case:
    """Return the case on cells of another edge length [m]; the case itself if it has that."""
    if spacing == case.numerics.edge:
        return case
    return Case.from_dict(writable(case, spacing), source="the coarse run of the band")


def find_factors(case: Case) -> tuple[Factor, ...]:
    """Return what is not known about a case and bears on its answer.

    No perfusion on the bench, no film on diffusers: a factor that a case does not have is left out.
    """
    return (
        *_thresholds(case),
        *_perfusions(case),
        *_shutdown(case),
        *_transmissions(case),
        *_film(case),
        *_optics(case),
    )


def writable(case: Case, spacing: float | None = None) -> Table:
    """Return the tables of a case with all defaults, but a domain only where it has one."""
    table = case.resolved()
    for key in ("size", "centre"):
        if getattr(case.domain, key) is None:
            del table["domain"][key]
    if spacing is not None and spacing != case.numerics.edge:
        table["numerics"]["spacing"] = f"{1e3 * spacing:.10g} mm"
    return table


def _thresholds(case: Case) -> list[Factor]:
    """Return the temperatures that complete the three processes."""
    found = []
    for process in ("stasis", "whitening", "death"):
        spread = threshold_spread(process, getattr(case.physics, process))
        if spread is None:
            continue
        given = float(getattr(case.physics, f"{process}_shift"))
        if given:
            spread = spread._replace(mean=0.0)
        found.append(
            Factor(
                name=f"{process} threshold",
                spread=spread.words,
                source=spread.source,
                shape=spread.shape,
                write=_kelvin_of_physics(f"{process}_shift"),
                middle=given + spread.mean,
                sd=spread.sd,
                unit="K",
                default=given,
            )
        )
    return found


def _perfusions(case: Case) -> list[Factor]:
    """Return the blood flow of background and tumour, each where blood flows."""
    if case.tissue.perfusion != "normal":
        return []
    names = [case.tissue.background]
    tumour = case.tumour
    if tumour is not None and tumour.perfusion == "normal" and tumour.tissue not in names:
        names.append(tumour.tissue)
    found = []
    for name in names:
        rate = case.tissue.find(name).perfusion_rate
        if rate.spread is None or rate.spread_kind != "log" or rate.value <= 0.0:
            continue
        found.append(
            Factor(
                name=f"perfusion of {name}",
                spread=_log_words(rate.spread),
                source=rate.source,
                shape="normal",
                write=_scale({name: {"perfusion_rate": rate}}, {name: rate.spread}),
                log_spread=rate.spread,
            )
        )
    return found


def _shutdown(case: Case) -> list[Factor]:
    """Return how much of the perfusion stops, where it can."""
    physics = case.physics
    can_stop = case.tissue.perfusion == "normal" and physics.perfusion_law != "constant"
    if not can_stop or physics.shutdown != SHUTDOWN.value:
        return []
    return [_range("shutdown of perfusion", SHUTDOWN, _physics("shutdown"))]


def _transmissions(case: Case) -> list[Factor]:
    """Return what share of the fired light leaves the fibres of each kind."""
    kinds = (
        ("bare", "transmission of bare fibres", TRANSMISSION_BARE),
        ("diffuser", "transmission of diffusers", TRANSMISSION_DIFFUSER),
    )
    return [
        _range(words, number, _transmission(kind, number.value))
        for kind, words, number in kinds
        if any(f.kind == kind and f.transmission == number.value for f in case.fibres_all)
    ]


def _film(case: Case) -> list[Factor]:
    """Return how much light the char film on bare tips absorbs, where there is one."""
    is_bare = any(fibre.kind == "bare" for fibre in case.fibres_all)
    number = CHAR_FILM_FRACTION
    if case.physics.char == "none" or not is_bare or case.physics.char_fraction != number.value:
        return []
    return [_range("absorption by the char film", number, _physics("char_fraction"))]


def _optics(case: Case) -> list[Factor]:
    """Return absorption and scattering, of all tissues and of both states together."""
    names = [case.tissue.background]
    if case.tumour is not None and case.tumour.tissue not in names:
        names.append(case.tumour.tissue)
    found = []
    for words, parameter in (
        ("absorption of light", "absorption"),
        ("scattering of light", "reduced_scattering"),
    ):
        changes: dict[str, dict[str, Sourced]] = {}
        spreads: dict[str, float] = {}
        for name in names:
            optical = case.tissue.find(name).optical
            native = getattr(optical.native, parameter)
            states = {
                parameter: native,
                f"coagulated_{parameter}": getattr(optical.coagulated, parameter),
            }
            if native.spread is None or native.spread_kind != "log":
                continue
            changes[name] = {key: n for key, n in states.items() if n.source != GIVEN}
            spreads[name] = native.spread
        if changes:
            found.append(
                Factor(
                    name=words,
                    spread=_log_words(*spreads.values()),
                    source="spread of native tissue; coagulated tissue goes with it",
                    shape="normal",
                    write=_scale(changes, spreads),
                    log_spread=next(iter(spreads.values())),
                )
            )
    return found


def _range(name: str, number: Sourced, write: Callable[[Table, float], None]) -> Factor:
    """Return a factor that is anywhere between the limits of a number with equal likelihood."""
    return Factor(
        name=name,
        spread=f"{number.low:g} to {number.high:g}",
        source=number.source,
        shape="even",
        write=write,
        middle=0.5 * (number.low + number.high),
        sd=0.5 * (number.high - number.low) / _HALF_RANGE,
        default=number.value,
    )


def _physics(key: str) -> Callable[[Table, float], None]:
    """Return what writes a pure number of ``[physics]``."""

    def write(table: Table, value: float) -> None:
        table["physics"][key] = value

    return write


def _kelvin_of_physics(key: str) -> Callable[[Table, float], None]:
    """Return what writes a temperature difference [K] of ``[physics]``."""

    def write(table: Table, value: float) -> None:
        table["physics"][key] = TEMPERATURE_DIFFERENCE.write(value)

    return write


def _transmission(kind: str, default: float) -> Callable[[Table, float], None]:
    """Return what writes the transmission of all fibres of a kind that have the default one."""

    def write(table: Table, value: float) -> None:
        groups = [*table.get("fibre", ()), *([table["fibres"]] if "fibres" in table else ())]
        for fibre in groups:
            if fibre["kind"] == kind and fibre["transmission"] == default:
                fibre["transmission"] = value

    return write


def _scale(
    numbers: Mapping[str, Mapping[str, Sourced]], spreads: Mapping[str, float]
) -> Callable[[Table, float], None]:
    """Return what multiplies parameters of tissues, so many SD of their logarithm up or down."""

    def write(table: Table, x: float) -> None:
        overrides = table["tissue"].setdefault("override", {})
        for tissue, parameters in numbers.items():
            for key, number in parameters.items():
                value = number.value * math.exp(spreads[tissue] * x)
                overrides.setdefault(tissue, {})[key] = f"{value:.10g} {number.unit}"

    return write


def _log_words(*spreads: float) -> str:
    """Say in words by what factor one SD of the logarithm is, up or down."""
    factors = dict.fromkeys(f"{math.exp(spread):.2f}" for spread in sorted(spreads))
    return f"factor {' to '.join(factors)} up or down"
