"""Where the values of a file lie: a result's own cells, or the voxels of another image."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim.grid import Grid
from ablsim.imaging.masks import read_geometry
from ablsim.units import to_mm

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A block of voxels anywhere in the patient.

    Parameters
    ----------
    shape : tuple of int
        Number of voxels ``(nz, ny, nx)``: of the image's third, second and first axis.
    origin : ndarray of float64, shape (3,)
        Centre of the first voxel, LPS [mm].
    spacing : ndarray of float64, shape (3,)
        Edge lengths along the image's first, second and third axis [mm].
    direction : ndarray of float64, shape (3, 3)
        Its columns are the directions of the image's axes.
    """

    shape: tuple[int, int, int]
    origin: FloatArray
    spacing: FloatArray
    direction: FloatArray

    @classmethod
    def of_grid(cls, grid: Grid) -> "Frame":
        """Return the cells of a grid as voxels."""
        edge = to_mm(grid.spacing)
        origin = to_mm(np.asarray(grid.origin)) + 0.5 * edge
        return cls(grid.shape, origin, np.full(3, edge), np.eye(3))

    @classmethod
    def of_image(cls, path: str | Path) -> "Frame":
        """Return the voxels of an image: NIfTI, NRRD, MetaImage, or a folder of DICOM slices.

        Raises
        ------
        CaseError
            If it cannot be read, is not three-dimensional, or its header makes no sense.
        """
        image = read_geometry(Path(path))
        nx, ny, nz = image.GetSize()
        return cls(
            (nz, ny, nx),
            np.array(image.GetOrigin()),
            np.array(image.GetSpacing()),
            np.reshape(image.GetDirection(), (3, 3)),
        )

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel [mm^3]."""
        return float(np.prod(self.spacing))

    def plane(self, number: int) -> FloatArray:
        """Return the centres of a slice's voxels, LPS, shape (ny, nx, 3) [m]."""
        _, ny, nx = self.shape
        steps = self.direction * self.spacing
        columns = np.arange(nx)[:, None] * steps[:, 0]
        rows = np.arange(ny)[:, None] * steps[:, 1]
        corner = self.origin + number * steps[:, 2]
        return np.asarray(1e-3 * (corner + rows[:, None, :] + columns[None, :, :]))

    def put_into(self, image: Any) -> Any:
        """Give an image of SimpleITK this place; return it."""
        image.SetOrigin(self.origin.tolist())
        image.SetSpacing(self.spacing.tolist())
        image.SetDirection(self.direction.ravel().tolist())
        return image
