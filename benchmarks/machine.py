"""What a reader needs to judge timings: the machine they were taken on."""

import os
import platform
from pathlib import Path


def machine():
    """Return processor, cores, load and versions."""
    import numba
    import numpy as np

    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "numba": numba.__version__,
        "numpy": np.__version__,
        "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", ""),
    }


def _processor():
    """Return the model and its widest vectors, where the system says it."""
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    lines = (line.partition(":") for line in facts.split("\n\n")[0].splitlines())
    found = {key.strip(): value.strip() for key, _, value in lines}
    flags = found.get("flags", "").split()
    widest = next((name for name in ("avx512f", "avx2", "avx") if name in flags), "")
    return f"{found.get('model name', platform.machine())} {widest}".strip()


def describe(facts):
    """Return the facts on one line."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items() if value)
