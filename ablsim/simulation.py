"""One treatment, from first watt to cool-down: light, heat and damage coupled."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import astuple
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice

import numba
import numpy as np

from ablsim.case import Case
from ablsim.checkpoint import Checkpoint, Keeper, OnCheckpoint, Resumable
from ablsim.damage.chosen import chosen_processes
from ablsim.damage.rate import rate_table, skip_temperature
from ablsim.domain import Domain, make_domain
from ablsim.errors import CaseError
from ablsim.fingerprint import fingerprint
from ablsim.heat.medium import make_medium
from ablsim.heat.occlusion import Occlusion
from ablsim.heat.pennes import PennesSolver
from ablsim.heat.settings import HeatSettings
from ablsim.heat.stability import longest_dry_step
from ablsim.illumination import Illumination
from ablsim.light.engine import LightSettings
from ablsim.monitor import Monitor
from ablsim.notes import explain
from ablsim.pace import Pace
from ablsim.protocol import Segment
from ablsim.result import Fields, Ledger, Record, Result, Snapshot, Statistics
from ablsim.schedule import Chunk, Leg, make_chunks, make_legs
from ablsim.tips import FibreTips
from ablsim.tissue.constants import CAP_TEMPERATURE, CHAR_TEMPERATURE
from ablsim.tissue.dose import Kinetics
from ablsim.tissue.library import get_kinetics
from ablsim.tissue.processes import CriticalTemperature, DistributedKinetics, ThreeStateDeath

OnSnapshot = Callable[[Snapshot], None]
OnProgress = Callable[[float, float], None]


def simulate(
    case: Case,
    *,
    domain: Domain | None = None,
    on_snapshot: OnSnapshot | None = None,
    on_progress: OnProgress | None = None,
    on_checkpoint: OnCheckpoint | None = None,
    resume_from: Checkpoint | None = None,
) -> Result:
    """Simulate the treatment that ``case`` describes.

    What a callback raises ends the run there and then and is passed on as it is; nothing is kept.

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
    on_checkpoint : callable, optional
        Called with a `Checkpoint` every ``checkpoint_interval`` of wall time, less often where
        writing it takes long, and once more when ``on_progress`` interrupts the run
        (KeyboardInterrupt). It must write or copy what it is given before it returns.
    resume_from : Checkpoint, optional
        Where to go on, a checkpoint of the same case. The state at the start is then not put out.

    Returns
    -------
    Result
        Final fields, energy books, history and provenance.

    Raises
    ------
    CaseError
        If the case leaves the size of its cells to ablsim (`ablsim.refine`), or the checkpoint is
        of another case.

    Examples
    --------
    >>> import ablsim
    >>> result = ablsim.simulate(ablsim.Case.from_toml("patient.toml"))  # doctest: +SKIP

    Follow it, here the damage of one cell, and stop it early:

    >>> course = []
    >>> def follow(snapshot):
    ...     course.append((snapshot.time, float(snapshot.fields.stasis[40, 43, 43])))
    >>> def stop(now, end):
    ...     if now > 600.0:
    ...         raise RuntimeError(f"enough after {now:g} s of {end:g} s")
    >>> ablsim.simulate(case, on_snapshot=follow, on_progress=stop)  # doctest: +SKIP
    Traceback (most recent call last):
    RuntimeError: enough after 601 s of 900 s
    """
    # Waiting threads sleep. Spinning ones gain a little on an idle machine and lose a factor of
    # five on a busy one. OpenMP reads this when the first parallel loop starts.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if case.numerics.spacing is None:
        msg = (
            'numerics.spacing: "auto" takes several runs; ablsim.refine(case) makes them, or write '
            'for example "1 mm"'
        )
        raise CaseError(msg)
    run = _Run(case, make_domain(case) if domain is None else domain, on_snapshot, on_progress)
    if resume_from is not None:
        run.restore(resume_from)
    return run.finish(on_checkpoint)


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
        self.solver = make_solver(case, self.domain)
        self.illumination = Illumination(
            self.domain,
            film_fraction=0.0 if case.physics.char == "none" else case.physics.char_fraction,
            light_interval=case.numerics.light_interval,
            track_fraction=case.physics.track_fraction,
            track_length=case.physics.track_length,
            whitening_span=_rate_span(get_kinetics(case.physics.whitening)),
            light=LightSettings(case.numerics.light, case.numerics.photons, case.numerics.seed),
        )
        self.tips = FibreTips(
            self.domain.grid,
            len(case.fibres_all),
            char=case.physics.char,
            base_temperature=case.tissue.body_temperature,
            start_temperature=case.tissue.start_temperature,
        )
        segments = case.protocol.timeline([fibre.name for fibre in case.fibres_all])
        self.legs = make_legs(segments, case.numerics.output_interval)
        self.occlusion = Occlusion(case, domain)
        self.monitor = Monitor(case, domain)
        self._parts: dict[str, Resumable] = {
            "solver": self.solver,
            "illumination": self.illumination,
            "tips": self.tips,
            "occlusion": self.occlusion,
            "monitor": self.monitor,
        }
        # super-steps know boiling that stays at one temperature, not water that follows a curve
        follows_curve = self.solver.medium.water_curve is not None
        self.pace = Pace(
            "euler" if follows_curve else case.numerics.time_stepping,
            self.solver.time_step,
            longest_dry_step(self.solver.medium),
            case.numerics.time_step,
        )
        self.time = 0.0
        self._leg = self._chunk = 0
        self._level = 1.0
        self.light_books = {"fired": 0.0, "emitted": 0.0, "absorbed": 0.0, "escaped": 0.0}
        self.history: list[Record] = []
        self.resumed_at: float | None = None
        self.wall_heat = 0.0
        self.wall_output = 0.0

    def finish(self, on_checkpoint: OnCheckpoint | None) -> Result:
        """Run to the end of the protocol, from wherever the run stands."""
        case = self.case
        keeper = Keeper(on_checkpoint, case.numerics.checkpoint_interval)
        if self.resumed_at is None:
            self._output(0.0)
            self._watch()
        for leg in self.legs[self._leg :]:
            if leg.opens and self._chunk == 0:
                self._open(leg)
            for chunk in islice(make_chunks(leg, self.pace), self._chunk, None):
                self._advance(leg.segment, chunk)
                self._chunk += 1
                self._report(keeper)
            if leg.output:
                self._output(leg.segment.power_at(leg.end))
            self._leg, self._chunk = self._leg + 1, 0
        total = time.perf_counter() - self._started
        fields = self._fields()
        return Result(
            case=case,
            grid=self.domain.grid,
            labels=self.domain.labels,
            materials=self.domain.materials,
            base_temperature=case.tissue.body_temperature,
            fields=fields,
            ledger=self._ledger(),
            history=tuple(self.history),
            statistics=self._statistics(total),
            notes=(
                *explain(case, self.domain, fields),
                *self.occlusion.notes(),
                *self.monitor.notes(),
            ),
            provenance=_provenance(case),
            tips=self.tips.records(),
            probes=self.monitor.probes(),
            organs=self.monitor.organs(self.solver.inner("death")),
        )

    def _open(self, leg: Leg) -> None:
        """Begin a segment: a new session if there is one, then the fibres as they fire in it."""
        if leg.new_session:
            self.solver.start_session()
            self.illumination.look_everywhere()
            self._watch()
        self._fire(leg.segment)
        self._level = 1.0
        self._shine()

    def _fire(self, segment: Segment) -> None:
        """Put the fibres where they are in ``segment`` and let those fire that do."""
        self._fibres = [segment.position.place(fibre) for fibre in self.case.fibres_all]
        moved = [segment.position.moved_of(fibre.name) for fibre in self._fibres]
        self.tips.place(self._fibres, session=segment.session, moved=moved)
        self.illumination.switch(self._fibres, segment.highest_power, self.tips.film_levels)

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
        self._watch()
        for name in self.light_books:
            self.light_books[name] += getattr(self._beam, name) * self._level * duration
        self._look_at_tips(segment, duration)

    def _report(self, keeper: Keeper) -> None:
        """Tell how far the run is; leave a checkpoint where one is due or the run is stopped."""
        if self._on_progress is not None:
            try:
                self._on_progress(self.time, self.case.protocol.duration)
            except KeyboardInterrupt:
                keeper.keep(self.checkpoint())
                raise
        if keeper.is_due():
            keeper.keep(self.checkpoint())

    def checkpoint(self) -> Checkpoint:
        """Return where the run stands between two steps."""
        table = np.array(
            [
                [entry.time, entry.power, entry.active_cells, *astuple(entry.ledger)]
                for entry in self.history
            ]
        )
        run = {
            "level": self._level,
            "light_books": self.light_books,
            "history": table,
            "wall": time.perf_counter() - self._started,
            "wall_heat": self.wall_heat,
            "wall_output": self.wall_output,
        }
        parts = {"run": run, **{name: part.state() for name, part in self._parts.items()}}
        return Checkpoint(self.case, self.time, self._leg, self._chunk, parts)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to where another run of the same case stood."""
        if checkpoint.case != self.case:
            msg = (
                f"the checkpoint is of another case, {checkpoint.case.title!r}; resume with the "
                "case it was made for, or start from the beginning"
            )
            raise CaseError(msg)
        run = checkpoint.parts["run"]
        self.time = self.resumed_at = checkpoint.time
        self._leg, self._chunk = checkpoint.leg, checkpoint.chunk
        self.light_books = dict(run["light_books"])
        self.history = [
            Record(row[0], row[1], Ledger(*row[3:]), int(row[2])) for row in run["history"].tolist()
        ]
        self._started -= run["wall"]
        self.wall_heat, self.wall_output = run["wall_heat"], run["wall_output"]
        for name, part in self._parts.items():
            part.restore(checkpoint.parts[name])
        self._fire(self.legs[self._leg].segment)
        self._level = run["level"]
        self._beam = self.illumination.beam()

    def _look_at_tips(self, segment: Segment, duration: float) -> None:
        """Estimate how hot the tips are; where a char film has grown it takes its share."""
        films = self.illumination.film_powers
        if self.tips.follow(self.solver, films, self._level, duration):
            self.illumination.switch(self._fibres, segment.highest_power, self.tips.film_levels)
            self._shine()

    def _watch(self) -> None:
        """Read probes and organs, and close the vessels whose walls are coagulated by now."""
        if self.monitor.watches:
            self.monitor.read(self.time, self.solver.inner("theta"))
        if not self.occlusion.watches:
            return
        for vessel in self.occlusion.find_closing(self.time, self.solver.inner("stasis")):
            self.solver.stop_flow(self.domain.lumen == vessel)

    def _renew_light(self) -> None:
        if self.illumination.is_due(self.time, self.solver):
            self.illumination.solve(self.time, self.solver)
            self._shine()

    def _shine(self) -> None:
        """Hand the present light and film heat, at their level, to the heat solver."""
        self._beam = self.illumination.beam()
        heat = self._beam.heat if self._level == 1.0 else self._beam.heat * np.float32(self._level)
        self.solver.set_source(heat, self._beam.tips, self._beam.block)

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
            photons=light.n_photons,
            light_noise=light.noise,
            time_step=solver.time_step,
            threads=numba.get_num_threads(),
            resumed_at=self.resumed_at,
            wall_total=total,
            wall_light=light.wall,
            wall_heat=self.wall_heat,
            wall_output=self.wall_output,
        )


def make_solver(case: Case, domain: Domain) -> PennesSolver:
    """Return the heat solver of a case in its domain, at the start."""
    physics, named = case.physics, chosen_processes(case)
    processes = list(named.values())
    death = named["death"]
    base = case.tissue.body_temperature
    settings = HeatSettings(
        base_temperature=base,
        start_rise=case.tissue.start_temperature - base,
        kinetics=rate_table(processes),
        skip_temperature=skip_temperature(processes, case.protocol.duration),
        char_temperature=CHAR_TEMPERATURE.si,
        cap_temperature=CAP_TEMPERATURE.si,
        perfusion_law=physics.perfusion_law,
        shutdown=physics.shutdown,
        time_step=case.numerics.time_step,
        time_stepping=case.numerics.time_stepping,
        tolerance=case.numerics.active_region_tolerance,
        precision=case.numerics.precision,
        steam_condensation=case.physics.steam_condensation,
        cell_death=death if isinstance(death, ThreeStateDeath) else None,
        critical={name: law for name, law in named.items() if isinstance(law, CriticalTemperature)},
    )
    return PennesSolver(make_medium(case, domain), case.domain.boundary, settings)


def _rate_span(whitening: Kinetics) -> float:
    return whitening.span.si if isinstance(whitening, DistributedKinetics) else 1.0


def _provenance(case: Case) -> dict[str, str]:
    """Return versions, machine type and identity of the case, as text."""
    packages = ("ablsim", "numpy", "scipy", "numba", "h5py", "pyvista")
    return {
        **{package: version(package) for package in packages},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "code": fingerprint(),
        "case_sha256": case.sha256,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
