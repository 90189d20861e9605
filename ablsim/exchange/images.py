"""NIfTI and NRRD: what each voxel is, temperature and damage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablsim.exchange.frame import Frame
from ablsim.exchange.segments import Segments, maps, segment
from ablsim.imaging.masks import import_itk
from ablsim.result import Result

COLOURS = {1: (0.56, 0.24, 0.77), 2: (0.0, 0.41, 0.18), 3: (0.80, 0.66, 0.90)}
"""Of the labels that every result has (red, green, blue), for programs that show names."""

_OTHERS = ((0.25, 0.44, 0.78), (0.44, 0.58, 0.25), (0.54, 0.50, 0.45), (0.34, 0.47, 0.54))


def write_images(
    result: Result, stem: Path, ending: str, frame: Frame | None = None
) -> Sequence[Path]:
    """Write labels and maps of a result; return the files.

    Parameters
    ----------
    result : Result
        What is written.
    stem : Path
        Beginning of the names.
    ending : {".nii.gz", ".nrrd"}
        A label map that ends in ``.seg.nrrd`` carries names and colours of its segments.
    frame : Frame, optional
        Voxels; by default the result's own cells.
    """
    sitk = import_itk()
    found = segment(result, frame)
    is_nrrd = ending == ".nrrd"
    labels = _image(sitk, found.labels, found.frame)
    target = stem.with_name(f"{stem.name}_labels{'.seg' if is_nrrd else ''}{ending}")
    if is_nrrd:
        for key, value in describe_segments(found).items():
            labels.SetMetaData(key, value)
    sitk.WriteImage(labels, str(target), useCompression=True)
    written = [target]
    for name, values in maps(result, frame).items():
        target = stem.with_name(f"{stem.name}_{name}{ending}")
        sitk.WriteImage(_image(sitk, values, found.frame), str(target), useCompression=True)
        written.append(target)
    return written


def describe_segments(found: Segments) -> dict[str, str]:
    """Return the header with which 3D Slicer shows a label map by name and colour."""
    header = {"Segmentation_MasterRepresentation": "Binary labelmap"}
    nz, ny, nx = found.frame.shape
    for number, (label, name) in enumerate(found.names.items()):
        colour = COLOURS.get(label, _OTHERS[(label - len(COLOURS) - 1) % len(_OTHERS)])
        header |= {
            f"Segment{number}_ID": f"Segment_{label}",
            f"Segment{number}_Name": name,
            f"Segment{number}_LabelValue": str(label),
            f"Segment{number}_Layer": "0",
            f"Segment{number}_Color": " ".join(f"{part:g}" for part in colour),
            f"Segment{number}_Extent": f"0 {nx - 1} 0 {ny - 1} 0 {nz - 1}",
        }
    return header


def _image(sitk: Any, values: NDArray[Any], frame: Frame) -> Any:
    return frame.put_into(sitk.GetImageFromArray(np.ascontiguousarray(values)))
