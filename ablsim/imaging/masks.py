"""Masks from medical images: which points of the patient were marked.

Whatever the orientation, the order and the size of an image's voxels, what leaves this module is a
signed distance on cubic cells along the patient's axes (LPS, metres).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim.errors import CaseError
from ablsim.grid import Grid
from ablsim.imaging.dicom_seg import is_dicom, read_segmentation

Itk = Any
"""The module SimpleITK, or an image of it: it has no types of its own."""

_MM = 1e-3  # m
_PADDING = 4  # voxels and cells around what is marked
_CELLS_MAX = 4_000_000
_FINEST = 0.1e-3  # m
_FURTHEST = -1e3  # mm; the distance of what lies beyond the padded image


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A region that was marked in an image.

    Parameters
    ----------
    name : str
        Of its file.
    grid : Grid
        Cubic cells along the patient's axes that hold all of it.
    distance : ndarray of float64, shape (nz, ny, nx)
        Signed distance of the cells' centres to its surface, positive inside [m].
    volume : float
        Of its voxels, counted [m^3].
    voxel : tuple of float
        Edge lengths of its voxels, in the order of the image [m].
    """

    name: str
    grid: Grid
    distance: NDArray[np.float64]
    volume: float
    voxel: tuple[float, float, float]


def read_mask(path: str | Path, label: int | None = None) -> Mask:
    """Read a mask from a NIfTI, NRRD, MetaImage, DICOM SEG or any other file that ITK reads.

    Parameters
    ----------
    path : str or Path
        The file.
    label : int, optional
        Which label of a label map is meant; left out, there must be a single one.

    Raises
    ------
    CaseError
        If the file cannot be read, is no three-dimensional mask, or marks nothing.

    Notes
    -----
    The surface lies between marked and unmarked voxels: half the difference of the distances to
    the nearest voxel of either kind (Maurer2003), which ITK measures between voxel centres. It is
    interpolated linearly onto cubic cells as small as the smallest edge of a voxel.
    """
    path = Path(path)
    sitk = import_itk()
    image = _read(sitk, path, label)
    marked = _choose(sitk, image, path.name, label)
    count = int(sitk.GetArrayViewFromImage(marked).sum(dtype=np.int64))
    edges = [_MM * edge for edge in image.GetSpacing()]
    if count == 0:
        wanted = "" if label is None else f"the label {label}: "
        msg = f"{path.name}: {wanted}marks nothing; give a mask with at least one voxel set"
        raise CaseError(msg)
    near = _cut_out(sitk, marked)
    grid = _grid_around(near, min(edges))
    return Mask(
        name=path.name,
        grid=grid,
        distance=_MM * _resample(sitk, _signed_distance(sitk, near), grid),
        volume=count * edges[0] * edges[1] * edges[2],
        voxel=(edges[0], edges[1], edges[2]),
    )


def read_marked(path: Path, label: int | None = None) -> tuple[NDArray[np.bool_], Itk]:
    """Return which voxels ``(z, y, x)`` of an image are marked, and the image with its frame.

    Raises
    ------
    CaseError
        As `read_mask`.
    """
    sitk = import_itk()
    image = _read(sitk, path, label)
    marked = _choose(sitk, image, path.name, label)
    values = sitk.GetArrayFromImage(marked) > 0
    if not values.any():
        wanted = "" if label is None else f"the label {label}: "
        msg = f"{path.name}: {wanted}marks nothing; give a mask with at least one voxel set"
        raise CaseError(msg)
    return values, image


def import_itk() -> Itk:
    """Return SimpleITK, or say how to install it."""
    try:
        import SimpleITK
    except ImportError:
        msg = 'masks need SimpleITK: pip install "ablsim[imaging]"'
        raise CaseError(msg) from None
    return SimpleITK


def read_geometry(path: Path) -> Itk:
    """Return an image whose voxels are of interest: a file, or a folder of DICOM slices.

    Raises
    ------
    CaseError
        If it cannot be read, is not three-dimensional, or its header makes no sense.
    """
    return _read(import_itk(), path)


def _read(sitk: Itk, path: Path, label: int | None = None) -> Itk:
    if not path.exists():
        msg = f"{path}: there is no such file; give an image, such as zone.nii.gz"
        raise CaseError(msg)
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        if path.is_file() and is_dicom(path):
            image = read_segmentation(sitk, path, label) or sitk.ReadImage(str(path))
        elif path.is_dir():
            image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(path)))
        else:
            image = sitk.ReadImage(str(path))
    except RuntimeError:
        msg = (
            f"{path.name}: is no image that can be read; allowed are NIfTI, NRRD, MetaImage, DICOM "
            "SEG and what else ITK reads; export the mask anew"
        )
        raise CaseError(msg) from None
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        kind = f"{image.GetDimension()} dimensions, {image.GetNumberOfComponentsPerPixel()} values"
        msg = (
            f"{path.name}: has {kind} a voxel; allowed is a mask in three dimensions with one value"
        )
        raise CaseError(msg)
    header = [*image.GetOrigin(), *image.GetSpacing(), *image.GetDirection()]
    turned = np.reshape(image.GetDirection(), (3, 3))
    if not np.isfinite(header).all() or min(image.GetSpacing()) <= 0.0:
        msg = f"{path.name}: its header has no valid position or voxel size; export the mask anew"
        raise CaseError(msg)
    if np.linalg.det(turned) < 0.0:
        msg = (
            f"{path.name}: its axes are left-handed, as no patient is; left and right cannot be "
            "told; export the mask anew"
        )
        raise CaseError(msg)
    return image


def _choose(sitk: Itk, image: Itk, name: str, label: int | None) -> Itk:
    """Return an image of zeros and ones: what is meant."""
    values = sitk.GetArrayViewFromImage(image)
    if not np.isfinite(values).all():
        msg = f"{name}: holds values that are no numbers; a mask has 0 and 1 alone"
        raise CaseError(msg)
    found = np.unique(values[values != 0])
    if label is None and len(found) > 1:
        some = ", ".join(f"{value:g}" for value in found[:6])
        more = "" if len(found) <= 6 else f" and {len(found) - 6} more"
        msg = f"{name}: has several labels ({some}{more}); choose one, such as --label {found[0]:g}"
        raise CaseError(msg)
    if label is not None and label not in found:
        some = ", ".join(f"{value:g}" for value in found[:6]) or "none"
        msg = f"{name}: there is no label {label}; there are {some}; choose one of them"
        raise CaseError(msg)
    chosen = values != 0 if label is None else values == label
    marked = sitk.GetImageFromArray(chosen.astype(np.uint8))
    marked.CopyInformation(image)
    return marked


def _cut_out(sitk: Itk, marked: Itk) -> Itk:
    """Return what is marked with a few voxels around, also beyond the edge of the image."""
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(marked)
    box = shape.GetBoundingBox(1)
    cut = sitk.RegionOfInterest(marked, box[3:], box[:3])
    return sitk.ConstantPad(cut, [_PADDING] * 3, [_PADDING] * 3, 0)


def _signed_distance(sitk: Itk, marked: Itk) -> Itk:
    """Return the signed distance [mm] to the surface between the voxels, positive inside."""
    inner, outer = (
        sitk.SignedMaurerDistanceMap(
            one, insideIsPositive=True, squaredDistance=False, useImageSpacing=True
        )
        for one in (marked, sitk.Equal(marked, 0))
    )
    return 0.5 * (inner - outer)


def _grid_around(marked: Itk, edge: float) -> Grid:
    """Return cubic cells along the patient's axes that hold a whole image."""
    size = np.array(marked.GetSize(), dtype=float)
    steps = np.stack(np.meshgrid(*[(-0.5, n - 0.5) for n in size], indexing="ij"), axis=-1)
    corners = _MM * np.array(
        [marked.TransformContinuousIndexToPhysicalPoint(step) for step in steps.reshape(-1, 3)]
    )
    low, high = corners.min(axis=0), corners.max(axis=0)
    spacing = max(edge, _FINEST, float(np.prod(high - low) / _CELLS_MAX) ** (1.0 / 3.0))
    x, y, z = (0.5 * (low + high)).tolist()
    dx, dy, dz = (high - low).tolist()
    return Grid.centred((x, y, z), (dx, dy, dz), spacing)


def _resample(sitk: Itk, distance: Itk, grid: Grid) -> NDArray[np.float64]:
    """Return an image's values at the centres of cells, linearly interpolated."""
    edge = grid.spacing / _MM
    first = [(corner / _MM) + 0.5 * edge for corner in grid.origin]
    found = sitk.Resample(
        distance,
        [int(n) for n in grid.shape[::-1]],
        sitk.Transform(),
        sitk.sitkLinear,
        first,
        [edge] * 3,
        np.eye(3).ravel().tolist(),
        _FURTHEST,
        sitk.sitkFloat64,
    )
    return np.asarray(sitk.GetArrayFromImage(found), dtype=np.float64)
