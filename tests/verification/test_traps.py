"""Mistakes that other codes of this kind have made, each as a test that would catch it here."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from ablsim.case import Boundary, Case
from ablsim.grid import Grid
from ablsim.simulation import simulate

NO_TIPS = np.zeros((0, 3))
FIELDS = ("rise", "stasis", "whitening", "death", "water", "char")
FIBRE = {"kind": "bare", "tip": ["0 mm", "0 mm", "0 mm"], "direction": [0, 0, -1]}
SMALL = {
    "schema": "ablsim/case/1",
    "title": "small",
    "domain": {"size": "32 mm", "centre": ["0 mm", "0 mm", "0 mm"]},
    "tissue": {"background": "liver"},
    "fibre": [FIBRE],
    "protocol": {"steps": ["deliver 5 W for 60 s", "rest for 120 s"]},
    "numerics": {"spacing": "2 mm"},
}


def case(**changes):
    return Case.from_dict(SMALL | changes)


# conductivity: jumps and slopes ------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_flux_is_equal_on_both_sides_of_a_jump_of_conductivity(heat, row, axis):
    """Steady heat through a film and two slabs in series; a non-conservative Laplacian fails.

    Reached: 1e-8, with the stiffness of the face that is held.
    """
    n, h, film, warm = 5, 1e-3, 200.0, 20.0
    k1, k2 = 0.3, 0.9
    shape = [1, 1, 1]
    shape[2 - axis] = 2 * n
    grid = Grid((shape[0], shape[1], shape[2]), h, (0.0, 0.0, 0.0))
    second = (np.arange(2 * n) >= n).astype(np.uint8)
    sides = {
        f"{'xyz'[axis]}_min": Boundary(kind="convective", coefficient=film, ambient=310.15 + warm),
        f"{'xyz'[axis]}_max": Boundary(kind="body"),
    }
    solver = heat(
        grid, rows=[row(k=k1, c=1e6), row(k=k2, c=1e6)], code=second.reshape(grid.shape),
        boundary="insulated", sides=sides, precision="float64", skip_temperature=1e4,
    )  # fmt: skip
    solver.set_source(np.zeros(grid.shape), NO_TIPS)
    solver.advance(1500.0)
    theta = solver.inner("theta").ravel()
    flux = warm / (1 / film + n * h / k1 + n * h / k2)
    left, right = -k1 * np.diff(theta[:n]) / h, -k2 * np.diff(theta[n:]) / h
    assert left == pytest.approx(np.full(n - 1, flux), rel=1e-5)
    assert right == pytest.approx(np.full(n - 1, flux), rel=1e-5)
    # the two temperatures at the jump, reached from either side, are one
    assert theta[n - 1] - flux * h / (2 * k1) == pytest.approx(
        theta[n] + flux * h / (2 * k2), rel=1e-6
    )


def slab_error(heat, row, n):
    """Evenly heated slab between cold faces, k growing linearly with temperature, steady."""
    length, q0, k0, gain, span = 10e-3, 1.2e6, 0.52, 1.0, 60.0
    table = row(k=k0, c=1e6)
    table[5:8] = gain, 0.0, 1.0 / span
    grid = Grid((1, 1, n), length / n, (0.0, 0.0, 0.0))
    sides = {side: Boundary(kind="body") for side in ("x_min", "x_max")}
    solver = heat(grid, rows=[table], boundary="insulated", sides=sides, precision="float64")
    solver.set_source(np.full(grid.shape, q0), NO_TIPS)
    solver.advance(400.0)
    x = grid.axes()[0]
    # Kirchhoff: k0 (theta + gain theta^2 / 2 span) = q x (L - x) / 2
    flow = q0 * x * (length - x) / (2 * k0)
    exact = span / gain * (np.sqrt(1 + 2 * gain * flow / span) - 1)
    assert 15.0 < exact.max() < span
    return np.abs(solver.inner("theta")[0, 0] - exact).max()


def test_smooth_conductivity_of_temperature_keeps_second_order(heat, row):
    """A staircase of binned media would stop converging. Reached: within 0.05 of it."""
    errors = [slab_error(heat, row, n) for n in (8, 16, 32)]
    assert np.log2(np.divide(errors[:-1], errors[1:])) == pytest.approx([2.0, 2.0], abs=0.1)


# protocols ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    return simulate(case())


@pytest.mark.compiled
def test_one_long_protocol_equals_its_pieces_glued(small):
    steps = [
        "deliver 5 W for 30 s", "deliver 5 W until 150 J", "rest for 30 s", "rest for 90 s",
    ]  # fmt: skip
    glued = simulate(case(protocol={"steps": steps}))
    for name in FIELDS:
        assert np.array_equal(getattr(glued.fields, name), getattr(small.fields, name)), name
    assert glued.ledger.fired == pytest.approx(small.ledger.fired, rel=1e-12)
    assert glued.ledger.perfusion == pytest.approx(small.ledger.perfusion, rel=1e-12)


# several fibres ----------------------------------------------------------------------------------


@pytest.mark.compiled
def test_four_fibres_in_one_place_equal_one_of_their_power(monkeypatch):
    """Below the case layer, which refuses fibres in one place. Reached: the same bits."""
    one = simulate(case(protocol={"steps": ["deliver 5 W for 60 s", "rest for 120 s"]}))
    quarter = case(protocol={"steps": ["deliver 1.25 W for 60 s", "rest for 120 s"]})
    fibre = quarter.fibres_all[0]
    together = tuple(replace(fibre, name=f"F{i}") for i in range(4))
    monkeypatch.setattr(Case, "fibres_all", property(lambda self: together))
    four = simulate(quarter)
    assert four.ledger.fired == pytest.approx(one.ledger.fired, rel=1e-12)
    assert four.ledger.emitted == pytest.approx(one.ledger.emitted, rel=1e-12)
    assert four.ledger.absorbed == pytest.approx(one.ledger.absorbed, rel=1e-6)
    assert four.fields.rise == pytest.approx(one.fields.rise, abs=1e-3)
    for name in ("stasis", "whitening", "death"):
        zones = [getattr(r.fields, name) >= 1.0 for r in (one, four)]
        assert np.array_equal(*zones), name


@pytest.mark.compiled
def test_order_of_the_fibres_in_a_case_changes_nothing():
    """Reached: the same bits; only sums in another order are to be expected."""
    tips = ((-7.0, 1.0, 0.0), (6.0, 0.0, 2.0), (0.0, 8.0, -1.0))
    fibres = [
        FIBRE | {"name": name, "tip": [f"{v} mm" for v in tip]}
        for name, tip in zip("ABC", tips, strict=True)
    ]
    steps = ["deliver 3 W for 20 s with A and C", "deliver 4 W for 30 s", "rest for 120 s"]
    first, *others = (
        simulate(case(fibre=list(order), protocol={"steps": steps}))
        for order in (fibres, fibres[::-1], [fibres[1], fibres[0], fibres[2]])
    )
    for other in others:
        assert other.fields.rise == pytest.approx(first.fields.rise, abs=1e-3)
        assert np.array_equal(other.fields.stasis >= 1, first.fields.stasis >= 1)
        assert other.ledger.perfusion == pytest.approx(first.ledger.perfusion, rel=1e-5)


@pytest.mark.compiled
def test_two_fibres_ablate_more_than_the_union_of_each_alone():
    """Adding up zones of single fibres misses what they do together.

    Reached: at 12 mm the union of the single zones is 18 % (stasis) and 16 % (whitening) too small.
    """
    tips = (["-6 mm", "0 mm", "0 mm"], ["6 mm", "0 mm", "0 mm"])
    box = {"domain": {"size": "48 mm", "centre": ["0 mm", "0 mm", "0 mm"]}}
    steps = {"protocol": {"steps": ["deliver 5 W for 240 s", "rest for 120 s"]}}
    fibres = [FIBRE | {"name": n, "tip": tip} for n, tip in zip("AB", tips, strict=True)]
    both = simulate(case(fibre=fibres, **box, **steps))
    alone = [simulate(case(fibre=[fibre], **box, **steps)) for fibre in fibres]
    for name in ("stasis", "whitening"):
        killed = getattr(both.fields, name) >= 1.0
        union = np.any([getattr(r.fields, name) >= 1.0 for r in alone], axis=0)
        assert not (union & ~killed).any()
        assert 1.0 - union.sum() / killed.sum() > 0.10


# what an import may not do -----------------------------------------------------------------------

OFFLINE = """
import importlib, pkgutil, socket, sys

def refuse(*args, **kwargs):
    raise OSError("this process may not use the network")

class Offline(socket.socket):
    connect = connect_ex = bind = sendto = refuse

socket.socket = Offline
for name in ("create_connection", "getaddrinfo", "gethostbyname"):
    setattr(socket, name, refuse)

import ablsim
for module in pkgutil.walk_packages(ablsim.__path__, "ablsim."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
result = ablsim.simulate(ablsim.Case.from_dict({case!r}))
assert result.ledger.fired > 0.0
gpu = [name for name in ("cupy", "torch", "jax", "pycuda") if name in sys.modules]
assert not gpu, gpu
print("done")
"""


def test_imports_and_a_run_need_neither_network_nor_gpu():
    tiny = SMALL | {
        "domain": {"size": "16 mm", "centre": ["0 mm", "0 mm", "0 mm"]},
        "protocol": {"steps": ["deliver 1 W for 2 s", "rest for 120 s"]},
    }
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "NUMBA_CUDA_DRIVER": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE.replace("{case!r}", repr(tiny))],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "done"
