"""The fibres that fire together: their light and film heat, kept up with the changing tissue."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ablsim.domain import Domain
from ablsim.heat.film import film_heat
from ablsim.light.coefficients import coagulated_fraction
from ablsim.light.diffusion import DiffusionSolver, Emission, LightField
from ablsim.light.fibre import Fibre
from ablsim.light.tissue_optics import TissueOptics

OPTICS_CHANGE = 0.02
"""Change of the tissue, weighted by the light it absorbs, that calls for new light at once ..."""
OPTICS_STALE = 1e-3
"""... and the change that calls for it when the light is older than ``light_interval``."""
SHARE_ROUNDING = 1e-12
"""Difference between shares of the power that is rounding and calls for no new light."""

Region = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True)
class Beam:
    """What firing does, as powers [W]; ``heat`` is the power density in the tissue [W/m^3]."""

    fired: float
    emitted: float
    absorbed: float
    escaped: float
    heat: NDArray[np.float32]
    tips: NDArray[np.float64]


class Illumination:
    """Light and film heat of the firing fibres.

    Parameters
    ----------
    domain : Domain
        The tissue they shine into.
    film_fraction : float
        Share of a bare fibre's emitted power that its char film turns into heat [1].
    light_interval : float
        Age [s] at which the light is renewed if the tissue has changed at all.
    whitening_span : float
        Spread of the rates at which tissue whitens (`coagulated_fraction`); 1 for one rate.

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
        whitening_span: float = 1.0,
    ) -> None:
        self._grid = domain.grid
        self._whitening_span = whitening_span
        self._film_fraction = film_fraction
        self._interval = light_interval
        self._optics = TissueOptics(domain.labels, domain.tissues)
        self._solver = DiffusionSolver(domain.grid)
        self._fibres: tuple[Fibre, ...] = ()
        self._emitted: tuple[float, ...] = ()
        self._films: tuple[float, ...] = ()
        self._film_heat = np.zeros(self._grid.shape, dtype=np.float32)
        self._field: LightField | None = None
        self._solved_for: tuple[Emission, ...] = ()
        self._coagulation = np.zeros(self._grid.shape, dtype=np.float32)
        self._char = np.zeros(self._grid.shape, dtype=np.float32)
        self._solved_at = 0.0
        self.n_updates = 0
        self.n_iterations = 0
        self.wall = 0.0

    def switch(self, fibres: Sequence[Fibre], power: Sequence[float]) -> None:
        """Let ``fibres`` fire with the set ``power`` [W each]; those with 0 W stay dark."""
        firing = [(f, p) for f, p in zip(fibres, power, strict=True) if p > 0.0]
        self._fibres = tuple(fibre for fibre, _ in firing)
        self._fired = sum(p for _, p in firing)
        self._emitted = tuple(p * fibre.transmission for fibre, p in firing)
        self._films = tuple(
            e * self._film_fraction if fibre.kind == "bare" else 0.0
            for fibre, e in zip(self._fibres, self._emitted, strict=True)
        )
        heat = np.zeros(self._grid.shape)
        for fibre, film in zip(self._fibres, self._films, strict=True):
            if film > 0.0:
                heat += film * film_heat(self._grid, fibre)
        self._film_heat = heat.astype(np.float32)

    def _coagulated(self, whitening: NDArray[np.floating]) -> NDArray[np.float32]:
        return coagulated_fraction(whitening, self._whitening_span).astype(np.float32)

    @property
    def _optical(self) -> float:
        """Power that leaves the fibres as light [W]."""
        return sum(self._emitted) - sum(self._films)

    def _emissions(self) -> tuple[Emission, ...]:
        return tuple(
            Emission(fibre.tip, fibre.direction, fibre.length, (emitted - film) / self._optical)
            for fibre, emitted, film in zip(self._fibres, self._emitted, self._films, strict=True)
            if emitted > film
        )

    def is_due(
        self,
        now: float,
        whitening: NDArray[np.floating],
        char: NDArray[np.floating],
        region: Region,
    ) -> bool:
        """Say whether the light no longer fits the fibres or the tissue at time ``now`` [s].

        Only the cells of ``region`` can have changed since the light was solved for.
        """
        if self._optical <= 0.0:
            return False
        if self._field is None or not _is_same(self._emissions(), self._solved_for):
            return True
        change = np.abs(self._coagulated(whitening[region]) - self._coagulation[region])
        change += np.abs(char[region] - self._char[region])
        weighted = np.einsum("zyx,zyx->z", self._field.absorbed_per_watt[region], change)
        moved = float(weighted.sum(dtype=np.float64)) * self._grid.cell_volume
        moved /= self._field.absorbed
        old = now - self._solved_at >= self._interval
        return moved > OPTICS_CHANGE or (old and moved > OPTICS_STALE)

    def solve(
        self, now: float, whitening: NDArray[np.floating], char: NDArray[np.floating]
    ) -> None:
        """Compute the light in the tissue as it is at time ``now`` [s]."""
        started = time.perf_counter()
        self._coagulation = self._coagulated(whitening)
        self._char = char.astype(np.float32)
        self._solved_for = self._emissions()
        absorption, scattering = self._optics.mix(self._coagulation, self._char)
        self._field = self._solver.solve(absorption, scattering, self._solved_for)
        self._solved_at = now
        self.n_updates += 1
        self.n_iterations += self._field.iterations
        self.wall += time.perf_counter() - started

    def beam(self) -> Beam:
        """Return what the firing fibres do at present."""
        optical, film = self._optical, sum(self._films)
        heat, absorbed, escaped = self._film_heat, film, 0.0
        if optical > 0.0 and self._field is not None:
            heat = heat + np.float32(optical) * self._field.absorbed_per_watt
            absorbed += optical * self._field.absorbed
            escaped = optical * self._field.escaped
        return Beam(
            fired=self._fired,
            emitted=sum(self._emitted),
            absorbed=absorbed,
            escaped=escaped,
            heat=heat,
            tips=np.array([fibre.tip for fibre in self._fibres]).reshape(-1, 3),
        )


def _is_same(some: Sequence[Emission], others: Sequence[Emission]) -> bool:
    """Say whether the same fibres fire with the same shares, up to rounding."""
    return len(some) == len(others) and all(
        replace(one, share=other.share) == other and abs(one.share - other.share) < SHARE_ROUNDING
        for one, other in zip(some, others, strict=True)
    )
