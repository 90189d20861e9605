"""Bounds on the attenuation that flights of photons are drawn by."""

import numpy as np
import pytest
from scipy.ndimage import maximum_filter

from ablsim.kernels.photon_states import bound_blocks

pytestmark = pytest.mark.compiled


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_a_block_is_bounded_by_the_strongest_in_and_about_it(shift):
    rng = np.random.default_rng(shift)
    states = rng.integers(0, 40, (9, 11, 14)).astype(np.uint16)
    attenuation = rng.random((3, 40)).astype(np.float32) ** 8
    edge = 1 << shift
    blocks = [-(-n // edge) for n in states.shape]
    own, across, bounds = (np.full((3, *blocks), 9.0, dtype=np.float32) for _ in range(3))
    bound_blocks(states.ravel(), attenuation, states.shape, shift, own, across, bounds)
    pad = [(0, n * edge - m) for n, m in zip(blocks, states.shape, strict=True)]
    for part in range(3):
        of_cells = np.pad(attenuation[part][states], pad)
        (z, y, x) = blocks
        of_blocks = of_cells.reshape(z, edge, y, edge, x, edge).max((1, 3, 5))
        assert np.array_equal(own[part], of_blocks)
        assert np.array_equal(bounds[part], maximum_filter(of_blocks, 3, mode="constant"))
