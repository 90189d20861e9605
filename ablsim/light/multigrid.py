"""Conjugate gradients preconditioned with one multigrid V-cycle, on buffers made once.

Solves the finite-volume diffusion system of `ablsim.kernels.diffusion` on any box of cells: odd,
prime and flat shapes are coarsened by rounding up, the last coarse cell of an axis being thinner.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import UnfinishedError
from ablsim.kernels import diffusion, multigrid

Floats = NDArray[np.floating]

SERIAL_BELOW = 80**3
COARSEST = 1
DAMPING_FLAT = 0.8
COARSEST_SWEEPS = 6
ITERATIONS_MAX = 100


@dataclass(frozen=True, slots=True)
class _Level:
    """One grid of the hierarchy; arrays are padded by one cell on every side."""

    shape: tuple[int, int, int]
    diag: Floats
    tz: Floats
    ty: Floats
    tx: Floats
    b: Floats
    z: Floats
    factors: tuple[int, int, int]
    weights: tuple[Floats, Floats, Floats]

    @property
    def damping(self) -> np.floating:
        """Of Jacobi within planes: none is needed where other planes take part."""
        return self.z.dtype.type(DAMPING_FLAT if self.shape[0] == 1 else 1.0)

    @property
    def is_small(self) -> bool:
        nz, ny, nx = self.shape
        return nz * ny * nx < SERIAL_BELOW


class Multigrid:
    """The hierarchy of grids over one box and the vectors of the iteration.

    Parameters
    ----------
    shape : tuple of int
        Number of cells ``(nz, ny, nx)``.
    dtype : dtype
        float32 or float64: type of every array; sums are float64 in both cases.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: type[np.floating]) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        padded = tuple(n + 2 for n in shape)
        self.x = np.zeros(padded, dtype)
        self._p = np.zeros(padded, dtype)
        self._c = np.zeros(padded, dtype)
        self._image = np.zeros(padded, dtype)
        self._levels = _make_levels(shape, dtype)
        self._sums = np.zeros((2, padded[0]))

    @property
    def interior(self) -> tuple[slice, slice, slice]:
        """The slices that cut the halo off a padded array."""
        return (slice(1, -1), slice(1, -1), slice(1, -1))

    @property
    def rhs(self) -> Floats:
        """The right-hand side to fill before `solve`; it is overwritten by the residual."""
        return self._levels[0].b[self.interior]

    @property
    def solution(self) -> Floats:
        """The last solution and the next first guess."""
        return self.x[self.interior]

    def discretise(self, mu_a: Floats, mu_s_prime: Floats, spacing: float) -> None:
        """Set every level's coefficients from the optics [1/m] and the spacing [m]."""
        top = self._levels[0]
        h = self.dtype.type(spacing)
        c = self._c
        self._run.discretise(mu_a, mu_s_prime, h, top.diag, top.tz, top.ty, top.tx, c)
        for fine, coarse in zip(self._levels, self._levels[1:], strict=False):
            coarsen = multigrid.coarsen_serial if coarse.is_small else multigrid.coarsen
            coarsen(
                *fine.factors, *fine.weights, fine.tz, fine.ty, fine.tx, c,
                coarse.diag, coarse.tz, coarse.ty, coarse.tx, coarse.b,
            )
            c = coarse.b

    def solve(self, tolerance: float) -> tuple[float, int]:
        """Improve ``solution`` until the residual of ``rhs`` is small.

        Stops when the residual's norm is below ``tolerance`` times that of the right-hand side,
        and its sum below ``tolerance`` times the sum of absolute values (so the balance closes).

        Returns
        -------
        tuple of float and int
            Relative residual (the larger of both measures) and iterations.
        """
        r, x, p = self._levels[0].b, self.x, self._p
        norm = self._dot(r, r) ** 0.5
        total = float(np.abs(self.rhs).sum(dtype=np.float64))
        if norm == 0.0:
            x.fill(0.0)
            return 0.0, 0
        residual = self._guess(norm, total)
        p.fill(0.0)
        rho_old = 1.0
        iterations = 0
        while residual > tolerance:
            if iterations == ITERATIONS_MAX:
                msg = (
                    f"the light solver stopped at a residual of {residual:.1e} after "
                    f"{iterations} iterations; asked for {tolerance:.1e}: ask for less, or "
                    "set numerics.precision = 'float64'"
                )
                raise UnfinishedError(msg)
            self._cycle(0)
            rho = self._dot(r, self._levels[0].z)
            self._run.combine(p, self._levels[0].z, self.dtype.type(rho / rho_old if iterations else 0.0))
            curvature = self._apply(p)
            residual = self._advance(p, rho / curvature, norm, total)
            rho_old = rho
            iterations += 1
        return residual, iterations

    def multiply(self, p: Floats) -> Floats:
        """Return A p for a padded array with a halo of zeros; valid until the next call."""
        self._apply(p)
        return self._image

    def precondition(self, b: Floats) -> Floats:
        """Return one V-cycle's approximation of the solution for the right-hand side ``b``."""
        self.rhs[...] = b
        self._cycle(0)
        return self._levels[0].z[self.interior]

    def _guess(self, norm: float, total: float) -> float:
        """Scale the last solution to its best multiple; r = b - A x."""
        r, x = self._levels[0].b, self.x
        curvature = self._apply(x)
        scale = self._dot(x, r) / curvature if curvature > 0.0 else 0.0
        self._p.fill(0.0)
        x *= self.dtype.type(scale)
        # p = 0: x stays, r -= scale A x
        return self._advance(self._p, scale, norm, total)

    def _apply(self, p: Floats) -> float:
        top = self._levels[0]
        self._run.apply(p, self._c, top.tz, top.ty, top.tx, self._image, self._sums[0])
        return float(self._sums[0].sum())

    def _advance(self, p: Floats, step: float, norm: float, total: float) -> float:
        r = self._levels[0].b
        squares, sums = self._sums
        self._run.advance(self.x, r, p, self._image, self.dtype.type(step), squares, sums)
        return max(float(squares.sum()) ** 0.5 / norm, abs(float(sums.sum())) / total)

    def _dot(self, a: Floats, b: Floats) -> float:
        self._run.dot(a, b, self._sums[0])
        return float(self._sums[0].sum())

    def _cycle(self, depth: int) -> None:
        """z = one symmetric V(1,1) cycle on b, from z = 0."""
        here = self._levels[depth]
        small = here.is_small
        start = multigrid.start_serial if small else multigrid.start
        relax = multigrid.relax_serial if small else multigrid.relax
        start(here.z, here.b, here.diag, here.tz, here.damping)
        system = (here.z, here.b, here.diag, here.tz, here.ty, here.tx)
        if depth + 1 < len(self._levels):
            below = self._levels[depth + 1]
            restrict = multigrid.restrict_serial if small else multigrid.restrict
            prolong = multigrid.prolong_serial if small else multigrid.prolong
            restrict(*here.factors, *system, below.b)
            self._cycle(depth + 1)
            prolong(*here.factors, here.z, below.z)
        relax(*system, here.damping)


def _make_levels(shape: tuple[int, int, int], dtype: type[np.floating]) -> list[_Level]:
    """Halve every axis, rounding up, until none is longer than ``COARSEST`` cells."""
    levels = []
    thickness = [np.ones(n) for n in shape]
    while True:
        padded = tuple(n + 2 for n in shape)
        arrays = [np.zeros(padded, dtype) for _ in range(6)]
        last = max(shape) <= COARSEST
        factors = tuple(1 if last or n == 1 else 2 for n in shape)
        coarse = [
            np.add.reduceat(t, np.arange(0, t.size, f))
            for t, f in zip(thickness, factors, strict=True)
        ]
        weights = tuple(
            _weights(t, c, f).astype(dtype)
            for t, c, f in zip(thickness, coarse, factors, strict=True)
        )
        levels.append(_Level(shape, *arrays, factors, weights))
        if last:
            return levels
        thickness = coarse
        shape = tuple(t.size for t in coarse)


def _weights(fine: Floats, coarse: Floats, factor: int) -> Floats:
    """Distance between neighbouring centres, fine over coarse, at each coarse face (padded)."""
    weights = np.zeros(coarse.size + 2)
    at = factor * np.arange(1, coarse.size)
    weights[2:-1] = (fine[at - 1] + fine[at]) / (coarse[:-1] + coarse[1:])
    return weights
