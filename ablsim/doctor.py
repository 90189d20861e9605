"""What works on this machine, and what to install for what does not."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import which

import ablsim

EXTRAS = {
    "medical images": ("imaging", ("SimpleITK", "highdicom", "pydicom")),
    "report's scene": ("web", ("trame-vtk",)),
    "planning page": ("web", ("trame", "trame-vtk", "trame-vuetify", "aiohttp")),
    "MP4 movies": ("movie", ("imageio-ffmpeg",)),
    "sensitivity": ("study", ("SALib", "scikit-learn", "emcee")),
}
"""What needs an extra: its name, and the packages that it brings."""

OPTIONAL = ("3-D pictures", "studies", "browser", *EXTRAS)
"""What the main job does without."""

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "firefox")

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
        *(_check_extra(name, *needs) for name, needs in EXTRAS.items()),
        _check_browser(),
        ("graphics cards", True, "not used: everything is computed on the processor"),
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


def _check_extra(name: str, extra: str, packages: tuple[str, ...]) -> tuple[str, bool, str]:
    """Say whether the packages of an extra are there."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            return name, False, f'{package} is missing: pip install "ablsim[{extra}]"'
    return name, True, ", ".join(f"{package} {number}" for package, number in found.items())


def _check_browser() -> tuple[str, bool, str]:
    """Say which browser opens reports here."""
    found = next((name for name in _BROWSERS if which(name)), None)
    if found is None and sys.platform in ("win32", "darwin"):
        return "browser", True, "the system's own"
    if found is None:
        return "browser", False, "none to open reports here: Debian's package is chromium"
    return "browser", True, found


def _check_gl() -> tuple[str, bool, str]:
    from ablsim.view.gl import REMEDY, find_display

    display = find_display()
    if display is None:
        return "3-D pictures", False, REMEDY
    return "3-D pictures", True, f"drawn by {display.name}"
