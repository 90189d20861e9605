"""Explicit steps of the Pennes bioheat equation in conservative form.

Every array has one layer of ghost cells around the domain, shape ``(nz + 2, ny + 2, nx + 2)``,
C order, float32 or float64 (all alike). ``theta`` is the rise above the blood temperature [K],
``faces`` holds the conductivities of the faces [W/(m K)] as ``faces.py`` keeps them, ``inv_c`` is
the reciprocal volumetric heat capacity [m^3 K/J] (0 in a cell whose temperature is held), ``w`` the
perfusion coefficient [W/(m^3 K)], ``q`` the absorbed power density [W/m^3], ``inv_h2`` one over the
spacing squared [1/m^2], ``dt`` the step [s].

A boundary condition is the conductivity and temperature of its ghost cell: 0 insulates, a very
large value holds the face at the ghost's temperature, ``h_c * spacing / 2`` is convection with the
coefficient ``h_c``. ``box`` is the active region ``(z0, z1, y0, y1, x0, x1)`` in padded indices; a
side that is not ``opened`` to the ghosts of the domain is insulated, so the region loses no energy.

Nothing is checked here: the caller owns shapes, limits and stability.
"""

import numpy as np
from numba import njit, prange

_ONE = np.uint64(1)


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _dot(a, b):
    """Sum of products of one row; re-ordered for speed, but always in the same order."""
    total = a.dtype.type(0.0)
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@njit(error_model="numpy", inline="always")
def _conduct_row(
    row, theta, faces, inv_c, w, q, first, n, strides, sides, dt, inv_h2, skip, theta_new
):
    """Advance the ``n`` cells from the flat index ``first``; say whether one is or was hot.

    ``row`` are their temperatures with a neighbour at each end. Flat arrays and unsigned indices
    keep the compiler from looking out for negative ones, which would cost more than the step.
    """
    sz, sy, to_y, to_x = strides
    below, above, south, north = sides
    is_hot = np.int32(0)
    for i in range(n):
        c = first + i
        t = row[i + _ONE]
        flux = (
            faces[to_x + c - _ONE] * (row[i] - t)
            + faces[to_x + c] * (row[i + _ONE + _ONE] - t)
            + south * faces[to_y + c - sy] * (theta[c - sy] - t)
            + north * faces[to_y + c] * (theta[c + sy] - t)
            + below * faces[c - sz] * (theta[c - sz] - t)
            + above * faces[c] * (theta[c + sz] - t)
        )
        t_new = t + dt * inv_c[c] * (flux * inv_h2 - w[c] * t + q[c])
        theta_new[c] = t_new
        is_hot = np.int32(is_hot | np.int32((t > skip) | (t_new > skip)))  # not 64 bits wide
    return is_hot


@njit(error_model="numpy", inline="always")
def _conduct_plain_row(row, theta, q, cell, first, n, strides, sides, dt, inv_h2, skip, theta_new):
    """Advance a row whose coefficients are one number each: conductivity, inv_c and w of ``cell``.

    The same arithmetic in the same order as `_conduct_row`, so the same bits.
    """
    sz, sy = strides[0], strides[1]
    k, c_inverse, w = cell
    below, above, south, north = sides[0] * k, sides[1] * k, sides[2] * k, sides[3] * k
    is_hot = np.int32(0)
    for i in range(n):
        c = first + i
        t = row[i + _ONE]
        flux = (
            k * (row[i] - t)
            + k * (row[i + _ONE + _ONE] - t)
            + south * (theta[c - sy] - t)
            + north * (theta[c + sy] - t)
            + below * (theta[c - sz] - t)
            + above * (theta[c + sz] - t)
        )
        t_new = t + dt * c_inverse * (flux * inv_h2 - w * t + q[c])
        theta_new[c] = t_new
        is_hot = np.int32(is_hot | np.int32((t > skip) | (t_new > skip)))
    return is_hot


@njit(cache=True, parallel=True, error_model="numpy")
def conduct(
    theta, faces, inv_c, w, q, plain, box, opened, dt, inv_h2, skip, theta_new, hot, perfused
):
    """Write one explicit step of conduction, perfusion and absorption into ``theta_new``.

    ``plain[z, y]`` (uint8) says which rows have the same coefficients throughout
    (`ablsim.kernels.plain_rows`).
    ``hot[z, y]`` (uint8) says which rows hold a cell above ``skip`` [K] before or after the step;
    ``perfused[z]`` (float64) is the sum of ``w * theta`` over the plane before the step [W/m^3].
    Pennes 1948.
    """
    z0, z1, y0, y1, x0, x1 = box
    n = x1 - x0
    ny, nx = theta.shape[1], theta.shape[2]
    size = theta.size
    strides = (np.uint64(ny * nx), np.uint64(nx), np.uint64(size), np.uint64(2 * size))
    t_, f_, c_ = theta.reshape(-1), faces.reshape(-1), inv_c.reshape(-1)
    w_, q_, out = w.reshape(-1), q.reshape(-1), theta_new.reshape(-1)
    one, zero = theta.dtype.type(1.0), theta.dtype.type(0.0)
    for plane in prange(z0, z1):
        z = np.int64(plane)
        row = np.empty(n + 2, theta.dtype)
        w_row = np.zeros(n, theta.dtype)
        taken = 0.0
        for y in range(y0, y1):
            first = (z * ny + y) * nx + x0
            row[:] = t_[first - 1 : first + n + 1]
            if not opened[4]:  # no heat flows where both sides are equally hot
                row[0] = row[1]
            if not opened[5]:
                row[n + 1] = row[n]
            sides = (
                one if z > z0 or opened[0] else zero,
                one if z < z1 - 1 or opened[1] else zero,
                one if y > y0 or opened[2] else zero,
                one if y < y1 - 1 or opened[3] else zero,
            )
            start, count = np.uint64(first), np.uint64(n)
            if plain[z, y]:
                cell = (f_[strides[3] + start], c_[start], w_[start])
                if w_row[0] != cell[2]:
                    w_row[:] = cell[2]
                ends = np.uint64(plain[z, y] - 1)  # cells at each end with another face
                is_hot = _conduct_plain_row(
                    row[ends:], t_, q_, cell, start + ends, count - ends - ends, strides, sides, dt,
                    inv_h2, skip, out,
                )  # fmt: skip
                for end in (np.uint64(0), count - _ONE):
                    is_hot |= _conduct_row(
                        row[end:], t_, f_, c_, w_, q_, start + end, ends, strides, sides, dt,
                        inv_h2, skip, out,
                    )  # fmt: skip
                hot[z, y] = is_hot
                taken += _dot(w_row, t_[first : first + n])
            else:
                hot[z, y] = _conduct_row(
                    row, t_, f_, c_, w_, q_, start, count, strides, sides, dt, inv_h2, skip, out
                )
                taken += _dot(w_[first : first + n], t_[first : first + n])
        perfused[z] = taken


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


@njit(cache=True, error_model="numpy")
def ghost_flux(theta, faces, box, opened, inv_h2):
    """Return the heat that leaves through the opened sides, as a power density sum [W/m^3]."""
    z0, z1, y0, y1, x0, x1 = box
    total = 0.0
    for side in range(2):
        if opened[side]:
            z, g = (z0, z0 - 1) if side == 0 else (z1 - 1, z1)
            for y in range(y0, y1):
                for x in range(x0, x1):
                    total += faces[0, min(z, g), y, x] * (theta[z, y, x] - theta[g, y, x])
        if opened[2 + side]:
            y, g = (y0, y0 - 1) if side == 0 else (y1 - 1, y1)
            for z in range(z0, z1):
                for x in range(x0, x1):
                    total += faces[1, z, min(y, g), x] * (theta[z, y, x] - theta[z, g, x])
        if opened[4 + side]:
            x, g = (x0, x0 - 1) if side == 0 else (x1 - 1, x1)
            for z in range(z0, z1):
                for y in range(y0, y1):
                    total += faces[2, z, y, min(x, g)] * (theta[z, y, x] - theta[z, y, g])
    return total * inv_h2


@njit(cache=True, error_model="numpy")
def held_flux(theta, faces, inside, outside, inv_h2):
    """Return the heat that enters held cells, as a power density sum [W/m^3].

    ``inside`` and ``outside`` (int64, flat) are the two cells of each face of the held region.
    """
    t_, f_ = theta.reshape(-1), faces.reshape(3, -1)
    total = 0.0
    for i in range(inside.size):
        a, b = outside[i], inside[i]
        axis = 2 if abs(a - b) == 1 else 1 if abs(a - b) == theta.shape[2] else 0
        total += f_[axis, min(a, b)] * (t_[a] - t_[b])
    return total * inv_h2


@njit(cache=True, error_model="numpy")
def absorb_outside(theta, theta_new, q, inv_c, box, lit, duration):
    """Heat the ``lit`` cells outside the active region by absorption alone, in both states."""
    z0, z1, y0, y1, x0, x1 = box
    for z in range(lit[0], lit[1]):
        for y in range(lit[2], lit[3]):
            outside = z < z0 or z >= z1 or y < y0 or y >= y1
            for x in range(lit[4], lit[5]):
                if outside or x < x0 or x >= x1:
                    t = theta[z, y, x] + duration * inv_c[z, y, x] * q[z, y, x]
                    theta[z, y, x] = t
                    theta_new[z, y, x] = t


@njit(cache=True, error_model="numpy", fastmath={"nnan", "nsz"})
def _largest(a):
    """Largest absolute value of a row."""
    most = a.dtype.type(0.0)
    for i in range(a.size):
        most = max(most, abs(a[i]))
    return most


@njit(cache=True, error_model="numpy")
def warmest_outside(theta, box):
    """Return the largest |theta| of the inner cells outside the active region."""
    z0, z1, y0, y1, x0, x1 = box
    nz, ny, nx = theta.shape
    most = theta.dtype.type(0.0)
    for z in range(1, nz - 1):
        for y in range(1, ny - 1):
            row = theta[z, y]
            if z0 <= z < z1 and y0 <= y < y1:
                most = max(most, _largest(row[1:x0]), _largest(row[x1 : nx - 1]))
            else:
                most = max(most, _largest(row[1 : nx - 1]))
    return most


@njit(cache=True, error_model="numpy")
def extent(theta, tolerance, box, low, high):
    """Find, for each plane of ``box``, the rows and columns with |theta| > tolerance.

    ``low[z]`` and ``high[z]`` (int64, shape (nz + 2, 2)) receive the first and last (y, x); an
    empty plane has low > high.
    """
    z0, z1, y0, y1, x0, x1 = box
    for z in range(z0, z1):
        first_y, last_y, first_x, last_x = y1, -1, x1, -1
        for y in range(y0, y1):
            over = np.int32(0)
            for x in range(x0, x1):
                over = np.int32(over | np.int32(abs(theta[z, y, x]) > tolerance))
            if over == 0:
                continue
            first_y = min(first_y, y)
            last_y = y
            for x in range(x0, x1):
                if abs(theta[z, y, x]) > tolerance:
                    first_x = min(first_x, x)
                    last_x = max(last_x, x)
        low[z, 0], low[z, 1] = first_y, first_x
        high[z, 0], high[z, 1] = last_y, last_x
