"""Rows of cells of the active region in which nothing has changed yet, kept up with the heat."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ablsim.heat.active import Box, Opened
from ablsim.kernels import plain_rows

LONGEST = 112
"""Cells of a row up to which rows are joined: for longer ones it gains nothing."""

Floats = NDArray[np.floating]


class Rows(NamedTuple):
    """How the rows ``(z, y)`` of a box are worked on (`ablsim.kernels.plain_rows`).

    Parameters
    ----------
    plain : ndarray of uint8, shape (nz + 2, ny + 2)
        Not 0 where a row's coefficients are one number each, 2 where the faces at its ends differ.
    until : ndarray of int32, same shape
        Before which row those end that are done in one go with this one.
    joined : bool
        Whether there are such.
    """

    plain: NDArray[np.uint8]
    until: NDArray[np.int32]
    joined: bool


class PlainRows:
    """Knows which rows of cells are alike throughout, so that steps can read less.

    Parameters
    ----------
    shape : tuple of int
        Shape of the state with its ghosts.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._plain = np.zeros(shape[:2], dtype=np.uint8)
        self._until = np.zeros(shape[:2], dtype=np.int32)
        self._joined = False
        self._stale = np.ones(shape[0], dtype=np.uint8)
        self._box: Box | None = None

    def find(self, faces: Floats, inv_c: Floats, w: Floats, box: Box, opened: Opened) -> Rows:
        """Return how the rows of ``box`` are worked on.

        The arguments are those of `ablsim.heat.operator.Operator`.
        """
        is_new = box != self._box
        if is_new:
            plain_rows.find(faces, inv_c, w, box, opened, self._plain)
            self._joined = opened[4] and opened[5] and box[5] - box[4] <= LONGEST
            self._box = box
            self._stale[:] = 1
        if is_new or self._joined:
            within = (box, opened, self._joined, self._stale)
            plain_rows.join(self._plain, inv_c, w, *within, self._until)
        return Rows(self._plain, self._until, self._joined)

    def follow(self, hot: NDArray[np.uint8], box: Box) -> None:
        """Take over that the tissue in the ``hot`` rows of ``box`` may have changed."""
        plain_rows.leave(hot, box, self._plain, self._stale)
