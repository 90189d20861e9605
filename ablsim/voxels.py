"""A body that was marked voxel by voxel in an image, as a case keeps it.

The voxels themselves are kept, in their own frame, as a short text: packed bits, compressed. So a
case with masks is whole without the images that they came from.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
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

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Return the lowest and the highest corner [m] of a box that holds it."""
        found = np.argwhere(self.voxels.marked)[:, ::-1]
        low, high = found.min(axis=0) - 0.5, found.max(axis=0) + 0.5
        corners = np.stack(np.meshgrid(*np.stack([low, high], axis=1), indexing="ij"), axis=-1)
        steps = corners.reshape(-1, 3) * self.voxels.spacing @ self.voxels.direction.T
        at = self.voxels.origin + steps
        return at.min(axis=0), at.max(axis=0)


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


@cache
def body_of(text: str) -> VoxelBody:
    """Return the body of a text that `Voxels.to_text` wrote; kept, as it takes a while."""
    kept = parse_voxels(text)
    pads = np.ceil(_AROUND / kept.spacing).astype(int)
    first = kept.origin - kept.direction @ (pads * kept.spacing)
    marked = np.pad(kept.marked, [(n, n) for n in pads[::-1].tolist()])
    voxels = Voxels(marked, first, kept.spacing, kept.direction)
    outside = _half_way(~voxels.marked, voxels.spacing)
    inside = _half_way(voxels.marked, voxels.spacing)
    return VoxelBody(voxels, np.where(voxels.marked, -inside, outside))


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
    organs = table.get("organ")
    if not isinstance(organs, (list, tuple)):
        return table
    written = [_included(organ, folder) for organ in organs]
    if all(new is old for new, old in zip(written, organs, strict=True)):
        return table
    return {**table, "organ": written}


def _included(organ: Any, folder: Path) -> Any:
    if not isinstance(organ, Mapping) or not isinstance(organ.get("file"), str):
        return organ
    path, label = folder / organ["file"], organ.get("label")
    if organ.get("shape") != "mask" or not (label is None or isinstance(label, int)):
        return organ
    rest = {key: value for key, value in organ.items() if key not in ("file", "label")}
    try:
        return {**rest, "voxels": read_voxels(path, label).to_text()}
    except CaseError:
        return {**organ, "file": str(path)}
