"""Labels of the domain: tumour over background, organs over both, vessels over all."""

from types import SimpleNamespace

import numpy as np
import pytest

from ablsim.domain import make_domain
from ablsim.errors import CaseError
from ablsim.grid import Grid
from ablsim.shapes import Ellipsoid, HalfSpace
from ablsim.tissue.library import get_tissue


def make_case(
    *, spacing=1e-3, tumour=None, vessels=(), organs=(), perfusion="normal", background="liver"
):
    grid = Grid.centred((0.0, 0.0, 0.0), (40e-3, 40e-3, 40e-3), spacing)
    return SimpleNamespace(
        grid=lambda: grid,
        tissue=SimpleNamespace(background=background, perfusion=perfusion, find=get_tissue),
        tumour=tumour,
        vessels=vessels,
        organs=organs,
    )


def make_tumour(axes=(20e-3,) * 3, centre=(0.0, 0.0, 0.0), tissue="net_metastasis"):
    body = Ellipsoid(centre, axes)
    return SimpleNamespace(axes=axes, centre=centre, tissue=tissue, body=body)


def make_vessel(*points, diameter=6e-3):
    return SimpleNamespace(name="vein", diameter=diameter, points=points, wall="free")


VEIN = make_vessel((9e-3, -90e-3, 0.0), (9e-3, 90e-3, 0.0))


def test_without_tumour_and_vessel_there_is_only_background():
    domain = make_domain(make_case())
    assert domain.materials == ("liver",)
    assert not domain.labels.any()
    assert domain.wall_area == ()
    assert domain.tumour_label is None
    assert domain.labels.dtype == np.uint8


def test_tumour_lies_over_background_and_vessels_over_both():
    domain = make_domain(make_case(tumour=make_tumour(), vessels=(VEIN,)))
    assert domain.materials == ("liver", "net_metastasis", "blood")
    x, y, z = domain.grid.axes()
    zz, yy, xx = np.meshgrid(z, y, x, indexing="ij")
    tumour = xx**2 + yy**2 + zz**2 <= 10e-3**2
    vein = (xx - 9e-3) ** 2 + zz**2 <= 3e-3**2
    np.testing.assert_array_equal(domain.labels, np.where(vein, 2, np.where(tumour, 1, 0)))
    np.testing.assert_array_equal(domain.lumen, vein.astype(np.uint8))
    assert domain.tumour_label == 1
    assert domain.wall_area[0] == pytest.approx(np.pi * 6e-3 * 40e-3, rel=1e-6)


def test_an_ellipsoid_lies_where_its_axes_say():
    domain = make_domain(make_case(tumour=make_tumour((30e-3, 20e-3, 10e-3))))
    where = np.argwhere(domain.labels == 1)
    assert (np.ptp(where, axis=0) + 1).tolist() == [10, 20, 30]


@pytest.mark.parametrize("perfusion", ["none", "occluded"])
def test_without_flow_vessels_are_still_blood(perfusion):
    domain = make_domain(make_case(vessels=(VEIN,), perfusion=perfusion))
    assert domain.materials == ("liver", "blood")
    assert np.all((domain.labels == 1) == (domain.lumen == 1))
    assert domain.lumen.any()


def test_every_vessel_has_its_own_lumen_and_the_first_keeps_the_crossing():
    crossing = make_vessel((-90e-3, 0.0, 0.0), (90e-3, 0.0, 0.0))
    domain = make_domain(make_case(vessels=(VEIN, crossing)))
    alone = make_domain(make_case(vessels=(VEIN,)))
    np.testing.assert_array_equal(domain.lumen == 1, alone.lumen == 1)
    assert np.count_nonzero(domain.lumen == 2) > 0
    assert domain.wall_area[0] < alone.wall_area[0]


def test_a_vessel_beside_the_domain_leaves_no_blood_in_it():
    far = make_vessel((60e-3, -90e-3, 0.0), (60e-3, 90e-3, 0.0))
    domain = make_domain(make_case(vessels=(far,)))
    assert domain.materials == ("liver",)
    assert domain.wall_area == (0.0,)


def test_a_tumour_outside_the_domain_has_no_label():
    domain = make_domain(make_case(tumour=make_tumour(centre=(90e-3, 0.0, 0.0))))
    assert domain.materials == ("liver",)
    assert domain.tumour_label is None


def test_a_tumour_of_the_background_tissue_keeps_its_own_label():
    domain = make_domain(make_case(tumour=make_tumour(tissue="liver")))
    assert domain.materials == ("liver", "liver")
    assert domain.labels.max() == domain.tumour_label == 1


@pytest.mark.parametrize("spacing", [2e-3, 1e-3, 0.5e-3, 0.7e-3])
def test_a_mirrored_case_has_mirrored_labels(spacing):
    domain = make_domain(make_case(spacing=spacing, tumour=make_tumour(), vessels=(VEIN,)))
    np.testing.assert_array_equal(domain.labels, domain.labels[::-1])
    np.testing.assert_array_equal(domain.labels, domain.labels[:, ::-1])


def test_a_bent_vessel_is_filled_around_its_bend():
    bend = make_vessel((0.0, -90e-3, 0.0), (0.0, 0.0, 0.0), (90e-3, 0.0, 0.0))
    lumen = make_domain(make_case(vessels=(bend,))).lumen
    iz, iy, ix = np.floor(
        Grid.centred((0, 0, 0), (40e-3,) * 3, 1e-3).index((1e-3, 1e-3, 0))
    ).astype(int)
    assert lumen[iz, iy, ix] == 1
    assert lumen[iz, 2, ix] == 1
    assert lumen[iz, iy, -2] == 1
    assert lumen[iz, -5, 5] == 0


def make_organ(body, tissue="bile"):
    return SimpleNamespace(name="organ", tissue=tissue, body=body)


def test_organs_lie_over_the_tumour_and_vessels_over_organs():
    gallbladder = make_organ(Ellipsoid((9e-3, 0.0, 0.0), (14e-3,) * 3))
    diaphragm = make_organ(HalfSpace((0.0, 0.0, 5e-3), (0.0, 0.0, 1.0)), "muscle")
    organs = (gallbladder, diaphragm)
    domain = make_domain(make_case(tumour=make_tumour(), vessels=(VEIN,), organs=organs))
    assert domain.materials == ("liver", "net_metastasis", "bile", "muscle", "blood")
    x, y, z = domain.grid.axes()
    zz, yy, xx = np.meshgrid(z, y, x, indexing="ij")
    expected = np.where(xx**2 + yy**2 + zz**2 <= 10e-3**2, 1, 0)
    expected = np.where(zz > 5e-3, 3, expected)
    expected = np.where((xx - 9e-3) ** 2 + yy**2 + zz**2 <= 7e-3**2, 2, expected)
    expected = np.where((xx - 9e-3) ** 2 + zz**2 <= 3e-3**2, 4, expected)
    np.testing.assert_array_equal(domain.labels, expected)
    np.testing.assert_array_equal(domain.organs, np.array([0, 0, 1, 2, 0])[expected])
    assert domain.tumour_label == 1


def test_an_organ_of_the_background_tissue_keeps_its_own_label():
    organ = make_organ(Ellipsoid((0.0, 0.0, 0.0), (14e-3,) * 3), "liver")
    domain = make_domain(make_case(organs=(organ,)))
    assert domain.materials == ("liver", "liver")
    np.testing.assert_array_equal(domain.labels, domain.organs)


def test_an_organ_that_vessels_leave_nothing_of_is_refused():
    organ = make_organ(Ellipsoid((9e-3, 0.0, 0.0), (4e-3,) * 3))
    with pytest.raises(CaseError, match="organ#1: no cell of the domain is left to organ"):
        make_domain(make_case(vessels=(VEIN,), organs=(organ,)))
