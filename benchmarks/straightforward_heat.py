"""The full physics of heat as one would write it down first: the yardstick of `bench_heat.py step`.

One loop over all cells in float64: tissue looked up by label, harmonic means of conductivity at
each face as they are needed, perfusion, absorbed light, boiling, drying, three damage integrals
with `math.exp`, conductivity by temperature and water, perfusion by stasis. No rows are skipped,
nothing is kept from step to step. The equations are those of `ablsim.heat.pennes`, and so is the
answer, but for rounding and what it leaves out: sub-steps of dry cells, char, the cap.
"""

from math import exp

from numba import njit, prange


@njit(cache=True, error_model="numpy", inline="always")
def _conductivity(t, water, row):
    """Return the conductivity of a cell by temperature and water."""
    ramp = min(max((t - row[6]) * row[7], 0.0), 1.0)
    moist = row[3] * (1.0 + row[5] * ramp)
    return row[4] + (moist - row[4]) * water


@njit(cache=True, error_model="numpy", inline="always")
def _between(a, b):
    """Return the harmonic mean of two conductivities."""
    return 2.0 * a * b / (a + b)


@njit(cache=True, parallel=True, error_model="numpy")
def step(theta, water, damage, label, tissue, kinetics, q, dt, h, t_base, t_boil, new, left_new):
    """Make one Euler step of everything; arrays are float64, shape (nz, ny, nx).

    ``theta`` is the rise [K], ``damage`` (3, nz, ny, nx) the integrals of stasis, whitening and
    death, ``tissue[label]`` and ``kinetics`` (3, 5) as in `ablsim.kernels.reaction`; ``new`` and
    ``left_new`` receive temperature and water. Sides are insulated.
    """
    nz, ny, nx = theta.shape
    for z in prange(nz):
        for y in range(ny):
            for x in range(nx):
                row = tissue[label[z, y, x]]
                t = theta[z, y, x]
                k = _conductivity(t, water[z, y, x], row)
                flux = 0.0
                for dz, dy, dx in (
                    (-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)
                ):  # fmt: skip
                    i, j, m = z + dz, y + dy, x + dx
                    if 0 <= i < nz and 0 <= j < ny and 0 <= m < nx:
                        other = tissue[label[i, j, m]]
                        beside = _conductivity(theta[i, j, m], water[i, j, m], other)
                        flux += _between(k, beside) * (theta[i, j, m] - t)
                flow = row[8] * exp(-min(damage[0, z, y, x], 60.0))
                left = water[z, y, x]
                capacity = row[1] + (row[0] - row[1]) * left
                t_new = t + dt / capacity * (flux / h**2 - flow * t + q[z, y, x])
                if t_new > t_boil and left > 0.0:
                    surplus = capacity * (t_new - t_boil)
                    boiled = min(left, surplus / row[2])
                    t_new = t_boil + (surplus - boiled * row[2]) / row[1]
                    left -= boiled
                new[z, y, x], left_new[z, y, x] = t_new, left
                middle = 0.5 * (t + t_new) + t_base
                for process in range(3):
                    a, b, gate, above, below = kinetics[process]
                    if middle >= gate:
                        warmer = middle - 316.15
                        slope = above if warmer >= 0.0 else below
                        rate = exp(min(max(a - b / middle + slope * warmer, -60.0), 4.605170186))
                        damage[process, z, y, x] += dt * rate
