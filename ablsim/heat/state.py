"""Everything that is known of the cells: what a step reads and changes.

A part of it can be cut out into memory of its own and put back. The active region is small in a
large domain; in arrays of its own its rows follow one another without gaps, so that steps take half
of the time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ablsim.case import Boundary
from ablsim.heat.active import Box, cells, whole
from ablsim.heat.boundary import set_ghosts
from ablsim.heat.medium import Medium
from ablsim.heat.settings import HeatSettings
from ablsim.kernels import faces

Floats = NDArray[np.floating]

STEADY = ("theta_new", "q", "code", "held")
"""What steps do not change, or use as room for the state to come."""


@dataclass(slots=True)
class State:
    """The cells of a box, with one layer of ghost cells around them.

    Parameters
    ----------
    theta, theta_new : ndarray of float, shape (nz + 2, ny + 2, nx + 2)
        Rise above the base temperature [K], and room for that after a step; the ghosts of both
        stand for the boundary.
    k : ndarray of float, same shape
        Conductivity [W/(m K)].
    faces : ndarray of float, shape (3, nz + 2, ny + 2, nx + 2)
        Conductivity of the face between each cell and the next along z, y and x.
    inv_c, w, q : ndarray of float, shape of ``theta``
        Reciprocal heat capacity [m^3 K/J] (0 in held cells), perfusion coefficient [W/(m^3 K)],
        absorbed power density [W/m^3].
    water, char : ndarray of float, same shape
        Share of the water left, charred share.
    stasis, whitening, death : ndarray of float, same shape
        Damage integrals [1].
    code : ndarray of uint8, same shape
        Row of the medium's table that holds for the cell.
    held : ndarray of bool, same shape
        Where the temperature is held.
    hot, dried : ndarray of uint8, shape (nz + 2, ny + 2)
        Rows of cells that have been hot in the last step, and that have lost water.
    alive : ndarray of float, shape of ``theta``, or None
        Share of alive cells, where death has three states.
    water_seen : ndarray of float, same shape, or None
        The water of which the steam has condensed, where it does.
    """

    theta: Floats
    theta_new: Floats
    k: Floats
    faces: Floats
    inv_c: Floats
    w: Floats
    q: Floats
    water: Floats
    char: Floats
    stasis: Floats
    whitening: Floats
    death: Floats
    code: NDArray[np.uint8]
    held: NDArray[np.bool_]
    hot: NDArray[np.uint8]
    dried: NDArray[np.uint8]
    alive: Floats | None = None
    water_seen: Floats | None = None

    def join_faces(self) -> None:
        """Have all faces conduct as the cells beside them do now."""
        everywhere = np.zeros(self.theta.shape[:2], dtype=np.uint8)
        everywhere[1:-1, 1:-1] = 1
        faces.join(self.k, everywhere, whole(self.theta.shape), self.faces)

    def cut(self, box: Box) -> Self:
        """Return the cells of ``box``, with those beside them, as a state of their own."""
        z0, z1, y0, y1, x0, x1 = box
        z, y, x = slice(z0 - 1, z1 + 1), slice(y0 - 1, y1 + 1), slice(x0 - 1, x1 + 1)
        part = replace(
            self,
            **{
                name: value[z, y].copy() if value.ndim == 2 else value[..., z, y, x].copy()
                for name, value in self._arrays().items()
            },
        )
        part.w[:, :, [0, -1]] = 0.0  # between rows that are joined nothing takes heat
        return part

    def paste(self, part: Self, box: Box, names: Sequence[str] | None = None) -> None:
        """Take over what has changed in a ``part`` that was cut from here; by default all."""
        z0, z1, y0, y1, x0, x1 = box
        inner = slice(1, -1)
        for name, value in part._arrays().items():
            if name in STEADY or (names is not None and name not in names):
                continue
            own = getattr(self, name)
            if name == "faces":
                own[:, z0 - 1 : z1, y0 - 1 : y1, x0 - 1 : x1] = value[:, :-1, :-1, :-1]
            elif value.ndim == 2:
                own[z0:z1, y0:y1] = value[inner, inner]
            else:
                own[cells(box)] = value[inner, inner, inner]

    def _arrays(self) -> dict[str, Any]:
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in found.items() if value is not None}


def make_state(
    medium: Medium, boundary: Mapping[str, Boundary], settings: HeatSettings
) -> tuple[State, bool]:
    """Return the cells of a domain before anything happens, and whether its walls drive heat."""
    of, inner = np.dtype(settings.precision), (slice(1, -1),) * 3
    shape = tuple(n + 2 for n in medium.grid.shape)
    table = medium.table

    def nothing() -> Floats:  # takes memory only where something is written
        return np.zeros(shape, dtype=of)

    def by_code(values: NDArray[np.float64]) -> Floats:
        array = nothing()
        array[inner] = values.astype(of)[medium.code]
        return array

    code = np.zeros(shape, dtype=np.uint8)
    code[inner] = medium.code
    held = np.zeros(shape, dtype=np.bool_)
    held[inner] = medium.held[medium.code]
    theta = by_code(np.where(medium.held, 0.0, settings.start_rise))
    k = by_code(table[:, 3])
    drives = set_ghosts(
        theta,
        k,
        boundary,
        spacing=medium.grid.spacing,
        base_temperature=settings.base_temperature,
    )
    water = np.ones(shape, dtype=of)
    law = settings.cell_death
    state = State(
        theta=theta,
        theta_new=theta.copy(),
        k=k,
        faces=np.zeros((3, *shape), dtype=of),
        inv_c=by_code(np.where(medium.held, 0.0, 1.0 / table[:, 0])),
        w=by_code(table[:, 8]),
        q=nothing(),
        water=water,
        char=nothing(),
        stasis=nothing(),
        whitening=nothing(),
        death=nothing(),
        code=code,
        held=held,
        hot=np.zeros(shape[:2], dtype=np.uint8),
        dried=np.zeros(shape[:2], dtype=np.uint8),
        alive=None if law is None else np.full(shape, law.alive.si, dtype=of),
        water_seen=water.copy() if settings.steam_condensation > 0.0 else None,
    )
    state.join_faces()
    return state, drives
