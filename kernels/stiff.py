"""Cells that an explicit step would overshoot: found, and moved on in short steps of their own.

Arrays as in ``pennes.py``. Nothing is checked here.
"""

import numpy as np
from numba import njit

_ONE = np.uint64(1)


@njit(error_model="numpy", inline="always")
def _weight(faces, w, c, strides, dt, inv_h2):
    """Return by how much the heat of a cell changes in a step per kelvin [J/(m^3 K)]."""
    sz, sy, to_y, to_x = strides
    around = (
        faces[c - sz]
        + faces[c]
        + faces[to_y + c - sy]
        + faces[to_y + c]
        + faces[to_x + c - _ONE]
        + faces[to_x + c]
    )
    return dt * (inv_h2 * around + w[c])


@njit(cache=True, error_model="numpy")
def find_stiff(faces, inv_c, w, rows, box, dt, inv_h2, limit, heat_dry, cells, slot):
    """List the cells that the step ``dt`` would overshoot; return their number and sub-steps.

    A cell keeps its new temperature between its neighbours' as long as ``dt`` times its own weight
    (sum of face conductivities / h^2 + w) is at most ``limit`` times its heat capacity. Only
    ``rows`` marked 1 are searched. The sub-steps hold for a cell that dries out completely
    meanwhile (``heat_dry``, the smallest dry capacity [J/(m^3 K)]).
    ``slot`` (int32, filled with -1) receives each cell's place in ``cells`` (flat indices).
    """
    z0, z1, y0, y1, x0, x1 = box
    ny, nx = w.shape[1], w.shape[2]
    strides = (np.uint64(ny * nx), np.uint64(nx), np.uint64(w.size), np.uint64(2 * w.size))
    f_, c_, w_, slot_ = faces.reshape(-1), inv_c.reshape(-1), w.reshape(-1), slot.reshape(-1)
    count = np.uint64(x1 - x0)
    n = 0
    n_sub = 1
    for z in range(z0, z1):
        for y in range(y0, y1):
            if rows[z, y] == 0:
                continue
            first = np.uint64((z * ny + y) * nx + x0)
            any_stiff = np.int32(0)
            for i in range(count):
                c = first + i
                weight = _weight(f_, w_, c, strides, dt, inv_h2)
                any_stiff = np.int32(any_stiff | np.int32(weight * c_[c] > limit))
            if any_stiff == 0:
                continue
            for i in range(count):
                c = first + i
                weight = _weight(f_, w_, c, strides, dt, inv_h2)
                if weight * c_[c] > limit:
                    cells[n] = c
                    slot_[c] = n
                    n += 1
                    n_sub = max(n_sub, int(np.ceil(weight / (limit * heat_dry))))
    return n, n_sub


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
def substep(
    theta,
    faces,
    inv_c,
    w,
    q,
    water,
    code,
    tissue,
    t_boil,
    t_cap,
    cells,
    n,
    slot,
    n_sub,
    dt,
    inv_h2,
    theta_new,
):
    """Advance the stiff cells in ``n_sub`` short steps and correct their neighbours' books.

    The neighbours keep their old temperature meanwhile; what really crossed each face is then given
    to the neighbour in place of what the long step had booked, so no energy is lost. A cell gives
    off heat as if it were no hotter than ``t_cap``: what is above will be moved on. Columns of
    ``tissue[code]``: heat capacity wet, dry, and latent heat [J/m^3]. Water and ``inv_c`` of the
    stiff cells are updated. Returns the corrections of the heat taken by perfusion, by ghost cells
    and by held cells [J/m^3].
    """
    sy = theta.shape[2]
    sz = theta.shape[1] * sy
    last_z, last_y, last_x = theta.shape[0] - 1, theta.shape[1] - 1, theta.shape[2] - 1
    t_old, t_out = theta.reshape(-1), theta_new.reshape(-1)
    c_, w_, q_ = inv_c.reshape(-1), w.reshape(-1), q.reshape(-1)
    f_ = faces.reshape(3, -1)
    water_, code_, slot_ = water.reshape(-1), code.reshape(-1), slot.reshape(-1)
    offsets = np.array([-sz, sz, -sy, sy, -1, 1])
    dt_sub = dt / theta.dtype.type(n_sub)

    # what a cell's heat flows by, its own and then that of neighbours that keep theirs
    given = np.empty(7 * n, theta.dtype)
    beside = np.empty((n, 6), np.int32)
    t = np.empty(n, theta.dtype)
    t_sum = np.zeros(n, np.float64)
    g = np.empty((n, 6), theta.dtype)
    own = np.empty((n, 3), theta.dtype)  # q, w and what a step makes of a power density
    for i in range(n):
        t[i] = t_old[cells[i]]
        own[i, 0], own[i, 1], own[i, 2] = q_[cells[i]], w_[cells[i]], dt_sub * c_[cells[i]]
        for side in range(6):
            neighbour = cells[i] + offsets[side]
            g[i, side] = f_[side // 2, min(cells[i], neighbour)] * inv_h2
            beside[i, side] = slot_[neighbour]
            if slot_[neighbour] < 0:
                beside[i, side] = n + 6 * i + side
                given[n + 6 * i + side] = t_old[neighbour]

    for _ in range(n_sub):
        for i in range(n):
            given[i] = min(t[i], t_cap)
        for i in range(n):
            t_i = given[i]
            flux = own[i, 0] - own[i, 1] * t_i
            for side in range(6):
                flux += g[i, side] * (given[beside[i, side]] - t_i)
            t_sum[i] += t_i
            t[i] += own[i, 2] * flux
            cell = cells[i]
            if t[i] > t_boil and water_[cell] > 0.0:
                row = tissue[code_[cell]]
                t[i], water_[cell] = _boil(t[i], water_[cell], row[0], row[1], row[2], t_boil)
                c_[cell] = theta.dtype.type(1.0) / (row[1] + (row[0] - row[1]) * water_[cell])
                own[i, 2] = dt_sub * c_[cell]

    perfused, ghosts, held = 0.0, 0.0, 0.0
    for i in range(n):
        cell = cells[i]
        t_out[cell] = t[i]
        # time integral of the cell's temperature, sub-steps minus the one long step [K s]
        extra = dt_sub * t_sum[i] - dt * t_old[cell]
        perfused += w_[cell] * extra
        for side in range(6):
            neighbour = cell + offsets[side]
            if slot_[neighbour] >= 0:
                continue
            heat = g[i, side] * extra
            z, rest = divmod(neighbour, sz)
            y, x = divmod(rest, sy)
            if z == 0 or z == last_z or y == 0 or y == last_y or x == 0 or x == last_x:
                ghosts += heat
            elif c_[neighbour] == 0.0:
                held += heat
            else:
                t_out[neighbour] += heat * c_[neighbour]
    for i in range(n):
        slot_[cells[i]] = -1
    return perfused, ghosts, held
