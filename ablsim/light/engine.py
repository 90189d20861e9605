"""The engines that light can be computed with, behind one face."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Block, Grid
from ablsim.light.diffusion import DiffusionSolver
from ablsim.light.emission import Emission
from ablsim.light.field import LightField
from ablsim.light.monte_carlo import MonteCarloSolver
from ablsim.light.optical_states import OpticalStates
from ablsim.light.tissue_optics import TissueOptics
from ablsim.tissue.properties import Tissue

EngineName = Literal["diffusion", "monte_carlo", "monte_carlo_exact"]
Array32 = NDArray[np.float32]
Labels = NDArray[np.uint8]


class Engine(Protocol):
    """Computes light in tissue that it is told the changes of."""

    def change(self, where: Block, coagulation: Array32, char: Array32) -> None:
        """Take over the shares of coagulated and of charred tissue [1] in some cells."""

    def solve(self, emissions: Sequence[Emission], update: int) -> LightField:
        """Return the light of ``emissions``; ``update`` numbers the solves of a run."""

    def state(self) -> dict[str, Any]:
        """Return what the next solve begins with, by name; arrays are not copies."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a ``state``."""


@dataclass(frozen=True, slots=True)
class LightSettings:
    """How light is computed.

    Parameters
    ----------
    engine : {"diffusion", "monte_carlo", "monte_carlo_exact"}
        By the diffusion equation, by following photons, which soon scatter by a few angles that do
        as much, or by following them with the phase function to the end.
    photons : int
        Of one solve; of no use to diffusion.
    seed : int
        Of all random numbers; of no use to diffusion.

    Notes
    -----
    ``monte_carlo``, the default, is right wherever transport is: at a tip, at the wall of a
    gallbladder, in black and in clear cells. Energies in shells from 0.5 to 15 mm about a bare tip
    are those of exact scattering to 0.25 % (errors of chance 0.05 to 0.25 %). What chance leaves in
    a cell of one update is in the summary, and blurred by conduction: with 10,000 photons, zones of
    whole treatments from two seeds are 0.08 mm apart at most and 0.006 mm in the root mean square,
    and their volumes 0.1 %; more photons hardly help.

    ``monte_carlo_exact`` scatters by the phase function to the end: 10 to 30 times the work, to
    check the default.

    ``diffusion`` has no noise: for derivatives, or to compare. In uniform tissue it is 5 to 10 %
    low within 1.5 mm of a tip and within 4 % further out; at bile, which hardly scatters, it is 14
    to 46 % off; and it lets light out of charred cells that no photon leaves, the more the coarser
    they are.
    """

    engine: EngineName = "monte_carlo"
    photons: int = 10000
    seed: int = 1

    def make(self, grid: Grid, labels: Labels, tissues: Sequence[Tissue]) -> Engine:
        """Return an engine for the cells of a grid: tissue number ``labels`` of ``tissues``."""
        if self.engine == "diffusion":
            return DiffusionEngine(grid, labels, tissues)
        return MonteCarloEngine(grid, labels, tissues, self)


class DiffusionEngine:
    """Diffusion in continuously mixed tissue; begins with the last fluence."""

    def __init__(self, grid: Grid, labels: Labels, tissues: Sequence[Tissue]) -> None:
        self._optics = TissueOptics(labels, tissues)
        native = np.zeros(grid.shape, dtype=np.float32)
        self._absorption, self._scattering = self._optics.mix(native, native)
        self._solver = DiffusionSolver(grid)

    def change(self, where: Block, coagulation: Array32, char: Array32) -> None:
        """Take over the shares of coagulated and of charred tissue [1] in some cells."""
        mixed = self._optics.mix(coagulation, char, where)
        self._absorption[where], self._scattering[where] = mixed

    def solve(self, emissions: Sequence[Emission], update: int) -> LightField:
        """Return the light of ``emissions``; the number of the solve makes no difference."""
        del update
        return self._solver.solve(self._absorption, self._scattering, emissions)

    def state(self) -> dict[str, Any]:
        """Return the last fluence."""
        return self._solver.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a ``state``."""
        self._solver.restore(state)


class MonteCarloEngine:
    """Photons in tissue whose states go in steps; every solve begins from nothing."""

    def __init__(
        self, grid: Grid, labels: Labels, tissues: Sequence[Tissue], settings: LightSettings
    ) -> None:
        self._states = OpticalStates(labels, tissues)
        self._solver = MonteCarloSolver(
            grid,
            self._states,
            photons=settings.photons,
            seed=settings.seed,
            is_exact=settings.engine == "monte_carlo_exact",
        )

    def change(self, where: Block, coagulation: Array32, char: Array32) -> None:
        """Take over the shares of coagulated and of charred tissue [1] in some cells."""
        self._states.change(coagulation, char, where)

    def solve(self, emissions: Sequence[Emission], update: int) -> LightField:
        """Return the light of ``emissions``; another ``update`` has other random numbers."""
        return self._solver.solve(emissions, update)

    def state(self) -> dict[str, Any]:
        """Return nothing: a solve knows of no other."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Do nothing."""
