"""Sub-cell contours: volumes and surfaces of regions that fields on the grid describe.

A region is where a field is positive, or where several fields are. Between the nodes, which are the
cell centres, every cube of eight nodes is cut into 24 tetrahedra around its middle, a division that
is its own mirror image; in a tetrahedron a field is linear, so volumes and surfaces are exact
for the interpolated field, vary smoothly with it, and parts of a region add up to the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ablsim.grid import Grid

FloatArray = NDArray[np.float64]
Box = tuple[slice, slice, slice]

_CHUNK = 20_000  # cubes that are cut at a time


def _division() -> tuple[FloatArray, NDArray[np.intp]]:
    """Return the weights of a cube's 15 nodes on its corners, and its 24 tetrahedra.

    Corner ``4 z + 2 y + x`` is node 0 to 7; the six face centres and the middle are averages.
    """
    weights, tets = [np.eye(8)], []
    for axis in (4, 2, 1):
        first, second = (a for a in (4, 2, 1) if a != axis)
        for side in (0, axis):
            ring = [side, side + first, side + first + second, side + second]
            tets += [(14, 7 + len(weights), ring[i], ring[(i + 1) % 4]) for i in range(4)]
            weights.append(np.isin(np.arange(8), ring)[None] / 4.0)
    weights.append(np.full((1, 8), 0.125))
    return np.concatenate(weights), np.array(tets, dtype=np.intp)


_WEIGHTS, _TETS = _division()


@dataclass(frozen=True, slots=True)
class Window:
    """A block of a grid's cells, and the lattice of nodes that its contours are made on.

    The nodes are the cell centres and, where the block ends at the domain's wall, two more layers
    on the wall itself: the inner one continues the last cell up to the wall, the outer one closes
    a region that reaches it.

    Parameters
    ----------
    grid : Grid
        The whole grid.
    start, stop : tuple of int
        First cell and end ``(z, y, x)``.
    """

    grid: Grid
    start: tuple[int, int, int]
    stop: tuple[int, int, int]

    @classmethod
    def around(cls, grid: Grid, low: FloatArray, high: FloatArray, margin: int) -> "Window | None":
        """Return the cells from index ``low`` to ``high`` and ``margin`` more; None if outside."""
        start = np.clip(np.floor(low) - margin, 0, grid.shape).astype(int)
        stop = np.clip(np.ceil(high) + margin + 1, 0, grid.shape).astype(int)
        if np.any(stop <= start):
            return None
        (z0, y0, x0), (z1, y1, x1) = start.tolist(), stop.tolist()
        return cls(grid, (z0, y0, x0), (z1, y1, x1))

    @property
    def box(self) -> Box:
        """The cells as slices of an array on the grid."""
        z, y, x = (slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x

    @property
    def inner(self) -> Box:
        """The cell centres as slices of an array on the nodes."""
        z, y, x = (
            slice(2 * (a == 0), 2 * (a == 0) + b - a)
            for a, b in zip(self.start, self.stop, strict=True)
        )
        return z, y, x

    def axes(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the coordinates of the nodes along z, y and x [m]."""
        z, y, x = (
            self._axis(centres, axis, low, length)
            for axis, (centres, low, length) in enumerate(
                zip(
                    self.grid.axes()[::-1],
                    self.grid.origin[::-1],
                    self.grid.size[::-1],
                    strict=True,
                )
            )
        )
        return z, y, x

    def points(self) -> FloatArray:
        """Return the positions of all nodes, shape ``(nz, ny, nx, 3)``, LPS [m]."""
        return np.stack(np.meshgrid(*self.axes(), indexing="ij")[::-1], axis=-1)

    def to_nodes(self, field: FloatArray, outside: float) -> FloatArray:
        """Continue a field on the window's cells linearly to the wall, ``outside`` behind it."""
        walls = [(int(a == 0), int(b == n)) for a, b, n in self._ends()]
        cell_on = np.pad(field, walls, mode="reflect", reflect_type="odd")
        half_cell_on = 0.5 * (np.pad(field, walls, mode="edge") + cell_on)
        return np.pad(half_cell_on, walls, constant_values=outside)

    def _ends(self) -> list[tuple[int, int, int]]:
        return list(zip(self.start, self.stop, self.grid.shape, strict=True))

    def _axis(self, centres: FloatArray, axis: int, low: float, length: float) -> FloatArray:
        start, stop, n = self._ends()[axis]
        before = [low, low] if start == 0 else []
        after = [low + length, low + length] if stop == n else []
        return np.concatenate([before, centres[start:stop], after])


def without_bias(field: FloatArray) -> FloatArray:
    """Return a field whose linear interpolation has no mean error where its contour runs.

    Linear interpolation of a function f between nodes h apart is off by ``h^2 f''/12`` on average:
    0.8 % of the volume of a sphere whose radius is 8 h. That much is taken off the nodes near the
    contour, axis by axis. A second difference counts only if its neighbours on the axis have at
    least half of it with the same sign, so kinks are left alone.
    """
    inside = field > 0.0
    near = ndimage.maximum_filter(inside, size=5) & ~ndimage.minimum_filter(inside, size=5)
    padded = np.pad(field, 2, mode="edge")
    flat = padded.ravel()
    at = np.flatnonzero(np.pad(near, 2))
    total = np.zeros(at.size)
    for axis in range(3):
        stride = padded.strides[axis] // padded.itemsize
        second = [
            flat[at + (i + 1) * stride] - 2.0 * flat[at + i * stride] + flat[at + (i - 1) * stride]
            for i in (-1, 0, 1)
        ]
        sign = np.sign(second[1])
        size = np.min([2.0 * sign * second[0], sign * second[1], 2.0 * sign * second[2]], axis=0)
        total += sign * np.maximum(size, 0.0)
    out = field.copy()
    out[near] -= total / 12.0
    return out


def cube_volumes(window: Window, fields: Sequence[FloatArray]) -> FloatArray:
    """Return how much of every cube between the nodes [m^3] has all fields positive.

    Parameters
    ----------
    window : Window
        Where the nodes are.
    fields : sequence of ndarray of float64, shape of the window's nodes
        What must be positive.

    Returns
    -------
    ndarray of float64, one shorter along each axis
    """
    dz, dy, dx = (np.diff(axis) for axis in window.axes())
    volumes = dz[:, None, None] * dy[:, None] * dx
    shares = np.zeros(volumes.shape)
    full, cut = _classify(fields)
    shares[full] = 1.0
    cubes = np.flatnonzero(cut & (volumes > 0.0))
    for chunk in np.array_split(cubes, -(-cubes.size // _CHUNK) or 1):
        tets, owner, whole = _cut_cubes(_corner_values(fields, chunk))
        share = np.ones(len(tets))
        for column in range(len(fields) - 1):
            tets, share, parent = clip(tets, share, column)
            owner = owner[parent]
        share = share * _positive_share(tets[..., -1])
        part = whole + np.bincount(owner, share, minlength=chunk.size)
        shares.ravel()[chunk] = part / len(_TETS)
    return np.asarray(shares * volumes)


def contour(window: Window, field: FloatArray, within: Sequence[FloatArray] = ()) -> FloatArray:
    """Return the surface ``field = 0`` where all fields of ``within`` are positive.

    Returns
    -------
    ndarray of float64, shape (n, 3, 3)
        Corners of triangles, LPS [m].
    """
    full, cut = _classify([field])
    cut &= ~full
    for other in within:
        cut &= _corner_extreme(other, np.maximum) > 0.0
    z, y, x = window.axes()
    cubes = np.flatnonzero(cut)
    found = [np.empty((0, 3, 3))]
    for chunk in np.array_split(cubes, -(-cubes.size // _CHUNK) or 1):
        values = _corner_values([field, *within], chunk)
        k, j, i = np.unravel_index(chunk, cut.shape)
        corner = np.arange(8)
        position = np.stack(
            [
                x[i[:, None] + corner % 2],
                y[j[:, None] + corner // 2 % 2],
                z[k[:, None] + corner // 4],
            ],
            axis=-1,
        )
        tets, _, _ = _cut_cubes(np.concatenate([values, position], axis=-1), n_fields=1)
        share = np.ones(len(tets))
        for column in range(1, 1 + len(within)):
            tets, share, _ = clip(tets, share, column)
        found.append(np.ascontiguousarray(_triangles(tets)[..., -3:]))
    return np.concatenate(found)


def clip(
    tets: FloatArray, share: FloatArray, column: int
) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    """Return the parts of tetrahedra where one of their values is positive, as tetrahedra.

    Parameters
    ----------
    tets : ndarray of float64, shape (n, 4, m)
        ``m`` values at each corner.
    share : ndarray of float64, shape (n,)
        Volume of each, in any unit.
    column : int
        The value that must be positive.

    Returns
    -------
    tets, share
        As the arguments, of the parts.
    parent : ndarray of int
        The tetrahedron that each part was cut from.
    """
    tets, n_positive = _sorted(tets, column)
    every = np.arange(len(tets))
    whole, three, two, one = (every[n_positive == n] for n in (4, 3, 2, 1))
    out, sizes, parents = [tets[whole]], [share[whole]], [whole]

    def keep(part: Sequence[FloatArray], size: FloatArray, parent: NDArray[np.intp]) -> None:
        out.append(np.stack(part, axis=1))
        sizes.append(size * share[parent])
        parents.append(parent)

    a, b, c, d = (tets[one, i] for i in range(4))
    (ab, s), (ac, t), (ad, u) = _cross(a, b, column), _cross(a, c, column), _cross(a, d, column)
    keep((a, ab, ac, ad), s * t * u, one)
    a, b, c, d = (tets[two, i] for i in range(4))
    (ac, s), (ad, u) = _cross(a, c, column), _cross(a, d, column)
    (bc, r), (bd, q) = _cross(b, c, column), _cross(b, d, column)
    keep((a, ac, ad, b), s * u, two)
    keep((ac, ad, b, bc), (1.0 - s) * u * r, two)
    keep((ad, b, bc, bd), (1.0 - u) * r * q, two)
    a, b, c, d = (tets[three, i] for i in range(4))
    (ad, s), (bd, t), (cd, u) = _cross(a, d, column), _cross(b, d, column), _cross(c, d, column)
    keep((a, b, c, ad), s, three)
    keep((b, c, ad, bd), t * (1.0 - s), three)
    keep((c, ad, bd, cd), u * (1.0 - s) * (1.0 - t), three)
    return np.concatenate(out), np.concatenate(sizes), np.concatenate(parents)


def _sorted(tets: FloatArray, column: int) -> tuple[FloatArray, NDArray[np.intp]]:
    """Return the corners in falling order of one value, and how many of them are positive."""
    order = np.argsort(-tets[..., column], axis=1, kind="stable")
    tets = np.take_along_axis(tets, order[..., None], axis=1)
    return tets, np.count_nonzero(tets[..., column] > 0.0, axis=1)


def _cross(p: FloatArray, q: FloatArray, column: int) -> tuple[FloatArray, FloatArray]:
    """Return the point of the edge from p (positive) to q where the value is 0, and its share."""
    share = p[:, column] / (p[:, column] - q[:, column])
    return p + share[:, None] * (q - p), share


def _triangles(tets: FloatArray) -> FloatArray:
    """Return the triangles ``(n, 3, m)`` in which the first value of the tetrahedra is 0."""
    tets, n_positive = _sorted(tets, 0)
    one, two, three = ([tets[n_positive == n, i] for i in range(4)] for n in (1, 2, 3))
    pairs = [(one, 0, (1, 2, 3)), (three, 3, (0, 1, 2))]
    found = [
        np.stack(
            [
                _cross(*((t[apex], t[i]) if apex == 0 else (t[i], t[apex])), column=0)[0]
                for i in rest
            ],
            axis=1,
        )
        for t, apex, rest in pairs
    ]
    a, b, c, d = two
    ac, ad, bc, bd = (_cross(p, q, 0)[0] for p, q in ((a, c), (a, d), (b, c), (b, d)))
    found += [np.stack((ac, ad, bd), axis=1), np.stack((ac, bd, bc), axis=1)]
    return np.concatenate(found)


def _positive_share(values: FloatArray) -> FloatArray:
    """Return the share of tetrahedra ``(n, 4)`` in which a linear value is positive."""
    a, b, c, d = np.sort(values, axis=1)[:, ::-1].T
    share = np.zeros(len(values))
    share[d > 0.0] = 1.0
    n = (a > 0.0) & (b <= 0.0)
    share[n] = _fraction(a, b, n) * _fraction(a, c, n) * _fraction(a, d, n)
    n = (b > 0.0) & (c <= 0.0)
    s, u = _fraction(a, c, n), _fraction(a, d, n)
    r, q = _fraction(b, c, n), _fraction(b, d, n)
    share[n] = s * u + (1.0 - s) * u * r + (1.0 - u) * r * q
    n = (c > 0.0) & (d <= 0.0)
    share[n] = 1.0 - (1.0 - _fraction(a, d, n)) * (1.0 - _fraction(b, d, n)) * (
        1.0 - _fraction(c, d, n)
    )
    return share


def _fraction(p: FloatArray, q: FloatArray, chosen: NDArray[np.bool_]) -> FloatArray:
    """Return how far the value 0 lies on the way from p to q."""
    return np.asarray(p[chosen] / (p[chosen] - q[chosen]))


def _corner_extreme(field: FloatArray, choose: np.ufunc) -> FloatArray:
    """Return the largest or smallest of the eight corners of every cube."""
    for axis in range(3):
        n = field.shape[axis]
        field = choose(
            np.take(field, range(n - 1), axis=axis), np.take(field, range(1, n), axis=axis)
        )
    return field


def _classify(fields: Sequence[FloatArray]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which cubes lie in the region wholly, and which may do so partly."""
    full = np.asarray(_corner_extreme(fields[0], np.minimum) > 0.0)
    cut = np.asarray(_corner_extreme(fields[0], np.maximum) > 0.0)
    for field in fields[1:]:
        full &= _corner_extreme(field, np.minimum) > 0.0
        cut &= _corner_extreme(field, np.maximum) > 0.0
    return full, cut & ~full


def _corner_values(fields: Sequence[FloatArray], cubes: NDArray[np.intp]) -> FloatArray:
    """Return the fields at the corners of cubes, shape ``(n, 8, number of fields)``."""
    nz, ny, nx = fields[0].shape
    k, j, i = np.unravel_index(cubes, (nz - 1, ny - 1, nx - 1))
    corner = np.arange(8)
    node = (
        ((k[:, None] + corner // 4) * ny + j[:, None] + corner // 2 % 2) * nx
        + i[:, None]
        + corner % 2
    )
    return np.stack([field.ravel()[node] for field in fields], axis=-1)


def _cut_cubes(
    corners: FloatArray, n_fields: int | None = None
) -> tuple[FloatArray, NDArray[np.intp], FloatArray]:
    """Divide cubes; return the tetrahedra that a contour cuts.

    Parameters
    ----------
    corners : ndarray of float64, shape (n, 8, m)
        Values at the corners.
    n_fields : int, optional
        How many of the values, from the first, describe the region; all by default.

    Returns
    -------
    tets : ndarray of float64, shape (n_tets, 4, m)
        Tetrahedra that lie partly in the region.
    owner : ndarray of int
        The cube that each belongs to.
    whole : ndarray of float64, shape (n,)
        How many tetrahedra of each cube lie in the region wholly.
    """
    nodes = np.einsum("wc,ncm->nwm", _WEIGHTS, corners, optimize=True)
    tets = nodes[:, _TETS, :n_fields]
    low, high = tets.min(axis=2), tets.max(axis=2)
    full = np.all(low > 0.0, axis=-1)
    cut = np.all(high > 0.0, axis=-1) & ~full
    owner, which = np.nonzero(cut)
    return nodes[owner[:, None], _TETS[which]], owner, full.sum(axis=1).astype(np.float64)
