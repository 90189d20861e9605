"""DICOM SEG: what each voxel of a series of slices is after the treatment, in coded words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim import __version__
from ablsim.errors import CaseError
from ablsim.exchange.segments import (
    ABLATED_AROUND,
    ABLATED_TUMOUR,
    FIRST_OTHER,
    TUMOUR_LEFT,
    front_of,
    label_plane,
    name_segments,
)
from ablsim.result import Result

Dataset = Any
"""A data set of pydicom, which has no types of its own."""


def write_segmentation(result: Result, stem: Path, series: Path) -> Sequence[Path]:
    """Write a segmentation that refers to the slices of a series; return the file.

    Parameters
    ----------
    result : Result
        In the coordinates of the series (LPS).
    stem : Path
        Beginning of the name.
    series : Path
        Folder with the DICOM slices on which the tumour was found.

    Raises
    ------
    CaseError
        If highdicom is missing, or the folder does not hold the slices of one series.
    """
    try:
        import highdicom as hd
        from pydicom.sr.codedict import codes
    except ImportError:
        msg = 'DICOM SEG needs highdicom: pip install "ablsim[imaging]"'
        raise CaseError(msg) from None
    slices = read_series(series)
    front = front_of(result)
    planes = [label_plane(result, front, points_of(one)) for one in slices]
    names = name_segments(result)
    labels = np.stack(planes)
    present = [label for label in names if np.any(labels == label)]
    if not present:
        msg = (
            f"{series}: nothing of what the result knows lies in these slices; give its own series"
        )
        raise CaseError(msg)
    pixels = np.zeros(labels.shape, dtype=np.uint8)
    for number, label in enumerate(present, start=1):
        pixels[labels == label] = number
    tumour = (codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Neoplasm)
    ablated = (
        codes.SCT.MorphologicallyAbnormalStructure,
        hd.sr.CodedConcept("6574001", "SCT", "Necrosis"),
    )
    kinds = {ABLATED_TUMOUR: ablated, TUMOUR_LEFT: tumour, ABLATED_AROUND: ablated}
    vessels = range(FIRST_OTHER, FIRST_OTHER + len(result.case.vessels))
    kinds |= {label: (codes.SCT.AnatomicalStructure, codes.SCT.BloodVessel) for label in vessels}
    organ = (codes.SCT.AnatomicalStructure, codes.SCT.Organ)
    algorithm = hd.AlgorithmIdentificationSequence(
        name="ablsim",
        version=__version__,
        family=hd.sr.CodedConcept("simulation", "99ABLSIM", "Simulation of laser ablation"),
    )
    descriptions = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=names[label][:64],
            segmented_property_category=kinds.get(label, organ)[0],
            segmented_property_type=kinds.get(label, organ)[1],
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
        )
        for number, label in enumerate(present, start=1)
    ]
    segmentation = hd.seg.Segmentation(
        source_images=slices,
        pixel_array=pixels,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=descriptions,
        series_instance_uid=hd.UID(),
        series_number=int(getattr(slices[0], "SeriesNumber", 0) or 0) + 900,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="ablsim",
        manufacturer_model_name="ablsim",
        software_versions=__version__,
        device_serial_number="0",
        series_description="ablsim: research software, not for clinical decisions",
    )
    target = stem.with_name(f"{stem.name}_labels.seg.dcm")
    segmentation.save_as(target)
    return [target]


def read_series(folder: Path) -> list[Dataset]:
    """Return the slices of the one series in a folder, along its normal.

    Raises
    ------
    CaseError
        If there are none, of several series, or without a place in the patient.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError

    if not folder.is_dir():
        msg = f"{folder}: is no folder; give the folder with the DICOM slices of one series"
        raise CaseError(msg)
    slices = []
    for path in sorted(folder.iterdir()):
        try:
            one = pydicom.dcmread(path) if path.is_file() else None
        except InvalidDicomError:
            continue
        if one is not None and "ImagePositionPatient" in one and "PixelSpacing" in one:
            slices.append(one)
    if not slices:
        msg = f"{folder}: holds no DICOM slices with a place in the patient; give another folder"
        raise CaseError(msg)
    if len({one.SeriesInstanceUID for one in slices}) > 1:
        msg = f"{folder}: holds slices of several series; give a folder with one of them"
        raise CaseError(msg)
    normal = np.cross(*np.reshape(np.array(slices[0].ImageOrientationPatient, dtype=float), (2, 3)))
    return sorted(slices, key=lambda one: float(np.dot(one.ImagePositionPatient, normal)))


def points_of(one: Dataset) -> NDArray[np.float64]:
    """Return the centres of a slice's pixels, LPS, shape (rows, columns, 3) [m]."""
    along, down = np.reshape(np.array(one.ImageOrientationPatient, dtype=float), (2, 3))
    row_step, column_step = (float(edge) for edge in one.PixelSpacing)
    corner = np.array(one.ImagePositionPatient, dtype=float)
    columns = np.arange(int(one.Columns))[:, None] * (column_step * along)
    rows = np.arange(int(one.Rows))[:, None] * (row_step * down)
    return np.asarray(1e-3 * (corner + rows[:, None, :] + columns[None, :, :]))
