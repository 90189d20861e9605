"""What a new temperature does to the tissue: boiling, damage, stasis, conductivity, char, cap.

Arrays as in ``pennes.py``: one layer of ghost cells, float32 or float64 alike, ``theta`` the rise
above the base temperature [K]. ``code`` (uint8) is each cell's row in ``tissue``, whose columns
are: 0 and 1 volumetric heat capacity wet and dry [J/(m^3 K)], 2 latent heat of all its water
[J/m^3], 3 conductivity at body temperature and 4 dry [W/(m K)], 5 gain of the conductivity by
heating [1], 6 rise at which the gain starts [K], 7 one over its span [1/K], 8 perfusion coefficient
[W/(m^3 K)], 9 whether perfusion rises before stasis. ``water`` is the share of the water left,
``inv_c`` the reciprocal heat capacity (0 in a held cell).
"""

import numpy as np
from numba import njit, prange

# exp(s) on -0.95 <= s <= 0.08: Chebyshev interpolant of degree 8, relative error 4e-11
_EXP = (
    0.9999999999932283,
    1.0000000005669671,
    0.5000000052920728,
    0.16666659757735522,
    0.04166571942526102,
    0.008329000823947096,
    0.0013788863254343463,
    0.00018573040406896194,
    1.6159939880617374e-05,
)


@njit(cache=True, error_model="numpy")
def _exp_coefficients(like):
    """Return the polynomial and the factor 1/64 in the type of ``like``."""
    c = np.empty(10, like.dtype)
    for i in range(9):
        c[i] = _EXP[i]
    c[9] = 1.0 / 64.0
    return c


@njit(cache=True, error_model="numpy")
def _exp(y, c):
    """Return exp(y) for -60 <= y <= 5: the polynomial of y/64, squared six times.

    Plain arithmetic, so the loops around it vectorise. Relative error 1.5e-5 in float32, 3e-9 in
    float64.
    """
    s = y * c[9]
    p = c[8]
    for i in range(7, -1, -1):
        p = p * s + c[i]
    p = p * p
    p = p * p
    p = p * p
    p = p * p
    p = p * p
    return p * p


@njit(cache=True, error_model="numpy")
def _boil(t, water, heat_wet, heat_dry, latent, t_boil):
    """Turn the heat above the boiling point into steam; return temperature and water left."""
    if t <= t_boil or water <= 0.0:
        return t, water
    surplus = (heat_dry + (heat_wet - heat_dry) * water) * (t - t_boil)
    boiled = surplus / latent
    if boiled < water:
        return t_boil, water - boiled
    return t_boil + (surplus - latent * water) / heat_dry, water - water


@njit(cache=True, error_model="numpy")
def _boil_row(t, water, inv_c, code, tissue, t_boil):
    """Boil one row; return whether any of its cells has lost water, now or before."""
    one = t.dtype.type(1.0)
    n_dry = 0
    for i in range(t.size):
        if t[i] > t_boil and inv_c[i] > 0.0:
            row = tissue[code[i]]
            t[i], water[i] = _boil(t[i], water[i], row[0], row[1], row[2], t_boil)
            inv_c[i] = one / (row[1] + (row[0] - row[1]) * water[i])
        n_dry += water[i] < one
    return n_dry > 0


@njit(cache=True, error_model="numpy")
def _damage_row(t_old, t_new, omega, process, t_base, dt, c):
    """Add one step of damage at the mean temperature T of the step.

    dOmega/dt = exp(a - b/T + s (T - 43 degC)), and nothing below the gate.
    ``process`` is ``(a, b [K], gate [K], s above 43 degC [1/K], s below it [1/K])``. An Arrhenius
    process is a = ln A, b = E/R, s = 0; equivalent minutes at 43 degC are b = 0, s = -ln R
    (Sapareto 1984). The rate is capped at 100 1/s: far beyond any that decides where Omega is 1.
    """
    a, b, gate, above, below = process[0], process[1], process[2], process[3], process[4]
    break_point = t_new.dtype.type(316.15)
    half = t_new.dtype.type(0.5)
    low = t_new.dtype.type(-60.0)
    high = t_new.dtype.type(4.605170186)
    zero = t_new.dtype.type(0.0)
    for i in range(t_new.size):
        t = half * (t_old[i] + t_new[i]) + t_base
        warmer = t - break_point
        y = a - b / t + (above if warmer >= zero else below) * warmer
        rate = _exp(min(max(y, low), high), c)
        omega[i] += dt * rate if t >= gate else zero


@njit(cache=True, error_model="numpy")
def _flow_with_hyperaemia(still):
    """Perfusion relative to that at rest, for the share ``still`` of vessels not in stasis.

    Vessels open before they stop: 1.6 times the flow at 2 % stasis (He 2004, Schutt 2008).
    """
    stopped = 1.0 - still
    if stopped <= 0.02:
        return 1.0 + 30.0 * stopped
    if stopped <= 0.08:
        return 1.86 - 13.0 * stopped
    if stopped <= 0.97:
        return 0.884 - 0.79 * stopped
    return 3.87 * still


@njit(cache=True, error_model="numpy")
def _properties_row(t, water, stasis, code, tissue, law, shutdown, t_base, k, w, c):
    """Conductivity by temperature and water, perfusion by its law.

    ``law``: 0 constant, 1 stasis, 2 stasis with hyperaemia before it, 3 none once past 60 degC.
    The share ``shutdown`` of the perfusion follows it, the rest stays as at rest.
    """
    one = t.dtype.type(1.0)
    kept = one - shutdown
    zero = t.dtype.type(0.0)
    most = t.dtype.type(60.0)
    cutoff = t.dtype.type(333.15) - t_base
    for i in range(t.size):
        p = code[i]
        ramp = min(max((t[i] - tissue[p, 6]) * tissue[p, 7], zero), one)
        wet = tissue[p, 3] * (one + tissue[p, 5] * ramp)
        k[i] = tissue[p, 4] + (wet - tissue[p, 4]) * water[i]
        if law == 1 or law == 2:
            flow = _exp(-min(stasis[i], most), c)
            if law == 2 and tissue[p, 9] > zero:
                flow = t.dtype.type(_flow_with_hyperaemia(flow))
            w[i] = tissue[p, 8] * (kept + shutdown * flow)
        elif law == 3 and t[i] >= cutoff:
            w[i] = kept * tissue[p, 8]


@njit(cache=True, error_model="numpy")
def _char_row(t, water, char, t_char, inv_ramp, dry):
    """Char grows irreversibly while dry tissue passes ``t_char`` +- half the ramp."""
    one = t.dtype.type(1.0)
    zero = t.dtype.type(0.0)
    half = t.dtype.type(0.5)
    for i in range(t.size):
        if water[i] < dry:
            share = min(max((t[i] - t_char) * inv_ramp + half, zero), one)
            char[i] = max(char[i], share)


@njit(cache=True, parallel=True, error_model="numpy")
def react(
    theta_old,
    theta,
    water,
    char,
    stasis,
    whitening,
    death,
    k,
    inv_c,
    w,
    code,
    tissue,
    kinetics,
    hot,
    dried,
    box,
    dt,
    t_base,
    t_boil,
    t_char,
    law,
    shutdown,
):
    """Bring the hot rows of ``box`` up to date with their new temperature ``theta``.

    ``kinetics`` holds the processes of stasis, whitening and death (`_damage_row`). ``hot[z, y]``
    marks the rows to visit, ``dried[z, y]`` receives which hold a cell that has lost water.
    ``t_boil`` and ``t_char`` are rises [K]; char grows over 20 K in cells with less than 5 % of
    their water. ``shutdown`` [1] is the share of the perfusion that follows ``law``.
    """
    z0, z1, y0, y1, x0, x1 = box
    inv_ramp = theta.dtype.type(1.0 / 20.0)
    dry = theta.dtype.type(0.05)
    for z in prange(z0, z1):
        c = _exp_coefficients(theta)
        for y in range(y0, y1):
            if hot[z, y] == 0:
                continue
            t_old = theta_old[z, y, x0:x1]
            t = theta[z, y, x0:x1]
            water_row = water[z, y, x0:x1]
            code_row = code[z, y, x0:x1]
            n_boiling = 0
            for i in range(t.size):
                n_boiling += t[i] > t_boil
            if n_boiling > 0 or dried[z, y]:
                dried[z, y] = _boil_row(t, water_row, inv_c[z, y, x0:x1], code_row, tissue, t_boil)
                _char_row(t, water_row, char[z, y, x0:x1], t_char, inv_ramp, dry)
            stasis_row = stasis[z, y, x0:x1]
            _damage_row(t_old, t, stasis_row, kinetics[0], t_base, dt, c)
            _damage_row(t_old, t, whitening[z, y, x0:x1], kinetics[1], t_base, dt, c)
            _damage_row(t_old, t, death[z, y, x0:x1], kinetics[2], t_base, dt, c)
            _properties_row(
                t,
                water_row,
                stasis_row,
                code_row,
                tissue,
                law,
                shutdown,
                t_base,
                k[z, y, x0:x1],
                w[z, y, x0:x1],
                c,
            )


@njit(cache=True, error_model="numpy")
def _nearest(z, y, x, tips, share):
    """Write into ``share`` to which tips the cell belongs: the nearest one, or equal parts."""
    best = 1e30
    for j in range(tips.shape[0]):
        d = (z - tips[j, 0]) ** 2 + (y - tips[j, 1]) ** 2 + (x - tips[j, 2]) ** 2
        share[j] = d
        best = min(best, d)
    n = 0
    for j in range(tips.shape[0]):
        near = share[j] <= best + 1e-6 * (best + 1.0)
        share[j] = 1.0 if near else 0.0
        n += near
    for j in range(tips.shape[0]):
        share[j] /= n


@njit(cache=True, error_model="numpy")
def cap(theta, water, inv_c, code, tissue, t_boil, t_hot, t_cap, tips, rows, box):
    """Move the heat above ``t_cap`` to the hot zone of the nearest tip; return how much [J/m^3].

    A cell whose temperature passed the cap would stand for a vapour cavity that shares its heat
    with its walls: the surplus goes to the cells at or above ``t_hot`` that are nearest to the
    same tip (``tips``: (z, y, x) in padded indices, float64), in proportion to how far they are
    below the cap. Nothing is deleted. Only ``rows`` that hold dried and hot cells are searched.
    """
    z0, z1, y0, y1, x0, x1 = box
    n_tips = tips.shape[0]
    share = np.zeros(n_tips)
    surplus = np.zeros(n_tips)
    room = np.zeros(n_tips)
    hottest = t_hot
    for z in range(z0, z1):
        for y in range(y0, y1):
            if rows[z, y]:
                for x in range(x0, x1):
                    hottest = max(hottest, theta[z, y, x])
    if hottest <= t_cap:
        return 0.0

    for z in range(z0, z1):
        for y in range(y0, y1):
            if rows[z, y] == 0:
                continue
            for x in range(x0, x1):
                t = theta[z, y, x]
                if t >= t_hot and inv_c[z, y, x] > 0.0:
                    _nearest(z, y, x, tips, share)
                    for j in range(n_tips):
                        if t > t_cap:
                            surplus[j] += share[j] * (t - t_cap) / inv_c[z, y, x]
                        else:
                            room[j] += share[j] * (t_cap - t)

    one = theta.dtype.type(1.0)
    for z in range(z0, z1):
        for y in range(y0, y1):
            if rows[z, y] == 0:
                continue
            for x in range(x0, x1):
                t = theta[z, y, x]
                if t < t_hot or inv_c[z, y, x] == 0.0:
                    continue
                _nearest(z, y, x, tips, share)
                heat = 0.0
                for j in range(n_tips):
                    if room[j] > 0.0:
                        if t > t_cap:
                            heat -= share[j] * (t - t_cap) / inv_c[z, y, x]
                        else:
                            heat += share[j] * surplus[j] * (t_cap - t) / room[j]
                if heat == 0.0:
                    continue
                row = tissue[code[z, y, x]]
                t_new, water[z, y, x] = _boil(
                    theta.dtype.type(t + heat * inv_c[z, y, x]),
                    water[z, y, x],
                    row[0],
                    row[1],
                    row[2],
                    t_boil,
                )
                theta[z, y, x] = t_new
                inv_c[z, y, x] = one / (row[1] + (row[0] - row[1]) * water[z, y, x])

    moved = 0.0
    for j in range(n_tips):
        if room[j] > 0.0:
            moved += surplus[j]
    return moved
