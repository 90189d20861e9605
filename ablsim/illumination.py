"""The fibres that fire together: their light and heat, kept up with the changing tissue."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ablsim.domain import Domain
from ablsim.grid import Block
from ablsim.heat.film import film_heat
from ablsim.heat.track import track_heat
from ablsim.kernels.whitening import has_changed
from ablsim.light.coefficients import coagulated_fraction, whitening_rates
from ablsim.light.emission import Emission
from ablsim.light.engine import LightSettings
from ablsim.light.fibre import Fibre
from ablsim.light.lit import LitBlock, light_reach, lit_block

OPTICS_CHANGE = 0.05
"""Change of the tissue, weighted by the light it absorbs, that calls for new light at once (against
a tenth of this, zones change by 0.04 % at most) ..."""
OPTICS_STALE = 1e-3
"""... and the change that calls for it when the light is older than ``light_interval``."""
SHARE_ROUNDING = 1e-12
"""Difference between shares of the power that is rounding and calls for no new light."""


@dataclass(frozen=True, slots=True)
class Beam:
    """What firing does, as powers [W]; ``heat`` is the power density in cells ``block`` [W/m^3]."""

    fired: float
    emitted: float
    absorbed: float
    escaped: float
    heat: NDArray[np.float32]
    block: Block
    tips: NDArray[np.float64]


class Tissue(Protocol):
    """What the light is looked for in, such as `PennesSolver`."""

    @property
    def region(self) -> Block:
        """The cells outside of which nothing has changed."""

    def part(self, name: str, block: Block) -> NDArray[np.floating]:
        """Return what a state array (``"whitening"``, ``"char"``) is in the cells ``block``."""


class Illumination:
    """Light of the firing fibres, and what a bare one gives off as heat: film and track.

    Parameters
    ----------
    domain : Domain
        The tissue they shine into.
    film_fraction : float
        Share of what arrives at a bare fibre's tip that a full char film turns into heat [1].
    light_interval : float
        Age [s] at which the light is renewed if the tissue has changed at all.
    track_fraction, track_length : float
        Share of a bare fibre's emitted power that is released as heat along its track, before the
        film has its share [1], and how far back from the tip [m].
    whitening_span : float
        Spread of the rates at which tissue whitens (`coagulated_fraction`); 1 for one rate.
    light : LightSettings
        How the light is computed; by default by following photons.

    Notes
    -----
    All fibres that fire together are one light problem, each weighted with its share of the
    emitted power, so the cost does not grow with their number.
    """

    def __init__(
        self,
        domain: Domain,
        *,
        film_fraction: float,
        light_interval: float,
        track_fraction: float = 0.0,
        track_length: float = 0.0,
        whitening_span: float = 1.0,
        light: LightSettings | None = None,
    ) -> None:
        self._domain = domain
        self._light = LightSettings() if light is None else light
        # light spreads from a tip as in the tissue that nearly all of it is in
        self._index = domain.tissues[0].optical.refractive_index.si
        self._whitening_span = whitening_span
        self._rates = whitening_rates(whitening_span)
        self._film_fraction = film_fraction
        self._track_fraction = track_fraction
        self._track_length = track_length
        self._interval = light_interval
        self._reach = light_reach(domain.tissues)
        self._lit = self._light_up(domain.grid.whole)
        self._seen = False
        self._fibres: tuple[Fibre, ...] = ()
        self._emitted: tuple[float, ...] = ()
        self._films: tuple[float, ...] = ()
        self._tracks: tuple[float, ...] = ()
        self._arriving: tuple[float, ...] = ()
        self._released = np.zeros(domain.grid.shape, dtype=np.float32)
        self._optical = 0.0
        self._shining: tuple[Emission, ...] = ()
        self._solved_for: tuple[Emission, ...] = ()
        self._solved_at = 0.0
        self.n_updates = 0
        self.n_iterations = 0
        self.n_photons = 0
        self._noise = 0.0
        self.wall = 0.0

    def switch(
        self,
        fibres: Sequence[Fibre],
        power: Sequence[float],
        film_levels: Sequence[float] | None = None,
    ) -> None:
        """Let ``fibres`` fire with the set ``power`` [W each]; those with 0 W stay dark.

        ``film_levels`` say how far the char film of each has grown, 0 to 1; left out, fully.
        """
        levels = (1.0,) * len(fibres) if film_levels is None else film_levels
        firing = [entry for entry in zip(fibres, power, levels, strict=True) if entry[1] > 0.0]
        self._fibres = tuple(fibre for fibre, *_ in firing)
        self._fired = sum(p for _, p, _ in firing)
        self._emitted = tuple(p * fibre.transmission for fibre, p, _ in firing)
        self._tracks = tuple(
            emitted * self._track_fraction if fibre.kind == "bare" else 0.0
            for fibre, emitted in zip(self._fibres, self._emitted, strict=True)
        )
        self._arriving = tuple(
            emitted - track for emitted, track in zip(self._emitted, self._tracks, strict=True)
        )
        self._films = tuple(
            arriving * self._film_fraction * level if fibre.kind == "bare" else 0.0
            for (fibre, _, level), arriving in zip(firing, self._arriving, strict=True)
        )
        self._optical = sum(self._arriving) - sum(self._films)
        self._shining = self._emissions()
        block = lit_block(self._domain.grid, self._fibres, self._reach)
        if block != self._lit.block:
            self._lit, self._solved_for = self._light_up(block), ()
        grid = self._lit.grid
        heat = np.zeros(grid.shape)
        for fibre, film, track in zip(self._fibres, self._films, self._tracks, strict=True):
            if film > 0.0:
                heat += film * film_heat(grid, fibre)
            if track > 0.0:
                heat += track * track_heat(grid, fibre, self._track_length)
        self._released = heat.astype(np.float32)

    def _light_up(self, block: Block) -> LitBlock:
        self._seen = False
        domain = self._domain
        return LitBlock(domain.grid, block, domain.labels, domain.tissues, self._light)

    @property
    def film_powers(self) -> dict[str, float]:
        """Heat that the film of each firing fibre releases [W], by the fibre's name."""
        names = (fibre.name for fibre in self._fibres)
        return dict(zip(names, self._films, strict=True))

    def _coagulated(self, whitening: NDArray[np.floating]) -> NDArray[np.float32]:
        return coagulated_fraction(whitening, self._whitening_span).astype(np.float32)

    def _emissions(self) -> tuple[Emission, ...]:
        return tuple(
            Emission(
                fibre.tip,
                fibre.direction,
                fibre.length,
                (arriving - film) / self._optical,
                radius=0.5 * fibre.core_diameter,
                half_angle=math.asin(fibre.numerical_aperture / self._index),
            )
            for fibre, arriving, film in zip(self._fibres, self._arriving, self._films, strict=True)
            if arriving > film
        )

    def look_everywhere(self) -> None:
        """Have the next look take in all cells: some outside its region may have changed."""
        self._seen = False

    def is_due(self, now: float, tissue: Tissue) -> bool:
        """Say whether the light no longer fits the fibres or the ``tissue`` at time ``now`` [s].

        Only the cells of its active region can have changed since the light was solved for, unless
        `look_everywhere` was called meanwhile.
        """
        if self._optical <= 0.0:
            return False
        lit = self._lit
        if lit.field is None or not _is_same(self._shining, self._solved_for):
            return True
        old = now - self._solved_at >= self._interval
        allowed = OPTICS_STALE if old else OPTICS_CHANGE
        shared, own = lit.within(tissue.region if self._seen else lit.block)
        return bool(
            has_changed(
                tissue.part("whitening", shared),
                tissue.part("char", shared),
                lit.coagulation[own],
                lit.char[own],
                lit.field.absorbed_per_watt[own],
                self._rates,
                allowed * lit.field.absorbed / lit.grid.cell_volume,
            )
        )

    def solve(self, now: float, tissue: Tissue) -> None:
        """Compute the light in the ``tissue`` as it is at time ``now`` [s]."""
        started = time.perf_counter()
        shared, own = self._lit.within(tissue.region if self._seen else self._lit.block)
        whitening, char = (tissue.part(name, shared) for name in ("whitening", "char"))
        self._lit.change(own, self._coagulated(whitening), char.astype(np.float32))
        self._seen = True
        self._solved_for = self._shining
        field = self._lit.solve(self._solved_for, self.n_updates)
        self._solved_at = now
        self.n_updates += 1
        self.n_iterations += field.iterations
        self.n_photons += field.photons
        self._noise += field.noise**2
        self.wall += time.perf_counter() - started

    @property
    def noise(self) -> float:
        """Relative standard error of the power in a cell of one solve, over all of them [1]."""
        return math.sqrt(self._noise / self.n_updates) if self.n_updates else 0.0

    def state(self) -> dict[str, Any]:
        """Return the light that is kept and what it was solved for; arrays are not copies."""
        return {
            "n_updates": self.n_updates,
            "n_iterations": self.n_iterations,
            "n_photons": self.n_photons,
            "noise": self._noise,
            "wall": self.wall,
            "solved_at": self._solved_at,
            "seen": self._seen,
            "solved_for": tuple(astuple(emission) for emission in self._solved_for),
            **self._lit.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a ``state``; the fibres that fire are given by `switch`, afterwards."""
        self.n_updates, self.n_iterations = state["n_updates"], state["n_iterations"]
        self.n_photons, self._noise = state["n_photons"], state["noise"]
        self.wall = state["wall"]
        self._solved_at = state["solved_at"]
        z, y, x = (slice(start, stop) for start, stop in state["block"])
        self._lit = self._light_up((z, y, x))
        self._lit.restore(state)
        self._seen = state["seen"]
        self._solved_for = tuple(Emission(*emission) for emission in state["solved_for"])

    def beam(self) -> Beam:
        """Return what the firing fibres do at present."""
        optical = self._optical
        heat, absorbed, escaped = self._released, sum(self._films) + sum(self._tracks), 0.0
        field = self._lit.field
        if optical > 0.0 and field is not None:
            heat = heat + np.float32(optical) * field.absorbed_per_watt
            absorbed += optical * field.absorbed
            escaped = optical * field.escaped
        return Beam(
            fired=self._fired,
            emitted=sum(self._emitted),
            absorbed=absorbed,
            escaped=escaped,
            heat=heat,
            block=self._lit.block,
            tips=np.array([fibre.tip for fibre in self._fibres]).reshape(-1, 3),
        )


def _is_same(some: Sequence[Emission], others: Sequence[Emission]) -> bool:
    """Say whether the same fibres fire with the same shares, up to rounding."""
    return some == others or (
        len(some) == len(others)
        and all(
            replace(one, share=other.share) == other
            and abs(one.share - other.share) < SHARE_ROUNDING
            for one, other in zip(some, others, strict=True)
        )
    )
