"""Covered share against offset, on spheres whose shares are known; right to a third of a cell."""

from types import SimpleNamespace

import numpy as np
import pytest

from ablsim.case_tables import TumourTable
from ablsim.grid import Grid
from ablsim.uncertainty.coverage import coverage_curve


def make_result(radius, spacing=1e-3, blood_beyond=np.inf):
    """A tumour of 20 mm in the middle of a spherical zone."""
    grid = Grid.centred((0.0, 0.0, 0.0), (40e-3,) * 3, spacing)
    x, y, z = grid.axes()
    r = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    omega = np.where(r < radius, 10.0, 0.1).astype(np.float32)
    return SimpleNamespace(
        grid=grid,
        case=SimpleNamespace(
            tumour=TumourTable(tissue="net_metastasis", shape="sphere", diameter="20 mm"),
            physics=SimpleNamespace(reported_zone="stasis"),
        ),
        fields=SimpleNamespace(stasis=omega),
        labels=(np.broadcast_to(x, grid.shape) > blood_beyond).astype(np.uint8),
        materials=("liver", "blood"),
    )


def test_a_sphere_covers_as_much_of_another_as_their_volumes_say():
    curve = coverage_curve(make_result(8e-3))
    for offset in (-2e-3, -1e-3, 0.0, 1e-3):
        assert float(curve.share(offset)) == pytest.approx(((8e-3 + offset) / 10e-3) ** 3, abs=0.05)
    assert float(curve.share(3e-3)) == 1.0
    assert float(curve.share(-9e-3)) == 0.0


def test_the_margin_counts_as_the_tumour_where_it_is_asked_for():
    curve = coverage_curve(make_result(8e-3), margin=4e-3)
    assert float(curve.share(0.0)) == pytest.approx((8 / 14) ** 3, abs=0.02)
    assert float(curve.share(4e-3)) == pytest.approx((12 / 14) ** 3, abs=0.05)


def test_the_lumen_of_a_vessel_is_not_counted():
    whole, half = (coverage_curve(make_result(8e-3, blood_beyond=b)) for b in (np.inf, 0.0))
    assert float(half.share(0.0)) == pytest.approx(float(whole.share(0.0)), abs=1e-9)
    outer = coverage_curve(make_result(8e-3, blood_beyond=7e-3))
    assert float(outer.share(0.0)) > float(whole.share(0.0)) + 0.01


def test_without_a_zone_the_most_damaged_cells_stand_for_it():
    result = make_result(8e-3)
    result.fields.stasis *= np.float32(0.05)
    curve = coverage_curve(result)
    assert float(curve.share(0.0)) == pytest.approx(0.512, abs=0.03)
