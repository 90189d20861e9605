r"""Fluence by the diffusion equation, driven by the first scatterings of the fibres' light.

The diffuse fluence rate :math:`\phi` obeys

.. math:: -\nabla\cdot(D\,\nabla\phi) + \mu_a\phi = S, \qquad D = 1/(3(\mu_a + \mu_s')),

with the Marshak condition :math:`-D\,\partial\phi/\partial n = \phi/2` at the outer wall: no
light comes back in, and outside there is the same refractive index [Haskell1994]_. S is the
light's first scattering, see `ablsim.light.emission`. Absorbed are :math:`\mu_a\phi` and what the
collimated beam loses by absorption.

Discretisation. Integrating over a cell of edge h and dividing by h gives

.. math:: \sum_f T_f(\phi_i - \phi_f) + \bigl(\mu_a h^2 + \textstyle\sum_w h\,G_w\bigr)\,\phi_i
   = s_i/h, \qquad T_f = \frac{2 D D'}{D + D'}, \quad G_w = \frac{1}{2 + h/2D},

summed over faces f to neighbours and walls w, with s the power launched in the cell. The harmonic
mean makes the flux the same seen from both sides of a face, so layers are met to second order in
h; :math:`G_w` puts half a cell of tissue in series with the wall. Adding all cells cancels the
inner faces: absorbed plus escaped equals emitted up to the residual of the linear solver. The
matrix is symmetric positive definite; `ablsim.light.multigrid` solves it [Briggs2000]_.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.deposition import spread
from ablsim.errors import CaseError
from ablsim.grid import Block, Grid
from ablsim.light.emission import Emission, launch
from ablsim.light.field import LightField
from ablsim.light.multigrid import Multigrid

__all__ = ["DiffusionSolver", "Emission", "LightField"]

Floats = NDArray[np.floating]
_WHOLE: Block = (slice(None), slice(None), slice(None))


class DiffusionSolver:
    """Solves for the light of any set of fibres in one grid, again and again.

    Keeps its buffers and the last fluence, from which the next solve starts.

    Parameters
    ----------
    grid : Grid
        The cells.
    tolerance : float
        Relative residual at which the linear solver stops.
    dtype : dtype
        float32 or float64, the type of the working arrays; sums are float64 in both cases.
    """

    def __init__(
        self, grid: Grid, *, tolerance: float = 1e-4, dtype: type[np.floating] = np.float32
    ) -> None:
        self.grid = grid
        self.tolerance = tolerance
        self._multigrid = Multigrid(grid.shape, dtype)

    def solve(self, mu_a: Floats, mu_s_prime: Floats, emissions: Sequence[Emission]) -> LightField:
        """Return where the light of ``emissions`` is absorbed.

        Parameters
        ----------
        mu_a, mu_s_prime : ndarray of float, shape (nz, ny, nx)
            Absorption and reduced scattering coefficient of every cell [1/m].
        emissions : sequence of Emission
            The fibres that shine, with their shares of the power.

        Returns
        -------
        LightField
            Absorbed power per emitted watt and its books.
        """
        total = sum(emission.share for emission in emissions)
        if abs(total - 1.0) > 1e-6:
            msg = f"the emissions' shares add up to {total:.7g}, not to 1"
            raise CaseError(msg)
        mu_a, mu_s_prime = self._prepare(mu_a), self._prepare(mu_s_prime)
        launches = [launch(self.grid, mu_a, mu_s_prime, emission) for emission in emissions]
        points = np.concatenate([part.points for part in launches])
        scattered = np.concatenate([part.scattered for part in launches])
        absorbed = np.concatenate([part.absorbed for part in launches])
        where, (source, power) = spread(self.grid, points, [scattered, absorbed])

        residual, iterations = self._solve(mu_a, mu_s_prime, where, source)
        density = (mu_a * self._multigrid.solution).astype(np.float32, copy=False)
        density[where] += power / self.grid.cell_volume
        escaped = self._wall_loss(mu_a, mu_s_prime) + sum(part.escaped for part in launches)
        share = float(density.sum(dtype=np.float64)) * self.grid.cell_volume
        return LightField(density, share, escaped, residual, iterations)

    def fluence(self, mu_a: Floats, mu_s_prime: Floats, source: ArrayLike) -> Floats:
        """Return the diffuse fluence rate of a given source.

        Parameters
        ----------
        mu_a, mu_s_prime : ndarray of float, shape (nz, ny, nx)
            Absorption and reduced scattering coefficient of every cell [1/m].
        source : array_like of float, shape (nz, ny, nx)
            Diffuse light launched in each cell [W].

        Returns
        -------
        ndarray of float, shape (nz, ny, nx)
            Fluence rate [W/m^2] in the solver's type.
        """
        mu_a, mu_s_prime = self._prepare(mu_a), self._prepare(mu_s_prime)
        self._solve(mu_a, mu_s_prime, _WHOLE, np.asarray(source))
        return self._multigrid.solution.copy()

    def state(self) -> dict[str, Floats]:
        """Return the last fluence, from which the next solve starts; not a copy."""
        return {"solution": self._multigrid.solution}

    def restore(self, state: Mapping[str, Floats]) -> None:
        """Go back to a ``state``."""
        self._multigrid.solution[...] = state["solution"]

    def _prepare(self, coefficient: Floats) -> Floats:
        """Return a coefficient in the working type, after a look at shape and sign."""
        work = np.ascontiguousarray(coefficient, dtype=self._multigrid.dtype)
        if work.shape != self.grid.shape:
            msg = f"optical coefficients of shape {work.shape} on a grid of {self.grid.shape}"
            raise CaseError(msg)
        if not work.min() > 0.0 or not np.isfinite(work.max()):
            msg = "absorption and reduced scattering must be positive and finite in every cell"
            raise CaseError(msg)
        return work

    def _solve(
        self, mu_a: Floats, mu_s_prime: Floats, where: Block, source: NDArray[np.float64]
    ) -> tuple[float, int]:
        """Solve for the powers ``source`` [W] launched in the cells ``where``."""
        spacing = self.grid.spacing
        self._multigrid.discretise(mu_a, mu_s_prime, spacing)
        rhs = self._multigrid.rhs
        rhs.fill(0.0)
        rhs[where] = source / spacing
        return self._multigrid.solve(self.tolerance)

    def _wall_loss(self, mu_a: Floats, mu_s_prime: Floats) -> float:
        """Return the diffuse light that leaves through the six outer walls [W]."""
        h, total = self.grid.spacing, 0.0
        for axis in range(3):
            for side in (0, -1):
                cells = tuple(side if d == axis else slice(None) for d in range(3))
                attenuation = mu_a[cells].astype(np.float64) + mu_s_prime[cells]
                conductance = 1.0 / (2.0 + 1.5 * h * attenuation)
                total += float((conductance * self._multigrid.solution[cells]).sum())
        return total * h**2
