"""What the plane of a probe cuts, and what the cloud hides of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablsim.result import Array32
from ablsim.ultrasound.cloud import SHADOW
from ablsim.ultrasound.pose import Pose
from ablsim.units import to_mm
from ablsim.view.plane import Plane, sample
from ablsim.view.subject import Needle, Subject

FloatArray = NDArray[np.float64]

FREQUENCY = 3.5
"""Of the sound [MHz]."""

HIDDEN_FROM = 6.0
"""Attenuation by the gas above, there and back, from which on tissue cannot be judged [dB] (A)."""

SEEN = 0.3
"""Strength of the cloud from which on it is plainly seen [1] (A)."""

IN_PLANE_ANGLE, IN_PLANE_OFFSET = 2.0, 1.0
"""Angle [degrees] and distance of the tip [mm] up to which a needle counts as in the plane."""

_ROOM = 12e-3
_STEP = 0.3e-3


@dataclass(frozen=True, slots=True)
class NeedleSight:
    """How a needle lies to the plane: its angle to it [degrees] and its tip's distance [mm]."""

    name: str
    angle: float
    offset: float

    @property
    def is_seen(self) -> bool:
        """Whether it lies in the plane."""
        return abs(self.angle) <= IN_PLANE_ANGLE and abs(self.offset) <= IN_PLANE_OFFSET


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A moment of the plane, as lattices ``(n_down, n_right)``, the probe's side first.

    Parameters
    ----------
    time : float
        When [s].
    subject : Subject
        The state at that time.
    cloud : ndarray of float64
        Strength of the gas, 0 to 1.
    loss : ndarray of float64
        Attenuation by the gas above, there and back [dB].
    zone : ndarray of float64
        Positive in the reported zone.
    """

    time: float
    subject: Subject
    cloud: FloatArray
    loss: FloatArray
    zone: FloatArray

    @property
    def hidden_border(self) -> float:
        """Share of the zone's border that lies in the cloud or in its shadow; 0 without a zone."""
        border = _border(self.zone > 0.0)
        if not border.any():
            return 0.0
        return float(((self.loss >= HIDDEN_FROM) | (self.cloud >= SEEN))[border].mean())

    @property
    def areas(self) -> tuple[float, float]:
        """Areas of the cloud that is plainly seen and of the zone [mm^2]."""
        cell = to_mm(_STEP) ** 2
        return (
            float(np.count_nonzero(self.cloud >= SEEN)) * cell,
            float(np.count_nonzero(self.zone > 0.0)) * cell,
        )


def make_plane(pose: Pose, subject: Subject) -> Plane:
    """Return the part of the probe's plane that holds tumour, zone and needles.

    Its ``up`` points to the probe. Depths are reckoned from the probe's face.
    """
    seen = Plane(pose.face, pose.right, -pose.beam, (0.0, 0.0), (0.0, 0.0), _STEP)
    flat = seen.flatten(subject.solid_points())
    low, high = flat.min(axis=0) - _ROOM, flat.max(axis=0) + _ROOM
    high[1] = min(high[1], 0.0)  # not behind the probe's face
    low[1] = min(low[1], high[1] - 10e-3)
    first, last = low.tolist(), high.tolist()
    return Plane(pose.face, pose.right, -pose.beam, (first[0], first[1]), (last[0], last[1]), _STEP)


def cut(subject: Subject, plane: Plane, cloud: Array32, time: float) -> Cut:
    """Return what a plane shows at one moment."""
    points = plane.points()[::-1]  # the probe's side first
    inside = subject.grid.contains(points)
    strength = np.where(inside, sample(subject.grid, cloud, points), 0.0)
    zone = np.where(
        inside, sample(subject.grid, subject.zone_front(subject.reported), points), -1.0
    )
    step = 1e2 * plane.spacing  # cm
    above = np.cumsum(strength, axis=0) - strength
    loss = 2.0 * SHADOW * FREQUENCY * step * above
    return Cut(time, subject, strength, loss, zone)


def look_at_needle(needle: Needle, pose: Pose) -> NeedleSight:
    """Return how a needle lies to the plane of a probe."""
    angle = float(np.rad2deg(np.arcsin(np.clip(needle.direction @ pose.normal, -1.0, 1.0))))
    return NeedleSight(needle.name, angle, float(to_mm((needle.tip - pose.face) @ pose.normal)))


def warnings(moments: list[Cut], sights: list[NeedleSight]) -> list[str]:
    """Return what the operator should know, one sentence each."""
    found = [
        f"{sight.name} is not in the plane: {abs(sight.angle):.0f} degrees to it, its tip "
        f"{abs(sight.offset):.1f} mm off"
        for sight in sights
        if not sight.is_seen
    ]
    worst = max(moments, key=lambda moment: moment.hidden_border)
    if worst.hidden_border > 0.1:
        found.append(
            f"at {worst.time:.0f} s gas and its shadow hide {100 * worst.hidden_border:.0f} % of "
            "the zone's border in this plane: the far margin cannot be judged then"
        )
    last = moments[-1]
    brightest = max(moments, key=lambda moment: moment.areas[0])
    gas, zone = brightest.areas[0], last.areas[1]
    if gas > 0.0 and zone > 0.0:
        found.append(
            f"the bright cloud is not the zone: at its largest, at {brightest.time:.0f} s, it "
            f"covers {gas:.0f} mm2 of this plane, the zone at the end {zone:.0f} mm2"
        )
    return found


def _border(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the points of a region that have a neighbour outside."""
    from scipy.ndimage import binary_erosion

    return np.asarray(inside & ~binary_erosion(inside, border_value=1))
