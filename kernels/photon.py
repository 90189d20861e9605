"""Photons through cells, in packets that go step by step side by side.

Positions are in cells from the corner of the grid, coefficients per edge of a cell; cells are
``(z, y, x)`` in C order, flattened. Each cell has a *state*, an index into the table of
coefficients; it has three parts, for three media, through which photons go one after the other as
the sum of 1 - cosine over their scatterings grows. In the first a collision turns by the phase
function of Henyey and Greenstein, in the others by one of two angles.

Flights are sampled by delta tracking [Woodcock1965]_: as if every cell attenuated like the
strongest around, at collisions that are none of the cell's nothing happens. The strongest is taken
over a block of ``2**shift`` cells along each edge and its neighbours; no flight is longer than
such an edge, so none leaves what its bound holds for. A collision takes the share mu_a over that
bound from the photon's weight; what is left scatters as often as the rest of the bound is mu_s'
own.

Weights are booked as integers of 2**-40: whatever a photon loses is booked to a cell, a wall or the
roulette, so the books close exactly, and sums do not depend on who adds first. Every photon has its
own random numbers, xoroshiro64** [Blackman2021]_ seeded from a key and its number. So the same key
gives the same bits with any number of threads and blocks.

A packet is a handful of loops over its lanes that compilers turn into vector instructions; rows
of lanes lie in one array each of floats and of integers, because of separate arrays no compiler
can tell that they do not overlap.
"""

import math

import numpy as np
from numba import get_num_threads, get_thread_id, njit, prange, set_num_threads

F4, I4, U4 = np.float32, np.int32, np.uint32

LANES = 64
"""Photons of a packet."""

ONE = 2.0**40
"""Weight 1 as it is booked."""

SURVIVORS = 0.1
"""Share of the photons below the threshold that roulette lets go on, with ten times the weight."""

# rows of a packet: where it is, whither, how heavy, how far to the similar medium, ...
X, Y, Z, UX, UY, UZ, WEIGHT, DEPTH = (row * LANES for row in range(8))
# ... random numbers of this step, bound and its inverse, coefficients of its cell, what happened
LENGTH, COSINE, TURN, CHOICE, BOUND, INVERSE, MU_A, MU_S, SHARE, ONE_WAY, OTHER, EVENT = (
    row * LANES for row in range(8, 20)
)
_FLOATS = 20
CELL, BLOCK, PART = (row * LANES for row in range(3))
_INTEGERS = 3

FLOWN, COLLIDED, LEFT = F4(0.0), F4(1.0), F4(2.0)
"""What ended a flight: its longest reach, a collision, the outer wall."""

LAUNCHED, ESCAPED, ROULETTE, LEDGER = 0, 1, 2, 3
"""Columns of a ledger, and how many there are."""

_QUICK = {"contract", "nsz", "arcp"}
_UNIT = F4(2.0**-24)

# columns of a table of states; g stands in the place of the first of two cosines
ABSORBS, SCATTERS, SHARE_OF_ONE, COSINE_OF_ONE, COSINE_OF_OTHER = range(5)
STATE_COLUMNS = 5

# columns of a table of sources
TIP, SIDE, UP, AXIS, RADIUS, COS_CONE, ACTIVE, SHEATH, AMOUNT = 0, 3, 6, 9, 12, 13, 14, 15, 16
SOURCE_COLUMNS = 17


@njit(cache=True, inline="always")
def _next(s0, s1):
    """Return 32 random bits, and the state after them."""
    r = U4(s0 * U4(0x9E3779BB))
    r = U4(U4(U4(r << U4(5)) | U4(r >> U4(27))) * U4(5))
    s1 = U4(s1 ^ s0)
    s0 = U4(U4(U4(s0 << U4(26)) | U4(s0 >> U4(6))) ^ s1 ^ U4(s1 << U4(9)))
    return r, s0, U4(U4(s1 << U4(13)) | U4(s1 >> U4(19)))


@njit(cache=True, inline="always")
def _fraction(bits):
    """Return a number from 0 up to, not including, 1."""
    return F4(I4(bits >> U4(8))) * _UNIT


@njit(cache=True)
def _mixed(key):
    """Return another 64 bits for each 64 bits: the finaliser of splitmix64."""
    key = key + np.uint64(0x9E3779B97F4A7C15)
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))


@njit(cache=True, inline="always")
def _log(u):
    """Return the natural logarithm of a positive number to 1e-7: a polynomial about 1."""
    bits = F4(u).view(np.int32)
    exponent = F4(I4(I4(bits >> I4(23)) - I4(127)))
    m = I4(I4(bits & I4(0x007FFFFF)) | I4(0x3F800000)).view(np.float32)
    large = m > F4(1.41421356)
    t = (F4(0.5) * m if large else m) - F4(1.0)
    exponent += F4(1.0) if large else F4(0.0)
    p = F4(7.0376836292e-2)
    p = p * t - F4(1.1514610310e-1)
    p = p * t + F4(1.1676998740e-1)
    p = p * t - F4(1.2420140846e-1)
    p = p * t + F4(1.4249322787e-1)
    p = p * t - F4(1.6668057665e-1)
    p = p * t + F4(2.0000714765e-1)
    p = p * t - F4(2.4999993993e-1)
    p = p * t + F4(3.3333331174e-1)
    square = t * t
    return t + (p * t * square - F4(0.5) * square) + exponent * F4(0.69314718)


@njit(cache=True, inline="always")
def _sine_and_cosine(turn):
    """Return sine and cosine of an angle that is uniform over a turn, given as a share of it.

    Quarters count from their middles: a shift by an eighth of a turn, which uniform angles allow.
    """
    quarters = turn * F4(4.0)
    quarter = I4(quarters)
    a = (quarters - F4(quarter) - F4(0.5)) * F4(1.57079633)
    b = a * a
    s = F4(-1.6666654611e-1) + b * (F4(8.3321608736e-3) - b * F4(1.9515296e-4))
    s = a * (F4(1.0) + b * s)
    c = F4(4.1666645683e-2) + b * (F4(-1.3887316255e-3) + b * F4(2.4433157e-5))
    c = F4(1.0) + b * (F4(-0.5) + b * c)
    odd = I4(quarter & I4(1)) == I4(1)
    sine = c if odd else s
    cosine = s if odd else c
    cosine = -cosine if (quarter == I4(1)) | (quarter == I4(2)) else cosine
    sine = -sine if quarter >= I4(2) else sine
    return sine, cosine


@njit(cache=True, error_model="numpy", fastmath=_QUICK)
def _draw(lanes, streams):
    """Give every lane the four random numbers of a step: the last from what the others leave."""
    for i in range(LANES):
        s0, s1 = streams[i], streams[LANES + i]
        a, s0, s1 = _next(s0, s1)
        b, s0, s1 = _next(s0, s1)
        c, s0, s1 = _next(s0, s1)
        streams[i], streams[LANES + i] = s0, s1
        lanes[LENGTH + i] = _UNIT + _fraction(a)  # never 0
        lanes[COSINE + i] = _fraction(b)
        lanes[TURN + i] = _fraction(c)
        rest = U4(U4(U4(a & U4(255)) << U4(16)) | U4(U4(b & U4(255)) << U4(8)) | U4(c & U4(255)))
        lanes[CHOICE + i] = F4(I4(rest)) * _UNIT


@njit(cache=True, error_model="numpy", fastmath=_QUICK)
def _look_up_block(lanes, places, shift, rows, columns, blocks, late):
    """Find the block of every lane, and in which part of the tables it is."""
    for i in range(LANES):
        left = lanes[DEPTH + i]
        part = I4(I4(left <= late) + I4(left <= F4(0.0)))
        x, y, z = I4(lanes[X + i]), I4(lanes[Y + i]), I4(lanes[Z + i])
        plane = I4(I4(I4(z >> shift) * rows) + I4(y >> shift))
        places[PART + i] = part
        places[BLOCK + i] = I4(I4(I4(plane * columns) + I4(x >> shift)) + I4(part * blocks))


@njit(cache=True, error_model="numpy", fastmath=_QUICK)
def _fly(lanes, places, reach, rows, columns, deep, high, wide):
    """Move every lane to its next event, and find its cell; what left is put into the first."""
    for i in range(LANES):
        inverse = F4(1.0) / lanes[BOUND + i]
        lanes[INVERSE + i] = inverse
        path = -_log(lanes[LENGTH + i]) * inverse
        event = COLLIDED if path <= reach else FLOWN
        path = min(path, reach)
        x = lanes[X + i] + path * lanes[UX + i]
        y = lanes[Y + i] + path * lanes[UY + i]
        z = lanes[Z + i] + path * lanes[UZ + i]
        within = (min(min(x, y), z) >= F4(0.0)) & (x < wide) & (y < high) & (z < deep)
        x, y, z = (x if within else F4(0.0)), (y if within else F4(0.0)), (z if within else F4(0.0))
        lanes[X + i], lanes[Y + i], lanes[Z + i] = x, y, z
        lanes[EVENT + i] = event if within else LEFT
        places[CELL + i] = I4(I4(I4(I4(I4(z) * rows) + I4(y)) * columns) + I4(x))


@njit(cache=True, error_model="numpy", fastmath=_QUICK)
def _choose_cosine(lanes, places):
    """Turn the random number for the cosine of every lane into that of its medium."""
    for i in range(LANES):
        g, u = lanes[ONE_WAY + i], lanes[COSINE + i]
        even = abs(g) < F4(1e-3)
        ratio = (F4(1.0) - g * g) / (F4(1.0) - g + F4(2.0) * g * u)
        cosine = (F4(1.0) + g * g - ratio * ratio) / (F4(1.0) if even else F4(2.0) * g)
        cosine = F4(1.0) - F4(2.0) * u if even else cosine
        angle = g if u < lanes[SHARE + i] else lanes[OTHER + i]
        cosine = cosine if places[PART + i] == I4(0) else angle
        lanes[COSINE + i] = min(F4(1.0), max(F4(-1.0), cosine))


@njit(cache=True, error_model="numpy", fastmath=_QUICK)
def _collide(lanes):
    """Absorb, and scatter by the cosine that was found, where a lane collided."""
    for i in range(LANES):
        collided = lanes[EVENT + i] == COLLIDED
        mu_a, bound, cosine = lanes[MU_A + i], lanes[BOUND + i], lanes[COSINE + i]
        weight = lanes[WEIGHT + i]
        lanes[WEIGHT + i] = weight - (weight * mu_a * lanes[INVERSE + i] if collided else F4(0.0))
        scattered = collided & (lanes[CHOICE + i] * (bound - mu_a) < lanes[MU_S + i])
        lanes[DEPTH + i] -= F4(1.0) - cosine if scattered else F4(0.0)

        sine = math.sqrt(F4(1.0) - cosine * cosine)
        up, aside = _sine_and_cosine(lanes[TURN + i])
        # the frame about the old direction [Duff2017]
        ux, uy, uz = lanes[UX + i], lanes[UY + i], lanes[UZ + i]
        sign = F4(1.0) if uz >= F4(0.0) else F4(-1.0)
        a = F4(-1.0) / (sign + uz)
        b = ux * uy * a
        p, q = sine * aside, sine * up
        vx = p * (F4(1.0) + sign * ux * ux * a) + q * b + cosine * ux
        vy = p * sign * b + q * (sign + uy * uy * a) + cosine * uy
        vz = cosine * uz - p * sign * ux - q * uy
        one = F4(1.5) - F4(0.5) * (vx * vx + vy * vy + vz * vz)  # rounding does not add up
        lanes[UX + i] = vx * one if scattered else ux
        lanes[UY + i] = vy * one if scattered else uy
        lanes[UZ + i] = vz * one if scattered else uz


@njit(cache=True, error_model="numpy")
def _launch(lanes, streams, i, key, photon, source, depth):
    """Put a new photon into lane ``i``."""
    bits = _mixed(key ^ _mixed(np.uint64(photon)))
    s0, s1 = U4(bits & np.uint64(0xFFFFFFFF)), U4(bits >> np.uint64(32))
    s0 = U4(s0 | U4(1))  # not all zero
    a, s0, s1 = _next(s0, s1)
    b, s0, s1 = _next(s0, s1)
    c, s0, s1 = _next(s0, s1)
    d, s0, s1 = _next(s0, s1)
    streams[i], streams[LANES + i] = s0, s1
    sine, cosine = _sine_and_cosine(_fraction(a))
    up, aside = _sine_and_cosine(_fraction(c))
    radius = source[RADIUS]
    if source[SHEATH] == 0.0:
        radius *= math.sqrt(_fraction(b))
        out = F4(1.0) - _fraction(d) * F4(1.0 - source[COS_CONE])
        flat = math.sqrt(max(F4(0.0), F4(1.0) - out * out))
    else:  # by Lambert's law about the normal of the sheath
        flat = math.sqrt(_fraction(d))
        out = math.sqrt(F4(1.0) - flat * flat)
    for row in range(3):
        side, above, axis = source[SIDE + row], source[UP + row], source[AXIS + row]
        normal = cosine * side + sine * above
        lanes[X + row * LANES + i] = source[TIP + row] + radius * normal
        if source[SHEATH] == 0.0:
            lanes[UX + row * LANES + i] = flat * (aside * side + up * above) + out * axis
        else:
            along = cosine * above - sine * side
            lanes[UX + row * LANES + i] = out * normal + flat * (aside * along + up * axis)
    if source[ACTIVE] > 0.0:
        e, s0, s1 = _next(s0, s1)
        streams[i], streams[LANES + i] = s0, s1
        behind = source[ACTIVE] * _fraction(e)
        for row in range(3):
            lanes[X + row * LANES + i] -= behind * source[AXIS + row]
    lanes[WEIGHT + i] = source[AMOUNT]
    lanes[DEPTH + i] = depth


@njit(cache=True, inline="always")
def _booked(weight):
    """Return a weight as an integer of 2**-40."""
    return np.int64(np.float64(weight) * ONE)


@njit(cache=True, error_model="numpy")
def _end(lanes, streams, i, ledger):
    """Book the photon of lane ``i``, which left or is light; return what it goes on with, or -1."""
    weight = lanes[WEIGHT + i]
    if lanes[EVENT + i] == LEFT:
        ledger[ESCAPED] += _booked(weight)
        return np.int64(-1)
    bits, s0, s1 = _next(streams[i], streams[LANES + i])
    streams[i], streams[LANES + i] = s0, s1
    if _fraction(bits) >= F4(SURVIVORS):
        ledger[ROULETTE] += _booked(weight)
        return np.int64(-1)
    heavier = weight * F4(1.0 / SURVIVORS)
    ledger[ROULETTE] += _booked(weight) - _booked(heavier)
    lanes[WEIGHT + i] = heavier
    return _booked(heavier)


@njit(cache=True, error_model="numpy")
def _follow(first, last, key, sources, ends, states, table, bounds, shape, shift, depth, late,
            threshold, tally, ledger):  # fmt: skip
    """Follow photons ``first`` to ``last`` from their launch to their end."""
    deep, high, wide = shape
    edge = 1 << shift
    strips, slots = -(-high // edge), -(-wide // edge)
    blocks = bounds.size // 3
    n_states = I4(table.shape[0] // 3)
    lanes = np.zeros(_FLOATS * LANES, F4)
    streams = np.ones(2 * LANES, U4)
    places = np.zeros(_INTEGERS * LANES, I4)
    held = np.full(LANES, -1, np.int64)  # weight as booked; -1 without a photon
    lanes[UZ : UZ + LANES] = F4(1.0)
    photon, source, running = first, 0, LANES
    while running > 0:
        running = 0
        for i in range(LANES):
            while held[i] < 0 and photon < last:
                while photon >= ends[source]:
                    source += 1
                _launch(lanes, streams, i, key, photon, sources[source], depth)
                weight = _booked(lanes[WEIGHT + i])
                ledger[LAUNCHED] += weight
                photon += 1
                x, y, z = lanes[X + i], lanes[Y + i], lanes[Z + i]
                if 0.0 <= x < wide and 0.0 <= y < high and 0.0 <= z < deep:
                    held[i] = weight
                else:  # what leaves a sheath outside the grid
                    ledger[ESCAPED] += weight
                    lanes[X + i] = lanes[Y + i] = lanes[Z + i] = F4(0.0)
            running += held[i] >= 0
        _draw(lanes, streams)
        _look_up_block(lanes, places, I4(shift), I4(strips), I4(slots), I4(blocks), late)
        for i in range(LANES):
            lanes[BOUND + i] = bounds[places[BLOCK + i]]
        _fly(lanes, places, F4(edge), I4(high), I4(wide), F4(deep), F4(high), F4(wide))
        for i in range(LANES):
            state = I4(states[places[CELL + i]]) + places[PART + i] * n_states
            lanes[MU_A + i] = table[state, ABSORBS]
            lanes[MU_S + i] = table[state, SCATTERS]
            lanes[SHARE + i] = table[state, SHARE_OF_ONE]
            lanes[ONE_WAY + i] = table[state, COSINE_OF_ONE]
            lanes[OTHER + i] = table[state, COSINE_OF_OTHER]
        _choose_cosine(lanes, places)
        _collide(lanes)
        for i in range(LANES):
            if held[i] < 0:
                continue
            weight = lanes[WEIGHT + i]
            now = _booked(weight)
            tally[places[CELL + i]] += held[i] - now
            held[i] = now
            if weight < threshold or lanes[EVENT + i] == LEFT:
                held[i] = _end(lanes, streams, i, ledger)


@njit(cache=True, parallel=True, error_model="numpy")
def _trace(first, last, pieces, key, sources, ends, states, table, bounds, shape, shift, depth,
           late, threshold, tallies, ledgers):  # fmt: skip
    for piece in prange(pieces):
        start = first + (last - first) * piece // pieces
        stop = first + (last - first) * (piece + 1) // pieces
        thread = get_thread_id()
        _follow(start, stop, key, sources, ends, states, table, bounds, shape, shift, depth, late,
                threshold, tallies[thread], ledgers[thread])  # fmt: skip


def trace(first, last, pieces, key, sources, ends, states, table, bounds, shape, shift, depth,
          late, threshold, tallies, ledgers) -> None:  # fmt: skip
    """Add what photons ``first`` to ``last`` do to the tallies of the threads that follow them.

    Parameters
    ----------
    first, last : int
        Numbers of the photons; the last is not among them.
    pieces : int
        Into which they are cut for the threads; no result depends on it.
    key : uint64
        Of all random numbers.
    sources : ndarray of float32, shape (m, SOURCE_COLUMNS)
        Tip, two unit vectors across and one along, radius, cosine of the cone's half angle, active
        length, whether it is a sheath that shines, and weight of a photon, row by row.
    ends : ndarray of int64, shape (m,)
        Number of the photon after the last of each source.
    states : ndarray of uint16, shape (cells,)
        State of each cell.
    table : ndarray of float32, shape (3 * n, STATE_COLUMNS)
        mu_a, mu_s [1/cell], share of the first of two cosines and both of them, of the n states in
        the three media; g in the place of the first cosine in the first medium.
    bounds : ndarray of float32, shape (3 * blocks,)
        Strongest attenuation in and about each block [1/cell], in the three media.
    shape : tuple of int
        Cells along z, y and x.
    shift : int
        Binary logarithm of the edge of a block [cells].
    depth : float32
        Sum of 1 - cosine over its scatterings after which a photon goes on in the third medium ...
    late : float32
        ... and what is left of that when it goes on in the second.
    threshold : float32
        Weight below which roulette is played.
    tallies : ndarray of int64, shape (threads, cells)
        Absorbed weight, in units of 2**-40, one for each thread that takes part.
    ledgers : ndarray of int64, shape (threads, LEDGER)
        Weight launched, escaped and gained or lost by roulette.
    """
    before = get_num_threads()
    set_num_threads(min(before, len(tallies)))
    try:
        _trace(first, last, pieces, key, sources, ends, states, table, bounds, shape, shift, depth,
               late, threshold, tallies, ledgers)  # fmt: skip
    finally:
        set_num_threads(before)


def thread_count() -> int:
    """Return how many threads there are."""
    return int(get_num_threads())
