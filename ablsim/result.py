"""What a simulation hands back: a plain record, readable and drawable without a solver."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Case
from ablsim.grid import Grid

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
    """How the answer was computed; wall times in seconds."""

    steps: int = 0
    cell_steps: int = 0
    light_updates: int = 0
    light_iterations: int = 0
    time_step: float = 0.0
    sub_steps: int = 0
    stages: int = 0
    threads: int = 1
    wall_total: float = 0.0
    wall_light: float = 0.0
    wall_heat: float = 0.0
    wall_output: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """A finished simulation.

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
