"""Where a probe is held and where it looks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError
from ablsim.quantities import DIRECTION, POSITION
from ablsim.view.plane import unit

FloatArray = NDArray[np.float64]

EXAMPLE = '"0 mm, -70 mm, 0 mm; 0, 1, 0; 1, 0, 0"'
_FORM = (
    "a pose is the middle of the probe's face, the direction of its beam and the direction to the "
    f"right of its picture, LPS; write for example {EXAMPLE}"
)


@dataclass(frozen=True, slots=True)
class Pose:
    """A probe that looks along one direction, its beams side by side along another.

    Parameters
    ----------
    face : ndarray of float64, shape (3,)
        Middle of the probe's face, LPS [m].
    beam, right : ndarray of float64, shape (3,)
        Unit vectors into the tissue and to the right of the picture.
    """

    face: FloatArray
    beam: FloatArray
    right: FloatArray

    @property
    def normal(self) -> FloatArray:
        """Unit vector square to the plane of the picture."""
        return np.cross(self.right, self.beam)


def read_pose(text: str) -> Pose:
    """Return the pose that a text describes, as in `EXAMPLE`; the third part may be left out.

    Raises
    ------
    CaseError
        If it is no pose.
    """
    parts = [part.split(",") for part in text.split(";")]
    if len(parts) not in (2, 3) or any(len(part) != 3 for part in parts):
        msg = f"--ultrasound {text!r}: {_FORM}"
        raise CaseError(msg)
    try:
        face = np.array(POSITION.read([word.strip() for word in parts[0]]))
        beam, *others = (
            np.array(DIRECTION.read([float(word) for word in part])) for part in parts[1:]
        )
    except (CaseError, ValueError) as error:
        msg = f"--ultrasound {text!r}: {error}; {_FORM}"
        raise CaseError(msg) from None
    if others:
        right = others[0] - (others[0] @ beam) * beam
        if np.linalg.norm(right) < 0.1:
            msg = f"--ultrasound {text!r}: the beam runs along the picture's right; {_FORM}"
            raise CaseError(msg)
    else:
        axis = np.eye(3)[int(np.argmin(np.abs(beam)))]
        right = axis - (axis @ beam) * beam
    return Pose(face, beam, unit(right))
