"""Photons one packet at a time: books, bits, and what is known exactly."""

import numba
import numpy as np
import pytest
from scipy.ndimage import maximum_filter

from ablsim.kernels import photon
from ablsim.light.monte_carlo import DEPTH, SPREAD
from ablsim.light.similar import one_angle, two_angles

pytestmark = pytest.mark.compiled

CELLS = 40


class Medium:
    """A cube of cells of one or two media: coefficients in 1/cell."""

    def __init__(self, mu_a, mu_s, g, states=None, shift=1, *, exact=True):
        mu_a, mu_s, g = (np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (mu_a, mu_s, g))
        self.states = np.zeros((CELLS,) * 3, dtype=np.uint16) if states is None else states
        self.exact = exact
        parts = [(mu_a, mu_s, g, g, g)] + [
            (mu_a, mu_s * turns.rate, turns.share, turns.one, turns.other)
            for turns in (two_angles(g), one_angle(g))
        ]
        self.table = np.concatenate([np.stack(part, axis=1) for part in parts]).astype(np.float32)
        self.shift, edge = shift, 1 << shift
        blocks = -(-CELLS // edge)
        bounds = []
        for part in np.split(self.table[:, 0] + self.table[:, 1], 3):
            of_cells = np.pad(part[self.states], (0, blocks * edge - CELLS), mode="edge")
            of_blocks = of_cells.reshape(blocks, edge, blocks, edge, blocks, edge).max((1, 3, 5))
            bounds.append(maximum_filter(of_blocks, 3, mode="nearest").ravel())
        self.bounds = np.concatenate(bounds) * np.float32(1 + 1e-6)

    def follow(self, photons, *, threshold=0.05, pieces=2, key=1, threads=None, **source):
        """Return the tally as float weights of one photon, its integers, and the ledger."""
        threads = threads or numba.get_num_threads()
        tallies = np.zeros((threads, CELLS**3), dtype=np.int64)
        ledgers = np.zeros((threads, photon.LEDGER), dtype=np.int64)
        photon.trace(
            0, photons, pieces, np.uint64(key), make_source(**source), np.array([photons]),
            self.states.ravel(), self.table, self.bounds, (CELLS,) * 3, self.shift,
            np.float32(1e9 if self.exact else DEPTH), np.float32(DEPTH - SPREAD),
            np.float32(threshold), tallies, ledgers,
        )  # fmt: skip
        total = tallies.sum(axis=0)
        share = total.reshape((CELLS,) * 3) / (photon.ONE * photons)
        return share, total, ledgers.sum(axis=0)


def make_source(tip=(20.0, 20.0, 20.0), radius=0.0, cos_cone=-1.0, active=0.0, sheath=0.0):
    """Return one source that shines along z; by default a point that shines everywhere."""
    source = np.zeros((1, photon.SOURCE_COLUMNS), dtype=np.float32)
    source[0, photon.TIP : photon.TIP + 3] = tip
    source[0, photon.SIDE : photon.AXIS + 3] = np.eye(3).ravel()
    source[0, photon.RADIUS :] = radius, cos_cone, active, sheath, 1.0
    return source


def ball(radius):
    line = np.arange(CELLS) + 0.5 - CELLS / 2
    return (line[:, None, None] ** 2 + line[:, None] ** 2 + line**2 < radius**2).astype(np.uint16)


def liver(*, exact):
    """Liver-like tissue with a coagulated ball about the tip, cells of 1 mm."""
    return Medium((0.04, 0.03), (15.0, 45.0), (0.95, 0.95), ball(5.0), exact=exact)


@pytest.mark.parametrize("exact", [True, False])
def test_the_books_close_to_the_last_bit(exact):
    _, total, ledger = liver(exact=exact).follow(2000)
    absorbed = int(total.sum())
    launched, escaped, roulette = (int(ledger[i]) for i in range(photon.LEDGER))
    assert launched == 2000 * int(photon.ONE)
    assert absorbed + escaped + roulette == launched
    assert (total >= 0).all()


def test_bits_depend_on_the_key_alone():
    before, mixed = numba.get_num_threads(), liver(exact=False)
    _, first, ledger = mixed.follow(3000)
    try:
        for threads, pieces in ((1, 1), (before, 7), (before, 64)):
            numba.set_num_threads(threads)
            _, total, books = mixed.follow(3000, pieces=pieces)
            assert np.array_equal(total, first)
            assert np.array_equal(books, ledger)
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(mixed.follow(3000, threads=1)[1], first)  # tallies for one thread only
    assert numba.get_num_threads() == before
    assert not np.array_equal(mixed.follow(3000, key=2)[1], first)


def test_a_pencil_in_an_absorber_is_an_exponential():
    photons, mu = 40000, 0.2
    share, _, ledger = Medium(mu, 0.0, 0.0).follow(
        photons, tip=(20.5, 20.5, 0.0), cos_cone=1.0, threshold=1e-3
    )
    along = np.exp(-mu * np.arange(CELLS + 1))
    error = 4.0 / np.sqrt(photons)  # a collision takes all that is left
    assert share[:, 20, 20] == pytest.approx(along[:-1] - along[1:], abs=error)
    assert share.sum() == pytest.approx(share[:, 20, 20].sum(), abs=1e-12)
    escaped = ledger[photon.ESCAPED] / (photon.ONE * photons)
    assert escaped == pytest.approx(along[-1], abs=error)


def test_a_cone_is_uniform_in_solid_angle_and_a_disc_in_area():
    photons = 40000
    share, _, _ = Medium(1e3, 0.0, 0.0).follow(
        photons, tip=(20.0, 20.0, 20.0), radius=4.0, cos_cone=1.0, threshold=1e-3
    )
    assert share[20].sum() == pytest.approx(1.0, abs=1e-6)
    inner = share[20, 18:22, 18:22].sum()
    assert inner == pytest.approx(16.0 / (np.pi * 16.0), abs=4.0 * np.sqrt(0.2 / photons))
    # without anything in the way, what leaves through the lid is the cone within it
    hollow = Medium(1e-3, 0.0, 0.0)
    _, _, ledger = hollow.follow(photons, cos_cone=np.cos(0.3))
    assert ledger[photon.ESCAPED] / (photon.ONE * photons) == pytest.approx(0.98, abs=0.004)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("g", [0.0, 0.5, -0.5, 0.95])
def test_the_mean_cosine_is_g(g, exact):
    """The centre of what is absorbed lies 1 / (mu_a + mu_s (1 - g)) on, whatever scatters."""
    photons, mu_a, mu_s = 60000, 0.3, 0.24
    medium = Medium(mu_a, mu_s, g, exact=exact)
    share, _, _ = medium.follow(photons, tip=(20.0, 20.0, 12.0), cos_cone=1.0, threshold=1e-3)
    z = np.arange(CELLS) + 0.5 - 12.0
    mean = float(share.sum(axis=(1, 2)) @ z)
    assert mean == pytest.approx(1.0 / (mu_a + mu_s * (1.0 - g)), abs=0.06)  # cells blur it


def test_a_few_angles_spread_light_as_all_do():
    line = np.arange(CELLS) + 0.5 - CELLS / 2
    r = np.sqrt(line[:, None, None] ** 2 + line[:, None] ** 2 + line**2)
    true, _, _ = liver(exact=True).follow(4000, key=3)
    quick, _, _ = liver(exact=False).follow(30000, key=4)
    for inner, outer in ((0.0, 2.0), (2.0, 4.0), (4.0, 7.0), (7.0, 11.0)):
        shell = (r >= inner) & (r < outer)
        assert quick[shell].sum() == pytest.approx(true[shell].sum(), rel=0.04)


def test_roulette_changes_nothing_in_the_mean():
    line = np.arange(CELLS) + 0.5 - CELLS / 2
    r = np.sqrt(line[:, None, None] ** 2 + line[:, None] ** 2 + line**2)
    medium = Medium(0.1, 2.0, 0.5)
    sums = []
    for threshold, key in ((1e-4, 5), (0.3, 6)):
        share, _, _ = medium.follow(20000, threshold=threshold, key=key)
        sums.append([share[(r >= a) & (r < a + 3.0)].sum() for a in (0.0, 3.0, 6.0)])
    assert sums[0] == pytest.approx(sums[1], rel=0.04)
