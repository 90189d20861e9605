"""A body that was marked voxel by voxel in an image, as a case keeps it.

The voxels themselves are kept, in their own frame, as a short text: packed bits, compressed. So a
case with masks is whole without the images that they came from.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ablsim.errors import CaseError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_HEAD = "voxels/1"
_PAD = 2  # voxels around what is marked, in a case
_AROUND = 10e-3  # m around it within which distances are exact to a part of a voxel
_MOST = 60_000_000  # voxels
_PARTS = 3  # of a voxel along each edge, for the volume inside


@dataclass(frozen=True, slots=True, eq=False)
class Voxels:
    """Marked voxels of an image, in any orientation.

    Parameters
    ----------
    marked : ndarray of bool, shape (nz, ny, nx)
        Which are marked, with none at the border.
    origin : ndarray of float64, shape (3,)
        Centre of the first voxel, LPS [m].
    spacing : ndarray of float64, shape (3,)
        Edge lengths along x, y and z of the image [m].
    direction : ndarray of float64, shape (3, 3)
        Its columns are the directions of the image's axes.
    """

    marked: BoolArray
    origin: FloatArray
    spacing: FloatArray
    direction: FloatArray

    def to_text(self) -> str:
        """Return them as a text for a case."""
        nz, ny, nx = self.marked.shape
        packed = zlib.compress(np.packbits(self.marked).tobytes(), 9)
        numbers = (
            f"{nx} {ny} {nz}",
            " ".join(f"{1e3 * edge:.9g}" for edge in self.spacing),
            " ".join(f"{1e3 * part:.9g}" for part in self.origin),
            " ".join(f"{part:.12g}" for part in self.direction.ravel()),
        )
        return ";".join((_HEAD, *numbers, base64.b64encode(packed).decode("ascii")))


@dataclass(frozen=True, slots=True, eq=False)
class VoxelBody:
    """The solid that marked voxels make, its surface half-way between marked and others.

    Parameters
    ----------
    voxels : Voxels
        Where they are.
    away : ndarray of float64, shape (nz, ny, nx)
        Signed distance of the voxels' centres to the surface [m], negative inside.
    """

    voxels: Voxels
    away: FloatArray

    def distance(self, points: ArrayLike) -> FloatArray:
        """Return the signed distance [m] of points ``(..., 3)`` to the surface, negative inside.

        Linear between voxels; further out than the voxels reach, the way to them is added.
        """
        from scipy.ndimage import map_coordinates

        places = np.asarray(points, dtype=np.float64)
        voxels, shape = self.voxels, np.array(self.away.shape[::-1])
        index = (places - voxels.origin) @ voxels.direction / voxels.spacing
        inside = np.clip(index, 0.0, shape - 1.0)
        beyond = np.linalg.norm((index - inside) * voxels.spacing, axis=-1)
        zyx = np.moveaxis(inside[..., ::-1], -1, 0)
        return np.asarray(map_coordinates(self.away, zyx, order=1, mode="nearest") + beyond)

    def contains(self, points: ArrayLike) -> BoolArray:
        """Say which points ``(..., 3)`` lie inside."""
        return np.asarray(self.distance(points) <= 0.0)

    def surface(self, n_points: int) -> tuple[FloatArray, FloatArray]:
        """Return points all over the surface [m] and the area that each stands for [m^2].

        They are the middles of the faces between marked voxels and others, moved onto the surface.
        A face counts as it is seen along the surface's normal, so that steps add no area. At most
        about ``n_points``, evenly chosen.
        """
        voxels = self.voxels
        points, areas = [], []
        for axis in range(3):  # z, y, x
            first = np.moveaxis(voxels.marked, axis, 0)
            before, after = (np.argwhere(p & ~q) for p, q in ((first[:-1], first[1:]),
                                                              (first[1:], first[:-1])))  # fmt: skip
            for found, step in ((before, 0.5), (after, 0.5)):
                index = np.insert(found[:, 1:].astype(float), axis, found[:, 0] + step, axis=1)
                places = voxels.origin + (index[:, ::-1] * voxels.spacing) @ voxels.direction.T
                normal = voxels.direction[:, 2 - axis]
                area = float(np.prod(voxels.spacing) / voxels.spacing[2 - axis])
                slope = self._slope(places)
                points.append(places - self.distance(places)[:, None] * slope)
                areas.append(area * np.abs(slope @ normal))
        place, area_of = np.concatenate(points), np.concatenate(areas)
        every = max(1, len(place) // max(1, n_points))
        share = area_of.sum() / area_of[::every].sum()
        return place[::every], np.asarray(share * area_of[::every])

    def _slope(self, points: FloatArray) -> FloatArray:
        """Return the direction in which the distance grows at points (n, 3)."""
        reach = self.voxels.spacing.max() * np.eye(3)
        rises = [self.distance(points + step) - self.distance(points - step) for step in reach]
        slope = np.stack(rises, axis=-1)
        return np.asarray(slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-12))

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Return the lowest and the highest corner [m] of a box that holds it."""
        found = np.argwhere(self.voxels.marked)[:, ::-1]
        low, high = found.min(axis=0) - 0.5, found.max(axis=0) + 0.5
        corners = np.stack(np.meshgrid(*np.stack([low, high], axis=1), indexing="ij"), axis=-1)
        steps = corners.reshape(-1, 3) * self.voxels.spacing @ self.voxels.direction.T
        at = self.voxels.origin + steps
        return at.min(axis=0), at.max(axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class Outside:
    """Everything outside a body that was marked, as what lies around a liver."""

    body: VoxelBody

    def distance(self, points: ArrayLike) -> FloatArray:
        """Return the signed distance [m] of points ``(..., 3)`` to the surface, negative inside."""
        return np.asarray(-self.body.distance(points))

    def contains(self, points: ArrayLike) -> BoolArray:
        """Say which points ``(..., 3)`` lie inside."""
        return np.asarray(self.distance(points) < 0.0)

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Return corners at infinity: it has no end."""
        return np.full(3, -np.inf), np.full(3, np.inf)


def parse_voxels(text: str) -> Voxels:
    """Return the voxels of a text that `Voxels.to_text` wrote.

    Raises
    ------
    CaseError
        If it is none.
    """
    try:
        head, *numbers, packed = text.split(";")
        size, spacing, origin, direction = (
            np.array([float(word) for word in part.split()]) for part in numbers
        )
        nx, ny, nz = (int(n) for n in size)
        is_sound = (
            head == _HEAD and min(nx, ny, nz) > 0 and nx * ny * nz <= _MOST
            and len(spacing) == len(origin) == 3 and spacing.min() > 0.0 and len(direction) == 9
        )  # fmt: skip
        if not is_sound:
            raise ValueError(head)
        bits = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), _MOST)
        if len(bits) != -(-nx * ny * nz // 8):
            raise ValueError(head)
        marked = np.unpackbits(np.frombuffer(bits, np.uint8), count=nx * ny * nz).astype(np.bool_)
    except (ValueError, binascii.Error, zlib.error):
        msg = "is no mask as ablsim keeps it; give the image again, as file"
        raise CaseError(msg) from None
    if not marked.any():
        msg = "marks nothing; give a mask with at least one voxel set"
        raise CaseError(msg)
    return Voxels(
        marked.reshape(nz, ny, nx), 1e-3 * origin, 1e-3 * spacing, direction.reshape(3, 3)
    )


@lru_cache(maxsize=8)  # as many masks as a case may well have
def body_of(text: str) -> VoxelBody:
    """Return the body of a text that `Voxels.to_text` wrote; kept, as it takes a while."""
    kept = parse_voxels(text)
    pads = np.ceil(_AROUND / kept.spacing).astype(int)
    first = kept.origin - kept.direction @ (pads * kept.spacing)
    marked = np.pad(kept.marked, [(n, n) for n in pads[::-1].tolist()])
    voxels = Voxels(marked, first, kept.spacing, kept.direction)
    outside = _half_way(~voxels.marked, voxels.spacing)
    inside = _half_way(voxels.marked, voxels.spacing)
    away = np.where(voxels.marked, -inside, outside)
    return VoxelBody(voxels, away - _shift(away, voxels))


def _shift(away: FloatArray, voxels: Voxels) -> float:
    """Return by how much the surface must grow to hold as much as the marked voxels do [m].

    Half-way between voxels it holds a little less, as it cuts the corners of convex bodies.
    """
    from scipy.ndimage import map_coordinates
    from scipy.optimize import brentq

    near = np.argwhere(np.abs(away) < 2.0 * voxels.spacing.max())
    parts = np.stack(np.meshgrid(*[(np.arange(_PARTS) + 0.5) / _PARTS - 0.5] * 3), axis=-1)
    places = (near[:, None, :] + parts.reshape(1, -1, 3)).reshape(-1, 3).T
    found = map_coordinates(away, places, order=1, mode="nearest")
    wanted = int(voxels.marked[tuple(near.T)].sum()) * _PARTS**3
    edge = float(np.prod(voxels.spacing)) ** (1.0 / 3.0)

    def surplus(growth: float) -> float:
        """Parts inside, those that the surface cuts by their share, beyond those wanted."""
        return float(np.clip(0.5 + _PARTS * (growth - found) / edge, 0.0, 1.0).sum() - wanted)

    if surplus(-edge) * surplus(edge) >= 0.0:
        return 0.0
    return float(brentq(surplus, -edge, edge, xtol=1e-8))


def _half_way(region: BoolArray, spacing: FloatArray) -> FloatArray:
    """Return how far the voxels of a region are from its surface, half-way to the others [m].

    That is the mean of the distances to the nearest voxel outside and to the nearest one inside
    that has a neighbour outside.
    """
    from scipy.ndimage import binary_erosion, distance_transform_edt

    border = region & ~binary_erosion(region, border_value=1)
    to_other, to_border = (
        distance_transform_edt(where, sampling=spacing[::-1]) for where in (region, ~border)
    )
    return np.asarray(0.5 * (to_other + to_border))


@lru_cache(maxsize=8)
def ellipsoid_of(text: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return middle, full axes, longest first, and their directions (rows) of a body.

    Of the ellipsoid with its volume, its centre of mass and the ratios of its second moments.
    """
    voxels = parse_voxels(text)
    found = np.argwhere(voxels.marked)[:, ::-1] * voxels.spacing
    middle = found.mean(axis=0)
    spread = np.cov((found - middle).T, bias=True) + np.diag(voxels.spacing**2 / 12.0)
    sizes, vectors = np.linalg.eigh(spread)
    lengths = np.sqrt(sizes[::-1])
    volume = len(found) * float(np.prod(voxels.spacing))
    lengths *= (6.0 * volume / (np.pi * np.prod(lengths))) ** (1.0 / 3.0)
    rows = (voxels.direction @ vectors[:, ::-1]).T
    rows[2] = np.cross(rows[0], rows[1])
    return voxels.origin + voxels.direction @ middle, lengths, rows


def read_voxels(path: Path, label: int | None) -> Voxels:
    """Return what is marked in an image.

    Raises
    ------
    CaseError
        If the image cannot be read, or marks nothing or several things.
    """
    from ablsim.imaging.masks import read_marked

    values, image = read_marked(path, label)
    low = np.argwhere(values).min(axis=0)
    high = np.argwhere(values).max(axis=0) + 1
    marked = np.pad(values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))], _PAD)
    direction = np.reshape(image.GetDirection(), (3, 3))
    spacing = 1e-3 * np.array(image.GetSpacing())
    first = 1e-3 * np.array(image.GetOrigin()) + direction @ ((low[::-1] - _PAD) * spacing)
    return Voxels(marked, first, spacing, direction)


def include_masks(table: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Return a case's table with the voxels of every mask in place of its file's name.

    A mask that cannot be read stays a name, with its folder, to be refused with the other problems.
    """
    organs, tumour = table.get("organ"), table.get("tumour")
    changed: dict[str, Any] = {}
    if isinstance(organs, (list, tuple)):
        written = [_included(organ, folder) for organ in organs]
        if any(new is not old for new, old in zip(written, organs, strict=True)):
            changed["organ"] = written
    if (written_tumour := _included(tumour, folder)) is not tumour:
        changed["tumour"] = written_tumour
    return {**table, **changed} if changed else table


def _included(body: Any, folder: Path) -> Any:
    if not isinstance(body, Mapping) or not isinstance(body.get("file"), str):
        return body
    there = {**body, "file": str(folder / body["file"])}
    if "centre" in body:  # which the table itself refuses
        return there if body.get("shape") == "mask" else body
    try:
        return with_voxels(there)
    except CaseError:
        return there if body.get("shape") == "mask" else body


def with_voxels(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the table of a body with voxels in place of its file, if it is a mask of one.

    Raises
    ------
    CaseError
        If the file cannot be read.
    """
    path, label = body.get("file"), body.get("label")
    is_mask = body.get("shape") == "mask" and isinstance(path, str) and "voxels" not in body
    if not is_mask or not (label is None or isinstance(label, int)):
        return body
    rest = {key: value for key, value in body.items() if key not in ("file", "label")}
    return {**rest, "voxels": read_voxels(Path(str(path)), label).to_text()}
