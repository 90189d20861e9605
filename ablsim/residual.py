"""Where the residual tumour sits: its pieces, where they lie, and which vessel is beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from ablsim.contour import Window, contour, cube_volumes
from ablsim.geometry import Rows, distance_to_tube
from ablsim.grid import Point

FloatArray = NDArray[np.float64]

SMALLEST_RESIDUAL = 1e-9
"""Connected residual tumour counts as a piece above this volume [m^3], a cube of 1 mm."""

VESSEL_NEAR = 5e-3
"""A vessel is named beside a piece if its wall comes this close to it [m] (assumed).

In liver heat spreads over sqrt(k / (w rho c)), some 3 mm, before perfusion has carried it off;
further away a vessel cools the tissue hardly more than perfusion does.
"""

_CENTRAL = 0.1  # of the tumour's mean radius: a centroid this close to its centre has no direction
_SIDES = (("right", "left"), ("anterior", "posterior"), ("inferior", "superior"))
_OBLIQUE = np.sin(np.pi / 8.0)  # a direction belongs to a side from here on


@dataclass(frozen=True, slots=True)
class ResidualPiece:
    """A connected part of the tumour that the zone left out.

    Parameters
    ----------
    volume : float
        Its volume [m^3].
    centroid : tuple of float
        Its centroid, LPS [m].
    distance : float
        From the tumour's centre to the centroid [m].
    direction : str
        Where it lies as seen from the tumour's centre, for example "left superior"; "all around"
        for a shell about an ablated middle, "central" for a piece that holds the middle.
    vessel : str or None
        The nearest vessel if its wall is within 5 mm of the piece: a heat sink to think of.
    vessel_distance : float or None
        From that vessel's wall to the nearest point of the piece [m], 0 where they touch.
    """

    volume: float
    centroid: Point
    distance: float
    direction: str
    vessel: str | None = None
    vessel_distance: float | None = None


def find_residual(
    window: Window,
    fields: Sequence[FloatArray],
    centre: Point,
    mean_radius: float,
    vessels: Mapping[str, tuple[Rows, float]],
) -> tuple[ResidualPiece, ...]:
    """Return the connected pieces of residual tumour, largest first.

    Parameters
    ----------
    window : Window
        Where the nodes are.
    fields : sequence of ndarray of float64, shape of the window's nodes
        The residual is where all of them are positive.
    centre : tuple of float
        The tumour's centre, LPS [m].
    mean_radius : float
        Radius of the sphere as large as the tumour [m].
    vessels : mapping of str to (vertices, radius)
        Vessels by name [m].

    Notes
    -----
    Cubes between the nodes that share a face and both hold residual belong to one piece, however
    little each holds. The centroid takes the residual of a cube to sit in its middle: right to a
    fraction of a cell. The distance to a vessel is taken from the piece's contour.
    """
    volumes = cube_volumes(window, fields)
    labels, _ = ndimage.label(volumes > 0.0)
    sizes = np.bincount(labels.ravel(), volumes.ravel())
    kept = [i for i in np.argsort(-sizes, kind="stable") if i > 0 and sizes[i] > SMALLEST_RESIDUAL]
    if not kept:
        return ()
    corners, owners = _outline(window, fields, labels) if vessels else (None, None)
    middles = [0.5 * (axis[1:] + axis[:-1]) for axis in window.axes()]
    at_centre = labels[_cube_of(window, np.asarray(centre)[None])]
    pieces = []
    for label in kept:
        cubes = np.nonzero(labels == label)
        weight = volumes[cubes] / sizes[label]
        z, y, x = (float(m[c] @ weight) for m, c in zip(middles, cubes, strict=True))
        offset = np.subtract((x, y, z), centre)
        distance = float(np.linalg.norm(offset))
        if distance > _CENTRAL * mean_radius:
            direction = name_direction(offset)
        else:
            direction = "central" if at_centre == label else "all around"
        vessel, gap = None, None
        if corners is not None:
            vessel, gap = _nearest_vessel(corners[owners == label].reshape(-1, 3), vessels)
        pieces.append(
            ResidualPiece(float(sizes[label]), (x, y, z), distance, direction, vessel, gap)
        )
    return tuple(pieces)


def name_direction(offset: ArrayLike) -> str:
    """Return an LPS direction in the patient's words.

    A side is named if the direction leans towards it by more than 22.5 degrees.

    Examples
    --------
    >>> name_direction((5.0, 0.0, 4.0))
    'left superior'
    >>> name_direction((0.0, -1.0, 0.1))
    'anterior'
    """
    vector = np.asarray(offset, dtype=np.float64)
    unit = vector / np.linalg.norm(vector)
    return " ".join(
        sides[int(part > 0.0)]
        for sides, part in zip(_SIDES, unit, strict=True)
        if abs(part) > _OBLIQUE
    )


def _outline(
    window: Window, fields: Sequence[FloatArray], labels: NDArray[np.integer]
) -> tuple[FloatArray, NDArray[np.integer]]:
    """Return the triangles around the residual and the label of the piece that each bounds."""
    triangles = np.concatenate(
        [contour(window, field, [*fields[:i], *fields[i + 1 :]]) for i, field in enumerate(fields)]
    )
    return triangles, labels[_cube_of(window, triangles.mean(axis=1))]


def _cube_of(window: Window, points: FloatArray) -> tuple[NDArray[np.intp], ...]:
    """Return the index (z, y, x) of the cube between the nodes that each point lies in."""
    return tuple(
        np.clip(np.searchsorted(axis, points[:, 2 - i], side="right") - 1, 0, len(axis) - 2)
        for i, axis in enumerate(window.axes())
    )


def _nearest_vessel(
    points: FloatArray, vessels: Mapping[str, tuple[Rows, float]]
) -> tuple[str | None, float | None]:
    """Return the vessel whose wall comes nearest to some points and how near [m], if it is near."""
    gaps = {
        name: max(0.0, float(distance_to_tube(points, line, radius).min(initial=np.inf)))
        for name, (line, radius) in vessels.items()
    }
    name = min(gaps, key=gaps.__getitem__)
    return (name, gaps[name]) if gaps[name] <= VESSEL_NEAR else (None, None)
