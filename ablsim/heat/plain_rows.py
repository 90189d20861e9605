"""Rows of cells of the active region in which nothing has changed yet, kept up with the heat."""

import numpy as np
from numpy.typing import NDArray

from ablsim.heat.active import Box
from ablsim.kernels import plain_rows

Floats = NDArray[np.floating]
Rows = NDArray[np.uint8]
Opened = tuple[bool, bool, bool, bool, bool, bool]


class PlainRows:
    """Knows which rows of cells are alike throughout, so that steps can read less.

    Parameters
    ----------
    shape : tuple of int
        Shape of the state with its ghosts.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._rows = np.zeros(shape[:2], dtype=np.uint8)
        self._box: Box | None = None

    def forget(self) -> None:
        """Look anew before the next step: cells that are not hot have changed."""
        self._box = None

    def find(self, faces: Floats, inv_c: Floats, w: Floats, box: Box, opened: Opened) -> Rows:
        """Return the rows (z, y) of ``box`` that are plain, marked 1 (`ablsim.kernels.plain_rows`).

        The arguments are those of `ablsim.heat.operator.Operator`.
        """
        if box != self._box:
            plain_rows.find(faces, inv_c, w, box, opened, self._rows)
            self._box = box
        return self._rows

    def follow(self, hot: Rows, box: Box) -> None:
        """Take over that the tissue in the ``hot`` rows of ``box`` may have changed."""
        plain_rows.leave(hot, box, self._rows)
