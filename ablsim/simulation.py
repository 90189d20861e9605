"""One treatment, from first watt to cool-down: light, heat and damage coupled."""

import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

import numba
import numpy as np

from ablsim.case import Case
from ablsim.damage.rate import rate_table, skip_temperature
from ablsim.domain import Domain, make_domain
from ablsim.heat.medium import make_medium
from ablsim.heat.pennes import HeatSettings, PennesSolver
from ablsim.heat.stability import longest_dry_step
from ablsim.illumination import Illumination
from ablsim.pace import Pace
from ablsim.protocol import Segment
from ablsim.result import Fields, Ledger, Record, Result, Snapshot, Statistics
from ablsim.schedule import Chunk, Leg, make_chunks, make_legs
from ablsim.tissue.constants import CAP_TEMPERATURE, CHAR_TEMPERATURE
from ablsim.tissue.library import get_kinetics

OnSnapshot = Callable[[Snapshot], None]
OnProgress = Callable[[float, float], None]


def simulate(
    case: Case,
    *,
    domain: Domain | None = None,
    on_snapshot: OnSnapshot | None = None,
    on_progress: OnProgress | None = None,
) -> Result:
    """Simulate the treatment that ``case`` describes.

    Parameters
    ----------
    case : Case
        Tissue, tumour, fibres, protocol and numerics.
    domain : Domain, optional
        The case's domain, where it is at hand already (`ablsim.domain.make_domain`).
    on_snapshot : callable, optional
        Called with a `Snapshot` at the start, every ``output_interval`` and at the end.
    on_progress : callable, optional
        Called now and then with the simulated time and the whole duration [s].

    Returns
    -------
    Result
        Final fields, energy books, history and provenance.

    Examples
    --------
    >>> import ablsim
    >>> result = ablsim.simulate(ablsim.Case.from_toml("patient.toml"))  # doctest: +SKIP
    """
    # Waiting threads sleep. Spinning ones gain a little on an idle machine and lose a factor of
    # five on a busy one. OpenMP reads this when the first parallel loop starts.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    run = _Run(case, make_domain(case) if domain is None else domain, on_snapshot, on_progress)
    return run.finish()


class _Run:
    """The loop over the protocol; owns nothing but its parts and the books of the light."""

    def __init__(
        self,
        case: Case,
        domain: Domain,
        on_snapshot: OnSnapshot | None,
        on_progress: OnProgress | None,
    ) -> None:
        self._started = time.perf_counter()
        self.case = case
        self.domain = domain
        self._on_snapshot = on_snapshot
        self._on_progress = on_progress
        self.solver = _make_solver(case, self.domain)
        self.illumination = Illumination(
            self.domain,
            film_fraction=case.physics.char_fraction if case.physics.char == "film" else 0.0,
            light_interval=case.numerics.light_interval,
        )
        segments = case.protocol.timeline([fibre.name for fibre in case.fibres_all])
        self.legs = make_legs(segments, case.numerics.output_interval)
        self.pace = Pace(
            case.numerics.time_stepping,
            self.solver.time_step,
            longest_dry_step(self.solver.medium),
            case.numerics.time_step,
        )
        self.time = 0.0
        self._level = 1.0
        self.light_books = {"fired": 0.0, "emitted": 0.0, "absorbed": 0.0, "escaped": 0.0}
        self.history: list[Record] = []
        self.wall_heat = 0.0
        self.wall_output = 0.0

    def finish(self) -> Result:
        case = self.case
        self._output(0.0)
        for leg in self.legs:
            if leg.opens:
                self._open(leg)
            for chunk in make_chunks(leg, self.pace):
                self._advance(leg.segment, chunk)
            if leg.output:
                self._output(leg.segment.power_at(leg.end))
        total = time.perf_counter() - self._started
        return Result(
            case=case,
            grid=self.domain.grid,
            labels=self.domain.labels,
            materials=self.domain.materials,
            base_temperature=case.tissue.body_temperature,
            fields=self._fields(),
            ledger=self._ledger(),
            history=tuple(self.history),
            statistics=self._statistics(total),
            notes=_notes(case),
            provenance=_provenance(case),
        )

    def _open(self, leg: Leg) -> None:
        """Begin a segment: a new session if there is one, then the fibres as they fire in it."""
        if leg.new_session:
            self.solver.start_session()
        segment = leg.segment
        fibres = [segment.position.place(fibre) for fibre in self.case.fibres_all]
        self.illumination.switch(fibres, segment.highest_power)
        self._level = 1.0
        self._shine()

    def _advance(self, segment: Segment, chunk: Chunk) -> None:
        """Make the steps of a chunk; on a ramp its power is the mean of what is set meanwhile."""
        if chunk.looks and any(segment.highest_power):
            self._renew_light()
        if segment.is_ramp:
            self._level = segment.power_at(chunk.middle) / sum(segment.highest_power)
            self._shine()
        duration = chunk.n_steps * chunk.step
        began = time.perf_counter()
        self.solver.advance(duration, chunk.n_steps, chunk.scheme)
        self.wall_heat += time.perf_counter() - began
        self.time = chunk.end
        for name in self.light_books:
            self.light_books[name] += getattr(self._beam, name) * self._level * duration
        if self._on_progress is not None:
            self._on_progress(self.time, self.case.protocol.duration)

    def _renew_light(self) -> None:
        whitening, char = self.solver.inner("whitening"), self.solver.inner("char")
        if self.illumination.is_due(self.time, whitening, char, self.solver.region):
            self.illumination.solve(self.time, whitening, char)
            self._shine()

    def _shine(self) -> None:
        """Hand the present light and film heat, at their level, to the heat solver."""
        self._beam = self.illumination.beam()
        heat = self._beam.heat if self._level == 1.0 else self._beam.heat * np.float32(self._level)
        self.solver.set_source(heat, self._beam.tips)

    def _fields(self) -> Fields:
        inner = self.solver.inner
        return Fields(
            **{
                name: np.array(inner(state), dtype=np.float32)
                for name, state in (
                    ("rise", "theta"),
                    ("stasis", "stasis"),
                    ("whitening", "whitening"),
                    ("death", "death"),
                    ("water", "water"),
                    ("char", "char"),
                )
            }
        )

    def _ledger(self) -> Ledger:
        return Ledger(**self.light_books, **self.solver.balance())

    def _output(self, power: float) -> None:
        started = time.perf_counter()
        ledger = self._ledger()
        self.history.append(Record(self.time, power, ledger, self.solver.n_active_cells))
        if self._on_snapshot is not None:
            self._on_snapshot(Snapshot(self.time, self._fields(), ledger))
        self.wall_output += time.perf_counter() - started

    def _statistics(self, total: float) -> Statistics:
        solver, light = self.solver, self.illumination
        return Statistics(
            steps=solver.n_steps,
            cell_steps=solver.n_cell_steps,
            sub_steps=solver.n_sub_steps,
            stages=solver.n_stages,
            light_updates=light.n_updates,
            light_iterations=light.n_iterations,
            time_step=solver.time_step,
            threads=numba.get_num_threads(),
            wall_total=total,
            wall_light=light.wall,
            wall_heat=self.wall_heat,
            wall_output=self.wall_output,
        )


def _make_solver(case: Case, domain: Domain) -> PennesSolver:
    processes = [
        get_kinetics(name)
        for name in (case.physics.stasis, case.physics.whitening, case.physics.death)
    ]
    base = case.tissue.body_temperature
    settings = HeatSettings(
        base_temperature=base,
        start_rise=case.tissue.start_temperature - base,
        kinetics=rate_table(processes),
        skip_temperature=skip_temperature(processes, case.protocol.duration),
        char_temperature=CHAR_TEMPERATURE.si,
        cap_temperature=CAP_TEMPERATURE.si,
        perfusion_law=case.physics.perfusion_law,
        time_step=case.numerics.time_step,
        time_stepping=case.numerics.time_stepping,
        tolerance=case.numerics.active_region_tolerance,
        precision=case.numerics.precision,
    )
    return PennesSolver(make_medium(case, domain), case.domain.boundary, settings)


def _notes(case: Case) -> tuple[str, ...]:
    """Return what was decided for the user, one sentence each."""
    notes = []
    if case.protocol.cool_down_added > 0.0:
        where = "at the end" if case.protocol.sessions == 1 else "at the end of sessions"
        notes.append(
            f"{case.protocol.cool_down_added:g} s of rest were added {where}: damage goes on "
            "while tissue cools, and a zone is read after at least 120 s."
        )
    return tuple(notes)


def _provenance(case: Case) -> dict[str, str]:
    """Return versions, machine type and identity of the case, as text."""
    packages = ("ablsim", "numpy", "scipy", "numba", "h5py", "pyvista")
    return {
        **{package: version(package) for package in packages},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "case_sha256": case.sha256,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
