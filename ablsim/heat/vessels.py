"""Large vessels as heat sinks.

Blood in a vessel of 3 mm or more keeps its temperature and takes heat through its wall with a film
coefficient (laminar flow in the thermal entrance, dos Santos 2008 for its being constant). On the
grid the lumen is a material held at blood temperature whose conductivity makes the harmonic mean
with the neighbouring tissue equal half a cell of tissue in series with the film.
"""

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Grid
from ablsim.tissue.constants import VESSEL_FILM_COEFFICIENT


def _count_faces(lumen: NDArray[np.bool_]) -> int:
    """Count the cell faces between lumen and tissue inside the grid."""
    return sum(int(np.count_nonzero(np.diff(lumen, axis=axis))) for axis in range(3))


def lumen_conductivity(lumen: NDArray[np.bool_], wall_area: float, grid: Grid) -> float:
    """Return the conductivity that a lumen's cells need to stand for blood and film [W/(m K)].

    Parameters
    ----------
    lumen : ndarray of bool, shape (nz, ny, nx)
        Cells of one vessel.
    wall_area : float
        True area of its wall inside the grid [m^2].
    grid : Grid
        The cells.

    Notes
    -----
    Voxels turn a round wall into a staircase of 4/pi times its area; the film coefficient is
    scaled so that film times area stays that of the true wall.
    """
    staircase = _count_faces(lumen) * grid.spacing**2
    film = VESSEL_FILM_COEFFICIENT.si * (wall_area / staircase if staircase > 0.0 else 1.0)
    return 0.5 * film * grid.spacing


def find_wall_faces(held: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the flat indices of the held and the free cell of every face between the two.

    ``held`` has the shape of the arrays that the indices are meant for.
    """
    nothing = np.zeros(0, dtype=np.int64)
    if not held.any():
        return nothing, nothing
    # the cells around them alone: an index of every cell would take a share of the memory
    ends = [np.flatnonzero(held.any(axis=others))[[0, -1]] for others in ((1, 2), (0, 2), (0, 1))]
    block = tuple(slice(max(first - 1, 0), last + 2) for first, last in ends)
    places = [np.arange(n)[part] for n, part in zip(held.shape, block, strict=True)]
    index = np.ravel_multi_index(tuple(np.meshgrid(*places, indexing="ij")), held.shape)
    held = held[block]
    inside: list[NDArray[np.int64]] = []
    outside: list[NDArray[np.int64]] = []
    for axis in range(3):
        first = np.moveaxis(held, axis, 0)[:-1]
        second = np.moveaxis(held, axis, 0)[1:]
        i_first = np.moveaxis(index, axis, 0)[:-1]
        i_second = np.moveaxis(index, axis, 0)[1:]
        for a, b, i_a, i_b in (
            (first, second, i_first, i_second),
            (second, first, i_second, i_first),
        ):
            wall = a & ~b
            inside.append(i_a[wall])
            outside.append(i_b[wall])
    return np.concatenate(inside), np.concatenate(outside)
