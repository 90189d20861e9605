"""Whether the memory of this machine is enough for a case."""

import math
import os
from pathlib import Path

from ablsim.errors import CaseError
from ablsim.grid import Grid
from ablsim.units import write_quantity

BYTES_PER_CELL = {"float32": 180, "float64": 260}
"""Peak memory of a run for each cell by its precision, beside `BYTES_BESIDE`: measured were 173 and
249 where light is solved for everywhere, by diffusion; 136 in single precision on 64 million
cells with photons, results and pictures written."""
BYTES_BESIDE = 4e8
"""Memory of the interpreter with its libraries and of the picture."""


def check_memory(grid: Grid, precision: str) -> None:
    """Raise CaseError if a run on this grid needs more memory than is free on this machine."""
    free, per_cell = free_memory(), BYTES_PER_CELL[precision]
    needed = BYTES_BESIDE + per_cell * grid.n_cells
    if free is None or needed <= free:
        return
    left = max(free - BYTES_BESIDE, 0.1 * free)
    excess = 1.1 * per_cell * grid.n_cells / left  # coarser cells overhang the domain more
    coarser = math.ceil(grid.spacing * 1e5 * max(excess, 1.0) ** (1.0 / 3.0)) / 1e5
    msg = (
        f"numerics.spacing: at {_mm(grid.spacing)} the domain has {grid.n_cells / 1e6:.3g} million "
        f"cells and needs about {needed / 1e9:.3g} GB; free are {free / 1e9:.3g} GB; "
        f'write for example "{_mm(coarser)}" or give a smaller domain.size'
    )
    raise CaseError(msg)


def free_memory() -> float | None:
    """Return how much memory a new run may take [bytes]; None where the system does not say it."""
    known = [value for value in (_free_in_system(), _free_in_container()) if value is not None]
    return min(known) if known else None


def _free_in_system() -> float | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * float(line.split()[1])
    except OSError:
        pass
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return None


def _free_in_container() -> float | None:
    """Return what a container's limit leaves (control groups, version 2)."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit, used = ((folder / f"memory.{name}").read_text() for name in ("max", "current"))
    except OSError:
        return None
    return None if limit.strip() == "max" else max(0.0, float(limit) - float(used))


def _mm(length: float) -> str:
    return write_quantity(round(length, 8), "mm")
