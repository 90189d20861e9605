"""What a simulation hands back: a plain record, readable and drawable without a solver."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Case
from ablsim.errors import ResultError
from ablsim.exposure import OrganExposure, ProbeCurve
from ablsim.grid import Grid
from ablsim.notebook import DISCLAIMER, make_card
from ablsim.result_fields import make_dataset, take_field

if TYPE_CHECKING:
    import xarray

Array32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fields:
    """The state of every cell at one moment.

    Every array is float32, shape ``(nz, ny, nx)``.

    Parameters
    ----------
    rise : ndarray
        Temperature above the result's ``base_temperature`` [K].
    stasis, whitening, death : ndarray
        Damage integrals Omega of the three processes [1]; a process is complete where Omega >= 1.
        Under three-state cell death ``death`` is ln(1 - D)/ln(1 - 0.8), D the share of dead cells.
        Under a critical temperature it is exp((T - T_c)/1 K) of the highest temperature T so far.
    water : ndarray
        Share of the cell's initial water that is still there [1].
    char : ndarray
        Share of the cell that is charred [1].
    """

    rise: Array32
    stasis: Array32
    whitening: Array32
    death: Array32
    water: Array32
    char: Array32


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where the energy went since the start [J].

    ``fired`` is set power times time at the laser, ``emitted`` what left the fibres. ``absorbed``
    (by tissue, blood and char film) plus ``escaped`` (light out of the domain) is the light's own
    balance. The sinks of ``emitted`` are ``escaped``, ``stored`` (sensible heat in the tissue),
    ``perfusion``, ``vessels`` (heat and light taken by large vessels), ``boundary``, ``latent``
    (turned water into steam), ``vapour`` (sensible heat that the steam took along) and
    ``between_sessions`` (still in the tissue when a session ended, gone when the next began).
    Steam that condensed in the tissue is in ``stored`` and not in ``latent`` and ``vapour``; under
    laws of boiling that give the water back on cooling these two are what steam holds at present.
    ``moved_by_cap`` only says how much heat was moved from over-hot cells to their surroundings.
    """

    fired: float = 0.0
    emitted: float = 0.0
    absorbed: float = 0.0
    escaped: float = 0.0
    stored: float = 0.0
    perfusion: float = 0.0
    vessels: float = 0.0
    boundary: float = 0.0
    latent: float = 0.0
    vapour: float = 0.0
    moved_by_cap: float = 0.0
    between_sessions: float = 0.0

    @property
    def balance_error(self) -> float:
        """What the books miss: (emitted - sum of sinks) / fired; 0 when nothing was fired."""
        sinks = (
            self.escaped
            + self.stored
            + self.perfusion
            + self.vessels
            + self.boundary
            + self.latent
            + self.vapour
            + self.between_sessions
        )
        return (self.emitted - sinks) / self.fired if self.fired > 0.0 else 0.0

    @property
    def light_error(self) -> float:
        """(emitted - absorbed - escaped) / emitted; 0 when nothing was emitted."""
        if self.emitted <= 0.0:
            return 0.0
        return (self.emitted - self.absorbed - self.escaped) / self.emitted


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Fields and books at one output time [s]; the arrays are copies and stay as they are."""

    time: float
    fields: Fields
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the run's history.

    ``time`` [s], ``power`` set at the laser over all fibres [W], the books so far, and how many
    cells were being computed.
    """

    time: float
    power: float
    ledger: Ledger
    active_cells: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """How the answer was computed; times in seconds.

    ``photons`` were followed in all light updates; ``light_noise`` is the relative standard error
    of the power in a cell that one update leaves, its root mean square over power and updates.
    ``resumed_at`` is the simulated time at which the run was last taken up from a checkpoint, None
    if it went through. Wall times add up over all parts of a resumed run.
    """

    steps: int = 0
    cell_steps: int = 0
    light_updates: int = 0
    light_iterations: int = 0
    photons: int = 0
    light_noise: float = 0.0
    time_step: float = 0.0
    sub_steps: int = 0
    stages: int = 0
    threads: int = 1
    resumed_at: float | None = None
    wall_total: float = 0.0
    wall_light: float = 0.0
    wall_heat: float = 0.0
    wall_output: float = 0.0


@dataclass(frozen=True, slots=True)
class TipRecord:
    """How hot a fibre's tip was; an estimate, because cells do not resolve it.

    Parameters
    ----------
    fibre : str
        The fibre's name.
    peak : float
        Highest temperature at any time [K]; of a diffuser, anywhere along its active length.
    at_cap : bool
        Whether the estimate passed the limit of the method, at which ``peak`` stands then.
    charred : bool
        Whether the estimate passed the temperature at which dry tissue chars.
    """

    fibre: str
    peak: float
    at_cap: bool
    charred: bool


@dataclass(frozen=True, slots=True)
class Result:
    """A finished simulation: what `simulate` and `load` return.

    Arrays are ``(z, y, x)`` and SI, positions LPS; `field` and `to_xarray` give them by name, with
    units and coordinates, and `history_table` gives the course of the treatment as columns.

    Parameters
    ----------
    case : Case
        What was asked.
    grid : Grid
        Where the cells are.
    labels : ndarray of uint8, shape (nz, ny, nx)
        Index of each cell's tissue in ``materials``.
    materials : tuple of str
        Library names of the tissues, e.g. ``("liver", "net_metastasis", "blood")``.
    base_temperature : float
        Temperature that ``fields.rise`` counts from [K].
    fields : Fields
        The final state.
    ledger : Ledger
        The energy books at the end.
    history : tuple of Record
        One entry per output time.
    statistics : Statistics
        Steps, light updates, wall times.
    notes : tuple of str
        What ablsim decided or assumed and the user should know, one sentence each.
    provenance : dict
        Versions, hashes and settings, as text.
    tips : tuple of TipRecord
        How hot each fibre's tip was, one entry per fibre.
    probes : tuple of ProbeCurve
        What the probes of the case recorded, in its order.
    organs : tuple of OrganExposure
        What the organs of the case went through, in its order.
    """

    case: Case
    grid: Grid
    labels: NDArray[np.uint8]
    materials: tuple[str, ...]
    base_temperature: float
    fields: Fields
    ledger: Ledger
    history: tuple[Record, ...] = ()
    statistics: Statistics = field(default_factory=Statistics)
    notes: tuple[str, ...] = ()
    provenance: dict[str, str] = field(default_factory=dict)
    tips: tuple[TipRecord, ...] = ()
    probes: tuple[ProbeCurve, ...] = ()
    organs: tuple[OrganExposure, ...] = ()

    def probe(self, name: str) -> ProbeCurve:
        """Return what the probe called ``name`` recorded.

        Raises
        ------
        ResultError
            If the result has no such probe; the message names those it has.
        """
        return _named(name, self.probes, "probe")

    def organ(self, name: str) -> OrganExposure:
        """Return what the organ called ``name`` went through.

        Raises
        ------
        ResultError
            If the result has no such organ; the message names those it has.
        """
        return _named(name, self.organs, "organ")

    def field(self, name: str, *, unit: str = "") -> NDArray[np.float32]:
        """Return a field of the final state as an array of its own.

        Parameters
        ----------
        name : str
            As in the stored file: ``temperature``, ``damage_stasis``, ``damage_whitening``,
            ``damage_death`` (damage integrals, complete from 1 on), ``water_fraction`` or
            ``char_fraction``.
        unit : {"K", "degC"}, optional
            Of a temperature; kelvin if left out. All other fields are pure numbers.

        Returns
        -------
        ndarray of float32, shape (nz, ny, nx)
            One value for each cell; ``result.grid.axes()`` says where the cells are.

        Raises
        ------
        CaseError
            If there is no such field or unit.

        Examples
        --------
        >>> hottest = result.field("temperature", unit="degC").max()  # doctest: +SKIP
        >>> without_flow = result.field("damage_stasis") >= 1.0  # doctest: +SKIP
        """
        return take_field(self, name, unit)

    def to_xarray(self) -> "xarray.Dataset":
        """Return the final fields and the tissues as a labelled data set.

        Returns
        -------
        xarray.Dataset
            The fields of `field` and ``tissue``, dimensions ``(z, y, x)``, coordinates of the cell
            centres in mm (LPS), temperature in degC, each with its unit and meaning; the case and
            the provenance are attributes.

        Raises
        ------
        ImportError
            If xarray is not installed: ``pip install "ablsim[xarray]"``.

        Examples
        --------
        >>> fields = result.to_xarray()  # doctest: +SKIP
        >>> fields.temperature.sel(y=0.0, method="nearest").plot()  # doctest: +SKIP
        """
        return make_dataset(self)

    def history_table(self) -> dict[str, NDArray[Any]]:
        """Return the history as columns, one entry for each output time.

        Returns
        -------
        dict of ndarray
            ``time_s``, ``power_w`` (set, over all fibres), ``active_cells``, and every item of
            `Ledger` in joules since the start: ``fired_j``, ``emitted_j``, ``stored_j``, ...

        Examples
        --------
        >>> import pandas  # doctest: +SKIP
        >>> pandas.DataFrame(result.history_table()).plot("time_s", "stored_j")  # doctest: +SKIP
        """
        table: dict[str, NDArray[Any]] = {
            "time_s": np.array([entry.time for entry in self.history], np.float64),
            "power_w": np.array([entry.power for entry in self.history], np.float64),
            "active_cells": np.array([entry.active_cells for entry in self.history], np.int64),
        }
        for item in fields(Ledger):
            values = [getattr(entry.ledger, item.name) for entry in self.history]
            table[f"{item.name}_j"] = np.array(values, np.float64)
        return table

    def __repr__(self) -> str:
        about = ", ".join(f"{name} {text}" for name, text in self._describe().items())
        return f"<Result {self.case.title!r}: {about}>"

    def _repr_html_(self) -> str:
        rows = [*self._describe().items(), *(("note", note) for note in self.notes)]
        return make_card(self.case.title, rows, footer=DISCLAIMER)

    def _describe(self) -> Mapping[str, str]:
        """Return what it is in a few words each."""
        end = self.history[-1].time if self.history else 0.0
        return {
            "grid": self.grid.text,
            "simulated": f"{end:g} s",
            "fired": f"{self.ledger.fired:g} J",
            "balance error": f"{100.0 * self.ledger.balance_error:.3f} %",
        }


_Entry = TypeVar("_Entry", ProbeCurve, OrganExposure)


def _named(name: str, entries: tuple[_Entry, ...], what: str) -> _Entry:
    """Return the entry called ``name``, or say which there are."""
    for entry in entries:
        if entry.name == name:
            return entry
    known = ", ".join(f'"{entry.name}"' for entry in entries) or "none"
    msg = f'there is no {what} "{name}" in this result; there are: {known}'
    raise ResultError(msg)
