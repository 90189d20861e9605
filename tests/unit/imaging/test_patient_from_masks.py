"""Tumour, liver and vessels of a patient from a label map: it runs, reports and is planned for."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import ablsim
from ablsim.case import Case
from ablsim.domain import make_domain
from ablsim.geometry import distance_to_ellipsoid, distance_to_tube
from ablsim.report.result_page import write_report
from ablsim.running import simulate_into

pytestmark = pytest.mark.compiled

LIVER, TUMOUR, VESSEL = 1, 2, 3

CASE = """
schema = "ablsim/case/1"
title = "Patient from masks"
[tissue]
background = "liver"
[tumour]
tissue = "net_metastasis"
shape = "mask"
file = "labels.nii.gz"
label = 2
[[organ]]
name = "around the liver"
tissue = "fat"
shape = "mask"
file = "liver.nii.gz"
outside = true
[[vessel]]
name = "portal vein"
file = "labels.nii.gz"
label = 3
[[fibre]]
kind = "bare"
tip = ["4 mm", "-6 mm", "8 mm"]
direction = [0, 0, -1]
[protocol]
steps = ["deliver 5 W until 900 J", "rest for 120 s"]
[numerics]
spacing = "2 mm"
photons = 3000
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    sitk = pytest.importorskip("SimpleITK")
    folder = tmp_path_factory.mktemp("patient")
    turned = Rotation.from_rotvec([0.1, 0.25, -0.15]).as_matrix()
    spacing, shape = np.array([0.9, 1.1, 2.0]), (56, 90, 100)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)[..., ::-1]
    middle = np.array([4.0, -6.0, 8.0])
    origin = middle - turned @ (spacing * (np.array(shape[::-1]) - 1) / 2)
    points = 1e-3 * (origin + (index * spacing) @ turned.T)
    centre = tuple(1e-3 * middle)
    labels = np.zeros(shape, dtype=np.uint8)
    labels[distance_to_ellipsoid(points, centre, (84e-3, 84e-3, 80e-3)) <= 0.0] = LIVER
    labels[distance_to_ellipsoid(points, centre, (16e-3, 13e-3, 13e-3)) <= 0.0] = TUMOUR
    line = 1e-3 * (middle + np.array([[20.0, -30.0, 0.0], [20.0, 30.0, 0.0]]))
    labels[distance_to_tube(points, line, 3e-3) <= 0.0] = VESSEL
    for name, values in (("labels", labels), ("liver", (labels > 0).astype(np.uint8))):
        image = sitk.GetImageFromArray(values)
        image.SetOrigin(origin.tolist())
        image.SetSpacing(spacing.tolist())
        image.SetDirection(turned.ravel().tolist())
        sitk.WriteImage(image, str(folder / f"{name}.nii.gz"))
    (folder / "case.toml").write_text(CASE, encoding="utf-8")
    return Case.from_toml(folder / "case.toml")


def test_it_is_what_was_marked(case):
    domain = make_domain(case)
    (vein,) = case.vessels
    assert vein.diameter == pytest.approx(6e-3, rel=0.05)
    tumour = np.count_nonzero(domain.labels == 1) * 8.0
    assert tumour == pytest.approx(np.pi / 6.0 * 16.0 * 13.0 * 13.0, rel=0.1)
    assert (domain.organs == 1).any()  # the domain reaches beyond the liver


def test_it_runs_and_is_reported(case, tmp_path):
    result, zones, _ = simulate_into(case, tmp_path / "x.vtkhdf", None, quiet=True)
    assert zones.tumour.ablated_fraction > 0.5
    assert result.ledger.vessels > 0.0  # the vein took some
    write_report(tmp_path / "x.vtkhdf", tmp_path / "x.html")
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert "portal vein" in text
    assert "around the liver" in text


@pytest.mark.slow
def test_it_is_planned_for(case):
    plan = ablsim.plan(case, workers=2)
    assert plan.is_feasible
    again = Case.from_text(plan.to_toml())
    assert again.tumour == case.tumour
    assert again.vessels == case.vessels
    assert ablsim.measure_zones(ablsim.simulate(again)).tumour.ablated_fraction > 0.98
