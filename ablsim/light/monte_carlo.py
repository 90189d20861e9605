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

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError
from ablsim.geometry import perpendiculars
from ablsim.grid import Grid
from ablsim.kernels import photon
from ablsim.kernels.photon_states import bound_blocks
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
        self._own, self._bounds = (np.empty((3, *blocks), dtype=np.float32) for _ in range(2))
        self._table = _table(states, grid.spacing)
        self._attenuation = self._table[:, : photon.SCATTERS + 1].sum(axis=1).reshape(3, -1)
        self._attenuation = (self._attenuation * _SLACK).astype(np.float32)
        threads = photon.thread_count()
        self._tallies = np.zeros((threads, grid.n_cells), dtype=np.int64)
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
        cells = self._states.cells.ravel()
        bound_blocks(
            cells, self._attenuation, self.grid.shape, self._shift, self._own, self._bounds
        )
        halves = [
            self._follow(cells, emissions, (self._photons + half) // 2, (update, half))
            for half in range(2)
        ]
        (first, one), (second, other) = halves
        launched, escaped, roulette = (int(a + b) for a, b in zip(one, other, strict=True))
        weight = first + second
        absorbed = int(weight.sum())
        if absorbed + escaped + roulette != launched:
            msg = "the books of the photons do not close: please report this case"
            raise ArithmeticError(msg)
        arrived = absorbed + escaped
        noise = _noise(first, second, absorbed)
        density = weight * (1.0 / (arrived * self.grid.cell_volume))
        return LightField(
            density.reshape(self.grid.shape).astype(np.float32),
            absorbed / arrived,
            escaped / arrived,
            0.0,
            0,
            self._photons,
            noise,
        )

    def _follow(
        self,
        cells: NDArray[np.uint16],
        emissions: Sequence[Emission],
        photons: int,
        number: tuple[int, int],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return what a part of the photons does to the cells, and their ledger."""
        key = np.random.SeedSequence((self._seed, *number)).generate_state(1, np.uint64)[0]
        counts = _shared_out(photons, [emission.share for emission in emissions])
        sources = [
            self._source(emission, emission.share * photons / count)
            for emission, count in zip(emissions, counts, strict=True)
        ]
        photon.trace(
            0, int(sum(counts)), _PIECES * len(self._tallies), key, np.array(sources),
            np.cumsum(counts), cells, self._table, self._bounds.ravel(), self.grid.shape,
            self._shift, self._depth, self._late, self._threshold, self._tallies, self._ledgers,
        )  # fmt: skip
        total = np.zeros(self.grid.n_cells, dtype=np.int64)
        photon.add_up(self._tallies, total)
        ledger = self._ledgers.sum(axis=0)
        self._ledgers[:] = 0
        return total, ledger

    def _source(self, emission: Emission, amount: float) -> NDArray[np.float32]:
        """Return an emission as a row of the table of sources."""
        if not self.grid.contains(emission.tip):
            x, y, z = (1e3 * value for value in emission.tip)
            msg = (
                f"the fibre tip at ({x:.4g}, {y:.4g}, {z:.4g}) mm lies outside the computed box: "
                "make domain.size larger or move the fibre"
            )
            raise CaseError(msg)
        axis = np.asarray(emission.direction, dtype=np.float64)
        axis = axis / np.linalg.norm(axis)
        h = self.grid.spacing
        row = np.zeros(photon.SOURCE_COLUMNS, dtype=np.float32)
        row[photon.TIP : photon.TIP + 3] = (np.asarray(emission.tip) - self.grid.origin) / h
        row[photon.SIDE : photon.AXIS + 3] = np.concatenate([*perpendiculars(axis), axis])
        row[photon.RADIUS] = emission.radius / h
        row[photon.COS_CONE] = math.cos(emission.half_angle)
        row[photon.ACTIVE] = emission.length / h
        row[photon.SHEATH] = emission.length > 0.0
        row[photon.AMOUNT] = amount
        return row


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


def _noise(first: NDArray[np.int64], second: NDArray[np.int64], absorbed: int) -> float:
    """Return the relative standard error of a cell's power, its root mean square over the power.

    The difference of two independent halves has the variance of their sum.
    """
    both = first + second
    lit = both > 0
    difference = (first[lit] - second[lit]).astype(np.float64)
    return math.sqrt(float((difference**2 / both[lit]).sum()) / absorbed)
