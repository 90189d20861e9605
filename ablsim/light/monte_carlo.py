r"""Absorbed power by following photons: voxel Monte Carlo.

Photons leave the fibres as these really emit: from the face of a plane-cut tip into the cone of
its numerical aperture, from the sheath of a diffuser by Lambert's law. They scatter by the phase
function of Henyey and Greenstein until no beam is left of them, at a sum of 1 - cosine of
`SPREAD`; then by two angles that keep its first four moments; and once they have forgotten where
they were bound for, at `DEPTH`, by one angle that keeps two: seven and fourteen times less often
(`ablsim.light.similar`). ``is_exact`` follows every scattering as it is.

Sums are integers and every photon has its own random numbers, so the same seed gives the same bits
with any number of threads. What is launched, absorbed, escapes and is played for at roulette
balances to the last bit, which is asserted in every solve; what roulette gained or lost by chance,
a thousandth or so, is then shared out in proportion.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError
from ablsim.geometry import perpendiculars
from ablsim.grid import Grid, Point
from ablsim.kernels import photon
from ablsim.kernels.photon_states import bound_blocks
from ablsim.kernels.tallies import settle
from ablsim.light.emission import Emission
from ablsim.light.field import LightField
from ablsim.light.optical_states import OpticalStates
from ablsim.light.similar import one_angle, two_angles

SPREAD = 0.5
"""Sum of 1 - cosine over its scatterings after which a photon goes on by two angles [1]."""

DEPTH = 3.0
"""Sum of 1 - cosine over its scatterings after which a photon goes on by one angle [1]."""

THRESHOLD = 0.05
"""Weight of a photon below which roulette decides whether it goes on."""

BLOCK = 2e-3
"""About the edge of the blocks over which the strongest attenuation is taken [m]."""

MOST_THREADS = 8
"""Threads that follow photons: each has tallies of its own, 16 bytes for every cell."""

_NEVER = 1e30  # a depth that no photon gets to
_PIECES = 4  # of the photons, for each thread: short ones fill the gaps of long ones
_SLACK = 1.0 + 1e-6  # so that rounding keeps bounds above what they bound


class MonteCarloSolver:
    """Follows the photons of any set of fibres in one grid, again and again.

    Parameters
    ----------
    grid : Grid
        The cells.
    states : OpticalStates
        What they are; may change between two solves.
    photons : int
        Of one solve.
    seed : int
        Of all random numbers.
    is_exact : bool
        To scatter by the phase function itself, always.
    threshold : float
        Weight of a photon below which roulette decides whether it goes on.
    """

    def __init__(
        self,
        grid: Grid,
        states: OpticalStates,
        *,
        photons: int,
        seed: int,
        is_exact: bool = False,
        threshold: float = THRESHOLD,
    ) -> None:
        self.grid = grid
        self._states = states
        self._photons = photons
        self._seed = seed
        self._threshold = np.float32(threshold)
        self._depth = np.float32(_NEVER if is_exact else DEPTH)
        self._late = np.float32(DEPTH - SPREAD)
        self._shift = max(0, round(math.log2(BLOCK / grid.spacing)))
        edge = 1 << self._shift
        blocks = [-(-n // edge) for n in grid.shape]
        self._own, self._across, self._bounds = (
            np.empty((3, *blocks), dtype=np.float32) for _ in range(3)
        )
        self._table = _table(states, grid.spacing)
        self._attenuation = self._table[:, : photon.SCATTERS + 1].sum(axis=1).reshape(3, -1)
        self._attenuation = (self._attenuation * _SLACK).astype(np.float32)
        threads = min(MOST_THREADS, photon.thread_count())
        nz, ny, nx = grid.shape
        self._tallies = np.zeros((2, threads, nz, ny * nx), dtype=np.int64)  # of two halves
        self._ledgers = np.zeros((threads, photon.LEDGER), dtype=np.int64)

    def solve(self, emissions: Sequence[Emission], update: int) -> LightField:
        """Return where the light of ``emissions`` is absorbed.

        Parameters
        ----------
        emissions : sequence of Emission
            The fibres that shine, with their shares of the power.
        update : int
            Number of the solve; another has other random numbers.

        Returns
        -------
        LightField
            Absorbed power per emitted watt, its books and its noise.
        """
        total = sum(emission.share for emission in emissions)
        if abs(total - 1.0) > 1e-6:
            msg = f"the emissions' shares add up to {total:.7g}, not to 1"
            raise CaseError(msg)
        # so that the order in which fibres are given makes no difference
        emissions = sorted(emissions, key=astuple)
        cells = self._states.cells.ravel()
        bound_blocks(
            cells, self._attenuation, self.grid.shape, self._shift, self._own, self._across,
            self._bounds,
        )  # fmt: skip
        ledgers = [
            self._follow(cells, emissions, (self._photons + half) // 2, half, update)
            for half in range(2)
        ]
        launched, escaped, roulette = (
            int(one + other) for one, other in zip(*ledgers, strict=True)
        )
        arrived = launched - roulette
        density = np.empty(self._tallies.shape[2:], dtype=np.float32)
        planes, unrest = np.empty(len(density), dtype=np.int64), np.empty(len(density))
        settle(self._tallies, 1.0 / (arrived * self.grid.cell_volume), density, planes, unrest)
        absorbed = int(planes.sum())
        if absorbed + escaped != arrived:
            msg = "the books of the photons do not close: please report this case"
            raise ArithmeticError(msg)
        return LightField(
            density.reshape(self.grid.shape),
            absorbed / arrived,
            escaped / arrived,
            0.0,
            0,
            self._photons,
            # the difference of two independent halves has the variance of their sum
            math.sqrt(float(unrest.sum()) / absorbed),
        )

    def _follow(
        self,
        cells: NDArray[np.uint16],
        emissions: Sequence[Emission],
        photons: int,
        half: int,
        update: int,
    ) -> NDArray[np.int64]:
        """Add what half of the photons do to its tallies, and return their ledger."""
        number = (self._seed, update, half)
        key = np.random.SeedSequence(number).generate_state(1, np.uint64)[0]
        counts = _shared_out(photons, [emission.share for emission in emissions])
        sources = [
            self._source(emission, emission.share * photons / count)
            for emission, count in zip(emissions, counts, strict=True)
        ]
        tallies = self._tallies[half].reshape(len(self._ledgers), -1)
        photon.trace(
            0, int(sum(counts)), _PIECES * len(tallies), key, np.array(sources),
            np.cumsum(counts), cells, self._table, self._bounds.ravel(), self.grid.shape,
            self._shift, self._depth, self._late, self._threshold, tallies, self._ledgers,
        )  # fmt: skip
        ledger = self._ledgers.sum(axis=0)
        self._ledgers[:] = 0
        return np.asarray(ledger)

    def _source(self, emission: Emission, amount: float) -> NDArray[np.float32]:
        """Return an emission as a row of the table of sources."""
        if not self.grid.contains(emission.tip):
            x, y, z = (1e3 * value for value in emission.tip)
            msg = (
                f"the fibre tip at ({x:.4g}, {y:.4g}, {z:.4g}) mm lies outside the computed box: "
                "make domain.size larger or move the fibre"
            )
            raise CaseError(msg)
        h = self.grid.spacing
        row = np.zeros(photon.SOURCE_COLUMNS, dtype=np.float32)
        row[photon.TIP : photon.TIP + 3] = (np.asarray(emission.tip) - self.grid.origin) / h
        row[photon.SIDE : photon.AXIS + 3] = _axes(emission.direction)
        row[photon.RADIUS] = emission.radius / h
        row[photon.COS_CONE] = math.cos(emission.half_angle)
        row[photon.ACTIVE] = emission.length / h
        row[photon.SHEATH] = emission.length > 0.0
        row[photon.AMOUNT] = amount
        return row


@lru_cache(maxsize=256)  # every update asks for those of the same few fibres
def _axes(direction: Point) -> NDArray[np.float64]:
    """Return two unit vectors across a direction and the one along it, one after the other."""
    axis = np.asarray(direction, dtype=np.float64)
    axis = axis / np.linalg.norm(axis)
    return np.concatenate([*perpendiculars(axis), axis])


def _table(states: OpticalStates, spacing: float) -> NDArray[np.float32]:
    """Return the kernel's table of all states in the three media that photons go through."""
    mu_a, mu_s, g = states.absorption * spacing, states.scattering * spacing, states.anisotropy
    parts = [
        (mu_a, mu_s, g, g, g),
        *(
            (mu_a, mu_s * turns.rate, turns.share, turns.one, turns.other)
            for turns in (two_angles(g), one_angle(g))
        ),
    ]
    rows = np.concatenate([np.stack(part, axis=1) for part in parts])
    return rows.astype(np.float32)  # a row for each, in one piece


def _shared_out(photons: int, shares: Sequence[float]) -> list[int]:
    """Return how many photons each share gets, one at least: by largest remainders."""
    wanted = [photons * share for share in shares]
    counts = [max(1, math.floor(value)) for value in wanted]
    by_rest = sorted(range(len(shares)), key=lambda i: counts[i] - wanted[i])
    for i in by_rest[: max(0, photons - sum(counts))]:
        counts[i] += 1
    return counts
