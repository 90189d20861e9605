"""Which OpenGL can draw here without a screen: found out in a child process, once.

A missing library kills the interpreter with a segmentation fault that nothing can catch, so a
child renders a few pixels first. OSMesa needs the fewest packages and comes before EGL.
"""

import ctypes
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

VARIABLE = "VTK_DEFAULT_OPENGL_WINDOW"
REMEDY = (
    "no OpenGL without a screen was found, so the scene is a flat drawing; install the Debian "
    "package libosmesa6 (or libegl1 with libgl1-mesa-dri) for the shaded one"
)

_CANDIDATES = (
    ("OSMesa", ("libOSMesa.so.8", "libOSMesa.so.6"), "vtkOSOpenGLRenderWindow"),
    ("EGL", ("libEGL.so.1",), "vtkEGLRenderWindow"),
)
_TRIAL = """
import pyvista
plotter = pyvista.Plotter(off_screen=True, window_size=(8, 8))
plotter.add_mesh(pyvista.Cube())
plotter.screenshot(return_img=True)
"""


@dataclass(frozen=True, slots=True)
class Display:
    """A way to draw without a screen.

    Parameters
    ----------
    name : str
        "OSMesa", "EGL", or "system" where the platform brings its own.
    window : str
        VTK's class for it; empty for the platform's own.
    """

    name: str
    window: str


@cache
def find_display(*, timeout: float = 120.0) -> Display | None:
    """Return the first display that draws in a child process, or None; cached for the session."""
    if sys.platform in ("win32", "darwin"):
        candidates = [Display("system", "")]
    else:
        candidates = [
            Display(name, window) for name, libraries, window in _CANDIDATES if _loads(libraries)
        ]
    return next((display for display in candidates if _draws(display, timeout)), None)


def use_display(display: Display | None) -> None:
    """Tell VTK in this process to draw with ``display``; call before anything is plotted.

    None is for scenes that are only put together here, for a browser to draw. VTK makes a window
    for these as well, and that of X is a segmentation fault where its libraries are missing;
    OSMesa's needs its own no sooner than it draws.
    """
    if display is None and sys.platform not in ("win32", "darwin"):
        os.environ[VARIABLE] = _CANDIDATES[0][2]
    elif display is not None and display.window:
        os.environ[VARIABLE] = display.window


def _loads(libraries: tuple[str, ...]) -> bool:
    for library in libraries:
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        return True
    return False


def _draws(display: Display, timeout: float) -> bool:
    """Say whether a child process survives drawing a cube."""
    environment = {**os.environ, VARIABLE: display.window} if display.window else dict(os.environ)
    try:
        child = subprocess.run(
            [sys.executable, "-c", _TRIAL],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return child.returncode == 0
