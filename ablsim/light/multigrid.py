"""Conjugate gradients preconditioned with one multigrid cycle, on buffers made once.

Solves the finite-volume diffusion system of `ablsim.kernels.diffusion` on any box of cells: odd,
prime and flat shapes are coarsened by rounding up, the last coarse cell of an axis being thinner.
Coarse levels follow Galerkin's sums over blocks of cells, with the couplings scaled by the
distance between centres [Briggs2000]_.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import UnfinishedError
from ablsim.kernels import diffusion, multigrid

Floats = NDArray[np.floating]
Loop = Callable[..., None]

SERIAL_BELOW = 150**3
"""Number of cells below which one thread is faster than waiting for a second one."""

STIFFENING = 1.2
"""Factor on the coarse couplings; saves up to one iteration in eight between 1.1 and 1.4."""

TWICE = (1, 2)
"""Levels that cycle twice per visit, which keeps iterations from growing with the grid."""

ITERATIONS_MAX = 100

_INTERIOR = (slice(1, -1), slice(1, -1), slice(1, -1))


@dataclass(frozen=True, slots=True)
class _Level:
    """One grid of the hierarchy; arrays are padded by one cell on every side.

    ``factors`` and ``weights`` lead to the next coarser level; ``damping`` is that of Jacobi's
    relaxation within planes and needed only where there are no other planes.
    """

    shape: tuple[int, int, int]
    diag: Floats
    tz: Floats
    ty: Floats
    tx: Floats
    b: Floats
    z: Floats
    factors: tuple[int, int, int]
    weights: tuple[Floats, Floats, Floats]
    damping: np.floating

    @property
    def is_small(self) -> bool:
        """Whether one thread is faster on this level."""
        nz, ny, nx = self.shape
        return nz * ny * nx < SERIAL_BELOW

    @property
    def couplings(self) -> tuple[Floats, Floats, Floats]:
        return self.tz, self.ty, self.tx

    def choose(self, threaded: Loop, serial: Loop) -> Loop:
        """Return the loop that is faster on this level."""
        return serial if self.is_small else threaded


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
        self._levels, *self._packed = _make_levels(shape, dtype)
        steps = _cycle(0, len(self._levels) - 1)
        # neighbouring steps on small levels are one call
        self._stretches = [
            (is_small, np.array(list(stretch)))
            for is_small, stretch in groupby(steps, lambda step: self._levels[step[1]].is_small)
        ]
        padded = self._levels[0].z.shape
        self._c, self._x, self._p, self._image = (np.zeros(padded, dtype) for _ in range(4))
        self._sums = np.zeros((2, padded[0]))

    @property
    def rhs(self) -> Floats:
        """The right-hand side to fill before `solve`, which leaves the residual there."""
        return self._levels[0].b[_INTERIOR]

    @property
    def solution(self) -> Floats:
        """The last solution, and the next first guess."""
        return self._x[_INTERIOR]

    def discretise(self, mu_a: Floats, mu_s_prime: Floats, spacing: float) -> None:
        """Set every level's coefficients from the optics [1/m] and the spacing [m].

        The arrays must have the solver's type, be contiguous and of shape ``(nz, ny, nx)``.
        """
        top, c = self._levels[0], self._c
        discretise = top.choose(diffusion.discretise, diffusion.discretise_serial)
        discretise(mu_a, mu_s_prime, self.dtype.type(spacing), top.diag, *top.couplings, c)
        for fine, coarse in zip(self._levels, self._levels[1:], strict=False):
            coarsen = coarse.choose(multigrid.coarsen, multigrid.coarsen_serial)
            # until the first restriction a level's b has room for its c
            result = (coarse.diag, *coarse.couplings, coarse.b)
            coarsen(*fine.factors, *fine.weights, *fine.couplings, c, *result)
            c = coarse.b

    def solve(self, tolerance: float) -> tuple[float, int]:
        """Improve ``solution`` until it fulfils the equations with the right-hand side ``rhs``.

        Parameters
        ----------
        tolerance : float
            The residual's norm, relative to that of ``rhs``, and the residual's sum, relative to
            the sum of absolute values of ``rhs``, both have to be below: the latter closes the
            balance of light.

        Returns
        -------
        tuple of float and int
            The larger of both measures, and iterations.

        Raises
        ------
        UnfinishedError
            When ``ITERATIONS_MAX`` iterations are not enough.
        """
        top = self._levels[0]
        r, p = top.b, self._p
        combine = top.choose(diffusion.combine, diffusion.combine_serial)
        norm = float(np.sqrt(self._dot(r, r)))
        if norm == 0.0:
            self._x.fill(0.0)
            return 0.0, 0
        total = float(np.abs(self.rhs).sum(dtype=np.float64))
        residual = self._start(norm, total)
        rho_before = np.inf
        iterations = 0
        while not residual <= tolerance:
            if iterations == ITERATIONS_MAX:
                msg = (
                    f"the light solver stands at a residual of {residual:.1e} after {iterations} "
                    f"iterations and was asked for {tolerance:.1e}: ask for less, or set "
                    "numerics.precision = 'float64'"
                )
                raise UnfinishedError(msg)
            self._cycle()
            rho = self._dot(r, top.z)
            combine(p, top.z, self.dtype.type(rho / rho_before))
            curvature = self._apply(p)
            residual = self._advance(rho / curvature, norm, total)
            rho_before = rho
            iterations += 1
        return residual, iterations

    def multiply(self, x: Floats) -> Floats:
        """Return the matrix times ``x`` of shape ``(nz, ny, nx)``."""
        self._p[_INTERIOR] = x
        self._apply(self._p)
        return self._image[_INTERIOR].copy()

    def precondition(self, b: Floats) -> Floats:
        """Return what one cycle takes for the solution with right-hand side ``b``."""
        self.rhs[...] = b
        self._cycle()
        return self._levels[0].z[_INTERIOR].copy()

    def _start(self, norm: float, total: float) -> float:
        """Take the multiple of the last solution that is closest in energy; set the residual."""
        curvature = self._apply(self._x)
        scale = self._dot(self._x, self._levels[0].b) / curvature if curvature > 0.0 else 0.0
        self._x *= self.dtype.type(scale)
        self._p.fill(0.0)
        return self._advance(scale, norm, total)

    def _apply(self, p: Floats) -> float:
        """Image = A p; returns p . A p."""
        top = self._levels[0]
        apply = top.choose(diffusion.apply, diffusion.apply_serial)
        apply(p, self._c, *top.couplings, self._image, self._sums[0])
        return float(self._sums[0].sum())

    def _advance(self, step: float, norm: float, total: float) -> float:
        """X += step p, r -= step image; returns the relative residual."""
        top = self._levels[0]
        squares, sums = self._sums
        advance = top.choose(diffusion.advance, diffusion.advance_serial)
        advance(self._x, top.b, self._p, self._image, self.dtype.type(step), squares, sums)
        return max(float(np.sqrt(squares.sum())) / norm, abs(float(sums.sum())) / total)

    def _dot(self, a: Floats, b: Floats) -> float:
        dot = self._levels[0].choose(diffusion.dot, diffusion.dot_serial)
        dot(a, b, self._sums[0])
        return float(self._sums[0].sum())

    def _cycle(self) -> None:
        """Z = one symmetric cycle on b, from z = 0."""
        for is_small, steps in self._stretches:
            if is_small:
                multigrid.perform_serial(steps, *self._packed)
            else:
                for operation, depth in steps:
                    self._perform(operation, depth)

    def _perform(self, operation: int, depth: int) -> None:
        """Do on a large level what `multigrid.perform_serial` does on small ones."""
        here = self._levels[depth]
        system = (here.z, here.b, here.diag, *here.couplings)
        if operation == multigrid.START:
            multigrid.start(here.z, here.b, here.diag, here.tz, here.damping)
        elif operation == multigrid.RESTRICT:
            multigrid.restrict(*here.factors, *system, self._levels[depth + 1].b)
        elif operation == multigrid.PROLONG:
            multigrid.prolong(*here.factors, here.z, self._levels[depth + 1].z)
        else:
            multigrid.relax(*system, here.damping, int(operation == multigrid.FORTH))


def _cycle(depth: int, deepest: int) -> Iterator[tuple[int, int]]:
    """Yield operation and level, one after the other, of a symmetric cycle that begins at z = 0.

    It is a V whose first coarse levels cycle twice.
    """
    yield multigrid.START, depth
    yield from _correct(depth, deepest)
    yield multigrid.BACK, depth
    if depth in TWICE:
        yield multigrid.FORTH, depth
        yield from _correct(depth, deepest)
        yield multigrid.BACK, depth


def _correct(depth: int, deepest: int) -> Iterator[tuple[int, int]]:
    """Yield the steps that add the coarser level's correction to z."""
    if depth < deepest:
        yield multigrid.RESTRICT, depth
        yield from _cycle(depth + 1, deepest)
        yield multigrid.PROLONG, depth


def _make_levels(
    shape: tuple[int, int, int], dtype: type[np.floating]
) -> tuple[list[_Level], Floats, NDArray[np.int64], Floats]:
    """Halve every axis, rounding up, until a single cell is left.

    Returned are the levels, then the same as `multigrid.perform_serial` takes them: the store that
    their arrays are views of, its layout, and the damping.
    """
    thickness = [[np.ones(n) for n in shape]]
    while max(t.size for t in thickness[-1]) > 1:
        thickness.append([np.add.reduceat(t, np.arange(0, t.size, 2)) for t in thickness[-1]])
    padded = np.array([[t.size + 2 for t in axes] for axes in thickness])
    ends = np.cumsum(6 * padded.prod(axis=1))
    store = np.zeros(ends[-1], dtype)
    layout = np.column_stack([np.concatenate([[0], ends[:-1]]), padded])
    damping = np.where(padded[:, 0] > 3, 1.0, 0.8).astype(dtype)
    levels = []
    for depth, fine in enumerate(thickness):
        coarse = thickness[min(depth + 1, len(thickness) - 1)]
        fz, fy, fx = (min(2, t.size) for t in fine)
        wz, wy, wx = (_weights(t, c).astype(dtype) for t, c in zip(fine, coarse, strict=True))
        nz, ny, nx = (t.size for t in fine)
        first, last = layout[depth, 0], ends[depth]
        diag, tz, ty, tx, b, z = store[first:last].reshape(6, nz + 2, ny + 2, nx + 2)
        arrays = (diag, tz, ty, tx, b, z)
        levels.append(_Level((nz, ny, nx), *arrays, (fz, fy, fx), (wz, wy, wx), damping[depth]))
    return levels, store, layout, damping


def _weights(fine: Floats, coarse: Floats) -> Floats:
    """Return what a coarse face's summed couplings are multiplied with, by face (padded).

    That is the distance between the neighbouring centres, fine over coarse: a half, more where an
    odd number of cells leaves a thin last one; and the stiffening.
    """
    weights = np.zeros(coarse.size + 2)
    at = 2 * np.arange(1, coarse.size)
    weights[2:-1] = STIFFENING * (fine[at - 1] + fine[at]) / (coarse[:-1] + coarse[1:])
    return weights
