"""Shrunk sizes: lengths lose 12 to 22 %, and the size that is not corrected stays."""

import dataclasses

import pytest

from ablsim.shrinkage import LINEAR_SHRINKAGE, shrink
from ablsim.zone import Zone


def test_lengths_and_volume_lose_what_bench_tissue_loses():
    zone = Zone(4e-6, (30e-3, 20e-3, 10e-3), along=30e-3, across=15e-3, sphericity=0.9, pieces=1)
    before = dataclasses.replace(zone)
    small = shrink(zone)
    assert LINEAR_SHRINKAGE == (0.12, 0.22)
    assert small.along == pytest.approx((23.4e-3, 26.4e-3))
    assert small.across == pytest.approx((11.7e-3, 13.2e-3))
    assert small.axes[2] == pytest.approx((7.8e-3, 8.8e-3))
    # A cube that shrinks alike in all directions keeps the ratio of volume to length cubed.
    for volume, length in zip(small.volume, small.along, strict=True):
        assert volume / length**3 == pytest.approx(zone.volume / zone.along**3)
    assert zone == before


def test_no_zone_shrinks_to_no_zone():
    assert shrink(Zone()).volume == (0.0, 0.0)
