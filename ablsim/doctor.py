"""What works on this machine, and what to install for what does not."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import ablsim

OPTIONAL = ("3-D pictures", "studies")
"""What the main job does without."""

PACKAGES = ("numpy", "scipy", "numba", "h5py", "pyvista", "vtk", "matplotlib", "pydantic", "pint")


def examine() -> tuple[str, bool]:
    """Return a report to read, and whether the main job (simulate, store) works."""
    lines = [f"ablsim {ablsim.__version__}, Python {platform.python_version()}", ""]
    checks = [
        _check_packages(),
        _check_kernels(),
        _check_cache(),
        _check_memory(),
        _check_gl(),
        _check_dask(),
    ]
    width = max(len(name) for name, _, _ in checks)
    for name, works, text in checks:
        lines.append(f"  {'ok     ' if works else 'MISSING'}  {name:<{width}}  {text}")
    lines += ["", "Research software. Not for clinical decisions."]
    return "\n".join(lines), all(works for name, works, _ in checks if name not in OPTIONAL)


def _check_packages() -> tuple[str, bool, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            return "packages", False, f"{package} is missing: pip install ablsim"
    return "packages", True, ", ".join(f"{name} {number}" for name, number in found.items())


def _check_kernels() -> tuple[str, bool, str]:
    import numba
    import numpy as np

    from ablsim.kernels import region

    theta = np.zeros((3, 3, 3), np.float32)
    low, high = np.ones((3, 2), np.int64), np.zeros((3, 2), np.int64)
    region.extent(theta, np.float32(1.0), (1, 2, 1, 2, 1, 2), low, high)
    return "compiled loops", True, f"numba, {numba.get_num_threads()} threads"


def _check_cache() -> tuple[str, bool, str]:
    from ablsim import kernels

    folder = os.environ.get("NUMBA_CACHE_DIR", str(Path(str(kernels.__file__)).parent))
    if os.access(folder, os.W_OK):
        return "compiler cache", True, folder
    text = f"{folder} cannot be written, every run compiles anew: set NUMBA_CACHE_DIR"
    return "compiler cache", False, text


def _check_memory() -> tuple[str, bool, str]:
    from ablsim.case_memory import free_memory

    free = free_memory()
    return "memory", True, "unknown" if free is None else f"{free / 2**30:.1f} GiB free"


def _check_dask() -> tuple[str, bool, str]:
    try:
        return "studies", True, f"by workers of Dask {version('distributed')}"
    except PackageNotFoundError:
        return (
            "studies",
            False,
            'one case after the other (--workers 0): pip install "ablsim[cluster]"',
        )


def _check_gl() -> tuple[str, bool, str]:
    from ablsim.view.gl import REMEDY, find_display

    display = find_display()
    if display is None:
        return "3-D pictures", False, REMEDY
    return "3-D pictures", True, f"drawn by {display.name}"
