"""What a new temperature does to the tissue: boiling, damage, stasis, conductivity, char.

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

_LANES = 16
"""Cells that the processor works on at a time, in the widest loops."""


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


@njit(error_model="numpy", inline="always")
def _conductivity(t, water, wet, dry, gain, start, inv_span, zero, one):
    """Return the conductivity at the rise ``t`` [K] of tissue with so much water left."""
    ramp = min(max((t - start) * inv_span, zero), one)
    moist = wet * (one + gain * ramp)
    return dry + (moist - dry) * water


@njit(cache=True, error_model="numpy")
def _is_mixed(code, first, n):
    """Say whether cells of a row are of several tissues; of one, its numbers are looked up once."""
    mixed = np.uint8(0)
    for i in range(n):
        mixed |= code[first + i] ^ code[first]
    return mixed > 0


@njit(cache=True, error_model="numpy")
def _conductivity_row(t, water, first, n, code, tissue, is_mixed, k):
    """Conductivity by temperature and water; return whether that of any cell has changed."""
    one, zero = t.dtype.type(1.0), t.dtype.type(0.0)
    has_changed = np.int32(0)
    if is_mixed:
        for i in range(n):
            j = first + i
            row = tissue[code[j]]
            new = _conductivity(t[j], water[j], row[3], row[4], row[5], row[6], row[7], zero, one)
            has_changed |= np.int32(new != k[j])
            k[j] = new
        return has_changed
    row = tissue[code[first]]
    wet, dry, gain, start, inv_span = row[3], row[4], row[5], row[6], row[7]
    for i in range(n):
        j = first + i
        new = _conductivity(t[j], water[j], wet, dry, gain, start, inv_span, zero, one)
        has_changed |= np.int32(new != k[j])
        k[j] = new
    return has_changed


@njit(cache=True, error_model="numpy")
def _perfusion_row(t, stasis, first, n, code, tissue, is_mixed, law, shutdown, t_base, w, c):
    """Perfusion by its law.

    ``law``: 0 constant, 1 stasis, 2 stasis with hyperaemia before it, 3 none once past 60 degC.
    The share ``shutdown`` of the perfusion follows it, the rest stays as at rest.
    """
    one, zero, most = t.dtype.type(1.0), t.dtype.type(0.0), t.dtype.type(60.0)
    kept = one - shutdown
    cutoff = t.dtype.type(333.15) - t_base
    if law == 1 and not is_mixed:
        rest = tissue[code[first], 8]
        for i in range(n):
            j = first + i
            w[j] = rest * (kept + shutdown * _exp(-min(stasis[j], most), c))
    elif law == 1 or law == 2:
        for i in range(n):
            j = first + i
            flow = _exp(-min(stasis[j], most), c)
            if law == 2 and tissue[code[j], 9] > zero:
                flow = t.dtype.type(_flow_with_hyperaemia(flow))
            w[j] = tissue[code[j], 8] * (kept + shutdown * flow)
    elif law == 3:
        for i in range(n):
            j = first + i
            if t[j] >= cutoff:
                w[j] = kept * tissue[code[j], 8]


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


@njit(cache=True, error_model="numpy")
def _hot_span(t_old, t_new, skip, x0, x1):
    """Return where the cells above ``skip`` begin and end, in flat arrays between x0 and x1.

    More cells of the row are taken along, which changes nothing, until the loops over them need no
    remainder: that would be done one by one.
    """
    begin, end = x0, x1
    while begin < end and t_old[begin] <= skip and t_new[begin] <= skip:
        begin += 1
    while end > begin and t_old[end - 1] <= skip and t_new[end - 1] <= skip:
        end -= 1
    missing = -(end - begin) % _LANES
    right = min(missing, x1 - end)
    return max(x0, begin - (missing - right)), end + right


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
    conducts,
    box,
    dt,
    skip,
    t_base,
    t_boil,
    t_char,
    law,
    shutdown,
):
    """Bring the hot rows of ``box`` up to date with their new temperature ``theta``.

    ``kinetics`` holds the processes of stasis, whitening and death (`_damage_row`). ``hot[z, y]``
    marks the rows to visit: those with a cell above ``skip`` [K], before or after; the others
    change nothing. ``dried[z, y]`` receives which hold a cell that has lost water,
    ``conducts[z, y]`` those of ``box`` in which a conductivity has changed. ``t_boil`` and
    ``t_char`` are rises [K]; char grows over 20 K in cells with less than 5 % of their water.
    ``shutdown`` [1] is the share of the perfusion that follows ``law``.
    """
    z0, z1, y0, y1, x0, x1 = box
    ny, nx = theta.shape[1], theta.shape[2]
    inv_ramp = theta.dtype.type(1.0 / 20.0)
    dry = theta.dtype.type(0.05)
    old_, t_, k_, w_ = theta_old.reshape(-1), theta.reshape(-1), k.reshape(-1), w.reshape(-1)
    water_, char_, code_, c_ = (
        water.reshape(-1),
        char.reshape(-1),
        code.reshape(-1),
        inv_c.reshape(-1),
    )
    stasis_, whitening_, death_ = stasis.reshape(-1), whitening.reshape(-1), death.reshape(-1)
    for plane in prange(z0, z1):
        z = np.int64(plane)
        c = _exp_coefficients(theta)
        for y in range(y0, y1):
            conducts[z, y] = 0
            if hot[z, y] == 0:
                continue
            start = (z * ny + y) * nx
            i, j = _hot_span(old_, t_, skip, start + x0, start + x1)
            t = t_[i:j]
            n_boiling = 0
            for m in range(t.size):
                n_boiling += t[m] > t_boil
            if n_boiling > 0 or dried[z, y]:
                dried[z, y] |= _boil_row(t, water_[i:j], c_[i:j], code_[i:j], tissue, t_boil)
                _char_row(t, water_[i:j], char_[i:j], t_char, inv_ramp, dry)
            before = old_[i:j]
            _damage_row(before, t, stasis_[i:j], kinetics[0], t_base, dt, c)
            _damage_row(before, t, whitening_[i:j], kinetics[1], t_base, dt, c)
            _damage_row(before, t, death_[i:j], kinetics[2], t_base, dt, c)
            first, n = np.uint64(i), np.uint64(j - i)
            mixed = _is_mixed(code_, first, n)
            conducts[z, y] = _conductivity_row(t_, water_, first, n, code_, tissue, mixed, k_)
            _perfusion_row(
                t_, stasis_, first, n, code_, tissue, mixed, law, shutdown, t_base, w_, c
            )
