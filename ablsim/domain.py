"""The domain: which tissue every cell of the grid belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Case
from ablsim.geometry import (
    distance_to_ellipsoid,
    distance_to_tube,
    ellipsoid_extent,
    tube_wall_area,
)
from ablsim.grid import Grid
from ablsim.notebook import make_card
from ablsim.tissue.properties import Tissue
from ablsim.units import to_ml

_ON_SURFACE = 1e-9  # m; a centre this close to a surface counts as inside, on either side alike


@dataclass(frozen=True, slots=True)
class Domain:
    """Tissues and vessels on a grid.

    Parameters
    ----------
    grid : Grid
        Where the cells are.
    labels : ndarray of uint8, shape (nz, ny, nx)
        Index of each cell's tissue in ``tissues``; 0 is the background.
    tissues : tuple of Tissue
        The background, then the tumour's tissue and blood where at least one cell has them. The
        tumour has a label of its own even when its tissue is that of the background.
    lumen : ndarray of uint8, shape (nz, ny, nx)
        0 outside vessels, ``i + 1`` inside the ``i``-th vessel of the case.
    wall_area : tuple of float
        True area of each vessel's wall inside the grid [m^2], to correct the staircase of cells.
    tumour_label : int or None
        Index of the tumour's tissue, None where no cell belongs to the tumour.
    """

    grid: Grid
    labels: NDArray[np.uint8]
    tissues: tuple[Tissue, ...]
    lumen: NDArray[np.uint8]
    wall_area: tuple[float, ...]
    tumour_label: int | None = None

    @property
    def materials(self) -> tuple[str, ...]:
        """Library names of the tissues, in the order of the labels."""
        return tuple(tissue.name for tissue in self.tissues)

    @property
    def volumes(self) -> tuple[float, ...]:
        """Volume of the cells of each tissue [m^3], in the order of the labels."""
        counts = np.bincount(self.labels.ravel(), minlength=len(self.tissues))
        return tuple(float(count) * self.grid.cell_volume for count in counts)

    def __repr__(self) -> str:
        return f"<Domain of {', '.join(self.materials)}: {self.grid.text}>"

    def _repr_html_(self) -> str:
        parts = zip(self.materials, self.volumes, strict=True)
        rows = [(name, f"{to_ml(volume):.4g} mL") for name, volume in parts]
        return make_card(f"Domain, {self.grid.text}", rows)


def make_domain(case: Case) -> Domain:
    """Return the domain of a case: tumour over background, vessels over both.

    A cell belongs to a shape when its centre does. Where vessels overlap the first one keeps the
    cell. Vessels are blood whatever the perfusion: without flow they are still no tissue.

    Parameters
    ----------
    case : Case
        What is treated.

    Returns
    -------
    Domain
        Grid, labels and tissues.
    """
    grid = case.grid()
    labels = np.zeros(grid.shape, dtype=np.uint8)
    lumen = np.zeros(grid.shape, dtype=np.uint8)
    tissues = [case.tissue.find(case.tissue.background)]
    tumour_label: int | None = None
    for i, vessel in enumerate(case.vessels):
        _paint_vessel(grid, lumen, vessel.points, 0.5 * vessel.diameter, i + 1)
    if case.tumour is not None:
        tumour = case.tumour
        box = _box(
            grid, [tumour.centre], float(ellipsoid_extent(tumour.axes, tumour.orientation).max())
        )
        distance = distance_to_ellipsoid(
            _centres(grid, box), tumour.centre, tumour.axes, tumour.orientation
        )
        inside = (distance <= _ON_SURFACE) & (lumen[box] == 0)
        if inside.any():
            tumour_label = len(tissues)
            labels[box][inside] = tumour_label
            tissues.append(case.tissue.find(tumour.tissue))
    if lumen.any():
        labels[lumen > 0] = len(tissues)
        tissues.append(case.tissue.find("blood"))
    tubes = [(vessel.points, 0.5 * vessel.diameter) for vessel in case.vessels]
    areas = tuple(tube_wall_area(grid, tubes, i) for i in range(len(tubes)))
    return Domain(grid, labels, tuple(tissues), lumen, areas, tumour_label)


def _paint_vessel(
    grid: Grid,
    lumen: NDArray[np.uint8],
    points: Sequence[Sequence[float]],
    radius: float,
    value: int,
) -> None:
    """Write ``value`` into the free cells of ``lumen`` whose centres lie in the tube."""
    pieces = [points[i : i + 2] for i in range(len(points) - 1)] or [points]
    for piece in pieces:
        box = _box(grid, piece, radius)
        inside = distance_to_tube(_centres(grid, box), piece, radius) <= _ON_SURFACE
        lumen[box][inside & (lumen[box] == 0)] = value


def _box(grid: Grid, points: Sequence[Sequence[float]], reach: float) -> tuple[slice, slice, slice]:
    """Return the slices ``(z, y, x)`` of the cells that lie within ``reach`` of the points."""
    corners = grid.index(np.asarray(points, dtype=np.float64))
    low = np.floor(corners.min(axis=0) - reach / grid.spacing)
    high = np.ceil(corners.max(axis=0) + reach / grid.spacing) + 1.0
    start = np.clip(low, 0, grid.shape).astype(int)
    stop = np.clip(high, 0, grid.shape).astype(int)
    z, y, x = (slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    return z, y, x


def _centres(grid: Grid, box: tuple[slice, slice, slice]) -> NDArray[np.float64]:
    """Return the cell centres of a box, shape ``(nz, ny, nx, 3)`` [m]."""
    x, y, z = grid.axes()
    zyx = np.meshgrid(z[box[0]], y[box[1]], x[box[2]], indexing="ij")
    return np.stack(zyx[::-1], axis=-1)
