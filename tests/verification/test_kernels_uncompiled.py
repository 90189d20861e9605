"""The compiled loops do what their Python source says."""

import os
import subprocess
import sys

import numpy as np
import pytest

SCRIPT = """
import sys
import numpy as np
from ablsim.kernels import cap, cell_states, distance, evaporation, faces, pennes, plain_rows
from ablsim.kernels import reaction, region, rkl, stability, stiff, uniform

rng = np.random.default_rng(3)
shape, inner = (7, 7, 8), (slice(1, -1),) * 3
theta = np.zeros(shape); theta[inner] = 80 * rng.random((5, 5, 6))
k, inv_c, w, q = np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape)
k[inner], inv_c[inner], w[inner], q[inner] = 0.5, 1 / 3.8e6, 6e4, 1e7 * rng.random((5, 5, 6))
k[inner] += 0.3 * rng.random((5, 5, 6))
water = np.ones(shape); water[inner] = rng.random((5, 5, 6)).round(1); water[2, 2, 2:4] = 0.0
table = np.array([[3.8e6, 4.4e5, 1.75e9, 0.5, 0.2, 0.6, 28.0, 1 / 27, 6e4, 1.0]])
inv_c[inner] = 1 / (4.4e5 + (3.8e6 - 4.4e5) * water[inner])
kinetics = np.array([[245.0, 80226.0, 316.15, 0.0, 0.0], [96.1, 33292.0, 316.15, 0.0, 0.0],
                     [-9.57, 0.0, 312.15, 0.693, 1.386]])
code = np.zeros(shape, np.uint8)
char, stasis, whitening, death, dying, peak = (np.zeros(shape) for _ in range(6))
alive, seen, curve = np.full(shape, 0.99), water.copy(), np.array([(40.0, 1.0), (50, 0.6), (70, 0)])
moist = np.interp(theta, *curve.T)
moist_c = 1 / (4.4e5 + (3.8e6 - 4.4e5) * moist)
warm = theta + 30 * rng.random(shape)
hot, dried = np.zeros(shape[:2], np.uint8), np.ones(shape[:2], np.uint8)
perfused, cells = np.zeros(shape[0]), np.empty(150, np.int64)
plain, until = np.zeros(shape[:2], np.uint8), np.zeros(shape[:2], np.int32)
stale = np.ones(shape[0], np.uint8)
slot, new = np.full(shape, -1, np.int32), theta.copy()
box, opened, dt, inv_h2 = (1, 6, 1, 6, 1, 7), (True,) * 6, 0.7, 1e6
face, conducts = np.zeros((3, *shape)), np.zeros(shape[:2], np.uint8)
conducts[1:-1, 1:-1] = 1
faces.join(k, conducts, box, face)
tips = np.array([[3.0, 3.0, 3.0], [4.0, 3.0, 5.0]])
found, tissues = np.zeros(5), code[inner].copy()
stability.fastest(k, tissues, np.zeros(1), np.ones(1), np.full(1, 2e-7), w, 1.0, 1e-3, found)
linear, other = theta.copy(), theta.copy()
uniform.advance(linear, other, q * 1e-9, 6, 0.4, 0.09, True, 5, 2, np.array([1, 6]))
for _ in range(3):
    n, n_sub = stiff.find_stiff(face, inv_c, w, dried, box, dt, inv_h2, 0.95, 4.4e5, cells, slot)
    assert n > 0
    plain_rows.find(face, inv_c, w, box, opened, plain)
    assert not plain.any()  # nothing here is alike
    plain[4, 4] = 1  # as if it were
    for joined in (False, True):
        stale[:] = 1
        plain_rows.join(plain, inv_c, w, box, opened, joined, stale, until)
        assert not stale[1:6].any()
        pennes.conduct(theta, face, inv_c, w, q, plain, until, joined, box, opened, dt, inv_h2,
                       5.0, new, hot, perfused)
    plain[5, 5] = 1
    plain_rows.leave(hot, box, plain, stale)
    assert stale[5] == 1
    stiff.substep(theta, face, inv_c, w, q, water, code, table, 63.0, 90.0, cells, n, slot, n_sub,
                  dt, inv_h2, new)
    reaction.react(theta, new, water, char, stasis, whitening, death, k, inv_c, w, code, table,
                   kinetics, hot, dried, conducts, box, dt, 5.0, 310.15, 63.0, 163.0, 2, 0.9)
    faces.join(k, conducts, box, face)
    cap.move_above(new, water, inv_c, code, table, 63.0, 63.0, 90.0, tips, dried, box)
    cell_states.three_states(theta, new, alive, dying, hot, box, dt, 310.15, 316.15, 0.0096, 40.5,
                             0.00777, 0.8)
    cell_states.reach(new, peak, hot, box, 310.15, 316.15, 327.15, 1.0)
    evaporation.condense(new, water, seen, inv_c, code, table, tips, dried, box, cells, 63.0, 62.0,
                         0.5)
    evaporation.evaporate(theta, warm, moist, moist_c, code, table, curve, hot, dried, box)
    theta, new = new, theta
rate, first, before = np.zeros(shape), theta.copy(), theta.copy()
fastest, boils = np.zeros(shape[0]), np.zeros(shape[:2], np.uint8)
fields = (face, inv_c, w, q, box, (True, False, True, True, False, True), inv_h2)
rkl.mark_hot(theta, theta, box, 60.0, boils)
rkl.first_rate(theta, *fields, rate, perfused, fastest)
rkl.first_stage(theta, rate, box, 0.5, 63.0, first, before, boils)
first[inner] += 30.0; boils[:] = 1
corrections = rkl.withdraw_excess(first, face, inv_c, w, water, code, table, *fields[4:], 63.0,
                                  90.0, boils, 0.4, before)
assert corrections[0] < 0.0
plain[3, 3] = 1
warmest = region.warmest_outside(theta, (2, 4, 2, 4, 2, 4))
closed, kept = (False,) * 6, theta.copy()
reached = [region.has_reached(kept, limit, box, closed, 2) for limit in (1.0, 1e3)]
assert reached == [True, False]
region.mirror(kept, box, closed)
outside = theta.copy(); outside[2:4, 2:4, 2:4] = 0.0
assert warmest == outside.max() > 0.0
steps = (1.5, -0.6, 0.4, -0.2)
for joined, opened in ((False, fields[5]), (True, opened)):
    stale[:] = 1
    plain_rows.join(plain, inv_c, w, box, opened, joined, stale, until)
    rkl.stage(theta, rate, first, *fields[:4], plain, until, joined, box, opened, inv_h2, steps,
              63.0, before, perfused, boils)
triangles, away = rng.random((9, 3, 3)), np.zeros(20)
distance.nearest_of(2 * rng.random((20, 3)), triangles, rng.integers(0, 9, (20, 4)), away)
np.savez(sys.argv[1], away=away, reached=reached, kept=kept, found=found, linear=linear,
         rate=rate, first=first, second=before, fastest=fastest, boils=boils,
         corrections=corrections, theta=theta, water=water, char=char, stasis=stasis,
         whitening=whitening, death=death, dying=dying, alive=alive, peak=peak, warm=warm,
         moist=moist, seen=seen, k=k, face=face, conducts=conducts,
         inv_c=inv_c, w=w, perfused=perfused, plain=plain)
"""


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")
    for name, switch in (("compiled", "0"), ("plain", "1")):
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(folder / f"{name}.npz")],
            env={**os.environ, "NUMBA_DISABLE_JIT": switch},
            check=True,
        )
    return [np.load(folder / f"{name}.npz") for name in ("compiled", "plain")]


def test_compiled_loops_agree_with_their_source(states):
    compiled, plain = states
    assert plain["water"].min() == 0.0
    assert plain["stasis"].max() > 1.0
    assert plain["dying"].max() > 0.0
    assert plain["peak"].max() > 1.0
    assert plain["moist"].min() < 1.0
    assert np.any(plain["seen"] < 1.0)
    for name in plain.files:
        # the compiler may fuse a product and a sum, no more
        assert compiled[name] == pytest.approx(plain[name], rel=1e-9, abs=1e-12), name
