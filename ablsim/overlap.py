"""Organs that take a part of the tumour's place."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ablsim.case_tables import TumourTable
from ablsim.contour import Window
from ablsim.shapes import Body

_LATTICE = 60  # points along each edge of the tumour's box


def distances_near(window: Window, organs: Iterable[Body]) -> list[NDArray[np.float64]]:
    """Return for each organ that comes near a window how far its nodes lie outside it [m]."""
    distances = (organ.distance(window.points()) for organ in organs)
    return [away for away in distances if away.min() < 2.0 * window.grid.spacing]


def say_overlaps(tumour: TumourTable, organs: Mapping[str, Body]) -> list[str]:
    """Return one sentence for each organ by name that takes a part of the tumour's place."""
    if not organs:
        return []
    body = tumour.body
    low, high = body.bounds()
    axes = [np.linspace(a, b, _LATTICE) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    points = points[body.contains(points)]
    shares = {name: float(organ.contains(points).mean()) for name, organ in organs.items()}
    return [
        f"{name} takes {100.0 * share:.2g} % of the tumour's place; volume, ablated fraction and "
        "margins are those of the rest."
        for name, share in shares.items()
        if share > 0.0
    ]
