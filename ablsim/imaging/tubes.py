"""From a mask of vessels to tubes: centre lines and diameters, branch by branch.

A case has vessels as tubes of one diameter each. From the end of a vessel that lies furthest away
the shortest ways run to all other ends, kept to the middle by what they cost near the wall; each
way that is not part of a larger one yet is a branch (Sato2000).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError
from ablsim.imaging.masks import read_marked
from ablsim.units import to_mm

FloatArray = NDArray[np.float64]

LEAST = 3e-3
"""Narrowest vessel of a case [m]; smaller ones are part of the perfusion."""

MOST = 200
"""Most tubes that a mask may become."""

_TAPER = 0.2  # by which the radius of a tube may be off on its way
_STRAIGHT = 0.4e-3  # m by which a centre line may be off between two of its points
_TO_THE_MIDDLE = 6.0  # power of the price of being near the wall
_WINDOW = 4.0  # points over which a width is taken
_REACH, _BEYOND = 1.5, 1.5e-3  # radii, and length [m], around a branch that belong to it
_SHORTEST = 5e-3  # m of a branch outside the vessel that it joins


@dataclass(frozen=True, slots=True)
class Centreline:
    """A tube: points of its centre line [m], shape (n, 3), and its diameter [m]."""

    points: FloatArray
    diameter: float


def read_tubes(path: Path, label: int | None = None) -> list[Centreline]:
    """Return the vessels that a mask holds, widest first.

    Parameters
    ----------
    path : Path
        An image with the lumen of vessels, in any orientation.
    label : int, optional
        Which label of a label map is meant.

    Raises
    ------
    CaseError
        If the image cannot be read, or no vessel in it is wide enough to count, or too many are.

    Notes
    -----
    The cross-section along a centre line is the volume of the voxels that are nearest to a piece of
    it by the length of that piece, so a tube holds as much as was marked. Where a vessel tapers by
    more than a fifth it becomes several tubes, one behind the other. Free ends are cut back by a
    radius: a tube has round ends.
    """
    marked, image = read_marked(path, label)
    spacing = 1e-3 * np.array(image.GetSpacing())
    direction = np.reshape(image.GetDirection(), (3, 3))
    voxels = np.argwhere(np.pad(marked, 1))[:, ::-1] - 1  # x, y, z of the image
    places = 1e-3 * np.array(image.GetOrigin()) + (voxels * spacing) @ direction.T
    radius = _radii(marked, spacing)
    graph = _graph(voxels, spacing)
    found: list[Centreline] = []
    for own in _parts(graph):
        if 2.0 * (radius[own].max() + spacing.max()) < LEAST:
            continue  # far from wide enough
        ways = _ways(graph[own][:, own], voxels[own] * spacing, radius[own])
        lines = [_smooth(places[own][way]) for way in ways]
        widths = _widths(lines, places[own], float(np.prod(spacing)))
        for number, (line, width) in enumerate(zip(lines, widths, strict=True)):
            found += _tubes(*_trimmed(line, width, is_joined=number > 0))
    if not found:
        widest = to_mm(2.0 * radius.max())
        msg = (
            f"{path.name}: holds no vessel of {to_mm(LEAST):g} mm or more (the widest has "
            f"{widest:.1f} mm); leave it out: smaller ones are part of the perfusion"
        )
        raise CaseError(msg)
    if len(found) > MOST:
        msg = (
            f"{path.name}: holds {len(found)} vessels; allowed are {MOST}; mark fewer, those "
            "within a few centimetres of the tumour"
        )
        raise CaseError(msg)
    return sorted(found, key=lambda tube: -tube.diameter)


def _radii(marked: NDArray[np.bool_], spacing: FloatArray) -> FloatArray:
    """Return for each marked voxel how far the wall is [m]."""
    from scipy.ndimage import distance_transform_edt

    away = distance_transform_edt(np.pad(marked, 1), sampling=spacing[::-1])
    half = 0.5 * float(np.prod(spacing)) ** (1.0 / 3.0)
    return np.asarray(away[np.pad(marked, 1)] - half, dtype=np.float64).clip(min=0.2 * half)


def _parts(graph: Any) -> list[NDArray[np.intp]]:
    """Return the voxels of each vessel that touches no other."""
    from scipy.sparse.csgraph import connected_components

    count, owner = connected_components(graph, directed=False)
    return [np.flatnonzero(owner == part) for part in range(count)]


def _ways(graph: Any, places: FloatArray, radius: FloatArray) -> list[NDArray[np.intp]]:
    """Return ways along the middle of a vessel and of its branches, as voxels from their free ends.

    The first leads to the vessel's other end, all others to where they join.
    """
    from scipy.sparse.csgraph import dijkstra

    find_ways: Any = dijkstra  # whose types know no array of scipy
    costs = graph.tocoo()
    middling = 0.5 * (radius[costs.row] + radius[costs.col]) / radius.max()
    costs.data = costs.data * middling**-_TO_THE_MIDDLE
    root = int(np.argmax(find_ways(graph, indices=0)))
    far = find_ways(graph, indices=root)
    _, before = find_ways(costs.tocsr(), indices=root, return_predecessors=True)
    return _branches(root, far, before, places, radius)


def _graph(voxels: NDArray[np.intp], spacing: FloatArray) -> Any:
    """Return the distances [m] between voxels that touch, also at edges and corners."""
    from scipy.sparse import csr_array

    size = voxels.max(axis=0) + 3
    numbers = np.full(size, -1, dtype=np.int64)
    numbers[tuple((voxels + 1).T)] = np.arange(len(voxels))
    rows, columns, lengths = [], [], []
    for step in np.argwhere(np.ones((3, 3, 3), dtype=np.bool_)) - 1:
        if not step.any():
            continue
        other = numbers[tuple((voxels + 1 + step).T)]
        here = np.flatnonzero(other >= 0)
        rows.append(here)
        columns.append(other[here])
        lengths.append(np.full(len(here), np.linalg.norm(step * spacing)))
    shape = (len(voxels), len(voxels))
    where = (np.concatenate(rows), np.concatenate(columns))
    return csr_array((np.concatenate(lengths), where), shape=shape)


def _branches(
    root: int,
    far: FloatArray,
    before: NDArray[np.int32],
    places: FloatArray,
    radius: FloatArray,
) -> list[NDArray[np.intp]]:
    """Return the ways from the furthest ends to what is known already, longest first."""
    from scipy.spatial import cKDTree

    is_free = np.ones(len(far), dtype=np.bool_)
    in_tree = np.zeros(len(far), dtype=np.bool_)
    tree = cKDTree(places)
    ways: list[NDArray[np.intp]] = []
    while is_free.any():
        end = int(np.argmax(np.where(is_free, far, -1.0)))
        way = [end]
        while way[-1] != root and not in_tree[way[-1]]:
            way.append(int(before[way[-1]]))
        found = np.array(way)
        for here in found:
            is_free[tree.query_ball_point(places[here], _REACH * radius[here] + _BEYOND)] = False
        length = float(np.linalg.norm(np.diff(places[found], axis=0), axis=1).sum())
        joined = radius[found[-1]] if ways else 0.0  # the way within the vessel that it joins
        if length > joined + _SHORTEST:
            in_tree[found] = True
            ways.append(found)
    return ways


def _smooth(points: FloatArray) -> FloatArray:
    """Return points without the steps of voxels; the ends stay."""
    from scipy.ndimage import gaussian_filter1d

    if len(points) < 5:
        return points
    return np.asarray(gaussian_filter1d(points, 2.0, axis=0, mode="nearest"))


def _widths(lines: list[FloatArray], places: FloatArray, cell: float) -> list[FloatArray]:
    """Return the radius along every line [m], from the voxels that are nearest to its points."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.spatial import cKDTree

    if not lines:
        return []
    nearest = cKDTree(np.concatenate(lines)).query(places)[1]
    volumes = cell * np.bincount(nearest, minlength=sum(map(len, lines)))
    widths = []
    for line, volume in zip(
        lines, np.split(volumes, np.cumsum([*map(len, lines)])[:-1]), strict=True
    ):
        length = np.gradient(np.r_[0.0, np.linalg.norm(np.diff(line, axis=0), axis=1).cumsum()])
        share = gaussian_filter1d(volume, _WINDOW, mode="constant")
        area = share / np.maximum(gaussian_filter1d(length, _WINDOW, mode="constant"), 1e-9)
        widths.append(np.sqrt(area / np.pi))
    return widths


def _trimmed(
    points: FloatArray, radius: FloatArray, *, is_joined: bool
) -> tuple[FloatArray, FloatArray]:
    """Return a line without what its round ends stand for; where it joins, its width outside."""
    along = np.r_[0.0, np.linalg.norm(np.diff(points, axis=0), axis=1).cumsum()]
    middle = float(np.median(radius))
    last = along[-1] if is_joined else along[-1] - middle
    kept = (along >= middle) & (along <= last)
    if np.count_nonzero(kept) < 2:
        return points[:0], radius[:0]
    points, radius, along = points[kept], radius[kept].copy(), along[kept]
    if is_joined:  # within the other vessel most voxels are that one's
        inside = along > along[-1] - 2.0 * middle
        radius[inside] = radius[~inside][-1] if (~inside).any() else middle
    return points, radius


def _tubes(points: FloatArray, radius: FloatArray) -> list[Centreline]:
    """Return the tubes of a way: as long as its radius stays about the same, and wide enough."""
    pieces: list[tuple[FloatArray, float]] = []
    start = 0
    while start < len(points) - 1:
        stop = start + 2
        while stop < len(points):
            mean = float(np.mean(radius[start : stop + 1]))
            ends = np.mean(radius[max(start, stop - 4) : stop + 1])
            if stop - start > 8 and abs(float(ends) - mean) > _TAPER * mean:
                break
            stop += 1
        diameter = 2.0 * float(np.median(radius[start:stop]))
        part = points[start : min(stop + 1, len(points))]
        length = float(np.linalg.norm(np.diff(part, axis=0), axis=1).sum())
        if pieces and length < diameter:  # a rest, which goes on as what was before
            pieces[-1] = (np.concatenate([pieces[-1][0], part[1:]]), pieces[-1][1])
        elif len(part) > 1:
            pieces.append((part, diameter))
        start = stop
    return [Centreline(_straightened(part), wide) for part, wide in pieces if wide >= LEAST]


def _straightened(points: FloatArray) -> FloatArray:
    """Return as few of the points as keep the line within a little of all (Douglas, Peucker)."""
    if len(points) < 3:
        return points
    along = points[-1] - points[0]
    length = float(np.linalg.norm(along))
    offset = points - points[0]
    if length > 0.0:
        share = np.clip(offset @ along / length**2, 0.0, 1.0)
        offset = offset - share[:, None] * along
    away = np.linalg.norm(offset, axis=1)
    middle = int(np.argmax(away))
    if away[middle] <= _STRAIGHT:
        return points[[0, -1]]
    before, after = _straightened(points[: middle + 1]), _straightened(points[middle:])
    return np.concatenate([before[:-1], after])
