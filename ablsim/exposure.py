"""What probes recorded and what organs were exposed to: plain records of a result."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ablsim.case_objects import NoGoTable
from ablsim.grid import Point

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ProbeCurve:
    """The temperature that a probe recorded, and the damage that it would have done there.

    Parameters
    ----------
    name : str
        The probe's name in the case.
    position : tuple of float
        Where it is, LPS [m].
    times : ndarray of float64, shape (n,)
        When it was read [s], from the start to the end; twice where a new session cools at once.
    temperatures : ndarray of float64, shape (n,)
        Absolute temperatures [K], interpolated linearly between the centres of the cells around.
    stasis, whitening, death : float
        Damage integrals Omega of the recorded temperature at the end [1].
    """

    name: str
    position: Point
    times: FloatArray
    temperatures: FloatArray
    stasis: float = 0.0
    whitening: float = 0.0
    death: float = 0.0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ProbeCurve):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, item.name), getattr(other, item.name))
            for item in fields(self)
        )

    __hash__ = None  # type: ignore[assignment]  # arrays can change

    @property
    def peak(self) -> float:
        """Highest temperature recorded [K]."""
        return float(self.temperatures.max())

    @property
    def peak_time(self) -> float:
        """When that was first recorded [s]."""
        return float(self.times[np.argmax(self.temperatures)])


@dataclass(frozen=True, slots=True)
class OrganExposure:
    """The most that any cell of an organ went through.

    Parameters
    ----------
    name : str
        The organ's name in the case.
    peak : float
        Highest temperature of any of its cells at any time [K].
    peak_time : float
        When that was [s].
    damage : float
        Largest damage integral of cell death in any of its cells at the end [1].
    """

    name: str
    peak: float
    peak_time: float
    damage: float

    def passes(self, limits: NoGoTable) -> tuple[bool, bool]:
        """Say whether the temperature and whether the damage passes its limit, if there is one."""
        hottest, most = limits.peak_temperature, limits.damage
        return hottest is not None and self.peak > hottest, most is not None and self.damage > most
