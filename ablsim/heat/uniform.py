"""The Pennes equation in tissue that is everywhere the same and stays as it is.

    rho c d(theta)/dt = k laplacian(theta) - w theta + q

Linear: nothing boils, coagulates or stops flowing. It is there for what has an exact solution, and
for what other programs can be asked too; treatments are `ablsim.heat.pennes`. Several steps are
made in one pass over the memory (`ablsim.kernels.uniform`), which doubles the speed on grids beyond
the cache.
"""

from dataclasses import dataclass
from math import ceil, prod

import numpy as np
from numpy.typing import NDArray

from ablsim.kernels import uniform

DEPTH = 12
"""Steps in one pass over the memory, where there are rows enough."""

WIDTH = 64
"""Rows of a tile, about. Planes of these for all steps should stay in the cache of a core, but what
tiles leave out beside each other costs the more, the narrower they are."""

LINE = 64
"""Bytes that the cache loads at a time."""

SAFETY = 0.95
"""Share of the stable step that is used by default."""

FloatArray = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class UniformTissue:
    """Heat properties of tissue that is everywhere the same.

    Parameters
    ----------
    conductivity : float
        [W/(m K)].
    heat_capacity : float
        Per volume [J/(m^3 K)].
    perfusion : float
        What flow takes for each kelvin above its own temperature [W/(m^3 K)].
    """

    conductivity: float
    heat_capacity: float
    perfusion: float = 0.0

    def stable_step(self, spacing: float) -> float:
        """Return the longest step [s] under which no cell overshoots its neighbours."""
        return self.heat_capacity / (6.0 * self.conductivity / spacing**2 + self.perfusion)


def advance_uniform(
    rise: FloatArray,
    tissue: UniformTissue,
    spacing: float,
    duration: float,
    *,
    power_density: FloatArray | None = None,
    n_steps: int | None = None,
    depth: int = DEPTH,
) -> FloatArray:
    """Return the temperatures after a while.

    Parameters
    ----------
    rise : ndarray of float32 or float64, shape (nz, ny, nx)
        Temperature above that of the blood [K]. Cells just outside are held at 0.
    tissue : UniformTissue
        What conducts.
    spacing : float
        Edge of a cell [m].
    duration : float
        How long [s].
    power_density : ndarray, shape (nz, ny, nx), optional
        What is absorbed meanwhile [W/m^3].
    n_steps : int, optional
        Equal steps to make; by default as few as are stable.
    depth : int
        Most steps in one pass over the memory; the answer is the same to the last bit for any.

    Returns
    -------
    ndarray, of the type of ``rise``
        Temperatures then.

    Raises
    ------
    ValueError
        If so few steps are not stable, or shapes do not fit.

    Notes
    -----
    Euler steps and central differences (Pennes 1948): first order in time, second in space.
    """
    stable = tissue.stable_step(spacing)
    n = n_steps or max(1, ceil(duration / (SAFETY * stable) * (1.0 - 1e-12)))
    dt = duration / n
    if dt > stable * (1.0 + 1e-12):
        msg = f"n_steps = {n}: steps of {dt:.3g} s are longer than the stable {stable:.3g} s"
        raise ValueError(msg)
    if power_density is not None and power_density.shape != rise.shape:
        msg = f"power_density has the shape {power_density.shape}, the cells {rise.shape}"
        raise ValueError(msg)
    of = rise.dtype.type
    theta, nx = lay(rise), rise.shape[2]
    gained = np.zeros((1, 1, 1), dtype=rise.dtype)
    if power_density is not None:
        gained = lay((power_density * (dt / tissue.heat_capacity)).astype(rise.dtype))
    moved = tissue.conductivity * dt / (tissue.heat_capacity * spacing**2)
    kept = 1.0 - 6.0 * moved - tissue.perfusion * dt / tissue.heat_capacity
    depth, cuts = tile(rise.shape[1], depth)
    uniform.advance(
        theta, lay(rise), gained, nx, of(kept), of(moved), power_density is not None, n, depth, cuts
    )
    return theta[1:-1, 1:-1, 1 : nx + 1]


def lay(cells: FloatArray) -> FloatArray:
    """Return a copy with a layer of ghosts at 0 around it, laid out for the kernel.

    The first inner cell of each row, the second of all, begins a line of the cache; rows are as
    long as that takes.
    """
    size = cells.itemsize
    nz, ny, nx = cells.shape
    shape = (nz + 2, ny + 2, ceil((nx + 2) * size / LINE) * (LINE // size))
    memory = np.zeros(prod(shape) * size + LINE, dtype=np.uint8)
    begin = -(memory.ctypes.data + size) % LINE
    laid: FloatArray = memory[begin : begin + prod(shape) * size].view(cells.dtype).reshape(shape)
    laid[1:-1, 1:-1, 1 : nx + 1] = cells
    return laid


def tile(rows: int, depth: int = DEPTH) -> tuple[int, NDArray[np.int64]]:
    """Return how many steps a pass makes, and where tiles begin along y and the last ends.

    Rows are counted with one ghost. Every thread has as many tiles, each at least twice as wide as
    a pass is deep; where rows are few, passes are less deep before threads are idle.
    """
    threads = uniform.count_threads()
    depth = max(1, min(depth, rows // (2 * threads)))
    each = max(1, round(rows / (WIDTH * threads)))
    count = max(1, min(each * threads, rows // (2 * depth)))
    return depth, np.linspace(1, rows + 1, count + 1).astype(np.int64)
