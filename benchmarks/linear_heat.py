"""One linear heat problem, by several programs: waves of heat fade in perfused liver.

    python benchmarks/linear_heat.py WHO

Reads jobs from standard input, one JSON object a line, ``{"n": 128, "steps": 40}``: cells along an
edge and Euler steps of 0.9 of the longest stable one. Writes a line for each: seconds of the clock
and of the processor, and the largest error against the exact solution [K]. All programs but the
finite elements make the same steps on the same cells in float32 with two threads, those that know
threads; preparing, assembling and compiling are not timed. `bench_heat.py` starts one process for
each.
"""

import json
import os
import sys
import time

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("DEVITO_LANGUAGE", "openmp")
os.environ.setdefault("DEVITO_LOGGING", "ERROR")

import numpy as np

SPACING = 1e-3
CONDUCTIVITY, CAPACITY, PERFUSION = 0.52, 3.82e6, 3.0e4
STEP = 0.9 * CAPACITY / (6.0 * CONDUCTIVITY / SPACING**2 + PERFUSION)
MOVED = CONDUCTIVITY * STEP / (CAPACITY * SPACING**2)
KEPT = 1.0 - 6.0 * MOVED - PERFUSION * STEP / CAPACITY
WAVES = 4
"""Half waves across the domain at the start. (No ball of heat: its tails are numbers so small that
a processor takes far longer for them, unless it is told to take them for 0.)"""


def exact(n, seconds):
    """Return the temperatures at a time, shape (n, n, n); 0 just outside."""
    phase = np.pi * WAVES * np.arange(1, n + 1) / (n + 1)
    number = np.pi * WAVES / ((n + 1) * SPACING)
    rate = (3.0 * CONDUCTIVITY * number**2 + PERFUSION) / CAPACITY
    along = np.sin(phase).astype(np.float32)
    height = np.float32(40.0 * np.exp(-rate * seconds))
    return height * along[:, None, None] * along[:, None] * along


class Ablsim:
    """The kernel of `ablsim.heat.uniform`."""

    def __init__(self, n, depth=None):
        from ablsim.heat.uniform import DEPTH, lay, tile
        from ablsim.kernels import uniform

        self._advance = uniform.advance
        self._depth, self._cuts = tile(n, depth or DEPTH)
        self._n, self._start, self._lay = n, exact(n, 0.0), lay
        self._none = np.zeros((1, 1, 1), np.float32)

    def prepare(self, steps):
        """Go back to the start."""
        self._theta, self._other = self._lay(self._start), self._lay(self._start)

    def run(self, steps):
        """Make the steps."""
        of = np.float32
        self._advance(
            self._theta, self._other, self._none, self._n, of(KEPT), of(MOVED), False, steps,
            self._depth, self._cuts,
        )  # fmt: skip

    def read(self):
        """Return the temperatures."""
        return self._theta[1:-1, 1:-1, 1 : self._n + 1]


class Plain(Ablsim):
    """The same kernel, one step in a pass."""

    def __init__(self, n):
        super().__init__(n, depth=1)


class Numpy:
    """Slices of arrays, without new arrays in between."""

    def __init__(self, n):
        self._start = np.pad(exact(n, 0.0), 1)

    def prepare(self, steps):
        """Go back to the start."""
        self._t, self._new = self._start.copy(), self._start.copy()
        self._sum = np.empty_like(self._start[1:-1, 1:-1, 1:-1])

    def run(self, steps):
        """Make the steps."""
        kept, moved, total = np.float32(KEPT), np.float32(MOVED), self._sum
        for _ in range(steps):
            t = self._t
            np.add(t[1:-1, 1:-1, :-2], t[1:-1, 1:-1, 2:], out=total)
            total += t[1:-1, :-2, 1:-1]
            total += t[1:-1, 2:, 1:-1]
            total += t[:-2, 1:-1, 1:-1]
            total += t[2:, 1:-1, 1:-1]
            total *= moved
            inner = self._new[1:-1, 1:-1, 1:-1]
            np.multiply(t[1:-1, 1:-1, 1:-1], kept, out=inner)
            inner += total
            self._t, self._new = self._new, self._t

    def read(self):
        """Return the temperatures."""
        return self._t[1:-1, 1:-1, 1:-1]


class Jax:
    """One compiled loop."""

    def __init__(self, n):
        import jax
        from jax import lax

        def step(_, t):
            around = (
                t[1:-1, 1:-1, :-2] + t[1:-1, 1:-1, 2:]
                + t[1:-1, :-2, 1:-1] + t[1:-1, 2:, 1:-1]
                + t[:-2, 1:-1, 1:-1] + t[2:, 1:-1, 1:-1]
            )  # fmt: skip
            inner = np.float32(KEPT) * t[1:-1, 1:-1, 1:-1] + np.float32(MOVED) * around
            return t.at[1:-1, 1:-1, 1:-1].set(inner)

        self._jax = jax
        self._loop = jax.jit(lambda t, steps: lax.fori_loop(0, steps, step, t))
        self._start = np.pad(exact(n, 0.0), 1)

    def prepare(self, steps):
        """Go back to the start."""
        self._t = self._jax.block_until_ready(self._jax.numpy.asarray(self._start))

    def run(self, steps):
        """Make the steps."""
        self._t = self._jax.block_until_ready(self._loop(self._t, steps))

    def read(self):
        """Return the temperatures."""
        return np.asarray(self._t)[1:-1, 1:-1, 1:-1]


class Torch:
    """Slices of tensors, one operation after the other, without new ones in between."""

    def __init__(self, n):
        import torch

        torch.set_num_threads(2)
        self._torch = torch
        self._start = torch.from_numpy(np.pad(exact(n, 0.0), 1))

    def prepare(self, steps):
        """Go back to the start."""
        self._t, self._new = self._start.clone(), self._start.clone()
        self._sum = self._torch.empty_like(self._start[1:-1, 1:-1, 1:-1])

    def run(self, steps):
        """Make the steps."""
        torch, total = self._torch, self._sum
        for _ in range(steps):
            t = self._t
            torch.add(t[1:-1, 1:-1, :-2], t[1:-1, 1:-1, 2:], out=total)
            total += t[1:-1, :-2, 1:-1]
            total += t[1:-1, 2:, 1:-1]
            total += t[:-2, 1:-1, 1:-1]
            total += t[2:, 1:-1, 1:-1]
            inner = self._new[1:-1, 1:-1, 1:-1]
            torch.mul(t[1:-1, 1:-1, 1:-1], KEPT, out=inner)
            inner.add_(total, alpha=MOVED)
            self._t, self._new = self._new, self._t

    def read(self):
        """Return the temperatures."""
        return self._t[1:-1, 1:-1, 1:-1].numpy()


class Devito:
    """C that it generates and compiles, OpenMP."""

    def __init__(self, n):
        from devito import Eq, Grid, Operator, TimeFunction

        grid = Grid(shape=(n, n, n), extent=((n - 1) * SPACING,) * 3, dtype=np.float32)
        self._u = TimeFunction(name="u", grid=grid, space_order=2, time_order=1)
        z, y, x = grid.dimensions
        u = self._u
        around = (
            u.subs(x, x - x.spacing) + u.subs(x, x + x.spacing)
            + u.subs(y, y - y.spacing) + u.subs(y, y + y.spacing)
            + u.subs(z, z - z.spacing) + u.subs(z, z + z.spacing)
        )  # fmt: skip
        self._operator = Operator(Eq(u.forward, KEPT * u + MOVED * around))
        self._start = exact(n, 0.0)

    def prepare(self, steps):
        """Go back to the start."""
        self._u.data_with_halo[:] = 0.0
        self._u.data[0] = self._start
        self._steps = steps

    def run(self, steps):
        """Make the steps."""
        self._operator.apply(time_m=0, time_M=steps - 1)

    def read(self):
        """Return the temperatures."""
        return np.asarray(self._u.data[self._steps % 2])


class Elements:
    """Finite elements of scikit-fem on the same nodes, implicit steps eight times as long."""

    def __init__(self, n):
        import skfem
        from scipy import sparse
        from skfem.models.poisson import laplace, mass

        places = np.linspace(0.0, (n + 1) * SPACING, n + 2)
        mesh = skfem.MeshHex.init_tensor(places, places, places)
        basis = skfem.Basis(mesh, skfem.ElementHex1())
        x, y, z = np.rint(mesh.p / SPACING).astype(int)
        inner = np.flatnonzero(np.all([(i > 0) & (i <= n) for i in (x, y, z)], axis=0))
        order = inner[np.argsort(((z * (n + 2) + y) * (n + 2) + x)[inner])]
        heat = (CAPACITY * mass.assemble(basis))[order][:, order]
        loss = laplace.assemble(basis) * CONDUCTIVITY + mass.assemble(basis) * PERFUSION
        loss = loss[order][:, order]
        self._step = self.long * STEP
        self._after = (heat + 0.5 * self._step * loss).tocsr()
        self._before = (heat - 0.5 * self._step * loss).tocsr()
        self._scale = sparse.diags(1.0 / self._after.diagonal())
        self._n = n

    long = 8

    def prepare(self, steps):
        """Go back to the start."""
        if steps % self.long:
            msg = f"{steps} steps are no multiple of {self.long}"
            raise ValueError(msg)
        self._t = exact(self._n, 0.0).astype(np.float64).ravel()

    def run(self, steps):
        """Make the steps (Crank and Nicolson 1947), each by conjugate gradients."""
        from scipy.sparse.linalg import cg

        for _ in range(steps // self.long):
            right = self._before @ self._t
            self._t, failed = cg(self._after, right, self._t, rtol=1e-6, M=self._scale)
            if failed:
                msg = "conjugate gradients have not converged"
                raise ArithmeticError(msg)

    def read(self):
        """Return the temperatures."""
        return self._t.reshape((self._n,) * 3)


class Copy:
    """What the memory gives: reads each cell once and writes it once, two threads."""

    def __init__(self, n):
        from numba import njit, prange

        @njit(parallel=True)
        def copy(source, target):
            for z in prange(source.shape[0]):
                target[z] = source[z]

        self._copy, self._start = copy, np.pad(exact(n, 0.0), 1)

    def prepare(self, steps):
        """Take new arrays."""
        self._other = self._start.copy()

    def run(self, steps):
        """Copy forth and back."""
        for step in range(steps):
            if step % 2:
                self._copy(self._other, self._start)
            else:
                self._copy(self._start, self._other)

    def read(self):
        """Return nothing that has an error."""
        return


PROGRAMS = {
    "ablsim": Ablsim, "ablsim, one step a pass": Plain, "numpy": Numpy, "JAX": Jax,
    "PyTorch": Torch, "Devito": Devito, "scikit-fem": Elements, "copy": Copy,
}  # fmt: skip


def answer(who, job, known):
    """Return what a job took and how right it is."""
    n, steps = job["n"], job["steps"]
    if n not in known:
        known.clear()  # one size at a time: large ones fill the memory
        known[n] = PROGRAMS[who](n)
        known[n].prepare(8)
        known[n].run(8)
    program = known[n]
    program.prepare(steps)
    wall, cpu = time.perf_counter(), time.process_time()
    program.run(steps)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    found = program.read()
    error = None if found is None else float(np.abs(found - exact(n, steps * STEP)).max())
    return {"wall_s": wall, "cpu_s": cpu, "error_k": error}


def main():
    """Answer jobs until there are none."""
    who, known = sys.argv[1], {}
    for line in sys.stdin:
        print(json.dumps(answer(who, json.loads(line), known)), flush=True)


if __name__ == "__main__":
    main()
