"""A camera at infinity: parallel projection, so that a length looks the same everywhere."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.view.plane import Plane, unit

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the viewer stands and what fits into the picture.

    Parameters
    ----------
    focus : ndarray of float64, shape (3,)
        LPS position [m] in the middle of the picture.
    right, up : ndarray of float64, shape (3,)
        Unit directions of the picture's edges.
    half_width, half_height : float
        Half of what the picture shows [m].
    """

    focus: FloatArray
    right: FloatArray
    up: FloatArray
    half_width: float = 1.0
    half_height: float = 1.0

    @property
    def toward(self) -> FloatArray:
        """Unit vector from the scene to the viewer."""
        return np.cross(self.right, self.up)

    def project(self, points: ArrayLike) -> FloatArray:
        """Return picture coordinates (..., 2) [m] from the middle of points (..., 3)."""
        offset = np.asarray(points, dtype=np.float64) - self.focus
        return np.stack([offset @ self.right, offset @ self.up], axis=-1)

    def fit(self, points: ArrayLike, aspect: float, *, room: float = 1.06) -> "Camera":
        """Return the camera that shows all points in a picture of width/height ``aspect``."""
        flat = self.project(points).reshape(-1, 2)
        low, high = flat.min(axis=0), flat.max(axis=0)
        middle = 0.5 * (low + high)
        width, height = 0.5 * room * (high - low)
        half_height = max(height, width / aspect)
        focus = self.focus + middle[0] * self.right + middle[1] * self.up
        return replace(
            self,
            focus=np.asarray(focus),
            half_width=float(half_height * aspect),
            half_height=float(half_height),
        )


def look_at(plane: Plane, azimuth: float, elevation: float) -> Camera:
    """Return a camera that sees a plane from the side its normal points to.

    Parameters
    ----------
    plane : Plane
        What is looked at.
    azimuth, elevation : float
        How far the viewer has walked to the plane's right and climbed above it [rad].
    """
    a, e = azimuth, elevation
    toward = unit(
        np.cos(e) * (np.cos(a) * plane.normal + np.sin(a) * plane.right) + np.sin(e) * plane.up
    )
    right = unit(np.cross(plane.up, toward))
    return Camera(plane.centre, right, np.cross(toward, right))
