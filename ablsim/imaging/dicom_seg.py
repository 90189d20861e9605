"""DICOM segmentations as label maps: their frames have places of their own in the patient."""

from pathlib import Path
from typing import Any

import numpy as np

from ablsim.errors import CaseError

CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
"""Kinds of DICOM objects that are segmentations: binary or fractional, and label maps."""

_PREAMBLE = 128  # bytes


def is_dicom(path: Path) -> bool:
    """Say whether a file is a DICOM object."""
    with path.open("rb") as file:
        return file.read(_PREAMBLE + 4)[_PREAMBLE:] == b"DICM"


def read_segmentation(sitk: Any, path: Path, label: int | None) -> Any | None:
    """Return the label map of a DICOM segmentation, or None if the file is another object.

    Parameters
    ----------
    sitk : module
        SimpleITK.
    path : Path
        A DICOM file.
    label : int, optional
        Which segment is meant; segments that overlap can only be read one by one.

    Raises
    ------
    CaseError
        If highdicom is missing, or the segmentation cannot be laid out on a regular grid.
    """
    try:
        import highdicom as hd
        import pydicom
    except ImportError:
        msg = f'{path.name}: DICOM needs highdicom: pip install "ablsim[imaging]"'
        raise CaseError(msg) from None
    if pydicom.dcmread(path, specific_tags=["SOPClassUID"]).SOPClassUID not in CLASSES:
        return None
    try:
        segmentation = hd.seg.segread(path)
        numbers = [int(number) for number in segmentation.segment_numbers]
        chosen = [label] if label in numbers else numbers
        volume = segmentation.get_volume(segment_numbers=chosen, combine_segments=True)
        volume = volume.ensure_handedness("RIGHT_HANDED", flip_axis=0)
    except (RuntimeError, ValueError, AttributeError, KeyError) as error:
        msg = (
            f"{path.name}: this segmentation cannot be read as one label map ({error}); choose a "
            "segment with label, or export it as NRRD or NIfTI"
        )
        raise CaseError(msg) from None
    affine = np.asarray(volume.affine, dtype=np.float64)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.array.transpose(2, 1, 0)))
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    image.SetDirection((affine[:3, :3] / spacing).ravel().tolist())
    return image
