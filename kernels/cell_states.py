"""Damage that is no rate of one integral: three-state cell death, and temperatures once reached.

Arrays as in ``reaction.py``: one layer of ghost cells, ``theta`` the rise above the base
temperature ``t_base`` [K] after a step, ``theta_old`` before it; only the rows that ``hot[z, y]``
marks are visited. Each cell is computed in float64 whatever the arrays are.
"""

import math

from numba import njit, prange


@njit(cache=True, error_model="numpy")
def _next_state(alive, surviving, rate, back, dt):
    """Return alive and the share of the survivors that dies, after ``dt`` at constant rates.

    Strang splitting of A -> V at ``rate (1 - A) A``, which is logistic, V -> A and V -> D, which
    are exponential while A stays: each part exact, the whole of second order, and no share ever
    negative.
    """
    fading = math.exp(-0.5 * rate * dt)
    staying = math.exp(-0.5 * back * dt)
    alive = alive * fading / (1.0 - alive * (1.0 - fading))
    alive = surviving - (surviving - alive) * staying
    dying = -(surviving - alive) * math.expm1(-rate * (1.0 - alive) * dt)
    left = surviving - dying
    alive = left - (left - alive) * staying
    alive = alive * fading / (1.0 - alive * (1.0 - fading))
    return alive, dying / surviving


@njit(cache=True, parallel=True, error_model="numpy")
def three_states(
    theta_old, theta, alive, death, hot, box, dt, t_base, gate, forward, scale, back, dead
):
    """Advance the shares of alive, vulnerable and dead cells, A + V + D = 1.

    dA/dt = -k_f A + k_b V and dD/dt = k_f V with k_f = k exp(T / ``scale``) (1 - A), at the mean
    temperature of the step; nothing moves below the ``gate`` [K] (O'Neill 2011). ``forward`` is
    k exp(T / ``scale``) at the gate, ``back`` is k_b [1/s]. The state is ``alive`` = A and
    ``death`` = ln(1 - D) / ln(1 - ``dead``), which is 1 where D is ``dead``.
    """
    z0, z1, y0, y1, x0, x1 = box
    per_unit = math.log1p(-dead)
    for z in prange(z0, z1):
        for y in range(y0, y1):
            if hot[z, y] == 0:
                continue
            for x in range(x0, x1):
                t = 0.5 * (float(theta_old[z, y, x]) + float(theta[z, y, x])) + t_base
                if t < gate:
                    continue
                rate = forward * math.exp((t - gate) / scale)
                surviving = math.exp(per_unit * float(death[z, y, x]))
                if surviving < 1e-12:
                    continue
                now, dying = _next_state(float(alive[z, y, x]), surviving, rate, back, dt)
                alive[z, y, x] = now
                death[z, y, x] += math.log1p(-min(dying, 1.0 - 1e-12)) / per_unit


@njit(cache=True, parallel=True, error_model="numpy")
def reach(theta, damage, hot, box, t_base, gate, critical, width):
    """Raise ``damage`` to exp((T - critical) / width) where it is less, at or above the ``gate``.

    It is 1 where the highest temperature was ``critical`` [K], and its logarithm is linear in that
    temperature, so that the contour lies between the cells.
    """
    z0, z1, y0, y1, x0, x1 = box
    for z in prange(z0, z1):
        for y in range(y0, y1):
            if hot[z, y] == 0:
                continue
            for x in range(x0, x1):
                t = float(theta[z, y, x]) + t_base
                if t >= gate:
                    reached = math.exp(min((t - critical) / width, 60.0))
                    if reached > damage[z, y, x]:
                        damage[z, y, x] = reached
