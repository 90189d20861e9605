"""The command that writes other programs' formats.

As in :mod:`ablsim.cli`, everything heavy is imported inside the command.
"""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
Several = Parameter(consume_multiple=True, negative="")
Format = Literal["nifti", "nrrd", "dicom-seg", "stl", "ply", "gltf", "vti", "csv", "markups"]


def export(
    result: Path,
    /,
    *,
    to: Annotated[list[Format], Several],
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    like: Path | None = None,
    force: Flag = False,
) -> None:
    """Write a stored result in the formats of other programs: patient frame LPS, millimetres.

    Parameters
    ----------
    result
        A result (.vtkhdf).
    to
        One or more. nifti, nrrd: a label map (ablated tumour, tumour left, ablated tissue around,
        vessels, organs), temperature and damage; 3D Slicer shows the .seg.nrrd with names.
        dicom-seg: the labels on the slices of a series. stl, ply: a surface for each body. gltf:
        all of them with their colours (metres, as glTF demands). vti: the cells. csv: course,
        fibres, labels, margins. markups: fibres and probes for 3D Slicer.
    output
        The folder; by default that of the result.
    like
        An image, or the folder of a DICOM series, whose voxels are labelled in place of the cells:
        for nifti and nrrd; dicom-seg needs it.
    force
        Replace files that are there.
    """
    from ablsim.exchange.export import check_request, export_result
    from ablsim.storage import load

    check_request(to, like)
    folder = output if output is not None else result.parent
    for path in export_result(load(result), to, folder, result.stem, like=like, force=force):
        print(path)


COMMANDS = (export,)
"""All of them."""
