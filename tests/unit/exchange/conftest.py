"""A result made by hand whose borders fall between voxels, and an oblique series of slices."""

from pathlib import Path

import numpy as np
import pytest

from ablsim.case import Case
from ablsim.result import Fields, Ledger, Record, Result

CASE = """
schema = "ablsim/case/1"
title = "Exchange"
[domain]
size = ["40 mm", "36 mm", "44 mm"]
centre = ["3.3 mm", "-2.1 mm", "7.7 mm"]
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
shape = "ellipsoid"
axes = ["18 mm", "14 mm", "12 mm"]
centre = ["4 mm", "-3 mm", "8 mm"]
margin = "3 mm"
[[vessel]]
name = "vein"
diameter = "4 mm"
points = [["15 mm", "-40 mm", "8 mm"], ["15 mm", "40 mm", "8 mm"]]
[[organ]]
name = "gallbladder"
tissue = "bile"
shape = "sphere"
diameter = "8 mm"
centre = ["-9 mm", "-3 mm", "8 mm"]
[[probe]]
name = "T1"
position = ["4 mm", "5 mm", "8 mm"]
[[fibre]]
name = "F1"
kind = "bare"
tip = ["4 mm", "-3 mm", "6 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W for 60 s", "rest for 120 s"]
[numerics]
spacing = "1 mm"
"""


@pytest.fixture(scope="session")
def made():
    """Return a result whose zone is a ball of 7.3 mm around (5, -4, 9) mm."""
    case = Case.from_text(CASE)
    grid = case.grid()
    points = grid.position(np.argwhere(np.ones(grid.shape, dtype=bool)))
    away = np.linalg.norm(points - np.array([5e-3, -4e-3, 9e-3]), axis=1).reshape(grid.shape)
    omega = np.exp((7.3e-3 - away) / 1e-3).astype(np.float32)
    rise = (50.0 * np.exp(-((away / 10e-3) ** 2))).astype(np.float32)
    fields = Fields(rise, omega, 0.3 * omega, 2.0 * omega, np.ones_like(rise), 0.0 * rise)
    return Result(
        case=case,
        grid=grid,
        labels=np.zeros(grid.shape, np.uint8),
        materials=("liver",),
        base_temperature=310.15,
        fields=fields,
        ledger=Ledger(fired=300.0, emitted=285.0),
        history=(Record(0.0, 0.0, Ledger(), 0), Record(180.0, 0.0, Ledger(fired=300.0), 1)),
        provenance={"ablsim": "0.1.0"},
    )


@pytest.fixture(scope="session")
def oblique(tmp_path_factory):
    """Return the folder of CT slices, turned by 12 and 7 degrees, of 0.9 x 0.7 x 2.5 mm."""
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    folder = tmp_path_factory.mktemp("series")
    a, b = np.deg2rad(12.0), np.deg2rad(7.0)
    along = np.array([np.cos(a), np.sin(a), 0.0])
    down = np.array([-np.sin(a) * np.cos(b), np.cos(a) * np.cos(b), np.sin(b)])
    normal = np.cross(along, down)
    first = np.array([-18.0, -24.0, -16.3])
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for number in range(18):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        one.SOPClassUID, one.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = study, series, frame
        one.Modality, one.PatientName, one.PatientID, one.StudyID = "CT", "Phantom", "P", "1"
        one.PatientBirthDate = one.PatientSex = one.AccessionNumber = ""
        one.StudyDate, one.StudyTime, one.ReferringPhysicianName = "20261128", "120000", ""
        one.PositionReferenceIndicator, one.Manufacturer = "", "nobody"
        one.SeriesNumber, one.InstanceNumber = 3, number + 1
        one.ImageOrientationPatient = [*along.tolist(), *down.tolist()]
        one.ImagePositionPatient = (first + 2.5 * number * normal).tolist()
        one.PixelSpacing, one.SliceThickness = [0.7, 0.9], 2.5  # rows, columns
        one.Rows, one.Columns = 60, 50
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated = one.BitsStored = 16
        one.HighBit, one.PixelRepresentation = 15, 1
        one.RescaleIntercept, one.RescaleSlope = 0, 1
        one.PixelData = np.full((60, 50), number, dtype=np.int16).tobytes()
        # names that do not run along the normal
        pydicom.dcmwrite(Path(folder) / f"{(7 * number) % 18:02d}.dcm", one)
    return folder
