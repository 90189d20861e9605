"""The domain: which tissue every cell of the grid belongs to."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Case
from ablsim.domain_cells import cells_in
from ablsim.errors import CaseError
from ablsim.geometry import tube_wall_area
from ablsim.grid import Grid
from ablsim.notebook import make_card
from ablsim.shapes import Body, Tube
from ablsim.tissue.properties import Tissue
from ablsim.units import to_ml


@dataclass(frozen=True, slots=True)
class Domain:
    """Tissues, organs and vessels on a grid.

    Parameters
    ----------
    grid : Grid
        Where the cells are.
    labels : ndarray of uint8, shape (nz, ny, nx)
        Index of each cell's tissue in ``tissues``; 0 is the background.
    tissues : tuple of Tissue
        The background, then the tumour's tissue where at least one cell has it, the tissue of
        each organ, and blood where there are vessels. Tumour and organs have labels of their own
        even when their tissue is that of the background.
    lumen : ndarray of uint8, shape (nz, ny, nx)
        0 outside vessels, ``i + 1`` inside the ``i``-th vessel of the case.
    organs : ndarray of uint8, shape (nz, ny, nx)
        0 outside organs, ``i + 1`` inside the ``i``-th organ of the case.
    wall_area : tuple of float
        True area of each vessel's wall inside the grid [m^2], to correct the staircase of cells.
    tumour_label : int or None
        Index of the tumour's tissue, None where no cell belongs to the tumour.
    """

    grid: Grid
    labels: NDArray[np.uint8]
    tissues: tuple[Tissue, ...]
    lumen: NDArray[np.uint8]
    organs: NDArray[np.uint8]
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
    """Return the domain of a case: tumour over background, organs over both, vessels over all.

    A cell belongs to a shape when its centre does. Where vessels overlap the first one keeps the
    cell, and so it is with organs. Vessels are blood whatever the perfusion: without flow they are
    still no tissue.

    Parameters
    ----------
    case : Case
        What is treated.

    Returns
    -------
    Domain
        Grid, labels and tissues.

    Raises
    ------
    CaseError
        If an organ holds no cell.
    """
    grid = case.grid()
    lumen = np.zeros(grid.shape, dtype=np.uint8)
    for number, vessel in enumerate(case.vessels, start=1):
        for piece in pairwise(vessel.points):
            _paint(grid, lumen, Tube(piece, 0.5 * vessel.diameter), number, lumen)
    organs = np.zeros(grid.shape, dtype=np.uint8)
    for number, organ in enumerate(case.organs, start=1):
        if not _paint(grid, organs, organ.body, number, lumen, organs):
            msg = (
                f"organ#{number}: no cell of the domain is left to {organ.name} beside other "
                "organs and vessels; correct its place or size, or leave it out"
            )
            raise CaseError(msg)
    labels = np.zeros(grid.shape, dtype=np.uint8)
    tissues = [case.tissue.find(case.tissue.background)]
    tumour_label: int | None = None
    tumour = case.tumour
    if tumour is not None and _paint(grid, labels, tumour.body, len(tissues), lumen, organs):
        tumour_label = len(tissues)
        tissues.append(case.tissue.find(tumour.tissue))
    for number, organ in enumerate(case.organs, start=1):
        labels[organs == number] = len(tissues)
        tissues.append(case.tissue.find(organ.tissue))
    if lumen.any():
        labels[lumen > 0] = len(tissues)
        tissues.append(case.tissue.find("blood"))
    tubes = [(vessel.points, 0.5 * vessel.diameter) for vessel in case.vessels]
    areas = tuple(tube_wall_area(grid, tubes, i) for i in range(len(tubes)))
    return Domain(grid, labels, tuple(tissues), lumen, organs, areas, tumour_label)


def _paint(
    grid: Grid, out: NDArray[np.uint8], body: Body, value: int, *taken: NDArray[np.uint8]
) -> bool:
    """Write ``value`` into the cells of a body that are 0 in all ``taken``, if there are any."""
    box, inside = cells_in(grid, body)
    for other in taken:
        inside &= other[box] == 0
    out[box][inside] = value
    return bool(inside.any())
