"""The part of the domain that the firing fibres light, and the light in it.

Light is gone some centimetres from where it leaves the fibres. A treatment with many placements
has a domain much larger than that, so the light is solved for around the fibres that fire alone.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import lambertw

from ablsim.grid import Block, Grid
from ablsim.light.coefficients import effective_attenuation
from ablsim.light.emission import Emission
from ablsim.light.engine import LightSettings
from ablsim.light.fibre import Fibre
from ablsim.light.field import LightField
from ablsim.tissue.properties import Tissue

LOST = 0.01
"""Share of a fibre's light that would be absorbed beyond the block if no tissue coagulated [1]."""
WORTH = 0.6
"""Largest share of the domain for which a part is worth its moving about [1]."""


def light_reach(tissues: Sequence[Tissue]) -> float:
    r"""Return how far around every lit place light is solved for [m].

    In the tissue that light crosses most easily, all but the share `LOST` of the power of a point
    is absorbed within that radius r: :math:`(1 + \mu_{eff} r)\,e^{-\mu_{eff} r}` is left
    [Haskell1994]_. What passes the border is booked as escaped.
    """
    states = [state for t in tissues for state in (t.optical.native, t.optical.coagulated)]
    weakest = min(
        float(effective_attenuation(state.absorption.si, state.reduced_scattering.si))
        for state in states
    )
    lengths = -1.0 - lambertw(-LOST / math.e, -1).real  # the larger root of (1 + x) e^-x = LOST
    return float(lengths) / weakest


def lit_block(grid: Grid, fibres: Sequence[Fibre], reach: float) -> Block:
    """Return the cells ``(z, y, x)`` within ``reach`` [m] of where ``fibres`` light, as a block.

    Where that is most of the grid, or no fibre is given, it is the whole of it.
    """
    points = [point for fibre in fibres for point in fibre.emission_points()]
    if not points:
        return grid.whole
    index = grid.index(points) + 0.5
    low, high = index.min(axis=0) - reach / grid.spacing, index.max(axis=0) + reach / grid.spacing
    z, y, x = (
        slice(max(0, math.floor(a)), min(n, math.ceil(b)))
        for a, b, n in zip(low, high, grid.shape, strict=True)
    )
    part = grid.part((z, y, x))
    return (z, y, x) if part.n_cells < WORTH * grid.n_cells else grid.whole


class LitBlock:
    """Light in a block of the domain, kept up with the changing tissue.

    Parameters
    ----------
    grid : Grid
        The cells of the domain.
    block : tuple of slice
        Those of them that are lit.
    labels : ndarray of uint8, shape (nz, ny, nx)
        Index of the tissue of each cell of the domain.
    tissues : sequence of Tissue
        The tissues.
    settings : LightSettings
        How the light is computed; by default by diffusion.

    Attributes
    ----------
    grid : Grid
        The cells of the block.
    coagulation, char : ndarray of float32
        Shares of changed tissue for which the light was solved.
    field : LightField or None
        The light; None before it has been solved for.
    """

    def __init__(
        self,
        grid: Grid,
        block: Block,
        labels: NDArray[np.uint8],
        tissues: Sequence[Tissue],
        settings: LightSettings | None = None,
    ) -> None:
        self.block = block
        self.grid = grid.part(block)
        self.coagulation = np.zeros(self.grid.shape, dtype=np.float32)
        self.char = np.zeros(self.grid.shape, dtype=np.float32)
        self.field: LightField | None = None
        settings = LightSettings() if settings is None else settings
        self._engine = settings.make(self.grid, labels[block], tissues)

    def within(self, region: Block) -> tuple[Block, Block]:
        """Return what block and ``region`` share, in cells of the domain and of the block."""
        shared, own = [], []
        for whole, part in zip(self.block, region, strict=True):
            first, last, _ = part.indices(whole.stop)
            start = max(whole.start, first)
            stop = max(start, last)
            shared.append(slice(start, stop))
            own.append(slice(start - whole.start, stop - whole.start))
        return (shared[0], shared[1], shared[2]), (own[0], own[1], own[2])

    def change(
        self, own: Block, coagulation: NDArray[np.float32], char: NDArray[np.float32]
    ) -> None:
        """Take over how much of the tissue in the cells ``own`` of the block has changed."""
        self.coagulation[own] = coagulation
        self.char[own] = char
        self._engine.change(own, self.coagulation[own], self.char[own])

    def solve(self, emissions: Sequence[Emission], update: int = 0) -> LightField:
        """Return, and keep, the light of ``emissions`` in the tissue as it was last given.

        ``update`` numbers the solves of a run, for engines with random numbers.
        """
        self.field = self._engine.solve(emissions, update)
        return self.field

    def state(self) -> dict[str, Any]:
        """Return the light and what it was solved for, by name; arrays are not copies."""
        field = self.field
        return {
            "block": tuple((part.start, part.stop) for part in self.block),
            "coagulation": self.coagulation,
            "char": self.char,
            **self._engine.state(),
            "absorbed_per_watt": None if field is None else field.absorbed_per_watt,
            "books": None
            if field is None
            else (
                field.absorbed,
                field.escaped,
                field.residual,
                field.iterations,
                field.photons,
                field.noise,
            ),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a ``state`` of the same block."""
        self.change(self.grid.whole, state["coagulation"], state["char"])
        self._engine.restore(state)
        books = state["books"]
        self.field = None if books is None else LightField(state["absorbed_per_watt"], *books)
