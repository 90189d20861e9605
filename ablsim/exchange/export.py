"""A result in other programs' formats: which there are, and how files come to be as a whole."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, get_args

from ablsim.errors import CaseError, ResultError
from ablsim.result import Result

Format = Literal["nifti", "nrrd", "dicom-seg", "stl", "ply", "gltf", "vti", "csv", "markups"]
"""Other programs' formats."""

ON_IMAGES = ("nifti", "nrrd", "dicom-seg")
"""Those whose voxels may be those of another image."""


def check_request(formats: Sequence[str], like: Path | None) -> None:
    """Refuse what cannot be written, before anything is read.

    Raises
    ------
    CaseError
        If no format is given, if an image is given that none of them takes, or if DICOM SEG is
        asked for without the slices that it must refer to.
    """
    if not formats:
        msg = f"--to: is missing; allowed are {', '.join(get_args(Format))}; write --to nifti"
        raise CaseError(msg)
    if "dicom-seg" in formats and like is None:
        msg = (
            "--to dicom-seg: a segmentation refers to the slices of a series; give their folder "
            "with --like"
        )
        raise CaseError(msg)
    if like is not None and not set(formats) & set(ON_IMAGES):
        msg = (
            f"--like {like}: only {', '.join(ON_IMAGES)} can take another image's voxels; leave it "
            "out"
        )
        raise CaseError(msg)
    if like is not None and not like.exists():
        msg = f"--like {like}: there is no such file or folder; give an image of the patient"
        raise CaseError(msg)


def export_result(
    result: Result,
    formats: Sequence[Format],
    folder: Path,
    name: str,
    *,
    like: Path | None = None,
    force: bool = False,
) -> list[Path]:
    """Write a result in other programs' formats.

    Parameters
    ----------
    result : Result
        What is written.
    formats : sequence of str
        Which (`Format`).
    folder : Path
        Where the files go; it must be there.
    name : str
        How their names begin.
    like : Path, optional
        An image, or a folder of DICOM slices, whose voxels are labelled in place of the cells.
    force : bool
        Replace files that are there.

    Returns
    -------
    list of Path
        The files; each is there as a whole or not at all.

    Raises
    ------
    CaseError, ResultError
        If the image cannot be read, a library is missing, or a file exists or cannot be written.
    """
    check_request(formats, like)
    if not folder.is_dir():
        msg = f"output {folder}: there is no such folder; create it first"
        raise CaseError(msg)
    try:
        with tempfile.TemporaryDirectory(prefix=".ablsim-export-", dir=folder) as scratch:
            written = [
                path
                for each in dict.fromkeys(formats)
                for path in _WRITERS[each](result, Path(scratch) / name, like)
            ]
            targets = [folder / path.name for path in written]
            there = [target for target in targets if target.exists()]
            if there and not force:
                msg = f"{there[0]} exists already; choose another folder with -o, or add --force"
                raise CaseError(msg)
            for path, target in zip(written, targets, strict=True):
                path.replace(target)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        msg = f"cannot write into {folder}: {reason}"
        raise ResultError(msg) from error
    return targets


def _images(result: Result, stem: Path, like: Path | None, ending: str) -> Sequence[Path]:
    from ablsim.exchange.frame import Frame
    from ablsim.exchange.images import write_images

    return write_images(result, stem, ending, None if like is None else Frame.of_image(like))


def _segmentation(result: Result, stem: Path, like: Path | None) -> Sequence[Path]:
    from ablsim.exchange.dicom import write_segmentation

    return write_segmentation(result, stem, Path() if like is None else like)


def _surfaces(result: Result, stem: Path, ending: str) -> Sequence[Path]:
    from ablsim.exchange.surfaces import write_surfaces

    return write_surfaces(result, stem, ending)


def _scene(result: Result, stem: Path) -> Sequence[Path]:
    from ablsim.exchange.surfaces import write_scene

    return write_scene(result, stem)


def _voxels(result: Result, stem: Path) -> Sequence[Path]:
    from ablsim.exchange.surfaces import write_voxels

    return write_voxels(result, stem)


def _tables(result: Result, stem: Path) -> Sequence[Path]:
    from ablsim.exchange.tables import write_tables

    return write_tables(result, stem)


def _markups(result: Result, stem: Path) -> Sequence[Path]:
    from ablsim.exchange.markups import write_markups

    return write_markups(result, stem)


_WRITERS: dict[str, Callable[[Result, Path, Path | None], Sequence[Path]]] = {
    "nifti": lambda result, stem, like: _images(result, stem, like, ".nii.gz"),
    "nrrd": lambda result, stem, like: _images(result, stem, like, ".nrrd"),
    "dicom-seg": _segmentation,
    "stl": lambda result, stem, _: _surfaces(result, stem, ".stl"),
    "ply": lambda result, stem, _: _surfaces(result, stem, ".ply"),
    "gltf": lambda result, stem, _: _scene(result, stem),
    "vti": lambda result, stem, _: _voxels(result, stem),
    "csv": lambda result, stem, _: _tables(result, stem),
    "markups": lambda result, stem, _: _markups(result, stem),
}
