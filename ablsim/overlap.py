"""Organs that take a part of the tumour's place."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ablsim.case_tables import TumourTable
from ablsim.contour import Window
from ablsim.domain_cells import cells_in, centres_of
from ablsim.grid import Grid
from ablsim.shapes import Body, Ellipsoid


def distances_near(window: Window, organs: Iterable[Body]) -> list[NDArray[np.float64]]:
    """Return for each organ that comes near a window how far its nodes lie outside it [m]."""
    distances = (organ.distance(window.points()) for organ in organs)
    return [away for away in distances if away.min() < 2.0 * window.grid.spacing]


def say_overlaps(tumour: TumourTable, grid: Grid, organs: Mapping[str, Body]) -> list[str]:
    """Return one sentence for each organ by name that takes a part of the tumour's place."""
    if not organs:
        return []
    box, inside = cells_in(grid, Ellipsoid(tumour.centre, tumour.axes, tumour.orientation))
    points = centres_of(grid, box)[inside]
    notes = []
    for name, organ in organs.items():
        share = float(organ.contains(points).mean()) if len(points) else 0.0
        if share > 0.0:
            notes.append(
                f"{name} takes {100.0 * share:.2g} % of the tumour's place; volume, ablated "
                "fraction and margins are those of the rest."
            )
    return notes
